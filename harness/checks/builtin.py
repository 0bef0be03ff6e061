"""The checks that come with the package. Each says in its docstring what passes."""

import json
from typing import Any

from harness.checks.registry import check
from harness.checks.reply import Reply
from harness.records.explain import found, nearest

_SENTENCE_ENDS = "。．！？!?…"
_CLOSERS = "\"'”’」』）)》】*_`~"


def part_of(answer: str, field: str | None) -> Any:
    """The answer, or the value that a JSON Pointer names inside a JSON answer, or in the first tool call's arguments.

    Raises:
        ValueError: the answer is not JSON, or has no such value; the check then fails and says so.
    """
    if field is None:
        return answer
    calls = answer.tool_calls if isinstance(answer, Reply) else ()
    value = decoded(calls[0].arguments if calls else answer)
    for step in field.split("/")[1:]:
        name = step.replace("~1", "/").replace("~0", "~")
        if isinstance(value, dict) and name in value:
            value = value[name]
        elif isinstance(value, list) and name.isdecimal() and int(name) < len(value):
            value = value[int(name)]
        else:
            raise ValueError(f"the answer has no {field}")
    return value


def decoded(answer: str) -> Any:
    """The JSON value of an answer; one code fence round it is allowed."""
    text = answer.strip()
    if text.startswith("```") and text.endswith("```") and "\n" in text:
        text = text[text.index("\n") + 1 : -3].strip()
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        raise ValueError(f"the answer is not JSON: {found(answer)}") from None


def text_of(answer: str, field: str | None) -> str:
    """Like `part_of`, for checks of text."""
    value = part_of(answer, field)
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


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
    inside = value.casefold() in text.casefold() if ignore_case else value in text
    return None if inside else f"{value!r} is not in {found(text)}"


@check
def not_contains(answer: str, *, value: str, ignore_case: bool = False, field: str | None = None) -> str | None:
    """The answer does not hold `value`."""
    text = text_of(answer, field)
    inside = value.casefold() in text.casefold() if ignore_case else value in text
    return f"{value!r} is in {found(text)}" if inside else None


def _pattern_problem(*, pattern: str, field: str | None = None) -> str | None:
    import re2

    try:
        re2.compile(pattern, _quiet())
    except re2.error as error:
        return f"regex.pattern: {found(pattern)} is no RE2 pattern: {error}"
    return None


def _quiet() -> Any:
    import re2

    options = re2.Options()
    options.log_errors = False
    return options


@check
def regex(answer: str, *, pattern: str, field: str | None = None) -> str | None:
    """The pattern (RE2 syntax, so that none can hang) is found in the answer."""
    import re2

    text = text_of(answer, field)
    return None if re2.search(pattern, text, _quiet()) else f"{pattern!r} is not found in {found(text)}"


regex.validate = _pattern_problem  # type: ignore[attr-defined]


@check
def not_regex(answer: str, *, pattern: str, field: str | None = None) -> str | None:
    """The pattern (RE2 syntax) is not found in the answer."""
    import re2

    text = text_of(answer, field)
    match = re2.search(pattern, text, _quiet())
    return f"{pattern!r} is found: {found(match.group())}" if match else None


not_regex.validate = _pattern_problem  # type: ignore[attr-defined]


@check
def json_equals(answer: str, *, value: Any, field: str | None = None) -> str | None:
    """The answer, decoded as JSON, is `value`."""
    got = decoded(answer) if field is None else part_of(answer, field)
    same = json.dumps(got, sort_keys=True) == json.dumps(value, sort_keys=True)
    return None if same else f"{found(got)} is not {found(value)}"


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
        ends = char in _SENTENCE_ENDS or (
            char == "." and (not following or following.isspace() or following in _CLOSERS)
        )
        if ends:
            number += open_text
            open_text = False
        elif char.isalnum():
            open_text = True
    return number + open_text


@check
def ends_with(answer: str, *, value: str, field: str | None = None) -> str | None:
    """The answer, without blanks at its end, ends with `value`."""
    text = text_of(answer, field).rstrip()
    return None if text.endswith(value) else f"ends with {found(text[-len(value) - 10 :])}, not {value!r}"


@check
def choice(answer: str, *, options: list, value: str, field: str | None = None) -> str | None:  # type: ignore[type-arg]
    """The answer names exactly one of the options, and it is `value`. Case does not count; words are whole."""
    text = text_of(answer, field)
    named = [option for option in options if _names(text, option)]
    # an option that stands only inside a longer named one is not named itself
    named = [option for option in named if not any(option != other and option in other for other in named)]
    return None if named == [value] else f"names {named or 'none of the options'}, not {value!r}"


def _choice_problem(*, options: list[Any], value: str, field: str | None = None) -> str | None:
    if not options or not all(isinstance(option, str) and option for option in options):
        return f"choice.options: found {found(options)}; accepted: a list of non-empty strings"
    if value not in options:
        return f"choice.value: {value!r} is not one of the options{nearest(value, options)}"
    return None


choice.validate = _choice_problem  # type: ignore[attr-defined]


def _names(text: str, option: str) -> bool:
    lowered, wanted = text.casefold(), option.casefold()
    start = lowered.find(wanted)
    while start >= 0:
        before, after = lowered[start - 1 : start], lowered[start + len(wanted) : start + len(wanted) + 1]
        if not (_joins(before, wanted[0]) or _joins(wanted[-1], after)):
            return True
        start = lowered.find(wanted, start + 1)
    return False


def _joins(one: str, other: str) -> bool:
    """Two Latin letters or digits side by side are one word; Chinese has no word boundaries."""
    return one.isalnum() and other.isalnum() and one.isascii() and other.isascii()


@check
def number(answer: str, *, value: float, tolerance: float = 0.0, field: str | None = None) -> str | None:
    """The last number of the answer is `value`, within `tolerance`. Thousands separators are understood."""
    numbers = numbers_in(text_of(answer, field))
    if not numbers:
        return f"no number in {found(answer)}"
    return (
        None if abs(numbers[-1] - value) <= tolerance + 1e-9 else f"the last number is {numbers[-1]:g}, not {value:g}"
    )


def numbers_in(text: str) -> list[float]:
    """All decimal numbers of a text, in order; full-width digits count, `1,234.5` is one number."""
    import re2

    plain = text.translate(_FULLWIDTH)
    found_ = re2.findall(r"[-−]?(?:\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?)", plain)
    return [float(item.replace(",", "").replace("−", "-")) for item in found_]


_FULLWIDTH = {0xFF10 + digit: str(digit) for digit in range(10)} | {0xFF0E: ".", 0xFF0C: "，"}


@check
def tool_called(answer: str, *, name: str) -> str | None:
    """The answer calls the tool `name`."""
    calls = answer.tool_calls if isinstance(answer, Reply) else ()
    names = [call.name for call in calls]
    return None if name in names else f"calls {', '.join(names) or 'no tool'}, not {name}"
