"""Which of a string's symbols a damaged mention hit."""


def damaged_symbols(parts: tuple[str, ...], target: str, mention: str, symbols: str = "-/") -> frozenset[int]:
    """Places (0-based) of symbols that are lost or have something new beside them in `mention`.

    `parts` tells which signs of the target are its symbols: those that stand between two parts.
    """
    changed, inserted = _edits(target, mention)
    hit: set[int] = set()
    for number, place in enumerate(_places(parts, target, symbols)):
        low, high = place, place + 1
        # a lost space at a symbol is the symbol's damage, a lost letter is not
        while low > 0 and target[low - 1] == " ":
            low -= 1
        while target[high] == " ":
            high += 1
        if changed & set(range(low, high)) or inserted & set(range(low, high + 1)):
            hit.add(number)
    return frozenset(hit)


def _places(parts: tuple[str, ...], target: str, symbols: str) -> list[int]:
    places: list[int] = []
    at = 0
    for part in parts[:-1]:
        at = target.index(part, at) + len(part)
        while target[at] not in symbols:
            at += 1
        places.append(at)
        at += 1
    return places


def _edits(target: str, mention: str) -> tuple[set[int], set[int]]:
    """Characters of `target` that are lost or replaced, and places before which something is inserted.

    The fewest edits (Levenshtein); both strings are short.
    """
    rows = [list(range(len(mention) + 1))]
    for i, char in enumerate(target, start=1):
        row = [i]
        for j, other in enumerate(mention, start=1):
            row.append(min(rows[-1][j] + 1, row[-1] + 1, rows[-1][j - 1] + (char != other)))
        rows.append(row)
    changed: set[int] = set()
    inserted: set[int] = set()
    i, j = len(target), len(mention)
    while i or j:
        if i and j and rows[i][j] == rows[i - 1][j - 1] + (target[i - 1] != mention[j - 1]):
            i, j = i - 1, j - 1
            if target[i] != mention[j]:
                changed.add(i)
        elif j and rows[i][j] == rows[i][j - 1] + 1:
            j -= 1
            inserted.add(i)
        else:
            i -= 1
            changed.add(i)
    return changed, inserted
