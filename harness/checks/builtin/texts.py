"""`equals`, `contains`, `not_contains`, `ends_with`: plain strings, code point for code point."""

from harness.checks.answers import text_of
from harness.checks.registry import check
from harness.records.explain import found


@check
def equals(
    answer: str, *, value: str, ignore_case: bool = False, strip: bool = True, field: str | None = None
) -> str | None:
    """The answer is `value`; blanks round it do not count unless `strip` is false."""
    text = text_of(answer, field)
    one, other = (text.strip(), value.strip()) if strip else (text, value)
    if ignore_case:
        one, other = one.casefold(), other.casefold()
    return None if one == other else f"{found(text)} is not {value!r}"


@check
def contains(answer: str, *, value: str, ignore_case: bool = False, field: str | None = None) -> str | None:
    """The answer holds `value`."""
    text = text_of(answer, field)
    return None if _inside(value, text, ignore_case) else f"{value!r} is not in {found(text)}"


@check
def not_contains(answer: str, *, value: str, ignore_case: bool = False, field: str | None = None) -> str | None:
    """The answer does not hold `value`."""
    text = text_of(answer, field)
    return f"{value!r} is in {found(text)}" if _inside(value, text, ignore_case) else None


@check
def ends_with(answer: str, *, value: str, field: str | None = None) -> str | None:
    """The answer, without blanks at its end, ends with `value`."""
    text = text_of(answer, field).rstrip()
    return None if text.endswith(value) else f"ends with {found(text[-len(value) - 10 :])}, not {value!r}"


def _inside(value: str, text: str, ignore_case: bool) -> bool:
    return value.casefold() in text.casefold() if ignore_case else value in text


def _not_empty(*, value: str, ignore_case: bool = False, field: str | None = None) -> str | None:
    return None if value else "value: found ''; every text holds it; accepted: a non-empty string"


def _can_end(*, value: str, field: str | None = None) -> str | None:
    if value and value == value.rstrip():
        return None
    return f"value: found {found(value)}; accepted: a non-empty string without blanks at its end"


contains.validate = _not_empty  # type: ignore[attr-defined]
not_contains.validate = _not_empty  # type: ignore[attr-defined]
ends_with.validate = _can_end  # type: ignore[attr-defined]
