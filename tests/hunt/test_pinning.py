import asyncio
import json
from itertools import islice

import pytest

from benchmarks.hunt.oracles import RULES, HiddenRuleOracle
from harness.errors import SuiteError
from harness.hunt.asking import Asker, BudgetSpentError
from harness.hunt.pins import PinEvidence, Provenance, gather_evidence, pin, retire, siblings
from harness.hunt.probe import Probe, messages
from harness.suite import load_cases, load_suite

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
