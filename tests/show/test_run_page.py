"""The page of one run."""

import re
from base64 import b64encode
from hashlib import sha256

import pytest

from harness.records.run import Latency, PromptLatency
from harness.show import html
from harness.show.evidence import rows


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
