"""The page of two runs."""

import re

import pytest

from harness.decisions.compare import compare
from harness.decisions.gate import judge
from harness.records.policy import DEFAULT_POLICY
from harness.show import html
from harness.show.html import Judgement


@pytest.fixture
def old(mixed):
    good = [case.model_copy(update={"outcome": "aligned"}) for case in mixed.cases]
    return mixed.model_copy(update={"version": "v1", "run_id": "20261101-0001", "cases": tuple(good)})


def test_flips_come_before_the_rates(mixed, old):
    page = html.compare_page(compare(old, mixed), old, mixed)
    assert page.index("What flipped") < page.index("Every rate")
    assert page.count('<details class="case"') == 9


def test_the_verdict_stands_on_top_with_its_rules_below(mixed, old, now):
    judged = Judgement(judge(mixed, old, DEFAULT_POLICY, now), now.isoformat(), "default promotion policy")
    page = html.compare_page(compare(old, mixed), old, mixed, judged=judged)
    order = ("NO-GO", 'id="rules"', 'id="worst"', "next:", "points of alignment", "What flipped", "Every rate")
    assert [page.index(text) for text in order] == sorted(page.index(text) for text in order)
    assert "≥ 95.0%" in page
    assert "default promotion policy" in page


def test_what_failed_before_and_after_is_folded_below_what_decides(mixed, old):
    page = html.compare_page(compare(old, mixed), old, mixed)
    flips = page[page.index("What flipped") :]
    assert '∅</bdi> → <bdi class="shown">∅' not in flips
    badges = re.findall(r'<span class="badge k-([a-z-]+)">', flips)
    assert badges == sorted(badges, key=lambda kind: (kind == "changed", kind != "newly-damaged"))


def test_without_a_gate_no_verdict_is_claimed(mixed, old):
    page = html.compare_page(compare(old, mixed), old, mixed)
    assert '<strong><span class="t" lang="en">GO' not in page
    assert 'id="rules"' not in page


def test_runs_without_a_common_case_have_no_difference(mixed, make_run):
    other = make_run([], version="v1", run_id="20261101-0001")
    page = html.compare_page(compare(other, mixed), other, mixed)
    assert "No cases can be paired" in page


def test_many_flips_stay_a_small_page(answering):
    old = answering(*["AB-12"] * 3000, version="v1", run_id="20261101-0001")
    cases = [case.model_copy(update={"outcome": "aligned"}) for case in old.cases]
    old = old.model_copy(update={"cases": tuple(cases)})
    page = html.compare_page(compare(old, answering(*["x" * 5000] * 3000)), old, answering(*["x" * 5000] * 3000))
    assert len(page.encode()) < 1_500_000
    assert "2,850 more flips" in page


def test_the_gap_stands_beside_the_same_split_of_the_old_version(mixed, old):
    page = html.compare_page(compare(old, mixed), old, mixed)
    rows = page.partition("Trained against untrained")[2].partition("</table>")[0]
    assert "100.0% (2/2)" in rows
    assert "50.0% (1/2)" in rows
    assert "+33.3" in rows
