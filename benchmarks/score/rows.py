"""Rows a processor second of `harness score`, in this process, beside the floor: what no program of Python goes below.

    python -m benchmarks.score.rows [--rows 3000]

Each line is one kind of log. The floor reads the JSON, looks through the prompt with one pattern where no targets are
given, and looks for each target in the answer once; "x floor" is how often that fits into it, in the same run. What is
kept of prompts that were read before is dropped for the fourth kind alone.
"""

from __future__ import annotations

import argparse
import json
import re
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.score.made_logs import write_log
from harness.logs.files import find_inputs
from harness.logs.judge import ReadSettings, Scoring, chunks, groups, score_chunk
from harness.logs.rows import Columns
from harness.text.scan import forget


def processor_seconds(work: Callable[[], object]) -> float:
    """The best of ten runs."""
    taken = []
    for _ in range(10):
        began = time.process_time()
        work()
        taken.append(time.process_time() - began)
    return min(taken)


def scored(path: Path) -> int:
    columns = Columns()
    files = find_inputs([str(path)], None, excluded=path.parent / "out")
    scoring = Scoring(columns)
    return sum(score_chunk(chunk, scoring).rows for chunk in chunks(0, groups(files)[0], ReadSettings(columns)))


_TOKEN = re.compile("(?<![A-Za-z0-9])[A-Za-z0-9]++(?:[-/_.][A-Za-z0-9]++)+")


def floor(path: Path) -> int:
    found = 0
    for line in path.open("rb"):
        row = json.loads(line)
        targets = row["targets"] if "targets" in row else _TOKEN.findall(row["source"])
        found += sum(target in row["output"] for target in targets)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=3000)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "log.jsonl")
        write_log(path, options.rows)
        rows: list[dict[str, Any]] = []
        for line in path.read_text(encoding="utf-8").split("\n"):
            if line.endswith("}"):
                rows.append(json.loads(line))
        usual = [row for row in rows if len(row["output"]) < 4000]
        given = [row for row in usual if "targets" in row]
        kinds = {
            "targets given, each string once": given,
            "targets given, strings that come again": [
                {**row, "output": f"{row['output']} {number}"}
                for number, row in enumerate(given[:50] * (len(given) // 50))
            ],
            "the same questions and answers again": given[:50] * (len(given) // 50),
            "targets looked for, prompts not seen before": [row for row in usual if "targets" not in row],
            "targets looked for, prompts that come again": [row for row in usual if "targets" not in row],
            "5 % long answers": rows,
        }
        for name, kind in kinds.items():
            path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in kind), encoding="utf-8")
            anew = name.endswith("not seen before")

            def once(anew: bool = anew) -> None:
                if anew:
                    forget()
                scored(path)

            taken = processor_seconds(once)
            least = processor_seconds(lambda: floor(path))
            print(
                f"{name:<44} {len(kind) / taken:>8,.0f} rows a processor second, {taken / least:.0f} x floor"
                f" ({len(kind) / least:,.0f} rows)",
                flush=True,
            )


if __name__ == "__main__":
    main()
