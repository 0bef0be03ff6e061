"""Speeds of a version, and the change to another one, as `harness compare` and `harness runs show` print them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

from harness.cli import harness as cli
from harness.config import ModelConfig
from harness.decisions.latency import compare_latency, speeds
from harness.history import History
from harness.records.run import PromptLatency, RunRecord
from harness.runs.latency import LatencyPrompt, LatencySuite, Timed, latency_record
from harness.show.comparison import latency_change_json, latency_change_lines, latency_lines

SUITE = LatencySuite(prompts=(LatencyPrompt(id="short", prompt="Go on."),))
STARTED = "2026-03-01T10:00:00Z"


def prompt(first: float, token: float, rounds: int = 80, failed: int = 0, digest: str = "d") -> PromptLatency:
    """21 tokens an answer; times a thousandth apart, in no order, and the longest ones never end."""
    mixed = [37 * n % rounds for n in range(rounds)]
    numbers = [None if n >= rounds - failed else n / 1000 for n in mixed]
    return PromptLatency(
        prompt="short",
        digest=digest,
        first_token_s=tuple(None if n is None else first + n for n in numbers),
        total_s=tuple(None if n is None else first + n + 20 * token for n in numbers),
        completion_tokens=tuple(None if n is None else 21 for n in numbers),
        failures={"timeout": failed} if failed else {},
    )


def run(name: str, measured: PromptLatency, runtime: str = "server 1", started: str = STARTED) -> RunRecord:
    model = ModelConfig(name=name, version="v1")
    timed = Timed(resolved_model=name, runtime=runtime, dates=[started], requests=83)
    return latency_record(model, SUITE, [measured], timed, started=started, ended=started, root=Path("/nowhere"))


def test_speeds_are_those_of_the_requests() -> None:
    latency = run("a", prompt(0.1, 0.02)).latency
    assert latency is not None
    first, rate, total = speeds(latency)
    assert (first.quantity, rate.quantity, total.quantity) == ("first_token_s", "tokens_per_s", "total_s")
    # the 40th and the 76th of 80
    assert (first.p50.estimate, first.p95.estimate) == pytest.approx((0.139, 0.175))
    assert rate.p50.estimate == pytest.approx(50)
    assert total.p50.estimate == pytest.approx(0.539)
    assert first.p50.low < first.p50.estimate < first.p50.high < first.p95.high


def test_p95_of_a_speed_is_its_slow_end() -> None:
    measured = prompt(0.1, 0.02).model_copy(update={"completion_tokens": tuple(range(2, 82))})
    latency = run("a", measured).latency
    assert latency is not None
    rate = speeds(latency)[1]
    assert rate.p95.estimate < rate.p50.estimate
    assert rate.p95.estimate == pytest.approx(4 / 0.4)


def test_requests_without_an_answer_are_the_slowest_and_are_told() -> None:
    latency = run("a", prompt(0.1, 0.02, failed=8)).latency
    assert latency is not None
    text = "\n".join(latency_lines(latency))
    assert "no answer" in text
    assert "without an answer to short: timeout 8 (counted as the slowest)" in text
    assert speeds(latency)[0].p50.estimate == pytest.approx(0.139)


def test_a_slower_version_is_found_slower_in_what_it_is_slower_in() -> None:
    found = compare_latency(run("a", prompt(0.1, 0.02)), run("b", prompt(0.3, 0.01)))
    assert found is not None
    told = {(one.quantity, one.percentile): one.faster for one in found.changes}
    assert told[("first_token_s", 50)] is told[("first_token_s", 95)] is False
    assert told[("tokens_per_s", 50)] is True
    # 0.2 s later and 0.2 s shorter: no change at all
    assert told[("total_s", 50)] is None
    assert found.caution == ()


def test_every_line_of_a_comparison_fits_a_terminal() -> None:
    found = compare_latency(run("a", prompt(12.1, 0.02)), run("b", prompt(93.3, 2.5, failed=20), "other"))
    assert found is not None
    assert max(map(len, latency_change_lines(found))) <= 80


def test_what_else_was_different_is_told() -> None:
    found = compare_latency(
        run("a", prompt(0.1, 0.02, digest="old")), run("b", prompt(0.1, 0.02), "server 2", "2026-03-08T10:00:00Z")
    )
    assert found is not None
    assert found.changes == ()
    assert [caution.split(" (")[0] for caution in found.caution] == [
        "different servers",
        "measured 7 days apart: the network and the load were others",
        "1 prompt left out: only in one of the two, or changed since",
    ]


def test_answers_of_another_length_are_told() -> None:
    shorter = prompt(0.1, 0.02).model_copy(update={"completion_tokens": (11,) * 80})
    found = compare_latency(run("a", prompt(0.1, 0.02)), run("b", shorter))
    assert found is not None
    assert found.caution == ("answers to short had 21 and 11 tokens: whole answers are not alike",)


def test_open_intervals_are_null_in_json() -> None:
    found = compare_latency(run("a", prompt(0.1, 0.02, rounds=20)), run("b", prompt(0.1, 0.02, rounds=20)))
    text = json.dumps(latency_change_json(found), allow_nan=False)
    assert json.loads(text)["changes"][1]["new"]["high"] is None


@pytest.fixture
def command(tmp_path: Path) -> Callable[..., str]:
    history = History(tmp_path)
    for record in (run("a", prompt(0.2, 0.02)), run("b", prompt(0.3, 0.02))):
        history.write(record)
        # an older measurement, which the newer one replaces
        history.write(run(record.model, prompt(0.9, 0.02), started="2026-02-01T10:00:00Z"))

    def call(*arguments: str) -> str:
        result = CliRunner().invoke(cli, [*arguments, "--report-dir", str(tmp_path)])
        assert result.exit_code == 0, result.output
        return result.output

    return call


def test_compare_takes_the_newest_measurement_of_each_version(command: Callable[..., str]) -> None:
    lines = command("compare", "a", "b").splitlines()
    row = next(line.split() for line in lines if "first token, p50" in line)
    assert row[3:7] == ["239", "ms", "339", "ms"]
    assert row[-1] == "*"
    assert "| First token, p50 |" in command("compare", "a", "b", "--markdown")
    found = json.loads(command("compare", "a", "b", "--json"))["latency"]
    assert found["changes"][0]["change"]["estimate"] == pytest.approx(0.1)


def test_show_tells_the_speeds_and_no_rates(command: Callable[..., str]) -> None:
    text = command("runs", "show", "b")
    assert "first token" in text
    assert "alignment" not in text


def test_records_without_a_measurement_are_written_as_ever(command: Callable[..., str], tmp_path: Path) -> None:
    record = run("a", prompt(0.2, 0.02)).model_copy(update={"latency": None, "run_id": "20260301-0123456789"})
    assert "latency" not in json.loads(History(tmp_path).write(record).read_text())
