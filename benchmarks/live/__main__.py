"""Print the ratio of a live run to the bare client: same requests, same concurrency, same server, same minute.

    python -m benchmarks.live [--cases 1000] [--concurrency 20] [--delay 0.05] [--rounds 3]

Three comparisons, the best of the rounds each. "asking": the client's loop alone, beside the live run without what the
same pytest needs for as many recorded cases; that is what asking costs here. "process": the client as a program of its
own (interpreter, imports, asking), beside the whole `pytest --cassette-mode=live`, which collects, judges, records and
reports as well. "processor": the seconds of both programs on the processor, which a busy machine does not distort.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.replay.__main__ import environment, make_project, timed
from harness.config import ModelConfig
from harness.runs.requests import body_for
from harness.suite import load_suite


def bare(base_url: str, bodies: Path, concurrency: int) -> tuple[float, float, float]:
    """Seconds of asking, of the process by the wall clock, and of the process on the processor."""
    command = [sys.executable, "-m", "benchmarks.live.bare_client", base_url, str(bodies), str(concurrency)]
    before, started = os.times(), time.perf_counter()
    kept = environment(bodies.parent / "compiled")
    done = subprocess.run(command, check=True, capture_output=True, text=True, env=kept)
    wall, after = time.perf_counter() - started, os.times()
    used = after.children_user + after.children_system - before.children_user - before.children_system
    return float(done.stdout), wall, used


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
            bodies = folder / "bodies.json"
            bodies.write_text(json.dumps([body_for(case, model) for case in load_suite(folder / "suites" / "made")]))
            live = ["--model=fake", f"--base-url={base_url}", "--cassette-mode=live"]
            timed(folder, "--model=fake", "-k", "case-1")  # modules are compiled now
            alone, run, replay = [], [], []
            for _ in range(options.rounds):
                alone.append(bare(base_url, bodies, options.concurrency))
                run.append(timed(folder, *live, f"--max-concurrency={options.concurrency}"))
                replay.append(timed(folder, "--model=fake"))
        finally:
            server.kill()
    ideal = options.cases * options.delay / options.concurrency
    asking, process, processor = (min(row[column] for row in alone) for column in range(3))
    ours, used = (min(row[column] for row in run) for column in range(2))
    fetching = ours - min(row[0] for row in replay)
    print(f"{options.cases} cases, {options.delay * 1000:g} ms an answer, concurrency {options.concurrency}")
    print(f"ideal {ideal:.2f} s; the client's loop {asking:.2f} s, {asking / ideal:.2f} times the ideal")
    for label, theirs, seconds in (
        ("asking", asking, fetching),
        ("process", process, ours),
        ("processor", processor, used),
    ):
        ratio = f"{seconds / theirs:.2f} times"
        print(f"{label:<10} client {theirs:5.2f} s, this project {seconds:5.2f} s: {ratio}, {seconds - theirs:+.2f} s")


if __name__ == "__main__":
    main()
