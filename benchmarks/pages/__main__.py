"""Print how long pages take to build, and how large they are, at 500 and 20,000 cases and for 400 runs.

    python -m benchmarks.pages

The records are made of the shipped ones under `reports/`: their cases are repeated or cut, and their dates moved. They
go into a temporary folder and count in no model's history. Processor seconds are printed beside the wall clock.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from harness.history import History, read_run
from harness.records.run import RunRecord

RUNS = 400
CASES_A_RUN = 120


def shipped() -> list[RunRecord]:
    """The newest record of each version in this checkout."""
    return [read_run(sorted(folder.glob("*.json"))[-1]) for folder in sorted(Path("reports").glob("*@*"))]


def with_cases(record: RunRecord, number: int) -> RunRecord:
    """The record with its cases repeated up to `number`, each under an id of its own."""
    times = number // len(record.cases) + 1
    cases = [case.model_copy(update={"id": f"{case.id}.{n}"}) for n in range(times) for case in record.cases]
    return record.model_copy(update={"run_id": f"{record.run_id}-{number}", "cases": tuple(cases[:number])})


def at(record: RunRecord, number: int) -> RunRecord:
    """The record cut, and dated `number` sixths of a day after the start of a year."""
    day = (datetime(2026, 1, 1, 3, tzinfo=UTC) + timedelta(days=number // 6)).strftime("%Y-%m-%dT%H:%M:%SZ")
    evidence = record.evidence.model_copy(update={"oldest": day, "newest": day})
    changed = {"run_id": f"{day[:10].replace('-', '')}-{number:010x}", "mode": "live", "started": day, "ended": day}
    return record.model_copy(update={**changed, "evidence": evidence, "cases": record.cases[:CASES_A_RUN]})


def timed(*arguments: str) -> str:
    """Wall and processor seconds of `harness report` with these arguments."""
    before, started = os.times(), time.perf_counter()
    code = "import sys; from harness.cli import main; main(sys.argv[1:])"
    subprocess.run([sys.executable, "-c", code, "report", *arguments], check=True, stdout=subprocess.DEVNULL)
    wall, after = time.perf_counter() - started, os.times()
    used = after.children_user + after.children_system - before.children_user - before.children_system
    return f"{wall:6.1f} s, {used:6.1f} processor seconds"


def main() -> None:
    records = shipped()
    with tempfile.TemporaryDirectory() as name:
        for number in (500, 20_000):
            folder, out = Path(name, f"records-{number}"), Path(name, f"pages-{number}")
            path = History(folder).write(with_cases(records[-1], number))
            took = timed(str(path), "--report-dir", str(folder), "--out", str(out))
            size = sum(page.stat().st_size for page in out.rglob("*.html")) / 1e6
            print(f"run page, {number:>6,} cases: {took}, {size:.2f} MB")
        history, out = History(Path(name, "many")), Path(name, "index")
        for number in range(RUNS):
            history.write(at(records[number % len(records)], number))
        arguments = ["--index", "--report-dir", str(history.folder), "--out", str(out)]
        print(f"index, {RUNS} new runs of {CASES_A_RUN} cases: {timed(*arguments)}")
        print(f"index, the same runs known: {timed(*arguments)}, {(out / 'index.html').stat().st_size / 1e6:.2f} MB")


if __name__ == "__main__":
    main()
