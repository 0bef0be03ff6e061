"""`extract_targets`: the strings of a prompt that are worth protecting when nobody has listed them."""

from collections.abc import Iterator, Sequence

from harness.text.file_names import file_names
from harness.text.joined_words import joined_words
from harness.text.kinds import kind_of as _old_kind
from harness.text.runs import Span
from harness.text.spaced_words import spaced_words
from harness.text.symbols import DEFAULT_SYMBOLS, SymbolTable
from harness.text.targets import Target

ExtractedTarget = Target
_OLD = {"cjk": "code"}


def kind_of(text: str) -> str:
    found = _old_kind(text, DEFAULT_SYMBOLS)
    return _OLD.get(found, found)


def extract_targets(
    source: str | Sequence[str], *, symbols: SymbolTable = DEFAULT_SYMBOLS
) -> tuple[ExtractedTarget, ...]:
    """The targets of `source` in order, each text once, at its first place."""
    found: dict[str, ExtractedTarget] = {}
    for part in (source,) if isinstance(source, str) else source:
        for span in sorted(_spans(part, symbols), key=lambda span: (span.start, -span.end)):
            text = part[span.start : span.end]
            if text not in found:
                found[text] = Target(text, kind_of(text), span.start, span.end)
    return tuple(found.values())


def _spans(text: str, symbols: SymbolTable) -> Iterator[Span]:
    if not any(char in text for char in symbols.by_char):
        return
    yield from joined_words(text, symbols)
    yield from spaced_words(text, symbols)
    yield from file_names(text, symbols)
