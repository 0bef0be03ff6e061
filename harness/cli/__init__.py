"""Empty until its first inhabitant moves in."""
