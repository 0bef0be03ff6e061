"""Build times and sizes of the pages at scale: `python -m benchmarks.pages`."""
