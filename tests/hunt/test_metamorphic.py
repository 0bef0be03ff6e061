import pytest

from benchmarks.hunt.oracles import RULES, HiddenRule
from harness.hunt.asking import Sighting
from harness.hunt.probe import PLAIN, style_of
from harness.hunt.report import report_of
from harness.hunt.strategies import RelatedPair, relations, summarise

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
