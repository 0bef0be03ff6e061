"""The openai client alone: `python -m benchmarks.live.bare_client URL BODIES.json CONCURRENCY`.

Prints the seconds that asking took; interpreter and imports come on top, as they do for any program. As a plugin of
pytest (`-p benchmarks.live.bare_client`) it sends one request to BARE_CLIENT_URL before anything is collected.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from pathlib import Path
from typing import Any


async def ask_all(base_url: str, bodies: list[dict[str, Any]], concurrency: int) -> float:
    """Seconds."""
    import httpx2
    from openai import AsyncOpenAI

    pending = iter(bodies)
    async with AsyncOpenAI(api_key="none", base_url=base_url) as client:

        async def work() -> None:
            for body in pending:
                await client.post("/chat/completions", body=body, cast_to=httpx2.Response)

        started = time.perf_counter()
        await asyncio.gather(*(work() for _ in range(concurrency)))
        return time.perf_counter() - started


def pytest_sessionstart() -> None:
    body = {"model": "fake", "messages": [{"role": "user", "content": "Say A-1."}]}
    asyncio.run(ask_all(os.environ["BARE_CLIENT_URL"], [body], 1))


if __name__ == "__main__":
    print(asyncio.run(ask_all(sys.argv[1], json.loads(Path(sys.argv[2]).read_text()), int(sys.argv[3]))))
