"""The pages: what all share, and the page of one run."""

import json
import re
import time
from base64 import b64encode
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.decisions.compare import compare
from harness.records.run import Latency, MentionRecord, PromptLatency
from harness.show import html
from harness.show.evidence import rows
from harness.show.html import content_policy, data_block, templates_digest
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
