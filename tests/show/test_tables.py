"""CSV and JSON."""

import csv
import io
import json
from pathlib import Path

from harness.show.export import COLUMNS, index_json, run_json, samples_csv
from harness.show.index import IndexLine, events

PAYLOADS = json.loads(Path(__file__).with_name("payloads.json").read_text("utf-8"))


def test_every_sample_is_a_row(mixed):
    rows = list(csv.DictReader(io.StringIO(samples_csv(mixed))))
    assert len(rows) == sum(len(case.samples) for case in mixed.cases)
    assert rows[2]["output"] == "It is Sikalastic - 609."
    assert rows[2]["damage"] == "space-left space-right"
    assert tuple(rows[0]) == COLUMNS


def test_no_cell_is_a_formula(answering):
    rows = list(csv.DictReader(io.StringIO(samples_csv(answering(*PAYLOADS)))))
    outputs = [row["output"] for row in rows]
    assert len(outputs) == len(PAYLOADS)
    assert [o for o in outputs if o.startswith(("=", "+", "-", "@", "\t", "\r"))] == []
    assert "'=cmd|' /C calc'!A0" in outputs


def test_json_has_the_counts_behind_each_rate(mixed):
    value = run_json(mixed)
    assert value["alignment_rate"]["k"] == 2
    assert value["slices"]["domain"]["medicine"]["rate"] == 1.0
    assert value["check_rate"]["n"] == 2
    json.dumps(value, allow_nan=False)


def test_the_index_lists_runs_and_events(mixed):
    lines = [IndexLine.of(mixed)]
    value = index_json(lines, events(lines))
    assert value["runs"][0]["alignment_rate"]["n"] == 8
    assert [event["kind"] for event in value["events"]] == ["new-version"]
