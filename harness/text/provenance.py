"""Whether a span of an answer stands in the source as it is, so that it is nobody's damage."""

from collections.abc import Sequence

from harness.text.characters import blocks_after, blocks_before


class Source:
    """All the text that a model was given. Its parts are never joined: no span crosses two messages."""

    def __init__(self, source: str | Sequence[str]) -> None:
        self.parts: tuple[str, ...] = (source,) if isinstance(source, str) else tuple(source)
        self._known: dict[str, bool] = {}

    def holds(self, span: str) -> bool:
        """Whether `span` stands somewhere in the source with the boundary rule kept on both sides."""
        found = self._known.get(span)
        if found is None:
            found = self._known[span] = any(_stands_in(part, span) for part in self.parts)
        return found


def _stands_in(part: str, span: str) -> bool:
    start = part.find(span)
    while start >= 0:
        end = start + len(span)
        if not blocks_before(part, start, span[0]) and not blocks_after(part, end, span[-1]):
            return True
        start = part.find(span, start + 1)
    return False
