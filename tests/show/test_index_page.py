"""The index and its events."""

import re
from types import SimpleNamespace

import pytest

from harness.records.run import Evidence
from harness.show import charts, index
from harness.show.export import openmetrics
from harness.show.index import IndexLine, current, events


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
    assert 'aria-label="Alignment rate over time: alpha 25.0%; beta 25.0%"' in page


def test_a_run_of_one_day_alone_is_drawn(mixed):
    assert "<svg" in index.render([at(mixed, 1)])


def test_no_run_at_all_says_how_to_make_one():
    assert "pytest --model=NAME" in index.render([])


def test_without_the_chart_library_the_page_says_how_to_install_it(mixed, monkeypatch):
    monkeypatch.setattr(charts, "find_spec", lambda name: None)
    page = index.render([at(mixed, 1)])
    assert "<svg" not in page
    assert "pytest-verbatim[report]" in page


def test_a_record_that_cannot_be_read_is_told(mixed):
    assert "broken.json: not JSON" in index.render([at(mixed, 1)], unreadable=["broken.json: not JSON"])


@pytest.mark.parametrize("name", ["<script>alert(1)</script>", "\u202eabc", "a" * 300])
def test_a_hostile_model_name_stays_text(mixed, name):
    page = index.render([at(mixed, day, model=name) for day in (1, 2)])
    assert "<script>alert" not in page
    assert "\u202e" not in page


def test_names_that_look_alike_when_shortened_stay_two_lines_and_two_rows(mixed):
    names = [f"doubao-support-finetune-2026-{number:02}-of-the-long-campaign" for number in range(1, 9)]
    lines = [at(mixed, day, model=name) for name in names for day in (1, 2)]
    points = index._points(index.by_model(lines))
    assert len({point["key"] for point in points}) == 8
    page = index.render(lines)
    narrow = page[page.index("chart narrow") : page.index("chart middle")]
    assert narrow.count("campaign</text>") + narrow.count("ign</text>") >= 1
    rows = [line for line in page.split("<svg") if "chart narrow" in line]
    assert len(re.findall(r"\(\d+/\d+\)(?: ≠)?</text>", rows[-1])) == 8


def test_a_point_of_the_trend_says_which_version_it_is(mixed):
    page = index.render([at(mixed, 1, version="v1"), at(mixed, 2, version="v2")])
    assert "<title>tuned@v2: 25.0% (" in page
    assert "◆ v2" in page


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
