"""The strategies of the hunt against the checker and the repair, without a model."""

import asyncio
import json
import re
import subprocess
import sys
from itertools import islice

import pytest
from hypothesis import configuration, example, given, settings
from hypothesis import strategies as st
from hypothesis.vendor.pretty import pretty

from benchmarks.hunt.oracles import RULES, HiddenRule, HiddenRuleOracle
from benchmarks.hunt.shrinking import PROPERTIES, smallest
from harness.hunt.asking import Asker, BudgetSpentError, Sighting, damaged_symbols
from harness.hunt.metamorphic import RelatedPair, relations, summarise
from harness.hunt.probe import (
    END_SIGNS,
    FRONT_SIGNS,
    LEVELS,
    PLAIN,
    PLAIN_CONTEXT,
    STYLES,
    SYMBOLS,
    Code,
    Context,
    Probe,
    plainest,
    style_of,
    style_of_char,
)
from harness.hunt.report import report_of
from harness.hunt.strategies import COMMON, codes, contexts, designed, probes, questions
from harness.records.case import Case, texts_of
from harness.text import check, repair


@settings(max_examples=60)
@given(probes())
def test_the_string_stands_in_the_prompt_as_often_as_the_context_says(probe):
    text = "\n".join(texts_of(probe.case.messages))
    assert text.count(probe.code.text) >= (2 if probe.context.times == "twice" else 1)
    assert Case.model_validate(probe.case.model_dump()) == probe.case


@settings(max_examples=40)
@given(probes())
def test_a_stored_question_comes_back_the_same(probe):
    assert Probe.from_dict(probe.as_dict()) == probe
    assert Probe.from_dict(probe.as_dict()).digest == probe.digest


@settings(max_examples=40)
@given(contexts(), contexts())
def test_two_contexts_never_ask_the_same(one, other):
    asked = PLAIN.with_context(one).digest, PLAIN.with_context(other).digest
    assert (asked[0] == asked[1]) == (one == other)


@given(st.sampled_from(STYLES), st.integers(2, 9))
def test_the_plainest_string_of_a_style_has_that_style(style, length):
    assert style_of(plainest(style, length)) == style
    assert len(plainest(style, length)) == length


def test_one_seed_draws_the_same_questions_and_none_twice():
    first = list(islice(questions(7), 60))
    assert first == list(islice(questions(7), 60))
    assert len({probe.digest for probe in first}) == 60
    assert first != list(islice(questions(8), 60))


def test_a_seed_draws_the_same_in_every_project_and_leaves_nothing_there(tmp_path):
    """Hypothesis mixes what it finds in the modules of a project into its draws."""
    (tmp_path / "words.py").write_text("WORDS = ['abba', 'HAKA', '404', 'zebra'], 101, 144, 150\n", encoding="utf-8")
    script = (
        "import words; from itertools import islice; from harness.hunt.strategies import questions; "
        "print(*(probe.digest for probe in islice(questions(7), 60)))"
    )
    done = subprocess.run(
        [sys.executable, "-B", "-c", script], cwd=tmp_path, check=True, capture_output=True, text=True
    )
    assert done.stdout.split() == [probe.digest for probe in islice(questions(7), 60)]
    assert [path.name for path in tmp_path.iterdir()] == ["words.py"]


def test_the_folder_of_hypothesis_is_the_users_again():
    before = configuration.storage_directory(intent_to_write=False).home_directory
    next(questions(7))
    assert configuration.storage_directory(intent_to_write=False).home_directory == before


SOUND, BROKEN, GONE = Sighting("aligned", "verbatim"), Sighting("damaged", "spaced"), Sighting("omitted")


def pair(relation, before, after):
    return RelatedPair(relation, PLAIN, PLAIN, before, after)


def test_only_pairs_with_both_strings_in_the_answer_count():
    pairs = [
        pair("said twice", SOUND, BROKEN),
        pair("said twice", SOUND, GONE),
        pair("said twice", BROKEN, SOUND),
        pair("said twice", SOUND, SOUND),
    ]
    result = next(r for r in summarise(pairs) if r.relation == "said twice")
    assert (result.pairs, result.worse, result.better, result.p_value) == (3, 1, 1, 1.0)


def test_a_direction_is_broken_by_getting_worse_alone():
    better = summarise([pair("exactness asked for", BROKEN, SOUND)] * 6)[-1]
    worse = summarise([pair("exactness asked for", SOUND, BROKEN)] * 6)[-1]
    assert (better.p_value, worse.p_value) == (1.0, pytest.approx(1 / 64))


def test_relations_change_what_they_name_and_nothing_else(wide):
    for probe in list(wide(1))[:100]:
        for relation in relations():
            changed = relation.changed(probe)
            if changed is None:
                continue
            assert changed != probe
            if relation.name == "other letters":
                assert changed.context == probe.context
                assert [style_of(part) for part in changed.code.parts] == [style_of(p) for p in probe.code.parts]
            else:
                assert changed.code == probe.code


def test_a_hunt_shows_which_relation_a_defect_breaks(hunt_for):
    hunt, _ = hunt_for(next(rule for rule in RULES if rule.name == "a string that is said twice"))
    results = {result.relation: result for result in report_of(hunt).relations}
    assert results["said twice"].worse > 0
    assert results["said twice"].better == 0
    assert (results["other letters"].worse, results["other letters"].better) == (0, 0)


def test_pairs_never_exceed_the_budget(hunt_for):
    hunt, oracle = hunt_for(HiddenRule("sound", lambda target, prompt: target, "", ""), budget=60)
    assert oracle.asked <= 60
    assert hunt.pairs


def test_the_same_sample_is_asked_once():
    async def run():
        oracle = HiddenRuleOracle(None)
        asker = Asker(oracle, 10)
        first = await asker.ask(PLAIN, 0, "explore")
        assert await asker.ask(PLAIN, 0, "shrink") is first
        await asker.ask_again(PLAIN, "rate")
        assert oracle.asked == asker.spent == len(asker.known(PLAIN)) == 2

    asyncio.run(run())


def test_a_question_waits_for_those_in_flight_before_the_budget_is_called_spent(wide):
    class Slow:
        most_requests = 4

        async def ask(self, case, sample):
            await asyncio.sleep(0.01)
            return Sighting("aligned", "verbatim")

    async def run():
        asker = Asker(Slow(), 10)
        probes = list(wide(1))[:20]
        outcomes = await asyncio.gather(*(asker.ask(p, 0, "explore") for p in probes), return_exceptions=True)
        # 7 are answered at one request each; the eighth could take the 3 left and one more
        assert asker.spent == 7
        assert sum(isinstance(outcome, BudgetSpentError) for outcome in outcomes) == 13

    asyncio.run(run())


def test_no_more_questions_are_in_flight_than_allowed(wide):
    class Counting:
        most_requests = 1

        def __init__(self):
            self.now = self.most = 0

        async def ask(self, case, sample):
            self.now += 1
            self.most = max(self.most, self.now)
            await asyncio.sleep(0.001)
            self.now -= 1
            return Sighting("aligned", "verbatim")

    async def run():
        oracle = Counting()
        asker = Asker(oracle, 100, max_concurrency=3)
        await asyncio.gather(*(asker.ask(probe, 0, "explore") for probe in list(wide(1))[:30]))
        assert oracle.most == 3

    asyncio.run(run())


def test_a_question_that_was_cancelled_counts_with_all_its_retries():
    class Hanging:
        most_requests = 3

        async def ask(self, case, sample):
            await asyncio.sleep(60)

    async def run():
        asker = Asker(Hanging(), 10)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(asker.ask(PLAIN, 0, "explore"), 0.01)
        assert asker.spent == 3
        assert asker.ledger == []

    asyncio.run(run())


BLANKS = st.sampled_from((" ", "  ", "\u00a0", "\u2009", "\u3000", "\u200b", "\t"))
TIGHT = codes(symbols="-/", most_symbols=3).map(
    lambda code: Code(code.parts, code.symbols, (False,) * len(code.symbols))
)
LOOSE = codes(symbols="-/", most_symbols=3).map(
    lambda code: Code(code.parts, code.symbols, (True,) * len(code.symbols))
)


def answer(text):
    return f"It reads 「{text}」 today."


@settings(max_examples=150)
@given(probes())
def test_an_answer_that_holds_the_string_is_verbatim_and_is_not_repaired(probe):
    sources = texts_of(probe.case.messages)
    target = probe.code.text
    assert check(sources, answer(target), [target]).verdicts == {target: "verbatim"}
    assert repair(sources, answer(target), [target]).text == answer(target)


@settings(max_examples=150)
@given(TIGHT, st.data())
def test_blanks_put_at_a_symbol_are_seen_placed_and_taken_out(code, data):
    target = code.text
    place = data.draw(st.sampled_from([m.start() for m in re.finditer("[-/]", target)]))
    side = data.draw(st.sampled_from((0, 1)))
    damaged = target[: place + side] + data.draw(BLANKS) + target[place + side :]
    sources = texts_of(Probe(code, PLAIN_CONTEXT).case.messages)
    found = check(sources, answer(damaged), [target])
    assert found.verdicts == {target: "spaced"}
    mention = found.mentions[target][0]
    assert mention.text == damaged
    number = target[:place].count("-") + target[:place].count("/")
    assert damaged_symbols(code, mention.text) == {number}
    assert repair(sources, answer(damaged), [target]).text == answer(target)


@settings(max_examples=100)
@given(LOOSE)
@example(Code(("5", "3"), ("-",), (True,)))
def test_legitimate_spaces_that_are_closed_up_are_altered(code):
    closed = Code(code.parts, code.symbols, (False,) * len(code.symbols)).text
    sources = texts_of(Probe(code, PLAIN_CONTEXT).case.messages)
    found = check(sources, answer(closed), [code.text])
    assert found.verdicts == {code.text: "altered"}
    assert "closed-up" in found.mentions[code.text][0].damage
    assert repair(sources, answer(closed), [code.text]).text == answer(closed)


@settings(max_examples=80)
@given(probes(), st.text(max_size=60))
def test_an_answer_of_anything_at_all_is_judged_and_repair_is_idempotent(probe, text):
    sources = texts_of(probe.case.messages)
    check(sources, text, [probe.code.text])
    once = repair(sources, text).text
    assert repair(sources, once).text == once


@settings(max_examples=60)
@given(TIGHT)
def test_a_spaced_string_in_a_json_answer_is_repaired_inside_its_value(code):
    sources = texts_of(Probe(code, PLAIN_CONTEXT).case.messages)
    spaced = re.sub("([-/])", r" \1 ", code.text)
    output = json.dumps({"label": spaced}, ensure_ascii=True)
    fixed = repair(sources, output, [code.text], channel="json").text
    assert json.loads(fixed) == {"label": code.text}


@settings(max_examples=60)
@given(codes())
def test_a_code_has_one_to_five_symbols_between_parts(code):
    assert 1 <= len(code.symbols) <= 5
    assert set(code.symbols) <= set(SYMBOLS)


@settings(max_examples=60)
@given(codes(symbols="-/", edges=True))
def test_a_code_of_given_symbols_has_no_other(code):
    signs = (*code.symbols, *filter(None, code.edges))
    assert set(signs) <= {"-", "/"}
    assert code.text.count("-") + code.text.count("/") == len(signs)
    assert eval(repr(code), {"Code": Code}) == code  # what is printed can be pasted


def test_a_failing_string_is_printed_as_code_that_can_be_pasted():
    code, context = Code("a_b/"), PLAIN_CONTEXT.at(task="tool", asked="with a second string")
    names = {"Code": Code, "Context": Context, "Probe": Probe}
    assert pretty(code) == "Code('a_b/')"
    assert pretty(context) == "Context(task='tool', asked='with a second string')"
    for value in (code, context, Probe(code, context), PLAIN):
        assert eval(pretty(value), names) == value


# with some seeds the shrinker ends above the smallest for others: `python -m benchmarks.hunt.shrinking` counts them
@pytest.mark.parametrize("name", [name for name in list(PROPERTIES)[:7] if name != "beyond ASCII"])
def test_hypothesis_itself_ends_in_a_smallest_string(name):
    assert smallest(name, 5) in PROPERTIES[name][1]


@pytest.mark.parametrize(
    ("text", "parts", "edges"),
    [
        ("--a/b-", ("a", "b"), ("--", "-")),
        ("/usr/bin", ("usr", "bin"), ("/", "")),
        ("a-b#", ("a", "b"), ("", "#")),
        ("-/a-b", ("/a", "b"), ("-", "")),
        ("a-b", ("a", "b"), ("", "")),
        ("- a-b", ("- a", "b"), ("", "")),
    ],
)
def test_a_sign_at_an_edge_is_not_part_of_a_part(text, parts, edges):
    code = Code(text)
    assert (code.text, code.parts, code.edges) == (text, parts, edges)
    assert eval(repr(code), {"Code": Code}) == code
    assert code.size[1] == len(code.symbols) + sum(map(bool, edges))


@pytest.mark.parametrize("text", ["-a", "a-", "--flag", "-", "/", "ab", ""])
def test_a_text_without_a_symbol_between_two_parts_is_refused(text):
    with pytest.raises(ValueError, match=r"."):
        Code(text)


@pytest.mark.parametrize("symbols", ["", [], ["-", ""]])
def test_symbols_that_are_none_are_refused(symbols):
    with pytest.raises(ValueError, match=r"symbols: found .*; accepted: a text of signs"):
        codes(symbols=symbols)


def test_a_string_has_a_symbol_at_least():
    with pytest.raises(ValueError, match="most_symbols: found 0; accepted: 1 or more"):
        codes(most_symbols=0)


@given(codes(symbols=["--", "→"], most_symbols=1))
@settings(max_examples=20)
def test_a_string_keeps_to_the_signs_and_the_number_that_are_given(code):
    assert len(code.symbols) == 1
    assert set(code.symbols) <= {"--", "→"}


def test_terms_and_templates_of_the_project_are_drawn():
    drawn = list(islice(questions(1, terms=["WZ-9/b", "plain"], templates=["Order {string} today."]), 30))
    assert sum(probe.code.text == "WZ-9/b" for probe in drawn) >= 7
    own = [probe for probe in drawn if probe.context.template]
    assert own[0].case.messages[-1]["content"] == f"Order {own[0].code.text} today."
    assert {Probe.from_dict(probe.as_dict()) for probe in drawn} == set(drawn)


def test_every_combination_of_common_signs_comes_up():
    drawn = list(islice(designed(3), 360))
    seen = {
        (style_of(before), symbol, style_of(after))
        for probe in drawn
        for before, symbol, after in zip(probe.code.parts, probe.code.symbols, probe.code.parts[1:], strict=False)
    }
    assert seen >= {(one, sign, other) for one in COMMON for sign in "-/" for other in COMMON}
    assert len({one for one in seen if one[1] in "-/"}) >= 280


def test_every_sign_comes_up_doubled_at_edges_and_between_its_like():
    """What single signs do there is where models fail, and a draw by chance alone would need thousands of strings."""
    drawn = [probe.code for probe in islice(designed(3, ["~"]), 160)]
    between = {
        (style_of_char(before[-1]), symbol)
        for code in drawn[:100]
        for before, symbol, after in zip(code.parts, code.symbols, code.parts[1:], strict=False)
        if style_of_char(before[-1]) == style_of_char(after[0])
    }
    assert between >= {(style, sign) for style in COMMON for sign in (*SYMBOLS[2:], "~")}
    assert {code.edges[0] for code in drawn} >= set(FRONT_SIGNS)
    assert {code.edges[1] for code in drawn} >= set(END_SIGNS)


def test_questions_are_wide(wide):
    drawn = list(wide(1))
    for factor, levels in LEVELS.items():
        assert {probe.context.level(factor) for probe in drawn} == set(levels)
    assert {style_of(part) for probe in drawn for part in probe.code.parts} >= set(STYLES)
    assert any(any(probe.code.spaced) for probe in drawn)
    assert any("–" in probe.code.symbols for probe in drawn)
    assert {bool(probe.code.edges[side]) for probe in drawn for side in (0, 1)} == {True, False}
    assert sum(any(probe.code.edges) for probe in drawn) > 15
    assert sum(len(probe.case.targets) == 2 for probe in drawn) > 15
    assert len({probe.code.text for probe in drawn}) > 250


def test_a_replay_does_not_import_hypothesis():
    code = "import sys, harness.hunt, harness.hunt.report, harness.hunt.session; print('hypothesis' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
