"""Print what was tried against the product and what held: faults, echoes, kills, hostile input, consoles.

    python -m benchmarks.safety [ROW...]

Each row runs its tests, one process, and counts them; a test is one thing tried. Without names, all rows, some twenty
minutes on two cores. SECURITY.md has the table.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

from harness.show.figures import markdown_table

ROOT = Path(__file__).parent.parent


@dataclass(frozen=True, slots=True)
class Row:
    """What is tried, what must not come of it, and the tests that try it."""

    what: str
    never: str
    tests: tuple[str, ...]
    only: str = ""
    """An expression of pytest's `-k`."""


ROWS = {
    "answers": Row(
        "faults of an answer, and what endpoints are reported to do",
        "judged as the model's fault",
        (
            "tests/faulty_server/test_fault_table.py",
            "tests/endpoints/test_oddities.py",
            "tests/endpoints/test_parse.py",
        ),
    ),
    "runs": Row(
        "faults of a run: outages, quotas, limits, two recorders",
        "hung, or paid for twice",
        ("tests/faulty_server/test_runs.py", "tests/endpoints/test_pacing.py"),
    ),
    "network": Row(
        "proxies, TLS, names, and where a key goes",
        "a key sent elsewhere, a reason that is not said",
        ("tests/endpoints/test_reaching.py", "tests/endpoints/test_keys.py"),
    ),
    "echoes": Row(
        "echoes of a key, by spelling and place",
        "kept or shown",
        ("tests/faulty_server/test_secrets.py", "tests/recording/test_secrets.py"),
    ),
    "kills": Row(
        "kills, full disks, torn lines, locks, open files of Windows",
        "lost or hung",
        (
            "tests/faulty_server/test_kills.py",
            "tests/recording/test_recorder.py",
            "tests/recording/test_cassette.py",
            "tests/logs/test_resuming.py",
        ),
    ),
    "files": Row(
        "hostile files: what is in them and what they are called",
        "acted, or took the memory or the time of the machine",
        ("tests/house/hostile_files", "tests/records/test_files.py"),
    ),
    "work": Row(
        "files that ask for much, each in a child that is measured",
        "took over 15 s or 800 MB",
        ("tests/records/hostile_work",),
    ),
    "texts": Row(
        "hostile text on pages, terminals, chats, issues and in spreadsheets",
        "obeyed",
        ("tests/show/test_forgery.py", "tests/show/test_sinks.py", "tests/pytest_plugin/test_suite_python.py"),
    ),
    "records": Row("forged run records", "taken by a gate", ("tests/cli/test_runs.py",), "forged"),
    "consoles": Row(
        "every command under five encodings, to a pipe, a file and a terminal",
        "a traceback",
        ("tests/cli/test_encodings.py",),
    ),
}


def tried(row: Row) -> tuple[int, list[str], float]:
    """How many tests ran, the names of those that failed, and the seconds that it took."""
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        found = Path(folder) / "found.xml"
        command = [sys.executable, "-m", "pytest", *row.tests, "-q", "-n0", "-p", "no:cacheprovider"]
        command += [f"--junit-xml={found}", *(["-k", row.only] if row.only else [])]
        done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
        if done.returncode not in (0, 1):
            raise SystemExit(done.stdout.decode("utf-8", "replace")[-3000:])
        cases = ElementTree.parse(found).getroot().iter("testcase")
    ran = [case for case in cases if case.find("skipped") is None]
    failed = [case for case in ran if case.find("failure") is not None or case.find("error") is not None]
    return len(ran), [f"{case.get('classname')}::{case.get('name')}" for case in failed], time.monotonic() - started


def main() -> None:
    """Print the table; exit code 1 if something did not hold."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("rows", nargs="*", metavar="ROW", help=f"[default: all] {', '.join(ROWS)}")
    chosen = parser.parse_args().rows or list(ROWS)
    if unknown := sorted(set(chosen) - set(ROWS)):
        parser.error(f"{', '.join(unknown)}: no such row; accepted: {', '.join(ROWS)}")
    table = [["tried", "how many", "held", "what never happened", "times that it did"]]
    broken: list[str] = []
    for name in chosen:
        row = ROWS[name]
        count, failed, seconds = tried(row)
        print(f"{name}: {count - len(failed)} of {count}, {seconds:.0f} s", file=sys.stderr)
        table.append([row.what, f"{count:,}", f"{count - len(failed):,}", row.never, f"{len(failed):,}"])
        broken += failed
    print("\n".join(markdown_table(table)))
    print("\n".join(broken), file=sys.stderr)
    sys.exit(1 if broken else 0)


if __name__ == "__main__":
    main()
