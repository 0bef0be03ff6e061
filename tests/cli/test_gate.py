import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner

from harness.cli import harness as command
from harness.cli.compare import compare
from harness.cli.drift import drift
from harness.cli.gate import gate
from harness.cli.runs import list_runs
from harness.errors import ConfigError, RecordError
from harness.history import History
from harness.records.run import Evidence
from harness.show.words import speak
from tests.factory import case_result, case_results, check_results, run_record, sample_result

NOW = datetime.now(UTC)
"""One moment for all: a run of the tests may pass midnight."""


def build_run(model="tuned", total=300, bad=0, *, hours=2.0, version="1", outcome="damaged", **fields):
    """A run whose answers were made some hours ago, with bad cases first and as many checks as cases."""
    made = NOW - timedelta(hours=hours)
    cases = case_results(total, bad, outcome=outcome) + check_results(total)
    values = {"run_id": f"{made:%Y-%m-%d}-{model}{bad}", "made": made, "model": model, "version": version}
    return run_record(**({"cases": cases} | values | fields))


@pytest.fixture
def history(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return History(tmp_path / "reports")


def call(*arguments):
    return CliRunner().invoke(gate, arguments)


def test_go_no_go_and_inconclusive_are_0_1_and_2(history):
    history.write(build_run("base", bad=3))
    for model, bad, code, word in [("fine", 2, 0, "GO"), ("worse", 60, 1, "NO-GO"), ("unclear", 12, 2, "INCONCLUSIVE")]:
        history.write(build_run(model, bad=bad))
        result = call("--candidate", model, "--baseline", "base")
        assert result.exit_code == code, result.output
        assert result.output.startswith(f"{word}  {model}@1 against base@1")


def test_a_candidate_that_leaves_codes_out_is_no_go(history):
    history.write(build_run("base", bad=10))
    history.write(build_run("silent", bad=60, outcome="omitted"))
    assert call("--candidate", "silent", "--baseline", "base").exit_code == 1


def test_a_replay_does_not_promote_by_default_and_may_by_policy(history, tmp_path):
    history.write(build_run("base"))
    history.write(build_run(mode="replay"))
    refused = call("--candidate", "tuned", "--baseline", "base")
    assert refused.exit_code == 2
    assert "--cassette-mode=live" in refused.output
    (tmp_path / "lenient.toml").write_text('evidence = "any"\n')
    assert call("--candidate", "tuned", "--baseline", "base", "--policy", "lenient.toml").exit_code == 0


def test_the_kept_baseline_is_the_default(history):
    history.write(build_run("base"))
    history.write(build_run())
    assert call("--candidate", "tuned").exit_code == 2
    history.set_baseline("tuned", "base@1")
    assert call("--candidate", "tuned").exit_code == 0


def test_an_earlier_lucky_run_cannot_be_picked(history):
    history.write(build_run("base"))
    history.write(build_run(bad=0, hours=9))
    history.write(build_run(bad=60, hours=2))
    lucky = call("--candidate", f"{NOW - timedelta(hours=9):%Y-%m-%d}-tuned0", "--baseline", "base")
    assert lucky.exit_code == 1
    assert "all answers to unchanged cases are read together" in " ".join(lucky.output.split())
    assert call("--candidate", "tuned", "--baseline", "base").exit_code == 1


def test_the_policy_of_the_project_counts(history, tmp_path):
    (tmp_path / "pyproject.toml").write_text(
        '[[tool.harness.gate.rules]]\nmetric = "alignment_rate"\nmin = 0.995\n', encoding="utf-8"
    )
    history.write(build_run())
    result = call("--candidate", "tuned", "--json")
    assert result.exit_code == 2  # 300 of 300 does not prove 99.5 %
    value = json.loads(result.output)
    assert value["policy_source"] == "pyproject.toml [tool.harness.gate]"
    # 598 are enough for a first attempt; a second one needs 1,196 clean cases
    assert value["rules"][0]["reading"]["further"] == 896


def test_a_misspelt_metric_is_refused_with_the_nearest_name(history, tmp_path):
    (tmp_path / "policy.toml").write_text('[[rules]]\nmetric = "alignement_rate"\nmin = 0.9\n')
    history.write(build_run())
    result = call("--candidate", "tuned", "--policy", "policy.toml")
    assert isinstance(result.exception, ConfigError)
    assert "did you mean 'alignment_rate'?" in str(result.exception)


def test_an_unreadable_record_of_the_candidate_is_no_silent_loss(history):
    path = history.write(build_run())
    path.with_name("2099-01-01-zzz.json").write_text('{"schema": 7}')
    result = call("--candidate", str(path))
    assert isinstance(result.exception, RecordError)
    assert "newer harness" in str(result.exception)


def test_without_a_candidate_it_says_what_is_accepted(history):
    assert "--candidate: missing" in str(call().exception)


def test_markdown_holds_the_verdict_and_a_table(history):
    history.write(build_run("base"))
    history.write(build_run())
    output = call("--candidate", "tuned", "--baseline", "base", "--markdown").output
    assert output.startswith("## GO: ")
    assert output.count("\n| ") == 7


def suite(folder, cases):
    folder.mkdir(parents=True)
    (folder / "suite.toml").write_text('title = "t"\n')
    lines = [
        {"id": f"c{i}", "domain": "d", "language": "en", "task": "copy", "prompt": "say A-1", "targets": ["A-1"]}
        for i in range(cases)
    ]
    (folder / "c.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))


def test_a_plan_needs_no_run_and_says_what_can_be_proven(history, tmp_path):
    suite(tmp_path / "suites" / "few", 40)
    (tmp_path / "policy.toml").write_text('[[rules]]\nmetric = "alignment_rate"\nmin = 0.95\n')
    short = call("--plan", "--policy", "policy.toml")
    assert short.exit_code == 2
    assert "40 cases cannot pass it: at least 59 cases that are independent, all clean" in " ".join(
        short.output.split()
    )
    suite(tmp_path / "suites" / "more", 320)
    value = json.loads(call("--plan", "--policy", "policy.toml", "--json").output)
    assert value["possible"] is True
    assert round(value["lines"][0]["power"], 2) == 0.89


def test_a_plan_in_markdown_is_a_block_of_text(history, tmp_path):
    suite(tmp_path / "suites" / "few", 5)
    output = call("--plan", "--markdown").output
    assert output.startswith("```text\n5 cases: cannot reach a GO")
    assert output.endswith("```\n")


def test_a_plan_without_cases_is_a_mistake_in_the_call(history):
    assert "nowhere: no cases; accepted" in str(call("--plan", "--suites", "nowhere").exception)


FORMAT_FIX = str(Path(__file__).parents[2] / "policies" / "format-fix.toml")


def test_the_shipped_policy_of_a_format_fix_takes_old_replays_and_says_so(history):
    history.write(build_run("spaced", bad=200, hours=9000, mode="replay"))
    history.write(build_run("tuned", bad=2, hours=9000, mode="replay"))
    result = call("--candidate", "tuned", "--baseline", "spaced", "--policy", FORMAT_FIX)
    assert result.exit_code == 0, result.output
    said = " ".join(result.output.split())
    assert "(takes answers of any age and replays: it says nothing of the endpoint today)" in said
    assert call("--candidate", "tuned", "--baseline", "spaced").exit_code == 2
    markdown = call("--candidate", "tuned", "--baseline", "spaced", "--policy", FORMAT_FIX, "--markdown").output
    assert "takes answers of any age and replays" in markdown


@pytest.mark.parametrize(("bad", "outcome"), [(60, "damaged"), (290, "omitted")])
def test_the_shipped_policy_is_no_go_where_the_fix_fails_or_strings_are_left_out_more_than_before(
    history, bad, outcome
):
    history.write(build_run("spaced", bad=150))
    history.write(build_run("tuned", bad=bad, outcome=outcome))
    assert call("--candidate", "tuned", "--baseline", "spaced", "--policy", FORMAT_FIX).exit_code == 1


def test_four_runs_at_87_percent_and_one_at_99_are_no_go(history):
    history.write(build_run("base", hours=60))
    for number in range(4):
        history.write(build_run(bad=39, hours=50 - number, run_id=f"run-{number}"))
    history.write(build_run(bad=3))
    result = call("--candidate", "tuned", "--baseline", "base")
    assert result.exit_code == 1
    assert result.output.startswith("NO-GO  tuned@1 against base@1")
    text = " ".join(result.output.split())
    assert "attempt 5 of at most 5: all answers to unchanged cases are read together" in text


def test_ten_of_nineteen_finance_prompts_newly_damaged_are_in_the_first_five_lines(history):
    def cases(broken):
        rest = [case_result(f"c{n:03}", domain=f"d{n % 40}", task=f"t{n % 5}") for n in range(575)]
        outcomes = ["damaged" if n < broken else "aligned" for n in range(19)]
        finance = [case_result(f"f{n:02}", one, domain="finance", task=f"t{n % 5}") for n, one in enumerate(outcomes)]
        return [*rest, *finance, *check_results(100)]

    history.write(build_run("base", cases=cases(0), hours=9))
    history.write(build_run(cases=cases(10)))
    result = call("--candidate", "tuned", "--baseline", "base")
    assert "10 of 19 cases of domain=finance are newly broken" in " ".join(result.output.splitlines()[:5])


@pytest.mark.parametrize("value", ["nan", "-0.1", "0", "1", "inf"])
@pytest.mark.parametrize("option", ["--rate", "--discordant"])
def test_a_share_that_is_none_is_refused(history, option, value):
    result = call("--plan", option, value)
    assert result.exit_code == 2  # of click; the command makes it 3
    assert f"Invalid value for '{option}'" in result.output


def test_more_flips_than_cases_are_refused(history):
    assert "Invalid value for '--discordant'" in call("--plan", "--discordant", "0.6").output


@pytest.mark.parametrize("options", [["--suites", "easy"], ["--rate", "0.9"], ["--discordant", "0.02"]])
def test_an_option_of_the_plan_does_not_silently_do_nothing_to_a_verdict(history, options):
    history.write(build_run())
    refused = call("--candidate", "tuned", *options).exception
    assert isinstance(refused, ConfigError)
    assert f"{options[0]}: accepted together with --plan" in str(refused)
    assert "--baseline: not together with --plan" in str(call("--plan", "--baseline", "x").exception)


def test_a_plan_takes_a_suite_by_name_and_counts_it_once(history, tmp_path):
    suite(tmp_path / "suites" / "few", 40)
    value = json.loads(call("--plan", "--suites", "few", "--suites", "suites/few", "--json").output)
    assert value["cases"] == 40


@pytest.mark.parametrize("rules", ["rules = 3", "rules = []", '[rules]\nmetric = "alignment_rate"\nmin = 0.9'])
def test_rules_that_are_no_list_of_rules_are_refused_with_how_to_write_them(history, tmp_path, rules):
    (tmp_path / "policy.toml").write_text(rules)
    history.write(build_run())
    refused = call("--candidate", "tuned", "--policy", "policy.toml").exception
    assert "accepted: at least one [[rules]], in double brackets" in str(refused)


def test_a_slice_that_no_case_is_in_is_named(history, tmp_path):
    (tmp_path / "policy.toml").write_text('[[rules]]\nmetric = "alignment_rate"\nsuite = "nope"\nmin = 0.9\n')
    history.write(build_run())
    output = call("--candidate", "tuned", "--policy", "policy.toml").output
    assert "alignment_rate (suite=nope): add some, or take its rule out" in " ".join(output.split())


def test_a_reason_other_than_age_is_not_told_as_age(history):
    history.write(build_run("base", hours=60))
    history.write(build_run(bad=60, total=120, hours=9, partial=True, run_id="stopped"))
    history.write(build_run())
    output = " ".join(call("--candidate", "tuned", "--baseline", "base").output.split())
    assert "Held back: partial run stopped breaches a critical rule" in output
    assert "on these answers, which are" not in output


def write(history, model, outcomes):
    cases = [case_result(f"c{number}", one, targets=("A-1",), domain="建筑") for number, one in enumerate(outcomes)]
    return history.write(run_record(cases, model=model, version="1", evidence=Evidence()))


def call_compare(*arguments):
    return CliRunner().invoke(compare, arguments)


def test_two_runs_show_flips_with_text(history):
    write(history, "base", ["aligned"] * 3)
    path = write(history, "tuned", ["aligned", "damaged", "aligned"])
    result = call_compare("base@1", str(path))
    assert result.exit_code == 0
    assert result.output.startswith("From base@1 to tuned@1, 3 cases that both answered")
    assert "newly damaged: symbols/c1" in result.output
    assert "A␣-␣1" in result.output


def test_json_and_markdown(history):
    write(history, "base", ["aligned"] * 3)
    write(history, "tuned", ["aligned", "damaged", "aligned"])
    value = json.loads(call_compare("base", "tuned", "--json").output)
    assert value["changes"][0]["worse"] == 1
    assert value["flips"][0]["new_text"] == "A - 1"
    page = call_compare("base", "tuned", "--markdown").output
    assert page.startswith("### `base@1` → `tuned@1`\n")
    assert "| Alignment rate | 100.0% | 66.7% | −33.3 |" in page
    assert "→ `A␣-␣1`" in page


def test_a_comparison_is_one_document_wherever_it_is_asked_for(history):
    write(history, "base", ["aligned"] * 3)
    write(history, "tuned", ["aligned", "damaged", "aligned"])
    report = CliRunner().invoke(
        command, ["report", "tuned", "--against", "base", "--markdown", "--report-dir", str(history.folder)]
    )
    assert report.output == call_compare("base", "tuned", "--markdown").output


def test_three_runs_stand_side_by_side(history):
    for model in ("a", "b", "c"):
        write(history, model, ["aligned"] * 3)
    result = call_compare("a", "b", "c")
    assert result.exit_code == 0
    assert "a@1" in result.output.splitlines()[2]
    assert [one["run"]["label"] for one in json.loads(call_compare("a", "b", "c", "--json").output)["options"]] == [
        "a@1",
        "b@1",
        "c@1",
    ]
    assert call_compare("a", "b", "c", "--markdown").output.startswith("## Options side by side")


def test_versions_side_by_side_in_chinese_have_no_english_words(history):
    for model in ("a", "b", "c"):
        write(history, model, ["aligned"] * 3)
    page = call_compare("a", "b", "c", "--markdown", "--lang", "zh").output
    assert page.startswith("## 各方案对比\n\n各版本都作答的含目标串用例：3 条")
    rows = [line.split("|")[1].strip() for line in page.splitlines() if line.startswith("| ")][2:]
    assert len(rows) > 15
    assert all(re.search(r"[\u4e00-\u9fff]", row) for row in rows), rows
    assert "no data" not in page
    assert call_compare("a", "b", "--markdown", "--lang", "zh").output.startswith("### `a@1` → `b@1`\n\n对齐率变化")


def test_one_run_or_an_unknown_one_is_a_mistake_in_the_call(history):
    write(history, "base", ["aligned"])
    assert isinstance(call_compare("base").exception, ConfigError)
    unknown = call_compare("base", "tunde").exception
    assert isinstance(unknown, RecordError)
    assert "known: base@1" in str(unknown)


def write_night(history, ago, bad=1, resolved="m-1", mode="live", *, prompts=60):
    """A night of 60 prompts; other prompts fail each night."""
    outcomes = ["damaged" if (number + 7 * ago) % prompts < bad else "aligned" for number in range(prompts)]
    cases = [
        case_result(f"c{number}", one, suite="canary", samples=[sample_result(one, resolved_model=resolved)])
        for number, one in enumerate(outcomes)
    ]
    made = NOW - timedelta(days=ago, minutes=5)
    history.write(run_record(cases, version="1", run_id=f"night-{ago:03}-{mode}", mode=mode, made=made))


def call_drift(*arguments):
    return CliRunner().invoke(drift, ["--model", "tuned", *arguments])


def test_quiet_drift_and_calibrating_are_0_1_and_2(history):
    for ago in range(2, 10):
        write_night(history, ago)
    calibrating = call_drift()
    assert calibrating.exit_code == 2
    assert "calibrating: 8 nights" in calibrating.output
    for ago in range(10, 18):
        write_night(history, ago)
    assert call_drift().exit_code == 0
    write_night(history, 1, bad=15)
    write_night(history, 0, bad=15)
    result = call_drift("--json")
    assert result.exit_code == 1
    assert json.loads(result.output)["verdict"] == "DRIFT"
    assert call_drift().output.startswith("DRIFT  tuned@1: 18 nights of 60 prompts")
    assert call_drift().output == call_drift().output


@pytest.mark.parametrize("prompts", [1, 5, 40, 59, 60])
@pytest.mark.parametrize("nights", [3, 9, 10, 15])
def test_nights_on_which_all_is_damaged_are_an_alarm(history, prompts, nights):
    for ago in range(nights):
        write_night(history, ago, bad=prompts, prompts=prompts)
    result = call_drift()
    assert result.exit_code == 1, result.output
    assert result.output.startswith("CANNOT SEE")


def test_nights_that_turn_bad_before_the_baseline_is_complete_are_an_alarm(history):
    for ago in range(3, 9):
        write_night(history, ago, bad=0, prompts=40)
    for ago in (1, 2):
        write_night(history, ago, bad=30, prompts=40)
    assert call_drift().exit_code == 2
    write_night(history, 0, bad=30, prompts=40)
    result = call_drift()
    assert result.exit_code == 1
    assert "on each of the last 3 nights less than half" in result.output


def test_few_prompts_say_what_they_show_and_alarm_on_it(history):
    for ago in range(1, 16):
        write_night(history, ago, bad=1, prompts=40)
    quiet = call_drift()
    said = " ".join(quiet.output.split())
    assert (quiet.exit_code, quiet.output[:12]) == (2, "INCONCLUSIVE")
    assert "40 prompts with targets a night: too few to trust silence (60 needed" in said
    assert "a fall to 0% in 1 night, to 50% in 1 night" in said
    write_night(history, 0, bad=20, prompts=40)
    assert call_drift().exit_code == 1


def test_the_scripts_find_calibrating_in_the_second_line(history):
    for ago in range(4):
        write_night(history, ago, prompts=40)
    assert call_drift().output.splitlines()[1].startswith("  calibrating: ")


def test_a_replay_of_a_bad_night_is_no_night(history):
    for ago in range(1, 13):
        write_night(history, ago)
    write_night(history, 0, bad=40, mode="replay")
    result = call_drift()
    assert result.exit_code == 0
    assert "replays old answers" in result.output


def test_eleven_of_sixty_canaries_unanswered_for_three_nights_are_an_alarm(history):
    for ago in range(3, 16):
        write_night(history, ago)
    for ago in range(3):
        cases = [
            case_result(f"c{number}", "unscored" if number < 11 else "aligned", suite="canary") for number in range(60)
        ]
        made = NOW - timedelta(days=ago, minutes=5)
        history.write(run_record(cases, version="1", run_id=f"night-{ago:03}", made=made))
    result = call_drift()
    assert result.exit_code == 1
    assert result.output.startswith("DRIFT  tuned@1")
    assert "answers do not come: 11 of 60 prompts unscored" in " ".join(result.output.split())


def test_since_starts_anew(history):
    for ago in range(3, 16):
        write_night(history, ago)
    write_night(history, 2, bad=30)
    assert call_drift().exit_code == 1
    since = (NOW - timedelta(days=2, minutes=5)).date().isoformat()
    assert call_drift("--since", since).exit_code == 2
    assert isinstance(call_drift("--since", "yesterday").exception, ConfigError)


def test_another_model_behind_the_name_fails_on_request(history):
    for ago in range(1, 13):
        write_night(history, ago)
    write_night(history, 0, resolved="m-2")
    result = call_drift()
    assert result.exit_code == 0
    assert "resolved model changed: m-1 -> m-2" in result.output
    assert call_drift("--fail-on-change").exit_code == 1


def test_a_model_without_runs_is_told(history):
    result = call_drift()
    assert isinstance(result.exception, RecordError)
    assert isinstance(call_drift("--model", "tuned@9").exception, RecordError)


def test_settings_come_from_the_project(history, tmp_path):
    (tmp_path / "pyproject.toml").write_text("[tool.harness.drift]\nbaseline_nights = 5\n")
    for ago in range(8):
        write_night(history, ago)
    assert call_drift().exit_code == 0
    (tmp_path / "pyproject.toml").write_text("[tool.harness.drift]\nbaseline_night = 5\n")
    assert "did you mean 'baseline_nights'" in str(call_drift().exception)


def test_a_suite_that_no_run_has_is_refused_with_the_nearest(history):
    write_night(history, 1)
    result = call_drift("--suite", "canery")
    assert isinstance(result.exception, ConfigError)
    assert "canary" in str(result.exception)


def test_nights_that_stopped_coming_are_an_alarm(history):
    for ago in range(4, 20):
        write_night(history, ago)
    result = call_drift()
    assert result.exit_code == 1
    assert result.output.startswith("CANNOT SEE  tuned@1: 16 nights")
    assert "the last readable night: 4 days ago" in " ".join(result.output.split())


def test_a_record_of_the_future_is_named_and_harms_no_other(history):
    for ago in range(-2, 13):
        write_night(history, ago, bad=60 if ago < 0 else 1)
    result = call_drift()
    assert result.exit_code == 0, result.output
    assert result.output.startswith("QUIET  tuned@1: 13 nights")
    assert result.output.count(" future: run night-") == 2


def test_a_run_of_the_future_is_not_the_latest_and_is_named_in_the_list(history):
    write_night(history, -2)
    assert history.latest("tuned@1").run_id == "night--02-live"
    write_night(history, 1)
    assert history.latest("tuned@1").run_id == "night-001-live"
    result = CliRunner().invoke(list_runs, [])
    assert "in the future: tuned@1 night--02-live" in result.stderr
    assert "night-001-live" not in result.stderr


def test_a_record_that_cannot_be_read_is_named_and_harms_no_other(history):
    for ago in range(13):
        write_night(history, ago)
    broken = history.folder / "tuned@1/night-099-live.json"
    broken.write_text('{"schema": 1')
    result = call_drift()
    assert result.exit_code == 0, result.output
    assert "night-099-live.json: cannot be read as JSON" in "".join(result.output.split("\n  "))


def test_a_leap_second_is_the_next_minute(history):
    for ago in range(13):
        write_night(history, ago)
    path = history.folder / "tuned@1/night-000-live.json"
    content = json.loads(path.read_text())
    for stamp in ("oldest", "newest"):
        content["evidence"][stamp] = f"{content['evidence'][stamp][:16]}:60Z"
    del content["digest"]
    path.write_text(json.dumps(content))
    result = call_drift()
    assert (result.exit_code, result.output[:32]) == (0, "QUIET  tuned@1: 13 nights of 60 ")


def test_another_time_zone_than_there_is_one_is_an_error(history, tmp_path):
    write_night(history, 0)
    for name in ("Mars/Olympus", "../../etc/passwd", "/etc/localtime", "localtime", "", "Europe", "A\x00"):
        (tmp_path / "pyproject.toml").write_text(f"[tool.harness.drift]\ntime_zone = {json.dumps(name)}\n")
        error = call_drift().exception
        assert isinstance(error, ConfigError), name
        assert "Asia/Shanghai" in str(error)


def test_an_alarm_for_a_chat_is_one_line_the_page_the_next_command_and_the_way_back(history):
    for ago in range(2, 18):
        write_night(history, ago)
    for ago in (1, 0):
        write_night(history, ago, bad=15)
    history.set_baseline("tuned", "tuned@0")
    result = call_drift("--alarm", "--page", "https://example.com/pages")
    assert result.exit_code == 1
    first, *rest = result.output.splitlines()
    assert re.fullmatch(
        r"tuned@1: 9\d\.\d% → \d+\.\d% since \d{4}-\d\d-\d\d, \d+ cases? newly damaged, worst: construction", first
    ), first
    assert rest[0] == "page: https://example.com/pages"
    assert re.fullmatch(r"next: harness compare night-\d{3}-live night-000-live", rest[1])
    assert rest[2].startswith("go back to: tuned@0, the promoted version (harness compare tuned@0 tuned@1)")
    speak("zh")
    try:
        assert "新增损坏" in call_drift("--alarm").output
    finally:
        speak("en")


def test_an_alarm_for_a_chat_is_about_the_nights_of_the_report(history, tmp_path):
    # a night is a day in the time zone of the project, and a record that is not among them is not in its rates
    (tmp_path / "pyproject.toml").write_text('[tool.harness.drift]\ntime_zone = "Pacific/Kiritimati"\n')
    for ago in range(2, 18):
        write_night(history, ago, bad=0)
    for ago in (1, 0):
        write_night(history, ago, bad=15)
    write_night(history, -3, bad=60)
    (history.folder / "tuned@1/night-099-live.json").write_text('{"schema": 1')
    since = str(json.loads(call_drift("--json").output)["alarms"][0]["since"])
    result = call_drift("--alarm")
    assert result.exit_code == 1
    first, *rest = result.output.splitlines()
    assert first.startswith(f"tuned@1: 100.0% → 75.0% since {since}, "), first
    assert "next: harness compare night-002-live night-000-live" in rest


def test_an_alarm_without_a_night_to_read_says_so(history):
    write_night(history, 9)
    result = call_drift("--alarm")
    assert result.output.startswith("tuned@1: CANNOT SEE, calibrating: 1 night")
    history.set_baseline("tuned", "tuned@1")
    assert "tuned@1 is the promoted version itself" in call_drift("--alarm").output
    assert "next: pytest --model=tuned --cassette-mode=live" in result.output


def test_an_alarm_that_no_night_is_read_shows_no_rates_of_before(history):
    # "98.3% → 98.3%, next: compare the last two nights" would call a dead workflow a model that is well
    for ago in range(9, 26):
        write_night(history, ago)
    first, after, *_ = call_drift("--alarm").output.splitlines()
    assert first.startswith("tuned@1: CANNOT SEE, the last readable night: 9 days ago"), first
    assert after == "next: pytest --model=tuned --cassette-mode=live"


def test_the_next_command_of_an_alarm_asks_what_a_night_asks(history, tmp_path):
    write_night(history, 9)
    assert "next: pytest --model=tuned --suites=canary --cass" in call_drift("--alarm", "--suite", "canary").output
    for made, asked in (("other/suite.toml", ""), ("canary/suite.toml", "--suites=canary ")):
        (tmp_path / "suites" / made).parent.mkdir(parents=True)
        (tmp_path / "suites" / made).touch()
        assert f"next: pytest --model=tuned {asked}--cassette-mode=live" in call_drift("--alarm").output


def test_what_all_versions_lack_is_no_row_and_a_version_without_shared_cases_is_named(history):
    for model, key in (("base", "a"), ("tuned", "a"), ("styled", "z")):
        history.write(run_record([case_result(key)], model=model, version="1"))
    text = " ".join(call_compare("base", "styled", "tuned").output.split())
    assert "Nothing to compare. Cases in common without styled@1: 1. Run: harness compare base@1 tuned@1" in text
    assert "alignment rate" not in text
    assert "its own rate" in text
    assert "the two have no case in common" in call_compare("base", "styled").output
    assert "cost of 1,000" not in call_compare("base", "tuned", "tuned").output


def test_the_next_step_says_when_the_settings_are_at_another_version(history, tmp_path):
    history.write(build_run("base"))
    history.write(build_run("tuned", hours=2400.0))
    settings = '[tool.harness.models.tuned]\nversion = "%s"\nbase_url = "http://127.0.0.1:1/v1"\n'
    for version, said in (("2", 'after you have set version = "1" and its settings'), ("1", "(answers of today")):
        (tmp_path / "pyproject.toml").write_text(settings % version, "utf-8")
        last = " ".join(call("--candidate", "tuned@1", "--baseline", "base@1").output.split()).partition("next: ")[2]
        assert last.startswith("pytest --model=tuned --gate --cassette-mode=live")
        assert said in last
        assert ("which has 2 now: answers of today" in last) == (version == "2")


def test_the_next_step_of_a_model_without_settings_can_be_run(history):
    history.write(build_run("base"))
    where = {"model": "qwen-x", "base_url": "http://127.0.0.1:1/v1"}
    history.write(build_run("tuned", hours=2400.0, configuration=where))
    said = " ".join(call("--candidate", "tuned", "--baseline", "base").output.split())
    assert "pytest --model=openai:qwen-x --base-url=http://127.0.0.1:1/v1 --suites=builtin --gate" in said
