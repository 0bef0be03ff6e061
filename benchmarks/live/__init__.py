"""How long a live run takes beside the bare `AsyncOpenAI` client: `python -m benchmarks.live`."""
