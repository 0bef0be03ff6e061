"""How fast the text layer is."""
