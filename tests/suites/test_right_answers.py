"""Every right answer beside the shipped cases passes, and every broken one fails with the verdict that is due."""

from pathlib import Path

import pytest

from harness.authoring.right_answers import broken
from harness.config import ModelConfig
from harness.records.run import GOOD
from harness.runs.judge import Judge
from harness.suite import builtin_root, case_files, load_cases, load_info
from harness.suite.answers import answers_file, read_answers

JUDGE = Judge(ModelConfig(name="any"))
# the cases that a hunt found are made by program and have no answers
FILES = [path for path in case_files(builtin_root()) if path.parent.name != "adversarial"]


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_right_answers_pass_and_broken_ones_fail(path: Path) -> None:
    answers = read_answers(answers_file(path), load_info(path.parent))
    cases = {located.case.id: located.case for located in load_cases(path)}
    assert list(answers) == list(cases)
    assert [name for name, right in answers.items() if len(set(right)) < 2] == []
    wrong, tried = [], 0
    for name, case in cases.items():
        for number, right in enumerate(answers[name]):
            found = JUDGE.sample(case, right, 0).outcome
            if found not in GOOD:
                wrong.append((name, number, "right", found))
            for one in broken(case, right):
                tried += 1
                found = JUDGE.sample(case, one.answer, 0).outcome
                if found not in one.expected:
                    wrong.append((name, number, one.what, found))
    assert wrong == []
    assert tried >= sum(len(case.required) for case in cases.values())
