"""The strategies of the hunt against the checker and the repair, without a model."""

import json
import re

from hypothesis import example, given, settings
from hypothesis import strategies as st

from harness.hunt.probe import PLAIN_CONTEXT, Code, Probe
from harness.hunt.search import damaged_symbols
from harness.hunt.strategies import codes, probes
from harness.records.case import texts_of
from harness.text import check, repair

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
