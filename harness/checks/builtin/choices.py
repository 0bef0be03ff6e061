"""`choice`: one of a few answers, named and no other."""

from typing import Any

from harness.checks.answers import text_of
from harness.checks.registry import check
from harness.records.explain import found, nearest
from harness.text.characters import blocks_after, blocks_before


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


def _problem(*, options: list[Any], value: str, field: str | None = None) -> str | None:
    if not options or not all(isinstance(option, str) and option.strip() for option in options):
        return f"options: found {found(options)}; accepted: a list of non-blank strings"
    if len({option.casefold() for option in options}) != len(options):
        return f"options: found {found(options)}; two are equal but for letter case; keep one"
    if value not in options:
        return f"value: {value!r} is not one of the options{nearest(value, options)}"
    return None


choice.validate = _problem  # type: ignore[attr-defined]
