"""One text under check, with what has been read of it so far."""

from harness.text.characters import BLANK_SET, LINE_BREAK_SET, SPACE_SET
from harness.text.gaps import GAP_STARTS, Gap, gaps_from
from harness.text.symbols import SymbolTable


class Page:
    """What alignment asks of a text. Answers are kept, so that no run of blanks is read more than once."""

    def __init__(self, text: str, symbols: SymbolTable) -> None:
        self.text = text
        self.symbols = symbols
        self._gaps: dict[int, tuple[Gap, ...]] = {}
        self._markers: dict[int, bool] = {}

    def gaps(self, start: int) -> tuple[Gap, ...]:
        """All gaps that begin at `start`, shortest first; the first is empty."""
        if start >= len(self.text) or self.text[start] not in GAP_STARTS:
            return (Gap(start),)
        found = self._gaps.get(start)
        if found is None:
            found = self._gaps[start] = gaps_from(self.text, start)
        return found

    def is_marker(self, place: int) -> bool:
        """Whether the character opens a list item: the first non-blank of its line, white space behind it."""
        text = self.text
        if text[place] not in self.symbols.markers or text[place + 1 : place + 2] not in SPACE_SET:
            return False
        found = self._markers.get(place)
        if found is None:
            before = place - 1
            while before >= 0 and text[before] in BLANK_SET and text[before] not in LINE_BREAK_SET:
                before -= 1
            found = self._markers[place] = before < 0 or text[before] in LINE_BREAK_SET
        return found

    def is_escaped(self, place: int) -> bool:
        """Whether an odd number of backslashes stands before `place`."""
        before = place
        while before > 0 and self.text[before - 1] == "\\" and place - before < _LONGEST_ESCAPE:
            before -= 1
        return (place - before) % 2 == 1


_LONGEST_ESCAPE = 64
