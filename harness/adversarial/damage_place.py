"""Which of a string's symbols a damaged mention hit."""

from difflib import SequenceMatcher


def damaged_symbols(parts: tuple[str, ...], target: str, mention: str, symbols: str = "-/") -> frozenset[int]:
    """Places (0-based) of symbols that are lost or have something new beside them in `mention`.

    `parts` tells which signs of the target are its symbols: those that stand between two parts.
    """
    places: list[int] = []
    at = 0
    for part in parts[:-1]:
        at = target.index(part, at) + len(part)
        while target[at] not in symbols:
            at += 1
        places.append(at)
        at += 1
    hit: set[int] = set()
    for kind, start, end, _, _ in SequenceMatcher(None, target, mention, autojunk=False).get_opcodes():
        if kind == "equal":
            continue
        blank = target[start:end].isspace()
        for number, place in enumerate(places):
            if kind == "insert":
                beside = start in (place, place + 1)
            else:
                # a lost space at a symbol is the symbol's damage; a lost letter is not
                beside = start - blank <= place < end + blank
            if beside:
                hit.add(number)
    return frozenset(hit)
