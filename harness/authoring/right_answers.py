"""The rule `answers`: right answers beside a case file pass, and what is broken of them fails as it should."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from harness.authoring.damage import broken
from harness.authoring.findings import Finding, Placed
from harness.errors import SuiteError
from harness.records.answer import Completion
from harness.records.case import Case
from harness.records.run import GOOD, SampleResult
from harness.suite import load_info
from harness.suite.answers import answers_file, read_answers

_WANTED = 2


def unfit_answers(shelf: Sequence[Placed], judging: Callable[[Case, Completion], SampleResult]) -> Iterator[Finding]:
    """`answers` (error), and `few-answers` (warning) where a file of answers has fewer than two for a case.

    A case file without a file of answers is passed over.
    """
    by_file: defaultdict[Path, list[Placed]] = defaultdict(list)
    for placed in shelf:
        by_file[placed.path].append(placed)
    for path, cases in by_file.items():
        beside = answers_file(path)
        if not beside.exists():
            continue
        try:
            answers = read_answers(beside, load_info(path.parent))
        except SuiteError as error:
            yield Finding("answers", "error", str(error).removeprefix(f"{beside}: "), beside, 0)
            continue
        for name in answers.keys() - {placed.case.id for placed in cases}:
            yield Finding("answers", "error", f"answers to {name!r}, and {path.name} has no such case", beside, 0)
        for placed in cases:
            right = answers.get(placed.case.id, ())
            if len(set(right)) < _WANTED:
                message = f"{len(set(right))} different right answers in {beside.name}; write two in different styles"
                yield placed.finding("few-answers", "warning", message)
            for number, answer in enumerate(right, start=1):
                yield from _tried(placed, number, answer, judging)


def _tried(
    placed: Placed, number: int, answer: Completion, judging: Callable[[Case, Completion], SampleResult]
) -> Iterator[Finding]:
    case = placed.case
    sample = judging(case, answer)
    if sample.outcome not in GOOD:
        yield placed.finding("answers", "error", f"right answer {number} is {_said(sample)}")
        return
    for wrong in broken(case, answer):
        sample = judging(case, wrong.answer)
        if sample.outcome not in wrong.expected:
            expected = " or ".join(wrong.expected)
            message = f"right answer {number}, {wrong.what}, is {_said(sample)}; expected: {expected}"
            yield placed.finding("answers", "error", message)


def _said(sample: SampleResult) -> str:
    faults = [f"{target!r} {verdict}" for target, verdict in sample.verdicts.items() if verdict != "verbatim"]
    faults += [f"{result.check}: {result.detail}" for result in sample.checks if not result.passed]
    return sample.outcome + (f" ({'; '.join(faults)})" if faults and sample.outcome not in GOOD else "")
