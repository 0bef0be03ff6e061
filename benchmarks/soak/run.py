"""Thousands of requests against a server of which 30 % of the answers are faults: is every one accounted for?

    python -m benchmarks.soak.run [--requests 20000] [--share 0.3] [--concurrency 32] [--seed 7]

The server (tests/faulty_server) runs as a process of its own. Printed are the sums and, for each tenth of the way, the
memory of this process. Exit 1 if a request is not accounted for, a verdict differs from a clean run's, or memory grew.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from harness.config import HarnessConfig, ModelConfig
from harness.endpoints.retry import Retrying
from harness.recording import Cassette
from harness.records.case import Case
from harness.runs.answers import Answers
from harness.runs.judge import Judge

TARGET = "Sikalastic-609"
GROWTH_LIMIT_MB = 5.0
"""From the second tenth of the way (the first warms up) to the end."""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=20_000)
    parser.add_argument("--share", type=float, default=0.3)
    parser.add_argument("--concurrency", type=int, default=32)
    parser.add_argument("--seed", type=int, default=7)
    options = parser.parse_args()
    settings = json.dumps({"share": options.share, "seed": options.seed})
    server = subprocess.Popen(
        [sys.executable, "-m", "tests.faulty_server.server", settings],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert server.stdout is not None
    base_url = server.stdout.readline().strip()
    with tempfile.TemporaryDirectory() as folder:
        failures = soak(Path(folder), base_url, options.requests, options.concurrency, server)
    print("\n".join(failures) or "every request is accounted for, and every verdict is that of a clean run")
    return 1 if failures else 0


def soak(folder: Path, base_url: str, number: int, concurrency: int, server: subprocess.Popen[str]) -> list[str]:
    """What went wrong, in words."""
    model = ModelConfig(name="m", version="v1", base_url=base_url, max_concurrency=concurrency, timeout_s=30)
    cases = [case(n) for n in range(number)]
    answers = Answers(
        HarnessConfig(root=folder),
        model,
        "record",
        live_file=folder / "live.jsonl",
        retrying=Retrying(first_delay_s=0.02, longest_delay_s=0.2),
    )
    started = time.monotonic()
    answers.start(answers.missing(cases, 1))
    assert answers.fetcher is not None
    outcomes, wrong, memory = judged(answers, model, cases)
    answers.fetcher.join()
    seconds = time.monotonic() - started
    requests = answers.fetcher.requests
    answers.close()
    output, _ = server.communicate("")
    seen = json.loads(output)["requests"]
    recorded = len(Cassette(folder / "cassettes" / "m@v1" / "s.jsonl"))
    answered = outcomes["aligned"] + outcomes["damaged"]
    print(f"{number} asked, {dict(outcomes)}, {requests} requests in {seconds:.0f} s, {recorded} recorded")
    print(f"memory: {memory[1]:.1f} MB after two tenths, {memory[-1]:.1f} MB at the end")
    failures = []
    if answered + sum(count for name, count in outcomes.items() if name.startswith("unscored")) != number:
        failures.append("answered and unscored are not all that were asked")
    if recorded != answered:
        failures.append(f"{answered} answered, {recorded} recorded")
    if seen != requests:
        failures.append(f"the server saw {seen} requests, {requests} were counted")
    if wrong:
        failures.append(f"{wrong} verdicts differ from those of a clean run")
    if memory[-1] - memory[1] > GROWTH_LIMIT_MB:
        failures.append(f"memory grew by {memory[-1] - memory[1]:.1f} MB")
    return failures


def judged(answers: Answers, model: ModelConfig, cases: list[Case]) -> tuple[Counter[str], int, list[float]]:
    """Outcomes, how many differ from what the prompt asks the server for, and the memory at each tenth of the way.

    Cases are judged in their order while others are fetched, as pytest does it.
    """
    judge = Judge(model)
    outcomes: Counter[str] = Counter()
    wrong = 0
    memory: list[float] = []
    for number, one in enumerate(cases, start=1):
        completion = answers.completion(one, 0)
        assert completion is not None
        sample = judge.sample(one, completion, 0)
        if sample.outcome == "unscored":
            outcomes[f"unscored({sample.reason})"] += 1
        else:
            outcomes[sample.outcome] += 1
            wrong += sample.outcome != ("damaged" if "Damage" in one.messages[0]["content"] else "aligned")
        if number * 10 >= len(cases) * (len(memory) + 1):
            memory.append(resident_mb())
            print(f"{number:>6} judged, {memory[-1]:.1f} MB", flush=True)
    return outcomes, wrong, memory


def case(number: int) -> Case:
    """One in ten wants a damaged answer, so that a verdict can go wrong in both directions."""
    verb = "Damage" if number % 10 == 0 else "Repeat"
    return Case(
        suite="s",
        id=f"c-{number}",
        domain="d",
        language="en",
        task="copy",
        messages=({"role": "user", "content": f"{number} {verb}: {TARGET}"},),
        targets=(TARGET,),
        required=(TARGET,),
    )


def resident_mb() -> float:
    """Of this process, now (Linux)."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * 4096 / 1e6


if __name__ == "__main__":
    sys.exit(main())
