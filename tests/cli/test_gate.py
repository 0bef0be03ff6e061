import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner

from harness.cli.gate import gate
from harness.errors import ConfigError, RecordError
from harness.history import History
from tests.factory import case_result, case_results, check_results, run_record


def build_run(model="tuned", total=300, bad=0, *, hours=2.0, version="1", outcome="damaged", **fields):
    """A run whose answers were made some hours ago, with bad cases first and as many checks as cases."""
    made = datetime.now(UTC) - timedelta(hours=hours)
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
    lucky = call("--candidate", f"{datetime.now(UTC) - timedelta(hours=9):%Y-%m-%d}-tuned0", "--baseline", "base")
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
