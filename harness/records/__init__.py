"""What the product reads and writes: cases, completions, run records, policies."""
