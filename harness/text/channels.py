"""The texts of an answer that are checked: the answer itself, or the decoded strings of a JSON answer.

JSON is read leniently: prose round it, several documents, a trailing comma, a cut-off end. A string that is itself a
JSON document, as the arguments of a tool call are, is read string by string in its turn.
"""

import json
import re
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

from harness.text.keeping import later

CHANNELS = ("text", "json", "tool")

_OPENING = later(r'\{(?=\s*(?:"|\}|\Z))|\[(?=\s*(?:["{\[\]\-0-9]|true|false|null|\Z))')
_STRING = later(r'"(?:[^"\\]|\\(?:.|\Z))*+("|\Z)', re.DOTALL)
_FENCED = later(r"(`{3,}|~{3,})[^\n`]*\n(.*?)\1", re.DOTALL)
_SCALAR = later(
    r"(?:-?[0-9]+(?:\.[0-9]*)?(?:[eE][-+]?[0-9]*)?|true|false|null|True|False|None|NaN|-?Infinity)(?![\w.+-])"
)
_BLANK = later(r"\s*")
_ESCAPE = later(r"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|.|\Z)", re.DOTALL)
_SIMPLE = {'\\"': '"', "\\\\": "\\", "\\/": "/", "\\b": "\b", "\\f": "\f", "\\n": "\n", "\\r": "\r", "\\t": "\t"}
_DEEPEST = 500
_NESTED = 4  # how often a string inside JSON is JSON again


class Passage(NamedTuple):
    """One text to check.

    Attributes:
        path: None for plain text. In JSON the pointer to the value, or to the member of a key; behind `@k` where the
            answer holds several documents, counted from 0; and `outer#inner` for a string inside a string.
        start, end: where it is in the output, encoded, without its quotes.
        offsets: for each character and for the end, where it is in the output; empty for plain text.
        encodings: how often the text is encoded as a JSON string there.
    """

    text: str
    path: str | None
    start: int
    end: int
    offsets: Sequence[int] = ()
    encodings: int = 0

    def place(self, offset: int) -> int:
        """Where a character is in the output."""
        return self.offsets[offset] if self.encodings else self.start + offset

    def encoded(self, text: str, *, plain: bool) -> str:
        """`text` as it has to be written there; `plain` for ASCII alone."""
        for _ in range(self.encodings):
            text = json.dumps(text, ensure_ascii=plain)[1:-1]
        return text


def passages(output: str, channel: str) -> list[Passage]:
    """The texts of `output` in order. Raises ValueError for a channel that is none of CHANNELS."""
    if channel not in CHANNELS:
        raise ValueError(f"channel {channel!r} is not known; accepted are {', '.join(CHANNELS)}")
    if channel != "text":
        found = _documents(output)
        if found is not None:
            return found
    return [Passage(output, None, 0, len(output))]


def _documents(output: str) -> list[Passage] | None:
    """The strings of all JSON documents in the output; None if it holds none."""
    start, end = _trimmed(output)
    places = range(len(output) + 1)
    fenced = _FENCED.fullmatch(output, start, end)
    if fenced and output.startswith('"', fenced.start(2)):
        start, end = fenced.start(2), fenced.end(2)
        end -= len(output[start:end]) - len(output[start:end].rstrip())
    if output.startswith('"', start):
        string = _STRING.match(output, start)
        if string and string.end() == end:
            return _opened(output, [(start + 1, end - len(string[1]), "")], places)
    documents: list[list[tuple[int, int, str]]] = []
    body = output[start:end]
    while (opening := _OPENING.search(output, start)) is not None:
        strings, stop = _strings(output, opening.start())
        start = max(stop, opening.end())
        if strings:
            documents.append(strings)
    if not documents:
        block = _FENCED.fullmatch(body)
        return [] if _is_json(block[2] if block else body) else None
    several = len(documents) > 1
    return [
        passage
        for number, strings in enumerate(documents)
        for passage in _opened(output, [(a, b, f"@{number}{p}" if several else p) for a, b, p in strings], places)
    ]


def _trimmed(text: str) -> tuple[int, int]:
    return len(text) - len(text.lstrip()), len(text.rstrip())


def _is_json(text: str) -> bool:
    """Whether the text is JSON by the letter; asked of what holds no string."""
    try:
        json.loads(text, parse_int=str, parse_float=str)
    except (ValueError, RecursionError):
        return False
    return True


def _strings(text: str, start: int) -> tuple[list[tuple[int, int, str]] | None, int]:
    """The strings of the document that begins at `start`, with their pointers, and where it ends.

    None where what is there is not JSON, however leniently read.
    """
    steps: list[int | str] = []
    kinds: list[str] = []
    found: list[tuple[int, int, str]] = []
    expects = "value"  # value, key, colon, comma
    place = start
    while True:
        place = _BLANK.match(text, place).end()  # type: ignore[union-attr]
        if place == len(text):
            return found, place  # cut off, or complete
        sign = text[place]
        if sign == '"' and expects in ("value", "key"):
            string = _STRING.match(text, place)
            assert string is not None
            low, high = place + 1, string.end() - len(string[1])
            if expects == "key":
                steps[-1] = decode(text[low:high])[0]
            found.append((low, high, _pointer(steps)))
            place = string.end()
            expects = "colon" if expects == "key" else "comma"
        elif sign in "{[" and expects == "value":
            if len(kinds) == _DEEPEST:
                return None, len(text)
            kinds.append(sign)
            steps.append("" if sign == "{" else 0)
            expects = "key" if sign == "{" else "value"
            place += 1
        elif sign in "}]" and expects != "colon" and kinds and (sign == "}") == (kinds[-1] == "{"):
            kinds.pop()
            steps.pop()
            expects = "comma"
            place += 1
            if not kinds:
                return found, place
        elif (sign, expects) in ((":", "colon"), (",", "comma")):
            step = steps[-1]
            if isinstance(step, int):
                steps[-1] = step + 1
            expects = "key" if sign == "," and kinds[-1] == "{" else "value"
            place += 1
        elif expects == "value" and (scalar := _SCALAR.match(text, place)):
            place = scalar.end()
            expects = "comma"
        else:
            return None, place


def _pointer(steps: list[int | str]) -> str:
    return "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in steps)


def _opened(
    text: str, strings: list[tuple[int, int, str]], places: Sequence[int], prefix: str = "", depth: int = 1
) -> list[Passage]:
    """The passages of a document's strings. `places`: where the text's characters and its end are in the output."""
    found: list[Passage] = []
    for low, high, pointer in strings:
        decoded, offsets = decode(text[low:high])
        inside = places[low : high + 1]
        if not isinstance(offsets, range):
            inside = [inside[offset] for offset in offsets]
        inner = _document_in(decoded) if depth < _NESTED else None
        if inner:
            found += _opened(decoded, inner, inside, f"{prefix}{pointer}#", depth + 1)
        else:
            found.append(Passage(decoded, prefix + pointer, places[low], places[high], inside, depth))
    return found


def _document_in(text: str) -> list[tuple[int, int, str]] | None:
    """The strings of the JSON document that a text is, if it is one with a string in it."""
    start, end = _trimmed(text)
    if end - start < 3 or text[start] not in "{[" or not _OPENING.match(text, start):
        return None
    strings, stop = _strings(text, start)
    return strings if stop == end or _BLANK.fullmatch(text, stop) else None


def decode(encoded: str) -> tuple[str, Sequence[int]]:
    """A JSON string without its quotes, and for each character of it, and its end, the offset in the encoded one.

    An escape that JSON does not know stands for itself.
    """
    if "\\" not in encoded:
        return encoded, range(len(encoded) + 1)
    pieces: list[str] = []
    offsets: list[int] = []
    place = 0
    for escape in _ESCAPE.finditer(encoded):
        written, (start, end) = escape[0], escape.span()
        if len(written) == len("\\u1234"):
            char = chr(int(written[2:], 16))
        else:
            char = json.loads(f'"{written}"') if len(written) > 2 else _SIMPLE.get(written, written)
        pieces += (encoded[place:start], char)
        offsets += (*range(place, start), *range(start, start + len(char)))
        place = end
    pieces.append(encoded[place:])
    offsets += range(place, len(encoded) + 1)
    return "".join(pieces), offsets


REASONING_TAGS = ("think", "[THINK]", "harmony")
"""Of most models, of Mistral's, and the channels of gpt-oss, which some servers leave in the text."""
_HARMONY = ("<|channel|>analysis<|message|>", "<|channel|>final<|message|>")


def tag_pair(name: str) -> tuple[str, str]:
    """What opens and what closes reasoning: `<think>` and `</think>` for `think`, `[/THINK]` closes `[THINK]`."""
    if name == "harmony":
        return _HARMONY
    if name.startswith("["):
        return name, f"[/{name[1:]}"
    return f"<{name}>", f"</{name}>"


@lru_cache(maxsize=64)
def tags_of(names: tuple[str, ...]) -> re.Pattern[str]:
    """Finds tags, as the group `opening` or `closing`."""
    # brackets are also those of ordinary text: [think] is a word, [THINK] a token of the model
    pairs = [
        tuple(f"(?{'' if name.startswith('[') else 'i'}:{re.escape(tag)})" for tag in tag_pair(name)) for name in names
    ]
    openings, closings = zip(*pairs, strict=True)
    return re.compile(f"(?P<opening>{'|'.join(openings)})|(?P<closing>{'|'.join(closings)})")


def reasoning_spans(output: str, source: Sequence[str], names: Sequence[str]) -> list[tuple[int, int]]:
    """Where `output` is reasoning: in pairs of tags, before a lone closing tag, and behind an unclosed one.

    A tag that the source itself holds is a word like any other.
    """
    tags = _tags_in(output, source, names)
    if tags is None:
        return []
    spans: list[tuple[int, int]] = []
    opened = -1
    for tag in tags.finditer(output):
        if tag["opening"]:
            opened = tag.start() if opened < 0 else opened
        elif opened >= 0:
            spans.append((opened, tag.end()))
            opened = -1
        else:
            spans = [(0, tag.end())]
    if opened >= 0:
        spans.append((opened, len(output)))
    return spans


def tags_unknown_to(source: Sequence[str], names: Sequence[str]) -> tuple[str, ...]:
    listed = [names] if isinstance(names, str) else names
    return tuple(name for name in listed if not any(tag in part for part in source for tag in tag_pair(name)))


def _tags_in(output: str, source: Sequence[str], names: Sequence[str]) -> re.Pattern[str] | None:
    known = tags_unknown_to(source, names) if "<" in output or "[" in output else ()
    return tags_of(known) if known else None


def opening_reasoning(output: str, source: Sequence[str], names: Sequence[str]) -> list[tuple[int, int]]:
    """The reasoning that `output` begins with, if it does: a repair leaves that alone and takes nothing else for it.

    It ends at the first closing tag, since a stream has passed the rest on before another one comes.
    """
    tags = _tags_in(output, source, names)
    begin = len(output) - len(output.lstrip())
    opening = tags.match(output, begin) if tags else None
    if tags is None or opening is None or not opening["opening"]:
        return []
    further = tags.finditer(output, opening.end())
    return [(begin, next((tag.end() for tag in further if tag["closing"]), len(output)))]


def masked(output: str, spans: Sequence[tuple[int, int]]) -> str:
    """`output` with line breaks in the place of the spans, so that offsets stay and no mention crosses one."""
    pieces: list[str] = []
    place = 0
    for start, end in spans:
        pieces += (output[place:start], "\n" * (end - start))
        place = end
    return "".join(pieces) + output[place:]


def split_reasoning(output: str, source: Sequence[str], names: Sequence[str]) -> tuple[str, str]:
    """The answer and the reasoning of `output`, apart and without the tags.

    Blank lines between reasoning and answer belong to neither: gateways that take reasoning out drop them as well.
    """
    spans = reasoning_spans(output, source, names)
    if not spans:
        return output, ""
    tags = tags_of(tuple(names))
    pieces: list[str] = []
    place = 0
    for start, end in spans:
        piece = output[place:start]
        pieces.append(piece if pieces else piece.lstrip() if not piece.strip() else piece)
        place = end
        if not "".join(pieces).strip():
            place += len(output[end:]) - len(output[end:].lstrip())
    pieces.append(output[place:])
    inner = [tags.sub("", output[start:end]).strip() for start, end in spans]
    return "".join(pieces), "\n".join(part for part in inner if part)
