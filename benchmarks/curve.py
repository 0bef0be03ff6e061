"""A learning curve: rates against the number of training samples, from records, on cases that all answered.

    python -m benchmarks.curve spaced curve10 curve20 tuned@v1-e1 tuned@v1 tuned

Runs of the canaries (`--suites=canary`) are held against whole runs: a case counts under its own suite. The first
version is the one that was trained further: it has 0 samples, the others have those of their recipes. Trained and
untrained are by the exposure of the version with the most samples, so that all rows are about the same cases.
"""

import argparse
from collections.abc import Mapping, Sequence

from harness.decisions.compare import answered_by_all, shared_by_all, under_own_suites
from harness.decisions.metrics import Count, alignment_rate, fidelity, search_hit_rate
from harness.decisions.standing import by_key
from harness.project import Project
from harness.records.run import CaseResult, RunRecord
from harness.show.figures import counted, markdown_table
from harness.statistics.rates import wilson


def main() -> None:
    """Print the curve as a Markdown table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("before", metavar="BEFORE")
    parser.add_argument("runs", nargs="+", metavar="RUN")
    given = parser.parse_args()
    project = Project.open()
    before, *runs = under_own_suites([project.resolve(name) for name in (given.before, *given.runs)])
    print("\n".join(markdown_table(curve(before, runs))))


def curve(before: RunRecord, runs: Sequence[RunRecord]) -> list[list[str]]:
    """Rows of the table, fewest samples first, then fewest epochs."""
    ordered = [before, *sorted(runs, key=lambda run: (samples_of(run), epochs_of(run), run.label))]
    tables = [by_key(run) for run in ordered]
    keys = answered_by_all(ordered, shared_by_all(ordered))
    last = tables[-1]
    rows = [
        [
            "samples",
            "epochs",
            "version",
            "aligned",
            "95 %",
            "trained",
            "untrained",
            "fidelity",
            "search hits",
            "trained in",
        ]
    ]
    for run, table in zip(ordered, tables, strict=True):
        cases = [table[key] for key in keys]
        aligned = alignment_rate(cases)
        interval = wilson(*aligned) if aligned.n else None
        rows.append(
            [
                "0" if run is before else str(samples_of(run)),
                str(epochs_of(run) or "") if run is not before else "",
                run.label,
                counted(aligned),
                f"{100 * interval.low:.1f}% to {100 * interval.high:.1f}%" if interval else "",
                counted(_of(cases, last, trained=True)),
                counted(_of(cases, last, trained=False)),
                counted(fidelity(cases)),
                counted(search_hit_rate(cases)),
                f"{seconds / 60:.1f} min" if (seconds := (run.recipe or {}).get("duration_s")) else "",
            ]
        )
    return rows


def samples_of(run: RunRecord) -> int:
    """Samples of the version's own training."""
    return int((run.recipe or {}).get("samples") or 0)


def epochs_of(run: RunRecord) -> int:
    """Epochs of the version's own training."""
    return int((run.recipe or {}).get("epochs") or 0)


def _of(cases: Sequence[CaseResult], exposure: Mapping[str, CaseResult], *, trained: bool) -> Count:
    return alignment_rate([case for case in cases if (exposure[case.key].exposure != "untrained") is trained])


if __name__ == "__main__":
    main()
