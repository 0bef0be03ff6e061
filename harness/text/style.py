"""Whether a blank at Han in a mention is of the answer's style or sentence, or got into a string.

Who writes `3 号楼` does so throughout. A string that has one such place apart and another closed was not set like that
by a style, nor was one that has the only such blanks of its answer, nor the value of a slot in JSON.
"""

from functools import lru_cache

from harness.text.fold import Page
from harness.text.keeping import later
from harness.text.sides import seams

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


def is_before_a_word(page: Page, start: int, end: int, parts: tuple[str, ...], *, open_left: bool) -> bool:
    """Whether the only blank in a mention is before a word of the sentence: `FV-03/西 已经` for `FV-03/西已换`.

    The Han behind the blank was taken from the sentence of the source, and is of a longer word in the answer. Or a code
    whose left edge is uncertain is between two blanks: `放到 Y-12 柜` for `放驿站Y-12柜`.
    """
    text = page.text
    if open_left and page.is_text and _BETWEEN_BLANKS.fullmatch(text, start - 2, end):
        return True
    found = _LAST_WORD.search(text, start, end)
    if found is None or text.count(" ", start, end) > 1 or not _IS_HAN.match(text, end):
        return False
    run = found[1] + text[end]
    is_joined = seams(run)[-1] < _INSIDE_A_WORD and text[end] not in "的了"
    closed = text[start : end + 1].replace(" ", "")
    return is_joined and not any(closed in part for part in parts)


_LAST_WORD, _IS_HAN = later(f" ([{_HAN}]{{1,2}})\\Z"), later(f"[{_HAN}]")
_INSIDE_A_WORD = -1.0
"""Log odds of a seam below which two characters are of one word: `排|练` has -1.5, `座|的` 3."""


_BETWEEN_BLANKS = later(f"[{_HAN}] [A-Za-z0-9]+(?:[-/][A-Za-z0-9]+)+ [{_HAN}]")
