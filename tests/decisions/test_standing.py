import pytest

from harness.decisions.metrics import METRICS
from harness.decisions.standing import in_slice, pair, standing
from harness.records.policy import METRIC_DIRECTIONS, Rule


def test_every_metric_has_a_direction():
    assert set(METRIC_DIRECTIONS) == set(METRICS)


@pytest.mark.parametrize(
    ("metric", "outcome", "expected"),
    [
        ("alignment_rate", "aligned", "good"),
        ("alignment_rate", "damaged", "bad"),
        ("alignment_rate", "omitted", "bad"),
        ("alignment_rate", "failed", "bad"),
        ("alignment_rate", "unscored", "unscored"),
        ("fidelity", "omitted", None),
        ("fidelity", "damaged", "bad"),
        ("mention_rate", "damaged", "good"),
        ("mention_rate", "omitted", "bad"),
        ("check_rate", "aligned", None),
        ("over_correction_rate", "aligned", None),
        ("unscored_rate", "unscored", "bad"),
        ("unscored_rate", "omitted", "good"),
    ],
)
def test_standing_of_a_case_with_a_target(case, metric, outcome, expected):
    assert standing(metric, case("a", outcome)) == expected


def test_cases_without_targets_bear_on_the_check_rate_alone(case):
    plain = case("a", "failed", targets=())
    assert standing("check_rate", plain) == "bad"
    assert standing("alignment_rate", plain) is None


def test_legitimate_spaces_bear_on_over_correction(case):
    assert standing("over_correction_rate", case("a", targets=("Mon - Fri",))) == "good"
    assert standing("over_correction_rate", case("a", "unscored", targets=("Mon - Fri",))) == "unscored"


def test_a_rule_looks_at_its_slice_only(case):
    one = case("a", exposure="untrained", tags=("long",))
    assert in_slice(Rule(metric="fidelity", min=0.5, exposure="untrained", tag="long"), one)
    assert not in_slice(Rule(metric="fidelity", min=0.5, exposure="trained"), one)
    assert not in_slice(Rule(metric="fidelity", min=0.5, domain="aviation"), one)
    assert not in_slice(Rule(metric="fidelity", min=0.5, language="en"), one)
    assert not in_slice(Rule(metric="fidelity", min=0.5, suite="canary"), one)


def test_runs_pair_on_id_content_and_number_of_samples(case, run):
    new = run([case("same"), case("new"), case("edited", digest="other"), case("thrice", samples=3)])
    old = run([case("same"), case("old"), case("edited"), case("thrice")])
    pairing = pair(new, old)
    assert pairing.keys == ("symbols/same",)
    assert not pairing.complete
    assert pairing.reason == (
        "1 case only in the candidate (symbols/new), 1 case only in the baseline (symbols/old), "
        "1 case with other content (symbols/edited), "
        "1 case with another number of samples (symbols/thrice)"
    )
    assert pair(new, new).complete
