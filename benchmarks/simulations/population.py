"""False GO of a suite whose domains are correlated inside, of running again until it says GO, and of looking early.

    python -m benchmarks.simulations.population            # about seven minutes of CPU

Runs are drawn by domain (Dirichlet cells: worse, better, wrong in both, right in both) and judged with the bounds of
the gate (`harness.decisions.plan`, whose agreement with `judge` is a test); attempts go through `read_rate` itself, and
those at a suite that is changed in between through `judge`. Fixed seeds.
"""

from __future__ import annotations

import argparse
from datetime import UTC, datetime, timedelta

import numpy as np

from benchmarks.simulations.tables import percent, show
from harness.decisions.bounds import read_rate
from harness.decisions.gate import judge
from harness.decisions.plan import Truth, chances
from harness.decisions.population import ASSUMED, LATER_ALPHA, Ground
from harness.records.policy import GatePolicy, Rule
from harness.records.run import CaseResult, Evidence, RunRecord, Totals
from harness.statistics.rates import ASSUMED_CORRELATION, exact_lower, informative_rate, pooled_correlation

SUITES = ((60, 12), (100, 25), (300, 20), (300, 36), (594, 44))
CORRELATIONS = (0.0, 0.05, 0.1, 0.2)
MINIMUM = GatePolicy(rules=(Rule(metric="alignment_rate", min=0.95),))
DROP = GatePolicy(rules=(Rule(metric="alignment_rate", max_drop=0.03),))
BOTH = GatePolicy(rules=(Rule(metric="alignment_rate", min=0.95, max_drop=0.03),))


def suite(cases: int, domains: int) -> list[CaseResult]:
    return [
        CaseResult(
            suite="s",
            id=f"c{number}",
            domain=f"d{number % domains}",
            language="en",
            task="copy",
            digest=str(number),
            messages=(),
            targets=("A-1",),
            required=("A-1",),
            outcome="unscored",
            samples=(),
        )
        for number in range(cases)
    ]


def estimated(generator: np.random.Generator, cases: int, domains: int, correlation: float, versions: int = 2) -> float:
    """The correlation that so many earlier versions tell, as the gate takes it."""
    found = []
    for rate in (0.95, 0.97, 0.93, 0.96)[:versions]:
        shares = np.full(domains, rate)
        if correlation:
            precision = 1 / correlation - 1
            shares = generator.beta(rate * precision, (1 - rate) * precision, size=domains)
        answers = [(float(generator.random() < shares[i % domains]), f"d{i % domains}") for i in range(cases)]
        if informative_rate(answers):
            found.append(answers)
    pooled = pooled_correlation(found) if len(found) > 1 else None
    return ASSUMED_CORRELATION if pooled is None else pooled


def population(histories: int, runs: int) -> None:
    """A version at the limit, and one at 0.98, judged plainly and by domain."""
    plain = {"population": "suite"}
    at_minimum, at_drop, good = (0.95, 0.97, 0.02), (0.95, 0.98, 0.01), (0.98, 0.98, 0.01)
    for title, policy, limit in (("min 95 %", MINIMUM, at_minimum), ("max_drop 3 %", DROP, at_drop)):
        rows = []
        for size, domains in SUITES:
            cases = suite(size, domains)
            for correlation in CORRELATIONS:
                row = [f"{size} in {domains}", f"{correlation:g}"]
                for truth in (Truth(*limit, correlation), Truth(*good, correlation)):
                    alone = chances(cases, policy.model_copy(update=plain), truth, runs=histories * runs)
                    assumed = chances(cases, policy, truth, runs=histories * runs)
                    row += [percent(alone.go), percent(assumed.go)]
                    row.append(percent(with_history(cases, policy, truth, histories, runs)))
                rows.append(row)
        show(
            f"{title}: GO of a version exactly at the limit, and of one at 0.98, by what the bound takes for true of "
            "domains",
            [
                "cases in domains",
                "correlation",
                "at the limit: none",
                "0.05 assumed",
                "from two versions",
                "at 0.98: none",
                "0.05 assumed",
                "from two versions",
            ],
            rows,
        )


def with_history(cases: list[CaseResult], policy: GatePolicy, truth: Truth, histories: int, runs: int) -> float:
    """Each history tells another correlation."""
    domains = len({case.domain for case in cases})
    generator = np.random.default_rng(20260101)
    shares = []
    for number in range(histories):
        correlation = estimated(generator, len(cases), domains, truth.correlation)
        shares.append(chances(cases, policy, truth, correlation=correlation, runs=runs, seed=number).go)
    return float(np.mean(shares))


def again(runs: int) -> None:
    """The same version, at a true rate of exactly the minimum or above it, run until it says GO: five times at most."""
    rows = []
    for rate in (0.95, 0.98):
        for size, agreement in ((300, 0.0), (300, 0.5), (300, 1.0), (594, 0.5)):
            generator = np.random.default_rng(20260101)
            passed = np.zeros((runs, 5), dtype=bool)
            best = np.zeros(runs, dtype=bool)
            for run in range(runs):
                told_right = attempts(generator, rate, size, agreement)
                best[run] = any(passes(told_right[number : number + 1]) for number in range(5))
                for number in range(1, 6):
                    passed[run, number - 1] = passes(told_right[:number])
                    if passed[run, number - 1]:
                        passed[run, number:] = True
                        break
            ever = passed.mean(axis=0)
            shown = [percent(share, 2) for share in (ever[0], ever[1], ever[4])]
            rows.append([percent(rate, 0), str(size), f"{agreement:g}", *shown, percent(best.mean(), 1)])
    show(
        f"Run again until it says GO, min 95 % on this suite ({runs} histories a row): share with a GO",
        ["true rate", "cases", "agreement of attempts", "one run", "two", "five", "best of five, each by itself"],
        rows,
    )


def attempts(generator: np.random.Generator, rate: float, size: int, agreement: float) -> np.ndarray:
    if agreement == 1:
        return np.tile(generator.random(size) < rate, (5, 1))
    chance = np.full(size, rate)
    if agreement:
        precision = 1 / agreement - 1
        chance = generator.beta(rate * precision, (1 - rate) * precision, size=size)
    return generator.random((5, size)) < chance


def passes(told_right: np.ndarray) -> bool:
    number, size = told_right.shape
    alpha = 0.05 if number == 1 else LATER_ALPHA
    ground = Ground({str(case): "d" for case in range(size)}, "suite", ASSUMED, alpha, alpha)
    answers = {str(case): ["good" if right else "bad" for right in told_right[:, case]] for case in range(size)}
    return read_rate(answers, "min", 0.95, ground, settle=False).result == "PASS"


NOW = datetime(2026, 1, 8, tzinfo=UTC)


CHANGES = ("a fifth more cases", "a third edited", "more than doubled", "more than fourfold")


def changed(runs: int) -> None:
    """The same, while the suite is changed before each further run; the verdict is that of `judge` on the records."""
    rows = []
    for kind, agreement in ((kind, agreement) for kind in CHANGES for agreement in (0.0, 1.0)):
        generator = np.random.default_rng(20260101)
        share = np.array([_until_go(generator, kind, agreement) for _ in range(runs)]).mean(axis=0)
        rows.append([kind, f"{agreement:g}", *(percent(found) for found in share), *[""] * (5 - len(share))])
    show(
        f"Change the suite of 300 cases and run again until it says GO, true rate 95 %, min 95 % ({runs} histories a "
        "row): share with a GO",
        ["before each further run", "agreement of attempts", "one run", "two", "three", "four", "five"],
        rows,
    )


def _until_go(generator: np.random.Generator, kind: str, agreement: float) -> list[bool]:
    """Whether there was a GO at or before each of the runs."""
    policy = MINIMUM.model_copy(update={"population": "suite"})
    size, first, past = 300, 0, []
    answers: dict[int, bool] = {}
    ever: list[bool] = []
    steps = 3 if kind == "more than fourfold" else 5
    for number in range(steps):
        if number and kind == "a fifth more cases":
            size += size // 5
        elif number and kind == "more than doubled":
            size = 2 * size + 1
        elif number and kind == "more than fourfold":
            size = 4 * size + 1
        elif number and kind == "a third edited":
            first += size // 3
        asked = range(first, first + size)
        if agreement == 0:
            answers = {}
        fresh = generator.random(size) < 0.95
        told = [answers.setdefault(case, bool(right)) for case, right in zip(asked, fresh, strict=True)]
        run = _record(asked, told, number)
        # a changed suite is not pooled, so that a GO needs the bound of the run by itself
        alone = exact_lower(sum(told), size) >= MINIMUM.rules[0].bounds[0][1]
        ever.append(alone and judge(run, None, policy, NOW, past).verdict == "GO")
        if ever[-1]:
            break
        past.append(run)
    return ever + [ever[-1]] * (steps - len(ever))


_JUDGED: dict[tuple[int, bool], CaseResult] = {}


def _record(asked: range, told_right: list[bool], number: int) -> RunRecord:
    made = (NOW - timedelta(days=6 - number)).isoformat()
    for case, right in zip(asked, told_right, strict=True):
        if (case, right) not in _JUDGED:
            plain = suite(1, 1)[0]
            changes = {"id": f"c{case}", "digest": str(case), "outcome": "aligned" if right else "damaged"}
            _JUDGED[case, right] = plain.model_copy(update=changes)
    return RunRecord(
        run_id=str(number),
        model="m",
        version="1",
        configuration_digest="",
        suite_digest="",
        harness_version="",
        mode="live",
        evidence=Evidence(oldest=made, newest=made),
        started=made,
        ended=made,
        totals=Totals(),
        cases=tuple(_JUDGED[one] for one in zip(asked, told_right, strict=True)),
    )


TRUTHS = ((0.99, 0.99), (0.98, 0.98), (0.99, 0.93), (0.99, 0.90), (0.98, 0.95))


def sequential(runs: int) -> None:
    """594 cases in 44 domains, min 95 % and max_drop 3 %; half of what the baseline fails, the candidate fails too."""
    cases = suite(594, 44)
    for title, policy, correlation in (
        ("this suite", BOTH.model_copy(update={"population": "suite"}), 0.0),
        ("domains, none correlated", BOTH, 0.0),
        ("domains, correlation 0.05", BOTH, 0.05),
        ("domains, correlation 0.1", BOTH, 0.1),
    ):
        rows = []
        for old, new in TRUTHS:
            truth = Truth(new, old, (1 - old) / 2, correlation)
            fixed = chances(cases, policy, truth, correlation=correlation, runs=runs)
            early = chances(cases, policy, truth, correlation=correlation, sequential=True, runs=runs)
            name = f"{old:.2f} → {new:.2f}" + (", both limits" if (old, new) == (0.98, 0.95) else "")
            rows.append(
                [
                    name,
                    f"{percent(fixed.go)} / {percent(fixed.no_go)}",
                    f"{percent(early.go)} / {percent(early.no_go)}",
                    f"{early.mean_cases:.0f}",
                ]
            )
        show(
            f"Sequential against fixed, speaking for {title} ({runs} runs a row)",
            ["truth", "fixed 594: GO / NO-GO", "sequential: GO / NO-GO", "mean cases asked"],
            rows,
        )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--histories", type=int, default=100, help="earlier versions drawn, a row of the first tables")
    parser.add_argument("--runs", type=int, default=40, help="runs judged after each of them")
    parser.add_argument("--attempts", type=int, default=1000, help="histories a row of the second table")
    parser.add_argument("--changed", type=int, default=1000, help="histories a row of the table of changed suites")
    parser.add_argument("--looks", type=int, default=20_000, help="runs a row of the third tables")
    chosen = parser.parse_args()
    sequential(chosen.looks)
    again(chosen.attempts)
    changed(chosen.changed)
    population(chosen.histories, chosen.runs)
