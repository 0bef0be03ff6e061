"""Whether a case can be passed, and whether it can be failed, asked of the judge that the runs use."""

from collections.abc import Callable, Iterator
from itertools import chain

from harness.authoring.candidates import EMPTY_HANDED, alone, answers, of_text
from harness.authoring.contradictions import contradictions
from harness.authoring.shelf import Finding, Placed
from harness.decisions.leaks import find_leaks
from harness.records.case import Case, texts_of
from harness.records.completion import Completion
from harness.records.run import GOOD, SampleResult

Judging = Callable[[Case, Completion], SampleResult]
"""What a run would say of one answer to a case."""


def unfit_targets(placed: Placed, judging: Judging) -> Iterator[Finding]:
    """`not-in-source`, `edge-blank`, and `never-found`: targets that the rules of the checker can never find."""
    case = placed.case
    standing = find_leaks(texts_of(case.messages), case.targets)
    for target in case.targets:
        if target not in standing:
            message = f"the target {target!r} does not stand in the prompt as a string of its own"
            yield placed.finding("not-in-source", "error", message)
        elif target != target.strip():
            yield placed.finding("edge-blank", "warning", f"the target {target!r} begins or ends with a blank")
        if not any(judging(case, answer).verdicts.get(target) == "verbatim" for answer in alone(case, target)):
            message = f"the target {target!r} is not found even in an answer that is nothing else"
            yield placed.finding("never-found", "error", message)


def unfit_checks(placed: Placed, judging: Judging) -> Iterator[Finding]:
    """`contradiction`: no answer can pass. `unproved`: none was found that does. `toothless`: a bare excuse passes."""
    case = placed.case
    problems = list(contradictions(case))
    for problem in problems:
        yield placed.finding("contradiction", "error", f"no answer can pass: {problem}")
    if not problems and not any(judging(case, answer).outcome in GOOD for answer in answers(case)):
        message = "no answer was found that passes; try a right one by hand"
        yield placed.finding("unproved", "note", message)
    excuses = chain(map(of_text, EMPTY_HANDED))
    passing = next((answer.text for answer in excuses if judging(case, answer).outcome in GOOD), None)
    if passing is not None:
        yield placed.finding("toothless", "warning", f"the answer {passing!r} passes, so the case proves nothing")
