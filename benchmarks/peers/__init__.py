"""Other evaluation tools on the same cases, beside the same server: `python -m benchmarks.peers`."""
