"""The checks that come with the package. Each says in its docstring what passes."""

import unicodedata
from functools import lru_cache
from typing import Any

from harness.checks.answers import Reply, json_value, text_of
from harness.checks.registry import check
from harness.errors import found, nearest
from harness.text.characters import blocks_after, blocks_before


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


@lru_cache(maxsize=1024)
def compiled(pattern: str) -> Any:
    """The compiled pattern, kept, since re2's own cache holds 128. A bad one raises `re2.error`."""
    import re2

    options = re2.Options()
    options.log_errors = False
    return re2.compile(pattern, options)


def _said(error: Exception) -> str:
    said = error.args[0] if error.args else error
    return said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said)


regex.validate = pattern_problem  # type: ignore[attr-defined]
not_regex.validate = pattern_problem  # type: ignore[attr-defined]


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


@check
def choice(answer: str, *, options: list[str], value: str, field: str | None = None) -> str | None:
    """The answer names exactly one of the options, and it is `value`. Case does not count; words are whole."""
    named = _named(text_of(answer, field).casefold(), options)
    return None if named == [value] else f"names {', '.join(map(repr, named)) or 'none of the options'}, not {value!r}"


def _named(text: str, options: list[str]) -> list[str]:
    """The options that the (case-folded) text names, in their own order.

    Longer ones are looked for first and taken out, so that 不同意 names no 同意, while 同意还是不同意 names both.
    """
    named = set()
    for option in sorted(options, key=len, reverse=True):
        wanted = option.casefold()
        kept, place = [], 0
        while (start := text.find(wanted, place)) >= 0:
            end = start + len(wanted)
            if blocks_before(text, start, wanted[0]) or blocks_after(text, end, wanted[-1]):
                kept.append(text[place : start + 1])
                place = start + 1
                continue
            named.add(option)
            kept.append(text[place:start] + "\n")
            place = end
        text = "".join([*kept, text[place:]])
    return [option for option in options if option in named]


def _problem_of_choices(*, options: list[Any], value: str, field: str | None = None) -> str | None:
    if not options or not all(isinstance(option, str) and option.strip() for option in options):
        return f"options: found {found(options)}; accepted: a list of non-blank strings"
    if len({option.casefold() for option in options}) != len(options):
        return f"options: found {found(options)}; two are equal but for letter case; keep one"
    if value not in options:
        return f"value: {value!r} is not one of the options{nearest(value, options)}"
    return None


choice.validate = _problem_of_choices  # type: ignore[attr-defined]


_ENDS = "。．！？!?…"
_CLOSERS = "\"'”’」』）)》】*_`~"


@check
def max_sentences(answer: str, *, count: int, field: str | None = None) -> str | None:
    """The answer has at most `count` sentences, counted by their closing marks."""
    number = _sentences(text_of(answer, field))
    return None if number <= count else f"{number} sentences, at most {count} are asked for"


def _sentences(text: str) -> int:
    number, open_text = 0, False
    for index, char in enumerate(text):
        following = text[index + 1 : index + 2]
        # a full stop inside a number, a version or an address closes nothing
        ends = char in _ENDS or (char == "." and (not following or following.isspace() or following in _CLOSERS))
        if ends:
            number += open_text
            open_text = False
        elif char.isalnum():
            open_text = True
    return number + open_text


def _problem_of_sentences(*, count: int, field: str | None = None) -> str | None:
    return None if count >= 1 else f"count: found {count}; accepted: 1 or more"


max_sentences.validate = _problem_of_sentences  # type: ignore[attr-defined]


@check
def json_equals(answer: str, *, value: Any, field: str | None = None) -> str | None:
    """The answer, decoded as JSON, is `value`. `1` and `1.0` are one number; `1` and `true` are not one value."""
    got = json_value(answer, field)
    return None if same_json(got, value) else f"{found(got)} is not {found(value)}"


def same_json(one: Any, other: Any) -> bool:
    """Equality of JSON values. Python's own would take `true` for 1."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same_json(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(same_json(*pair) for pair in zip(one, other, strict=True))
    return bool(one == other)


@check
def tool_called(answer: str, *, name: str) -> str | None:
    """The answer calls the tool `name`."""
    calls = answer.tool_calls if isinstance(answer, Reply) else ()
    names = [call.name for call in calls]
    return None if name in names else f"calls {', '.join(map(found, names)) or 'no tool'}, not {name!r}"
