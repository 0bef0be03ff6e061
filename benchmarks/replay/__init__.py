"""How long a replay takes beside the same pytest run with empty items: `python -m benchmarks.replay`."""
