"""What a user sees of a run: outcomes, messages, the summary, the run record, the modes."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import pytest

from harness.pytest_plugin import progress
from tests.pytest_plugin.conftest import CASES, FakeEndpoint, run_apart, write_suite


def records(project: Path) -> list[dict[str, object]]:
    """Run records on disk, as JSON."""
    return [json.loads(path.read_text()) for path in sorted((project / "reports").glob("*@*/*.json"))]


def test_a_damaged_case_shows_the_mention_with_its_blanks(
    project: Path, pytester: pytest.Pytester, endpoint: FakeEndpoint
) -> None:
    endpoint.reply = lambda prompt: prompt.replace("-", " - ").replace("Repeat", "It is")
    result = pytester.runpytest("--model=fake", "--cassette-mode=record")
    result.assert_outcomes(failed=2, passed=1)
    result.stdout.fnmatch_lines(
        [
            "damaged: Sikalastic␣-␣609",
            "*case      mine/a-1 (codes, en, copy, untrained)",
            "*target    Sikalastic-609",
            "*spaced    Sikalastic␣-␣609  [[]space-left, space-right]",
            "*context *Sikalastic␣-␣609",
        ]
    )


def test_an_omission_fails_and_says_so(project: Path, pytester: pytest.Pytester, endpoint: FakeEndpoint) -> None:
    endpoint.reply = lambda prompt: "I would rather not."
    result = pytester.runpytest("--model=fake", "--cassette-mode=record")
    result.assert_outcomes(failed=3)
    result.stdout.fnmatch_lines(["*absent    it is nowhere in the answer"])


def test_the_summary_gives_rates_with_intervals_by_domain(project: Path, pytester: pytest.Pytester) -> None:
    result = pytester.runpytest("--model=fake", "--cassette-mode=record")
    result.stdout.fnmatch_lines(
        [
            "fake@v1  (record, answers of *)",
            "*alignment rate* 100.0%  [[]43.9%, 100.0%]  3 of 3",
            "*fidelity*3 of 3",
            "*mention rate*4 of 4",
            "*codes * 100.0%*",
            "*rooms * 100.0%*",
        ]
    )
    assert all(len(line) <= 80 for line in result.stdout.lines if "%" in line)


def test_a_missing_recording_is_an_error_that_names_the_command(project: Path, pytester: pytest.Pytester) -> None:
    pytester.runpytest("--model=fake", "--cassette-mode=record", "-k", "a-1")
    result = pytester.runpytest("--model=fake")
    result.assert_outcomes(passed=1, errors=2)
    result.stdout.fnmatch_lines(["*no recorded answer of fake@v1 for mine/a-2 in cassettes/fake@v1/mine.jsonl*"])
    result.stdout.fnmatch_lines(["*run: pytest --model=fake --cassette-mode=record"])
    assert "Traceback" not in result.stdout.str()


@pytest.mark.parametrize(("options", "listed"), [([], 3), (["-v"], 5), (["-n1"], 3)])
def test_of_many_cases_without_a_recording_three_are_listed_and_counted(
    project: Path, pytester: pytest.Pytester, options: list[str], listed: int
) -> None:
    write_suite(
        project / "suites" / "mine",
        [{**CASES[0], "id": f"a-{n}", "prompt": f"{n}: Sikalastic-609"} for n in range(3, 9)],
        "more.jsonl",
    )
    pytester.runpytest("--model=fake", "--cassette-mode=record", "suites/mine/more.jsonl::a-3[fake]")
    result = pytester.runpytest("--model=fake", "suites/mine/more.jsonl", *options)
    errors = [line for line in result.stdout.lines if line.startswith("ERROR ") and " - " in line]
    assert len(errors) == listed
    assert ("5 cases have no recorded answer; 3 are shown (-v lists all)" in result.stdout.lines) is (listed == 3)


def test_a_model_without_any_recording_is_one_error(project: Path, pytester: pytest.Pytester) -> None:
    result = pytester.runpytest("--model=fake")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*no answers of fake@v1 are recorded in cassettes/fake@v1 for mine*"])


def test_replay_asks_nobody_and_judges_the_same(
    project: Path, pytester: pytest.Pytester, endpoint: FakeEndpoint
) -> None:
    pytester.runpytest("--model=fake", "--cassette-mode=record").assert_outcomes(passed=3)
    asked = endpoint.asked
    pytester.runpytest("--model=fake").assert_outcomes(passed=3)
    assert endpoint.asked == asked == 3


def test_record_asks_only_for_what_is_missing(project: Path, pytester: pytest.Pytester, endpoint: FakeEndpoint) -> None:
    pytester.runpytest("--model=fake", "--cassette-mode=record", "-k", "a-1")
    pytester.runpytest("--model=fake", "--cassette-mode=record").assert_outcomes(passed=3)
    assert endpoint.asked == 3


def test_refresh_asks_for_all_anew_and_the_new_answer_wins(
    project: Path, pytester: pytest.Pytester, endpoint: FakeEndpoint
) -> None:
    pytester.runpytest("--model=fake", "--cassette-mode=record").assert_outcomes(passed=3)
    endpoint.reply = lambda prompt: prompt.replace("/", " / ")
    pytester.runpytest("--model=fake", "--cassette-mode=refresh").assert_outcomes(passed=1, failed=2)
    assert endpoint.asked == 6
    pytester.runpytest("--model=fake").assert_outcomes(passed=1, failed=2)


def test_live_reads_no_cassette_and_keeps_its_answers_beside_the_record(
    project: Path, pytester: pytest.Pytester, endpoint: FakeEndpoint
) -> None:
    pytester.runpytest("--model=fake", "--cassette-mode=record")
    pytester.runpytest("--model=fake", "--cassette-mode=live").assert_outcomes(passed=3)
    assert endpoint.asked == 6
    live = list((project / "reports" / "fake@v1").glob("*.live.jsonl"))
    assert [len(path.read_text().splitlines()) for path in live] == [3]
    assert live[0].with_name(live[0].name.replace(".live.jsonl", ".json")).is_file()


def test_replaying_the_same_answers_rewrites_the_same_record(project: Path, pytester: pytest.Pytester) -> None:
    pytester.runpytest("--model=fake", "--cassette-mode=record")
    before = records(project)
    pytester.runpytest("--model=fake")
    assert records(project) == before
    assert len(before) == 1


def test_the_run_record_holds_every_case_with_its_evidence(project: Path, pytester: pytest.Pytester) -> None:
    pytester.runpytest("--model=fake", "--cassette-mode=record")
    (record,) = records(project)
    assert record["schema"] == 1
    assert record["model"] == "fake"
    assert record["partial"] is False
    assert record["totals"]["outcomes"] == {"aligned": 3}  # type: ignore[index]
    assert record["totals"]["requests"] == 3  # type: ignore[index]
    case = record["cases"][0]  # type: ignore[index]
    assert case["id"] == "a-1"
    assert case["samples"][0]["output"] == "Repeat: Sikalastic-609"
    assert case["samples"][0]["prompt_tokens"] == 10


def test_samples_are_asked_separately_and_all_must_be_aligned(
    project: Path, pytester: pytest.Pytester, endpoint: FakeEndpoint
) -> None:
    def second_is_damaged(prompt: str) -> str:
        times = sum(body["messages"][-1]["content"] == prompt for body in endpoint.bodies)
        return prompt if times == 1 else prompt.replace("-", "–")

    endpoint.reply = second_is_damaged
    result = pytester.runpytest(
        "--model=fake", "--cassette-mode=record", "--samples=2", "-k", "a-1", "--max-concurrency=1"
    )
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*1 of 2 samples are damaged"])
    assert endpoint.asked == 2


def _cut_off(cassette: Path) -> None:
    """Answers that end at the limit, in the form of an older edition: an edited line with a digest would be refused."""
    lines = []
    for line in cassette.read_text().splitlines():
        value = json.loads(line)
        value.pop("digest", None)
        body = value["response"]["body"]
        body["string"] = body["string"].replace('"finish_reason": "stop"', '"finish_reason": "length"')
        lines.append(json.dumps(value, ensure_ascii=False, separators=(",", ":")))
    cassette.write_text("\n".join(lines) + "\n")


def test_an_answer_cut_off_is_skipped_with_its_reason(project: Path, pytester: pytest.Pytester) -> None:
    pytester.runpytest("--model=fake", "--cassette-mode=record")
    cassette = project / "cassettes" / "fake@v1" / "mine.jsonl"
    _cut_off(cassette)
    result = pytester.runpytest("--model=fake", "-rs")
    result.assert_outcomes(skipped=3)
    result.stdout.fnmatch_lines(["*unscored*3 of 3*(length 3)  (over 5% unscored: not comparable)"])


def test_a_run_in_which_nothing_could_be_scored_is_not_a_good_one(project: Path, pytester: pytest.Pytester) -> None:
    pytester.runpytest("--model=fake", "--cassette-mode=record")
    cassette = project / "cassettes" / "fake@v1" / "mine.jsonl"
    whole = cassette.read_text().splitlines()
    _cut_off(cassette)
    for option in ("-n0", "-n2"):
        result = pytester.runpytest("--model=fake", option)
        assert result.ret == pytest.ExitCode.TESTS_FAILED
        result.stdout.fnmatch_lines(["fake@v1: no case could be scored, so this run shows nothing: exit code 1"])
    some = cassette.read_text().splitlines()
    cassette.write_text("\n".join([*whole[:1], *some[1:]]) + "\n")
    result = pytester.runpytest("--model=fake")
    assert result.ret == pytest.ExitCode.OK
    assert "could be scored" not in result.stdout.str()


def test_what_came_in_place_of_answers_is_shown_with_a_way_on(
    project: Path, pytester: pytest.Pytester, endpoint: FakeEndpoint
) -> None:
    endpoint.raw = b'{"ok": true, "moved": 1}'
    result = pytester.runpytest("--model=fake", "--cassette-mode=record", "-k", "a-1")
    result.stdout.fnmatch_lines(
        [
            "fake@v1: no_choices: the endpoint says: a body that holds no answer: *moved*",
            "*most for no_choices: JSON of another form *; run: harness models check fake",
        ]
    )


def test_answers_are_fetched_concurrently(project: Path, pytester: pytest.Pytester, endpoint: FakeEndpoint) -> None:
    write_suite(
        project / "suites" / "mine", [{**CASES[0], "id": f"c-{n}", "prompt": f"{n} Sikalastic-609"} for n in range(13)]
    )
    endpoint.delay_s = 0.2
    pytester.runpytest("--model=fake", "--cassette-mode=record", "--max-concurrency=4").assert_outcomes(passed=13)
    assert endpoint.most_running == 4


def test_a_recording_says_before_it_starts_what_it_takes(
    project: Path, pytester: pytest.Pytester, endpoint: FakeEndpoint
) -> None:
    settings = project / "pyproject.toml"
    price = 'rpm = 2400\nprice = { input = 8.0, output = 16.0, currency = "CNY" }\n'
    settings.write_text(settings.read_text("utf-8") + "\n" + price, encoding="utf-8")
    first = pytester.runpytest("--model=fake", "--cassette-mode=record")
    first.stdout.fnmatch_lines(["collected 3 items", "fake@v1: 3 requests, at most 0.* CNY"])
    again = pytester.runpytest("--model=fake", "--cassette-mode=record")
    again.stdout.fnmatch_lines(["collected 3 items", "fake@v1: all answers are recorded, nothing is asked"])
    # 10 tokens in and 5 out, as the answers of the first run
    result = pytester.runpytest("--model=fake", "--cassette-mode=refresh", "--request-budget=2")
    result.stdout.fnmatch_lines(["fake@v1: 2 requests, about 1 s, about 0.0003 CNY (as fake@v1 of 20*)"])
    result = pytester.runpytest("--model=fake", "--cassette-mode=live", "--lang=zh")
    result.stdout.fnmatch_lines(
        ["fake@v1：将发出 3 次请求，约 1 秒，费用约 0.0005 CNY（按 fake@v1 在 20* 的回答估计）"]
    )
    assert "请求，" not in pytester.runpytest("--model=fake", "--lang=zh").stdout.str(), "a replay asks nobody"


def test_an_unreadable_record_does_not_stop_a_recording(
    project: Path, pytester: pytest.Pytester, endpoint: FakeEndpoint
) -> None:
    broken = project / "reports" / "fake@v0" / "20260101T000000Z-0.json"
    broken.parent.mkdir(parents=True)
    broken.write_text("{", encoding="utf-8")
    result = pytester.runpytest("--model=fake", "--cassette-mode=record")
    result.assert_outcomes(passed=3)
    result.stdout.fnmatch_lines(["fake@v1: 3 requests"])


def test_lines_of_progress_become_rarer_and_none_comes_twice() -> None:
    def written(text: Callable[[int], str]) -> list[int]:
        lines = progress._Lines()
        lines._started = lines._last = 0.0
        return [second for second in range(3600) if lines.is_due(second) and lines.wants(text(second), second)]

    assert written(lambda second: f"waiting {second // 1200}") == [15, 1380, 2580]
    due = written(str)
    assert due[:5] == [15, 30, 60, 120, 240]
    assert all(later - earlier <= 300 for earlier, later in itertools.pairwise(due))
    assert len(due) < 20


def test_the_counter_says_how_many_are_damaged_so_far(
    project: Path, pytester: pytest.Pytester, endpoint: FakeEndpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(progress, "_PATIENCE_S", 0.0)
    monkeypatch.setattr(progress, "_FIRST_LINE_S", 0.0)
    monkeypatch.setattr(progress, "_RAREST_LINE_S", 0.0)
    monkeypatch.setattr(progress, "_LOOK_S", 0.02)
    endpoint.reply = lambda prompt: prompt.replace("-", " - ")
    endpoint.delay_s = 0.3
    result = pytester.runpytest("--model=fake", "--cassette-mode=record", "--max-concurrency=1", "-k", "a-1 or a-2")
    result.stdout.fnmatch_lines(
        ["*fake@v1: 0 of 2 answers fetched", "*fake@v1: 1 of 2 answers fetched, 1 damaged so far"]
    )


def test_a_refused_key_stops_the_run_after_one_request(
    project: Path, pytester: pytest.Pytester, endpoint: FakeEndpoint
) -> None:
    endpoint.status = 401
    result = pytester.runpytest("--model=fake", "--cassette-mode=record")
    assert result.ret == pytest.ExitCode.INTERRUPTED
    assert endpoint.asked == 1
    result.stdout.fnmatch_lines(["*model fake: http://127.0.0.1:*refuses the request without a key (401)*"])


def test_a_request_budget_is_never_exceeded(project: Path, pytester: pytest.Pytester, endpoint: FakeEndpoint) -> None:
    result = pytester.runpytest("--model=fake", "--cassette-mode=record", "--request-budget=2")
    assert endpoint.asked == 2
    result.assert_outcomes(passed=2, errors=1)


def test_junit_xml_carries_the_outcome(project: Path, pytester: pytest.Pytester) -> None:
    pytester.runpytest("--model=fake", "--cassette-mode=record", "--junit-xml=out.xml")
    cases = ElementTree.parse(project / "out.xml").getroot().iter("testcase")
    found = {case.get("name"): {p.get("name"): p.get("value") for p in case.iter("property")} for case in cases}
    assert found["a-1[fake]"]["outcome"] == "aligned"
    assert found["a-1[fake]"]["verdict"] == "Sikalastic-609: verbatim"


def test_workers_share_one_worker_s_requests(project: Path, pytester: pytest.Pytester, endpoint: FakeEndpoint) -> None:
    cases = [{**CASES[0], "id": f"c-{n}", "prompt": f"{n} Sikalastic-609"} for n in range(20)]
    write_suite(project / "suites" / "mine", cases)
    result = run_apart(pytester, "--model=fake", "--cassette-mode=record", "-n", "2")
    result.assert_outcomes(passed=20)
    assert endpoint.asked == 20
    (record,) = records(project)
    assert record["totals"]["cases"] == 20  # type: ignore[index]
    again = run_apart(pytester, "--model=fake", "-n", "2")
    again.assert_outcomes(passed=20)
    assert endpoint.asked == 20


def test_the_gate_takes_the_place_of_exit_0(project: Path, pytester: pytest.Pytester) -> None:
    pytester.runpytest("--model=fake", "--cassette-mode=record")
    result = pytester.runpytest("--model=fake", "--gate")
    assert result.ret == 1
    result.stdout.fnmatch_lines(["INCONCLUSIVE  fake@v1*"])


def test_hostile_output_cannot_command_the_terminal(
    project: Path, pytester: pytest.Pytester, endpoint: FakeEndpoint
) -> None:
    endpoint.reply = lambda prompt: "\x1b[2J\x1b]0;owned\x07 Sikalastic -\x1b[31m609 \r done \x9b31m"
    result = pytester.runpytest("--model=fake", "--cassette-mode=record")
    assert not re.search("[\x1b\x07\x9b]", result.stdout.str())


def test_a_record_that_cannot_be_written_is_told_and_verdicts_stand(project: Path, pytester: pytest.Pytester) -> None:
    pytester.runpytest("--model=fake", "--cassette-mode=record")
    (project / "blocked").write_text("a file where a folder should be")
    result = pytester.runpytest("--model=fake", "--report-dir=blocked")
    result.assert_outcomes(passed=3)
    result.stdout.fnmatch_lines(["the run record was not written: *", "next: pytest * --report-dir=FOLDER  (*"])
    assert result.ret == pytest.ExitCode.INTERNAL_ERROR


def test_what_was_not_recorded_is_recorded_next(project: Path, pytester: pytest.Pytester) -> None:
    pytester.runpytest("--model=fake", "--cassette-mode=record")
    [suite] = (project / "suites").rglob("*.jsonl")
    suite.write_text(suite.read_text().replace("Sikalastic-609", "Sikalastic-610", 1))
    assert (
        pytester.runpytest("--model=fake").stdout.lines[-1].startswith("next: pytest --model=fake --cassette-mode=rec")
    )


def test_a_gate_baseline_that_does_not_exist_is_told(project: Path, pytester: pytest.Pytester) -> None:
    pytester.runpytest("--model=fake", "--cassette-mode=record")
    result = pytester.runpytest("--model=fake", "--baseline=nobody", "--gate")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*'nobody': no run of that name*"])


def test_a_derived_model_shares_the_cassette_of_identical_requests(
    project: Path, pytester: pytest.Pytester, endpoint: FakeEndpoint
) -> None:
    endpoint.reply = lambda prompt: prompt.replace("-", " - ")
    text = (project / "pyproject.toml").read_text()
    (project / "pyproject.toml").write_text(
        text + '\n[tool.harness.models.repaired]\nbase = "fake"\nrepair = "restore"\n'
    )
    pytester.runpytest("--model=fake", "--cassette-mode=record").assert_outcomes(passed=1, failed=2)
    pytester.runpytest("--model=repaired").assert_outcomes(passed=3)
    assert endpoint.asked == 3


def test_an_endpoint_that_fails_gives_an_error_and_an_unscored_case(
    project: Path, pytester: pytest.Pytester, endpoint: FakeEndpoint
) -> None:
    endpoint.status = 400
    result = pytester.runpytest("--model=fake", "--cassette-mode=record")
    result.assert_outcomes(errors=3)
    result.stdout.fnmatch_lines(["no usable answer came: http_400"])
    (record,) = records(project)
    assert record["totals"]["outcomes"] == {"unscored": 3}  # type: ignore[index]


# What is reported before a run begins, and what a user reads when a run came to little.


def test_a_suite_without_a_single_recording_is_one_sentence(project: Path, pytester: pytest.Pytester) -> None:
    pytester.runpytest("--model=fake", "--cassette-mode=record")
    write_suite(project / "suites" / "newer", [{**CASES[0], "id": f"n-{n}"} for n in range(2)])
    result = pytester.runpytest("--model=fake")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    said = " ".join(result.stderr.lines)
    assert "cassettes/fake@v1 for newer (2 cases); recorded are mine." in said
    assert "pytest --model=fake --cassette-mode=record" in said
    assert "pytest --model=fake --suites=mine" in said
    pytester.runpytest("--model=fake", "--suites=mine").assert_outcomes(passed=3)


def test_a_suite_that_was_split_off_names_the_file_to_copy(project: Path, pytester: pytest.Pytester) -> None:
    pytester.runpytest("--model=fake", "--cassette-mode=record")
    mine = project / "suites" / "mine" / "cases.jsonl"
    first, *rest = mine.read_text(encoding="utf-8").splitlines(keepends=True)
    mine.write_text(first, encoding="utf-8")
    write_suite(project / "suites" / "part", [json.loads(line) for line in rest])
    said = " ".join(pytester.runpytest("--model=fake").stderr.lines)
    wanted = "if its cases came out of another suite, copy that one's file in cassettes/fake@v1 under its name"
    assert wanted in said
    folder = project / "cassettes" / "fake@v1"
    (folder / "part.jsonl").write_bytes((folder / "mine.jsonl").read_bytes())
    pytester.runpytest("--model=fake").assert_outcomes(passed=3)


def test_a_suite_that_was_renamed_names_the_file_that_holds_its_answers(
    project: Path, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytester.runpytest("--model=fake", "--cassette-mode=record")
    (project / "suites" / "mine").rename(project / "suites" / "ours")
    said = " ".join(pytester.runpytest("--model=fake").stderr.lines)
    assert "if suite mine is now ours, rename its file in cassettes/fake@v1, and no answer is lost" in said
    assert "--suites=mine" not in said
    monkeypatch.setenv("HARNESS_LANG", "zh")
    said = "".join(pytester.runpytest("--model=fake").stderr.lines)
    assert "如果用例集 mine 已改名为 ours，请把 cassettes/fake@v1 中的文件一并改名，回答都可沿用" in said
    (project / "cassettes" / "fake@v1" / "mine.jsonl").rename(project / "cassettes" / "fake@v1" / "ours.jsonl")
    pytester.runpytest("--model=fake").assert_outcomes(passed=3)


def test_a_case_without_a_recording_is_an_error_without_a_traceback(project: Path, pytester: pytest.Pytester) -> None:
    pytester.runpytest("--model=fake", "--cassette-mode=record")
    write_suite(project / "suites" / "mine", [*CASES, {**CASES[0], "id": "a-4", "prompt": "new Sikalastic-609"}])
    result = pytester.runpytest("--model=fake")
    result.assert_outcomes(passed=3, errors=1)
    assert "Traceback" not in result.stdout.str()
    assert "items.py" not in result.stdout.str()


@pytest.mark.parametrize(
    "option", ["--suites=builtin", "--cassette-mode=record", "--gate", "--baseline=x", "--max-cost=1"]
)
def test_options_about_cases_need_a_model(project: Path, pytester: pytest.Pytester, option: str) -> None:
    result = pytester.runpytest(option)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([f"*{option.partition('=')[0]} requires --model=NAME; accepted: fake, *"])


def test_nothing_collected_names_the_models(project: Path, pytester: pytest.Pytester) -> None:
    result = pytester.runpytest()
    result.stdout.fnmatch_lines(["cases of models are run with --model=NAME; accepted: fake, openai:NAME *"])
    mistyped = pytester.runpytest("suites", "tests/nofile.py::test_one", "-n2")
    mistyped.stdout.fnmatch_lines(["tests/nofile.py::test_one: no such file or folder"])
    assert "--model=NAME" not in mistyped.stdout.str()


def test_tests_that_ran_say_nothing_of_models(project: Path, pytester: pytest.Pytester) -> None:
    pytester.makepyfile("def test_it(): pass")
    assert "--model" not in pytester.runpytest().stdout.str()


@pytest.mark.parametrize("options", [("--baseline=missing",), ("--gate", "--gate-policy=none.toml")])
def test_a_verdict_that_cannot_be_given_costs_no_request(
    project: Path, pytester: pytest.Pytester, endpoint: FakeEndpoint, options: tuple[str, ...]
) -> None:
    result = pytester.runpytest("--model=fake", "--cassette-mode=record", *options)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert endpoint.asked == 0
    assert "missing" in result.stderr.str() or "none.toml" in result.stderr.str()


def test_a_baseline_that_the_run_itself_makes_is_waited_for(project: Path, pytester: pytest.Pytester) -> None:
    result = pytester.runpytest("--model=fake", "--cassette-mode=record", "--baseline=fake")
    assert result.ret == pytest.ExitCode.OK


def test_many_answers_cut_off_are_explained(project: Path, pytester: pytest.Pytester, endpoint: FakeEndpoint) -> None:
    pytester.runpytest("--model=fake", "--cassette-mode=record")
    path = project / "cassettes" / "fake@v1" / "mine.jsonl"
    _cut_off(path)
    result = pytester.runpytest("--model=fake")
    result.stdout.fnmatch_lines(["fake@v1: 3 of 3 cases are unscored, most for length: * raise max_tokens in *"])


# What one worker of pytest-xdist counts and notes while it asks is in the record of the run.


@pytest.fixture
def wide(project: Path) -> Path:
    """The project with twelve cases that ask for different things."""
    cases = [{**CASES[0], "id": f"c-{n}", "prompt": f"{n} Sikalastic-609"} for n in range(12)]
    write_suite(project / "suites" / "mine", cases)
    return project


def requests_of(folder: Path) -> list[int]:
    records = sorted((folder / "reports").glob("*@*/*.json"))
    return [json.loads(path.read_text("utf-8"))["totals"]["requests"] for path in records]


@pytest.mark.parametrize("workers", ["0", "2"])
def test_requests_are_announced_and_counted_in_whichever_process_asks(
    workers: str, wide: Path, pytester: pytest.Pytester, endpoint: FakeEndpoint
) -> None:
    result = run_apart(pytester, "--model=fake", "--cassette-mode=record", "-n", workers)
    result.assert_outcomes(passed=12)
    result.stdout.fnmatch_lines(["fake@v1: 12 requests", "*12 passed*"])
    assert requests_of(wide) == [12] == [endpoint.asked]


def test_a_replay_with_workers_keeps_the_count_of_the_run_that_asked(wide: Path, pytester: pytest.Pytester) -> None:
    run_apart(pytester, "--model=fake", "--cassette-mode=record", "-n", "2")
    run_apart(pytester, "--model=fake", "-n", "2").assert_outcomes(passed=12)
    assert requests_of(wide) == [12]


def test_what_the_asking_worker_noted_is_told(wide: Path, pytester: pytest.Pytester) -> None:
    run_apart(pytester, "--model=fake", "--cassette-mode=record", "-k", "c-1")
    cassette = wide / "cassettes" / "fake@v1" / "mine.jsonl"
    cassette.write_bytes(cassette.read_bytes()[:-30])
    result = run_apart(pytester, "--model=fake", "--cassette-mode=record", "-n", "2")
    result.stdout.fnmatch_lines(["*bytes was torn (the run that wrote it was killed); it was taken away*"])
