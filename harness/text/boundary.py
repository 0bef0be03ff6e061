"""Where a mention may begin and end: not inside a longer word, and not inside a longer number."""

from harness.text.characters import BLANK_SET, blocks_after, blocks_before, is_joining, is_latin_or_digit

_OPENING = frozenset("([{<（［｛＜〈《「『【〔\"'“‘")
_NEVER_JOINS = frozenset(" \n\t()[]\"':;!?`。，；：！？、（）《》“”")
"""What is most often beside a mention and never continues a word or number."""
_MOST_BEFORE, _MOST_BEHIND = 3, 2


def stands_alone(text: str, start: int, end: int, target: str) -> bool:
    """Whether neither edge of the span, which stands for `target`, runs on into a longer word or number."""
    if (not start or text[start - 1] in _NEVER_JOINS) and (end >= len(text) or text[end] in _NEVER_JOINS):
        return True
    if blocks_before(text, start, target[0]) or blocks_after(text, end, target[-1]):
        return False
    if start and _number_runs_on_left(text, start, target):
        return False
    return not (end < len(text) and _number_runs_on_right(text, end, target))


def _number_runs_on_left(text: str, start: int, target: str) -> bool:
    before = text[start - 1]
    if target[0].isdecimal():
        if before == ".":
            return start > 1 and text[start - 2].isdecimal()
        if before == ",":
            return start > 1 and _is_group(text, start - 1)
        if before in "-−":
            return start == 1 or text[start - 2] in BLANK_SET or text[start - 2] in _OPENING
        return False
    return target[1:2].isdecimal() and not target[0].isalnum() and is_latin_or_digit(before)


def _number_runs_on_right(text: str, end: int, target: str) -> bool:
    if not target[-1].isdecimal():
        return False
    behind = text[end]
    if behind == ".":
        return text[end + 1 : end + 2].isdecimal()
    return behind == "," and _is_group(text, end)


def _is_group(text: str, comma: int) -> bool:
    """Whether a comma groups a number: one to three digits before it, exactly three behind it."""
    before = comma
    while before > 0 and comma - before < 4 and text[before - 1].isdecimal():
        before -= 1
    behind = text[comma + 1 : comma + 4]
    return (
        0 < comma - before < 4
        and len(behind) == 3
        and behind.isdecimal()
        and not text[comma + 4 : comma + 5].isdecimal()
    )


def is_inflected(text: str, start: int, end: int, target: str) -> bool:
    """Whether what runs on is only an ending of two letters at most, or a beginning of three.

    The part of the target beside it must be a word: two letters at least, and no digit at that edge.
    """
    if (start and _number_runs_on_left(text, start, target)) or (
        end < len(text) and _number_runs_on_right(text, end, target)
    ):
        return False
    behind = end
    if blocks_after(text, end, target[-1]):
        while behind < len(text) and behind - end <= _MOST_BEHIND and _is_letter(text[behind]):
            behind += 1
        runs_on = behind == end or blocks_after(text, behind, "a")
        if runs_on or behind - end > _MOST_BEHIND or not _is_word(target[::-1]):
            return False
    before = start
    if blocks_before(text, start, target[0]):
        while before > 0 and start - before <= _MOST_BEFORE and _is_letter(text[before - 1]):
            before -= 1
        runs_on = before == start or blocks_before(text, before, "a")
        if runs_on or start - before > _MOST_BEFORE or not _is_word(target):
            return False
    return True


def _is_letter(char: str) -> bool:
    return char.isalpha() and is_joining(char)


def _is_word(target: str) -> bool:
    return len(target) > 1 and target[:2].isalpha()
