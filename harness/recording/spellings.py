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
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from itertools import chain, repeat
from typing import Any

from pydantic_core import from_json

from harness.addresses import in_address
from harness.files import DEPTH_LIMIT
from harness.text.keeping import later
from harness.text.unicode_data import letter_classes

_KEPT = string.digits + string.ascii_letters
_LOWER = bytes.maketrans(string.ascii_uppercase.encode(), string.ascii_lowercase.encode())
_DROPPED = bytes(byte for byte in range(256) if chr(byte) not in _KEPT)
_LONG = 16
_LONG_IF_MIXED = 12
"""Letters and digits of a secret that is looked for in squeezed texts; a shorter one, or one word, could be found in
honest answers, and is looked for as it is written."""
_LONG_IF_CODED = 10

_LONG_IF_CUT = 20
"""Letters and digits of a secret of which three quarters, its beginning or its end, are as good as the whole."""

_BACKSLASHED = later(
    r"\\(?<!\\\\)\\*+(?:u([0-9a-fA-F]{4})|u\{0*+([0-7][0-9a-fA-F])\}|(?:x|x\{0*+|U0{6}|0{2,4})([0-7][0-9a-fA-F])\}?"
    r"|([01][0-7]{2})|([2-7][0-9a-fA-F])(?![0-9a-fA-F]) ?|[nrtbf])"
)
_CODED = later(
    r"%(?:25)*(?:u00)?([0-7][0-9a-fA-F])|&(?:amp;)*#[xX]0*([0-7][0-9a-fA-F]);?|=(?:3D)*([0-7][0-9A-F])"
    r"|&(?:amp;)*#0*([0-9]{2,3});?"
)

_OTHER_FORMS = later(
    "[\u00aa\u00b2\u00b3\u00b9\u00ba\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u02ff\u0370-\u10ff\u1380-\u1fff\u2070-\u209c"
    "\u2100-\u214f\u2460-\u24ff\u2776-\u2793\u2c00-\u2dff\ua490-\uabff"
    "\uff10-\uff5a\ud835\ud83c\udb40\U00010280-\U0001f1ff\U000e0020-\U000e007e]"
)
"""Letters and digits in another form: full width, in a circle, bold as in mathematics, raised, with an accent, of
another script that look the same; unseen tags. Escapes of JSON leave halves of characters behind."""
_HALVES = later("[\ud800-\udbff][\udc00-\udfff]")
_TAG = later("[\U000e0020-\U000e007e]")
_NAMED_SIGN = later(r"&(?:hyphen|dash|lowbar|period|equals|plus|sol|colon);|\]\]><!\[CDATA\[")
_MARKUP = later(r"<[^<>]{0,300}+>|\x1b\[[0-?]*+[ -/]*+[@-~]|=\?[\w-]{2,20}+\?[qQbB]\?")
"""Between letters nobody sees it: a tag, a colour of a terminal, the head of a coded word in mail."""
_MARK = later(r"<[^<>]{0,300}+>")
"""The only one of them where there is no escape and no `=?`; it is found by its first sign."""
_DUMPED = later(r"^[0-9a-fA-F]{7,8}:?[ \t]++((?:(?:[0-9a-fA-F]{2}){1,2}[ \t]++)+).*$", re.MULTILINE)
"""A line of a dump (`xxd`, `hexdump -C`): offset, bytes, letters."""


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
        if decoded is not text and self._is_in(decoded):
            return True
        bare = _bare(decoded)
        return bare != decoded and self._is_in(bare)

    def found_in_body(self, body: str) -> bool:
        """The same for JSON, for a stream of events and for JSON lines, in which pieces of one text are apart."""
        return bool(self) and (self.found_in(body) or any(map(self.found_in, joined_texts(body))))

    def _is_in(self, text: str) -> bool:
        if self._squeezed.search(squeezed(text)) or any(needle in text for needle in self._plain):
            return True
        return "\\" in text and any(needle in text.replace("\\", "") for needle in self._bare)


def _gathered(members: dict[str, Any], found: list[str], depth: int) -> bool:
    """Add the texts of an object to `found`, in their order; False where some may be pieces of one, or it is deep.

    Most bodies have no list of several, and then each text has a place of its own.
    """
    if not depth:
        return False
    for member in members.values():
        item, kind = member, type(member)
        if kind is list and item:
            if len(member) > 1:
                return False
            item, kind = member[0], type(member[0])
            if kind is list or isinstance(item, int):  # a list of bytes is a text
                return False
        if kind is str:
            found.append(item)
        elif kind is dict and not _gathered(item, found, depth - 1):
            return False
    return True


_FIELDS = ("", "event", "id", "retry")
"""Of a stream of events, beside `data`; the nameless one is a comment."""


def joined_texts(body: str) -> list[str]:
    """The decoded texts of a body: those of one place (`choices[0].delta.content`) joined over all its events.

    The last one is all of them in their order, without what each event repeats, such as its id: a text may begin in
    one place and end in another, as reasoning and content do.
    """
    return joined_texts_of(_documents(body))


def joined_texts_of(values: Iterable[Any]) -> list[str]:
    """The same of JSON that is decoded already.

    Places in lists are left out, so that texts of a list are pieces of one; an object's own `index` is kept: chunks of
    two tool calls come mixed. Numbers that are bytes count as text.
    """
    given, found = list(values), list[str]()
    if len(given) == 1 and type(given[0]) is dict and _gathered(given[0], found, DEPTH_LIMIT):
        return [*found, "".join(found)] if len(found) > 1 else found
    everything: list[tuple[Any, str]] = []
    # one loop, and places as pairs of the outer one and a name: this is done for each member of each line
    waiting: list[tuple[Any, Iterator[tuple[Any, Any]]]] = [(None, zip(repeat(None), given))]
    while waiting:
        place, members = waiting[-1]
        for name, item in members:
            kind = type(item)  # JSON has no other kinds
            if kind is str:
                everything.append(((place, name), item))
            elif kind is dict:
                at: Any = (place, name)
                waiting.append(((at, index) if isinstance(index := item.get("index"), int) else at, iter(item.items())))
                break
            elif kind is list:
                if not item or not all(isinstance(byte, int) and 0 <= byte < 256 for byte in item):
                    waiting.append((place, zip(repeat(name), item)))
                    break
                everything.append((((place, name), bytes), bytes(item).decode("latin-1")))
        else:
            waiting.pop()
    if len({place for place, _ in everything}) == len(everything):  # nothing is in pieces
        found = [piece for _, piece in everything]
        return [*found, "".join(found)] if len(found) > 1 else found
    places: dict[Any, list[str]] = {}
    for place, item in everything:
        places.setdefault(place, []).append(item)
    repeated = {place for place, pieces in places.items() if len(pieces) > 1 and len(set(pieces)) == 1}
    found = list(map("".join, places.values()))
    if len(places) > 1:
        found.append("".join(piece for place, piece in everything if place not in repeated))
    return found


def _documents(body: str) -> Iterator[Any]:
    """The JSON of a body: it is one text of JSON, or events, or lines; what is none is searched as it is."""
    whole = _json(body)
    if whole is not None:
        yield whole
        return
    data: list[str] = []
    for line in [*body.splitlines(), ""]:
        field, colon, rest = line.partition(":")
        if colon and field in _FIELDS:
            yield {field: rest.strip()}
            continue
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
        return from_json(text)  # a third of the time, and it reads a little less
    except (ValueError, TypeError):  # the latter of half a character
        pass
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


_PIECE = 4000
"""Characters, and as many more as are left of a line: of a long text most pieces hold none of what one holds."""


def _where(sign: Any, text: str, change: Callable[[str], str]) -> str:
    """The text, changed in the pieces in which an expression of RE2 finds something; nothing goes over a line end."""
    pieces, start = list[str](), 0
    while start < len(text):
        end = text.find("\n", start + _PIECE) + 1 or len(text)
        piece = text[start:end]
        pieces.append(change(piece) if sign.search(piece.encode("utf-8", "surrogatepass")) else piece)
        start = end
    return "".join(pieces)


def _decoded(text: str) -> str:
    """Without what can be mixed with plain text: escapes of JSON, addresses, HTML and quoted-printable, and other forms
    of the same letters."""
    if "\\" in text:
        text = _BACKSLASHED.sub(_character, text)
    if "%" in text or "&" in text or "=" in text:
        text = _where(_is_coded(), text, lambda piece: _CODED.sub(_character, piece))
    if "&" in text or "]]>" in text:
        text = _NAMED_SIGN.sub(" ", text)
    if _has_other_forms(text):
        content = text.encode("utf-8", "surrogatepass")
        if b"\xed" in content:
            text = _HALVES.sub(lambda pair: pair[0].encode("utf-16", "surrogatepass").decode("utf-16"), text)
            content = text.encode("utf-8", "surrogatepass")
        if b"\xf3\xa0" in content:
            text = _TAG.sub(lambda tag: chr(ord(tag[0]) - 0xE0000), text)
        text = unicodedata.normalize("NFKD", text)
    return text


@cache
def _letters() -> dict[int, str]:
    """What looks like a letter or digit of ASCII, or is one in a frame, where NFKD leaves it as it is."""
    found = {}
    for code in (*range(0x660, 0x1AA0), *range(0x2776, 0x2794), *range(0xA620, 0xAC00), *range(0x104A0, 0x11FFF)):
        digit = unicodedata.digit(chr(code), None)
        if digit is not None:
            found[code] = str(digit)
    for code in (*range(0x250, 0x2B0), *range(0x1D00, 0x1DC0), *range(0xA720, 0xA800), *range(0x1F110, 0x1F200)):
        kind, _, letter = unicodedata.name(chr(code), "").rpartition(" ")
        if len(letter) == 1 and letter.isascii() and ("LATIN" in kind or "REGIONAL" in kind):
            found[code] = letter
    for row in map("".join, letter_classes()):
        if row[0].isascii() and row[0].isalnum():
            found |= {ord(other): row[0] for other in row[1:] if not other.isascii()}
    return found


_FEW = 40


def _in_letters(text: str) -> str:
    """`text.translate(_letters())`, in a part of the time: a text holds few of a thousand look-alikes."""
    present = {ord(char) for char in set(text)} & _letters().keys()
    if len(present) > _FEW:
        return text.translate(_letters())
    for code in present:
        text = text.replace(chr(code), _letters()[code])
    return text


@cache
def _is_letter() -> Any:
    """Whether any of `_letters` is there, found in a tenth of the time."""
    import re2

    return re2.compile(f"[{''.join(map(chr, _letters()))}]".encode())


def _bare(text: str) -> str:
    """Letters for look-alikes, without the marks of a page or a terminal between them or the columns of a dump."""
    if _has_other_forms(text):
        text = _where(_is_letter(), text, _in_letters)
    without = text.replace("<>", "")  # between the lines of a cassette, which seldom hold other marks
    if "\x1b" in text or "=?" in text:
        text = _MARKUP.sub("", text)
    else:
        text = _MARK.sub("", text) if "<" in without else without
    if "\n" in text and _is_dumped().search(text.encode("utf-8", "surrogatepass")):
        text = _DUMPED.sub(r"\1", text)
    return text


def _has_other_forms(text: str) -> bool:
    if text.isascii():
        return False
    try:
        content = text.encode("utf-8")
    except UnicodeEncodeError:  # a half of a character
        return True
    return bool(_is_other().search(content)) and _OTHER_FORMS.search(text) is not None


@cache
def _is_other() -> Any:
    """Whether `_OTHER_FORMS` can match, found in a tenth of the time in Chinese, of which all is other than ASCII."""
    import re2

    return re2.compile(_HALVES.sub("", re.sub("[\ud800-\udfff]", "", _OTHER_FORMS.pattern)).encode())


@cache
def _is_coded() -> Any:
    """Whether `_CODED` can match; found in a twentieth of the time, and an ordinary `%` or `=` is frequent."""
    import re2

    return re2.compile(rb"%(?:u00)?[0-7][0-9a-fA-F]|=[0-7][0-9A-F]|&(?:amp;)*#")


@cache
def _is_dumped() -> Any:
    """Whether `_DUMPED` can match, found in a hundredth of the time."""
    import re2

    return re2.compile(rb"\n[0-9a-fA-F]{7,8}:?[ \t]")


def _any_of(needles: set[bytes]) -> Any:
    """One expression of all needles, whose time does not depend on their number; None without any."""
    if not needles:
        return None
    import re2

    options = re2.Options()
    options.max_mem = 256_000_000
    return re2.compile(b"|".join(sorted(needles)), options)


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
        yield from _cut(secret, small)
    plain = secret.encode("utf-8", "surrogateescape")
    # UTF-16 without its last byte is in the text of both byte orders; PowerShell codes its commands so
    wide = secret.encode("utf-16-le", "surrogatepass")[:-1]
    escaped = (spelling.encode("utf-8", "surrogateescape") for spelling in written_spellings(secret))
    simple = [plain.hex(), plain.hex().upper(), *_base64(plain)]
    coded = [*simple, *(one[::-1] for one in simple), *_codes(plain), *_as_numbers(plain), wide.hex()]
    coded += chain.from_iterable(map(_grouped, (plain, plain[::-1], wide)))
    coded += chain.from_iterable(map(_base64, (*escaped, secret.encode("utf-32-le", "surrogatepass")[:-3])))
    for once in simple:  # and coded once more
        coded += (once.encode().hex(), *_base64(once.encode()))
    yield from {needle for one in coded if len(needle := _middle(squeezed(one), len(plain))) >= _LONG_IF_CODED}


def _middle(coded: bytes, secret: int) -> bytes:
    """What codes some ten bytes of a secret of that many: unlikely enough, and so many long needles take memory."""
    length = max(_LONG, len(coded) * 10 // secret)
    start = max(0, len(coded) - length) // 2
    return coded[start : start + length]


def _cut(secret: str, small: bytes) -> Iterator[bytes]:
    """Three quarters of a long secret, as a message that was cut shows them. Of a path or an address others begin and
    end in the same way."""
    if len(small) < _LONG_IF_CUT or "://" in secret or secret.startswith(("/", "~", ".", "{", "eyJ")) or "\\" in secret:
        return
    for part in (small[: len(small) * 3 // 4], small[len(small) // 4 :]):
        if _is_unlikely(part) and re.search(rb"[0-9]", part) and re.search(rb"[a-z]", part):
            yield part


def _codes(plain: bytes) -> Iterator[str]:
    """Each byte by itself: hexadecimal (`73`, `%73`, `0073`, `\\u0073`, `\\x73`, `0x73`), decimal, octal, binary."""
    hexadecimal = ("{:02x}", "{:04x}", "{:06x}", "{:08x}", "u{:04x}", "u{:08x}", "u{:x}", "x{:02x}", "0x{:02x}")
    numbers = ("{:d}", "{:03d}", "chr{:d}", "char{:d}", "{:03o}", "{:04o}", "{:o}", "0o{:o}", "{:07b}", "{:08b}")
    for form in (*hexadecimal, *numbers):
        yield "".join(form.format(byte) for byte in plain)


def _as_numbers(plain: bytes) -> Iterator[str]:
    """All bytes as one number, in decimal and in the letters of base58."""
    number = int.from_bytes(plain, "big")
    yield str(number) if len(plain) < 1000 else ""
    digits = []
    while number and len(plain) < 1000:
        number, digit = divmod(number, 58)
        digits.append("123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"[digit])
    yield "".join(reversed(digits))


_BASE64 = string.ascii_uppercase + string.ascii_lowercase + string.digits + "+/"
_UUENCODED = str.maketrans(_BASE64, "".join(chr(32 + at) for at in range(64)))
_BASE32 = string.ascii_uppercase + "234567"
_BASE32_HEX = str.maketrans(_BASE32, string.digits + string.ascii_uppercase[:22])
_BASE32_CROCKFORD = str.maketrans(_BASE32, string.digits + "ABCDEFGHJKMNPQRSTVWXYZ")


def _base64(plain: bytes) -> Iterator[str]:
    yield from (_within(plain, offset, 64, 6) for offset in range(3))


def _grouped(plain: bytes) -> Iterator[str]:
    """Some bytes at a time: base64 and uuencode, base32 with three alphabets, base85 with two."""
    for coded in _base64(plain):
        yield coded
        yield coded.translate(_UUENCODED)
    for offset in range(5):
        coded = _within(plain, offset, 32, 5)
        yield from (coded, coded.translate(_BASE32_HEX), coded.translate(_BASE32_CROCKFORD))
    for offset in range(4):
        whole = plain[-offset % 4 :] if offset else plain
        whole = whole[: len(whole) // 4 * 4]
        yield base64.a85encode(whole).decode("ascii")
        yield base64.b85encode(whole).decode("ascii")


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
