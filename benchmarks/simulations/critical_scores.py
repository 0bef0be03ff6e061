"""Make harness/statistics/critical_scores.json: the critical scores of the usual policies, found once and kept.

    python -m benchmarks.simulations.critical_scores

What is kept are the steps of the search of `harness.statistics.noninferiority` for 1, 2, 3 ... pairs. It takes ten
minutes.
"""

from __future__ import annotations

import json
from pathlib import Path

from harness.statistics import noninferiority

MARGINS, ALPHAS = ("0.03", "0.05", "-0.03", "-0.05"), ("0.05", "0.0025")
"""Of the default policy and of the shipped ones, for a pass and for a breach; of a first attempt and of a later one."""
MOST = 1400
"""Pairs. More are enumerated when they are met."""
PLACE = Path(noninferiority.__file__).with_name("critical_scores.json")


def main() -> None:
    """Write the file, a line for each margin and alpha."""
    counts = range(1, MOST + 1)
    table = {
        margin: {
            alpha: [noninferiority.search_steps(pairs, float(margin), float(alpha)) for pairs in counts]
            for alpha in ALPHAS
        }
        for margin in MARGINS
    }
    PLACE.write_text(as_text(table), encoding="utf-8")


def as_text(table: dict[str, dict[str, list[int]]]) -> str:
    rows = [
        f'"{margin}":{{'
        + ",\n".join(f'"{alpha}":{json.dumps(steps, separators=(",", ":"))}' for alpha, steps in one.items())
        + "}"
        for margin, one in table.items()
    ]
    return "{" + ",\n".join(rows) + "}\n"


if __name__ == "__main__":
    main()
