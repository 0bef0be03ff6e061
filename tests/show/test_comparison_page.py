"""The page of two runs."""

import re

import pytest

from harness.decisions.compare import compare
from harness.decisions.gate import judge
from harness.records.policy import DEFAULT_POLICY
from harness.show import html
from harness.show.comparison import compare_lines
from harness.show.html import Judgement
from harness.show.markdown import compare_markdown
from tests import factory


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
    assert page.index("speaks for this mix of cases") > page.index("next:")


def test_rules_that_are_broken_are_named_where_they_are_counted(mixed, old, now):
    policy = DEFAULT_POLICY.model_copy(update={"evidence": "any", "max_age_days": None})
    verdict = judge(mixed, old, policy, now)
    assert len({rule.result for rule in verdict.rules}) > 1
    judged = Judgement(verdict, now.isoformat(), "default promotion policy")
    page = html.compare_page(compare(old, mixed), old, mixed, judged=judged)
    counts = page[page.index('<ul class="counts">') : page.index('id="rules"')]
    assert "Alignment rate" in counts


def test_without_a_gate_no_verdict_is_claimed(mixed, old):
    page = html.compare_page(compare(old, mixed), old, mixed)
    assert '<strong><span class="t" lang="en">GO' not in page
    assert 'id="rules"' not in page


def test_an_interval_that_contradicts_its_p_is_explained_everywhere():
    old, new = factory.run_record(factory.case_results(4)), factory.run_record(factory.case_results(4, 4), model="new")
    found = compare(old, new)
    assert "p is exact: no difference is proven." in " ".join("\n".join(compare_lines(found)).split())
    assert "p is exact: no difference is proven" in compare_markdown(found)
    assert "尚不能证明有差异" in compare_markdown(found, lang="zh")
    page = html.compare_page(found, old, new)
    assert "p is exact: no difference is proven." in page
    assert "尚不能证明有差异" in page
    agreed = compare(old, factory.run_record(factory.case_results(4, 1), model="new"))
    assert "p is exact" not in "\n".join(compare_lines(agreed)) + compare_markdown(agreed)


def test_runs_without_a_common_case_have_no_difference(mixed, make_run):
    other = make_run([], version="v1", run_id="20261101-0001")
    page = html.compare_page(compare(other, mixed), other, mixed)
    assert "No cases can be paired" in page


def test_many_flips_stay_a_small_page(answering):
    old = answering(*["AB-12"] * 1000, version="v1", run_id="20261101-0001")
    cases = [case.model_copy(update={"outcome": "aligned"}) for case in old.cases]
    old = old.model_copy(update={"cases": tuple(cases)})
    new = answering(*["x" * 5000] * 1000)
    page = html.compare_page(compare(old, new), old, new)
    assert len(page.encode()) < 1_500_000
    assert "850 more flips" in page


def test_the_gap_stands_beside_the_same_split_of_the_old_version(mixed, old):
    page = html.compare_page(compare(old, mixed), old, mixed)
    rows = page.partition("Trained against untrained")[2].partition("</table>")[0]
    assert "100.0% (2/2)" in rows
    assert "50.0% (1/2)" in rows
    assert "+33.3" in rows


def test_what_failed_before_and_after_is_folded_below_what_decides(mixed, old):
    page = html.compare_page(compare(old, mixed), old, mixed)
    flips = page[page.index("What flipped") :]
    assert '∅</bdi> → <bdi class="shown">∅' not in flips
    badges = re.findall(r'<span class="badge k-([a-z-]+)">', flips)
    assert badges == sorted(badges, key=lambda kind: (kind == "changed", kind != "newly-damaged"))


def test_page_markdown_and_terminal_have_one_order_of_flips_worse_before_fixed(build, make_run):
    # 234 cases that are fixed would fill the page before the 7 that a release is decided on
    right, wrong = build.right, build.wrong
    damage = ("A - 1", "spaced", "space-left", "space-right")
    cases = [right("a", "A-1"), right("b", "A-1"), wrong("c", "A-1", *damage)]
    old = make_run(cases, version="v1", run_id="20261101-1")
    omitted = build.case("b", "A-1", build.sample("no", "omitted", "A-1"))
    new = make_run([wrong("a", "A-1", *damage), omitted, right("c", "A-1")])
    found = compare(old, new)
    page = html.compare_page(found, old, new)
    flips = page[page.index("What flipped") :]
    order = ["newly damaged", "newly omitted", "fixed"]
    assert re.findall(r'<span class="badge k-([a-z-]+)">', flips) == [kind.replace(" ", "-") for kind in order]
    for said in (compare_markdown(found), "\n".join(compare_lines(found))):
        places = [re.search(rf"\b{kind}\b", said).start() for kind in order]
        assert places == sorted(places), said


def test_the_page_of_canaries_against_a_whole_run_has_the_texts_of_both():
    case, run = factory.case_result, factory.run_record
    whole = run([case("a-1", digest="1"), case("a-2", "damaged", digest="2")])
    canaries = run([case("symbols.a-2", suite="canary", digest="2")], model="tuned")
    page = html.compare_page(compare(whole, canaries), whole, canaries)
    assert "symbols/a-2" in page
    assert "AB␣-␣1" in page
