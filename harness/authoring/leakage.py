"""Test strings that stand in a training file. The version trained on it has seen them: its rate there proves little."""

from collections.abc import Iterator, Mapping, Sequence

from harness.authoring.shelf import Finding, Placed
from harness.decisions.leaks import find_leaks


def leaks(shelf: Sequence[Placed], training: Mapping[str, Sequence[str]]) -> Iterator[Finding]:
    """`leaked`, once a case and string; `training` is the texts of each training file by its name."""
    strings = {target for placed in shelf for target in placed.case.targets}
    leaked: dict[str, str] = {}
    for name, texts in training.items():
        for string in find_leaks(texts, strings):
            leaked.setdefault(string, name)
    for placed in shelf:
        for target in placed.case.targets:
            if target in leaked:
                message = f"{target!r} stands in the training file {leaked[target]}; take another string"
                yield placed.finding("leaked", "error", message)
