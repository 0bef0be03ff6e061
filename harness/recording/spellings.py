"""Whether a text holds a secret, however it is spelled there.

An endpoint that echoes a key does not keep to one spelling: it cuts it into chunks, escapes it for JSON, an address or
a page, or gives it as base64, hexadecimal or numbers, with signs in between or without. Two steps find all of these. A
text is *squeezed* to its ASCII letters and digits, in lower case, and searched for each coding of the secret squeezed
likewise: `73 6B`, `%73%6b` and `736b` are then the same. What mixes codings is decoded first.
"""

import base64
import json
import re
import string
import unicodedata
from collections.abc import Iterable, Iterator
from functools import cache
from typing import Any

from harness.addresses import in_address

_KEPT = string.digits + string.ascii_letters
_LOWER = bytes.maketrans(string.ascii_uppercase.encode(), string.ascii_lowercase.encode())
_DROPPED = bytes(byte for byte in range(256) if chr(byte) not in _KEPT)
_LONG = 16
_LONG_IF_MIXED = 12
"""Letters and digits of a secret that is looked for in squeezed texts; a shorter one, or one word, could be found in
honest answers, and is looked for as it is written."""
_LONG_IF_CODED = 10

_BACKSLASHED = re.compile(
    r"(?<!\\)\\++(?:u([0-9a-fA-F]{4})|u\{0*+([0-7][0-9a-fA-F])\}|x([0-7][0-9a-fA-F])|([01][0-7]{2})|[nrtbf])"
)
_CODED = re.compile(
    r"%(?:25)*([0-7][0-9a-fA-F])|&(?:amp;)*#[xX]0*([0-7][0-9a-fA-F]);?|=(?:3D)*([0-7][0-9A-F])"
    r"|&(?:amp;)*#0*([0-9]{2,3});?"
)

_OTHER_FORMS = re.compile(
    "[\u2070-\u209c\u2100-\u214f\u2460-\u24ff\uff10-\uff5a\ud835\udb40\U0001d400-\U0001d7ff\U000e0020-\U000e007e]"
)
"""Letters and digits in another form: full width, in a circle, bold as in mathematics, raised; unseen tags.
Escapes of JSON leave halves of characters behind."""
_HALVES = re.compile("[\ud800-\udbff][\udc00-\udfff]")
_TAG = re.compile("[\U000e0020-\U000e007e]")
_NAMED_SIGN = re.compile(r"&(?:hyphen|dash|lowbar|period|equals|plus|sol|colon);|\]\]><!\[CDATA\[")


def squeezed(text: str) -> bytes:
    """The ASCII letters and digits of a text, in lower case."""
    return text.encode("utf-8", "surrogatepass").translate(_LOWER, _DROPPED)


class Spellings:
    """All spellings of some secrets, and the search for them. Its time grows with the text and no faster."""

    def __init__(self, secrets: Iterable[str]) -> None:
        kept = sorted(set(secrets))
        self._squeezed = _any_of({needle for secret in kept for needle in _squeezed_spellings(secret)})
        plain = [secret for secret in kept if not _is_unlikely(squeezed(secret))]
        self._plain = sorted({spelling for secret in plain for spelling in written_spellings(secret)})
        self._bare = sorted({secret.replace("\\", "") for secret in plain})

    def __bool__(self) -> bool:
        return self._squeezed is not None

    def found_in(self, text: str) -> bool:
        """Whether a text holds one of them."""
        if not self or not text:
            return False
        if self._is_in(text):
            return True
        decoded = _decoded(text)
        return decoded is not text and self._is_in(decoded)

    def found_in_body(self, body: str) -> bool:
        """The same for JSON, for a stream of events and for JSON lines, in which pieces of one text are apart."""
        return bool(self) and (self.found_in(body) or any(map(self.found_in, joined_texts(body))))

    def _is_in(self, text: str) -> bool:
        if self._squeezed.search(squeezed(text)) or any(needle in text for needle in self._plain):
            return True
        return "\\" in text and any(needle in text.replace("\\", "") for needle in self._bare)


def joined_texts(body: str) -> Iterator[str]:
    """The decoded texts of a body: those of one place (`choices[0].delta.content`) joined over all its events."""
    return joined_texts_of(_documents(body))


def joined_texts_of(values: Iterable[Any]) -> Iterator[str]:
    """The same of JSON that is decoded already."""
    places: dict[tuple[Any, ...], list[str]] = {}
    everything: list[str] = []
    for value in values:
        for place, piece in _pieces(value):
            places.setdefault(place, []).append(piece)
            everything.append(piece)
    for pieces in places.values():
        yield "".join(pieces)
    if len(places) > 1:
        yield "".join(everything)


def _documents(body: str) -> Iterator[Any]:
    """The JSON of a body: it is one text of JSON, or events, or lines; what is none is searched as it is."""
    whole = _json(body)
    if whole is not None:
        yield whole
        return
    data: list[str] = []
    for line in [*body.splitlines(), ""]:
        content = line.removeprefix("data:").strip()
        value = _json(content)
        if value is not None:
            yield value
        elif line.startswith("data:"):
            data.append(content)  # an event may have its JSON on several lines
        if not line and data:
            joined = _json("\n".join(data))
            if joined is not None:
                yield joined
            data = []


def _json(text: str) -> Any:
    if not text or text[0] not in '{["':
        return None
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


_HOLDS_TEXT = (str, dict, list)


def _pieces(value: Any) -> Iterator[tuple[tuple[Any, ...], str]]:
    """The texts in decoded JSON, in order, each with its place; numbers that are bytes count as text.

    Places in lists are left out, so that texts of a list are pieces of one; an object's own `index` is kept: chunks of
    two tool calls come mixed.
    """
    waiting: list[tuple[tuple[Any, ...], Any]] = [((), value)]
    while waiting:
        place, item = waiting.pop()
        if isinstance(item, str):
            yield place, item
        elif isinstance(item, dict):
            index = item.get("index")
            at = (*place, index) if isinstance(index, int) else place
            # most members hold no text
            waiting += reversed([((*at, name), one) for name, one in item.items() if isinstance(one, _HOLDS_TEXT)])
        elif isinstance(item, list):
            if item and all(isinstance(byte, int) and 0 <= byte < 256 for byte in item):
                yield (*place, bytes), bytes(item).decode("latin-1")
            else:
                waiting += reversed([(place, one) for one in item if isinstance(one, _HOLDS_TEXT)])


def _decoded(text: str) -> str:
    """Without what can be mixed with plain text: escapes of JSON, addresses, HTML and quoted-printable, and other forms
    of the same letters."""
    if "\\" in text:
        text = _BACKSLASHED.sub(_character, text)
    if ("%" in text or "&" in text or "=" in text) and _is_coded().search(text.encode("utf-8", "surrogatepass")):
        text = _CODED.sub(_character, text)
    if "&" in text or "]]>" in text:
        text = _NAMED_SIGN.sub(" ", text)
    if not text.isascii() and _OTHER_FORMS.search(text):
        text = _HALVES.sub(lambda pair: pair[0].encode("utf-16", "surrogatepass").decode("utf-16"), text)
        text = unicodedata.normalize("NFKD", _TAG.sub(lambda tag: chr(ord(tag[0]) - 0xE0000), text))
    return text


@cache
def _is_coded() -> Any:
    """Whether `_CODED` can match; found in a twentieth of the time, and an ordinary `%` or `=` is frequent."""
    import re2

    return re2.compile(rb"%[0-7][0-9a-fA-F]|=[0-7][0-9A-F]|&(?:amp;)*#")


def _any_of(needles: set[bytes]) -> Any:
    """One expression of all needles, whose time does not depend on their number; None without any."""
    import re2

    return re2.compile(b"|".join(sorted(needles))) if needles else None


def _character(match: re.Match[str]) -> str:
    if match.lastindex is None:
        return " "
    digits = match[match.lastindex]
    decimal_or_octal = match.lastindex == 4
    if not decimal_or_octal:
        return chr(int(digits, 16))
    code = int(digits, 8) if match[0].startswith("\\") else int(digits)
    return chr(code) if code < 128 else match[0]


def _is_unlikely(small: bytes) -> bool:
    """Whether letters and digits in this order are nothing but the secret, whatever signs are between them."""
    return len(small) >= _LONG or (len(small) >= _LONG_IF_MIXED and not small.isalpha() and not small.isdigit())


def _squeezed_spellings(secret: str) -> Iterator[bytes]:
    small = squeezed(secret)
    if _is_unlikely(small):
        yield small
        yield small[::-1]
        yield squeezed(in_address(secret))
    plain = secret.encode("utf-8", "surrogateescape")
    yield from (squeezed(code) for code in _codes(plain))
    # UTF-16 without its last byte is in the text of both byte orders; PowerShell codes its commands so
    wide = secret.encode("utf-16-le", "surrogatepass")[:-1]
    yield wide.hex().encode()
    yield from (
        needle
        for text in (plain, wide)
        for offset, letters, bits in ((0, 64, 6), (1, 64, 6), (2, 64, 6), *((n, 32, 5) for n in range(5)))
        if len(needle := squeezed(_within(text, offset, letters, bits))) >= _LONG_IF_CODED
    )


def _codes(plain: bytes) -> Iterator[str]:
    """Each byte by itself: hexadecimal (`73`, `%73`, `0073`, `\\u0073`, `\\x73`, `0x73`), decimal, octal, binary."""
    hexadecimal = ("{:02x}", "{:04x}", "{:06x}", "{:08x}", "u{:04x}", "u{:x}", "x{:02x}", "0x{:02x}")
    for form in (*hexadecimal, "{:d}", "chr{:d}", "{:03o}", "{:o}", "0o{:o}", "{:08b}"):
        yield "".join(form.format(byte) for byte in plain)


def _within(plain: bytes, offset: int, letters: int, bits: int) -> str:
    """Base64 or base32 of the secret where `offset` bytes are before it: the letters that depend on it alone.

    Base64 up to its last whole group, so that a secret that was cut before it was coded is found as well.
    """
    encode = base64.b64encode if letters == 64 else base64.b32encode
    coded = encode(b"\0" * offset + plain).decode("ascii")
    end = (offset + len(plain)) // 3 * 4 if letters == 64 else (offset + len(plain)) * 8 // bits
    return coded[-(-offset * 8 // bits) : end]


def written_spellings(secret: str) -> set[str]:
    """A secret as it is, and as JSON and addresses spell it."""
    once = json.dumps(secret, ensure_ascii=False)[1:-1]
    twice = json.dumps(once, ensure_ascii=False)[1:-1]
    return {secret, once, twice, json.dumps(secret)[1:-1], in_address(secret), secret.replace("/", "\\/")}
