"""The patterns of a kept secret scanner: bc-detect-secrets, where the extra `secrets` has installed it.

Its detectors for keys of known form are used. Those that guess from entropy or from names of variables are not: product
codes look random, and prompts speak of passwords.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import chain, islice
from typing import Any

_MOST_HITS = 100
"""Of one pattern in one text."""
_AROUND = 200
_LONGEST_HIT = 10_000
"""Characters that a detector looks at for itself: before and after a hit, and of the hit."""


@dataclass(frozen=True, slots=True)
class _Detector:
    """One detector of the scanner, and its patterns for an engine whose time grows with the text and no faster."""

    kind: str
    patterns: tuple[Any, ...]
    scanner: Any

    def sees(self, text: str) -> bool:
        hits = chain.from_iterable(islice(pattern.finditer(text), _MOST_HITS) for pattern in self.patterns)
        return any(self._agrees(text, hit.start(), hit.end()) for hit in hits)

    def _agrees(self, text: str, start: int, end: int) -> bool:
        # some detectors look at a hit once more: a JSON web token must be one
        near = text[max(0, start - _AROUND) : min(end, start + _LONGEST_HIT) + _AROUND]
        return any(True for _ in self.scanner.analyze_string(near))


def kinds_in(text: str) -> Iterator[str]:
    """What the scanner calls the secrets that a text seems to hold; nothing without the scanner."""
    for detector in _detectors():
        if detector.sees(text):
            yield detector.kind


@cache
def _detectors() -> tuple[_Detector, ...]:
    from importlib import import_module
    from inspect import isabstract
    from pkgutil import iter_modules

    try:
        plugins = import_module("detect_secrets.plugins")
        based = import_module("detect_secrets.plugins.base").RegexBasedDetector
    except ImportError:
        return ()
    found = []
    for entry in iter_modules(plugins.__path__):
        module = import_module(f"{plugins.__name__}.{entry.name}")
        for kind in vars(module).values():
            if isinstance(kind, type) and issubclass(kind, based) and not isabstract(kind):
                scanner: Any = kind()
                found.append(_Detector(scanner.secret_type, tuple(_linear(scanner.denylist)), scanner))
    return tuple(found)


def _linear(patterns: Any) -> Iterator[Any]:
    """Patterns that look behind are left out: they are assignments to variables of a few old services."""
    import re2

    options = re2.Options()
    options.log_errors = False
    for pattern in patterns:
        text = f"(?i){pattern.pattern}" if pattern.flags & re.IGNORECASE else pattern.pattern
        try:
            yield re2.compile(text, options)
        except re2.error:
            continue
