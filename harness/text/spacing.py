"""Whether blanks between Han and digits are of the style of an answer, or one got into a string.

Who writes `3 号楼` does so throughout. A string that has one such place apart and another closed was not set like that
by a style, nor was one that has the only such blanks of its answer, nor the value of a slot in JSON.
"""

from functools import lru_cache

from harness.text.characters import later
from harness.text.fold import Page

_HAN = "\u3400-\u9fff"
_CLOSED = later(f"(?<=[{_HAN}])(?=[0-9])|(?<=[0-9])(?=[{_HAN}])")
_APART = later(f"(?<=[{_HAN}]) (?=[0-9])|(?<=[0-9]) (?=[{_HAN}])")
_KINDS = frozenset({"cjk-pair", "code", "name"})
_FEW, _NEAR = 2, 100
"""How many places tell of a style, and how far from the mention: a stream has no more of the text round it."""


def is_of_style(kind: str, page: Page, start: int, end: int, parts: tuple[str, ...]) -> bool:
    """Whether the blanks beside digits in a mention from `start` to `end` may be of the style of the text.

    `kind` is that of the target, `parts` are those of the source: what it has apart, an answer may have too.
    """
    text = page.text
    if kind not in _KINDS:
        return True  # `3-5 个` is written in both ways
    apart = len(_APART.findall(text, start, end))
    if not apart:
        return True
    if _CLOSED.search(text, start, end + 1) or (not page.is_text and (start, end) == (0, len(text))):
        return False  # an edge tells, too
    apart_near, closed_near = _counts(text[max(0, start - _NEAR) : end + _NEAR], parts)
    return apart < apart_near or closed_near < _FEW


@lru_cache(maxsize=8)
def _counts(text: str, parts: tuple[str, ...]) -> tuple[int, int]:
    """How many places are apart here and not in the source, and how many are closed."""
    around = [text[found.start() - 1 : found.end() + 1] for found in _APART.finditer(text)]
    own = [one for one in around if not any(one in part for part in parts)]
    return len(own), len(_CLOSED.findall(text))
