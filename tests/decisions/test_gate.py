"""What a bound speaks for, and how much the cases of a domain are worth together."""

import tomllib
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from harness.config import read_policy
from harness.decisions.gate import can_still_change, judge
from harness.decisions.population import ASSUMED, earlier_versions, rate_correlation
from harness.errors import ConfigError
from harness.records.answer import ToolCall
from harness.records.policy import DEFAULT_POLICY, DriftPolicy, GatePolicy, Rule, parse_drift_policy, parse_policy
from harness.show.verdicts import gate_lines
from tests.factory import sample_result

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def policy(*rules, **fields):
    return GatePolicy(rules=rules, **fields)


AT_LEAST_95 = policy(Rule(metric="alignment_rate", min=0.95))
NO_WORSE = policy(Rule(metric="alignment_rate", max_drop=0.03))


def results(verdict):
    return [rule.result for rule in verdict.rules]


def test_ten_of_ten_is_not_enough(cases, run, now):
    verdict = judge(run(cases(10)), None, AT_LEAST_95, now)
    assert verdict.verdict == "INCONCLUSIVE"
    assert verdict.exit_code == 2
    assert verdict.rules[0].reading.further == 49  # 59 clean cases prove 95 %


def test_three_hundred_of_three_hundred_do_not_prove_99_5_percent(cases, run, now):
    run300 = run(cases(300))
    assert judge(run300, None, policy(Rule(metric="alignment_rate", min=0.995)), now).verdict == "INCONCLUSIVE"
    assert judge(run300, None, policy(Rule(metric="alignment_rate", min=0.99)), now).verdict == "GO"


@pytest.mark.parametrize(("bad", "expected"), [(0, ("GO", 0)), (20, ("INCONCLUSIVE", 2)), (60, ("NO-GO", 1))])
def test_min_has_three_answers(cases, run, now, bad, expected):
    found = judge(run(cases(300, bad)), None, AT_LEAST_95, now)
    assert (found.verdict, found.exit_code) == expected


def test_zero_cases_are_no_data_and_never_a_pass(checks, run, now):
    verdict = judge(run(checks(100)), None, AT_LEAST_95, now)
    assert verdict.verdict == "INCONCLUSIVE"
    assert verdict.rules[0].reading.estimate is None
    assert "no data" in verdict.rules[0].reasons[0]


def test_a_candidate_that_leaves_codes_out_does_not_pass(cases, run, now):
    base = run(cases(300, 30), model="base")
    silent = run(cases(300, 30, outcome="omitted"))
    assert judge(silent, base, DEFAULT_POLICY, now).verdict == "NO-GO"


def test_a_candidate_like_its_baseline_passes_max_drop(cases, run, now):
    base = run(cases(300, 3), model="base")
    assert judge(run(cases(300, 3)), base, NO_WORSE, now).verdict == "GO"


def test_a_candidate_that_is_clearly_worse_breaches_max_drop(cases, run, now):
    verdict = judge(run(cases(300, 40)), run(cases(300), model="base"), NO_WORSE, now)
    assert verdict.verdict == "NO-GO"
    reading = verdict.rules[0].reading
    assert (reading.better, reading.worse) == (0, 40)
    assert reading.high < -0.03
    assert reading.p_value < 1e-6


def test_few_pairs_are_not_enough_and_it_says_how_many_would_be(cases, run, now):
    verdict = judge(run(cases(50)), run(cases(50), model="base"), NO_WORSE, now)
    assert verdict.verdict == "INCONCLUSIVE"
    further = verdict.rules[0].reading.further
    first = run(cases(50), age_days=1, run_id="first")
    for total, expected in ((50 + further, "GO"), (49 + further, "INCONCLUSIVE")):
        again = judge(run(cases(total)), run(cases(total), model="base"), NO_WORSE, now, [first])
        assert (again.attempts, again.verdict) == (1 if total > 4 * 50 else 2, expected)


def test_unscored_cases_count_against_a_pass_and_against_a_breach(cases, run, now):
    holes = cases(200) + cases(30, 30, outcome="unscored", first=200)
    assert judge(run(holes), None, AT_LEAST_95, now).verdict == "INCONCLUSIVE"
    bad = cases(200, 15) + cases(100, 100, outcome="unscored", first=200)
    assert judge(run(bad), None, AT_LEAST_95, now).verdict == "INCONCLUSIVE"


def test_unscored_cases_of_either_side_count_against_the_candidate(cases, run, now):
    clean, holes = cases(300), cases(300, 20, outcome="unscored")
    assert judge(run(holes), run(clean, model="base"), NO_WORSE, now).verdict == "INCONCLUSIVE"
    failing = cases(300, 20)
    assert judge(run(failing), run(holes, model="base"), NO_WORSE, now).verdict == "INCONCLUSIVE"
    assert judge(run(clean), run(clean, model="base"), NO_WORSE, now).verdict == "GO"


def test_a_change_that_makes_its_answers_unusable_does_not_pass_as_not_enough_evidence(cases, run, now):
    """A pull request goes through on INCONCLUSIVE, and a `max_tokens` of 1 leaves no string that could be damaged."""
    path = Path(__file__).parents[2] / "harness/authoring/init/templates/ci/pull-request.toml"
    of_changes, _ = read_policy(path, {})
    clean, cut_off = cases(300), cases(300, 300, outcome="unscored")
    assert judge(run(cut_off), run(clean, model="base"), of_changes, now).verdict == "NO-GO"
    few = cases(300, 6, outcome="unscored")
    assert judge(run(few), run(clean, model="base"), of_changes, now).verdict != "NO-GO"
    assert judge(run(clean), run(clean, model="base"), of_changes, now).verdict == "GO"


def test_different_cases_are_refused_with_the_reason(cases, run, now):
    verdict = judge(run(cases(300)), run(cases(299), model="base"), NO_WORSE, now)
    assert verdict.verdict == "INCONCLUSIVE"
    assert "1 case only in the candidate (symbols/case-0299)" in verdict.rules[0].reasons[0]


def test_without_a_baseline_a_difference_cannot_be_judged(cases, run, now):
    verdict = judge(run(cases(300)), None, NO_WORSE, now)
    assert verdict.verdict == "INCONCLUSIVE"
    assert "no baseline" in verdict.rules[0].reasons[0]


def test_a_run_is_no_baseline_of_itself(cases, run, now):
    same = run(cases(300))
    assert judge(same, same, NO_WORSE, now).verdict == "INCONCLUSIVE"


def test_a_replay_does_not_promote_under_the_default_policy(cases, checks, run, now):
    all_cases = cases(300) + checks(100)
    base = run(all_cases, model="base")
    fresh = judge(run(all_cases), base, DEFAULT_POLICY, now)
    replayed = judge(run(all_cases, mode="replay"), base, DEFAULT_POLICY, now)
    assert set(results(replayed)) == {"INSUFFICIENT_EVIDENCE"}
    assert replayed.verdict == "INCONCLUSIVE"
    assert "--cassette-mode=live" in replayed.reasons[0]
    # the default policy also asks about over-correction, to which these cases do not apply: it is only supporting
    assert fresh.verdict == "GO"


def test_old_evidence_does_not_promote(cases, run, now):
    assert judge(run(cases(300), age_days=6.9), None, AT_LEAST_95, now).verdict == "GO"
    old = judge(run(cases(300), age_days=7.1), None, AT_LEAST_95, now)
    assert old.verdict == "INCONCLUSIVE"
    assert "7.1 days old" in old.reasons[0]


def test_undated_evidence_does_not_promote(cases, run, now):
    undated = run(cases(300)).model_copy(update={"evidence": run([]).evidence.model_copy(update={"oldest": None})})
    assert judge(undated, None, AT_LEAST_95, now).verdict == "INCONCLUSIVE"


def test_evidence_from_the_future_does_not_promote(cases, run, now):
    assert judge(run(cases(300), age_days=-3), None, AT_LEAST_95, now).verdict == "INCONCLUSIVE"


def test_a_policy_may_accept_replays_and_any_age(cases, run, now):
    lenient = policy(*AT_LEAST_95.rules, evidence="any", max_age_days=None)
    assert judge(run(cases(300), mode="replay", age_days=400), None, lenient, now).verdict == "GO"


def test_the_age_of_the_baseline_is_shown_and_bounded_on_request(cases, run, now):
    base = run(cases(300), model="base", age_days=40)
    shown = judge(run(cases(300)), base, NO_WORSE, now)
    assert shown.verdict == "GO"
    assert shown.baseline_age_days == pytest.approx(40)
    strict = policy(*NO_WORSE.rules, baseline_max_age_days=30.0)
    assert judge(run(cases(300)), base, strict, now).verdict == "INCONCLUSIVE"


def test_a_partial_run_is_never_go_but_may_be_no_go(cases, run, now):
    assert judge(run(cases(300), partial=True), None, AT_LEAST_95, now).verdict == "INCONCLUSIVE"
    assert judge(run(cases(300, 90), partial=True), None, AT_LEAST_95, now).verdict == "NO-GO"


def test_all_attempts_are_judged_together(cases, run, now):
    lucky, later = run(cases(300), age_days=3), run(cases(300, 60), age_days=1)
    for candidate in (lucky, later):
        verdict = judge(candidate, None, AT_LEAST_95, now, [lucky, later])
        assert (verdict.verdict, verdict.attempts, verdict.alpha) == ("NO-GO", 2, 0.0025)
        assert verdict.rules[0].reading.estimate == pytest.approx(0.9)
        assert [one.run_id for one in verdict.runs] == [later.run_id, lucky.run_id]


def test_a_later_canary_run_takes_nothing_away(case, cases, run, now):
    whole = run([*cases(300), case("c", suite="canary")], age_days=3)
    canary = run([case("c", suite="canary")], age_days=1)
    assert judge(whole, None, AT_LEAST_95, now, [whole, canary]).verdict == "GO"


def test_a_selection_is_paired_with_the_suites_that_its_cases_are_of(case, run, now):
    cases = [case(f"a-{n}", "damaged" if n < 4 else "aligned", digest=str(n)) for n in range(80)]
    asked = [case(f"symbols.a-{n}", suite="canary", digest=str(n)) for n in range(60)]
    rules = policy(
        Rule(metric="alignment_rate", max_drop=0.03),
        Rule(metric="alignment_rate", suite="canary", min=0.9, tier="supporting"),
    )
    canary, whole = run(asked, model="tuned"), run(cases, age_days=2)
    verdict = judge(canary, whole, rules, now)
    drop, floor = verdict.rules
    assert (drop.reading.cases, drop.reading.better, drop.reading.worse) == (60, 4, 0)
    assert "20 cases only in the baseline (symbols/a-60)" in drop.reasons[0], "other sets of cases are refused"
    assert (verdict.verdict, floor.reading.cases) == ("INCONCLUSIVE", 60), "its rules call its cases as it does"
    again = judge(whole, canary, rules, now)
    assert (again.rules[0].reading.cases, again.rules[0].reading.worse) == (60, 4)
    assert again.concentration.broken == tuple(f"symbols/a-{n}" for n in range(4))


def test_without_a_baseline_the_next_step_names_one_that_there_is(cases, run, now):
    rules = policy(Rule(metric="alignment_rate", max_drop=0.03))
    tuned, other, older = run(cases(60)), run(cases(60), model="base"), run(cases(60), version="v0", age_days=3)
    small = run(cases(3), model="small")
    commands = [judge(tuned, None, rules, now, past).next.command for past in ([small], [other], [older, other, small])]
    assert commands == [
        "harness runs baseline tuned@v1",
        "harness runs baseline base@v1 --for tuned",
        "harness runs baseline tuned@v0",
    ]


def test_a_later_partial_run_takes_nothing_away(cases, run, now):
    whole, part = run(cases(300), age_days=3), run(cases(3), age_days=1, partial=True)
    assert judge(whole, None, AT_LEAST_95, now, [whole, part]).verdict == "GO"


@pytest.mark.parametrize(
    ("tier", "expected"), [("critical", "NO-GO"), ("supporting", "INCONCLUSIVE"), ("advisory", "GO")]
)
def test_a_breach_counts_by_its_tier(cases, checks, run, tier, expected):
    mixed = run(cases(300) + checks(100, 60))
    tiered = policy(*AT_LEAST_95.rules, Rule(metric="check_rate", min=0.9, tier=tier))
    assert judge(mixed, None, tiered, NOW).verdict == expected


def test_a_supporting_rule_without_enough_evidence_does_not_hold_back(cases, checks, run, now):
    tiered = policy(*AT_LEAST_95.rules, Rule(metric="check_rate", min=0.9, tier="supporting"))
    assert judge(run(cases(300) + checks(5)), None, tiered, now).verdict == "GO"


def test_max_and_max_rise_mirror_min_and_max_drop(case, cases, run, now):
    absolute = policy(Rule(metric="unscored_rate", max=0.05))
    assert judge(run(cases(300)), None, absolute, now).verdict == "GO"
    holes = run(cases(300, 60, outcome="unscored"))
    verdict = judge(holes, None, absolute, now)
    assert verdict.verdict == "NO-GO"
    reading = verdict.rules[0].reading
    assert reading.estimate == pytest.approx(0.2)
    assert reading.low < 0.2 < reading.high
    paired = policy(Rule(metric="unscored_rate", max_rise=0.05))
    verdict = judge(holes, run(cases(300), model="base"), paired, now)
    assert verdict.verdict == "NO-GO"
    assert verdict.rules[0].reading.estimate == pytest.approx(0.2)
    assert verdict.rules[0].reading.low > 0.05


def test_a_slice_is_judged_alone(case, cases, run, now):
    untrained = cases(100, exposure="untrained")
    trained = cases(100, 50, exposure="trained", first=500)
    only = policy(Rule(metric="alignment_rate", exposure="untrained", min=0.95))
    verdict = judge(run(untrained + trained), None, only, now)
    assert verdict.verdict == "GO"
    assert verdict.rules[0].reading.cases == 100


def test_the_verdict_moves_with_now_and_nothing_else(cases, run, now):
    record = run(cases(300))
    assert judge(record, None, AT_LEAST_95, now) == judge(record, None, AT_LEAST_95, now)
    assert judge(record, None, AT_LEAST_95, now + timedelta(days=30)).verdict == "INCONCLUSIVE"


def waiting(cases, count, first):
    return [one.model_copy(update={"samples": ()}) for one in cases(count, count, outcome="unscored", first=first)]


def test_a_run_goes_on_while_its_verdict_is_open(cases, run, now):
    assert can_still_change(run(cases(100)), waiting(cases, 200, 100), None, AT_LEAST_95, now)
    assert can_still_change(run(cases(200, 20)), waiting(cases, 100, 200), None, AT_LEAST_95, now)


def test_a_run_stops_when_no_answer_can_save_it(cases, run, now):
    lost = run(cases(200, 60))
    rest = waiting(cases, 100, 200)
    assert not can_still_change(lost, rest, None, AT_LEAST_95, now)
    # and what it would have come to is what was said
    for bad in (0, 100):
        finished = run(list(lost.cases) + cases(100, bad, first=200))
        assert judge(finished, None, AT_LEAST_95, now).verdict == "NO-GO"


def test_a_go_is_never_settled_early(cases, run, now):
    assert can_still_change(run(cases(299)), waiting(cases, 1, 299), None, AT_LEAST_95, now)


def test_a_paired_run_stops_when_the_baseline_is_out_of_reach(cases, run, now):
    base = run(cases(300), model="base")
    assert can_still_change(run(cases(100, 5)), waiting(cases, 200, 100), base, NO_WORSE, now)
    assert not can_still_change(run(cases(200, 60)), waiting(cases, 100, 200), base, NO_WORSE, now)


def test_calls_that_are_no_longer_delivered_are_a_caution_on_a_go(case, cases, checks, run, now):
    def version(delivered, **fields):
        tools = [case(f"tool-{n}", channel="tool", samples=[called(delivered)]) for n in range(60)]
        return run([*cases(300), *checks(300), *tools], **fields)

    before, after = version(True, age_days=1, model="base"), version(False)
    verdict = judge(after, before, DEFAULT_POLICY, now)
    assert verdict.verdict == "GO"
    text = " ".join(gate_lines(verdict)[:4])
    assert "CAUTION: tool calls that the server delivers as calls: -100.0 points on 60 pairs" in " ".join(text.split())
    assert judge(before, before.model_copy(update={"run_id": "other"}), DEFAULT_POLICY, now).undelivered is None
    rule = Rule(metric="delivered_rate", max_drop=0.05)
    settled = judge(after, before, GatePolicy(rules=(rule,)), now)
    assert (settled.verdict, settled.undelivered) == ("NO-GO", None)


def called(delivered):
    call = ToolCall(name="find", arguments='{"query": "AB-1"}')
    return sample_result(tool_calls=(call,), call_in_text=not delivered)


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
        ({"rules": [{"metric": "alignment_rate", "min": "0.9"}]}, "a number"),
        ({"rules": [{"metric": "alignment_rate", "min": 0.9, "tier": "vital"}]}, "'critical'"),
        ({"rules": [{"metric": "alignment_rate", "min": 0.9, "tier": "advisory"}]}, "no rule of the tier"),
        ({"max_age_days": 0}, "max_age_days"),
        ({"max_age_days": "never"}, 'accepted: a number of days above 0, or "any" for no limit'),
        ({"max_age_days": -1}, "more than 0"),
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


RATE_95 = GatePolicy(rules=(Rule(metric="alignment_rate", min=0.95),))
RATE_NO_WORSE = GatePolicy(rules=(Rule(metric="alignment_rate", max_drop=0.03),))


@pytest.fixture
def suite(case):
    """Cases of `domains` domains of ten; the first `bad` of them fail, domain after domain or spread over all."""

    def build(bad=0, domains=40, *, together=False, **fields):
        places = [(domain, number) for domain in range(domains) for number in range(10)]
        order = places if together else sorted(places, key=lambda place: place[::-1])
        failing = set(order[:bad])
        return [
            case(f"c{d:02}-{n}", "damaged" if (d, n) in failing else "aligned", domain=f"d{d:02}", **fields)
            for d, n in places
        ]

    return build


def test_twenty_domains_make_it_speak_for_domains(suite, run, now):
    few, many = (judge(run(suite(2, n)), None, RATE_95, now).rules[0] for n in (19, 20))
    assert (few.reading.population, few.reading.size.effective, few.correlation) == ("suite", 190, None)
    assert few.reading.size.domains == 19
    assert many.reading.population == "domains"
    assert many.reading.size.effective < 200
    assert (many.correlation, many.estimated_from) == (0.05, ())


def test_domains_that_differ_in_case_are_one_domain(suite, run, now):
    """Two spellings of each would make forty clusters of twenty, and a bound that is too narrow."""
    plain = suite(2, 20)
    spelt = [one.model_validate(one.model_dump() | {"domain": one.domain.upper()}) for one in plain[::2]]
    verdict = judge(run([*plain[1::2], *spelt]), None, RATE_95, now)
    assert verdict.rules[0].reading.size == judge(run(plain), None, RATE_95, now).rules[0].reading.size
    named = GatePolicy(rules=(Rule(metric="alignment_rate", domain="D07", min=0.5),))
    assert judge(run([*plain[1::2], *spelt]), None, named, now).rules[0].reading.cases == 10


def test_without_a_history_a_correlation_is_assumed(suite, run, now):
    reading = judge(run(suite(4)), None, RATE_95, now).rules[0].reading
    assert reading.size.design_effect == pytest.approx(1 + 9 * 0.05)


def test_the_design_effect_comes_from_earlier_versions(suite, run, now):
    clustered = [run(suite(40, together=True), age_days=30 + i, version=f"v{i}", run_id=f"r{i}") for i in (2, 3)]
    spread = [run(suite(40), age_days=30 + i, version=f"v{i}", run_id=f"r{i}") for i in (2, 3)]
    candidate = run(suite(8))
    hard = judge(candidate, None, RATE_95, now, clustered)
    easy = judge(candidate, None, RATE_95, now, spread)
    assert hard.rules[0].reading.size.design_effect > 5
    assert easy.rules[0].reading.size.design_effect == pytest.approx(1.0)
    assert hard.rules[0].estimated_from == ("tuned@v3", "tuned@v2")
    assert (hard.verdict, easy.verdict) == ("INCONCLUSIVE", "GO")


def test_a_flawless_version_does_not_tell_it_nor_does_a_single_one(suite, run):
    flawless = [run(suite(0), age_days=30 + i, version=f"v{i}") for i in range(2, 5)]
    one = run(suite(40), age_days=40, version="v9")
    assert rate_correlation("alignment_rate", [*flawless, one]) == ASSUMED
    assert rate_correlation("alignment_rate", [one]) == ASSUMED


def test_three_pairs_that_all_got_worse_prove_no_drop(case, run, now):
    """As likely as 14 % where half of all pairs get worse and nearly as many better."""

    def three(outcome):
        return [case(f"c{n}", outcome, domain=f"d{n}") for n in range(3)]

    rule = judge(run(three("damaged")), run(three("aligned"), model="base"), RATE_NO_WORSE, now).rules[0]
    assert (rule.reading.worse, rule.result) == (3, "INSUFFICIENT_EVIDENCE")
    eight = [case(f"c{n}", "damaged", domain=f"d{n}") for n in range(8)]
    base = [case(f"c{n}", "aligned", domain=f"d{n}") for n in range(8)]
    assert judge(run(eight), run(base, model="base"), RATE_NO_WORSE, now).rules[0].result == "BREACH"


def test_domains_of_very_unequal_size_do_not_show_that_their_cases_are_independent(case, run, now):
    """The mean of all is that of the one large domain, which then seems not to differ from it."""

    def uneven(bad):
        places = [("large", n) for n in range(300)] + [(f"d{d:02}", n) for d in range(40) for n in range(2)]
        return [
            case(f"{d}-{n}", "damaged" if place % 19 < bad else "aligned", domain=d)
            for place, (d, n) in enumerate(places)
        ]

    before = [run(uneven(1), age_days=30 + i, version=f"v{i}", run_id=f"r{i}") for i in (2, 3)]
    verdict = judge(run(uneven(0)), None, RATE_95, now, before)
    (rule,) = verdict.rules
    assert (rule.correlation, rule.estimated_from, rule.is_uneven) == (0.05, (), True)
    assert (verdict.verdict, rule.reading.size.effective < 30) == ("INCONCLUSIVE", True)
    text = " ".join(" ".join(gate_lines(verdict)).split())
    assert "correlation 0.05 in a domain, assumed: the domains are too unequal in size to show it" in text


def test_it_is_fixed_before_the_run(suite, run):
    candidate = run(suite(8), age_days=5)
    later = run(suite(40), age_days=1, version="v2")
    partial = run(suite(40), age_days=30, version="v3", partial=True)
    other = run(suite(10, 10), age_days=30, version="v4")
    before = run(suite(40), age_days=30, version="v5")
    assert earlier_versions(candidate, [later, partial, other, before]) == (before,)


def test_a_policy_may_speak_for_the_suite_alone(suite, run, now):
    policy = GatePolicy(rules=RATE_95.rules, population="suite")
    reading = judge(run(suite(8)), None, policy, now).rules[0].reading
    assert (reading.population, reading.size.effective) == ("suite", 400)


def test_differences_have_a_design_effect_of_their_own(suite, run, now):
    versions = [
        run(suite(bad, together=True), age_days=40 - i, version=f"v{i}") for i, bad in ((2, 60), (3, 0), (4, 60))
    ]
    base = run(suite(2), age_days=9, model="base")
    candidate = run(suite(4))
    verdict = judge(candidate, base, RATE_NO_WORSE, now, versions)
    assert verdict.rules[0].reading.size.design_effect > 3
    assert verdict.rules[0].estimated_from[:2] == ("tuned@v2", "tuned@v3")
    alone = judge(candidate, base, RATE_NO_WORSE, now)
    assert alone.rules[0].reading.size.design_effect == pytest.approx(1 + 9 * 0.05)


def test_tasks_and_suites_are_parts_of_the_mix_and_no_clusters(suite, run, now):
    cases = [one.model_copy(update={"task": f"t{i % 3}", "suite": f"s{i % 4}"}) for i, one in enumerate(suite(8))]
    assert judge(run(cases), None, RATE_95, now).rules[0].reading.size.domains == 40


def test_unscored_cases_are_asked_again_before_cases_are_added(suite, run, now):
    cases = suite(0)
    holes = [one.model_copy(update={"outcome": "unscored"}) if i % 7 == 0 else one for i, one in enumerate(cases)]
    verdict = judge(run(holes, mode="record"), None, RATE_95, now)
    reading = verdict.rules[0].reading
    assert (verdict.verdict, reading.unscored, reading.reask, reading.further) == ("INCONCLUSIVE", 58, True, None)
    assert verdict.next.requests == 58
    live = judge(run(holes), None, RATE_95, now)  # nothing of it is recorded, so that record would ask for all
    assert (live.next.requests, "--cassette-mode=live" in live.next.command) == (400, True)
    assert "58 unscored" in verdict.next.why


def test_further_cases_settle_it_at_the_level_of_a_second_attempt(suite, run, case, now):
    policy = GatePolicy(rules=RATE_95.rules, population="suite")
    further = judge(run(suite(14)), None, policy, now).rules[0].reading.further

    def with_more(count):
        more = [case(f"more-{i}", domain=f"e{i}") for i in range(count)]
        return judge(run([*suite(14), *more]), None, policy, now).verdict

    # the run that asks them is usually a second attempt, which is judged at a stricter level than this first one
    assert (with_more(0), with_more(further)) == ("INCONCLUSIVE", "GO")
    least = next(count for count in range(further + 1) if with_more(count) == "GO")
    assert 0 < least < further


def test_no_number_is_given_where_the_estimate_lies_on_the_wrong_side(suite, run, now):
    reading = judge(run(suite(22)), None, RATE_95, now).rules[0].reading
    assert reading.result == "INSUFFICIENT_EVIDENCE"
    assert (reading.estimate < 0.95, reading.further, reading.reask) == (True, None, False)
