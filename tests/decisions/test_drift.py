"""Nights are days of the time zone that is set, where clocks change too."""

import random
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from harness.decisions.drift import _outcomes, drift
from harness.decisions.nights import Night, as_night
from harness.decisions.run_summary import utc
from harness.decisions.standing import standings
from harness.errors import ConfigError
from harness.history import History, read_run
from harness.records.policy import DriftPolicy, parse_drift_policy
from harness.show.words import translated
from tests.factory import case_result, run_record

POLICY = DriftPolicy()


@pytest.fixture
def night(case, run, now):
    """A run `ago` nights before now with `bad` damaged cases, at other places every night."""

    def build(ago, bad=1, *, prompts=60, outcome="damaged", sample=None, **fields):
        chosen = set(random.Random(ago).sample(range(prompts), bad))
        cases = [case(f"canary-{i:02}", outcome if i in chosen else "aligned") for i in range(prompts)]
        if sample:
            cases = [
                one.model_copy(update={"samples": tuple(s.model_copy(update=sample) for s in one.samples)})
                for one in cases
            ]
        return run(cases, age_days=ago + 0.5, run_id=f"night-{ago:03}", **fields)

    return build


def nights(night, bads, last=0, **fields):
    """One night a day, oldest first, the last of them `last` days ago."""
    return [night(last + len(bads) - 1 - i, bad, **fields) for i, bad in enumerate(bads)]


def test_quiet_nights_are_quiet(night, now):
    report = drift("tuned@v1", nights(night, [1] * 30), POLICY, now)
    assert (report.verdict, report.exit_code, report.nights, report.prompts) == ("QUIET", 0, 30, 60)
    assert report.alignment.watched.bets == "prompts"
    assert report.notes == ()


def test_a_fall_is_told_with_its_date_and_what_moved(night, now):
    report = drift("tuned@v1", nights(night, [1] * 20 + [7] * 4), POLICY, now)
    assert (report.verdict, report.exit_code) == ("DRIFT", 1)
    began = (now - timedelta(days=3.5)).date()
    assert report.alignment.since == began
    assert began <= report.alignment.alarm <= began + timedelta(days=3)
    assert report.moved[0].name == "domain=construction"
    assert report.moved[0].since.rate < report.moved[0].before.rate


def test_reading_the_same_nights_again_in_any_order_changes_nothing(night, now):
    runs = nights(night, [1] * 14 + [4] * 5)
    once = drift("tuned@v1", runs, POLICY, now)
    shuffled = random.Random(0).sample(runs, len(runs))
    assert drift("tuned@v1", shuffled, POLICY, now) == once


def test_reduced_to_nights_the_runs_say_the_same(night, now):
    """Signs included: another text, another model behind the name, slower answers, less sure of a sign."""
    runs = []
    for place, run in enumerate(nights(night, [1] * 14 + [4] * 5)):
        late = place > 14
        said = {"output": f"text {late}", "resolved_model": f"m-{late}", "latency_s": 1.0 + 5 * late}
        said["raw_output"] = "" if late else None
        cases = []
        for case in run.cases:
            (sample,) = case.samples
            spans = {
                name: tuple(one.model_copy(update={"probability": 0.9 - 0.3 * late}) for one in found)
                for name, found in sample.mentions.items()
            }
            sample = sample.model_copy(update={**said, "mentions": spans})
            cases.append(case.model_copy(update={"samples": (sample,)}))
        runs.append(run.model_copy(update={"cases": tuple(cases), "configuration": {"temperature": 0, "top_p": 1}}))
    whole = drift("tuned@v1", runs, POLICY, now)
    assert {sign.text.partition(":")[0].partition(" changed")[0].split()[-1] for sign in whole.signs} >= {"model"}
    assert len(whole.signs) >= 4
    small = [as_night(run) for run in runs]
    assert drift("tuned@v1", small, POLICY, now) == whole
    assert not any("text 0" in repr(run) for run in small), "of an answer only whether it is the same as another"


def test_a_gap_of_centuries_is_one_note(night, now):
    runs = [night(500_000), *nights(night, [1] * 3)]
    notes = [note for note in drift("tuned@v1", runs, POLICY, now).notes if note.kind == "missing"]
    assert [note.text for note in notes] == ["no run on 499,997 nights from here on"]


def test_a_simulation_that_does_not_say_of_what_is_one_all_the_same(night, now):
    runs = [run.model_copy(update={"mode": "simulation"}) for run in nights(night, [1] * 3)]
    assert drift("tuned@v1", runs, POLICY, now).simulation == "SIMULATION"


def test_an_alarm_stays_when_later_nights_are_quiet(night, now):
    report = drift("tuned@v1", nights(night, [1] * 12 + [20] * 2 + [0] * 10), POLICY, now)
    assert report.verdict == "DRIFT"


def test_a_night_on_which_most_is_wrong_is_an_alarm_however_nights_hang_together(night, now):
    """With bets on the nightly mean all sixty prompts wrong on one night were quiet."""
    baseline = [0, 6, 0, 0, 6, 0, 0, 0, 6, 0, 0, 0]
    runs = nights(night, [*baseline, 60])
    report = drift("tuned@v1", runs, POLICY, now)
    assert report.alignment.watched.bets == "nightly mean"
    assert (report.verdict, report.exit_code) == ("DRIFT", 1)
    assert report.alarms[0].text == "60 of 60 prompts are wrong on that night, and 10% at most before"
    later = drift("tuned@v1", nights(night, [*baseline, 60, 0, 0, 0]), POLICY, now)
    assert later.verdict == "DRIFT"
    assert drift("tuned@v1", nights(night, [*baseline, 20, 0, 0]), POLICY, now).verdict == "QUIET"
    wrong_before = [0, 30, 0, 0, 30, 0, 0, 0, 30, 0, 0, 0]
    assert drift("tuned@v1", nights(night, [*wrong_before, 40]), POLICY, now).verdict != "DRIFT"


def test_since_sets_a_new_baseline(night, now):
    runs = nights(night, [1] * 12 + [20] * 2 + [1] * 12)
    since = (now - timedelta(days=11.5)).date()
    report = drift("tuned@v1", runs, POLICY, now, since=since)
    assert (report.verdict, report.nights) == ("QUIET", 12)


@pytest.mark.parametrize("count", [0, 5, 10])
def test_a_baseline_in_the_making_is_inconclusive(night, now, count):
    report = drift("tuned@v1", nights(night, [1] * count), POLICY, now)
    assert (report.verdict, report.exit_code) == ("INCONCLUSIVE", 2)


def test_too_few_prompts_are_inconclusive_however_many_nights(night, now):
    report = drift("tuned@v1", nights(night, [1] * 20, prompts=40), POLICY, now)
    assert report.verdict == "INCONCLUSIVE"
    assert "60 needed" in report.reasons[0]


def test_a_replay_never_counts_as_a_night(night, now):
    runs = [*nights(night, [1] * 12), night(0, 30, mode="replay").model_copy(update={"run_id": "replayed"})]
    report = drift("tuned@v1", runs, POLICY, now)
    assert (report.verdict, report.nights) == ("QUIET", 12)
    assert [note.kind for note in report.notes] == ["replay"]


def test_a_partial_run_is_no_night(night, now):
    runs = [*nights(night, [1] * 12, last=1), night(0, 30, partial=True)]
    assert drift("tuned@v1", runs, POLICY, now).nights == 12


def test_a_recording_filled_up_later_is_no_night(night, now):
    late = night(1, 1, mode="record").model_copy(update={"started": now.isoformat()})
    report = drift("tuned@v1", [*nights(night, [1] * 12, last=2), late], POLICY, now)
    assert [note.kind for note in report.notes] == ["stale"]


def test_the_first_of_two_runs_in_a_night_counts(night, now):
    runs = nights(night, [1] * 12)
    again = night(0, 30).model_copy(update={"run_id": "night-zzz"})
    again = again.model_copy(update={"started": (now - timedelta(hours=1)).isoformat()})
    report = drift("tuned@v1", [*runs, again], POLICY, now)
    assert (report.verdict, report.nights) == ("QUIET", 12)
    assert [note.kind for note in report.notes] == ["second run"]


def test_a_missing_night_is_told_and_harmless(night, now):
    runs = nights(night, [1] * 20)
    del runs[15]
    report = drift("tuned@v1", runs, POLICY, now)
    assert (report.verdict, report.nights) == ("QUIET", 19)
    assert [(note.kind, note.day) for note in report.notes] == [("missing", (now - timedelta(days=4.5)).date())]


def test_an_endpoint_that_cannot_be_read_is_unreadable_and_no_drift(night, now):
    runs = nights(night, [1] * 15, last=1)
    report = drift("tuned@v1", [*runs, night(0, 55, outcome="unscored")], POLICY, now)
    assert (report.verdict, report.nights) == ("QUIET", 15)
    assert report.notes[0].kind == "unreadable"
    assert "55 of 60 prompts" in report.notes[0].text


def test_a_night_with_some_holes_counts_what_it_has(night, now):
    runs = [*nights(night, [1] * 15, last=1), night(0, 6, outcome="unscored")]
    report = drift("tuned@v1", runs, POLICY, now)
    assert report.nights == 16
    assert report.alignment.watched.counts[-1] == (54, 54)


def test_changed_prompts_start_a_new_baseline(night, now, case):
    runs = nights(night, [1] * 12, last=3)
    edited = [
        one.model_copy(update={"cases": (case("canary-00", digest="edited"), *one.cases[1:])})
        for one in nights(night, [1] * 3)
    ]
    report = drift("tuned@v1", [*runs, *edited], POLICY, now)
    assert (report.verdict, report.nights) == ("INCONCLUSIVE", 3)
    assert "1 with other content" in next(n.text for n in report.notes if n.kind == "new prompts")


def test_a_night_with_more_prompts_is_read_for_those_followed(night, now, case):
    runs = nights(night, [1] * 12, last=1)
    full = night(0, 1)
    full = full.model_copy(update={"cases": full.cases + tuple(case(f"more-{i}", "damaged") for i in range(50))})
    report = drift("tuned@v1", [*runs, full], POLICY, now)
    assert (report.verdict, report.nights, report.prompts) == ("QUIET", 13, 60)


def test_a_run_of_other_suites_leaves_the_nightly_history_alone(night, now, case, run):
    other = [case(f"case-{i}", "damaged", suite="full") for i in range(300)]
    early, late = run(other, age_days=20.2, run_id="full-1"), run(other, age_days=2.2, run_id="full-2")
    report = drift("tuned@v1", [early, *nights(night, [1] * 12), late], POLICY, now)
    assert (report.verdict, report.nights, report.prompts) == ("QUIET", 12, 60)
    assert [note.kind for note in report.notes] == ["other prompts", "other prompts"]


def test_nights_go_on_where_the_suite_and_its_cases_were_renamed(night, now):
    def renamed(one):
        cases = [case.model_copy(update={"suite": "moved", "id": f"m-{case.id}"}) for case in one.cases]
        return one.model_copy(update={"cases": tuple(reversed(cases))})

    before, after = nights(night, [1] * 20, last=4), nights(night, [1] * 4)
    report = drift("tuned@v1", [*before, *map(renamed, after)], POLICY, now)
    assert (report.verdict, report.nights, report.prompts, report.notes) == ("QUIET", 24, 60, ())
    assert drift("tuned@v1", [*before, *map(renamed, after)], POLICY, now, suite="moved").nights == 24
    worse = [*before, *map(renamed, nights(night, [7] * 4))]
    assert drift("tuned@v1", worse, POLICY, now).verdict == "DRIFT"


def test_nights_of_other_suites_say_how_to_go_on_with_them(night, now, case, run):
    other = [
        run([case(f"c-{i}", suite="full") for i in range(70)], age_days=ago + 0.5, run_id=f"f-{ago}") for ago in (1, 0)
    ]
    notes = drift("tuned@v1", [*nights(night, [1] * 12, last=2), *other], POLICY, now).notes
    day = (now - timedelta(days=1.5)).date()
    texts = [note.text for note in notes if note.kind == "other prompts"]
    assert texts[0].endswith(f"if they are the nightly ones from now on, run: harness drift --since {day}")
    assert "--since" not in texts[1]
    assert "请运行：harness drift --since" in translated(texts[0], "zh")


def test_one_suite_can_be_read_out_of_wider_runs(night, now, case):
    def wide(one):
        return one.model_copy(
            update={"cases": one.cases + tuple(case(f"x{i}", "damaged", suite="x") for i in range(90))}
        )

    runs = [wide(one) for one in nights(night, [1] * 12)]
    report = drift("tuned@v1", runs, POLICY, now, suite="symbols")
    assert (report.verdict, report.prompts) == ("QUIET", 60)
    assert drift("tuned@v1", runs, POLICY, now, suite="none").nights == 0


def test_another_number_of_samples_starts_a_new_baseline(night, now):
    def thrice(one):
        return one.model_copy(
            update={"cases": tuple(c.model_copy(update={"samples": c.samples * 3}) for c in one.cases)}
        )

    runs = [*nights(night, [1] * 12, last=2), *map(thrice, nights(night, [1] * 2))]
    report = drift("tuned@v1", runs, POLICY, now)
    assert (report.verdict, report.nights) == ("INCONCLUSIVE", 2)


def test_silence_is_an_alarm_of_its_own_kind(night, now):
    report = drift("tuned@v1", nights(night, [1] * 20, last=6), POLICY, now)
    assert (report.verdict, report.exit_code) == ("CANNOT SEE", 1)
    assert [alarm.kind for alarm in report.alarms] == ["blind"]
    assert "6 days ago" in report.alarms[0].text or "7 days ago" in report.alarms[0].text


def test_an_endpoint_that_was_never_read_is_an_alarm(night, now):
    report = drift("tuned@v1", nights(night, [55] * 5, outcome="unscored"), POLICY, now)
    assert report.exit_code == 1
    assert {alarm.kind for alarm in report.alarms} == {"unscored", "blind"}


def test_two_days_without_a_night_are_none_yet(night, now):
    assert drift("tuned@v1", nights(night, [1] * 20, last=1), POLICY, now).verdict == "QUIET"


def test_eleven_of_sixty_unanswered_for_three_nights_is_an_alarm(night, now):
    runs = nights(night, [1] * 15, last=3) + nights(night, [11] * 3, outcome="unscored")
    report = drift("tuned@v1", runs, POLICY, now)
    assert (report.verdict, report.exit_code) == ("DRIFT", 1)
    assert [alarm.kind for alarm in report.alarms] == ["unscored"]
    assert "11 of 60 prompts unscored" in report.alarms[0].text
    assert report.alarms[0].since == (now - timedelta(days=2.5)).date()
    outage = drift("tuned@v1", [*runs[:-2], *nights(night, [1] * 2)], POLICY, now)
    assert (outage.verdict, outage.alarms) == ("QUIET", ())


def test_a_fifth_unanswered_from_the_first_night_on_is_an_alarm(night, now):
    report = drift("tuned@v1", nights(night, [11] * 60, outcome="unscored"), POLICY, now)
    assert "unscored" in {alarm.kind for alarm in report.alarms}


def test_nights_that_cannot_be_read_count_as_unanswered(night, now):
    runs = nights(night, [1] * 15, last=3) + nights(night, [55] * 3, outcome="unscored")
    report = drift("tuned@v1", runs, POLICY, now)
    assert {alarm.kind for alarm in report.alarms} == {"unscored", "blind"}


def test_forty_prompts_a_night_that_all_break_are_an_alarm(night, now):
    runs = nights(night, [0] * 10, last=15, prompts=40) + nights(night, [40] * 15, prompts=40)
    report = drift("tuned@v1", runs, POLICY, now)
    assert (report.verdict, report.exit_code) == ("DRIFT", 1)
    assert report.alarms[0].kind == "rate"


def test_a_baseline_that_swings_so_much_that_a_fall_cannot_show_is_not_quiet(night, now):
    """Five nights of damage, ten without, and five more: no night is worse than those of the baseline."""
    report = drift("tuned@v1", nights(night, [60] * 5 + [0] * 10 + [60] * 5), POLICY, now)
    assert report.verdict == "CANNOT SEE"
    assert report.alarms[0].text.startswith("nights of the baseline have from 0% to 100% right, and a fall to 25% does")
    steady = [2, 1, 0, 3, 1] * 3
    assert drift("tuned@v1", nights(night, steady + [2] * 5), POLICY, now).verdict == "QUIET"


def test_forty_prompts_that_were_never_right_cannot_show_a_fall(night, now):
    report = drift("tuned@v1", nights(night, [40] * 15, prompts=40), POLICY, now)
    assert (report.verdict, report.exit_code) == ("CANNOT SEE", 1)
    assert "0% of the baseline is right" in report.alarms[0].text


@pytest.fixture
def repeating(case, run):
    """Nights that repeat each other, as at temperature 0; from `broken_at` on the named prompts are damaged."""

    def build(count, broken=(), broken_at=10**6, *, text_at=10**6, **fields):
        return [
            run(
                [
                    case(
                        f"canary-{i:02}",
                        "damaged" if night >= broken_at and i in broken else "aligned",
                        output="AB-1 " if night >= text_at and i in broken else None,
                    )
                    for i in range(60)
                ],
                age_days=count - night - 0.5,
                run_id=f"night-{night:03}",
                **fields,
            )
            for night in range(count)
        ]

    return build


def test_one_prompt_that_breaks_for_good_is_seen_in_six_nights(repeating, now):
    quiet = drift("tuned@v1", repeating(25, [7], 20), POLICY, now)
    assert (quiet.verdict, quiet.flipped) == ("QUIET", ("symbols/canary-07",))
    report = drift("tuned@v1", repeating(26, [7], 20), POLICY, now)
    assert (report.verdict, report.exit_code) == ("DRIFT", 1)
    alarm = report.alarms[0]
    assert (alarm.kind, alarm.cases) == ("prompts", ("symbols/canary-07",))
    assert (alarm.day - alarm.since).days == 5
    assert any(row.name == "symbols/canary-07" for row in report.moved)


def test_with_fewer_than_ten_baseline_nights_a_flip_is_told_and_no_alarm(repeating, now):
    policy = DriftPolicy(baseline_nights=5)
    report = drift("tuned@v1", repeating(20, [7], 8), policy, now)
    assert (report.exit_code, report.flipped) == (0, ("symbols/canary-07",))


def test_another_text_at_temperature_0_is_told_the_first_night(repeating, now):
    report = drift("tuned@v1", repeating(13, [7, 9], text_at=12), POLICY, now)
    assert report.verdict == "QUIET"
    assert "2 of 60 prompts got another text" in report.signs[0].text
    warm = repeating(13, [7, 9], text_at=12, configuration={"temperature": 0.7})
    assert drift("tuned@v1", warm, POLICY, now).signs == ()


def test_an_endpoint_that_never_repeats_itself_quite_gives_no_sign_every_night(night, now):
    assert drift("tuned@v1", nights(night, [2] * 40), POLICY, now).signs == ()


def test_figures_are_those_of_the_policy_in_force_or_none(night, now):
    runs = nights(night, [1] * 12)
    assert "365" in drift("tuned@v1", runs, POLICY, now).operation
    assert drift("tuned@v1", runs, DriftPolicy(threshold=500.0), now).operation is None
    assert drift("tuned@v1", nights(night, [1] * 12, prompts=40), POLICY, now).operation is None


def test_another_model_behind_the_name_is_told_at_once(night, now):
    runs = nights(night, [1] * 11, last=1, sample={"resolved_model": "m-2026-01"})
    report = drift("tuned@v1", [*runs, night(0, 1, sample={"resolved_model": "m-2026-02"})], POLICY, now)
    assert report.verdict == "QUIET"
    assert [sign.text for sign in report.signs] == ["resolved model changed: m-2026-01 -> m-2026-02"]


def test_three_slow_nights_are_told(night, now):
    runs = nights(night, [1] * 12, last=3) + nights(night, [1] * 3, sample={"latency_s": 2.5})
    report = drift("tuned@v1", runs, POLICY, now)
    assert report.verdict == "QUIET"
    assert "median latency 2.50 s" in report.signs[0].text
    assert drift("tuned@v1", runs[:-1], POLICY, now).signs == ()


def test_omissions_raise_the_advisory_alarm_on_mentions_too(night, now):
    runs = nights(night, [1] * 12, last=4) + nights(night, [8] * 4, outcome="omitted")
    report = drift("tuned@v1", runs, POLICY, now)
    assert report.verdict == "DRIFT"
    assert {watch.metric: watch.alarm is not None for watch in report.advisory} == {"mention_rate": True}


def test_nights_that_vary_too_much_are_watched_by_their_mean(night, now):
    report = drift("tuned@v1", nights(night, [0, 0, 0, 8] * 5), POLICY, now)
    assert report.alignment.watched.bets == "nightly mean"
    assert report.alignment.watched.dispersion_ratio > 2


def test_drift_settings_are_checked():
    assert parse_drift_policy({"threshold": 2400}, "x").threshold == 2400
    with pytest.raises(ConfigError, match=r"pyproject.*did you mean 'threshold'"):
        parse_drift_policy({"treshold": 3}, "pyproject.toml [tool.harness.drift]")


def test_a_model_that_is_less_sure_of_its_signs_is_a_sign_before_an_answer_flips(repeating, now):
    def sure(record, value):
        cases = []
        for case in record.cases:
            sample = case.samples[0]
            mentions = {
                target: tuple(one.model_copy(update={"probability": value}) for one in found)
                for target, found in sample.mentions.items()
            }
            cases.append(case.model_copy(update={"samples": (sample.model_copy(update={"mentions": mentions}),)}))
        return record.model_copy(update={"cases": tuple(cases)})

    values = [0.98, 0.97, 0.99] * 4 + [0.96, 0.95, 0.94]
    runs = [sure(record, value) for record, value in zip(repeating(15), values, strict=True)]
    report = drift("tuned@v1", runs, POLICY, now)
    assert report.verdict == "QUIET"
    assert [sign.text for sign in report.signs] == [
        "mean probability of protected signs 0.940: 3 nights below all of the baseline (0.970); "
        "so it is in 27 of 100 quiet years"
    ]
    assert drift("tuned@v1", runs[:-1], POLICY, now).signs == ()
    assert drift("tuned@v1", repeating(15), POLICY, now).signs == ()


def test_a_night_of_the_future_does_not_hide_that_none_came(night, now):
    report = drift("tuned@v1", [*nights(night, [1] * 12, last=5), night(-30, 1)], POLICY, now)
    assert (report.verdict, report.exit_code) == ("CANNOT SEE", 1)
    assert "30 days in the future" in report.notes[-1].text


def nights_of(zone, moments):
    policy = DriftPolicy(time_zone=zone)
    cases = [case_result(f"c{number}", "aligned") for number in range(3)]
    runs = [run_record(cases, version="1", run_id=f"r{at}", made=made) for at, made in enumerate(moments)]
    return drift("m@1", runs, policy, max(moments) + timedelta(minutes=30))


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/New_York", "Asia/Shanghai", "Australia/Lord_Howe", "UTC"])
@pytest.mark.parametrize("hour", [0, 2, 12, 23])
def test_a_run_every_local_day_is_a_night_every_day_of_the_year(zone, hour):
    moments = [datetime(2026, 1, 1, hour, 5, tzinfo=ZoneInfo(zone)) + timedelta(days=day) for day in range(365)]
    report = nights_of(zone, [moment.astimezone(UTC) for moment in moments])
    assert report.nights == 365
    assert (report.first, report.last) == (date(2026, 1, 1), date(2026, 12, 31))
    assert report.notes == ()


def test_two_runs_of_one_local_night_are_one_night_though_utc_has_two_dates():
    moments = [datetime(2026, 3, 1, 23, 50, tzinfo=UTC), datetime(2026, 3, 2, 0, 20, tzinfo=UTC)]
    assert nights_of("UTC", moments).nights == 2
    local = nights_of("Asia/Shanghai", moments)
    assert (local.nights, local.first) == (1, date(2026, 3, 2))
    assert [note.kind for note in local.notes] == ["second run"]


def test_silence_is_counted_in_days_of_the_zone():
    policy = DriftPolicy(time_zone="Asia/Shanghai")
    assert policy.day(datetime(2026, 3, 1, 16, 0, tzinfo=UTC)) == date(2026, 3, 2)
    assert policy.day(datetime(9999, 12, 31, 23, 0, tzinfo=UTC)) == date(9999, 12, 31)


@pytest.mark.parametrize(
    ("stamp", "meant"),
    [
        ("2026-06-30T23:59:60Z", "2026-07-01T00:00:00+00:00"),
        ("2026-06-30T23:59:60.5+00:00", "2026-07-01T00:00:00+00:00"),
        ("2026-07-01T07:59:60+08:00", "2026-07-01T00:00:00+00:00"),
        ("2026-06-30 23:59:60", "2026-07-01T00:00:00+00:00"),
    ],
)
def test_second_60_begins_the_next_minute(stamp, meant):
    assert utc(stamp).isoformat() == meant


@pytest.mark.parametrize("stamp", ["2026-06-30T23:59:61Z", "2026-06-30T23:60:60Z", "2026-06-31T23:59:60Z", ":60"])
def test_other_impossible_times_stay_errors(stamp):
    with pytest.raises(ValueError, match=r"."):
        utc(stamp)


@pytest.mark.parametrize("label", ["spaced@v1", "repaired@v1", "smollm2@v1", "prompted@v1"])
@pytest.mark.parametrize("metric", ["alignment_rate", "mention_rate", "check_rate"])
def test_the_columns_of_a_night_have_the_standing_that_its_cases_have(label, metric):
    history = History(Path(__file__).parents[2] / "reports")
    for path in history.paths(label):
        whole = read_run(path)
        keys, (outcomes,) = _outcomes(metric, [Night(date(2026, 1, 1), as_night(whole))])
        wanted = standings(metric, whole.cases)
        right = {"good": True, "bad": False, "unscored": None}
        assert dict(zip(keys, outcomes, strict=True)) == {key: right[value] for key, value in wanted.items()}
        assert wanted
