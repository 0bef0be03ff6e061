import pytest

from harness.decisions.gate import judge
from harness.records.policy import DEFAULT_POLICY, GatePolicy, Rule

AT_LEAST_95 = GatePolicy(rules=(Rule(metric="alignment_rate", min=0.95),))


def paid(cases, cost):
    return [
        case.model_copy(update={"samples": tuple(s.model_copy(update={"cost": cost}) for s in case.samples)})
        for case in cases
    ]


def test_a_go_is_made_the_baseline(cases, run, now):
    step = judge(run(cases(300)), None, AT_LEAST_95, now).next
    assert (step.command, step.requests) == ("harness runs baseline tuned@v1", 0)


def test_a_partial_run_is_looked_at_by_its_id(cases, run, now):
    stopped = run(cases(120, 60), partial=True, run_id="stopped")
    assert judge(stopped, run(cases(120), model="base", run_id="b"), DEFAULT_POLICY, now).next.command == (
        "harness compare base@v1 stopped"
    )


def test_a_no_go_is_looked_at(cases, run, now):
    verdict = judge(run(cases(300, 60)), run(cases(300), model="base"), DEFAULT_POLICY, now)
    assert verdict.next.command == "harness compare base@v1 tuned@v1"


@pytest.mark.parametrize("fields", [{"mode": "replay"}, {"age_days": 7.8}])
def test_stale_answers_keep_their_reading_and_are_asked_again(cases, run, now, fields):
    record = run(paid(cases(300, 60, samples=3), 0.002), currency="CNY", **fields)
    verdict = judge(record, None, AT_LEAST_95, now)
    assert (verdict.verdict, verdict.rules[0].result) == ("INCONCLUSIVE", "INSUFFICIENT_EVIDENCE")
    assert verdict.rules[0].reading.result == "BREACH"
    step = verdict.next
    assert step.command == "pytest --model=tuned --samples=3 --gate --cassette-mode=live"
    assert (step.requests, step.cost, step.currency) == (900, pytest.approx(1.8), "CNY")


def test_a_missing_baseline_is_named(cases, run, now):
    assert "harness runs baseline" in judge(run(cases(300)), None, DEFAULT_POLICY, now).next.command


def test_a_partial_run_is_completed(cases, run, now):
    step = judge(run(cases(30), partial=True), run(cases(300), model="base"), DEFAULT_POLICY, now).next
    assert (step.command, step.requests) == ("pytest --model=tuned --gate --cassette-mode=record", 300)


def test_a_baseline_on_other_cases_is_run_on_the_same(cases, run, now):
    verdict = judge(run(cases(300)), run(cases(200), model="base"), DEFAULT_POLICY, now)
    assert verdict.next.command == "pytest --model=base --cassette-mode=live"


def test_answers_that_were_cut_off_need_more_tokens_first(cases, run, now):
    holes = cases(240) + cases(60, 60, outcome="unscored", first=240)
    step = judge(run(holes), None, AT_LEAST_95, now).next
    assert "raise max_tokens" in step.why
    assert step.requests == 300


def test_few_clean_cases_need_more_and_failures_a_look(cases, run, now):
    assert judge(run(cases(40)), None, AT_LEAST_95, now).next.command == "harness gate --plan"
    assert judge(run(cases(300, 17)), None, AT_LEAST_95, now).next.command == "harness runs show tuned@v1"


def test_a_baseline_is_asked_again_with_as_many_samples(cases, run, now):
    step = judge(run(cases(300, samples=2)), run(cases(300), model="base"), DEFAULT_POLICY, now).next
    assert (step.command, step.requests) == ("pytest --model=base --samples=2 --cassette-mode=live", 600)
