"""`assert_verbatim`: the check as an assertion, for an application's own tests."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from harness.text.checking import check
from harness.text.mentions import CheckResult, Mention
from harness.text.symbols import DEFAULT_SYMBOLS, SymbolTable
from harness.text.visible import show

_AROUND, _MOST_MENTIONS, _MOST_TARGETS = 24, 3, 20
_LONGEST = 120


def assert_verbatim(
    source: str | Sequence[str],
    answer: str,
    targets: Sequence[str] | None = None,
    *,
    channel: str = "text",
    symbols: SymbolTable = DEFAULT_SYMBOLS,
) -> None:
    """Fail unless the answer gives the protected strings back, code point for code point.

    Given `targets` must all be named. Without them they are looked for in the source: the answer need not name them
    all, but one at least, so that an empty answer never passes. Notes, such as an en dash in `3–5`, do not fail.

    Raises:
        AssertionError: with each damaged string marked where it is in the answer.
        TypeError: the answer or the source is not text.
        ValueError: there is nothing to protect, so the assertion could not fail.
    """
    __tracebackhide__ = True
    result = check(source, answer, targets, channel=channel, symbols=symbols)
    if result.unscored:
        raise AssertionError("the answer holds nothing but reasoning")
    if not result.verdicts:
        raise ValueError("nothing to protect: no target was given, and the source holds none; name them with targets")
    failures = list(_failures(result, answer, given=targets is not None))
    if failures:
        shown = failures[:_MOST_TARGETS]
        more = [f"and {len(failures) - len(shown)} more"] if len(failures) > len(shown) else []
        head = f"{len(failures)} of {len(result.verdicts)} protected strings did not come back verbatim"
        raise AssertionError("\n".join([head, *shown, *more]))
    if all(verdict == "absent" for verdict in result.verdicts.values()):
        names = ", ".join(_cut(show(target, blanks=False)) for target in list(result.verdicts)[:5])
        raise AssertionError(f"the answer names none of the {len(result.verdicts)} protected strings: {names}")


def _failures(result: CheckResult, answer: str, *, given: bool) -> Iterator[str]:
    for target, verdict in result.verdicts.items():
        name = _cut(show(target, blanks=False))
        damaged = [mention for mention in result.mentions[target] if mention.is_damage]
        if damaged:
            yield "\n".join([f"  {name}", *(_marked(answer, mention) for mention in damaged[:_MOST_MENTIONS])])
        elif target in result.within:
            yield f"  {name}\n    damaged within {_cut(show(result.within[target], blanks=False))}"
        elif given and verdict == "absent":
            yield f"  {name}\n    not in the answer"


def _marked(answer: str, mention: Mention) -> str:
    """The damaged mention between brackets, blanks and look-alikes made visible, with what is around it."""
    codes = f"{mention.verdict}: {', '.join(mention.damage)}"
    if mention.path is not None:  # the offsets are those of a JSON string in the answer
        return f"    ⟦{_cut(show(mention.text, lookalikes=True))}⟧ at {show(mention.path)}  ({codes})"
    low, high = max(0, mention.start - _AROUND), mention.end + _AROUND
    before = ("…" if low else "") + show(answer[low : mention.start], blanks=False)
    behind = show(answer[mention.end : high], blanks=False) + ("…" if high < len(answer) else "")
    return f"    {before}⟦{_cut(show(mention.text, lookalikes=True))}⟧{behind}  ({codes})"


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
