import tomllib
from pathlib import Path

import pytest

from harness.config import read_policy
from harness.errors import ConfigError
from harness.records.policy import DEFAULT_POLICY, DriftPolicy, parse_drift_policy, parse_policy


def refused(data):
    with pytest.raises(ConfigError) as caught:
        parse_policy(data, "gate.toml")
    return str(caught.value)


def test_a_misspelt_metric_is_refused_with_the_nearest_name():
    message = refused({"rules": [{"metric": "alignment_rat", "min": 0.9}]})
    assert message.startswith("gate.toml: rules[0]: unknown metric 'alignment_rat'")
    assert "did you mean 'alignment_rate'?" in message
    assert "check_rate" in message


@pytest.mark.parametrize(
    ("data", "part"),
    [
        ({"rule": []}, "did you mean 'rules'"),
        ({"rules": []}, "rules"),
        ({"rules": [{"metric": "alignment_rate", "mim": 0.9}]}, "did you mean 'min'"),
        ({"rules": [{"metric": "alignment_rate"}]}, "accepts the bounds min and max_drop, found none"),
        ({"rules": [{"metric": "alignment_rate", "max": 0.9}]}, "found max"),
        ({"rules": [{"metric": "over_correction_rate", "min": 0.9}]}, "max and max_rise"),
        ({"rules": [{"metric": "alignment_rate", "min": 95}]}, "rules[0].min"),
        ({"rules": [{"metric": "alignment_rate", "min": 1.0}]}, "less than 1"),
        ({"rules": [{"metric": "alignment_rate", "min": "0.9"}]}, "valid number"),
        ({"rules": [{"metric": "alignment_rate", "min": 0.9, "tier": "vital"}]}, "'critical'"),
        ({"rules": [{"metric": "alignment_rate", "min": 0.9, "tier": "advisory"}]}, "no rule of the tier"),
        ({"max_age_days": 0}, "max_age_days"),
        ({"max_age_days": "never"}, 'accepted: a number of days above 0, or "any" for no limit'),
        ({"max_age_days": -1}, "greater than 0"),
        ({"evidence": "stale"}, "'fresh' or 'any'"),
    ],
)
def test_an_error_says_where_what_and_what_is_accepted(data, part):
    message = refused(data)
    assert message.startswith("gate.toml: ")
    assert part in message


def test_the_default_policy_is_the_documented_one():
    said = [(r.metric, r.slice, r.tier, dict(r.bounds)) for r in DEFAULT_POLICY.rules]
    assert said == [
        ("alignment_rate", "", "critical", {"min": 0.95, "max_drop": 0.03}),
        ("alignment_rate", "untrained", "critical", {"max_drop": 0.05}),
        ("check_rate", "", "critical", {"max_drop": 0.05}),
        ("over_correction_rate", "", "supporting", {"max_rise": 0.05}),
    ]
    assert (DEFAULT_POLICY.evidence, DEFAULT_POLICY.max_age_days) == ("fresh", 7.0)


@pytest.mark.parametrize("key", ["max_age_days", "baseline_max_age_days"])
def test_an_age_without_a_limit_has_a_word_in_toml(key):
    assert getattr(parse_policy(tomllib.loads(f'{key} = "any"'), "x"), key) is None
    assert getattr(parse_policy(tomllib.loads(f"{key} = 2"), "x"), key) == 2


def test_keys_left_out_keep_their_default():
    assert parse_policy({"max_age_days": 3}, "x").rules == DEFAULT_POLICY.rules


def test_a_file_goes_before_the_project_and_the_project_before_the_default(tmp_path):
    file = tmp_path / "strict.toml"
    file.write_text("max_age_days = 1\n")
    table = {"max_age_days": 2}
    assert read_policy(file, table)[0].max_age_days == 1
    assert read_policy(None, table)[0].max_age_days == 2
    assert read_policy(None, {}) == (DEFAULT_POLICY, "default promotion policy")


def test_a_file_may_be_a_pyproject(tmp_path):
    file = tmp_path / "pyproject.toml"
    file.write_text('[tool.harness.gate]\nevidence = "any"\n[project]\nname = "x"\n')
    assert read_policy(file, {})[0].evidence == "any"


def test_a_missing_or_broken_file_is_named(tmp_path):
    with pytest.raises(ConfigError, match="no such policy file"):
        read_policy(tmp_path / "none.toml", {})
    broken = tmp_path / "broken.toml"
    broken.write_text("= 3")
    with pytest.raises(ConfigError, match=r"broken\.toml: cannot be read as TOML"):
        read_policy(broken, {})


DOCS = Path(__file__).parents[2] / "docs"


@pytest.mark.parametrize(
    ("page", "section", "parse"), [("gate.md", "gate", parse_policy), ("drift.md", "drift", parse_drift_policy)]
)
def test_the_example_of_the_documents_is_valid(page, section, parse):
    text = (DOCS / page).read_text("utf-8")
    example = tomllib.loads(text.split("```toml\n")[1].split("```")[0])
    parsed = parse(example["tool"]["harness"][section], page)
    if section == "drift":
        assert parsed == DriftPolicy()
    else:
        assert parsed.rules[0].min == 0.95
