"""`extract_targets`: the strings of a prompt that are worth protecting when nobody has listed them."""

from collections.abc import Sequence

from harness.text.kinds import kind_of
from harness.text.scan import scan
from harness.text.symbols import DEFAULT_SYMBOLS, SymbolTable
from harness.text.targets import Target

__all__ = ["ExtractedTarget", "extract_targets", "kind_of"]
ExtractedTarget = Target


def extract_targets(
    source: str | Sequence[str], *, symbols: SymbolTable = DEFAULT_SYMBOLS
) -> tuple[ExtractedTarget, ...]:
    """The targets of `source` in order, each text once, at its first place."""
    return scan(source, symbols)
