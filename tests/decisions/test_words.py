import json
import re
import tomllib
from dataclasses import replace
from importlib import resources

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.decisions.compare import compare, options
from harness.decisions.drift import drift
from harness.decisions.gate import judge
from harness.decisions.plan import plan
from harness.records.policy import DEFAULT_POLICY, DriftPolicy, GatePolicy, Rule
from harness.show import figures, sinks
from harness.show.comparison import compare_json, compare_lines, options_json, options_lines
from harness.show.drift import drift_json, drift_lines
from harness.show.markdown import compare_markdown, options_markdown
from harness.show.run import run_lines
from harness.show.verdicts import (
    gate_json,
    gate_lines,
    gate_markdown,
    headlines,
    plan_json,
    plan_lines,
    worst_slices,
)
from harness.show.words import said, speak, translated

HOSTILE = "A\x1b[31m - \u202eB|<script>alert(1)</script> @everyone [x](http://evil) `"


def fits(lines):
    return all(figures.cells(line) <= 80 for line in lines)


@pytest.fixture
def verdict(cases, checks, run, now):
    candidate = run(cases(300, 12) + checks(40))
    base = run(cases(300, 3) + checks(40), model="base", age_days=3)
    earlier = run(cases(10), age_days=2, partial=True)
    return judge(candidate, base, DEFAULT_POLICY, now, [earlier, candidate])


def test_a_gate_prints_each_rule_with_bound_need_and_what_would_settle_it(verdict):
    lines = gate_lines(verdict, "default promotion policy")
    text = " ".join(" ".join(lines).split())
    assert lines[0].startswith("INCONCLUSIVE  tuned@v1 against base@v1")
    assert fits(lines)
    assert "alignment_rate min 95% (critical) 96.0% of 300 cases (one-sided 95% bounds 93.6% and 97.7%)" in text
    assert "needed: lower bound at least 95%" in text
    assert re.search(r"\d+ further cases, all clean, would settle it as a pass", text)
    assert "-3.0 points on 300 pairs: 9 worse, 0 better" in text
    assert "run 20260301-tuned, live, answers 12 h old, 340 cases, unscored 0.0%, suite s" in text
    assert "All 2 runs of tuned@v1, newest first:" in text
    assert "no data: no case of this slice counts in the metric" in text


def test_runs_that_were_not_read_are_counted(verdict):
    lines = gate_lines(replace(verdict, too_old=113), "default promotion policy")
    text = " ".join(" ".join(lines).split())
    assert "2 of 115 runs of tuned@v1, newest first; the others are too old for this policy:" in text
    assert fits(lines)


def test_reasons_that_hold_everything_back_are_told_once(cases, run, now):
    lines = gate_lines(judge(run(cases(300), mode="replay"), None, DEFAULT_POLICY, now))
    text = " ".join(" ".join(lines).split())
    assert text.count("--cassette-mode=live") == 1
    assert "Held back: the answers are a replay" in text


def test_a_reason_that_rule_after_rule_has_is_told_once(cases, run, now):
    text = " ".join(" ".join(gate_lines(judge(run(cases(300)), None, DEFAULT_POLICY, now))).split())
    assert text.count("no baseline: name one with --baseline") == 1
    assert text.count("as above") >= 1


def test_cases_without_a_usable_answer_are_told_as_such(cases, run, now):
    silent = run(cases(20, 20, outcome="unscored"))
    text = " ".join(" ".join(gate_lines(judge(silent, run(cases(20), model="base"), DEFAULT_POLICY, now))).split())
    assert "none of 20 cases is scored" in text
    assert "none of 20 pairs is scored" in text


@pytest.fixture
def finance(case, run, now):
    """Ten of nineteen finance prompts newly damaged, and all else perfect."""
    sizes = {"finance": 19, **{f"field-{i:02}": 25 for i in range(23)}}
    names = [(f"{domain}-{i}", domain) for domain, size in sizes.items() for i in range(size)]
    base = run([case(name, domain=domain) for name, domain in names], model="base", age_days=3)
    new = [
        case(name, "damaged" if place < 10 else "aligned", domain=domain) for place, (name, domain) in enumerate(names)
    ]
    return judge(run(new), base, GatePolicy(rules=(Rule(metric="alignment_rate", max_drop=0.05),)), now)


def test_a_crowd_is_told_within_the_first_five_lines_of_a_go(finance):
    lines = gate_lines(finance)
    assert lines[0].startswith("GO  ")
    assert "CAUTION: 10 of 19 cases of domain=finance are newly broken" in " ".join(" ".join(lines[:5]).split())
    assert "symbols/finance-0, symbols/finance-1, symbols/finance-2 and 7 more" in " ".join(" ".join(lines).split())
    assert "CAUTION" in "\n".join(gate_markdown(finance).split("\n")[:5])
    assert gate_json(finance)["crowded"] is True


def test_the_population_is_told_in_words_and_figures(finance):
    text = " ".join(" ".join(gate_lines(finance)).split())
    assert "speaks for strings like these in fields like these: 594 answers in 24 domains are worth" in text
    assert "simulated with 20 domains: a false GO in 6% of runs at the limit if it is 0.1 in truth" in text


def test_every_verdict_ends_with_the_next_command(verdict, finance, cases, run, now):
    assert gate_lines(finance)[-2:][0].startswith("next: harness runs baseline tuned@v1")
    assert any(line.startswith("next: ") for line in gate_lines(verdict))
    silent = run(cases(300, 20, outcome="unscored"))
    policy = GatePolicy(rules=(Rule(metric="alignment_rate", min=0.95),))
    text = " ".join(" ".join(gate_lines(judge(silent, None, policy, now))).split())
    assert "the 20 unscored, asked again and all right, would settle it as a pass" in text
    assert text.endswith("20 answers were cut off: raise max_tokens first, and all are asked again; 300 requests)")


ALL_AGAIN = "ask all cases again, for 20 are unscored; record asks only for what is not recorded"


def of_reason(case, reason, recorded_at):
    update = {"reason": reason, "recorded_at": recorded_at}
    return case.model_copy(update={"samples": tuple(one.model_copy(update=update) for one in case.samples)})


@pytest.mark.parametrize(
    ("came", "end"),
    [
        (("timeout", None), "--cassette-mode=record (ask the 20 unscored cases again; 20 requests)"),
        (("content_filter", "2026-02-28T12:00:00Z"), f"--cassette-mode=live ({ALL_AGAIN}; 300 requests)"),
        (("length", "2026-02-28T12:00:00Z"), "raise max_tokens first, and all are asked again; 300 requests)"),
    ],
)
def test_the_next_command_asks_again_for_the_unscored(came, end, cases, run, now):
    """What a content filter held back is recorded: `record` would send no request, and come to the same verdict."""
    silent = [
        of_reason(case, *came) if case.outcome == "unscored" else case for case in cases(300, 20, outcome="unscored")
    ]
    policy = GatePolicy(rules=(Rule(metric="alignment_rate", min=0.95),), evidence="any", max_age_days="any")
    text = " ".join(" ".join(gate_lines(judge(run(silent, mode="record"), None, policy, now))).split())
    assert text.endswith(end)


def test_answers_that_are_too_old_keep_their_reading_on_top(cases, run, now):
    policy = GatePolicy(rules=(Rule(metric="alignment_rate", min=0.95),))
    lines = gate_lines(judge(run(cases(300, 60), age_days=7.8), None, policy, now))
    assert "BREACH on these answers, which are 7.8 days old (policy: at most 7 days)" in " ".join(
        " ".join(lines[:4]).split()
    )


def test_attempts_and_versions_are_told(cases, run, now):
    policy = GatePolicy(rules=(Rule(metric="alignment_rate", min=0.95),))
    candidate = run(cases(300, 8), age_days=0.5)
    past = [
        run(cases(300, 9), age_days=1.5),
        *(run(cases(300, 9), age_days=20 + i, version=f"v{i}") for i in range(2, 6)),
    ]
    text = " ".join(" ".join(gate_lines(judge(candidate, None, policy, now, past))).split())
    assert (
        "attempt 2 of at most 5: all answers to unchanged cases are read together, each bound at 0.25% instead of 5%"
        in text
    )
    assert "5 versions were judged on these cases: if all of them were at 95%, the best would show 96." in text
    assert "one-sided 99.75% bounds" in text


def test_gate_json_is_complete_and_serialises(verdict):
    value = json.loads(json.dumps(gate_json(verdict, "x"), allow_nan=False))
    assert (value["verdict"], value["exit_code"], value["policy_source"]) == ("INCONCLUSIVE", 2, "x")
    assert value["rules"][0]["reading"]["cases"] == 300
    assert value["candidate"]["alignment"] == {"k": 288, "n": 300, "rate": 0.96}


def test_gate_markdown_is_a_table(verdict):
    text = gate_markdown(verdict, "default promotion policy")
    assert text.startswith("## INCONCLUSIVE: ")
    rows = [line for line in text.splitlines() if line.startswith("|")]
    assert len(rows) == 2 + len(verdict.rules)
    assert {line.count("|") for line in rows} == {6}


def test_the_evidence_of_a_verdict_reads_as_sentences_on_a_pull_request(verdict):
    text = gate_markdown(verdict, "default promotion policy")
    assert "- Candidate: `tuned@v1`, run `20260301-tuned`, live, answers 12 h old," in text
    assert "- All 2 runs of `tuned@v1`, newest first:" in text
    assert "next: `harness gate --plan` (add cases, in new domains above all: the plan says how many)" in text
    assert "- Policy: default promotion policy" in text
    assert "␣" not in text


def test_reasons_with_commands_read_as_sentences_on_a_pull_request(cases, run, now):
    text = gate_markdown(judge(run(cases(300), mode="replay"), None, DEFAULT_POLICY, now))
    line = next(line for line in text.splitlines() if "the answers are a replay" in line)
    assert line.startswith("- Held back: the answers are a replay and the policy wants fresh ones: run pytest `")
    assert "␣" not in line


@pytest.mark.parametrize(
    ("told", "page"),
    [
        (
            "10 of 12 (83.3%) differ, see `harness runs list`.",
            "10 of 12 (83.3%) differ, see `harness runs list`.",
        ),
        ("first: a/b", "first: `a/b`"),
        ("only in one (a/b-1); run f(x-1) of g(), both", "only in one (`a/b-1`); run `f(x-1)` of `g()`, both"),
        ("the case 水 - 吧", "the case `水 - 吧`"),
        ("say `` and `a", "say and `a`"),
        ("", ""),
    ],
)
def test_a_sentence_is_plain_where_it_is_ours_and_code_where_it_may_not_be(told, page):
    assert sinks.markdown_sentence(told) == page


@pytest.mark.parametrize(
    ("told", "page"),
    [
        (
            "用例集 a_b：44 条中 7 条，a_b/x-1、a_b/y，另有 4 条",
            "用例集 `a_b`：44 条中 7 条，`a_b/x-1`、`a_b/y`，另有 4 条",
        ),
        ("只在基线中（a/b）；请运行 `pytest -k a`（一次）", "只在基线中（`a/b`）；请运行 `pytest -k a`（一次）"),
    ],
)
def test_the_marks_of_a_chinese_sentence_are_around_a_name_and_not_in_it(told, page):
    assert sinks.markdown_sentence(told, chinese=True) == page


@given(st.text() | st.text(alphabet="@#_*[]()<>`~!|:/.&; www.http\n\x1b\u202ea1-水，"))
@pytest.mark.parametrize("chinese", [False, True])
def test_no_sentence_can_act_on_a_page(chinese, text):
    page = sinks.markdown_sentence(text, chinese=chinese)
    outside = re.sub(r"(?<!`)`[^`]+`(?!`)", "", page)
    assert not re.search(r"[@#_*\[\]<>`~!|/&]|[A-Za-z]\.[A-Za-z]|:[A-Za-z]", outside), page
    assert not re.search(r"[\x00-\x1f\u202e]", page), page


def comparison(case, run):
    old = run([case("a"), case("b", domain="a"), case("水吧台", domain="建筑")])
    new = run(
        [
            case("a", "damaged", output=HOSTILE),
            case("b", domain="a"),
            case("水吧台", "omitted", domain="建筑"),
        ]
    )
    return compare(old, new)


@pytest.fixture
def case(case):
    def build(name, *args, **fields):
        # ids of cases are plain; keys of slices are not
        return case("case-" + str(abs(hash(name)) % 1000) if not name.isascii() else name, *args, **fields)

    return build


def test_flips_come_with_text_that_cannot_act(case, run):
    found = comparison(case, run)
    lines = compare_lines(found)
    text = "\n".join(lines)
    assert fits(lines)
    assert "newly damaged: symbols/a" in text
    assert "A<U+001B>[31m␣-␣<U+202E>B" in text
    assert "\x1b" not in text
    assert "(not mentioned)" in text
    page = re.sub(r"(`+)(?!`).*?(?<!`)\1(?!`)", "", compare_markdown(found))
    assert "<script" not in page
    assert "@everyone" not in page
    assert "](http" not in page
    assert "1 newly damaged" in page
    assert json.loads(json.dumps(compare_json(found)))["flips"][0]["kind"] == "newly damaged"


def test_a_run_against_itself_or_under_another_name_is_said_to_be_that(cases, run, now):
    dated = [one.model_copy(update={"samples": tuple(s.model_copy(update={"recorded_at": "2026-02-28T12:00:00Z"})
             for s in one.samples)}) for one in cases(20, 2)]  # fmt: skip
    one, copy = run(dated), run(dated, model="copy")
    asked_again = run(cases(20, 2), model="other")
    assert "Both are the same run" in compare_lines(compare(one, one))[1]
    assert "hold the same answers" in compare_lines(compare(one, copy))[1]
    assert "hold the same answers" in compare_markdown(compare(one, copy))
    assert "nothing can differ" not in "\n".join(compare_lines(compare(one, asked_again)))
    assert "nothing can differ" not in "\n".join(compare_lines(compare(run(cases(20, 2), model="a"), asked_again)))
    text = "\n".join(gate_lines(judge(copy, one, DEFAULT_POLICY, now)))
    assert "hold the same answers" in text
    assert "--baseline RUN" in text


def test_names_and_runs_behind_a_verdict_are_cut_with_a_count(verdict):
    rules = tuple(replace(rule, estimated_from=tuple(f"v{n}" for n in range(60))) for rule in verdict.rules)
    many = replace(verdict, rules=rules, runs=verdict.runs * 40)
    for text in ("\n".join(gate_lines(many)), gate_markdown(many)):
        assert len([line for line in text.splitlines() if "20260228" in line or "20260227" in line]) < 30
        assert "... and 60 more (--json lists all)" in text.replace("`", "")


def test_columns_line_up_with_wide_characters(case, run):
    lines = compare_lines(comparison(case, run))
    rows = [line for line in lines if line.startswith("  domain=")]
    assert len(rows) > 1  # those that changed
    assert len({figures.cells(row.rstrip("*")) for row in rows}) == 1


def test_the_age_of_answers_of_the_future_is_not_negative():
    assert [figures.days(value) for value in (None, 0.1, 3, -0.5, -50)] == [
        "of unknown age",
        "2 h old",
        "3.0 days old",
        "dated 12 h in the future",
        "dated 50.0 days in the future",
    ]


def test_options_stand_side_by_side_in_blocks_that_fit(cases, run):
    columns = options([run(cases(20, i), model=f"a-rather-long-name-{i}") for i in range(6)])
    lines = options_lines(columns)
    assert fits(lines)
    assert sum(line.strip().startswith("alignment rate") for line in lines) >= 2
    assert options_markdown(columns).count("\n| ") >= 15
    assert len(options_json(columns)["options"]) == 6


def test_a_plan_says_what_can_be_proven_and_what_is_needed(cases, checks):
    found = plan(cases(300) + checks(20), DEFAULT_POLICY)
    lines = plan_lines(found)
    text = " ".join(" ".join(lines).split())
    assert fits(lines)
    assert lines[0] == "320 cases: cannot reach a GO under this policy"
    assert "20 cases cannot pass it: at least 55 cases that are independent, all alike in both versions" in text
    assert "300 cases: passes with at most 8 failing; power 84.9%" in text
    assert "power 93.0%" in text
    assert "no other (1 domain; 20 are needed for more)" in text
    assert "1, --sequential" in text
    assert json.loads(json.dumps(plan_json(found)))["possible"] is False
    assert plan_lines(plan(cases(300) + checks(60), DEFAULT_POLICY))[0].endswith("can reach a GO under this policy")


def test_drift_in_words(case, run, now):
    def nights(bads):
        for ago, bad in enumerate(reversed(bads)):
            found = [case(f"c-{i:02}", "damaged" if (i + 7 * ago) % 60 < bad else "aligned") for i in range(60)]
            yield run(found, age_days=ago + 0.5, run_id=f"n{ago:03}")

    report = drift("tuned@v1", list(nights([1] * 15 + [9] * 3)), DriftPolicy(), now)
    lines = drift_lines(report)
    text = " ".join(" ".join(lines).split())
    assert fits(lines)
    assert lines[0].startswith("DRIFT  tuned@v1: 18 nights of 60 prompts")
    assert "the alignment rate has fallen, most likely since 2026-02-27" in text
    assert "% of quiet histories alarm in 60 nights" in text
    assert not any(len(word) > 30 for word in text.split())
    value = json.loads(json.dumps(drift_json(report), allow_nan=False))
    assert (value["verdict"], value["exit_code"]) == ("DRIFT", 1)
    assert value["alignment"]["since"] == "2026-02-27"
    empty = drift("tuned@v1", [], DriftPolicy(), now)
    assert "no fresh night yet" in " ".join(drift_lines(empty))
    assert drift_json(empty)["alignment"] is None


def test_nights_that_were_never_right_are_drawn_from_0_and_told_in_order(cases, run, now, speaking_chinese):
    runs = [run(cases(60, 60), age_days=ago + 0.5, run_id=f"n{ago:03}") for ago in range(16, -1, -1)]
    unreadable = (
        "tuned@v1, run n1: its totals are others than those of its cases; its answers are judged again",
        "x: gone",
    )
    report = drift("tuned@v1", runs, DriftPolicy(), now, unreadable=unreadable)
    text = "".join("".join(line.strip() for line in drift_lines(report)).split())
    assert "监测各晚，0.0%至100%" in text
    assert "：基线中只有0%正确，看不出下降" in text
    assert [note.kind for note in report.notes[-2:]] == ["judged again", "no record"]
    assert "-重新判定：tuned@v1，运行n1：" in text
    assert "；将重新判定" in text


@pytest.mark.parametrize(
    ("value", "text"), [(1.0, "100.0%"), (0.9996, "99.96%"), (0.0004, "0.04%"), (0.0, "0.0%"), (None, "no data")]
)
def test_a_rate_is_never_rounded_to_perfect(value, text):
    assert figures.percent(value) == text


def chinese(lines):
    """What is left of lines when names, figures, commands and options are taken out."""
    text = "".join(line.strip() + (" " if line.strip().isascii() else "") for line in lines)
    text = re.sub(r"`[^`]*`|(pytest|harness) [^（）()]*|[\w-]+[/@=][\w./@=-]*|--[\w-]+", "", text)
    return re.findall(r"[A-Za-z]{2,}(?: [A-Za-z]{2,})+", text)


@pytest.fixture
def speaking_chinese():
    speak("zh")
    yield
    speak("en")


def test_the_column_of_rates_and_the_phase_of_a_hunt_have_their_own_chinese(cases, run, speaking_chinese):
    """The hunt has a phase `rate`; its Chinese headed the column of all rates as a rate of failures."""
    text = "\n".join(run_lines(run(cases(3))))
    assert "比率" in text
    assert "失败率" not in text
    assert translated("120 of 300 requests  failure rate", "zh") == "120 / 300 次请求  统计失败率"


@pytest.fixture
def verdicts_of_all_kinds(cases, checks, case, run, now):
    """GO, NO-GO and what is not proven, for each of the reasons that hold one back."""
    policy = GatePolicy(rules=(Rule(metric="alignment_rate", min=0.95),))
    base = run(cases(300, 3) + checks(40), model="base", age_days=3)
    found = []
    domains = [case(f"c{i}", domain=f"d{i % 25}") for i in range(500)]
    found.append(
        judge(run(cases(300, 12) + checks(40)), base, DEFAULT_POLICY, now, [run(cases(10), age_days=2, partial=True)])
    )
    found.append(judge(run(cases(300, 90)), run(cases(300), model="base"), DEFAULT_POLICY, now))
    found.append(judge(run(cases(300)), run(cases(300), model="base"), policy, now))
    found.append(judge(run(domains), run(domains, model="base"), DEFAULT_POLICY, now))
    found.append(judge(run(cases(300), mode="replay"), None, DEFAULT_POLICY, now))
    found.append(
        judge(run(cases(300, 60), age_days=7.8), run(cases(300), model="base", age_days=90), DEFAULT_POLICY, now)
    )
    found.append(judge(run(cases(20, 20, outcome="unscored")), run(cases(20), model="base"), DEFAULT_POLICY, now))
    found.append(judge(run(cases(40), partial=True), run(cases(60), model="base"), DEFAULT_POLICY, now))
    past = [run(cases(300, 9), age_days=1 + i / 10) for i in range(7)]
    found.append(judge(run(cases(300, 8), age_days=0.5), None, policy, now, past))
    same = run(cases(300))
    found.append(judge(same, same, DEFAULT_POLICY, now))
    return found


@pytest.mark.usefixtures("speaking_chinese")
def test_every_word_of_a_verdict_is_chinese_on_a_chinese_screen(verdicts_of_all_kinds):
    assert {verdict.verdict for verdict in verdicts_of_all_kinds} == {"GO", "NO-GO", "INCONCLUSIVE"}
    for verdict in verdicts_of_all_kinds:
        lines = gate_lines(verdict, "default promotion policy")
        assert fits(lines)
        assert lines[-1 - [line.startswith("下一步：") for line in reversed(lines)].index(True)].startswith("下一步：")
        allowed = {"NOT PROVEN", "McNemar", "NO GO"}
        assert not [left for left in chinese(lines) if left not in allowed], lines


@pytest.mark.usefixtures("speaking_chinese")
def test_tables_of_plan_drift_and_compare_are_chinese_on_a_chinese_screen(case, cases, checks, run, now):
    def nights(bads, count=60):
        for ago, bad in enumerate(reversed(bads)):
            found = [case(f"c-{i:02}", "damaged" if (i + 7 * ago) % 60 < bad else "aligned") for i in range(count)]
            yield run(found, age_days=ago + 0.5, run_id=f"n{ago:03}")

    def watched(bads, count=60):
        return drift_lines(drift("tuned@v1", list(nights(bads, count)), DriftPolicy(), now))

    def versions(count):
        return [run(cases(20, i) + checks(3), model=f"m{i}") for i in range(count)]

    screens = {
        "plan": plan_lines(plan(cases(300) + checks(20), DEFAULT_POLICY), "default promotion policy"),
        "plan that can": plan_lines(plan(cases(300) + checks(60), DEFAULT_POLICY)),
        "drift": watched([1] * 15 + [9] * 3),
        "drift of one prompt": watched([0] * 15 + [2] * 4),
        "quiet": watched([1] * 16),
        "few nights": watched([1] * 3),
        "few prompts": watched([0] * 16, 20),
        "no night": drift_lines(drift("tuned@v1", [], DriftPolicy(), now)),
        "compare": compare_lines(comparison(case, run)),
        "better": compare_lines(compare(*reversed(versions(2)))),
        "options": options_lines(options(versions(3))),
    }
    left = {name: found for name, lines in screens.items() if (found := chinese(lines))}
    assert left == {}
    for name, lines in screens.items():
        assert fits(lines), name
        assert "no data" not in "\n".join(lines), name


def test_every_reason_of_a_verdict_is_chinese_on_its_page(verdicts_of_all_kinds):
    for verdict in verdicts_of_all_kinds:
        rules = [reason for rule in verdict.rules for reason in rule.reasons]
        for sentence in [*verdict.reasons, *rules, *headlines(verdict), *worst_slices(verdict), verdict.next.why]:
            shown = translated(sentence, "zh")
            assert not chinese([shown]), shown
            assert str(said(sentence)).count('lang="zh-CN"') == 1


def test_sentences_take_the_same_values_in_both_languages():
    table = tomllib.loads(resources.files("harness.show").joinpath("sentences.toml").read_text("utf-8"))
    for english, translation in table.items():
        names = [set(re.findall(r"{(\w+)}", text)) for text in (english, translation)]
        assert names[0] == names[1], english
        assert re.search("[\u3400-\u9fff、（：]", translation), english


@given(st.text(max_size=400))
def test_a_sentence_that_is_not_known_stays_as_it_is_and_none_is_lost(text):
    assert translated(text, "zh") == text or not text.isascii() or re.search("[\u3400-\u9fff]", translated(text, "zh"))
    assert translated(text, "en") == text
