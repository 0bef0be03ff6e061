"""Whatever the cases left turn out to be, a run that was stopped would have come to the same verdict."""

from datetime import UTC, datetime

from hypothesis import given, settings
from hypothesis import strategies as st

from harness.decisions.gate import can_still_change, judge
from harness.records.policy import GatePolicy, Rule

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
POLICY = GatePolicy(
    rules=(
        Rule(metric="alignment_rate", min=0.7, max_drop=0.3),
        Rule(metric="fidelity", min=0.6),
        Rule(metric="mention_rate", min=0.6, tier="supporting"),
        Rule(metric="unscored_rate", max=0.4),
    )
)
OUTCOMES = ("aligned", "damaged", "omitted", "unscored")
likely_bad = st.lists(st.sampled_from(("aligned", "aligned", "damaged", "damaged", "omitted", "unscored")), max_size=20)


@settings(max_examples=120, deadline=None)
@given(likely_bad, st.lists(st.sampled_from(OUTCOMES), max_size=12), st.booleans())
def test_a_settled_verdict_is_the_final_one(factories, done, left, with_baseline):
    case, run = factories
    finished = [case(f"c{i}", outcome) for i, outcome in enumerate(done)]
    rest = [case(f"c{len(done) + i}", outcome) for i, outcome in enumerate(left)]
    pending = [one.model_copy(update={"outcome": "unscored", "samples": ()}) for one in rest]
    size = len(done) + len(left)
    baseline = run([case(f"c{i}", "aligned") for i in range(size)], model="base") if with_baseline else None
    final = judge(run(finished + rest), baseline, POLICY, NOW).verdict
    if not can_still_change(run(finished), pending, baseline, POLICY, NOW):
        as_it_stood = [one.model_copy(update={"outcome": "unscored"}) for one in pending]
        assert final == judge(run(finished + as_it_stood), baseline, POLICY, NOW).verdict
        assert final != "GO"


def test_it_does_stop_sometimes(factories):
    case, run = factories
    done = [case(f"c{i}", "damaged") for i in range(30)]
    pending = [case(f"c{30 + i}", "unscored") for i in range(10)]
    assert not can_still_change(run(done), pending, None, POLICY, NOW)
