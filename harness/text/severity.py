"""What counts: for a listed target everything, for an extracted one what its kind allows for.

A target that nobody listed may be everyday language (`and/or`, `10-20`), so some damage to it is only a note, and some
readings are no mention at all.
"""

import re
from collections.abc import Collection

from harness.text.characters import SPACE_SET, is_cjk
from harness.text.explain import Change
from harness.text.find import Damage, Reading
from harness.text.fold import Page
from harness.text.settle import Source
from harness.text.tables import ALTERED
from harness.text.targets import STRICT_KINDS, Target

_BROKEN_BY_A_LINE = frozenset({"path", "url", "file", "code"})
_CASED = frozenset({"unit", "placeholder", "option"})
"""Kinds in which the case of the first letter means something inside a sentence too: `mg`, `Mg`."""
_NUMBERS = frozenset({"range", "date", "time", "number"})
_EVERYDAY_PAIR = frozenset({"replaced", "to-space", "dropped"})
_RANGE_SIGNS = frozenset("–~～")
_SOFT = frozenset({"to-space", "dropped", "case"})
_PROSE = _SOFT | {"space-inside"}
_LOST = frozenset({"to-space", "dropped", "replaced"})
_LOWER_WORDS = re.compile("[a-z]+(?:[_.:-][a-z]+)+")
_WORDS = re.compile("[A-Za-z]+(?:[_.:-][A-Za-z]+)+")
_CAPITALS = re.compile("[A-Z]+(?:[-/&][A-Z]+)+")
_SUMMANDS = re.compile(r"(?!.*\d{3})[^\W\d_][\w.]*(?:\+[^\W\d_][\w.]*)+")
"""Words and keys; what holds a longer number is a part number: `MAX3232EEPE+T`."""
_COUNT = re.compile("[+-]?[0-9](?:[0-9.,–~～-]*[0-9])?")
_TOKEN_SIGNS = frozenset("_-./\\#:@%~?=&+")
_TRAILING = ".,:;!?"


def severity(
    reading: Reading, target: Target, page: Page, source: Source, *, is_text: bool, strict_kinds: Collection[str]
) -> str | None:
    """`damage`, `note`, or None where the reading is not a mention of the target."""
    if target.given or target.kind in strict_kinds or not reading.damage.weight:
        return "damage"
    text, changes = page.text, reading.damage.changes
    codes = {code for change in changes for code in change.codes}
    if reading.damage.weight >= ALTERED and _is_inside_token(text, reading, source):
        return None
    if _is_everyday(reading, target, codes, text) or (target.kind in _NUMBERS and _is_sum(text, reading)):
        return None
    if _is_another_spelling(reading, target, codes, page, is_text):
        return "note"
    notes = (_is_note(change, reading, target, page, is_text) for change in changes)
    return "note" if all(notes) else "damage"


_MIXED_SIDES = re.compile("[^/]*[A-Za-z0-9][^/]*/[^/]*[A-Za-z0-9]")
_EQUALS = re.compile(r"\s{0,3}[=＝≈]")


def _is_sum(text: str, reading: Reading) -> bool:
    """`12 / 4 = 3`: a sum that the answer works out is not a mention of `12/4`."""
    return _EQUALS.match(text, reading.end) is not None


def in_a_sentence(reading: Reading, target: Target) -> Reading:
    """The reading without the capital, or small letter, that a sentence gives an everyday name: `Client - side`."""
    first, *others = reading.damage.changes or (None,)
    if first is None or not others or target.given or target.kind != "name":
        return reading
    if first.codes != ("case",) or (first.start, first.end) != (0, 1):
        return reading
    return reading._replace(damage=Damage(reading.damage.weight - ALTERED, tuple(others)))


def _is_another_spelling(reading: Reading, target: Target, codes: set[str], page: Page, is_text: bool) -> bool:
    """Whether a writer may spell the target like this on purpose: `created at`, `Ctrl + C`, `10 km/h`, `CDROM`."""
    text, wanted, kind = page.text, target.text, target.kind
    span = text[reading.start : reading.end]
    if kind == "identifier" and _WORDS.fullmatch(wanted):
        is_lower = wanted.islower()
        if is_lower and codes <= _SOFT:
            return True
        if not codes.isdisjoint(("to-space", "dropped")) and codes <= _PROSE:
            return is_lower or "case" in codes  # `Hugging Face Hub`, `Polars DataFrame`
        is_compound = is_lower and codes == {"replaced"} and span == wanted.replace("_", "-")
        return is_compound and is_text and not page.in_code(reading.start, reading.end)
    if kind in ("name", "code"):
        if codes == {"dropped"}:
            return _CAPITALS.fullmatch(wanted) is not None
        return span.replace(" + ", "+") == wanted and _SUMMANDS.fullmatch(wanted) is not None
    if kind == "unit":
        count = _COUNT.match(wanted)
        return count is not None and span in (wanted[: count.end()] + blank + wanted[count.end() :] for blank in _THIN)
    if kind == "option":  # `--model tuned`, `--format=FORMAT`
        name, _, value = wanted.partition("=")
        return span == f"{name} {value}" or (
            codes == {"case"} and value.isalpha() and span.startswith(f"{name}=") and span.lower() == wanted.lower()
        )
    return False


_THIN = " \u00a0\u2009\u202f"


_SHAPING = frozenset("\u200c\u200d\ufe0e\ufe0f")
"""Joiners and selectors, which change how their neighbours are written."""


def _is_note(change: Change, reading: Reading, target: Target, page: Page, is_text: bool) -> bool:
    text = page.text
    codes = set(change.codes)
    if codes == {"space-right", "line-break"} or (
        codes == {"space-inside", "line-break"} and target.kind == "identifier"
    ):
        ordinary = is_text and target.kind not in _BROKEN_BY_A_LINE
        return ordinary and not page.in_code(reading.start, reading.end)
    if codes == {"zero-width"} and change.new and _SHAPING.isdisjoint(change.new):
        return True  # a zero-width space or a mark of direction got into the prompt with a copied text
    if codes == {"case"} and change.start == 0:
        # rule 3: the case of a first letter is the sentence's, at the start of one here or there
        return change.end == 1 and (target.kind not in _CASED or _opens_sentence(text, reading.start))
    if target.kind == "cjk-pair" and codes == {"cjk-boundary"} and _MIXED_SIDES.match(target.text):
        return True  # `3D 打印/4D 打印`: what counts in a pair of words is beside its sign
    if target.kind in _NUMBERS:  # `3–5 个` for `3-5个`
        if codes == {"cjk-boundary"}:
            return True
        others = [one for one in reading.damage.changes if one.codes != ("cjk-boundary",)]
        return len(others) == 1 and text[reading.start + change.start : reading.start + change.end] in _RANGE_SIGNS
    return False


def _opens_sentence(text: str, start: int) -> bool:
    """Whether a sentence, line, cell or title begins there."""
    line = text[max(0, start - 16) : start].rstrip(" \t\"'“‘(*_#`")
    return not line or line[-1] in "\n.!?:;|>-•。！？：；，【《「（"


def _is_everyday(reading: Reading, target: Target, codes: set[str], text: str) -> bool:
    """Whether such a reading is ordinary language, and no mention of a target of this kind."""
    is_altered = reading.damage.weight >= ALTERED
    if target.kind == "name":
        if not is_altered or target.text.isupper():
            return False
        return "case" in codes or target.text[0].isdecimal() or not _is_among_cjk(text, reading)
    if target.kind == "cjk-pair":
        return not _EVERYDAY_PAIR.isdisjoint(codes)
    if target.kind in _NUMBERS:
        return is_altered and not all(
            text[reading.start + one.start : reading.start + one.end] in _RANGE_SIGNS or one.codes == ("cjk-boundary",)
            for one in reading.damage.changes
        )
    if target.kind == "placeholder" and target.text[0] == ":" and text[reading.start - 1 : reading.start].isalnum():
        return True  # `note: id`, where the colon is the sentence's
    if is_altered and _is_another_thing(reading, target, codes, text):
        return True
    if is_altered and _loses_a_small_sign(reading, target):
        return True
    return target.kind == "code" and _ends_in_an_article(reading, target)


def _is_another_thing(reading: Reading, target: Target, codes: set[str], text: str) -> bool:
    """Whether signs and letters differ so that it is another name: `pytest.timeout` is not `PYTEST_TIMEOUT`."""
    if "case" not in codes:
        return target.kind == "standard" and codes >= {"closed-up", "markup"}  # `RFC_4122`
    if target.kind == "identifier":
        return "replaced" in codes and _WORDS.fullmatch(target.text) is not None
    if target.kind == "standard":
        return "closed-up" in codes  # `rfc821`
    return target.kind == "option" and not codes.isdisjoint(("dropped", "to-space"))


def _is_among_cjk(text: str, reading: Reading) -> bool:
    """Whether there is CJK on one side at least: words of another script are not everyday language there."""
    before, behind = (
        text[max(0, reading.start - 8) : reading.start].rstrip()[-1:],
        text[reading.end : reading.end + 8].lstrip()[:1],
    )
    return any(char and is_cjk(char) for char in (before, behind))


def _loses_a_small_sign(reading: Reading, target: Target) -> bool:
    """`311 files` for `3.11`: below five letters or digits, a sign between digits that is lost."""
    if target.kind not in STRICT_KINDS or sum(map(str.isalnum, target.text)) >= 5:
        return False
    for change in reading.damage.changes:
        if _LOST.isdisjoint(change.codes) or change.new.strip() in ("-", "/"):
            continue
        place = target.text.find(change.new)
        around = target.text[place - 1 : place] + target.text[place + len(change.new) : place + len(change.new) + 1]
        if len(around) == 2 and around.isdecimal():
            return True
    return False


def _ends_in_an_article(reading: Reading, target: Target) -> bool:
    """`AB-12 a better` for `AB-12-A`."""
    changes = reading.damage.changes
    if len(changes) < 2 or not target.text[-1:].isalpha() or target.text[-2:-1].isalnum():
        return False
    return "to-space" in changes[-2].codes and "case" in changes[-1].codes


def _is_inside_token(text: str, reading: Reading, source: Source) -> bool:
    """Whether the span is part of a URL, slug, file name or identifier that the source does not hold."""
    start, end = reading.start, reading.end
    if any(char in SPACE_SET for char in text[start:end]):
        return False
    low, high = start, end
    while low > 0 and _is_of_token(text[low - 1]):
        low -= 1
    while high < len(text) and _is_of_token(text[high]):
        high += 1
    while high > end and text[high - 1] in _TRAILING:
        high -= 1
    before, behind = text[low:start], text[end:high]
    if not (any(map(str.isalnum, before)) or any(map(str.isalnum, behind)) or before.endswith("#")):
        return False
    return not source.holds(text[low:high])


def _is_of_token(char: str) -> bool:
    return (char.isascii() and char.isalnum()) or char in _TOKEN_SIGNS
