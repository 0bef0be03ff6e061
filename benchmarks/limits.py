"""Print what each part of the product takes beside the least that it could take, on one machine in one minute.

    python -m benchmarks.limits [--nights 120] [--replays 10000] [--megabytes 100] [--only gate] [--live]

Each row is a whole process, the best of three rounds, and so is its limit: pytest with as many empty items, a Python
that reads the two records of a verdict, or the year of nights, and does nothing else. Ratios travel, seconds do not.
Nights are made of a record that is shipped, under other dates. `--live` adds the two rows that ask a server
(`benchmarks.live`, `benchmarks.soak`), which take minutes.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from benchmarks.replay.__main__ import make_project
from harness.files import sealed
from harness.show.figures import markdown_table

ROOT = Path(__file__).parent.parent
_MOMENT, _ID = "@moment@", "@id@"
_READ = "import json, sys\nfor name in sys.argv[1:]:\n    json.loads(open(name, 'rb').read())"
_READ_LINES = "import json, sys\nfor line in open(sys.argv[1], 'rb'):\n    json.loads(line)"


@dataclass(frozen=True, slots=True)
class Took:
    """Wall seconds, processor seconds and the most memory in megabytes of a whole process."""

    wall: float
    cpu: float
    megabytes: float


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table. `aim` is the largest ratio of wall clocks that is hoped for."""

    name: str
    ours: Took
    limit: Took
    what: str
    aim: str

    @property
    def ratio(self) -> float:
        return self.ours.wall / self.limit.wall


def took(folder: Path, *command: str, rounds: int = 3, before: Callable[[], object] = lambda: None) -> Took:
    """The best round of a command. It may say no (exit code 1 or 2), and must not fail."""
    best: Took | None = None
    for _ in range(rounds):
        before()
        started = time.perf_counter()
        process = subprocess.Popen(
            command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=_environment(folder)
        )
        assert process.stderr is not None
        said = process.stderr.read()
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode not in (0, 1, 2):
            raise RuntimeError(f"{command}: {process.returncode}: {said.decode()[-2000:]}")
        one = Took(time.perf_counter() - started, used.ru_utime + used.ru_stime, used.ru_maxrss / 1000)
        best = one if best is None or one.wall < best.wall else best
    assert best is not None
    return best


def _environment(folder: Path) -> dict[str, str]:
    return {**os.environ, "HARNESS_CACHE": str(folder / "cache"), "PYTHONPATH": str(ROOT)}


def harness(*arguments: str) -> tuple[str, ...]:
    return (sys.executable, "-m", "harness", *arguments)


def pytest(*arguments: str) -> tuple[str, ...]:
    return (sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *arguments)


def shipped_record() -> dict[str, object]:
    """The largest record of this repository, with places for an id and for all moments."""
    path = max(ROOT.glob("reports/*@*/*.json"), key=lambda one: one.stat().st_size)
    record: dict[str, object] = json.loads(path.read_bytes())
    record.pop("digest", None)
    cases = record["cases"]
    assert isinstance(cases, list)
    for case in cases:
        for sample in case["samples"]:
            sample["recorded_at"] = _MOMENT if sample.get("recorded_at") else None
    record |= {"evidence": {"oldest": _MOMENT, "newest": _MOMENT}, "started": _MOMENT, "ended": _MOMENT}
    return record | {"run_id": _ID, "mode": "live", "model": "m", "version": "v1", "partial": False}


def make_nights(folder: Path, nights: int, *, cases: int | None = None) -> list[Path]:
    """A project with a record for each of the last nights, and a baseline of the same cases."""
    folder.mkdir(parents=True, exist_ok=True)
    models = "".join(
        f'[tool.harness.models.{name}]\nversion = "v1"\nbase_url = "http://127.0.0.1:9/v1"\n' for name in ("m", "base")
    )
    (folder / "pyproject.toml").write_text(models)
    record = shipped_record()
    if cases is not None:
        record = _of_some_cases(record, cases)
    text = json.dumps(record, ensure_ascii=False, indent=1)
    made = [_write(folder, text, "m", night) for night in range(nights)]
    _write(folder, text, "base", 2)
    return made


def _of_some_cases(record: dict[str, object], count: int) -> dict[str, object]:
    cases = record["cases"]
    assert isinstance(cases, list)
    kept = cases[:: max(1, len(cases) // count)][:count]
    outcomes: dict[str, int] = {}
    for case in kept:
        outcomes[case["outcome"]] = outcomes.get(case["outcome"], 0) + 1
    totals = {"cases": len(kept), "samples": sum(len(case["samples"]) for case in kept), "outcomes": outcomes}
    return record | {"cases": kept, "totals": totals, "suite_digest": "some", "suite_digests": {}}


def _write(folder: Path, text: str, model: str, night: int) -> Path:
    moment = datetime.now(UTC) - timedelta(days=night, hours=1)
    name = f"{moment:%Y%m%d}-night"
    path = folder / "reports" / f"{model}@v1" / f"{name}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    own = (
        text.replace(_MOMENT, f"{moment:%Y-%m-%dT%H:%M:%SZ}")
        .replace(_ID, name)
        .replace('"model": "m"', f'"model": "{model}"')
    )
    path.write_bytes(sealed(own.encode()))
    return path


def replay(folder: Path, cases: int) -> Row:
    make_project(folder, cases)
    return Row(
        f"replay of {cases:,} cases",
        took(folder, *pytest("--model=fake")),
        took(folder, *pytest("empty")),
        "pytest with as many empty items",
        "1.15" if cases > 1000 else "0.6" if cases > 1 else "",
    )


def one_case(folder: Path) -> Row:
    make_project(folder, 1)
    ours, limit = took(folder, *pytest("--model=fake")), took(folder, *pytest("--version"))
    return Row("replay of one case", ours, limit, "`pytest --version`", "1.3")


def gate(folder: Path, nights: int) -> Row:
    records = make_nights(folder, nights)
    command = harness("gate", "--candidate", "m@v1", "--baseline", "base@v1")
    took(folder, *command, rounds=1)  # the first one judges answers again, and keeps what it found
    two = (str(records[0]), str(folder / "reports/base@v1" / records[2].name))
    limit = took(folder, sys.executable, "-c", _READ, *two)
    return Row(f"`gate`, {nights:,} nights of full size", took(folder, *command), limit, "reading two records", "")


def drift(folder: Path, nights: int) -> Row:
    records = make_nights(folder, nights, cases=40)
    command = harness("drift", "--model", "m")
    took(folder, *command, rounds=1)
    limit = took(folder, sys.executable, "-c", _READ, *map(str, records))
    return Row(f"`drift`, {nights:,} nights of 40 prompts", took(folder, *command), limit, "reading the records", "")


def report(folder: Path, nights: int) -> Row:
    records = make_nights(folder, nights, cases=40)
    took(folder, *harness("report"), rounds=1)
    newest = records[0].read_bytes()
    limit = took(folder, *harness("report", "m@v1"))

    def another_night() -> None:
        records[0].write_bytes(newest + b"\n")
        os.utime(records[0])

    ours = took(folder, *harness("report"), before=another_night)
    return Row(f"`report`, {nights:,} runs of 40 prompts, one new", ours, limit, "the page of one run", "")


def verify(folder: Path, megabytes: int) -> Row:
    make_project(folder, 2_000)
    cassette = folder / "cassettes/fake@v1/made.jsonl"
    content = cassette.read_bytes()
    with cassette.open("ab") as file:
        for _ in range(megabytes * 1_000_000 // len(content)):
            file.write(content)
    limit = took(folder, sys.executable, "-c", _READ_LINES, str(cassette), rounds=1)
    ours = took(folder, *harness("cassettes", "verify"), rounds=1)
    return Row(f"`cassettes verify`, {megabytes:,} MB", ours, limit, "reading its lines as JSON", "")


def rows(options: argparse.Namespace, folder: Path) -> Iterator[Row]:
    made: dict[str, Callable[[Path], Row]] = {
        "replay": lambda at: replay(at, options.replays),
        "replay-1000": lambda at: replay(at, min(1000, options.replays)),
        "one": one_case,
        "gate": lambda at: gate(at, options.nights),
        "drift": lambda at: drift(at, 3 * options.nights),
        "report": lambda at: report(at, 3 * options.nights),
        "verify": lambda at: verify(at, options.megabytes),
    }
    for name, make in made.items():
        if not options.only or name in options.only:
            (folder / name).mkdir()
            yield make(folder / name)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--nights", type=int, default=120, help="drift and report take three times as many")
    parser.add_argument("--replays", type=int, default=10_000)
    parser.add_argument("--megabytes", type=int, default=100)
    parser.add_argument("--only", action="append", help="a row: replay, replay-1000, one, gate, drift, report, verify")
    parser.add_argument("--live", action="store_true", help="also the rows that ask a server")
    options = parser.parse_args()
    table = [["what", "takes", "memory", "limit", "takes", "ratio", "aim"]]
    with tempfile.TemporaryDirectory() as name:
        for row in rows(options, Path(name)):
            ours, limit = row.ours, row.limit
            cells = [row.name, f"{ours.wall:.2f} s", f"{ours.megabytes:.0f} MB", row.what, f"{limit.wall:.2f} s"]
            table.append([*cells, f"{row.ratio:.2f}", row.aim])
            print(f"{row.name}: {ours.wall:.2f} s, {row.ratio:.2f} times the limit", file=sys.stderr)
    print("\n".join(markdown_table(table)))
    for module in ("live", "soak") if options.live else ():
        subprocess.run([sys.executable, "-m", f"benchmarks.{module}"], cwd=ROOT, check=True)


if __name__ == "__main__":
    main()
