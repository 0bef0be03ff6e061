"""Print how long this project and other tools take over the same cases, and where their verdicts part.

    python -m benchmarks.peers [--cases 900] [--delay 0.05] [--concurrency 20] [--only promptfoo,inspect-ai]

Opt-in: it makes an environment for each tool in the cache folder (some 2.5 GB, once), and needs the package registries
for that alone. The cases are questions of the shipped suites with answers that three shipped versions really gave
(reports/), and the checker's examination set (tests/text/vectors); a local server says the answers after the delay.

Times are those of whole processes. "live" is a first run, which asks the server and stores what the tool stores, the
better of two; "again" is the same command from the store, the best of three, when the server has gone. On a quiet
machine with two cores all of it takes about six minutes.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.peers.answers import Asked, hand_written_answers, real_answers, write_cases
from benchmarks.peers.environments import CannotBeMadeError
from benchmarks.peers.tools import HARNESS, PEERS, Command, Place, Tool, Verdicts, environment_of, harness_outcomes

LIVE_ROUNDS, AGAIN_ROUNDS = 2, 3
LIMIT_S = 600.0


class PeerFailedError(Exception):
    """A tool's process ended in another way than with verdicts."""


@dataclass(frozen=True, slots=True)
class Result:
    """Seconds of both runs, or why there are none, and the verdicts."""

    live_s: float | str
    again_s: float | str | None
    verdicts: Verdicts


def timed(command: Command, folder: Path) -> float:
    """Seconds of one process."""
    started = time.perf_counter()
    done = subprocess.run(
        command.arguments,
        cwd=folder,
        env=environment_of(command),
        capture_output=True,
        text=True,
        check=False,
        timeout=LIMIT_S,
    )
    seconds = time.perf_counter() - started
    if done.returncode not in command.ends_with:
        last = (done.stderr.strip() or done.stdout.strip() or "no message").splitlines()[-1]
        raise PeerFailedError(f"exit code {done.returncode}: {last}")
    return seconds


def live(tool: Tool, place: Place, cases: Sequence[Asked]) -> float | str:
    """Seconds of the best first run, each in a folder that holds the cases alone, or why there is none."""
    try:
        runs = []
        for _ in range(LIVE_ROUNDS):
            shutil.rmtree(place.folder, ignore_errors=True)
            write_cases(place.folder, cases)
            runs.append(timed(tool.first(place), place.folder))
        return min(runs)
    except (CannotBeMadeError, PeerFailedError, subprocess.TimeoutExpired) as error:
        return f"not run: {error}"


def again(tool: Tool, place: Place) -> float | str | None:
    """Seconds of the best of the runs from the tool's store; None for a tool that has none."""
    if tool.again is None:
        return None
    try:
        command = tool.again(place)
        return min(timed(command, place.folder) for _ in range(AGAIN_ROUNDS))
    except (PeerFailedError, subprocess.TimeoutExpired) as error:
        return f"not run: {error}"


def seconds(value: float | str | None, ours: float | str | None) -> tuple[str, str]:
    """Seconds, and how many times ours they are."""
    if value is None or isinstance(value, str):
        return value or "-", ""
    return f"{value:.2f} s", f"{value / ours:.1f} x" if isinstance(ours, float) else ""


HEAD = (
    *("Tool", "live", "", "again", ""),
    *("real answers: same verdict", "by hand: right", "passes what is not whole", "fails what is whole", "how"),
)


def table(results: Sequence[tuple[Tool, Result]], cases: Sequence[Asked]) -> list[str]:
    """Markdown. The first row is ours, and the others are seen from it; of the cases by hand the hand is the judge."""
    ours = results[0][1]
    real = [case.id for case in cases if case.whole is None]
    by_hand = {case.id: case.whole for case in cases if case.whole is not None}
    lines = [f"| {' | '.join(HEAD)} |", f"|{'---|' * len(HEAD)}"]
    for tool, result in results:
        name = tool.name if tool is HARNESS else f"{tool.name} {tool.version}"
        said = result.verdicts
        counts = ("", "", "", "")
        if said:
            counts = (
                f"{sum(said.get(key) is ours.verdicts[key] for key in real)} of {len(real)}",
                f"{sum(said.get(key) is whole for key, whole in by_hand.items())} of {len(by_hand)}",
                str(sum(said.get(key) is True and not whole for key, whole in by_hand.items())),
                str(sum(said.get(key) is False and whole is True for key, whole in by_hand.items())),
            )
        times = (*seconds(result.live_s, ours.live_s), *seconds(result.again_s, ours.again_s))
        lines.append(f"| {' | '.join((name, *times, *counts, tool.note))} |")
    return lines


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=int, default=900)
    parser.add_argument("--concurrency", type=int, default=20)
    parser.add_argument("--delay", type=float, default=0.05)
    parser.add_argument("--only", help="names of tools, with commas between them")
    options = parser.parse_args()
    chosen = [tool for tool in PEERS if not options.only or tool.name in options.only.split(",")]
    vectors = Path("tests", "text", "vectors", "check-held-out.jsonl")
    cases = [*real_answers(Path("reports"), options.cases), *hand_written_answers(vectors)]
    tools = (HARNESS, *chosen)
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        write_cases(root / "all", cases)
        server_command = [sys.executable, "-m", "benchmarks.live.slow_server", str(options.delay)]
        server_command.append(str(root / "all" / "answers.json"))
        with subprocess.Popen(server_command, stdout=subprocess.PIPE, text=True) as server:
            assert server.stdout
            base_url = f"http://127.0.0.1:{int(server.stdout.readline())}/v1"
            places = [Place(root / tool.name, base_url, options.concurrency) for tool in tools]
            try:
                first = []
                for tool, place in zip(tools, places, strict=True):
                    print(f"{tool.name} ...", file=sys.stderr, flush=True)
                    first.append(live(tool, place, cases))
            finally:
                server.kill()
        # nobody answers any more: what comes now comes from the tools' own stores
        results = []
        for tool, place, live_s in zip(tools, places, first, strict=True):
            print(f"{tool.name} again ...", file=sys.stderr, flush=True)
            ran = isinstance(live_s, float)
            again_s = again(tool, place) if ran else None
            results.append((tool, Result(live_s, again_s, tool.verdicts(place.folder) if ran else {})))
        outcomes = harness_outcomes(places[0].folder, "real-")
    print(f"{len(cases)} cases, {options.delay * 1000:g} ms an answer, concurrency {options.concurrency}, ", end="")
    print(f"{os.cpu_count()} cores\n\n" + "\n".join(table(results, cases)))
    counted = ", ".join(f"{count} {outcome}" for outcome, count in outcomes.most_common())
    print(f"\nThe harness on the real answers: {counted}. The others pass or fail, damaged and left out alike.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
