"""All that stands for a target in one text: where its letters are, and the mildest reading of each place."""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from operator import le
from typing import NamedTuple

from harness.text.characters import LINE_BREAK_SET, NEVER_JOINS, is_inflected, is_word, stands_alone
from harness.text.explain import LONGEST_GAP, Change, Reader, Route, Sides, atoms_of, changes_of, cross, mildest, side
from harness.text.fold import NO_FORMS, STRANGER, WHOLE, Damage, Fold, Page, Pattern, Skeleton, pattern_of
from harness.text.keeping import kept
from harness.text.search import AT_ONCE, MANY, all_places, places_of
from harness.text.symbols import ALTERED, BETWEEN_LATIN, ELLIPSES, MARK, letter_for, role

_KNOWN = 64
"""Spans of a target that are kept with their reading: habits are few, and a process may meet thousands of targets."""
_KNOWN_LONG = 4
_LONG, _LONGEST_KNOWN = 200, 2000
_UNREAD = Damage(0, ())

new = tuple.__new__
"""Makes a named tuple in half the time: for what is made once a mention or a row."""


class Reading(NamedTuple):
    """A mention of one target."""

    start: int
    end: int
    damage: Damage


class Alike(NamedTuple):
    """Mentions of one target that are written alike."""

    text: str
    damage: Damage
    starts: list[int]


def readings(page: Page, targets: tuple[str, ...]) -> dict[str, list[Alike]]:
    """The targets whose letters are in a text, each with its mentions by form. Mentions may overlap."""
    if page.is_plain and len(targets) < AT_ONCE:
        patterns = _unlike(targets, page.fine)
        found = _counted(page, patterns) if patterns else None
        if found is not None:
            return found
    return _searched(page, targets)


def whole_places(page: Page, target: str) -> list[int]:
    """Where a target is in a plain text; empty where it is not, or may be there in another form too."""
    pattern = pattern_of(target, page.fine)
    own, digits = pattern.digits, page.digits()
    place = digits.find(own) if own else -1
    if place >= 0 and digits.find(own, place + 1) < 0:  # one mention at most, in whatever form
        start = page.text.find(target)
        is_there = start >= 0 and stands_alone(page.text, start, start + len(target), target)
        return [start] if is_there and not (pattern.may_be_no_mention and _is_no_mention(page, pattern, start)) else []
    forms = readings(page, (target,)).get(target, ()) if target and target in page.text else ()
    return forms[0].starts if len(forms) == 1 and forms[0].text == target else []


def _counted(page: Page, patterns: tuple[Pattern, ...]) -> dict[str, list[Alike]] | None:
    """The same for few targets, each with letters of its own; None for a text that asks for the coarse fold.

    Most texts hold all of their targets whole: these have as many digits and letters there as the targets have.
    """
    skeletons = [pattern.skeleton for pattern in patterns] if not page.is_short else ()
    held = page.may_hold(skeletons)
    digits = page.digits() if page.is_short else ""
    met: dict[str, list[Alike]] = {}
    for pattern in patterns:
        if held is not skeletons and pattern.skeleton not in held:
            continue
        starts = _places(page, pattern, pattern.text)
        if starts and not digits:
            digits = page.digits()
        # the skeleton has as many hits at most as its digits, and as whole mentions at least
        if digits and pattern.digits and _count(digits, pattern.digits) == len(starts):
            if starts:
                met[pattern.text] = [new(Alike, (pattern.text, WHOLE, starts))]
            continue
        if page.fold.coarse:
            return None
        hits = _count(page.letters, pattern.skeleton)
        if hits:
            met[pattern.text] = _forms(page, pattern, starts, hits)
    return met


def _forms(
    page: Page, pattern: Pattern, starts: list[int], hits: int, places: Sequence[int] | None = None
) -> list[Alike]:
    """The mentions of a target in a text without codes, where it starts whole, and has so many hits in all.

    `places` are the hits, where they are known: nothing is looked for then.

    A model damages a string in one way again and again: where the target and its forms known from before are found in
    as many places as its skeleton, nothing is left to be read.
    """
    text = pattern.text
    found = [new(Alike, (text, WHOLE, starts))] if starts else []
    rest = hits - len(starts)
    if not rest:
        return found
    is_counted = places is None and (pattern.known or rest > _WORTH_READING_AHEAD)
    is_counted = is_counted and pattern.is_bare and not _may_meet(pattern.skeleton, pattern.skeleton)
    known, counted = _known_forms(page, pattern, rest) if is_counted else ([], [])
    if is_counted and rest - len(counted) > _WORTH_READING_AHEAD:
        head = Page(page.text[:_WELL_AHEAD], page.symbols)
        _damaged(head, pattern, [], (all_places(head.letters, pattern.skeleton), ()))
        known, counted = _known_forms(page, pattern, rest)
    found += known
    if rest > len(counted):
        places = all_places(page.letters, pattern.skeleton) if places is None else places
        if starts or counted:
            passed, begins = {*starts, *counted}, page.plain.starts
            places = [place for place in places if begins[place] not in passed]
        found += _by_form(page.text, _damaged(page, pattern, _whole(text, starts), (places, ())))
    return found


def _known_forms(page: Page, pattern: Pattern, most: int) -> tuple[list[Alike], list[int]]:
    """The damaged forms of a target that were read before, and where they are, those that are no mention included."""
    found: list[Alike] = []
    counted: list[int] = []
    for form, damage in [*reversed(pattern.known.items())][:_MOST_TRIED] if pattern.known else ():
        if form not in page.text or form == pattern.text or not BETWEEN_LATIN.isdisjoint(form):
            continue  # what `一` is depends on what is round it
        starts = _places(page, pattern, form)
        if damage is not None and starts:
            found.append(new(Alike, (form, damage, starts)))
        counted += starts
        if len(counted) >= most:
            break
    return found, counted


_WORTH_READING_AHEAD, _WELL_AHEAD = 30, 2000
"""With so many hits of a target its forms are learnt from so many characters."""
_MOST_TRIED = 16


def _whole(text: str, starts: list[int]) -> list[Reading]:
    return [new(Reading, (start, start + len(text), WHOLE)) for start in starts]


def _by_form(text: str, found: list[Reading]) -> list[Alike]:
    forms: dict[tuple[str, int], Alike] = {}
    for start, end, damage in found:
        form = text[start:end]
        forms.setdefault((form, id(damage)), new(Alike, (form, damage, []))).starts.append(start)
    return list(forms.values())


@kept(256, few=8)
def _unlike(targets: tuple[str, ...], fold: Fold) -> tuple[Pattern, ...]:
    """The patterns, if each has letters of its own, of which none asks for the coarse fold; empty otherwise."""
    patterns = [pattern_of(target, fold) for target in targets]
    for pattern in patterns:
        if not pattern.skeleton or pattern.unescaped is not NO_FORMS or STRANGER in pattern.skeleton:
            return ()
    return tuple(patterns) if len({pattern.skeleton for pattern in patterns}) == len(patterns) else ()


def _searched(page: Page, targets: tuple[str, ...]) -> dict[str, list[Alike]]:
    patterns, skeletons = _patterns(targets, page.fine)
    unhinted = patterns.get("", ())
    held = page.may_hold(skeletons)
    met: dict[str, list[Alike]] = {}
    if not held and not unhinted:
        return met
    if page.fold.coarse or any(STRANGER in skeleton for skeleton in held):
        page = page if page.fold.coarse else Page(page.text, page.symbols, is_text=page.is_text, coarse=True)
        patterns, skeletons = _patterns(targets, page.fold)
        held, unhinted = skeletons, patterns.get("", ())
    if len(held) < AT_ONCE:
        skeletons = tuple(held)
    plain_hits = places_of(page.letters, skeletons)
    decoded_hits = {} if page.decoded is None else places_of(page.decoded.letters, skeletons)
    are_many = len(plain_hits) >= MANY
    is_of_letters = page.decoded is None and (page.is_text or not page.backslashes)
    met_here = [*plain_hits, *(skeleton for skeleton in decoded_hits if skeleton not in plain_hits)]
    for pattern in [*(one for skeleton in met_here for one in patterns[skeleton]), *unhinted]:
        text = pattern.text
        plain, coded_ones = plain_hits.get(pattern.skeleton, ()), decoded_hits.get(pattern.skeleton, ())
        if are_many and BETWEEN_LATIN.isdisjoint(text) and pattern.skeleton:
            starts = _places_at(page, pattern, plain)
        else:
            starts = _places(page, pattern, text) if plain or not pattern.skeleton else []
        if is_of_letters and pattern.skeleton and pattern.unescaped is NO_FORMS:
            met[text] = _forms(page, pattern, starts, len(plain), plain if are_many else None)
            continue
        whole = _whole(text, starts)
        found: list[Reading] = []
        if pattern.skeleton:
            found = _damaged(page, pattern, whole, (plain, coded_ones))
        elif len(text) > 1:
            found = _signs_apart(page, pattern, whole)
        if pattern.unescaped is not NO_FORMS:
            found += _unescaped(page.text, pattern, whole + found, control_characters=not page.is_text)
        if plain or starts or found:
            met[text] = ([new(Alike, (text, WHOLE, starts))] if starts else []) + _by_form(page.text, found)
    return met


@kept(256, few=8)
def _patterns(targets: tuple[str, ...], fold: Fold) -> tuple[dict[str, list[Pattern]], tuple[str, ...]]:
    """The patterns by their skeletons, and the skeletons. Under "" are those too that are to be looked at anyway."""
    patterns: dict[str, list[Pattern]] = {}
    for target in targets:
        pattern = pattern_of(target, fold)
        patterns.setdefault(pattern.skeleton if pattern.unescaped is NO_FORMS else "", []).append(pattern)
        patterns.setdefault(pattern.skeleton, [])
    return patterns, tuple(skeleton for skeleton in patterns if skeleton)


def _count(text: str, part: str) -> int:
    """How often a part is in a text; its places may overlap."""
    if len(text) > _WORTH_ASKING and not _may_meet(part, part):
        return text.count(part)
    number, place = 0, text.find(part)
    while place >= 0:
        number, place = number + 1, text.find(part, place + 1)
    return number


_WORTH_ASKING = 4000


@lru_cache(maxsize=4096)
def _may_meet(one: str, other: str) -> bool:
    """Whether a place of the second string may begin in a place of the first, or in another place of the same."""
    if len(one) > _LONG or len(other) > _LONG or (one != other and other in one):
        return True
    return any(one.endswith(other[:size]) for size in range(1, min(len(one), len(other) + 1)))


def are_apart(page: Page, seen: dict[str, list[Alike]]) -> bool:
    """Whether no two mentions share a place."""
    if len(page.text) > _WORTH_ASKING and len(seen) < AT_ONCE and page.is_plain and not page.fold.coarse:
        patterns = [pattern_of(text, page.fine) for text in seen]
        skeletons = [pattern.skeleton for pattern in patterns if pattern.is_bare]
        if len(skeletons) == len(seen) and not any(_may_meet(a, b) for a in skeletons for b in skeletons):
            return True
    starts = sorted([start for forms in seen.values() for one in forms for start in one.starts])
    ends = sorted([start + len(one.text) for forms in seen.values() for one in forms for start in one.starts])
    return all(map(le, ends, starts[1:]))  # before each one as many have ended as have begun


def _places(page: Page, pattern: Pattern, form: str) -> list[int]:
    """Where a form of the target, or the target itself, stands for it."""
    text, size = page.text, len(form)
    found: list[int] = []
    start = text.find(form)
    while start >= 0:
        if _is_mention(page, pattern, form, start):
            found.append(start)
            start = text.find(form, start + size)
        else:
            start = text.find(form, start + 1)
    return found


def _places_at(page: Page, pattern: Pattern, hits: Sequence[int]) -> list[int]:
    """The places of the target itself, given those of its letters."""
    text, begins, form = page.text, page.plain.starts, pattern.text
    ahead = next(place for place, char in enumerate(form) if page.fold[ord(char)] is not None)
    found: list[int] = []
    free = 0
    for hit in hits:
        start = begins[hit] - ahead
        if start >= free and text.startswith(form, start) and _is_mention(page, pattern, form, start):
            found.append(start)
            free = start + len(form)
    return found


def _is_mention(page: Page, pattern: Pattern, form: str, start: int) -> bool:
    text, target = page.text, pattern.text
    end = start + len(form)
    if not (
        (text[start - 1] in NEVER_JOINS and (end == len(text) or text[end] in NEVER_JOINS))
        or stands_alone(text, start, end, target)
    ):
        return False
    return not (pattern.may_be_no_mention and form == target and _is_no_mention(page, pattern, start))


def _is_no_mention(page: Page, pattern: Pattern, start: int) -> bool:
    """Whether the target, which is there as it is, has an escaped first sign, or a sign that opens a list item."""
    if pattern.text[0] in page.symbols.by_char and is_escaped(page.text, start):
        return True
    reader = Reader(page.text, page.symbols)
    return any(reader.is_marker(start + offset) for offset in pattern.marker_offsets)


def _signs_apart(page: Page, pattern: Pattern, whole: list[Reading]) -> list[Reading]:
    """Where a target of signs alone, such as `->`, occurs with blanks or look-alikes in it."""
    text, target = page.text, pattern.text
    if target.isspace() or not text:
        return []
    reader = Reader(text, page.symbols)
    atoms = atoms_of(target, page.symbols, Sides("", ""), (True, True))
    found: list[Reading] = []
    free = 0
    firsts = "".join(
        (*atoms[0].forms, atoms[0].apart[:1], *(sign for sign, signs in ELLIPSES.items() if target.startswith(signs)))
    )
    for first in re.finditer(f"[{re.escape(firsts)}]", text):
        start = first.start()
        if start < free or not is_free(whole, start, start + 1):
            continue
        reach = min(len(text), start + _reach(target))
        read = mildest(reader.routes(atoms, start, reach, Sides("", ""), is_head=True, is_tail=True))
        if read is None or not 0 < read[1].weight < ALTERED or not stands_alone(text, start, read[0], target):
            continue
        damage = Damage(read[1].weight, changes_of(read[1], start))
        is_quotation = any("line-break" in change.codes for change in damage.changes)  # `-⏎> `
        if is_free(whole, start, read[0]) and not is_quotation:
            free = read[0]
            found.append(Reading(start, free, damage))
    return found


def _unescaped(text: str, pattern: Pattern, found: list[Reading], *, control_characters: bool) -> list[Reading]:
    """Where an escape of the target itself was read: `A&B` for `A&amp;B`, a line break for the `\\n` of a path."""
    more: list[Reading] = []
    spans = sorted([one[:2] for one in found])
    for form in pattern.unescaped if control_characters else pattern.unescaped[:1]:
        start = text.find(form) if form else -1
        passed = reach = 0
        while start >= 0:
            end = start + len(form)
            while passed < len(spans) and spans[passed][0] < end:
                reach = max(reach, spans[passed][1])
                passed += 1
            if reach <= start and stands_alone(text, start, end, pattern.text):
                change = Change(0, len(form), pattern.text, ("escaped",))
                more.append(Reading(start, end, Damage(ALTERED, (change,))))
            start = text.find(form, end)
    return more


def is_escaped(text: str, place: int) -> bool:
    """Whether there is an odd number of backslashes before `place`."""
    before = text[max(0, place - _MOST_BACKSLASHES) : place]
    return (len(before) - len(before.rstrip("\\"))) % 2 == 1


_MOST_BACKSLASHES = 64


def is_free(whole: list[Reading], start: int, end: int) -> bool:
    """Whether no mention of `whole`, which are in order and apart, has a place of the span."""
    place = bisect_left(whole, (end,))
    return not place or whole[place - 1].end <= start


def _damaged(
    page: Page, pattern: Pattern, whole: list[Reading], hits: tuple[Sequence[int], Sequence[int]]
) -> list[Reading]:
    """Mentions that are not the target as it is written, ordinary wraps among them. None overlaps a verbatim one.

    `hits` are the places of its skeleton in those of the page: as it is, and decoded.
    """
    found: dict[tuple[int, int], Reading] = {}
    for places, is_plain in zip(hits, (True, False), strict=True):
        skeleton = page.plain if is_plain and places else page.decoded
        if skeleton is None:
            continue
        for place in _outside_words(page.text, pattern, skeleton, places):
            reading = _read(page, pattern, skeleton, place)
            if reading is None or not is_free(whole, reading.start, reading.end):
                continue
            same = found.get(span := reading[:2])
            if same is None or reading.damage.weight < same.damage.weight:
                found[span] = reading
    return list(found.values())


def _outside_words(text: str, pattern: Pattern, skeleton: Skeleton, places: Sequence[int]) -> Iterator[int]:
    """The places but for those that are plainly in the middle of a word, where most of a few letters are.

    `_read` finds nothing there: a sign that the target begins with has no room, or a letter or digit goes on with one,
    which only a word of letters allows for (see `is_inflected`).
    """
    target, parts = pattern.text, pattern.parts
    starts, end_at, size = skeleton.starts, skeleton.end, len(text)
    has_head, has_tail = bool(parts.head), bool(parts.gaps[-1])
    is_first = not has_head and target[0] in _PLAIN and (has_tail or not is_word(target))
    is_last = not has_tail and target[-1] in _PLAIN and (has_head or not is_word(target[::-1]))
    further = len(parts.letters) - 1
    for place in places:
        start = starts[place]
        if has_head:
            if place and end_at(place - 1) >= start:
                continue
        elif is_first and start and text[start - 1] in _PLAIN:
            continue
        if is_last and (end := end_at(place + further)) < size and text[end] in _PLAIN:
            continue
        yield place


_PLAIN = frozenset(char for char in map(chr, range(128)) if char.isalnum())


def longest_mention(target: str) -> int:
    """The length in code points up to which a damaged form of the target is still a mention."""
    return 3 * len(target) + LONGEST_GAP


def _read(page: Page, pattern: Pattern, skeleton: Skeleton, place: int) -> Reading | None:
    text, parts = page.text, pattern.parts
    last = place + len(parts.letters) - 1
    start, end = skeleton.starts[place], skeleton.end(last)
    if end - start > longest_mention(pattern.text):
        return None
    target = pattern.text
    if page.is_text:
        doubled_backslashes = page.backslashes > 1 and "\\" in target and page.in_code(start, end)
    else:
        doubled_backslashes = page.backslashes > 0
    loose = False
    end += _marks_at(text, end, _MOST_MARKS) if parts.ends_marked else 0
    if not parts.head and not parts.gaps[-1] and not stands_alone(text, start, end, target):
        loose = is_inflected(text, start, end, target)
        if not loose:
            return None
    known = pattern.known if skeleton is page.plain else pattern.known_coded
    span = text[start:end]
    damage = None if doubled_backslashes else known.get(span, _UNREAD)
    if doubled_backslashes or damage is _UNREAD:
        damage = _core(page, pattern, skeleton, place, doubled_backslashes)
        if not doubled_backslashes and len(span) <= _LONGEST_KNOWN:
            if len(known) >= (_KNOWN if len(span) <= _LONG else _KNOWN_LONG):
                known.clear()
            known[span] = damage
    if damage is None:
        return None
    if parts.head or parts.gaps[-1]:
        reader = Reader(text, page.symbols, doubled_backslashes)
        return _with_edges(reader, pattern, Reading(start, end, damage), skeleton, place)
    if loose and not 0 < damage.weight < ALTERED:
        return None
    return Reading(start, end, damage)


def _marks_at(text: str, start: int, most: int) -> int:
    """How many marks there are from `start` on, up to `most`."""
    place = start
    while place < len(text) and place - start < most and role(text[place]) == MARK:
        place += 1
    return place - start


_MOST_MARKS = 8  # so many behind the last letter belong to a mention


def _core(page: Page, pattern: Pattern, skeleton: Skeleton, place: int, doubled_backslashes: bool) -> Damage | None:
    """From the first letter to the last."""
    text, starts, end_at = page.text, skeleton.starts, skeleton.end
    parts = pattern.parts
    begin = starts[place]
    size = len(parts.letters)
    weight = 0
    changes: list[Change] = []
    for number in range(size):
        low, high = starts[place + number], end_at(place + number)
        if number + 1 < size:
            piece = text[high : starts[place + number + 1]]
        else:
            piece = text[high : high + _marks_at(text, high, _MOST_MARKS)] if parts.ends_marked else ""
        wanted, on = parts.letters[number], parts.marks[number]
        char = text[low:high]
        gap = parts.gaps[number] if number + 1 < size else ""
        if char == wanted and piece == on + gap and (not gap or LINE_BREAK_SET.isdisjoint(piece)):
            continue
        split = _marks_at(piece, 0, len(piece))
        if char != wanted or piece[:split] != on:
            found = letter_for(wanted, on, char, piece[:split])
            if found is None and on and number + 1 < size:  # a mark that is coded, or has a blank before it
                found, gap, split = letter_for(wanted, "", char, ""), on + gap, 0
            if found is None:
                return None
            more, codes = found
            weight += more
            if codes:
                changes.append(
                    Change(low - begin, high + split - begin, wanted + (on if split or not on else ""), codes)
                )
        rest = piece[split:]
        if number + 1 < size and (rest != gap or not LINE_BREAK_SET.isdisjoint(rest)):
            if len(rest) > LONGEST_GAP:
                return None
            crossing = cross(gap, rest, page.symbols, parts.sides(number), doubled_backslashes)
            if crossing is None:
                return None
            more, inside = crossing
            weight += more
            shift = high + split - begin
            changes += [Change(one.start + shift, one.end + shift, one.new, one.codes) for one in inside]
    lost = sum("accents" in change.codes for change in changes)
    if lost and lost < parts.accented:
        return None
    return Damage(weight, tuple(changes)) if changes else WHOLE


def _with_edges(reader: Reader, pattern: Pattern, core: Reading, skeleton: Skeleton, place: int) -> Reading | None:
    """The mention with the signs at the target's head and tail."""
    text, parts = reader.text, pattern.parts
    start, end, damage = core
    weight = damage.weight
    before: tuple[Change, ...] = ()
    after: tuple[Change, ...] = ()
    if parts.head:
        lowest = max(skeleton.end(place - 1) if place else 0, start - _reach(parts.head))
        head = _head(reader, pattern, lowest, core)
        if head is None:
            return None
        start, route = head
        weight += route.weight
        before = changes_of(route, start)
    if parts.gaps[-1]:
        following = place + len(parts.letters)
        highest = skeleton.starts[following] if following < len(skeleton.starts) else len(text)
        sides = parts.sides(len(parts.letters) - 1)
        atoms = atoms_of(parts.gaps[-1], reader.symbols, sides, (False, True))
        highest = min(highest, end + _reach(parts.gaps[-1]))
        tails = reader.routes(atoms, end, highest, sides, is_tail=True)
        if not tails:
            return None
        end, route = min(tails.items(), key=lambda found: (found[1].weight, -found[0]))
        weight += route.weight
        after = changes_of(route, start)
    if not stands_alone(text, start, end, pattern.text):
        return None
    shift = core.start - start
    inside = tuple(Change(low + shift, high + shift, new, codes) for low, high, new, codes in damage.changes)
    return Reading(start, end, Damage(weight, before + inside + after))


def _reach(signs: str) -> int:
    """How far from the letters the signs at an edge are looked for."""
    return 2 * len(signs) + 80


def _head(reader: Reader, pattern: Pattern, lowest: int, core: Reading) -> tuple[int, Route] | None:
    parts, start = pattern.parts, core.start
    sides = Sides("", side(parts.letters[0]))
    is_escape = parts.head[0] in reader.symbols.by_char or reader.text.count("\\", lowest, core.end + 1) > 1
    atoms = atoms_of(parts.head, reader.symbols, sides, (True, False))
    found: dict[int, Route] = {}
    for place in range(lowest, start):
        if not atoms[0].may_begin_with(reader.text[place]):
            continue
        if is_escape and is_escaped(reader.text, place):
            continue
        routes = reader.routes(atoms, place, start, sides, is_head=True)
        if routes:
            found[place] = routes[start]
    return mildest(found)


class Cover:
    """Stretches with owners, which may overlap."""

    def __init__(self, spans: Iterable[tuple[int, int, str]]) -> None:
        self._starts: list[int] = []
        self._reach: list[tuple[tuple[int, str], tuple[int, str]]] = []
        first = second = (-1, "")
        for start, end, owner in sorted(spans):
            if owner == first[1]:
                first = max(first, (end, owner))
            elif end > first[0]:
                first, second = (end, owner), first
            elif end > second[0]:
                second = (end, owner)
            self._starts.append(start)
            self._reach.append((first, second))

    def holds(self, start: int, end: int, but: str) -> bool:
        """Whether one stretch of another owner than `but` holds all of `start` to `end`."""
        place = bisect_right(self._starts, start)
        return place > 0 and any(reach >= end and owner != but for reach, owner in self._reach[place - 1])
