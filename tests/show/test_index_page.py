"""The index over all runs, its charts and its events."""

import re
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from types import SimpleNamespace
from xml.etree import ElementTree

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from harness.records.run import Evidence
from harness.show import charts, index
from harness.show.export import openmetrics
from harness.show.index import IndexLine, current, events
from harness.show.words import words


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
