import json
from datetime import UTC, datetime, timedelta

import pytest
from click.testing import CliRunner

from harness.cli.drift import drift
from harness.cli.runs import list_runs
from harness.errors import ConfigError, RecordError
from harness.history import History
from tests.factory import case_result, run_record, sample_result


def write(history, ago, bad=1, resolved="m-1", mode="live", *, prompts=60):
    """A night of 60 prompts; other prompts fail each night."""
    outcomes = ["damaged" if (number + 7 * ago) % prompts < bad else "aligned" for number in range(prompts)]
    cases = [
        case_result(f"c{number}", one, suite="canary", samples=[sample_result(one, resolved_model=resolved)])
        for number, one in enumerate(outcomes)
    ]
    made = datetime.now(UTC) - timedelta(days=ago, minutes=5)
    history.write(run_record(cases, version="1", run_id=f"night-{ago:03}-{mode}", mode=mode, made=made))


@pytest.fixture
def history(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return History(tmp_path / "reports")


def call(*arguments):
    return CliRunner().invoke(drift, ["--model", "tuned", *arguments])


def test_quiet_drift_and_calibrating_are_0_1_and_2(history):
    for ago in range(2, 10):
        write(history, ago)
    calibrating = call()
    assert calibrating.exit_code == 2
    assert "calibrating: 8 nights" in calibrating.output
    for ago in range(10, 18):
        write(history, ago)
    assert call().exit_code == 0
    write(history, 1, bad=15)
    write(history, 0, bad=15)
    result = call("--json")
    assert result.exit_code == 1
    assert json.loads(result.output)["verdict"] == "DRIFT"
    assert call().output.startswith("DRIFT  tuned@1: 18 nights of 60 prompts")
    assert call().output == call().output


@pytest.mark.parametrize("prompts", [1, 5, 40, 59, 60])
@pytest.mark.parametrize("nights", [3, 9, 10, 15])
def test_nights_on_which_all_is_damaged_are_an_alarm(history, prompts, nights):
    for ago in range(nights):
        write(history, ago, bad=prompts, prompts=prompts)
    result = call()
    assert result.exit_code == 1, result.output
    assert result.output.startswith("CANNOT SEE")


def test_nights_that_turn_bad_before_the_baseline_is_complete_are_an_alarm(history):
    for ago in range(3, 9):
        write(history, ago, bad=0, prompts=40)
    for ago in (1, 2):
        write(history, ago, bad=30, prompts=40)
    assert call().exit_code == 2
    write(history, 0, bad=30, prompts=40)
    result = call()
    assert result.exit_code == 1
    assert "on each of the last 3 nights less than half" in result.output


def test_few_prompts_say_what_they_show_and_alarm_on_it(history):
    for ago in range(1, 16):
        write(history, ago, bad=1, prompts=40)
    quiet = call()
    said = " ".join(quiet.output.split())
    assert (quiet.exit_code, quiet.output[:12]) == (2, "INCONCLUSIVE")
    assert "40 prompts with targets a night: too few to trust silence (60 needed" in said
    assert "a fall to 0% in 1 night, to 50% in 1 night" in said
    write(history, 0, bad=20, prompts=40)
    assert call().exit_code == 1


def test_the_scripts_find_calibrating_in_the_second_line(history):
    for ago in range(4):
        write(history, ago, prompts=40)
    assert call().output.splitlines()[1].startswith("  calibrating: ")


def test_a_replay_of_a_bad_night_is_no_night(history):
    for ago in range(1, 13):
        write(history, ago)
    write(history, 0, bad=40, mode="replay")
    result = call()
    assert result.exit_code == 0
    assert "replays old answers" in result.output


def test_eleven_of_sixty_canaries_unanswered_for_three_nights_are_an_alarm(history):
    for ago in range(3, 16):
        write(history, ago)
    for ago in range(3):
        cases = [
            case_result(f"c{number}", "unscored" if number < 11 else "aligned", suite="canary") for number in range(60)
        ]
        made = datetime.now(UTC) - timedelta(days=ago, minutes=5)
        history.write(run_record(cases, version="1", run_id=f"night-{ago:03}", made=made))
    result = call()
    assert result.exit_code == 1
    assert result.output.startswith("DRIFT  tuned@1")
    assert "answers do not come: 11 of 60 prompts unscored" in " ".join(result.output.split())


def test_since_starts_anew(history):
    for ago in range(3, 16):
        write(history, ago)
    write(history, 2, bad=30)
    assert call().exit_code == 1
    since = (datetime.now(UTC) - timedelta(days=2)).date().isoformat()
    assert call("--since", since).exit_code == 2
    assert isinstance(call("--since", "yesterday").exception, ConfigError)


def test_another_model_behind_the_name_fails_on_request(history):
    for ago in range(1, 13):
        write(history, ago)
    write(history, 0, resolved="m-2")
    result = call()
    assert result.exit_code == 0
    assert "resolved model changed: m-1 -> m-2" in result.output
    assert call("--fail-on-change").exit_code == 1


def test_a_model_without_runs_is_told(history):
    result = call()
    assert isinstance(result.exception, RecordError)
    assert isinstance(call("--model", "tuned@9").exception, RecordError)


def test_settings_come_from_the_project(history, tmp_path):
    (tmp_path / "pyproject.toml").write_text("[tool.harness.drift]\nbaseline_nights = 5\n")
    for ago in range(8):
        write(history, ago)
    assert call().exit_code == 0
    (tmp_path / "pyproject.toml").write_text("[tool.harness.drift]\nbaseline_night = 5\n")
    assert "did you mean 'baseline_nights'" in str(call().exception)


def test_a_suite_that_no_run_has_is_refused_with_the_nearest(history):
    write(history, 1)
    result = call("--suite", "canery")
    assert isinstance(result.exception, ConfigError)
    assert "canary" in str(result.exception)


def test_nights_that_stopped_coming_are_an_alarm(history):
    for ago in range(4, 20):
        write(history, ago)
    result = call()
    assert result.exit_code == 1
    assert result.output.startswith("CANNOT SEE  tuned@1: 16 nights")
    assert "the last readable night: 4 days ago" in " ".join(result.output.split())


def test_a_record_of_the_future_is_named_and_harms_no_other(history):
    for ago in range(-2, 13):
        write(history, ago, bad=60 if ago < 0 else 1)
    result = call()
    assert result.exit_code == 0, result.output
    assert result.output.startswith("QUIET  tuned@1: 13 nights")
    assert result.output.count(" future: run night-") == 2


def test_a_run_of_the_future_is_not_the_latest_and_is_named_in_the_list(history):
    write(history, -2)
    assert history.latest("tuned@1").run_id == "night--02-live"
    write(history, 1)
    assert history.latest("tuned@1").run_id == "night-001-live"
    result = CliRunner().invoke(list_runs, [])
    assert "in the future: tuned@1 night--02-live" in result.stderr
    assert "night-001-live" not in result.stderr


def test_a_record_that_cannot_be_read_is_named_and_harms_no_other(history):
    for ago in range(13):
        write(history, ago)
    broken = history.folder / "tuned@1/night-099-live.json"
    broken.write_text('{"schema": 1')
    result = call()
    assert result.exit_code == 0, result.output
    assert "night-099-live.json: cannot be read as JSON" in "".join(result.output.split("\n  "))


def test_a_leap_second_is_the_next_minute(history):
    for ago in range(13):
        write(history, ago)
    path = history.folder / "tuned@1/night-000-live.json"
    content = json.loads(path.read_text())
    for stamp in ("oldest", "newest"):
        content["evidence"][stamp] = f"{content['evidence'][stamp][:16]}:60Z"
    del content["digest"]
    path.write_text(json.dumps(content))
    result = call()
    assert (result.exit_code, result.output[:32]) == (0, "QUIET  tuned@1: 13 nights of 60 ")


def test_another_time_zone_than_there_is_one_is_an_error(history, tmp_path):
    write(history, 0)
    for name in ("Mars/Olympus", "../../etc/passwd", "/etc/localtime", "", "Europe", "A\x00"):
        (tmp_path / "pyproject.toml").write_text(f"[tool.harness.drift]\ntime_zone = {json.dumps(name)}\n")
        error = call().exception
        assert isinstance(error, ConfigError), name
        assert "Asia/Shanghai" in str(error)
