"""Every rule of the lint finds a planted fault, and nothing else is said."""

import json
import random
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.authoring.findings import Placed
from harness.authoring.lint import RULES, Judging, LintResult, lint, similar_pairs, unfit_targets
from harness.decisions.exposure import Learnt
from harness.errors import SuiteError
from harness.records.answer import Completion
from harness.records.case import Case
from harness.records.run import SampleResult
from harness.suite import case_from
from tests.authoring.conftest import LINE, Linting

OTHER = {"prompt": "Which valve does the drawing name? It says: fit RV-7/A before the tank.", "targets": ["RV-7/A"]}


def rules(result: LintResult) -> list[tuple[str, str | None]]:
    return [(finding.rule, finding.case) for finding in result.findings]


def check(name: str, /, **arguments: Any) -> dict[str, Any]:
    return {"check": name, **arguments}


PROMPT = "Is it open? Answer yes or no, please, and give no reason."
CHECKS_ONLY: dict[str, Any] = {"prompt": PROMPT, "targets": []}

PLANTED: dict[str, tuple[list[dict[str, Any]], list[tuple[str, str | None]], str]] = {
    "sound": ([{}, OTHER], [], ""),
    "not in the source": (
        [{"targets": ["KX-40/3"]}],
        [("not-in-source", "a-1")],
        "the target 'KX-40/3' is not in the prompt as a string of its own",
    ),
    "part of a longer run": ([{"targets": ["KX-4"]}], [("not-in-source", "a-1")], "'KX-4' is not in the prompt"),
    "blank at its edge": (
        [{"prompt": "Keep the blank: KX-4 , end of text.", "targets": ["KX-4 "]}],
        [("edge-blank", "a-1")],
        "the target 'KX-4 ' begins or ends with a blank",
    ),
    "same prompt": ([{}, {}], [("duplicate-prompt", "a-2")], "asks the same as mine/a-1 at "),
    "nearly the same prompt": (
        [{}, {"prompt": LINE["prompt"].replace("KX-40/2", "RV-7/A"), "targets": ["RV-7/A"]}],
        [("near-duplicate-prompt", "a-2")],
        "of its text is that of mine/a-1 at ",
    ),
    "same string": (
        [{}, {"prompt": "Ask the store whether they still hold any KX-40/2 in red.", "targets": ["KX-40/2"]}],
        [("duplicate-target", "a-2")],
        "'KX-40/2' is a target of mine/a-1 at ",
    ),
    "string in another case": (
        [{}, {"prompt": "Ask the store whether they still hold any kx40-2 in red.", "targets": ["kx40-2"]}],
        [("near-duplicate-target", "a-2")],
        "'kx40-2' has the letters of 'KX-40/2', mine/a-1 at ",
    ),
    "toothless": (
        [{**CHECKS_ONLY, "checks": [check("max_sentences", count=1)]}],
        [("toothless", "a-1")],
        "the answer 'I am not sure.' passes, so the case proves nothing",
    ),
    "nothing required": ([{"required": []}], [("toothless", "a-1")], "so the case proves nothing"),
    "forbids what it asks for": (
        [{**CHECKS_ONLY, "checks": [check("contains", value="yes"), check("not_contains", value="es")]}],
        [("contradiction", "a-1")],
        "no answer can pass: not_contains 'es' rules out contains[0] 'yes'",
    ),
    "forbids its target": (
        [{"checks": [check("not_contains", value="-")]}],
        [("contradiction", "a-1")],
        "not_contains '-' rules out required[0] 'KX-40/2'",
    ),
    "pattern forbids its target": (
        [{"checks": [check("not_regex", pattern=r"\d/")]}],
        [("contradiction", "a-1")],
        r"not_regex '\\d/' rules out required[0] 'KX-40/2'",
    ),
    "two values": (
        [{**CHECKS_ONLY, "checks": [check("number", value=1), check("number", value=2)]}],
        [("contradiction", "a-1")],
        "number asks for 1 and for 2",
    ),
    "two endings": (
        [{**CHECKS_ONLY, "checks": [check("ends_with", value="yes"), check("ends_with", value="no")]}],
        [("contradiction", "a-1")],
        "ends_with asks for 'yes' and for 'no'",
    ),
    "exact answer that fails": (
        [{**CHECKS_ONLY, "checks": [check("equals", value="yes"), check("number", value=1)]}],
        [("contradiction", "a-1")],
        "equals 'yes' fails number: no number in 'yes'",
    ),
    "fields at odds": (
        [{**CHECKS_ONLY, "task": "json", "checks": [
            check("equals", field="/a", value="x"), check("not_contains", field="/a", value="x")]}],
        [("contradiction", "a-1")],
        "not_contains 'x' rules out equals[0] 'x' (field /a)",
    ),
    "tool that is not offered": (
        [{"checks": [check("tool_called", name="look_up")]}],
        [("contradiction", "a-1")],
        "tool_called asks for 'look_up', and the case offers no tool",
    ),
    "pattern that is beyond the lint": (
        [{**CHECKS_ONLY, "checks": [check("regex", pattern="^(?i)yes|no$")]}],
        [("unproved", "a-1")],
        "no answer was found that passes; try a right one by hand",
    ),
    "bad line": ([{"targets": "KX"}, OTHER], [("bad-line", None)], "targets: found 'KX'; accepted: a list of strings"),
}  # fmt: skip


@pytest.mark.parametrize("kind", PLANTED)
def test_a_planted_fault_is_found_and_nothing_else(linting: Linting, kind: str) -> None:
    lines, expected, message = PLANTED[kind]
    result = linting(*lines)
    found = rules(result)
    assert found == expected
    assert all(message in finding.message for finding in result.findings)
    assert all(finding.level == RULES[finding.rule][0] for finding in result.findings)


def test_a_target_that_the_judge_never_finds_is_reported(judging: Judging) -> None:
    def blind(case: Case, answer: Completion) -> SampleResult:
        return judging(case.model_copy(update={"targets": ()}), answer)

    placed = Placed(case_from(LINE, "mine"), Path("cases.jsonl"), 1)
    found = [(finding.rule, finding.level) for finding in unfit_targets(placed, blind)]
    assert found == [("never-found", "error")]


def test_a_planted_training_string_is_reported_with_its_file(linting: Linting) -> None:
    training = {"clean.jsonl": Learnt(("Nothing here: KX-40/21.",)), "set.jsonl": Learnt(("a", "Fit KX-40/2 today."))}
    result = linting({}, OTHER, training=training)
    assert rules(result) == [("leaked", "a-1")]
    assert result.findings[0].message == ("'KX-40/2' is in the training file set.jsonl; take another string")
    assert result.training_files == ("clean.jsonl", "set.jsonl")
    on_purpose = Learnt(("Fit KX-40/2 today.",), cases=frozenset({"mine/a-1"}))
    assert rules(linting({}, OTHER, training={"set.jsonl": on_purpose})) == [], (
        "it counts as seen wherever it is judged"
    )


def test_pairs_that_are_meant_are_not_reported(linting: Linting) -> None:
    assert rules(linting({"stream": False}, {"stream": True})) == []
    made = {"tags": ["template:copy-en-1"]}
    templated = linting(made, {**made, "prompt": LINE["prompt"].replace("KX-40/2", "RV-7/A"), "targets": ["RV-7/A"]})
    assert rules(templated) == []


def test_system_prompts_may_be_repeated_and_make_questions_different(linting: Linting) -> None:
    def asked(system: str, user: str, target: str) -> dict[str, Any]:
        messages = [{"role": "system", "content": system}, {"role": "user", "content": user}]
        return {"prompt": None, "messages": messages, "targets": [target]}

    long = "You work in a warehouse. Answer briefly, in one line, and never change a part number that you were given."
    same_system = linting(asked(long, "Pump: KX-40/2?", "KX-40/2"), asked(long, "The valve is RV-7/A, no?", "RV-7/A"))
    assert rules(same_system) == []
    same_user = linting(asked(long, "Which pump, KX-40/2?", "KX-40/2"), asked("Hi.", "Which pump, KX-40/2?", "KX-40/2"))
    assert [rule for rule, _ in rules(same_user)] == ["duplicate-target"]


def test_one_id_in_two_files_and_a_bad_suite_toml_are_findings(
    tmp_path: Path, linting: Linting, judging: Judging
) -> None:
    linting({})
    (tmp_path / "mine" / "more.jsonl").write_text((tmp_path / "mine" / "cases.jsonl").read_text())
    found = rules(lint([tmp_path], judging))
    assert ("duplicate-id", "a-1") in found
    (tmp_path / "mine" / "suite.toml").write_text("titel = 'x'")
    result = lint([tmp_path], judging)
    assert [(finding.rule, finding.path.name) for finding in result.findings] == [("bad-suite", "suite.toml")]
    assert result.cases == 0


def test_a_right_answer_that_fails_and_a_broken_one_that_passes_are_errors(
    tmp_path: Path, linting: Linting, judging: Judging
) -> None:
    linting({})
    folder = tmp_path / "mine"
    (folder / "suite.toml").write_text('title = "Mine"\ncontamination = "not for training"\n')
    right = {"a-1": ["KX-40/2", "It is KX-40/2."]}
    beside = folder / "cases.answers.json"
    beside.write_text(json.dumps({"contamination": "not for training", "answers": right}))
    assert rules(lint([folder], judging)) == []

    seeing_nothing = lint([folder], lambda case, answer: judging(case, Completion(text="KX-40/2")))
    said = [finding.message for finding in seeing_nothing.findings if finding.rule == "answers"]
    assert len(said) == 4  # each right answer with the target damaged, and without it
    assert all("is aligned; expected: " in message for message in said)

    beside.write_text(json.dumps({"contamination": "not for training", "answers": {"a-1": ["KX-40/2", "KX - 40/2"]}}))
    (found,) = lint([folder], judging).findings
    assert (found.rule, found.level, found.case) == ("answers", "error", "a-1")
    assert found.message.startswith("right answer 2 is damaged")


def test_a_path_without_cases_is_an_error(tmp_path: Path, judging: Judging) -> None:
    for path in (tmp_path, tmp_path / "none", tmp_path / "file.jsonl"):
        with pytest.raises(SuiteError, match=r"accepted: a \*\.jsonl beside a suite\.toml"):
            lint([path], judging)


def test_json_and_tool_cases_are_answered_by_their_schemas(linting: Linting) -> None:
    tool = {
        "type": "function",
        "function": {
            "name": "order",
            "parameters": {
                "type": "object",
                "properties": {"sku": {"type": "string"}, "count": {"type": "integer", "minimum": 2}},
                "required": ["sku", "count"],
            },
        },
    }
    schema = {
        "type": "object",
        "properties": {"parts": {"type": "array", "items": {"$ref": "#/$defs/part"}}, "note": {"enum": ["ok"]}},
        "required": ["parts", "note"],
        "additionalProperties": False,
        "$defs": {"part": {"anyOf": [{"type": "object", "properties": {"no": {"type": ["null", "string"]}}}]}},
    }
    result = linting(
        {
            "task": "tool",
            "tools": [tool],
            "checks": [check("tool_called", name="order"), check("number", field="/count", value=3)],
        },
        {**OTHER, "task": "json", "checks": [check("json_schema", schema=schema)]},
        {
            "prompt": "Give KY-1/2 and KY-3/4 as JSON with the keys first and second, nothing more.",
            "targets": ["KY-1/2", "KY-3/4"],
            "response_format": {"type": "json_object"},
            "checks": [
                check("equals", field="/first", value="KY-1/2"),
                check("contains", field="/second", value="KY-3/4"),
            ],
        },
    )
    assert rules(result) == []


def test_the_balance_counts_every_cell(linting: Linting) -> None:
    result = linting({}, {**OTHER, "language": "zh"}, {"targets": "bad line"})
    assert sum(cell.cases for cell in result.balance) == result.cases == 2
    assert {(cell.language, cell.symbols, cell.cases) for cell in result.balance} == {
        ("en", "both", 1),
        ("zh", "both", 1),
    }


# Near-duplicates are found exactly, and without comparing every text with every other.

WORDS = st.sampled_from(["pump", "valve", "seal", "tank", "part", "room", "泵站", "阀门", "KX-40"])
TEXTS = st.lists(st.lists(WORDS, min_size=2, max_size=8).map(" ".join), max_size=12)


def trigrams(text: str) -> set[str]:
    plain = " ".join(text.casefold().split())
    return {plain[start : start + 3] for start in range(len(plain) - 2)} if len(plain) >= 12 else set()


def slow(texts: list[str], threshold: float) -> set[tuple[int, int]]:
    found = set()
    for later, text in enumerate(texts):
        for earlier in range(later):
            one, other = trigrams(texts[earlier]), trigrams(text)
            if one and other and len(one & other) / len(one | other) >= threshold:
                found.add((earlier, later))
    return found


@given(texts=TEXTS, threshold=st.sampled_from([0.5, 0.8, 0.95, 1.0]))
@settings(max_examples=60)
def test_pairs_are_those_of_a_comparison_of_all_with_all(texts: list[str], threshold: float) -> None:
    assert {(one, other) for one, other, _ in similar_pairs(texts, threshold)} == slow(texts, threshold)


def test_white_space_and_letter_case_do_not_count() -> None:
    pairs = list(similar_pairs(["The pump has a seal.", "the  PUMP has\na seal."], 0.8))
    assert pairs == [(0, 1, 1.0)]


def test_one_thousand_different_texts_take_seconds() -> None:
    chance = random.Random(1)
    texts = ["".join(chance.choices("abcdefghijklmnopqrstuvwxyz ", k=120)) for _ in range(1000)]
    started = time.process_time()
    assert list(similar_pairs([*texts, texts[7]], 0.6)) == [(7, 1000, 1.0)]
    assert time.process_time() - started < 10
