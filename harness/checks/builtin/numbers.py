"""`number`: the last number of an answer."""

import unicodedata

from harness.checks.answers import text_of
from harness.checks.builtin.patterns import compiled
from harness.checks.registry import check
from harness.records.explain import found

_NUMBER = r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?"
_MINUS = "-−－"
_ROUNDING = 1e-9
"""Of decimal fractions in binary; far below any tolerance that a case asks for."""


@check
def number(answer: str, *, value: float, tolerance: float = 0.0, field: str | None = None) -> str | None:
    """The last number of the answer is `value`, within `tolerance`. Thousands separators are understood."""
    text = text_of(answer, field)
    numbers = numbers_in(text)
    if not numbers:
        return f"no number in {found(text)}"
    right = abs(numbers[-1] - value) <= tolerance + _ROUNDING
    return None if right else f"the last number is {numbers[-1]:g}, not {value:g}"


def numbers_in(text: str) -> list[float]:
    """All decimal numbers of a text, in order; digits of every script count, `1,234.5` is one number.

    A minus sign belongs to the number only if no letter, digit or closing bracket stands before it: `10-8` holds 10
    and 8, `COVID-19` holds 19.
    """
    plain = "".join(_ascii_digit(char) for char in text)
    numbers = []
    for match in compiled(_NUMBER).finditer(plain):
        start = match.start()
        sign = start > 0 and plain[start - 1] in _MINUS
        joined = start > 1 and (plain[start - 2].isalnum() or plain[start - 2] in ")]}）")
        size = float(match.group().replace(",", ""))
        numbers.append(-size if sign and not joined else size)
    return numbers


def _ascii_digit(char: str) -> str:
    if char.isascii():
        return char
    if char.isdecimal():
        return str(unicodedata.decimal(char))
    return "." if char == "．" else char


def _problem(*, value: float, tolerance: float = 0.0, field: str | None = None) -> str | None:
    return None if tolerance >= 0 else f"tolerance: found {tolerance:g}; accepted: 0 or more"


number.validate = _problem  # type: ignore[attr-defined]
