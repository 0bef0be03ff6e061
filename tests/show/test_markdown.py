"""Markdown that a renderer reads as nothing but words."""

import csv
import io
import json
import re
from pathlib import Path

import pytest

from harness.decisions.compare import compare
from harness.decisions.gate import judge
from harness.decisions.metrics import Count
from harness.records.policy import DEFAULT_POLICY
from harness.show import rates
from harness.show.export import COLUMNS, index_json, run_json, samples_csv
from harness.show.figures import markdown_table
from harness.show.html import Judgement
from harness.show.index import IndexLine, events
from harness.show.markdown import compare_markdown, index_markdown, run_markdown
from harness.show.rates import Rate
from harness.show.sinks import code

PAYLOADS = json.loads(Path(__file__).with_name("payloads.json").read_text("utf-8"))


def rendered(markdown):
    """GitHub's dialect: tables, strike-through and addresses that link themselves."""
    parser = pytest.importorskip("markdown_it").MarkdownIt("gfm-like", {"linkify": False})
    return parser.render(markdown)


@pytest.mark.parametrize("payload", PAYLOADS)
def test_an_answer_stays_one_code_span(payload):
    html = rendered(f"- before {code(payload)} after")
    assert re.fullmatch(r"<ul>\n<li>before <code>[^\n]*</code> after</li>\n</ul>\n", html)
    assert html.count("<code>") == 1
    assert re.search(r"<(?!/?(ul|li|code)>)", html) is None


@pytest.mark.parametrize("payload", PAYLOADS)
def test_an_answer_stays_in_its_cell(payload):
    html = rendered("\n".join(markdown_table([["a", "b"], [code(payload), code(payload, blanks=False)]])))
    assert html.count("<td>") == html.count("<code>") == 2
    assert re.search(r"<(?!/?(table|thead|tbody|tr|th|td|code)>)", html) is None


def test_a_page_of_payloads_holds_only_our_elements(answering):
    record = answering(*PAYLOADS, model="a|b`c", version="<script>")
    cases = [
        case.model_copy(update={"domain": payload[:80]}) for case, payload in zip(record.cases, PAYLOADS, strict=True)
    ]
    html = rendered(run_markdown(record.model_copy(update={"cases": tuple(cases)})))
    found = set(re.findall(r"<(/?[a-z0-9]+)", html))
    assert {name.lstrip("/") for name in found} <= {"h3", "p", "ul", "li", "code", "details", "summary", "blockquote"}


def test_a_version_is_no_mention(mixed):
    for line in run_markdown(mixed).splitlines():
        assert "@" not in re.sub(r"(`+).*?\1", "", line)


def test_the_flips_stand_with_their_texts(mixed, make_run, build):
    old = make_run([build.right("spaced-1", "Sikalastic-609")], version="v1", run_id="20261101-0001")
    new = make_run([mixed.cases[2]])
    fixed = new.cases[0].model_copy(update={"digest": old.cases[0].digest})
    text = compare_markdown(compare(old, new.model_copy(update={"cases": (fixed,)})))
    assert "1 newly damaged" in text
    assert "`Sikalastic-609` → `Sikalastic␣-␣609`" in text


def test_the_gate_speaks_first(mixed, now):
    old = mixed.model_copy(update={"version": "v1", "run_id": "20261101-0001"})
    verdict = judge(mixed, old, DEFAULT_POLICY, now)
    text = compare_markdown(compare(old, mixed), judged=Judgement(verdict, now.isoformat(), "default"))
    assert text.splitlines()[2].startswith("**NO-GO**") or text.splitlines()[2].startswith("**INCONCLUSIVE**")


def test_it_is_short(answering):
    text = run_markdown(answering(*[f"answer {i}" for i in range(5000)]))
    assert len(text) < 4000
    assert "+4980" in text


def test_the_index_names_each_version_once(mixed):
    older = mixed.model_copy(update={"run_id": "20261001-0001"})
    text = index_markdown([IndexLine.of(mixed), IndexLine.of(older)])
    assert text.count("tuned@v2") == 1


def test_of_many_versions_and_warnings_twenty_are_listed(mixed):
    lines = [IndexLine.of(mixed.model_copy(update={"version": f"v{n}", "run_id": f"r{n}"})) for n in range(30)]
    text = index_markdown(lines)
    assert text.count("- `tuned@v") == 20
    assert "... and 10 more: `harness runs list`" in text
    assert run_markdown(mixed, contradictions=[f"run {n}: changed" for n in range(30)]).count("Do not rely") == 20


def test_chinese_is_chinese(mixed):
    assert "失败用例" in run_markdown(mixed, lang="zh")


# CSV and JSON.


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


# How figures are written.


@pytest.mark.parametrize(
    ("value", "text"),
    [(None, "–"), (1.0, "100.0%"), (1999 / 2000, "99.95%"), (0.0, "0.0%"), (1 / 3000, "0.03%"), (0.974, "97.4%")],
)
def test_a_rate_is_never_rounded_to_all_or_nothing(value, text):
    assert rates.percent(value) == text


def test_no_cases_are_no_data_and_no_percentage():
    rate = Rate.of(Count(0, 0))
    assert (str(rate), rate.bounds, rate.value) == ("–", "–", None)


def test_all_of_many_still_has_an_interval():
    assert Rate.of(Count(300, 300)).bounds == "98.7–100.0%"


@pytest.mark.parametrize(("value", "text"), [(0.033, "+3.3"), (-0.1, "−10.0"), (0.0, "0.0"), (-0.0001, "0.0")])
def test_points_carry_their_sign(value, text):
    assert rates.points(value) == text


@pytest.mark.parametrize(
    ("stamp", "text"),
    [
        ("2026-11-20T06:00:00+00:00", "2026-11-20 06:00 UTC"),
        ("2026-11-20T14:00:00+08:00", "2026-11-20 06:00 UTC"),
        (None, "–"),
        ("yesterday", "yesterday"),
    ],
)
def test_times_are_shown_in_utc(stamp, text):
    assert rates.moment(stamp) == text


def test_small_costs_keep_digits():
    assert rates.money(0.0004, "USD") == "0.0004 USD"
    assert rates.money(1234.5, "CNY") == "1,234.50 CNY"
    assert rates.money(0.4, "¥") == "¥0.4000"
    assert rates.money(1234.5, "US$") == "US$1,234.50"
