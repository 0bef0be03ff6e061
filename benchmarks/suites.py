"""What the suites hold: cases, languages, effective sizes, and the kinds of string that are tested, as Markdown tables.

    python -m benchmarks.suites [FOLDER] [--correlation 0.05] [--tiers]

A kind is that of the scanner (docs/extraction.md) for a target on its own; `other` is what it has no name for, such as
words with a blank between them.
"""

import argparse
import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from harness.project import Project, load_suite
from harness.records.case import Case, texts_of
from harness.records.run import GOOD
from harness.statistics.rates import size_of
from harness.suite import builtin_root, default_cases
from harness.text import extract_targets


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("folder", nargs="?", type=Path, default=builtin_root())
    parser.add_argument("--correlation", type=float, default=0.05, help="of two cases of a domain or task")
    parser.add_argument("--tiers", action="store_true", help="how many shipped versions are right, by suite")
    given = parser.parse_args()
    if given.tiers:
        print(_tiers())
        return
    cases = load_suite(given.folder)
    core = Counter(case.suite for case in default_cases(given.folder))
    print(_sizes(cases, core, given.correlation))
    print()
    print(_kinds(cases))


def _sizes(cases: Sequence[Case], core: Counter[str], correlation: float) -> str:
    rows = ["| Suite | Cases | core | zh | en | others | Domains | Effective n by domain | by task | Channels |"]
    rows.append("|---|---|---|---|---|---|---|---|---|---|")
    by_suite: dict[str, list[Case]] = {}
    for case in cases:
        by_suite.setdefault(case.suite, []).append(case)
    for suite, inside in [*sorted(by_suite.items()), ("all", list(cases))]:
        languages = Counter(case.language for case in inside)
        others = len(inside) - languages["zh"] - languages["en"]
        domain = size_of([(1, case.domain) for case in inside], correlation)
        task = size_of([(1, case.task) for case in inside], correlation)
        channels = Counter(case.channel for case in inside)
        cells = (
            *(suite, len(inside), core[suite] if suite != "all" else core.total()),
            *(languages["zh"], languages["en"], others, len({case.domain for case in inside})),
            *(f"{one.effective:.0f}" if one.domains > 1 else "." for one in (domain, task)),
            ", ".join(f"{name} {count}" for name, count in channels.most_common()),
        )
        rows.append(f"| {' | '.join(map(str, cells))} |")
    return "\n".join(rows)


def _kinds(cases: Sequence[Case]) -> str:
    counts: Counter[str] = Counter()
    for case in cases:
        counts.update(_kind(target) for target in case.targets)
    tools = sum(1 for case in cases if case.channel == "tool")
    long = sum(1 for case in cases if len(json.dumps(texts_of(case.messages), ensure_ascii=False)) > 2000)
    rows = ["| Kind of string | Targets |", "|---|---|"]
    rows += [f"| {kind} | {number} |" for kind, number in counts.most_common()]
    rows += [
        f"| (cases whose strings go into a tool call) | {tools} |",
        f"| (prompts over 2,000 characters) | {long} |",
    ]
    return "\n".join(rows)


def _kind(target: str) -> str:
    found = [one.kind for one in extract_targets(target) if one.text == target]
    if found:
        return found[0]
    if any(char.isspace() for char in target):
        return "with a blank in it"
    if not any(sign in target for sign in "-/"):
        return "other, without - or /"
    return "other"


def _tiers() -> str:
    """Difficulty by the newest whole runs: easy, middling or hard by the share of versions that are right."""
    project = Project.open()
    runs = [project.resolve(name) for name in project.config.models]
    right: dict[str, list[bool]] = {}
    for run in runs:
        for case in run.cases:
            if case.outcome != "unscored":
                right.setdefault(case.key, []).append(case.outcome in GOOD)
    counts: dict[str, Counter[str]] = {}
    for key, verdicts in right.items():
        share = sum(verdicts) / len(verdicts)
        tier = "easy" if share >= EASY else "hard" if share <= HARD else "middling"
        for suite in (key.partition("/")[0], "all"):
            counts.setdefault(suite, Counter())[tier] += 1
    rows = [f"Tiers by the answers of {', '.join(run.label for run in runs)}:", ""]
    rows += ["| Suite | easy | middling | hard |", "|---|---|---|---|"]
    rows += [f"| {suite} | {t['easy']} | {t['middling']} | {t['hard']} |" for suite, t in sorted(counts.items())]
    return "\n".join(rows)


EASY, HARD = 0.8, 0.2


if __name__ == "__main__":
    main()
