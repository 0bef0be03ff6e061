import asyncio
import json
import re
from itertools import chain, islice
from statistics import median

import pytest

from benchmarks.hunt.hidden_rules import false_find
from benchmarks.hunt.oracles import RULES, HiddenRule, HiddenRuleOracle
from harness.config import ModelConfig
from harness.endpoints.pace import Pace, SpentError
from harness.endpoints.parse import Answer
from harness.errors import EndpointError, MissingRecordingError, SuiteError
from harness.hunt.asking import Asker, BudgetSpentError, Sighting, sighting_of
from harness.hunt.conditions import (
    ContextIs,
    EdgeIs,
    HitIs,
    LengthIs,
    PartIs,
    SpacesAre,
    SymbolIs,
    SymbolsAre,
    traits_of,
)
from harness.hunt.pins import PinEvidence, Provenance, gather_evidence, pin, retire, siblings
from harness.hunt.probe import ALPHABETS, LEVELS, PLAIN, STYLES, Code, Probe, messages
from harness.hunt.report import feature_in_words, features_of, in_words, report_lines, report_of
from harness.hunt.rule import FailureRule
from harness.hunt.search import Find, Hunt, HuntSettings
from harness.hunt.session import FAILURES_IN_A_ROW, EndpointOracle, RecordedOracle
from harness.recording import Cassette, Recorder, Secrets
from harness.records.answer import Completion, request_key
from harness.runs.judge import Judge
from harness.runs.requests import body_for
from harness.show.words import speak
from harness.suite import load_cases, load_suite
from tests.factory import exchange

EASY = [rule for rule in RULES if "before the hyphen and three" not in rule.name]
SEEDS = (1, 2)


@pytest.mark.parametrize("rule", EASY, ids=[rule.name for rule in EASY])
def test_a_hidden_rule_is_found_made_small_and_named(hunt_for, rule):
    requests = []
    for seed in SEEDS:
        hunt, oracle = hunt_for(rule, seed)
        find = hunt.finds[0]
        assert find.smallest.code.text == rule.smallest
        assert find.smallest.context.odd == rule.odd
        assert find.rule.text == rule.says
        assert find.rule.matches(find.smallest)
        assert oracle.asked == hunt.asker.spent <= 300
        requests.append(find.found_at)
    assert median(requests) <= 100


@pytest.mark.parametrize("budget", [1, 2, 7, 30, 61, 150])
@pytest.mark.parametrize("rule", [None, RULES[0], RULES[5]], ids=["sound", "steady", "unsteady"])
def test_the_budget_is_spent_and_never_exceeded(hunt_for, rule, budget):
    hunt, oracle = hunt_for(rule, budget=budget)
    assert oracle.asked == hunt.asker.spent <= budget
    assert hunt.ended == "budget"


def test_retries_count_and_never_exceed_the_budget(wide):
    class Retrying:
        most_requests = 3

        def __init__(self):
            self.sent = 0

        async def ask(self, case, sample):
            requests = 1 + (self.sent % 3)
            self.sent += requests
            await asyncio.sleep(0)
            return Sighting("aligned", "verbatim", requests=requests)

    oracle = Retrying()
    hunt = Hunt(oracle, wide(1), HuntSettings(50))
    asyncio.run(hunt.run())
    assert 48 <= oracle.sent == hunt.asker.spent <= 50


def test_a_sound_model_yields_a_bound_and_no_find(hunt_for):
    hunt, _ = hunt_for(None)
    report = report_of(hunt)
    assert report.finds == ()
    assert report.judged > 200
    assert report.bound == pytest.approx(1 - 0.05 ** (1 / report.judged))


def test_a_failure_that_cannot_be_had_again_is_not_believed(wide):
    class Once(HiddenRuleOracle):
        async def ask(self, case, sample):
            sighting = await super().ask(case, sample)
            broken = self.asked == 3
            return Sighting("damaged", "spaced", mention="a - a") if broken else sighting

    hunt = Hunt(Once(None), wide(1), HuntSettings(100))
    asyncio.run(hunt.run())
    assert hunt.finds == []
    assert len(hunt.dismissed) == 1
    report = report_of(hunt)
    assert report.failed == 1
    assert report.bound is None


def test_the_failure_rate_comes_from_fresh_answers(hunt_for):
    hunt, _ = hunt_for(RULES[5])
    find = hunt.finds[0]
    assert not find.steady
    assert find.asks == 20
    asked = [told for told in hunt.asker.ledger if told.probe == find.smallest and told.phase == "rate"][-20:]
    assert sum(told.sighting.outcome == "damaged" for told in asked) == find.failures
    assert min(told.sample for told in asked) > 0


def test_a_stop_keeps_the_best_so_far(wide):
    class Stopped(HiddenRuleOracle):
        damaged = 0

        async def ask(self, case, sample):
            sighting = await super().ask(case, sample)
            self.damaged += sighting.outcome == "damaged"
            if self.damaged == 8:  # the hit, twice to confirm it, and then smaller ones
                raise KeyboardInterrupt
            return sighting

    hunt = Hunt(Stopped(RULES[0]), wide(1), HuntSettings(300, max_concurrency=1))
    with pytest.raises(KeyboardInterrupt):
        asyncio.run(hunt.run())
    report = report_of(hunt)
    assert report.ended == "interrupted"
    assert report.finds[0][0].smallest.size < report.finds[0][0].first.size


def test_the_time_limit_ends_the_hunt(wide):
    class Slow(HiddenRuleOracle):
        async def ask(self, case, sample):
            await asyncio.sleep(0.02)
            return await super().ask(case, sample)

    hunt = Hunt(Slow(None), wide(1), HuntSettings(300, time_limit_s=0.3))
    asyncio.run(hunt.run())
    assert hunt.ended == "time limit"
    assert hunt.wide


def test_two_defects_of_different_kinds_are_both_found(hunt_for):
    def both(target, prompt):
        return target.replace("-", "–") if "/" not in target else target.replace("/", " / ")

    hunt, _ = hunt_for(HiddenRule("both", both, "", ""), most_finds=3)
    assert {find.verdict for find in hunt.finds} == {"spaced", "lookalike"}


def test_what_a_rule_explains_is_not_hunted_twice(hunt_for):
    hunt, _ = hunt_for(RULES[0], most_finds=3)
    assert len(hunt.finds) == 1
    fit = report_of(hunt).finds[0][1]
    assert fit.failing_matched == fit.failing > 1
    assert fit.sound_matched == 0


def test_left_out_strings_are_failures_only_on_request(hunt_for):
    gone = HiddenRule("left out", lambda target, prompt: "something", "", "")
    assert report_of(hunt_for(gone)[0]).bound is None
    hunt, _ = hunt_for(gone, omissions=True)
    assert hunt.finds[0].verdict == "absent"
    assert hunt.finds[0].smallest.code.text == "a-a"


def test_factors_that_go_with_failing_are_named_over_all_wide_strings(hunt_for):
    hunt, _ = hunt_for(RULES[1])
    features = report_of(hunt).features
    assert features[0].feature == "han on both sides of a symbol"
    assert features[0].matters
    assert not next(f for f in features if f.feature == "care: unsaid").matters


def test_a_level_at_which_the_string_is_left_out_is_no_part_of_the_rule(hunt_for):
    def spaced_or_silent(target, prompt):
        return "something" if "标签" in prompt else re.sub(r"(?<!-)-(?=\d{3})", " - ", target)

    hunt, _ = hunt_for(HiddenRule("silent in Chinese", spaced_or_silent, "", ""))
    assert hunt.finds[0].rule.text == RULES[0].says


def test_a_failure_that_comes_down_to_a_known_string_is_no_second_find(hunt_for):
    def spaced_in_two_ways(target, prompt):
        # one string is its own smallest; both rules have it in common
        return re.sub("-(?=[a-z])|(?<=[0-9])-", " - ", target)

    hunt, _ = hunt_for(HiddenRule("two ways", spaced_in_two_ways, "", ""), most_finds=3)
    smallest = [find.smallest for find in hunt.finds]
    assert len(set(smallest)) == len(smallest)


@pytest.fixture
def chinese():
    speak("zh")
    yield
    speak("en")


ENGLISH = re.compile(r"[A-Za-z]{2,}")


def test_every_condition_and_factor_has_its_chinese(chinese):
    clauses = {trait.clause for trait in traits_of([(Probe(Code("a-1"), PLAIN.context), frozenset({0}))])}
    styles = frozenset(STYLES)
    for symbols in (1, 2):
        for condition in (
            SymbolIs(0, "-", ("/", "#")),
            *(PartIs(place, kinds, least, most) for place in range(symbols + 1) for kinds in (
                styles, frozenset({"digits"}), styles - {"han", "lower"}, frozenset({"han", "upper", "kana"}),
            ) for least, most in ((2, None), (1, 1), (2, 4), (3, 3))),
            *(PartIs(1, frozenset({style})) for style in STYLES),
            LengthIs(5), SymbolsAre(2, 2), SymbolsAre(2), HitIs(0, symbols), HitIs(-1, symbols), SpacesAre(True, 1),
            EdgeIs(0, frozenset()), EdgeIs(1, frozenset("-/")),
            *(ContextIs(factor, frozenset(levels[:2])) for factor, levels in LEVELS.items()),
        ):  # fmt: skip
            clauses.add(condition.words(symbols))
    said = {clause: in_words(FailureRule(1, (), withdrawn=clause)) for clause in clauses if clause}
    assert {clause: words for clause, words in said.items() if ENGLISH.search(re.sub("JSON|ASCII", "", words))} == {}
    probes = [Probe(Code(("a", part, "0" + part), ("-", "/")), PLAIN.context) for part in ALPHABETS.values()]
    names = set().union(*map(features_of, probes)) | {f"{name}: {level}" for name in LEVELS for level in LEVELS[name]}
    assert [name for name in names if ENGLISH.search(feature_in_words(name).replace("JSON", ""))] == []


def test_a_report_in_chinese_keeps_what_is_not_language(chinese, hunt_for):
    hunt, _ = hunt_for(RULES[0])
    lines = report_lines("m@1", report_of(hunt))
    assert lines[2:4] == ["", "1. 最短      a-111"]
    assert "   规律      出错条件：符号是 '-'，且符号之后至少有 3 个数字" in lines
    # the model, the damage, the prompt, and the first string with its signs and letters
    kept = ("m@1", "spaced", "Repeat this text", "首例")
    english = [line.replace("JSON", "") for line in lines if not any(word in line for word in kept)]
    assert [line for line in english if ENGLISH.search(line)] == []


FROM = Provenance("spaced@1", "2026-11-20", 1, "6.170.15")


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "suites" / "adversarial"
    folder.mkdir(parents=True)
    (folder / "suite.toml").write_text("title = 'Adversarial'\n")
    return folder


@pytest.fixture
def find(hunt_for):
    return hunt_for(RULES[0])[0].finds[0]


def evidence(folder, oracle, budget=300):
    case = load_cases(folder / "pinned.jsonl")[0].case
    return case, asyncio.run(gather_evidence(Asker(oracle, budget), case, "tuned@1", "2026-11-21", 1))


def test_a_pin_is_an_ordinary_case_with_its_provenance(folder, find):
    name = pin(folder, find, FROM)
    case = load_suite(folder)[0]
    assert case.id == name
    assert case.messages == find.smallest.case.messages
    assert case.targets == ("a-111",)
    assert case.digest == find.smallest.digest
    assert {"found-in=spaced@1", "on=2026-11-20", "seed=1", "hypothesis=6.170.15", "failed=5/5"} <= set(case.tags)


def test_the_same_prompt_is_pinned_once(folder, find):
    pin(folder, find, FROM)
    assert pin(folder, find, FROM) is None
    assert len(load_suite(folder)) == 1


@pytest.mark.parametrize("task", ["tool", "dialogue", "json"])
def test_tools_and_dialogues_are_pinned_whole(folder, find, task):
    find.smallest = find.smallest.with_context(find.smallest.context.at(task=task))
    pin(folder, find, FROM)
    assert load_suite(folder)[0].digest == find.smallest.digest


def test_a_pin_that_still_fails_stays(folder, find):
    pin(folder, find, FROM)
    case, seen = evidence(folder, HiddenRuleOracle(RULES[0]))
    assert seen.damaged == 1
    assert not seen.fixed
    with pytest.raises(SuiteError, match="59 clean answers"):
        retire(folder, case, seen)
    assert len(load_suite(folder)) == 1


def test_a_pin_retires_with_its_evidence_and_the_file_goes_with_the_last(folder, find):
    pin(folder, find, FROM)
    case, seen = evidence(folder, HiddenRuleOracle(None))
    assert (seen.clean, seen.fixed) == (59, True)
    retire(folder, case, seen)
    assert not (folder / "pinned.jsonl").exists()
    kept = json.loads((folder / "retired.json").read_text())
    assert kept[0]["case"]["id"] == case.id
    assert kept[0]["evidence"] == {
        "model": "tuned@1", "on": "2026-11-21", "clean": 59, "damaged": 0, "failure_rate_below": 0.0495,
    }  # fmt: skip


def test_a_budget_too_small_for_the_evidence_says_so_and_retires_nothing(folder, find):
    pin(folder, find, FROM)
    with pytest.raises(BudgetSpentError):
        evidence(folder, HiddenRuleOracle(None), budget=40)


def test_answers_without_the_string_are_no_evidence():
    assert not PinEvidence("m@1", "2026-11-21", clean=0, damaged=0, other=90).fixed


def test_siblings_keep_the_shape_of_a_string(find):
    case = find.smallest.case
    first, *others = islice(siblings(case, 1), 30)
    assert first.case is case
    assert len({sibling.digest for sibling in (first, *others)}) == 30
    for sibling in others:
        text = sibling.case.targets[0]
        assert (len(text), text[1], text[0].isalpha(), text[2:].isdecimal()) == (5, "-", True, True)
        assert text in sibling.case.messages[0]["content"]


def test_the_smallest_string_is_asked_as_the_pin_is(find):
    assert isinstance(find.smallest, Probe)
    assert messages(find.smallest.code, find.smallest.context) == find.smallest.case.messages


FIVES = HiddenRule("a digit 5", lambda t, p: t.replace("-", " - ") if "5" in t else t, "a-5", "")
SECOND = HiddenRule(
    "the string on the crate",
    lambda t, p: t.replace("-", " - ") if f"crate beside it reads {t}" in p or f"木箱上写着：{t}" in p else t,
    "a-a",
    "fails when the string is asked for with a second string",
)
TOGETHER = PLAIN.context.at(asked="with a second string")


def hunted(rule, probe, wide):
    hunt = Hunt(HiddenRuleOracle(rule), chain([probe], wide(1)), HuntSettings(200, max_concurrency=1, most_finds=1))
    asyncio.run(hunt.run())
    return hunt


def test_a_second_string_that_fails_by_itself_is_asked_for_alone(wide):
    """Else the hunt would shrink a sound string, and say that it takes two of them."""
    hunt = hunted(FIVES, Probe(Code("3-a"), TOGETHER), wide)
    (find,) = hunt.finds
    assert find.first == Probe(Code("5-c"), PLAIN.context)
    assert ("5" in find.smallest.code.text, find.smallest.context.odd) == (True, ())


def test_a_second_string_that_fails_beside_another_alone_is_named(wide, tmp_path):
    hunt = hunted(SECOND, Probe(Code("3-a"), TOGETHER), wide)
    (find,) = hunt.finds
    assert (find.smallest.code.text, find.smallest.context.odd) == ("a-a", ("asked",))
    assert (find.sighting.target, find.sighting.mention) == ("c-c", "c - c")
    assert find.rule.text.startswith(SECOND.says)  # on the crate only hyphens break
    lines = report_lines("m@1", report_of(hunt))
    assert "   broke     c-c, which is asked for beside it" in lines
    (tmp_path / "suite.toml").write_text('title = "Pins"\ncontamination = "test data"\n')
    pin(tmp_path, find, Provenance("m@1", "2026-11-28", 1, "6.1"))
    (pinned,) = load_cases(tmp_path / "pinned.jsonl")
    assert (pinned.case.targets, pinned.case.required) == (("a-a", "c-c"), ("a-a",))
    sibling = list(islice(siblings(pinned.case, 1), 2))[1].case
    assert (len(sibling.targets), sibling.targets[1], sibling.required) == (2, "c-c", sibling.targets[:1])


def test_of_two_strings_in_an_answer_the_damaged_one_is_seen():
    case = Probe(Code("3-a"), TOGETHER).case

    def seen(text):
        return sighting_of(JUDGE(case, Completion(text=text, finish_reason="stop"), 0), "3-a", 1)

    own, other = seen("3 - a and 5-c"), seen("3-a and 5 - c")
    assert (own.target, own.mention, own.verdict) == ("", "3 - a", "spaced")
    assert (other.target, other.mention, other.verdict) == ("5-c", "5 - c", "spaced")
    assert seen("3 - a and 5 - c").target == ""
    assert (seen("3-a").outcome, seen("only 5-c").outcome) == ("aligned", "omitted")


def test_what_a_hunt_finds_false_is_counted():
    others = [Probe(Code(text), PLAIN.context) for text in ("a-5", "5-a", "a-a", "b-b")]
    failing, sound = others[:2], others[2:]
    right = FailureRule(1, (), tested=20, withdrawn="")
    find = Find(others[0], others[0], "spaced", failures=5, asks=5, rule=right)
    assert not false_find(FIVES, find, failing, sound)
    find.rule = FailureRule(1, (SymbolIs(0, "-"),), tested=20)  # accuses all
    assert false_find(FIVES, find, failing, sound)
    find.rule = FailureRule(1, (SymbolIs(0, "/"),), tested=20)  # knows none
    assert false_find(FIVES, find, failing, sound)
    sometimes = Find(others[2], others[2], "spaced", failures=20, asks=20)
    assert false_find(HiddenRule("", lambda t, p: t, "", "", noise=0.05), sometimes, [], others)


MODEL = ModelConfig(name="m")
JUDGE = Judge(MODEL).sample
BODY = body_for(PLAIN.case, MODEL)


class Endpoint:
    """Answers every request with what it is given."""

    def __init__(self, *answers):
        self._answers = list(answers)

    async def ask(self, body, pace=None):
        answer = self._answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


def oracle(*answers, recorder=None, secrets=None):
    return EndpointOracle(
        Endpoint(*answers),
        lambda case: body_for(case, MODEL),
        JUDGE,
        pace=Pace(),
        recorder=recorder,
        secrets=secrets or Secrets(),
        most_requests=3,
    )


def answered(text, requests=1):
    import json

    body = json.dumps({"choices": [{"finish_reason": "stop", "message": {"role": "assistant", "content": text}}]})
    made = exchange(
        request_body=json.dumps(BODY).encode(),
        response_body=body.encode(),
    )
    return Answer(Completion(text=text, finish_reason="stop"), made, requests)


def ask(asked, sample=0):
    return asyncio.run(asked.ask(PLAIN.case, sample))


def test_an_answer_is_judged_and_its_retries_are_counted():
    sighting = ask(oracle(answered("It reads a - a.", requests=2)))
    assert (sighting.outcome, sighting.verdict, sighting.mention) == ("damaged", "spaced", "a - a")
    assert sighting.damage == ("space-left", "space-right")
    assert sighting.requests == 2


def test_what_was_recorded_is_replayed_and_nothing_else(tmp_path):
    recorder = Recorder(tmp_path / "hunt.jsonl")
    live = oracle(answered("It reads a - a."), Answer(Completion(unusable="timeout"), None, 3), recorder=recorder)
    first, second = ask(live, 0), ask(live, 1)
    recorder.close()
    cassette = Cassette(tmp_path / "hunt.jsonl")

    def recorded(key):
        return Completion(text="It reads a - a.", finish_reason="stop") if key in cassette else None

    replay = RecordedOracle(
        recorded, live.unanswered, live.retried, lambda case: body_for(case, MODEL), JUDGE, most_requests=3
    )
    assert ask(replay, 0) == first
    assert (ask(replay, 1), second.outcome, second.requests) == (second, "unscored", 3)
    with pytest.raises(MissingRecordingError, match="harness hunt"):
        ask(replay, 2)


def test_an_answer_that_holds_a_secret_is_kept_nowhere(tmp_path):
    recorder = Recorder(tmp_path / "hunt.jsonl")
    live = oracle(answered("a-a key-0123456789"), recorder=recorder, secrets=Secrets(["key-0123456789"]))
    sighting = ask(live)
    recorder.close()
    assert (sighting.outcome, sighting.reason) == ("unscored", "secret_echoed")
    assert not list(tmp_path.iterdir())
    assert live.unanswered == {request_key(BODY, 0): "secret_echoed"}


def test_an_endpoint_that_answers_nothing_ends_the_hunt():
    silent = oracle(*[Answer(Completion(unusable="http_503"), None, 3)] * FAILURES_IN_A_ROW)
    for sample in range(FAILURES_IN_A_ROW - 1):
        ask(silent, sample)
    with pytest.raises(EndpointError, match="harness models check"):
        ask(silent, FAILURES_IN_A_ROW)


def test_a_spent_purse_ends_the_hunt_like_a_spent_budget():
    with pytest.raises(BudgetSpentError):
        ask(oracle(SpentError("--max-cost: 1.00 USD are spent")))
