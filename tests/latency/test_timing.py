"""Times are those of the wire, one request at a time; a failure is a slow answer, and no answer is none."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

from harness.cli import harness as cli
from harness.config import ModelConfig
from harness.decisions.latency import compare_latency, speeds
from harness.errors import EndpointError, SuiteError
from harness.history import History
from harness.records.run import PromptLatency, RunRecord
from harness.runs.latency import LatencyPrompt, LatencySuite, Stopwatch, Timed, latency_record, load_latency_suite
from harness.show.comparison import latency_change_json, latency_change_lines, latency_lines
from tests.latency.paced_server import PacedServer

PROMPT = LatencyPrompt(id="p", prompt="Say something.")
SUITE = LatencySuite(rounds=4, warm_up=1, max_tokens=16, prompts=(PROMPT,))

Measure = Callable[..., PromptLatency]


@pytest.fixture
def measure(tmp_path: Path) -> Measure:
    def run(server: PacedServer, rounds: int = 4, **settings: object) -> PromptLatency:
        model = ModelConfig.model_validate({"name": "m", "base_url": server.base_url, "timeout_s": 5, **settings})
        stopwatch = Stopwatch(model, tmp_path, SUITE, rounds=rounds)
        try:
            return stopwatch.measure(PROMPT)
        finally:
            stopwatch.close()

    return run


def test_times_are_those_of_the_endpoint(measure: Measure) -> None:
    with PacedServer(first_s=0.08, between_s=0.02, tokens=6) as server:
        found = measure(server)
    assert found.completion_tokens == (6,) * 4
    first = [time for time in found.first_token_s if time is not None]
    total = [time for time in found.total_s if time is not None]
    assert len(first) == len(total) == 4
    # no answer can be faster than the server sleeps; how much slower a busy machine makes the worst one is not known
    assert min(first) >= 0.08
    assert min(total) >= 0.18
    assert min(first) < 0.13
    assert min(total) < 0.28


def test_requests_go_one_at_a_time_after_a_warm_up_that_does_not_count(measure: Measure) -> None:
    with PacedServer(first_s=0.01, between_s=0) as server:
        found = measure(server)
        assert len(server.bodies) == 1 + 4
        assert server.most_running == 1
    assert len(found.total_s) == 4


def test_no_two_requests_are_the_same_so_that_no_cache_answers(measure: Measure) -> None:
    with PacedServer(first_s=0, between_s=0) as server:
        measure(server)
        measure(server)
        contents = [body["messages"][-1]["content"] for body in server.bodies]
    assert len(set(contents)) == len(contents) == 10
    assert len({len(content) for content in contents}) == 1
    assert all(content.endswith("] Say something.") for content in contents)


def test_the_suite_sets_the_limit_of_tokens_and_asks_for_a_stream(measure: Measure) -> None:
    with PacedServer(first_s=0, between_s=0) as server:
        measure(server, max_tokens=500)
        measure(server, extra_body={"max_completion_tokens": 500})
        plain, reasoning = server.bodies[0], server.bodies[-1]
    assert plain["stream"] is reasoning["stream"] is True
    assert plain["max_tokens"] == reasoning["max_completion_tokens"] == 16
    assert "max_tokens" not in reasoning


def test_a_request_that_failed_has_no_time_and_is_not_sent_again(measure: Measure) -> None:
    with PacedServer(first_s=0, between_s=0, script=("ok", "ok", "500", "ok", "ok")) as server:
        found = measure(server)
        assert len(server.bodies) == 5
    assert [total is None for total in found.total_s] == [False, True, False, False]
    assert found.failures == {"http_500": 1}


@pytest.mark.parametrize("meets", ["429", "close"])
def test_what_was_never_answered_is_sent_again_and_timed_anew(
    measure: Measure, meets: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("harness.runs.latency._PATIENCE_S", 0.01)
    with PacedServer(first_s=0, between_s=0, script=("ok", "ok", meets, "ok")) as server:
        found = measure(server)
        assert len(server.bodies) == 6
    assert None not in found.total_s
    assert found.resent == 1
    assert found.failures == {}


def test_an_answer_that_is_no_stream_has_a_total_alone(measure: Measure) -> None:
    with PacedServer(first_s=0, default="whole") as server:
        found = measure(server)
    assert found.first_token_s == (None,) * 4
    assert None not in found.total_s


def test_an_endpoint_that_answers_nothing_is_given_up_soon(measure: Measure) -> None:
    with PacedServer(default="500") as server, pytest.raises(EndpointError, match=r"5 requests in a row .*http_500"):
        measure(server, rounds=50)


def test_an_echoed_key_is_no_answer(measure: Measure, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LAT_KEY", "paced-1 t0 t1 t2")
    monkeypatch.setenv("OPENAI_API_KEY", "t0 t1 t2 t3")
    with PacedServer(first_s=0, between_s=0) as server, pytest.raises(EndpointError, match="secret_echoed"):
        measure(server, rounds=10)


# `latency.toml` is read strictly, and every mistake is reported with its place.

GOOD = '[[prompts]]\nid = "a"\nprompt = "Go on."\n'


def write(folder: Path, text: str) -> Path:
    (folder / "latency.toml").write_text(text, encoding="utf-8")
    return folder


def test_rounds_bound_the_95th_percentile_unless_told_otherwise(tmp_path: Path) -> None:
    suite = load_latency_suite(write(tmp_path, GOOD))
    assert suite.rounds >= 72
    assert [prompt.id for prompt in suite.prompts] == ["a"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("rounds = ", "cannot be read as TOML"),
        (f"round = 5\n{GOOD}", "round: unknown field .did you mean 'rounds'"),
        (f"rounds = 0\n{GOOD}", "rounds: found 0; accepted: no less than 1"),
        (f"max_tokens = 1\n{GOOD}", "max_tokens: found 1"),
        ("rounds = 5\n", "prompts: missing"),
        ("prompts = []\n", "prompts: found"),
        ('[[prompts]]\nid = "../x"\nprompt = "Go on."\n', r"prompts\[0\].id"),
        (GOOD + GOOD, "prompts: the id 'a' is there twice"),
    ],
)
def test_mistakes_are_told_with_their_place(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(SuiteError, match=said) as raised:
        load_latency_suite(write(tmp_path, text))
    assert str(tmp_path / "latency.toml") in str(raised.value)


def test_another_prompt_or_limit_does_not_compare(tmp_path: Path) -> None:
    suite = load_latency_suite(write(tmp_path, GOOD))
    other = load_latency_suite(write(tmp_path, f"max_tokens = 32\n{GOOD}"))
    third = load_latency_suite(write(tmp_path, GOOD.replace("Go on.", "Go on!")))
    digests = {one.digest(one.prompts[0]) for one in (suite, other, third)}
    assert len(digests) == 3


def test_the_shipped_suite_can_be_read() -> None:
    suite = load_latency_suite(Path(__file__).parents[2] / "suites" / "latency")
    assert suite.rounds >= 72
    assert len(suite.prompts) == 2


# Speeds of a version, and the change to another one, as `harness compare` and `harness runs show` print them.

COMPARED_SUITE = LatencySuite(prompts=(LatencyPrompt(id="short", prompt="Go on."),))
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
    return latency_record(
        model, COMPARED_SUITE, [measured], timed, started=started, ended=started, root=Path("/nowhere")
    )


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
