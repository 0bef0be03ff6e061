"""Running again until it says GO does not help, and a breach that was seen once is not forgotten."""

import numpy as np
import pytest

from harness.decisions.evidence import attempts, judged_versions
from harness.decisions.gate import judge
from harness.decisions.metrics import METRICS
from harness.decisions.run_summary import RunSummary
from harness.decisions.standing import in_slice, pair, standing
from harness.records.policy import DEFAULT_POLICY, METRIC_DIRECTIONS, GatePolicy, Rule
from harness.records.run import Looks

AT_LEAST_95 = GatePolicy(rules=(Rule(metric="alignment_rate", min=0.95),))
NO_WORSE = GatePolicy(rules=(Rule(metric="alignment_rate", max_drop=0.03),))


@pytest.fixture
def attempt(cases, run):
    """A complete run `ago` days before now; the failing cases are others each time."""

    def build(ago, bad, total=300, **fields):
        made = cases(total)
        chosen = np.random.default_rng(int(100 * abs(ago))).choice(total, size=bad, replace=False)
        worse = {case.id: case for case in cases(total, total)}
        made = [worse[case.id] if place in chosen else case for place, case in enumerate(made)]
        return run(made, age_days=ago, run_id=f"run-{ago}", **fields)

    return build


def test_four_runs_at_87_percent_and_one_at_99_are_no_go(attempt, now):
    runs = [attempt(ago, 39) for ago in (5, 4, 3, 2)] + [attempt(1, 3)]
    assert judge(runs[-1], None, AT_LEAST_95, now).verdict == "GO"  # taken by itself
    verdict = judge(runs[-1], None, AT_LEAST_95, now, runs)
    assert verdict.verdict == "NO-GO"
    assert (verdict.attempts, verdict.rules[0].reading.cases) == (5, 1500)


def test_a_second_attempt_is_judged_on_all_answers_at_a_quarter_of_a_percent(attempt, now):
    first, second = attempt(2, 8), attempt(1, 3)
    verdict = judge(second, None, AT_LEAST_95, now, [first, second])
    assert (verdict.attempts, verdict.alpha) == (2, 0.0025)
    reading = verdict.rules[0].reading
    assert (reading.cases, reading.estimate) == (600, pytest.approx(589 / 600))
    assert reading.size.effective < 600  # the case is the cluster
    assert verdict.verdict == "GO"


def test_equal_answers_are_no_more_evidence_than_one_attempt(attempt, cases, run, now):
    bad = [attempt(ago, 8) for ago in (3, 2)]
    same = run(bad[0].cases, age_days=2, run_id="same")
    verdict = judge(same, None, AT_LEAST_95, now, [bad[0], same])
    assert verdict.rules[0].reading.size.effective == pytest.approx(300)
    assert verdict.verdict == "INCONCLUSIVE"  # 292 of 300 at 0.25 %


def test_answers_that_are_replayed_under_other_names_are_read_once(cases, run, now):
    moment = "2026-02-27T12:00:00Z"
    asked = [
        case.model_copy(
            update={"samples": tuple(one.model_copy(update={"recorded_at": moment}) for one in case.samples)}
        )
        for case in cases(300, 2)
    ]
    renamed = [case.model_copy(update={"suite": "others"}) for case in asked]
    first, again = run(asked, age_days=2), run(renamed, age_days=2, run_id="again")
    verdict = judge(again, None, AT_LEAST_95, now, [first, again])
    assert (verdict.attempts, verdict.rules[0].reading.cases, verdict.verdict) == (1, 300, "GO")


def test_from_the_sixth_attempt_on_there_is_no_go(attempt, now):
    runs = [attempt(6 - step, 2) for step in range(6)]
    assert judge(runs[4], None, AT_LEAST_95, now, runs[:5]).verdict == "GO"
    sixth = judge(runs[5], None, AT_LEAST_95, now, runs)
    assert sixth.verdict == "INCONCLUSIVE"
    assert "6 complete runs" in sixth.reasons[0]
    broken = [attempt(6 - step, 60) for step in range(6)]
    assert judge(broken[5], None, AT_LEAST_95, now, broken).verdict == "NO-GO"


def test_old_runs_and_replays_and_other_suites_are_no_attempts(attempt, now, cases, run):
    candidate = attempt(1, 2)
    others = [
        attempt(8, 60),
        attempt(2, 60, mode="replay"),
        attempt(3, 60, model="other"),
        run(cases(60, 30), age_days=2, run_id="canary"),
    ]
    assert attempts(candidate, others, AT_LEAST_95, now).number == 1


def test_a_changed_case_or_two_do_not_make_a_new_suite(attempt, now):
    first, second = attempt(2, 39), attempt(1, 3)
    edited = second.model_copy(
        update={"cases": (second.cases[0].model_copy(update={"digest": "edited"}), *second.cases[1:])}
    )
    assert judge(edited, None, AT_LEAST_95, now, [first]).attempts == 2


@pytest.mark.parametrize(("edited", "number"), [(31, 2), (225, 2), (226, 1)])
def test_an_edited_suite_is_a_new_one_when_less_than_a_quarter_of_it_is_left(attempt, now, edited, number):
    first, second = attempt(2, 39), attempt(1, 3)
    other = tuple(case.model_copy(update={"digest": f"edited {case.id}"}) for case in second.cases[:edited])
    renewed = second.model_copy(update={"cases": (*other, *second.cases[edited:])})
    verdict = judge(renewed, None, AT_LEAST_95, now, [first])
    assert (verdict.attempts, verdict.rules[0].reading.cases) == (number, 300)  # another mix is not pooled


def test_cases_that_are_added_do_not_wash_a_breach_away(attempt, cases, run, now):
    runs = [attempt(ago, 39) for ago in (4, 3, 2)]
    grown = run([*attempt(1, 3).cases, *cases(40, first=1000)], age_days=1, run_id="grown")
    verdict = judge(grown, None, AT_LEAST_95, now, runs)
    assert (verdict.verdict, verdict.attempts, verdict.alpha) == ("INCONCLUSIVE", 4, 0.0025)
    assert "the earlier run run-4 breaches" in verdict.reasons[0]
    assert verdict.next.command == "harness runs show run-4"


def test_a_suite_that_is_doubled_until_it_is_a_go_does_not_start_again(attempt, cases, run, now):
    doubled = run(cases(601, 12), age_days=1, run_id="doubled")
    verdict = judge(doubled, None, AT_LEAST_95, now, [attempt(2, 12)])
    assert (verdict.attempts, verdict.alpha, verdict.rules[0].reading.cases) == (2, 0.0025, 601)


def test_a_suite_that_is_more_than_four_times_as_large_is_another_one(attempt, cases, run, now):
    """Else a smoke run of a few cases would use up an attempt of the whole."""
    for size, number in ((1200, 2), (1201, 1)):
        grown = run(cases(size, 12), age_days=1, run_id="grown")
        assert judge(grown, None, AT_LEAST_95, now, [attempt(2, 12)]).attempts == number


def test_a_canary_is_no_attempt_where_a_fuller_run_came_before(attempt, cases, run, now):
    before = attempt(20, 3, model="base")
    canaries = [run(cases(100, 1), age_days=ago, run_id=f"canary-{ago}") for ago in range(2, 7)]
    assert judge(attempt(1, 2), None, AT_LEAST_95, now, [before, *canaries]).attempts == 1
    assert judge(attempt(1, 2), None, AT_LEAST_95, now, canaries).attempts == 6  # all that was asked until then


def test_adding_cases_until_it_is_a_go_is_a_further_attempt_though_no_answer_is_new(cases, run, now):
    """`--cassette-mode=record` after cases were added: a look at the same answers and some more."""
    first = answered(run(cases(300, 8), age_days=1.1, run_id="first"), "2026-02-27T00:00:00Z")
    new = answered(run(cases(60, first=1000), age_days=1, run_id="new"), "2026-02-28T00:00:00Z")
    grown = run([*first.cases, *new.cases], age_days=1.1, run_id="grown")
    verdict = judge(grown, None, AT_LEAST_95, now, [first])
    assert (verdict.attempts, verdict.alpha) == (2, 0.0025)


def test_renamed_suites_and_cases_were_asked_before(attempt, now):
    runs = [attempt(ago, 39) for ago in (4, 3, 2)]
    last = attempt(1, 3)
    renamed = last.model_copy(
        update={"cases": tuple(case.model_copy(update={"suite": "v2", "id": f"z{case.id}"}) for case in last.cases)}
    )
    verdict = judge(renamed, None, AT_LEAST_95, now, runs)
    assert (verdict.verdict, verdict.attempts, verdict.rules[0].reading.cases) == ("NO-GO", 4, 1200)


def test_a_selection_does_not_stand_for_its_version(cases, run, now):
    whole = run(cases(300, 60), age_days=2, run_id="whole")
    canary = run(cases(300)[240:], age_days=1, run_id="canary")
    verdict = judge(canary, None, AT_LEAST_95, now, [whole])
    assert verdict.verdict == "INCONCLUSIVE"
    assert "some of the 300 cases of run whole" in verdict.reasons[0]
    assert verdict.next.command == "harness gate --candidate whole"
    assert judge(canary, None, AT_LEAST_95, now).verdict == "GO"  # all there is


def of_suite(made, suite):
    return [case.model_copy(update={"suite": suite, "digest": f"{suite} {case.id}"}) for case in made]


def test_a_selection_of_core_is_no_go_though_no_other_run_is_known(cases, run, now):
    easy, hard = of_suite(cases(200), "easy"), of_suite(cases(200), "hard")
    selection = run(easy, age_days=1)
    verdict = judge(selection, None, AT_LEAST_95, now, core=[*easy, *hard])
    assert verdict.verdict == "INCONCLUSIVE"
    assert "it holds 200 of the 400 cases that this policy is about" in verdict.reasons[0]
    assert (verdict.next.command, verdict.next.requests) == ("pytest --model=tuned --gate --cassette-mode=record", 400)
    whole = run([*easy, *hard], age_days=2, run_id="whole")
    assert judge(selection, None, AT_LEAST_95, now, [whole], core=whole.cases).next.command == (
        "harness gate --candidate whole"
    )
    assert judge(whole, None, AT_LEAST_95, now, core=whole.cases).verdict == "GO"


def test_a_selection_without_the_cases_that_failed_is_no_go(cases, run, now):
    core = cases(300)
    without_three = run(core[3:], age_days=1)
    assert judge(without_three, None, AT_LEAST_95, now, core=core).verdict == "INCONCLUSIVE"
    assert judge(without_three, None, AT_LEAST_95, now, core=core[3:]).verdict == "GO"


def test_a_policy_about_one_suite_needs_the_cases_of_that_suite_alone(cases, run, now):
    easy, hard = of_suite(cases(200), "easy"), of_suite(cases(200), "hard")
    policy = GatePolicy(rules=(Rule(metric="alignment_rate", suite="easy", min=0.95),))
    assert judge(run(easy, age_days=1), None, policy, now, core=[*easy, *hard]).verdict == "GO"
    advisory = Rule(metric="alignment_rate", min=0.95, tier="advisory")
    both = policy.model_copy(update={"rules": (*policy.rules, advisory)})
    assert judge(run(easy, age_days=1), None, both, now, core=[*easy, *hard]).verdict == "GO"


def test_cases_that_were_edited_or_renamed_since_are_not_missing(cases, run, now):
    asked = run(cases(300), age_days=1)
    edited = [case.model_copy(update={"digest": f"edited {case.id}"}) for case in asked.cases[:3]]
    renamed = [case.model_copy(update={"suite": "v2", "id": f"z{case.id}"}) for case in asked.cases[3:]]
    assert judge(asked, None, AT_LEAST_95, now, core=[*edited, *renamed]).verdict == "GO"
    added = cases(1, first=1000)
    assert judge(asked, None, AT_LEAST_95, now, core=[*edited, *renamed, *added]).verdict == "INCONCLUSIVE"


def test_a_run_of_core_is_whole_beside_an_earlier_one_that_asked_more(cases, run, now):
    core, hard = of_suite(cases(300), "easy"), of_suite(cases(200), "hard")
    more = run([*core, *hard], age_days=2, run_id="more")
    verdict = judge(run(core, age_days=1), None, AT_LEAST_95, now, [more], core=core)
    assert (verdict.verdict, verdict.attempts) == ("GO", 2)


@pytest.mark.parametrize(("planned", "verdict"), [(300, "GO"), (200, "INCONCLUSIVE")])
def test_a_sequential_run_holds_what_it_had_planned(cases, run, now, planned, verdict):
    core = cases(300)
    asked = core[:160]
    looks = Looks(seed=1, planned=planned, sizes=(100, 160, planned), asked=tuple(case.key for case in asked))
    stopped = run(asked, age_days=1, looks=looks)
    suite_alone = AT_LEAST_95.model_copy(update={"population": "suite"})
    assert judge(stopped, None, suite_alone, now, core=core).verdict == verdict


@pytest.mark.parametrize("age", [7.0, None])
def test_answers_of_the_future_are_not_evidence_whatever_age_is_accepted(attempt, now, age):
    policy = AT_LEAST_95.model_copy(update={"max_age_days": age})
    verdict = judge(attempt(-30, 2), None, policy, now)
    assert verdict.verdict == "INCONCLUSIVE"
    assert "dated 30.0 days in the future; check the clock" in verdict.reasons[0]


@pytest.mark.parametrize(("hours", "verdict"), [(0.9, "GO"), (1.1, "INCONCLUSIVE")])
def test_the_clocks_of_two_machines_may_differ_by_an_hour(attempt, now, hours, verdict):
    """As for the list of runs and for nights: one answer to which run is dated in the future."""
    judged = judge(attempt(-hours / 24, 2), None, AT_LEAST_95, now)
    assert judged.verdict == verdict
    assert RunSummary.of(attempt(-hours / 24, 2)).ahead_of(now) == (verdict != "GO")


def test_runs_under_a_wrong_clock_are_attempts_and_are_not_read(attempt, now):
    misdated = [attempt(-30 - number, 39) for number in range(3)]
    verdict = judge(attempt(1, 3), None, AT_LEAST_95, now, misdated)
    assert (verdict.attempts, verdict.alpha, verdict.rules[0].reading.cases) == (4, 0.0025, 300)


def answered(record, moment):
    return record.model_copy(
        update={
            "cases": tuple(
                case.model_copy(
                    update={"samples": tuple(s.model_copy(update={"recorded_at": moment}) for s in case.samples)}
                )
                for case in record.cases
            )
        }
    )


def test_asking_the_unscored_cases_again_is_no_new_attempt(cases, run, now):
    clean, holes = cases(300), cases(60, 60, outcome="unscored")
    whole = answered(run(clean, age_days=1, run_id="filled"), "2026-02-27T00:00:00Z")
    first = answered(run([*holes, *clean[60:]], age_days=1.1, run_id="holes"), "2026-02-27T00:00:00Z")
    assert judge(whole, None, AT_LEAST_95, now, [first]).attempts == 1


def test_refreshing_the_failures_alone_is_a_new_attempt(cases, run, now):
    first = answered(run(cases(300, 40), age_days=1.1, run_id="first"), "2026-02-27T00:00:00Z")
    again = answered(run(cases(40), age_days=1, run_id="again"), "2026-02-28T00:00:00Z")
    picked = run([*again.cases, *first.cases[40:]], age_days=1, run_id="picked")
    verdict = judge(picked, None, AT_LEAST_95, now, [first])
    assert (verdict.attempts, verdict.verdict) == (2, "INCONCLUSIVE")


def test_a_breach_in_a_partial_run_holds_back_a_go(attempt, now):
    go, stopped = attempt(1, 2), attempt(2, 30, total=120, partial=True)
    assert judge(go, None, AT_LEAST_95, now, [go]).verdict == "GO"
    verdict = judge(go, None, AT_LEAST_95, now, [go, stopped])
    assert verdict.verdict == "INCONCLUSIVE"
    assert "partial run run-2 breaches" in verdict.reasons[0]
    harmless = attempt(3, 2, total=120, partial=True)
    assert judge(go, None, AT_LEAST_95, now, [go, harmless]).verdict == "GO"


def test_pairs_of_attempts_are_pooled_too(attempt, now):
    base = attempt(6.5, 0, model="base")
    runs = [attempt(3, 30), attempt(2, 30), attempt(1, 2)]
    assert judge(runs[2], base, NO_WORSE, now).verdict == "GO"
    verdict = judge(runs[2], base, NO_WORSE, now, runs)
    assert verdict.verdict == "NO-GO"
    reading = verdict.rules[0].reading
    assert (reading.cases, reading.worse, reading.better) == (900, 62, 0)


def test_versions_on_an_unchanged_suite_are_counted_and_told_from_the_third_on(attempt, now, cases, run):
    candidate = attempt(1, 2)
    others = [attempt(20 + i, 9, version=f"v{i}") for i in range(2, 6)]
    other_suite = run(cases(50), age_days=30, version="v9", run_id="x")
    assert judged_versions(candidate, [*others, other_suite]) == (
        "tuned@v1",
        "tuned@v2",
        "tuned@v3",
        "tuned@v4",
        "tuned@v5",
    )
    assert judge(candidate, None, AT_LEAST_95, now, others[:1]).judged is None
    told = judge(candidate, None, AT_LEAST_95, now, others).judged
    assert (len(told.versions), told.limit) == (5, 0.95)
    assert told.best == pytest.approx(0.964, abs=0.001)


@pytest.mark.parametrize("correlation", [0.0, 0.5, 1.0])
def test_five_runs_until_go_pass_falsely_hardly_more_often_than_one(correlation):
    """At a true rate of exactly the limit, with attempts at a case that agree never, half of the time, or always."""
    from harness.decisions.bounds import read_rate
    from harness.decisions.population import ASSUMED, Ground

    generator = np.random.default_rng(7)
    domains = {str(case): "d" for case in range(300)}
    first = ever = 0
    for _ in range(400):
        if correlation == 0.0:
            chances = np.full(300, 0.95)
        elif correlation == 1.0:
            chances = (generator.random(300) < 0.95).astype(float)
        else:
            chances = generator.beta(0.95, 0.05, size=300)
        told = generator.random((5, 300)) < chances
        passed = []
        for number in range(1, 6):
            answers = {str(i): ["good" if told[a, i] else "bad" for a in range(number)] for i in range(300)}
            alpha = 0.05 if number == 1 else 0.0025
            ground = Ground(domains, "suite", ASSUMED, alpha, alpha)
            passed.append(read_rate(answers, "min", 0.95, ground, settle=False).result == "PASS")
            if passed[-1]:
                break
        first += passed[0]
        ever += any(passed)
    assert ever - first <= 6  # one point and the noise of 400 histories
    assert ever <= 0.075 * 400


def test_failing_cases_that_are_asked_again_to_look_at_them_hold_nothing_back(attempt, cases, run, now):
    go = attempt(1, 2)
    failing = [case for case in go.cases if case.outcome == "damaged"]
    looked_at = run(failing, age_days=0.5, run_id="k", partial=True)
    other_suite = run(cases(40, 40, suite="hard"), age_days=0.6, run_id="stopped", partial=True)
    other_suite = other_suite.model_copy(
        update={"cases": tuple(c.model_copy(update={"digest": f"hard {c.id}"}) for c in other_suite.cases)}
    )
    assert judge(go, None, AT_LEAST_95, now, [go, looked_at, other_suite]).verdict == "GO"


def test_the_run_that_holds_a_go_back_is_the_next_one_to_look_at(attempt, now):
    verdict = judge(attempt(1, 2), None, AT_LEAST_95, now, [attempt(2, 30, total=120, partial=True)])
    assert verdict.next.command == "harness runs show run-2"


def test_an_attempt_that_is_the_baseline_is_not_paired_with_itself(attempt, now):
    first, second = attempt(2, 20), attempt(1, 3)
    reading = judge(second, first, NO_WORSE, now, [first, second]).rules[0].reading
    assert reading.cases == 300


def test_a_run_that_is_its_own_baseline_is_not_asked_again(attempt, now):
    one = attempt(1, 3)
    assert judge(one, one, NO_WORSE, now).next.command == "harness gate --candidate tuned@v1 --baseline RUN"


def test_a_critical_rule_that_no_case_bears_on_is_named(attempt, now):
    policy = GatePolicy(rules=(*AT_LEAST_95.rules, Rule(metric="check_rate", min=0.9)))
    assert "no case applies to check_rate" in judge(attempt(1, 2), None, policy, now).next.why


def test_what_would_settle_it_is_told_at_the_level_of_the_next_attempt(cases, run, now):
    reading = judge(run(cases(300, 9)), None, AT_LEAST_95, now).rules[0].reading
    assert reading.further is not None
    more = run(cases(300 + reading.further, 9), age_days=0.4, run_id="more")
    again = judge(more, None, AT_LEAST_95, now, [run(cases(300, 9), age_days=1)])
    assert (again.alpha, again.verdict) == (0.0025, "GO")


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
