"""A run whose verdict may come early: settled at a planned look, complete when it stops there."""

import pytest

from harness.decisions.gate import judge
from harness.records.policy import GatePolicy, Rule
from harness.records.run import Looks
from harness.show.verdicts import gate_lines
from harness.statistics.sequential import looks, stratified_order

BOTH = GatePolicy(rules=(Rule(metric="alignment_rate", min=0.95, max_drop=0.03),), population="suite")


@pytest.fixture
def sequential(case, run):
    """A run that was asked in random order and stopped after `asked` of 594 cases; the named share fails."""

    def build(asked, failing=0, **fields):
        whole = {f"symbols/c{i:03}": f"d{i % 44:02}" for i in range(594)}
        order = stratified_order(whole, 5)[:asked]
        bad = set(order[::-1][:failing] if failing < 0 else order[:failing])
        cases = [
            case(key.partition("/")[2], "damaged" if key in bad else "aligned", domain=whole[key]) for key in order
        ]
        told = Looks(seed=5, planned=594, sizes=looks(594), asked=order)
        return run(cases, looks=told, **fields)

    return build


@pytest.fixture
def baseline(case, run):
    return run([case(f"c{i:03}", domain=f"d{i % 44:02}") for i in range(594)], model="base")


def test_a_flawless_run_is_a_go_long_before_the_end(sequential, baseline, now):
    first = judge(sequential(100), baseline, BOTH, now)
    assert first.verdict == "INCONCLUSIVE"
    second = judge(sequential(160), baseline, BOTH, now)
    assert second.verdict == "GO"
    assert (second.looks, second.planned) == ((100, 160), 594)
    assert [rule.reading.look for rule in second.rules] == [100, 160]


def test_a_run_that_was_interrupted_before_its_first_look_says_so(sequential, baseline, now):
    verdict = judge(sequential(50, partial=True), baseline, BOTH, now)
    assert verdict.verdict == "INCONCLUSIVE"
    assert verdict.rules[0].reasons == ("the run stopped before its first look",)
    text = " ".join(gate_lines(verdict))
    assert "sequential: 50 of 594 cases asked; stopped before the first look" in text


def test_a_lost_run_is_a_no_go_at_its_first_look(sequential, baseline, now):
    assert judge(sequential(100, 15), baseline, BOTH, now).verdict == "NO-GO"


def test_what_a_look_settled_stays(sequential, baseline, now):
    record = sequential(594)
    late = set(record.looks.asked[300:340])
    cases = tuple(one.model_copy(update={"outcome": "damaged"}) if one.key in late else one for one in record.cases)
    assert judge(record.model_copy(update={"cases": cases}), baseline, BOTH, now).verdict == "GO"


def test_bounds_are_stricter_than_those_of_a_single_look(sequential, baseline, run, now):
    record = sequential(594, 20)
    plain = judge(run(record.cases), baseline, BOTH, now).rules[0]
    looked = judge(record, baseline, BOTH, now).rules[0]
    assert plain.reading.alpha == 0.05
    assert looked.reading.alpha < 0.025
    assert looked.reading.low < plain.reading.low


def test_a_stopped_run_is_complete_and_an_attempt(sequential, baseline, now):
    stopped = sequential(160, run_id="stopped", age_days=1)
    whole = sequential(594, run_id="whole", age_days=0.5).model_copy(update={"looks": None})
    verdict = judge(whole, baseline, BOTH, now, [stopped])
    assert (verdict.attempts, verdict.rules[0].reading.cases) == (2, 754)


def test_a_sequential_run_after_another_attempt_is_read_on_all_answers(sequential, baseline, now):
    lost = sequential(594, 60, run_id="lost", age_days=2).model_copy(update={"looks": None})
    verdict = judge(sequential(160, run_id="again"), baseline, BOTH, now, [lost])
    assert (verdict.verdict, verdict.alpha) == ("NO-GO", 0.0025)


def test_old_records_have_no_looks_and_are_written_as_before(run, cases):
    assert "looks" not in run(cases(3)).model_dump(mode="json")
