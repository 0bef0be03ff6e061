"""Training sets in the chat format, recipes held against what providers take, and a fine-tune on the CPU."""
