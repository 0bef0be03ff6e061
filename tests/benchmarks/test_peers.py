"""The comparison with other tools rests on real answers, and its table says what was measured and what was not."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks.peers.__main__ import HEAD, Result, table
from benchmarks.peers.answers import Asked, hand_written_answers, real_answers, write_cases
from benchmarks.peers.tools import HARNESS, INSPECT, PEERS, PYDANTIC
from harness.suite import load_suite

REPORTS = Path(__file__).parents[2] / "reports"


def test_cases_are_apart_and_ask_for_a_string_that_stands_in_them() -> None:
    cases = real_answers(REPORTS, 300)
    assert len(cases) == 300
    assert len({case.id for case in cases}) == len({case.prompt for case in cases}) == 300
    assert all(case.target in case.prompt for case in cases)
    assert any(case.target in case.answer for case in cases)
    assert any(case.target not in case.answer for case in cases)


def test_every_tool_is_given_the_same_cases(tmp_path: Path) -> None:
    cases = real_answers(REPORTS, 12)
    write_cases(tmp_path, cases)
    rows = json.loads((tmp_path / "cases.json").read_text(encoding="utf-8"))
    ours = load_suite(tmp_path / "suites" / "made")
    assert [(case.id, case.messages[0]["content"], case.targets[0]) for case in ours] == [
        (row["id"], row["prompt"], row["target"]) for row in rows
    ]
    answers = json.loads((tmp_path / "answers.json").read_text(encoding="utf-8"))
    assert [answers[row["prompt"]] for row in rows] == [case.answer for case in cases]


def test_the_hand_written_answers_come_with_their_verdicts() -> None:
    cases = hand_written_answers(REPORTS.parent / "tests" / "text" / "vectors" / "check-held-out.jsonl")
    assert len({case.id for case in cases}) == len({case.prompt for case in cases}) == len(cases) > 300
    assert {case.whole for case in cases} == {True, False}
    # a substring test is wrong about some of them in both directions, which is what they are for
    assert any(case.target in case.answer and not case.whole for case in cases)
    assert any(case.target not in case.answer and case.whole for case in cases)


def test_the_table_compares_times_and_verdicts() -> None:
    cases = [Asked(name, name, "x", "x") for name in ("a", "b")]
    cases += [Asked("c", "c", "x", "x", True), Asked("d", "d", "x", "x", False)]
    lines = table(
        [
            (HARNESS, Result(2.0, 0.5, {"a": True, "b": False, "c": True, "d": False})),
            (INSPECT, Result(5.0, 1.0, {"a": True, "b": True, "c": False, "d": True})),
            (PYDANTIC, Result("not run: no network", None, {})),
        ],
        cases,
    )
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]
    assert rows[0][1:9] == ["2.00 s", "1.0 x", "0.50 s", "1.0 x", "2 of 2", "2 of 2", "0", "0"]
    assert rows[1][1:9] == ["5.00 s", "2.5 x", "1.00 s", "2.0 x", "1 of 2", "0 of 2", "1", "1"]
    assert rows[2][1:9] == ["not run: no network", "", "-", "", "", "", "", ""]
    assert {len(row) for row in rows} == {len(HEAD)}


@pytest.mark.parametrize("tool", PEERS, ids=lambda tool: tool.name)
def test_versions_are_pinned(tool: object) -> None:
    assert all(part.isdecimal() for part in tool.version.split("."))  # type: ignore[attr-defined]
