"""What is written round or instead of plain characters: escapes, entities, percent codes, tags and other markup."""

import re
from html.entities import html5
from typing import NamedTuple

from harness.text.characters import BLANK_SET

ESCAPE_STARTS = frozenset("\\&%")

_ENTITY = re.compile(r"&(?:amp;)?(?:#([0-9]{1,7})|#[xX]([0-9A-Fa-f]{1,6})|([A-Za-z][A-Za-z0-9]{1,31}));")
_BACKSLASH_CODE = re.compile(r"\\(?:u([0-9A-Fa-f]{4})|x([0-9A-Fa-f]{2})|u\{([0-9A-Fa-f]{1,6})\})")
_PERCENT = re.compile(r"(?:%[0-9A-Fa-f]{2}){1,4}")
_MOST_BACKSLASHES = 4

_TAG = r"<[A-Za-z/!][^<>]{0,400}>"
_ADDRESS = r"\]\([^()\n]{0,400}\)|\]\[[^\[\]\n]{0,100}\]"
_COMMAND = r"\\(?:text(?:tt|bf|it|rm|sf)?|math(?:rm|tt|bf|it|sf)|[mh]box)\{"
TAKEN_OUT = re.compile(f"{_TAG}|{_ADDRESS}|{_COMMAND}")
"""Markup that holds letters: tags, the part of a link that is not its text, and LaTeX round a piece of text."""
MARKUP = re.compile(rf"\*{{1,64}}|_{{1,64}}|`{{1,64}}|~~|{_TAG}|{_ADDRESS}|{_COMMAND}|[\[\]{{}}$]")


class Glyph(NamedTuple):
    char: str
    end: int


def coded(text: str, start: int) -> Glyph | None:
    """The character coded at `start` by an entity, a percent code or a numeric backslash code, if there is one."""
    lead = text[start]
    if lead == "&":
        return _entity(text, start)
    if lead == "%":
        return _percent(text, start)
    if lead == "\\":
        found = _BACKSLASH_CODE.match(text, start)
        if found:
            return _from_code(int(found[1] or found[2] or found[3], 16), found.end())
    return None


def escaped(text: str, start: int) -> Glyph | None:
    """The character at `start` if it is written in any of the coded forms or behind backslashes."""
    found = coded(text, start)
    if found is not None or text[start] != "\\":
        return found
    behind = start + 1
    while behind < len(text) and text[behind] == "\\" and behind - start < _MOST_BACKSLASHES:
        behind += 1
    if behind < len(text) and not text[behind].isalnum() and text[behind] not in BLANK_SET:
        return Glyph(text[behind], behind + 1)
    return Glyph("\\", start + 2) if behind - start > 1 else None


def _from_code(code: int, end: int) -> Glyph | None:
    return Glyph(chr(code), end) if code <= 0x10FFFF else None


def _entity(text: str, start: int) -> Glyph | None:
    found = _ENTITY.match(text, start)
    if not found:
        return None
    if found[1]:
        return _from_code(int(found[1]), found.end())
    if found[2]:
        return _from_code(int(found[2], 16), found.end())
    char = html5.get(found[3] + ";", "")
    return Glyph(char, found.end()) if len(char) == 1 else None


def _percent(text: str, start: int) -> Glyph | None:
    found = _PERCENT.match(text, start)
    if not found:
        return None
    octets = bytes.fromhex(found[0].replace("%", ""))
    for length in range(1, len(octets) + 1):
        try:
            return Glyph(octets[:length].decode("utf-8"), start + 3 * length)
        except UnicodeDecodeError:
            continue
    return None
