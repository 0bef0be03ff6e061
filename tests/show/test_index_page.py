"""The index and its events."""

import pytest

from harness.records.run import Evidence
from harness.show import charts, index
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
