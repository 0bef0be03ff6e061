"""Rows a second and core of `harness score`, how they change with the size of the log, and the peak of memory.

    python -m benchmarks.score [--rows 10000 100000 1000000] [--workers N] [--format jsonl] [--folder DIR]

Ten million rows, `--rows 10000 10000000`, take 30 GB of disk and about half an hour on two cores. "rows/s/core" is by
the wall clock, over the workers; "rows/cpu-s" is by the processor time of all processes, steadier on a busy one.
The memory is the sum over all processes of what is resident, shared pages counted each time.
"""

from __future__ import annotations

import argparse
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from benchmarks.score.made_logs import write_log

_LOOK_EVERY_S = 0.1
_PAGE = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True, slots=True)
class Measured:
    """One run. Times in seconds, memory in MiB."""

    rows: int
    wall: float
    processor: float
    parent_peak: float
    tree_peak: float


def measured(log: Path, rows: int, out: Path, workers: int, verdict_format: str) -> Measured:
    """A whole `harness score` process with its workers."""
    arguments = ["score", log.name, "--out", str(out), "--by", "region", f"--workers={workers}"]
    code = "from harness.cli import main; main()"
    before = _children_seconds()
    started = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-c", code, *arguments, f"--format={verdict_format}", "--max-rejected=0.02"],
        cwd=log.parent,
        stdout=subprocess.DEVNULL,
        start_new_session=True,
    )
    parent = tree = 0
    while process.poll() is None:
        sizes = _resident(process.pid)
        parent, tree = max(parent, sizes.get(process.pid, 0)), max(tree, sum(sizes.values()))
        time.sleep(_LOOK_EVERY_S)
    wall = time.perf_counter() - started
    if process.returncode:
        raise SystemExit(f"harness score ended with {process.returncode}")
    return Measured(rows, wall, _children_seconds() - before, parent / 2**20, tree / 2**20)


def _children_seconds() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def _resident(session: int) -> dict[int, int]:
    """Bytes by process of a session."""
    sizes = {}
    for entry in os.scandir("/proc"):
        if not entry.name.isdigit():
            continue
        try:
            fields = Path(entry.path, "stat").read_text().rpartition(")")[2].split()
            if int(fields[3]) == session:
                sizes[int(entry.name)] = int(fields[21]) * _PAGE
        except OSError:
            continue  # it has just ended
    return sizes


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, nargs="+", default=[10_000, 100_000, 1_000_000])
    parser.add_argument("--workers", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--format", choices=["jsonl", "parquet"], default="jsonl")
    parser.add_argument("--folder", type=Path, help="for the logs; the system's folder for temporary files by default")
    options = parser.parse_args()
    print(f"{options.workers} workers, verdicts as {options.format}")
    first: Measured | None = None
    with tempfile.TemporaryDirectory(dir=options.folder) as name:
        for rows in options.rows:
            log, out = Path(name, f"{rows}.jsonl"), Path(name, f"out-{rows}")
            size = write_log(log, rows)
            one = measured(log, rows, out, options.workers, options.format)
            first = first or one
            per_core = rows / one.wall / options.workers
            ratio = (one.wall / rows) / (first.wall / first.rows)
            work = (one.processor / rows) / (first.processor / first.rows)
            print(
                f"{rows:>10,} rows ({size / 2**20:,.0f} MiB): {one.wall:.1f} s, {per_core:,.0f} rows/s/core, "
                f"{rows / one.processor:,.0f} rows/cpu-s; a row takes {ratio:.2f} of the first's time, {work:.2f} of "
                f"its processor time; peak {one.tree_peak:,.0f} MiB, of it the reader {one.parent_peak:,.0f}",
                flush=True,
            )
            shutil.rmtree(out)
            log.unlink()


if __name__ == "__main__":
    main()
