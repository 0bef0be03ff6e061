"""Print the ratio of a live run to the bare client, same requests, same concurrency, same server, same minute.

    python -m benchmarks.live [--cases 1000] [--concurrency 20] [--delay 0.05] [--rounds 3]

"run" is the whole `pytest --cassette-mode=live` process; "fetching" is that run without the time that the same pytest
needs for as many recorded cases, which leaves what asking costs. The best of the rounds counts.
"""

from __future__ import annotations

import argparse
import asyncio
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.replay.__main__ import make_project, timed
from harness.config import ModelConfig
from harness.runner.prompting import body_for
from harness.suite import load_suite


async def bare(base_url: str, bodies: list[dict[str, object]], concurrency: int) -> float:
    """Seconds that the openai client alone needs."""
    import httpx2
    from openai import AsyncOpenAI

    client = AsyncOpenAI(api_key="none", base_url=base_url)
    pending = iter(bodies)

    async def work() -> None:
        for body in pending:
            await client.post("/chat/completions", body=body, cast_to=httpx2.Response)

    started = time.perf_counter()
    await asyncio.gather(*(work() for _ in range(concurrency)))
    ended = time.perf_counter()
    await client.close()
    return ended - started


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=int, default=1000)
    parser.add_argument("--concurrency", type=int, default=20)
    parser.add_argument("--delay", type=float, default=0.05)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    command = [sys.executable, "-m", "benchmarks.live.slow_server", str(options.delay)]
    with tempfile.TemporaryDirectory() as name, subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout
        base_url = f"http://127.0.0.1:{int(server.stdout.readline())}/v1"
        try:
            folder = Path(name)
            make_project(folder, options.cases)
            model = ModelConfig(name="fake", base_url=base_url)
            bodies = [body_for(case, model) for case in load_suite(folder / "suites" / "made")]
            live = ["--model=fake", f"--base-url={base_url}", "--cassette-mode=live"]
            alone, run, replay = [], [], []
            for _ in range(options.rounds):
                alone.append(asyncio.run(bare(base_url, bodies, options.concurrency)))
                run.append(timed(folder, *live, f"--max-concurrency={options.concurrency}")[0])
                replay.append(timed(folder, "--model=fake")[0])
        finally:
            server.kill()
    ideal = options.cases * options.delay / options.concurrency
    base, ours, fetching = min(alone), min(run), min(run) - min(replay)
    print(f"{options.cases} cases, {options.delay * 1000:g} ms an answer, concurrency {options.concurrency}")
    print(f"bare AsyncOpenAI {base:.2f} s ({base / ideal:.2f} times the ideal {ideal:.2f} s)")
    print(f"run {ours:.2f} s ({ours / base:.2f} times the client)")
    print(f"fetching {fetching:.2f} s ({fetching / base:.2f} times the client)")


if __name__ == "__main__":
    main()
