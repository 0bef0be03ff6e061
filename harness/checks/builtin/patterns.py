"""`regex` and `not_regex`. Patterns are RE2's: matching takes linear time, so that no answer can make one hang."""

from typing import Any

from harness.checks.answers import text_of
from harness.checks.registry import check
from harness.records.explain import found


@check
def regex(answer: str, *, pattern: str, field: str | None = None) -> str | None:
    """The pattern (RE2 syntax) is found in the answer."""
    text = text_of(answer, field)
    return None if compiled(pattern).search(text) else f"{pattern!r} is not found in {found(text)}"


@check
def not_regex(answer: str, *, pattern: str, field: str | None = None) -> str | None:
    """The pattern (RE2 syntax) is not found in the answer."""
    match = compiled(pattern).search(text_of(answer, field))
    return f"{pattern!r} is found: {found(match.group())}" if match else None


def pattern_problem(*, pattern: str, field: str | None = None) -> str | None:
    """What is wrong with a pattern, or None."""
    import re2

    if not pattern:
        return "pattern: found ''; every text matches it; accepted: a non-empty RE2 pattern"
    try:
        compiled(pattern)
    except (re2.error, UnicodeEncodeError) as error:
        return f"pattern: found {found(pattern)}, which is no RE2 pattern: {_said(error)}"
    return None


def compiled(pattern: str) -> Any:
    """The compiled pattern; re2 keeps a cache. A bad one raises `re2.error`."""
    import re2

    options = re2.Options()
    options.log_errors = False
    return re2.compile(pattern, options)


def _said(error: Exception) -> str:
    said = error.args[0] if error.args else error
    return said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said)


regex.validate = pattern_problem  # type: ignore[attr-defined]
not_regex.validate = pattern_problem  # type: ignore[attr-defined]
