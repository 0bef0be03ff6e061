"""How much of a case a model version has met in training."""

from collections.abc import Collection, Sequence

from harness.records.case import Case
from harness.records.run import Exposure


def exposure(case: Case, *, training_texts: Sequence[str], trained_domains: Collection[str]) -> Exposure:
    """`seen`: a target stands in a training text. `trained`: its domain was trained. Else `untrained`."""
    if any(target in text for target in case.targets for text in training_texts):
        return "seen"
    return "trained" if case.domain in trained_domains else "untrained"
