"""Yes-or-no features of a probe, and which of them go with failing over all wide strings of a hunt."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from harness.adversarial.context import LEVELS
from harness.adversarial.probe import Probe
from harness.adversarial.scripts import STYLES, style_of_char
from harness.adversarial.strategies import INNER_SIGNS
from harness.statistics.multiplicity import benjamini_hochberg

FALSE_DISCOVERIES = 0.05
_LONG = 20
_MANY = 3


@dataclass(frozen=True, slots=True)
class FeatureResult:
    """Failures with and without a feature; `adjusted` is the p-value after Benjamini–Hochberg over all features."""

    feature: str
    failed_with: int
    tries_with: int
    failed_without: int
    tries_without: int
    p_value: float
    adjusted: float

    @property
    def matters(self) -> bool:
        """Whether it is kept at a false discovery rate of 5 %."""
        return self.adjusted <= FALSE_DISCOVERIES


def features_of(probe: Probe) -> frozenset[str]:
    """The features that a probe has."""
    code = probe.code
    pairs = list(zip(code.parts[:-1], code.parts[1:], strict=True))
    found = {name for name, test in _STRING.items() if test(probe)}
    for style in STYLES[:-1]:
        if any(style_of_char(before[-1]) == style for before, _ in pairs):
            found.add(f"{style} before a symbol")
        if any(style_of_char(after[0]) == style for _, after in pairs):
            found.add(f"{style} after a symbol")
        if any(style_of_char(before[-1]) == style_of_char(after[0]) == style for before, after in pairs):
            found.add(f"{style} on both sides of a symbol")
    found |= {f"{factor}: {probe.context.level(factor)}" for factor in LEVELS}
    return frozenset(found)


_STRING: dict[str, Callable[[Probe], bool]] = {
    "symbol '-'": lambda probe: "-" in probe.code.symbols,
    "symbol '/'": lambda probe: "/" in probe.code.symbols,
    "two symbols or more": lambda probe: len(probe.code.symbols) > 1,
    "three symbols or more": lambda probe: len(probe.code.symbols) >= _MANY,
    "more than 20 characters": lambda probe: len(probe.code.text) > _LONG,
    "three digits or more after a symbol": lambda probe: any(
        len(part) >= _MANY and part[:_MANY].isdecimal() for part in probe.code.parts[1:]
    ),
    "a leading zero after a symbol": lambda probe: any(
        part[0] == "0" and part[1:2].isdecimal() for part in probe.code.parts[1:]
    ),
    "spaces of its own": lambda probe: any(probe.code.spaced),
    "a look-alike inside": lambda probe: any(sign in part for part in probe.code.parts for sign in INNER_SIGNS),
}


def screen(tries: Sequence[tuple[Probe, bool]]) -> tuple[FeatureResult, ...]:
    """All features over (probe, failed), the least p-value first.

    Fisher's exact test, two-sided. Give it strings that were drawn, and not those that a shrinker chose: those fail or
    pass because of what was asked before.
    """
    from scipy.stats import fisher_exact

    rows = [(features_of(probe), failed) for probe, failed in tries]
    total, failures = len(rows), sum(failed for _, failed in rows)
    tables = []
    for name in sorted(set().union(*(features for features, _ in rows)) if rows else ()):
        having = sum(name in features for features, _ in rows)
        failed = sum(name in features and failed for features, failed in rows)
        if 0 < having < total:
            tables.append((name, failed, having, failures - failed, total - having))
    p_values = [
        float(fisher_exact([[k, n - k], [other_k, other_n - other_k]]).pvalue) for _, k, n, other_k, other_n in tables
    ]
    results = [
        FeatureResult(*table, p_value=min(1.0, p), adjusted=adjusted)
        for table, p, adjusted in zip(
            tables, p_values, benjamini_hochberg([min(1.0, p) for p in p_values]), strict=True
        )
    ]
    return tuple(sorted(results, key=lambda result: (result.p_value, result.feature)))
