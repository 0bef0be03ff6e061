"""The pages: what all share, a run, two runs, the index and its events."""

import json
import re
import subprocess
import sys
import time
from base64 import b64encode
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from itertools import pairwise
from types import SimpleNamespace
from xml.etree import ElementTree

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from harness.decisions.compare import compare
from harness.decisions.gate import judge
from harness.records.policy import DEFAULT_POLICY
from harness.records.run import Evidence, Latency, MentionRecord, PromptLatency
from harness.show import charts, html, index
from harness.show.comparison import compare_lines
from harness.show.evidence import rows
from harness.show.export import openmetrics
from harness.show.html import Judgement, content_policy, data_block, templates_digest
from harness.show.index import IndexLine, current, events
from harness.show.markdown import compare_markdown
from harness.show.words import words
from tests import factory

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(st.characters()),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@given(VALUES)
def test_data_in_a_page_reads_back_and_cannot_end_its_element(value):
    text = str(data_block(value))
    assert not set(text) & set("<>&\u2028\u2029")
    text.encode("utf-8")
    assert json.loads(text) == value


def test_the_policy_names_what_the_page_carries_and_nothing_else():
    assert content_policy("", "") == (
        "default-src 'none'; style-src 'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='; "
        "base-uri 'none'; form-action 'none'"
    )


def test_the_digest_of_the_templates_is_stable():
    assert templates_digest() == templates_digest()
    assert len(templates_digest()) == 16


# The page of one run.


def test_the_rate_stands_with_its_interval(mixed):
    page = html.run_page(mixed)
    assert "<strong>25.0%</strong>" in page
    assert "7.1–59.1%" in page


def test_a_damaged_mention_is_marked_with_its_blanks_visible(mixed):
    page = html.run_page(mixed)
    assert 'Sikalastic<span class="blank">␣</span>-<span class="blank">␣</span>609</mark>' in page


def test_an_invisible_character_is_shown_as_its_code_point(mixed):
    page = html.run_page(mixed)
    assert '<span class="code-point">U+200B</span>' in page
    assert "\u200b" not in page


def test_an_answer_cannot_become_markup(answering):
    page = html.run_page(answering("<img src=x onerror=alert(1)>"))
    assert "<img" not in page
    assert "&lt;img src=x onerror=alert(1)&gt;" in page


def test_five_hundred_cases_stay_under_a_megabyte(make_run, build):
    prompt = {"role": "user", "content": "施工日志：三号楼裂缝注胶用的材料如下。" * 20 + "TCP/IP"}
    cases = [
        build.wrong(f"case-{i}", "TCP/IP", "TCP / IP", "spaced", "space-left", "space-right", messages=(prompt,))
        for i in range(500)
    ]
    assert len(html.run_page(make_run(cases)).encode()) < 1_000_000


def test_one_huge_answer_does_not_fill_the_page(answering):
    page = html.run_page(answering("x" * 5_000_000))
    assert len(page) < 200_000
    assert "characters left out" in page


def _mentions(count, verdict="spaced", text="A - 1"):
    return [MentionRecord(start=6 * i, end=6 * i + len(text), text=text, verdict=verdict) for i in range(count)]


def test_30_000_damaged_mentions_do_not_fill_the_page_and_it_says_what_is_left_out(make_run):
    answer = factory.sample_result("damaged", targets=("A-1",), output="A - 1 " * 30_000, mentions={})
    answer = answer.model_copy(update={"mentions": {"A-1": tuple(_mentions(30_000))}})
    run = make_run([factory.case_result("a", "damaged", targets=("A-1",), samples=[answer])])
    page = html.run_page(run)
    assert len(page) < 400_000
    assert "29990 more of this answer are in the run record" in page  # without a script
    (row,) = rows(run)
    assert row["a"][0]["e"] + len(row["a"][0]["f"]) == 30_000


def test_what_is_wrong_is_listed_before_what_is_right(make_run):
    right = "A-1   " * 200
    found = (*_mentions(200, "verbatim", "A-1"), MentionRecord(start=1200, end=1205, text="A - 1", verdict="spaced"))
    answer = factory.sample_result("damaged", targets=("A-1",), output=right + "A - 1", mentions={"A-1": found})
    (row,) = rows(make_run([factory.case_result("a", "damaged", targets=("A-1",), samples=[answer])]))
    assert [one[1] for one in row["a"][0]["f"]] == ["verbatim"] * 39 + ["spaced"]
    assert row["a"][0]["e"] == 161


def test_many_samples_calls_checks_and_turns_do_not_fill_the_page(make_run):
    call = {"name": "f", "arguments": '{"a": "A-1"}'}
    check = {"check": "equals", "passed": False, "detail": "x" * 100_000}
    one = factory.sample_result("failed", targets=(), output="A-1", tool_calls=(call,) * 3_000, checks=(check,) * 300)
    samples = [factory.sample_result("passed", targets=(), sample=n) for n in range(2_000)]
    samples[1_990:] = [one.model_copy(update={"sample": n}) for n in range(1_990, 2_000)]
    turns = [{"role": "user", "content": f"turn {n}"} for n in range(20_000)]
    case = factory.case_result("a", "failed", targets=(), samples=samples, messages=tuple(turns))
    page = html.run_page(make_run([case]))
    assert len(page) < 1_500_000
    assert "1980 more samples are in the run record" in page
    (row,) = rows(make_run([case]))
    assert [answer["o"] for answer in row["a"]].count("failed") == 10  # failing ones first
    assert row["a"][-1]["e"] == 3_000 + 300 - 80
    assert row["m"][-1][1] == ["turn 19999"]
    assert row["m"][0] == ["…", [["gap", str(sum(len(turn["content"]) for turn in turns[:-100]))]]]


def test_a_comparison_says_how_many_samples_it_leaves_out():
    old, new = (
        factory.run_record([factory.case_result("a", outcome, samples=25)], version=version)
        for outcome, version in (("damaged", "v1"), ("aligned", "v2"))
    )
    page = html.compare_page(compare(old, new), old, new)
    assert page.count("5 more samples are in the run record") == 2


def test_forms_of_many_different_mentions_are_not_all_looked_up_in_a_long_answer(make_run):
    found = tuple(
        MentionRecord(start=0, end=9, text=f"A - {n:05}", verdict="spaced", path="/a", damage=("space-left",))
        for n in range(20_000)
    )
    answer = factory.sample_result("damaged", targets=("A-1",), output="x" * 2_000_000, mentions={"A-1": found})
    started = time.process_time()
    html.run_page(make_run([factory.case_result("a", "damaged", targets=("A-1",), samples=[answer])]))
    assert time.process_time() - started < 5


def test_the_policy_lets_in_only_the_page_itself(mixed):
    page = html.run_page(mixed)
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', page)[1]
    assert "default-src &#39;none&#39;" in policy
    assert "unsafe" not in policy
    for kind in ("style", "script"):
        content = re.search(rf"<{kind}>(.*?)</{kind}>", page, re.DOTALL)[1]
        digest = b64encode(sha256(content.encode()).digest()).decode()
        assert f"{kind}-src &#39;sha256-{digest}&#39;" in policy


def test_no_element_carries_a_handler_a_style_or_an_outside_address(mixed):
    page = html.run_page(mixed)
    tags = re.findall(r"<[a-z][^>]*>", page)
    assert [tag for tag in tags if re.search(r"\s(on[a-z]+|style|src)=", tag)] == []
    assert [tag for tag in tags if re.search(r"href=\"(?!#|\.\./)", tag)] == []


def test_a_browser_without_script_still_shows_what_failed(mixed):
    shown = html.run_page(mixed).partition("<noscript>")[2].partition("</noscript>")[0]
    assert shown.count("<article") == 7
    assert 'Sikalastic<span class="blank">␣</span>-<span class="blank">␣</span>609</mark>' in shown


def test_what_was_unscored_is_told_with_its_reason(mixed):
    page = html.run_page(mixed)
    assert "Unscored, and why" in page
    assert '<th scope="row">length</th>' in page


def test_a_partial_run_says_that_no_verdict_may_rest_on_it(mixed):
    page = html.run_page(mixed.model_copy(update={"partial": True, "partial_reason": "-k spaced"}))
    assert "Partial run: -k spaced." in page


def test_damage_in_a_tool_call_is_marked_where_it_stands(mixed):
    page = html.run_page(mixed)
    assert '["spaced",["TCP",["b","␣"],"/",["b","␣"],"IP"]]' in page


@pytest.mark.parametrize(("lang", "tag"), [("en", "en"), ("zh", "zh-CN")])
def test_a_language_may_be_chosen(mixed, lang, tag):
    page = html.run_page(mixed, lang=lang)
    assert f'<html lang="{tag}">' in page


def test_an_empty_run_makes_a_page(make_run):
    assert "No case with targets was scored" in html.run_page(make_run([]))


def test_rows_of_many_cases_drop_evidence_of_what_did_not_fail_first(make_run, build):
    prompt = {"role": "user", "content": "x" * 3000 + " A-1"}
    cases = [build.right(f"r-{i}", "A-1", messages=(prompt,)) for i in range(700)]
    found = rows(make_run([*cases, build.wrong("w", "A-1", "A - 1", "spaced", messages=(prompt,))]))
    assert "m" in found[-1]
    assert sum(len(str(row)) for row in found) < 1_000_000


def test_a_measurement_of_latency_has_a_table_of_its_own(make_run):
    prompt = PromptLatency(
        prompt="<b>short",
        digest="d",
        first_token_s=(0.2,) * 80,
        total_s=(1.2,) * 79 + (None,),
        completion_tokens=(41,) * 80,
        failures={"timeout": 1},
    )
    measured = Latency(max_tokens=64, warm_up=3, client="here", prompts=(prompt,))
    page = html.run_page(make_run([]).model_copy(update={"latency": measured}))
    table = page[page.index('<section id="latency">') :].partition("</section>")[0]
    assert "&lt;b&gt;short" in table
    assert "<b>" not in table
    cells = re.findall(r'<td class="n">(.*?)</td>', table)
    assert cells[:4] == ["200 ms", "200 ms to 200 ms", "200 ms", "200 ms to ..."]
    assert cells[4] == "40.0"
    assert 'id="latency"' not in html.run_page(make_run([]))


# The page of two runs.


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


# The index and its events.


def at(record, day, **fields):
    moment = f"2026-11-{day:02}T05:00:00+00:00"
    values = {"run_id": f"202611{day:02}-abcd", "evidence": Evidence(oldest=moment, newest=moment), "started": moment}
    return IndexLine.of(record.model_copy(update=values | fields))


def test_a_version_stands_at_its_latest_complete_run(mixed):
    lines = [at(mixed, 1), at(mixed, 3, partial=True), at(mixed, 2), at(mixed, 1, version="v3", partial=True)]
    assert [(line.version, line.when[8:10], line.partial) for line in current(lines)] == [
        ("v2", "02", False),
        ("v3", "01", True),
    ]


def test_what_happened_between_runs_is_told_latest_first(mixed):
    lines = [
        at(mixed, 1, version="v1"),
        at(mixed, 2, version="v1", suite_digest="other"),
        at(mixed, 3, suite_digest="other"),
        at(mixed, 4, suite_digest="other", partial=True),
    ]
    found = events(lines, {"tuned": "tuned@v1"})
    assert [(event.when[8:10], event.kind, event.detail) for event in found] == [
        ("03", "new-version", "v2"),
        ("02", "suite-changed", "other"),
        ("02", "promoted", "v1"),
        ("01", "new-version", "v1"),
    ]


def test_one_line_a_model_with_its_name(mixed):
    lines = [at(mixed, day, model=model) for model in ("alpha", "beta") for day in (1, 2, 3)]
    page = index.render(lines)
    assert page.count(">alpha</text>") == 3
    assert page.count(">beta</text>") == 3
    for name, said in (("aria-label", "Alignment rate over time"), ("data-label-zh", words()["trend"]["zh"])):
        assert page.count(f'{name}="{said}: alpha 25.0%; beta 25.0%"') == 3


def test_a_run_of_one_day_alone_is_drawn(mixed):
    assert "<svg" in index.render([at(mixed, 1)])


def test_no_run_at_all_says_how_to_make_one():
    assert "pytest --model=NAME" in index.render([])


def test_a_record_that_cannot_be_read_is_told(mixed):
    assert "broken.json: not JSON" in index.render([at(mixed, 1)], unreadable=["broken.json: not JSON"])


def test_the_state_comes_before_long_lists_of_warnings_which_are_folded_and_cut(mixed):
    lines = [IndexLine.of(mixed, (f"tuned@v2, run {number}: changed",)) for number in range(200)]
    broken = [f"reports/{number}.json: cannot be read" for number in range(60)]
    page = index.render(lines, baselines={"tuned": "tuned@v2"}, unreadable=broken)
    assert page.count('<details class="warning">') == 2
    assert "reports/19.json" in page
    assert "reports/20.json" not in page
    assert "... and 40 more:" in page
    assert "... and 180 more:" in page
    assert "……另有 40 条：" in page


def test_names_beside_the_trend_never_overlap_and_stay_beside_the_chart():
    values = [1.0, 1.0, 0.99, 0.5, 0.0, 0.0, 0.01]
    points = [point(line=number, v=value) for number, value in enumerate(values)]
    places = sorted(place for _, place in charts._name_places(points, 0.0))
    assert all(high - low > 0.05 for low, high in pairwise(places))
    assert places[0] >= 0
    assert places[-1] <= 1


def test_many_versions_scroll_in_a_box_of_their_own(mixed):
    lines = [IndexLine.of(mixed.model_copy(update={"version": f"v{n}", "run_id": f"r{n}"})) for n in range(30)]
    page = index.render(lines, comparisons=[(f"v{n}", f"c{n}.html") for n in range(30)])
    assert re.search(r'<div class="scroll tall"[^>]*><table class="sortable" id="versions"', page)
    assert re.search(r"<details><summary>[^/]*Comparisons", page)


@pytest.mark.parametrize("name", ["<script>alert(1)</script>", "\u202eabc", "a" * 300])
def test_a_hostile_model_name_stays_text(mixed, name):
    page = index.render([at(mixed, day, model=name) for day in (1, 2)])
    assert "<script>alert" not in page
    assert "\u202e" not in page


def test_a_hostile_name_is_text_in_each_place_of_a_chart():
    name = '<script>alert(1)</script>" onload="x\u202e'
    drawn = charts.intervals([charts.Bar(name, 0.5, 0.25, 0.75, name)], label=name)
    drawn += charts.over_time([replace(point(), title=name)], [charts.Mark(DAY, 0.5, name, name)], [name], label=name)
    for svg in re.findall(r"<svg.*?</svg>", drawn):
        root = ElementTree.fromstring(svg)
        assert {one.tag for one in root.iter()} <= {"svg", "line", "path", "circle", "text", "title"}
        assert not any("onload" in one.attrib for one in root.iter())
        assert "<script>" in root.get("aria-label", "")
        assert "\u202e" not in svg


DAY = datetime(2026, 11, 1, tzinfo=UTC)


def point(at: datetime = DAY, v: float = 0.5, line: int = 0) -> charts.Point:
    return charts.Point(line, "suite", other=False, run="r", t=at, v=v, low=v / 2, high=(1 + v) / 2, title="seen")


def test_a_row_says_beside_the_pointer_its_whole_name_and_its_counts():
    name = "a-domain-with-a-name-that-is-shortened-in-the-middle"
    drawn = charts.intervals([charts.Bar(name, 0.5, 0.25, 0.75, "50.0% (5/10)")], label="rates")
    assert drawn.count(f"<title>{name}: 50.0% (5/10)</title>") == len(charts.NARROW)
    assert f">{name}</text>" not in drawn


@given(
    first=st.datetimes(timezones=st.just(UTC)),
    span=st.timedeltas(min_value=timedelta(0), max_value=timedelta(days=4_000_000)),
    wide=st.booleans(),
)
@example(first=datetime(2025, 12, 15, tzinfo=UTC), span=timedelta(days=36), wide=False)
@example(first=datetime(1, 1, 1, tzinfo=UTC), span=timedelta(0), wide=True)
@example(first=datetime(9999, 12, 31, tzinfo=UTC), span=timedelta(0), wide=True)
def test_dates_of_an_axis_are_few_in_order_and_different(first: datetime, span: timedelta, *, wide: bool):
    last = first + min(span, datetime.max.replace(tzinfo=UTC) - first)
    drawn = charts._days(
        first, last, lambda at: 500 * ((at - first) / (last - first) if last > first else 0), 0, wide=wide
    )
    labels = re.findall(r">([^<]+)</text>", "".join(drawn))
    assert 1 <= len(labels) == len(set(labels)) <= charts._TICKS[wide] + 1
    assert labels == sorted(labels) or first.year < 1000  # whose years have fewer digits


@given(low=st.floats(0, 0.9), high=st.floats(0.05, 1))
def test_values_of_an_axis_are_round_and_on_it(low: float, high: float):
    assume(high - low > 1e-6)
    found = charts.ticks(low, high, 5)
    assert 2 <= len(found) <= 11
    assert all(low - 1e-6 <= value <= high + 1e-6 for value in found)


def test_a_run_whose_time_nobody_can_read_is_in_the_table_and_not_in_the_trend(mixed):
    odd = at(mixed, 2).model_copy(update={"newest": "the day before", "run_id": "odd"})
    assert index.trend([odd], []) == ""
    assert "odd.html" in index.render([odd, at(mixed, 1)])


def test_charts_are_drawn_without_any_library_in_a_millisecond():
    code = """
import sys, time
from harness.show import charts
bars = [charts.Bar(f"domain-{n}", 0.5, 0.25, 0.75, "50.0% (5/10)") for n in range(20)]
charts.intervals(bars, label="rates")
start = time.process_time()
for _ in range(10): charts.intervals(bars, label="rates")
print(time.process_time() - start, [name for name in ("altair", "vl_convert", "numpy") if name in sys.modules])
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    took, imported = done.stdout.split(maxsplit=1)
    assert imported.strip() == "[]"
    assert float(took) < 0.5, "ten charts of 20 rows in two widths; Altair and vl-convert took 1.5 s"


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


def test_no_two_labels_of_the_dates_are_equal_where_runs_are_of_few_days(mixed):
    for days in ((1, 2), (1, 4), (1, 20)):
        page = index.render([at(mixed, day) for day in days])
        for chart in page.split("<svg")[1:]:
            found = re.findall(r">(\d{2,4}-\d\d(?:-\d\d)?(?: \d\d:\d\d)?)</text>", chart)
            assert len(found) == len(set(found)), (days, found)
        assert ">11-01 " in page or days == (1, 20), page


def test_names_that_look_alike_when_shortened_stay_two_lines_and_two_rows(mixed):
    names = [f"doubao-support-finetune-2026-{number:02}-of-the-long-campaign" for number in range(1, 9)]
    lines = [at(mixed, day, model=name) for name in names for day in (1, 2)]
    points = index._points(index.by_model(lines), index.usual_suite(lines))
    assert len({point.line for point in points}) == 8
    page = index.render(lines)
    narrow = page[page.index("chart narrow") : page.index("chart middle")]
    assert narrow.count("campaign</text>") + narrow.count("ign</text>") >= 1
    rows = [line for line in page.split("<svg") if "chart narrow" in line]
    assert len(re.findall(r"\(\d+/\d+\)(?: ≠)?</text>", rows[-1].partition("</svg>")[0])) == 8


def test_a_point_of_the_trend_says_which_version_it_is(mixed):
    page = index.render([at(mixed, 1, version="v1"), at(mixed, 2, version="v2")])
    assert "<title>tuned@v2: 25.0% (" in page
    assert "◆ v2" in page


def test_runs_on_other_cases_are_not_joined_and_look_different(mixed):
    whole = [at(mixed, day) for day in (1, 3)]
    canaries = [at(mixed, day).model_copy(update={"suite_digest": "c"}) for day in (2, 4)]
    one, other = index.usual_suite(index.current([*whole, at(mixed, 3, model="qwen")])), "c"
    points = index._points({"tuned": [whole[0], canaries[0], whole[1], canaries[1]]}, one)
    assert {point.line for point in points} == {0}
    assert [point.other for point in points] == [False, True, False, True]
    assert len({point.suite for point in points}) == 2
    page = index.render([*whole, *canaries, at(mixed, 3, model="qwen")])
    assert "not comparable with solid lines" in page
    assert "虚线和空心点" in page
    assert page.count('fill-opacity="0"') >= 2
    assert "stroke-dasharray" in page
    assert other not in {line.suite_digest for line in whole}
    assert "not comparable with solid lines" not in index.render(whole)


def test_versions_of_one_day_in_a_month_are_not_printed_over_each_other(mixed):
    lines = [at(mixed, day, version="v1") for day in range(1, 25)]
    lines += [at(mixed, 24, version=f"v{number}", run_id=f"r{number}") for number in range(2, 9)]
    happened = index.events(lines)
    points = index._points(index.by_model(lines), index.usual_suite(lines))
    marks = charts._apart(index._marks(points, happened), points[-1].t - points[0].t, 1.0)
    assert len(marks) == 8
    assert sum(" v" in mark.named for mark in marks) == 2
    assert all(mark.sign in mark.named for mark in marks)


def test_two_models_with_one_run_id_have_signs_of_their_own(mixed):
    line = index.IndexLine.of(mixed)
    lines = [line.model_copy(update={"model": model, "label": f"{model}@v1"}) for model in ("one", "two")]
    points = index._points(index.by_model(lines), line.suite_digest)
    told = [index.HistoryEvent(line.when, "two", line.run_id, kind, "v1") for kind in ("promoted", "drift-alarm")]
    assert [mark.sign for mark in index._marks(points, told)] == ["▲★"]
    both = [*told, index.HistoryEvent(line.when, "one", line.run_id, "suite-changed", "")]
    assert sorted(mark.sign for mark in index._marks(points, both)) == ["▮", "▲★"]
    tag = '<span class="tag"><span class="t" lang="en">promoted'
    assert index.render(lines, baselines={"two": "two@v1"}).count(tag) == 1


def test_the_trend_shows_a_month_and_the_rest_on_demand(mixed):
    lines = [at(mixed, day) for day in range(1, 29)]
    assert index.month_before(lines) is None
    old = at(mixed, 1).model_copy(update={"newest": "2026-09-01T05:00:00+00:00", "run_id": "20260901-abcd"})
    assert index.month_before([*lines, old]) == "2026-10-28"
    assert "The whole history" in index.render([*lines, old])
    odd = at(mixed, 1).model_copy(update={"newest": "0001-01-01", "run_id": "odd"})
    assert index.month_before([odd]) is None


def test_the_state_comes_first_with_the_promoted_version_the_last_verdict_and_the_drift(mixed):
    judged = SimpleNamespace(
        label="tuned@v2",
        against="tuned@v1",
        verdict="NO-GO",
        href="compare/x.html",
        command="harness compare a b",
        why="w",
    )
    lines = [at(mixed, 1, version="v1"), at(mixed, 2, version="v2")]
    page = index.render(lines, baselines={"tuned": "tuned@v1"}, drift={"tuned@v1": "DRIFT"}, verdicts={"tuned": judged})
    places = [
        page.index(text) for text in ('id="state"', "harness drift --model tuned", "compare/x.html", 'id="versions"')
    ]
    assert places == sorted(places)
    assert page.index("chart wide") < page.index('id="versions"')


def test_rates_that_do_not_compare_are_marked_in_table_and_chart(mixed):
    page = index.render([at(mixed, 1, version="v1", suite_digest="other"), at(mixed, 2, version="v2")])
    assert "other suite" in page
    assert "≠</text>" in page


def test_rates_for_prometheus_are_gauges_with_escaped_labels(mixed):
    lines = [at(mixed, 1, model='a"b', version="v1"), at(mixed, 2, model="tuned"), at(mixed, 3, model="tuned")]
    text = openmetrics(lines, {"tuned@v2": "DRIFT"})
    assert text.endswith("# EOF\n")
    assert 'verbatim_alignment_rate{model="tuned",version="v2"} 0.250000' in text
    assert 'verbatim_alignment_rate{model="a\\"b",version="v1"} 0.250000' in text
    assert 'verbatim_drift{model="tuned",version="v2"} 1' in text
    names = [line.split("{")[0] for line in text.splitlines() if not line.startswith("#")]
    assert names == sorted(names, key=names.index)  # the lines of a metric are together, as the format wants
    assert len(re.findall(r"^# TYPE ", text, re.M)) == 6


def test_reasoning_is_folded_and_not_what_is_judged(make_run, build):
    case = build.wrong("c", "TCP/IP", "TCP / IP", "spaced", "space-left", "space-right")
    (sample,) = case.samples
    hidden = "<b>Let me see: TCP/IP</b>"
    case = case.model_copy(update={"samples": (sample.model_copy(update={"reasoning": hidden}),)})
    page = html.run_page(make_run([case]))
    shown = page.partition("<noscript>")[2].partition("</noscript>")[0]
    fold = re.search(r'<details class="reasoning"><summary>(.*?)</summary><div[^>]*>(.*?)</div></details>', shown)
    assert fold, "folded: a details element without `open`"
    assert "&lt;b&gt;Let me see" in fold[2]
    assert "<b>Let" not in page
    assert "<mark" not in fold[2], "a string in the reasoning is not a mention"


def test_the_page_of_canaries_against_a_whole_run_has_the_texts_of_both():
    case, run = factory.case_result, factory.run_record
    whole = run([case("a-1", digest="1"), case("a-2", "damaged", digest="2")])
    canaries = run([case("symbols.a-2", suite="canary", digest="2")], model="tuned")
    page = html.compare_page(compare(whole, canaries), whole, canaries)
    assert "symbols/a-2" in page
    assert "AB␣-␣1" in page


def nights_alike():
    """Runs of which each differs from the first in one thing: what one page was made of may not be on another."""
    of_the_case = [{}, {"domain": "law"}, {"language": "en"}, {"task": "table"}, {"symbols": "slash"}, {"id": "<c>"}]
    of_the_case += [{"targets": ("AB-1", "XY-2")}, {"prompt": "Say AB-1 again."}, {"outcome": "omitted"}]
    of_the_sample = [{"output": "AB - 1!"}, {"reasoning": "so"}, {"raw_output": "AB-1"}, {"reason": "length"}]
    of_the_sample += [{"outcome": "omitted"}, {"sample": 1}]
    other = factory.case_result("b", "damaged")
    for one in of_the_case:
        yield factory.run_record([factory.case_result(**{"id": "a", "outcome": "damaged", **one}), other])
    for one in of_the_sample:
        sample = factory.sample_result(**{"outcome": "damaged", **one})
        yield factory.run_record([factory.case_result("a", "damaged", samples=[sample]), other])
    samples = [factory.sample_result("damaged", sample=number) for number in range(25)]
    for count in (2, 24, 25):
        yield factory.run_record([factory.case_result("a", "damaged", samples=samples[:count]), other])
    yield factory.run_record([other])


def test_a_page_does_not_depend_on_those_that_were_made_before(monkeypatch):
    runs, alone = list(nights_alike()), []
    for run in runs:
        monkeypatch.setattr(html, "_PARTS", {})
        alone.append(html.run_page(run))
    assert len(set(alone)) == len(alone)
    monkeypatch.setattr(html, "_PARTS", kept := {})
    assert [html.run_page(run) for run in [*runs, *reversed(runs)]] == [*alone, *reversed(alone)]
    assert 0 < len(kept) < html._MOST_PARTS


def test_parts_of_pages_do_not_fill_the_memory(monkeypatch):
    monkeypatch.setattr(html, "_PARTS", kept := {})
    monkeypatch.setattr(html, "_MOST_PARTS", 40)
    for number in range(30):
        run = factory.run_record(factory.case_results(20, 20, output=f"answer{number}, " + "- " * 40 * number))
        assert f"answer{number}," in html.run_page(run)
        assert len(kept) <= 40
    assert max(map(len, kept.values())) <= html._LONGEST_PART
    long = factory.sample_result("damaged", output="AB - 1 " * 4000, reasoning="x" * 9000)
    samples = [long.model_copy(update={"sample": number}) for number in range(20)]
    before = dict(kept)
    html.run_page(factory.run_record([factory.case_result("a", "damaged", samples=samples)]))
    assert max(map(len, {**before, **kept}.values())) <= html._LONGEST_PART


def test_the_title_of_a_point_is_formed_once_for_all_widths_and_a_huge_one_not_kept():
    charts._kept_title.cache_clear()
    points = [replace(point(at=DAY + timedelta(days=day)), title=f"day {day}") for day in range(50)]
    drawn = charts.over_time(points, [], ["m"], label="trend")
    titles = re.findall("<title>(day [0-9]+)</title>", drawn)
    assert len(titles) == 3 * 50
    assert set(titles) == {f"day {day}" for day in range(50)}
    assert charts._kept_title.cache_info().misses == 50
    charts.over_time([replace(point(), title="x" * 2000)], [], ["m"], label="trend")
    assert charts._kept_title.cache_info().misses == 50
