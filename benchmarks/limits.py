"""Print what each part of the product takes beside the least that it could take, on one machine in one run.

    python -m benchmarks.limits [--quick] [--only ROW] [--except ROW] [--slow] [--write]

Each row is a whole process, the best of three rounds (of one where it takes a minute), and so is its limit: pytest with
as many empty items, the bare client with the same requests, a Python that reads the two records of a verdict, or the
year of nights, and does nothing else. Where pytest without a case takes about as much as the aim allows, that is the
floor, from the same minutes. Ratios travel, seconds do not; that of the processor's seconds is the one to read on a
machine that does other work too. Nights are made of a record that is shipped, under other dates.

Each row is printed when it is done, and the time so far beside it. A row that fails, or a process of it that takes
more than four minutes, says so in its place; the others go on, and the exit code is 1. `--quick` takes a tenth of every
size. A row that takes some minutes by itself is measured with `--slow`, or where `--only` names it. `--write` puts the
table into docs/benchmarks.md.
"""

from __future__ import annotations

import argparse
import atexit
import json
import os
import platform
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import chain, count
from pathlib import Path

from benchmarks.replay.__main__ import PYTEST, environment, make_project
from harness.config import ModelConfig
from harness.files import sealed
from harness.runs.requests import body_for
from harness.show.figures import markdown_table
from harness.suite import load_suite

ROOT = Path(__file__).parent.parent
_PAGE = ROOT / "docs/benchmarks.md"
_PLACE = ("<!-- table: python -m benchmarks.limits -->\n", "<!-- end -->")
_LONGEST_S = 240.0
_MANY = 5000
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
    """One line of the table: what is measured, and what it is held against.

    `aim` is what is hoped for, in words; `floor` what pytest takes without any case, where that is about as much.
    """

    name: str
    ours: Took
    limit: Took
    what: str
    aim: str
    floor: str = ""

    @property
    def ratio(self) -> float:
        """Of the wall clocks."""
        return self.ours.wall / self.limit.wall

    @property
    def cells(self) -> list[str]:
        ours, limit = self.ours, self.limit
        took = [f"{ours.wall:.2f} s", f"{ours.cpu:.2f} s", f"{ours.megabytes:.0f} MB"]
        processor = ours.cpu / max(limit.cpu, 0.01)
        ratios = [f"{self.ratio:.2f}", f"{processor:.2f}"]
        return [self.name, *took, self.what, f"{limit.wall:.2f} s", *ratios, self.aim, self.floor]


HEAD = ["what", "takes", "processor", "memory", "limit", "it takes", "ratio", "of processor", "aim", "floor"]


def floor_of(ours: Took, limit: Took, floor: Took, what: str) -> str:
    """The ratio that pytest has without a case, and how many times that the row takes."""
    return f"{floor.wall / limit.wall:.2f}: {what} takes {floor.wall:.2f} s; this is {ours.wall / floor.wall:.2f} of it"


_STARTER = """
import json, os, signal, sys, time
started = time.perf_counter()
child = os.fork()
if not child:
    try:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        os.execvp(sys.argv[2], sys.argv[2:])
    finally:
        os._exit(127)
signal.signal(signal.SIGALRM, lambda *_: os.kill(child, signal.SIGKILL))
signal.setitimer(signal.ITIMER_REAL, float(sys.argv[1]))
_, status, used = os.wait4(child, 0)
took = [time.perf_counter() - started, used.ru_utime + used.ru_stime, used.ru_maxrss / 1000]
print(json.dumps([took, os.waitstatus_to_exitcode(status)]))
"""
"""A small Python that starts the command and waits for it: the most memory of a process is, for the kernel, never less
than the most that the process had which started it, and a benchmark that makes 20,000 cases has 70 MB."""


def took(folder: Path, *command: str, rounds: int = 3, before: Callable[[], object] = lambda: None) -> Took:
    """The best round of a command. It may say no (exit code 1 or 2), and must not fail."""
    best: Took | None = None
    for _ in range(rounds):
        before()
        started = subprocess.run(
            (sys.executable, "-I", "-S", "-c", _STARTER, str(_LONGEST_S), *command),
            cwd=folder,
            env=_environment(folder),
            capture_output=True,
            check=True,
        )
        figures, code = json.loads(started.stdout)
        one = Took(*figures)
        if code not in (0, 1, 2):
            why = started.stderr.decode(errors="replace").strip()[-2000:]
            done = f"not done after {one.wall:.0f} s" if one.wall >= _LONGEST_S else f"exit code {code}: {why}"
            raise RuntimeError(f"{' '.join(command[1:6])}: {done}")
        best = one if best is None or one.wall < best.wall else best
    assert best is not None
    return best


def _environment(folder: Path) -> dict[str, str]:
    return {**environment(_compiled()), "HARNESS_CACHE": f"{folder}-cache"}


@cache
def _compiled() -> Path:
    """Where the compiled modules of all rows are."""
    folder = tempfile.mkdtemp()
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return Path(folder)


def harness(*arguments: str) -> tuple[str, ...]:
    return (sys.executable, "-m", "harness", *arguments)


def pytest(*arguments: str) -> tuple[str, ...]:
    return (sys.executable, *PYTEST, *arguments)


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


def make_nights(folder: Path, nights: int, *, cases: int | None = None, models: int = 1) -> list[Path]:
    """A project with a record of each model for each of the last nights, and a baseline of the same cases.

    Given back are the records of the first model, newest first.
    """
    folder.mkdir(parents=True, exist_ok=True)
    names = ["m", *(f"m{number}" for number in range(2, models + 1))]
    settings = "".join(
        f'[tool.harness.models.{name}]\nversion = "v1"\nbase_url = "http://127.0.0.1:9/v1"\n'
        for name in (*names, "base")
    )
    (folder / "pyproject.toml").write_text(settings)
    record = shipped_record()
    if cases is not None:
        record = _of_some_cases(record, cases)
    text = json.dumps(record, ensure_ascii=False, indent=1)
    made = {name: [_write(folder, text, name, night) for night in range(nights)] for name in names}["m"]
    _write(folder, text, "base", 2)
    return made


def _of_some_cases(record: dict[str, object], count: int) -> dict[str, object]:
    cases = record["cases"]
    assert isinstance(cases, list)
    kept = cases[:: max(1, len(cases) // count)][:count]
    outcomes: dict[str, int] = {}
    for case in kept:
        outcomes[case["outcome"]] = outcomes.get(case["outcome"], 0) + 1
    samples = [sample for case in kept for sample in case["samples"]]
    totals: dict[str, object] = {"cases": len(kept), "samples": len(samples), "outcomes": outcomes}
    totals |= {name: sum(one.get(name) or 0 for one in samples) for name in ("prompt_tokens", "completion_tokens")}
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
    ours, limit = took(folder, *pytest("--model=fake")), took(folder, *pytest("empty"))
    name, what = f"replay of {cases:,} cases", "pytest with as many empty items"
    if cases > 1000:
        return Row(name, ours, limit, what, "1.15")
    (folder / "empty/cases.empty").write_text("x\n")
    return Row(name, ours, limit, what, "0.6", floor_of(ours, limit, took(folder, *pytest("empty")), "one empty item"))


def one_case(folder: Path) -> Row:
    make_project(folder, 1)
    ours, limit = took(folder, *pytest("--model=fake")), took(folder, *pytest("--version"))
    item = took(folder, "env", "PYTEST_DISABLE_PLUGIN_AUTOLOAD=1", sys.executable, "-m", "pytest", "empty")
    floor = floor_of(ours, limit, item, "one empty item without a plugin")
    return Row("replay of one case", ours, limit, "pytest saying its version", "1.3", floor)


def live(folder: Path, cases: int, concurrency: int, delay: float, aim: str) -> Row:
    """A run that asks a server on this machine, beside the bare client with the same requests."""
    make_project(folder, cases)
    command = [sys.executable, "-m", "benchmarks.live.slow_server", str(delay)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as server:
        try:
            assert server.stdout is not None
            base_url = f"http://127.0.0.1:{int(server.stdout.readline())}/v1"
            model, bodies = ModelConfig(name="fake", base_url=base_url), folder / "bodies.json"
            bodies.write_text(json.dumps([body_for(case, model) for case in load_suite(folder / "suites" / "made")]))
            client = (sys.executable, "-m", "benchmarks.live.bare_client", base_url, str(bodies), str(concurrency))
            options = (f"--base-url={base_url}", "--cassette-mode=live", f"--max-concurrency={concurrency}")
            rounds = 3 if cases <= 1000 else 1
            ours = took(folder, *pytest("--model=fake", *options), rounds=rounds)
            limit = took(folder, *client, rounds=rounds)
            items = took(folder, *pytest("empty"), rounds=1)
            asking = ("env", f"BARE_CLIENT_URL={base_url}", *pytest("-p", "benchmarks.live.bare_client", "empty"))
            asked = took(folder, *asking, rounds=1)
        finally:
            server.kill()
    name = f"live, {cases:,} cases, {delay * 1000:g} ms an answer, {concurrency} at a time"
    floor = (
        f"{items.megabytes:.0f} MB: as many empty items; {asked.megabytes:.0f} MB: after one request of the bare client"
    )
    return Row(name, ours, limit, "the bare client, same requests", aim, floor)


def gate(folder: Path, nights: int) -> Row:
    records = make_nights(folder, nights)
    command = harness("gate", "--candidate", "m@v1", "--baseline", "base@v1")
    took(folder, *command, rounds=1)  # the first one judges answers again, and keeps what it found
    two = (str(records[0]), str(folder / "reports/base@v1" / records[2].name))
    limit = took(folder, sys.executable, "-c", _READ, *two)
    name = f"`gate`, {nights:,} nights of full size"
    return Row(name, took(folder, *command), limit, "reading two records", "0.5 s, 120 MB")


def drift(folder: Path, nights: int) -> Row:
    records = make_nights(folder, nights, cases=40)
    command = harness("drift", "--model", "m")
    took(folder, *command, rounds=1)
    limit = took(folder, sys.executable, "-c", _READ, *map(str, records))
    name = f"`drift`, {nights:,} nights of 40 prompts"
    return Row(name, took(folder, *command), limit, "reading the records", "0.5 s, 100 MB")


def listing(folder: Path, nights: int) -> Row:
    records = make_nights(folder, nights, cases=40)
    command = harness("runs", "list")
    took(folder, *command, rounds=1)
    limit = took(folder, sys.executable, "-c", _READ, *map(str, records))
    return Row(f"`runs list`, {nights:,} runs of 40 prompts", took(folder, *command), limit, "reading the records", "")


def report(folder: Path, runs: int, models: int) -> Iterator[Row]:
    """All pages for the first time, and again with one new run."""
    records = make_nights(folder, runs // models, cases=40, models=models)
    for number, path in enumerate(sorted(folder.glob("reports/*@*/*.json"))):
        path.write_bytes(_with_other_outcomes(path.read_bytes(), number))
    first = took(folder, *harness("report"), rounds=1)
    limit = took(folder, *harness("report", "m@v1"))
    yield Row(
        f"`report`, {runs:,} runs of 40 prompts",
        first,
        limit,
        "the page of one run",
        ("60 s" if runs == _MANY else "60 s for 5,000") if models > 1 else "",
    )
    seeds = count(runs)

    def another_night() -> None:
        records[0].write_bytes(_with_other_outcomes(records[0].read_bytes(), next(seeds)))

    ours = took(folder, *harness("report"), before=another_night)
    aim = "2 s" if models > 1 else "1.5 s"
    yield Row(f"`report`, {runs:,} runs of 40 prompts, one new", ours, limit, "the page of one run", aim)


def _with_other_outcomes(content: bytes, seed: int) -> bytes:
    """A record in which a seventh of the cases went otherwise: what was drawn for one night is not that of another."""
    record, draw = json.loads(content), random.Random(seed)
    del record["digest"]
    for case in record["cases"]:
        if case["targets"] and draw.random() < 1 / 7:
            case["outcome"] = "omitted" if case["outcome"] == "aligned" else "aligned"
    return sealed(json.dumps(record, ensure_ascii=False, indent=1).encode())


def verify(folder: Path, megabytes: int) -> Row:
    make_project(folder, 2_000)
    cassette = folder / "cassettes/fake@1/made.jsonl"
    content = cassette.read_bytes()
    with cassette.open("ab") as file:
        for _ in range(megabytes * 1_000_000 // len(content)):
            file.write(content)
    limit = took(folder, sys.executable, "-c", _READ_LINES, str(cassette), rounds=1)
    ours = took(folder, *harness("cassettes", "verify"), rounds=1)
    return Row(f"`cassettes verify`, {megabytes:,} MB", ours, limit, "reading its lines as JSON", "20 s for 1,000 MB")


def compile_modules(folder: Path) -> None:
    """Each command once, over next to nothing: what is measured later does not compile modules."""
    make_nights(folder, 2, cases=5)
    make_project(folder, 1)
    for command in (
        pytest("--model=fake"),
        pytest("empty"),
        pytest("--version"),
        harness("gate", "--candidate", "m@v1", "--baseline", "base@v1"),
        harness("drift", "--model", "m"),
        harness("runs", "list"),
        harness("report"),
        harness("cassettes", "verify"),
    ):
        took(folder, *command, rounds=1)


Make = Callable[[Path], Row | Iterator[Row]]


def table(tenth: bool) -> dict[str, Make]:
    """The rows by their names, at the sizes of the documents or a tenth of them."""
    part = 10 if tenth else 1
    return {
        "replay": lambda at: replay(at, 10_000 // part),
        "replay-1000": lambda at: replay(at, 1000 // part),
        "one": one_case,
        "live": lambda at: live(at, 1000 // part, 20, 0.05, "1.08; processor 1.3"),
        "live-20000": lambda at: live(at, 20_000 // part, 256, 0, "1.15, 150 MB"),
        "gate": lambda at: gate(at, 120 // part),
        "drift": lambda at: drift(at, 365 // part),
        "list": lambda at: listing(at, 365 // part),
        "report": lambda at: report(at, 365 // part, 1),
        "report-1000": lambda at: report(at, 1000 // part, 20),
        "report-5000": lambda at: report(at, _MANY // part, 20),
        "verify": lambda at: verify(at, 250 // part),
    }


SLOW = ("report-5000",)
"""Rows that take some minutes each: 5,000 records are made, and a page of each."""


def chosen(
    rows: Mapping[str, Make], only: Sequence[str] = (), left_out: Sequence[str] = (), slow: bool = False
) -> dict[str, Make]:
    """The rows to measure: those named, or else all, without the slow ones unless they are asked for too."""
    wanted = only or [name for name in rows if slow or name not in SLOW]
    return {name: make for name, make in rows.items() if name in wanted and name not in left_out}


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="a tenth of every size")
    names = ", ".join(table(tenth=False))
    parser.add_argument("--only", action="append", choices=[*table(tenth=False)], metavar="ROW", help=names)
    parser.add_argument("--except", action="append", dest="left_out", default=[], metavar="ROW", help="repeatable")
    parser.add_argument("--slow", action="store_true", help=f"also what takes some minutes: {', '.join(SLOW)}")
    parser.add_argument("--write", action="store_true", help="put the table into docs/benchmarks.md")
    options = parser.parse_args()
    wanted = chosen(table(options.quick), options.only or (), options.left_out, options.slow)
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        compile_modules(Path(folder))
    about = f"{os.cpu_count()} cores, Python {platform.python_version()}, {datetime.now(UTC):%Y-%m-%d}; "
    about += f"{os.getloadavg()[1]:.1f} processes ran on them in the five minutes before."
    print(f"{about}\n", flush=True)
    lines: list[str] = []
    failed = 0
    for cells in chain([HEAD], rows_of(wanted)):
        new = markdown_table([HEAD, cells])[2:] if lines else markdown_table([HEAD])
        lines += new
        failed += cells[1] == FAILED
        print("\n".join(new), flush=True)
        print(f"{time.monotonic() - started:.0f} s so far", file=sys.stderr)
    if options.write:
        write_into(_PAGE, [about, "", *lines])
    sys.exit(1 if failed else 0)


FAILED = "failed"


def rows_of(wanted: Mapping[str, Make]) -> Iterator[list[str]]:
    """The cells of each row as it is measured; of one that fails the reason."""
    for name, make in wanted.items():
        with tempfile.TemporaryDirectory() as folder:
            try:
                made = make(Path(folder))
                for row in [made] if isinstance(made, Row) else made:
                    yield row.cells
            except Exception as error:  # whatever it is, the other rows are measured
                reason = " ".join(str(error).split())[-300:]
                yield [name, FAILED, *[""] * (len(HEAD) - 3), f"{type(error).__name__}: {reason}"]


def write_into(page: Path, lines: Sequence[str]) -> None:
    """Put a table into its place in a page."""
    text = page.read_text(encoding="utf-8")
    begin, end = _PLACE
    before, marked, rest = text.partition(begin)
    _, ended, after = rest.partition(end)
    if not marked or not ended:
        raise SystemExit(f"{page}: no place for the table between {begin.strip()} and {end}")
    page.write_text("".join([before, begin, "\n", "\n".join(lines), "\n\n", end, after]), encoding="utf-8")


if __name__ == "__main__":
    main()
