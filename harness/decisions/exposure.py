"""How much of a case a model version has met in training."""

from collections.abc import Collection, Sequence
from functools import lru_cache

from harness.decisions.leaks import find_leaks
from harness.records.case import Case
from harness.records.run import Exposure


def exposure(case: Case, *, training_texts: Sequence[str], trained_domains: Collection[str]) -> Exposure:
    """`seen`: a target stands in a training text. `trained`: its domain was trained. Else `untrained`."""
    text = _joined(tuple(training_texts))
    # almost no target stands there: a plain search says so at the speed of C, the boundary rule is for the rest
    if find_leaks((text,), [target for target in case.targets if target in text]):
        return "seen"
    return "trained" if case.domain in trained_domains else "untrained"


@lru_cache(maxsize=8)
def _joined(training_texts: tuple[str, ...]) -> str:
    return "\n".join(training_texts)
