import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from scipy.signal import fftconvolve
from scipy.stats import beta, binom

from harness.statistics.noninferiority import SIZE_LIMIT
from harness.statistics.paired import tango_score, tango_scores
from harness.statistics.sequential import (
    BREACH_ERROR,
    PASS_ERROR,
    looks,
    pair_boundary,
    rate_boundary,
    stratified_order,
)

SIZES = looks(594)


def test_looks_come_after_100_cases_then_every_60_and_at_the_end():
    assert SIZES == (100, 160, 220, 280, 340, 400, 460, 520, 580, 594)
    assert looks(60) == (60,)
    assert looks(100) == (100,)
    assert looks(0) == ()
    assert len(looks(10_000)) <= 21


def stops(sizes, rate, stop):
    """Chance of ever stopping, by another recursion than the product's: over successes, with scipy's beta quantiles."""
    alive, out, before = {0: 1.0}, 0.0, 0
    for size in sizes:
        step = binom.pmf(range(size - before + 1), size - before, rate)
        before = size
        after = {}
        for good, chance in alive.items():
            for more, p in enumerate(step):
                after[good + more] = after.get(good + more, 0.0) + chance * p
        out += sum(chance for good, chance in after.items() if stop(good, size))
        alive = {good: chance for good, chance in after.items() if not stop(good, size) and chance > 1e-12}
    return out


@pytest.mark.parametrize("sizes", [SIZES, looks(220), (97, 141)])
def test_a_rate_at_its_limit_passes_at_some_look_in_five_percent_of_runs_at_most(sizes):
    bound = rate_boundary(sizes, 0.95)

    def passes(good, size):
        return good > 0 and beta.ppf(bound.passing, good, size - good + 1) >= 0.95

    def breaches(good, size):
        return good < size and beta.ppf(1 - bound.breaching, good + 1, size - good) < 0.95

    def cached(rule):
        table = {(good, size): bool(rule(good, size)) for size in sizes for good in range(size + 1)}
        return lambda good, size: table[good, size]

    passed, breached = stops(sizes, 0.95, cached(passes)), stops(sizes, 0.95, cached(breaches))
    assert 0.5 * PASS_ERROR < passed <= PASS_ERROR
    assert 0.4 * BREACH_ERROR < breached <= BREACH_ERROR + 1e-9


def crossing(sizes, margin, share, stop, most=100):
    """Chance of ever stopping at a drop of exactly the margin: the two counts of pairs, enumerated."""
    alive, out, before = np.ones((1, 1)), 0.0, 0
    for size in sizes:
        step = size - before
        before = size
        worse, better = np.meshgrid(*[np.arange(min(step, most) + 1)] * 2, indexing="ij")
        rest = np.maximum(step - worse, 0)
        chance = binom.pmf(worse, step, margin + share) * binom.pmf(better, rest, share / (1 - margin - share))
        alive = np.maximum(fftconvolve(alive, chance)[: most + 1, : most + 1], 0.0)
        worse, better = (grid.astype(float) for grid in np.meshgrid(*map(np.arange, alive.shape), indexing="ij"))
        hit = stop(tango_scores(better, worse, np.full(worse.shape, float(size)), -margin))
        out += float(alive[hit].sum())
        alive = np.where(hit, 0.0, alive)
    return out


@pytest.mark.parametrize("share", [0.0, 0.0003, 0.002, 0.01, 0.03])
def test_pairs_at_the_margin_pass_at_some_look_in_five_percent_of_runs_at_most(share):
    bound = pair_boundary(SIZES, 0.03)
    assert crossing(SIZES, 0.03, share, lambda score: score > bound.passing) <= PASS_ERROR + 0.002
    assert crossing(SIZES, 0.03, share, lambda score: score < -bound.breaching) <= BREACH_ERROR + 0.002


@pytest.mark.parametrize("share", [0.0, 0.003, 0.02, 0.1, 0.2, 0.4])
@pytest.mark.parametrize(("cases", "margin"), [(300, 0.03), (300, 0.05), (594, 0.03)])
def test_pairs_that_differ_often_pass_less_often_than_a_single_reading_may(cases, margin, share):
    """Runs of other seeds than those that the boundary was found with."""
    sizes, runs = looks(cases), 20_000
    bound = pair_boundary(sizes, margin)
    generator = np.random.default_rng(round(1000 * share) + cases)
    cells = [share, margin + share, 1 - margin - 2 * share]
    steps = np.diff([0, *sizes])
    counts = np.stack([generator.multinomial(step, cells, size=runs) for step in steps], axis=1).cumsum(axis=1)
    better, worse = counts[..., 0].astype(float), counts[..., 1].astype(float)
    scores = tango_scores(better, worse, np.array(sizes, dtype=float), -margin)
    assert (scores.max(axis=1) > bound.passing).mean() <= SIZE_LIMIT
    assert (scores.min(axis=1) < -bound.breaching).mean() <= BREACH_ERROR + 0.003


def test_the_scores_of_many_tables_are_the_scores_of_each():
    tables = [(0, 0, 50), (3, 1, 60), (0, 60, 60), (60, 0, 60), (5, 5, 10)]
    for difference in (-0.05, 0.0, -1.0):
        better, worse, pairs = (np.array(column, dtype=float) for column in zip(*tables, strict=True))
        expected = [tango_score(*table, difference) for table in tables]
        assert tango_scores(better, worse, pairs, difference) == pytest.approx(expected)


def test_every_beginning_of_the_order_holds_each_domain_in_its_share():
    domains = {f"{domain}-{i}": domain for domain, size in (("a", 10), ("b", 50), ("c", 40)) for i in range(size)}
    order = stratified_order(domains, seed=7)
    assert sorted(order) == sorted(domains)
    half = [domains[key] for key in order[:50]]
    assert (half.count("a"), half.count("b"), half.count("c")) == pytest.approx((5, 25, 20), abs=2)


def test_the_order_is_that_of_the_seed_however_the_cases_come():
    domains = {f"case-{i}": f"d{i % 7}" for i in range(100)}
    again = dict(reversed(domains.items()))
    assert stratified_order(domains, 3) == stratified_order(again, 3) != stratified_order(domains, 4)


ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("part", [[], ["--signs"]])
def test_the_drift_tables_of_the_documents_can_still_be_made(part):
    command = [sys.executable, "-m", "benchmarks.simulations.drift", "--runs", "2", *part]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    documented = (ROOT / "docs" / "drift.md").read_text("utf-8")
    rows = [line.split("|")[1] for line in done.stdout.splitlines() if line.startswith("| ")]
    assert len(rows) > 15
    assert all(f"|{name}|" in documented for name in rows)
