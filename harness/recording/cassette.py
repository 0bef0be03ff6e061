"""One line of a cassette: vcrpy's interaction with a few keys of ours."""

import contextlib
import io
import json
import math
import re
import threading
from collections.abc import Iterator
from functools import lru_cache
from hashlib import sha256
from http import HTTPStatus
from json.decoder import scanstring  # type: ignore[attr-defined]  # missing in the stubs
from pathlib import Path
from typing import Any, NamedTuple

from pydantic_core import from_json

from harness.addresses import shown_address
from harness.errors import CONFLICT, CassetteError, found
from harness.files import (
    DIGITS_LIMIT,
    UnfitFileError,
    content_of,
    is_as_sealed,
    json_of,
    lines_of,
    loads,
    opened,
    reading,
    reason_of,
    sealed,
    unpacked,
)
from harness.records.answer import Exchange, canonical, key_of, request_key

LINE_LIMIT = 64_000_000
"""Bytes. A longer line is neither written nor read into memory."""
UNPACKED_LIMIT = 256_000_000
"""Bytes of a packed cassette once it is unpacked: it is read into memory."""
LINES_LIMIT = 1_000_000
"""Lines of a cassette. A packed one of 250 kB can hold 255 million blank ones, which take minutes to pass."""
_REQUEST_HEADERS = ("content-type", "accept")
_RESPONSE_HEADERS = ("content-type", "date")
"""Allow-lists: what is not named here is dropped before anything is kept."""
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?(Z|[+-]\d\d:\d\d)\Z", re.ASCII)
_LONGEST_NAME = 200
_BLOCK = 256_000
"""Bytes that are read at one time: a replay asks for answers in about their order, and opens the file once a block."""


class Interaction(NamedTuple):
    """A recorded answer. `body` is the response body as text; `request` the decoded JSON body of the request."""

    key: str
    sample: int
    request: dict[str, Any]
    body: str
    content_type: str
    recorded_at: str | None = None
    runtime: str | None = None
    model: str | None = None
    latency_s: float | None = None
    first_token_s: float | None = None


def to_line(exchange: Exchange, *, sample: int, model: str | None, runtime: str | None) -> str:
    """The cassette line of an exchange, without its line end."""
    request = json.loads(exchange.request_body)
    line = {
        "key": request_key(request, sample),
        "sample": sample,
        "recorded_at": exchange.recorded_at,
        "runtime": runtime,
        "model": model,
        "latency_s": None if exchange.latency_s is None else round(exchange.latency_s, 4),
        "first_token_s": None if exchange.first_token_s is None else round(exchange.first_token_s, 4),
        "request": {
            "method": "POST",
            "uri": shown_address(exchange.uri),
            "body": exchange.request_body.decode("utf-8"),
            "headers": _allowed(exchange.request_headers, _REQUEST_HEADERS),
        },
        "response": {
            "status": {"code": exchange.status, "message": HTTPStatus(exchange.status).phrase},
            "headers": _allowed(exchange.response_headers, _RESPONSE_HEADERS),
            "body": {"string": exchange.response_body.decode("utf-8")},
        },
    }
    return sealed(_compact(line)).decode()


def from_line(line: bytes) -> Interaction:
    """Read one line.

    Raises:
        CassetteError: what is wrong with it, without its place.
    """
    written = _as_written(line)
    if written is not None:
        return written
    try:
        value = json_of(line)
    except UnfitFileError as error:
        several = "several answers in one line; give each a line of its own, and keep them all"
        raise CassetteError(several if _SEVERAL.search(line) else str(error)) from error
    interaction = from_value(value)
    if "digest" in value and not is_as_sealed(line) and not is_as_sealed(_compact(value)):
        raise CassetteError("digest: does not belong to this answer; the line was edited (record it again)")
    return interaction


_TEXT = r'"([^"\\\x00-\x1f]*)"'
_PLAIN = r'"[^"\\\x00-\x1f]*"'
_NUMBER = r"((?:0|[1-9][0-9]{0,8})(?:\.[0-9]{1,9})?)"
_TO_REQUEST = re.compile(
    rf'\{{"key":"([0-9a-f]{{64}})","sample":(0|[1-9][0-9]{{0,8}}),"recorded_at":(?:null|{_TEXT}),'
    rf'"runtime":(?:null|{_TEXT}),"model":(?:null|{_TEXT}),"latency_s":(?:null|{_NUMBER}),'
    rf'"first_token_s":(?:null|{_NUMBER}),"request":\{{"method":"[A-Z]+","uri":{_PLAIN},"body":(?=")'
)
_BEFORE_ANSWER = '"body":{"string":'
_TO_ANSWER = re.compile(
    r',"headers":(\{[^{}]{0,1000}\})\},"response":\{"status":\{"code":200,"message":"OK"\},'
    rf'"headers":(\{{[^{{}}]{{0,1000}}\}}),{re.escape(_BEFORE_ANSWER)}'
)
_LONGEST_BETWEEN = 2_300
_BEFORE_DIGEST, _END = '}},"digest":"', '"}'
_SEAL_LENGTH = len(_BEFORE_DIGEST) - 2 + 64 + len(_END)
_LONGEST_WRITTEN = 1_000_000


def _as_written(line: bytes) -> Interaction | None:
    """A line that is laid out as `to_line` does it, in half of the time: its members are in their places, so none is
    there twice and none is to be looked for. None for any other, and for one with which anything is wrong.
    """
    if len(line) > _LONGEST_WRITTEN or (b"\\u" in line and b"\\ud" in line.lower()):  # a half of a character, perhaps
        return None
    try:
        text = line.decode("utf-8")
        begin = _TO_REQUEST.match(text)
        if begin is None:
            return None
        request_body, at = scanstring(text, begin.end() + 1)
        answer_at = text.index(_BEFORE_ANSWER, at, at + _LONGEST_BETWEEN) + len(_BEFORE_ANSWER)
        content_type = _content_type_between(text[at:answer_at])
        if content_type is None or text[answer_at] != '"':
            return None
        body, at = scanstring(text, answer_at + 1)
        end = text[at:]
        if end != "}}}":
            digest = sha256(memoryview(line)[:-_SEAL_LENGTH]).hexdigest()
            if end != f"{_BEFORE_DIGEST}{digest}{_END}":
                return None
        stored, number, recorded_at, runtime, model, latency_s, first_token_s = begin.groups()
        sample = int(number)
        request = _request(request_body, stored, sample)
        if request is None:
            return None
    except (ValueError, RecursionError, IndexError):
        return None
    if recorded_at is not None and not _MOMENT.match(recorded_at):
        return None
    for name in (runtime, model):
        if name is not None and (len(name) > _LONGEST_NAME or not name.isprintable()):
            return None
    return Interaction(
        stored,
        sample,
        request,
        body,
        content_type,
        recorded_at,
        runtime,
        model,
        None if latency_s is None else float(latency_s),
        None if first_token_s is None else float(first_token_s),
    )


def _request(text: str, key: str, sample: int) -> dict[str, Any] | None:
    """The request with this key, read by pydantic's reader where that is sure to find the same as `loads`.

    It takes a name twice, which costs the quotes of one in what is written again; in an escape a quote could be none.
    """
    if "\\u" not in text and not (_DIGIT.search(text[DIGITS_LIMIT - 1 :: DIGITS_LIMIT]) and _LONG.search(text)):
        value = from_json(text, allow_inf_nan=False)
        if not isinstance(value, dict):
            return None
        written = canonical(value)
        if "Infinity" not in written and text.count('"') == written.count('"'):
            return value if key_of(written, sample) == key else None
    value = loads(text)
    return value if isinstance(value, dict) and request_key(value, sample) == key else None


_DIGIT = re.compile("[0-9]")
_LONG = re.compile(f"[0-9]{{{DIGITS_LIMIT}}}")


@lru_cache(maxsize=256)
def _content_type_between(text: str) -> str | None:
    """Of the answer, "" where it names none, from what is between the bodies of request and answer; None where that
    is not as it is written."""
    headers = _TO_ANSWER.fullmatch(text)
    if headers is None or _content_type(headers[1]) is None:
        return None
    return _content_type(headers[2])


def _content_type(headers: str) -> str | None:
    """Of headers as JSON, "" where they do not name one; None where they are not read so easily."""
    try:
        return {name.lower(): _first(values) for name, values in loads(headers).items()}.get("content-type", "")
    except (ValueError, RecursionError):
        return None


def _compact(value: dict[str, Any]) -> bytes:
    """A line as `to_line` writes it: a tool may have laid it out in another way."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")


def from_value(value: Any) -> Interaction:
    """An interaction from decoded JSON: ours, or a plain one of vcrpy's without our keys.

    A cassette may come from a stranger's pull request: every field is looked at before anybody uses it.
    """
    try:
        request = loads(_text(value["request"]["body"]))
        if not isinstance(request, dict):
            raise CassetteError(f"request.body: found {found(request)}; accepted: a JSON object")
        sample = value.get("sample", 0)
        headers = {name.lower(): _first(values) for name, values in value["response"]["headers"].items()}
        status = value["response"]["status"]["code"]
        body = _text(value["response"]["body"]["string"])
    except RecursionError as error:
        raise CassetteError("request.body: nested too deeply") from error
    except UnfitFileError as error:
        raise CassetteError(f"request.body: {error}") from error
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise CassetteError(f"not an interaction of vcrpy's form: {type(error).__name__}: {error}") from error
    if status != HTTPStatus.OK:
        raise CassetteError(f"status {found(status)}: an error is not an answer; accepted: 200")
    if not isinstance(sample, int) or isinstance(sample, bool) or sample < 0:
        raise CassetteError(f"sample: found {found(sample)}; accepted: a whole number from 0")
    try:
        key = request_key(request, sample)
    except RecursionError as error:
        raise CassetteError("request.body: nested too deeply") from error
    if value.get("key", key) != key:
        raise CassetteError("key: does not belong to this request; the line was edited (record it again)")
    return Interaction(
        key=key,
        sample=sample,
        request=request,
        body=body,
        content_type=headers.get("content-type", ""),
        recorded_at=_moment(value),
        runtime=_name(value, "runtime"),
        model=_name(value, "model"),
        latency_s=_seconds(value, "latency_s"),
        first_token_s=_seconds(value, "first_token_s"),
    )


def _text(value: Any) -> str:
    if isinstance(value, bytes):
        return value.decode("utf-8")
    if not isinstance(value, str):
        raise TypeError(f"found {found(value)} for a body; accepted: text")
    return value


def _first(values: Any) -> str:
    return str(values[0]) if isinstance(values, list) and values else str(values)


def _moment(value: dict[str, Any]) -> str | None:
    moment = value.get("recorded_at")
    if moment is not None and (not isinstance(moment, str) or not _MOMENT.match(moment)):
        raise CassetteError(f"recorded_at: found {found(moment)}; accepted: a time such as 2026-01-31T23:59:59Z")
    return moment


def _name(value: dict[str, Any], field: str) -> str | None:
    name = value.get(field)
    if name is None:
        return None
    if not isinstance(name, str) or len(name) > _LONGEST_NAME or not name.isprintable():
        raise CassetteError(f"{field}: found {found(name)}; accepted: a printable name of at most {_LONGEST_NAME}")
    return name


def _seconds(value: dict[str, Any], field: str) -> float | None:
    seconds = value.get(field)
    if seconds is None:
        return None
    if not isinstance(seconds, int | float) or isinstance(seconds, bool) or not 0 <= seconds < math.inf:
        raise CassetteError(f"{field}: found {found(seconds)}; accepted: seconds, from 0")
    return float(seconds)


def _allowed(headers: tuple[tuple[str, str], ...], names: tuple[str, ...]) -> dict[str, list[str]]:
    kept: dict[str, list[str]] = {}
    for name, value in headers:
        if name.lower() in names:
            kept.setdefault(name.lower(), []).append(value)
    return kept


PACKED = ".gz"
"""What the name of a packed cassette ends with."""
_KEY = re.compile(rb'\A\{"key":"([0-9a-f]{64})"')
_SEVERAL = re.compile(rb'\}\s*\{"key":"[0-9a-f]{64}"')
"""Two lines whose line end was lost, or is the bare CR of old Macintosh computers."""


class Line(NamedTuple):
    """A line of a cassette file: its number (1-based), and its bytes without the line end.

    `torn`: it is the last, has no line end and breaks off in its JSON: the process that wrote it was killed.
    """

    number: int
    offset: int
    content: bytes
    torn: bool = False


def cassettes_of(folder: Path, labels: str = "*@*") -> list[Path]:
    """The cassettes of model versions, packed ones by the names that they had before: `<labels>/<suite>.jsonl`."""
    every = [path for end in ("", PACKED) for path in folder.glob(f"{labels}/[!.]*.jsonl{end}")]
    return sorted({plain_path(path) for path in every})


def stored_at(path: Path) -> Path | None:
    """Where a cassette is: as it was written, or packed. Of one that is there twice, the plain file counts."""
    packed = plain_path(path).with_name(f"{plain_path(path).name}{PACKED}")
    return next((one for one in (plain_path(path), packed) if one.is_file()), None)


def file_of(path: Path) -> tuple[int, int] | None:
    """Which file is there: another one once it was replaced, the same after lines were appended. None without one."""
    try:
        found_there = path.stat()
    except OSError:
        return None
    return found_there.st_dev, found_there.st_ino


def plain_path(path: Path) -> Path:
    """Of a cassette as it is written, whether the path is that or that of the packed one."""
    return path.with_name(path.name.removesuffix(PACKED))


def packed_content(path: Path) -> bytes | None:
    """The lines of a packed cassette, or None where it is not packed.

    Raises:
        CassetteError: it cannot be read or unpacked.
    """
    kept = path if path.name.endswith(PACKED) else stored_at(path)
    if kept is None or not kept.name.endswith(PACKED):
        return None
    with reading(kept, CassetteError):
        try:
            content = unpacked(content_of(kept, limit=UNPACKED_LIMIT), limit=UNPACKED_LIMIT)
        except FileNotFoundError:
            if kept == path or not plain_path(path).is_file():
                raise
            return None  # a recorder has unpacked it meanwhile
        if content.count(b"\n") > LINES_LIMIT:
            raise UnfitFileError(f"more than {LINES_LIMIT:,} lines")
        return content


def lines(path: Path, start: int = 0, end: int | None = None, before: int = 0) -> Iterator[Line]:
    """The lines that are not blank. A file that is not there has none; a packed one is unpacked in memory.

    Args:
        start: byte at which a line begins. [default: the first]
        end: byte after the last line. [default: that of the file]
        before: lines that are before `start`; numbers count from there.

    Raises:
        CassetteError: the file cannot be read, a line is too long, or a merge conflict was left in it.
    """
    yield from _lines_in(packed_content(path), path, start, end, before)


def _lines_in(
    unpacked_form: bytes | None, path: Path, start: int = 0, end: int | None = None, before: int = 0
) -> Iterator[Line]:
    try:
        with opened(path) if unpacked_form is None else io.BytesIO(unpacked_form) as file:
            file.seek(start)
            for own, place, content in lines_of(file, limit=LINE_LIMIT):
                number, offset = before + own, start + place
                if end is not None and offset >= end:
                    return
                if number > LINES_LIMIT:
                    raise CassetteError(f"{path}: more than {LINES_LIMIT:,} lines")
                if content is None:
                    raise CassetteError(f"{path}:{number}: longer than {LINE_LIMIT:,} bytes")
                if content.startswith(CONFLICT):
                    raise CassetteError(
                        f"{path}:{number}: a merge conflict was left here; keep all lines of both sides, "
                        "take the markers out, then run: harness cassettes verify"
                    )
                stripped = content.strip()
                if stripped:
                    # an editor may have taken the last line end away: then the line is whole all the same
                    torn = not content.endswith(b"\n") and not _is_whole(stripped)
                    yield Line(number, offset, stripped, torn)
    except FileNotFoundError:
        packed = packed_content(path)  # it may have been packed meanwhile
        if packed is not None:
            yield from _lines_in(packed, path, start, end, before)
    except (OSError, UnfitFileError) as error:
        raise CassetteError(f"{path}: cannot be read: {reason_of(error)}") from error


def _is_whole(content: bytes) -> bool:
    """Whether it begins with a whole JSON value: then it was not torn, whatever else is wrong with it."""
    try:
        json.JSONDecoder().raw_decode(content.decode("utf-8", "replace"))
    except (ValueError, RecursionError):
        return False
    return True


class Cassette:
    """The recorded answers of one model version for one suite.

    Opening reads the file once and keeps where each answer is, not the answers. A later line with the same key
    wins: `refresh` appends, and nothing is ever rewritten in place.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.torn_line: int | None = None
        self._places: dict[str, tuple[int, int, int]] = {}
        self._block, self._block_offset = b"", 0
        content = packed_content(path)
        if content is not None:
            _hold(path, content)
        for line in _lines_in(content, path):
            if line.torn:
                self.torn_line = line.number
            else:
                self._places[self._key_of(line)] = (line.number, line.offset, len(line.content))

    def _key_of(self, line: Line) -> str:
        match = _KEY.match(line.content)
        if match:
            return match[1].decode("ascii")
        return self._interaction(line.number, line.content).key

    def _interaction(self, number: int, content: bytes) -> Interaction:
        try:
            return from_line(content)
        except CassetteError as error:
            raise CassetteError(f"{self.path}:{number}: {error}") from error

    def __contains__(self, key: str) -> bool:
        return key in self._places

    def __len__(self) -> int:
        return len(self._places)

    def keys(self) -> Iterator[str]:
        """Keys in the order of the file."""
        return iter(self._places)

    def get(self, key: str) -> Interaction | None:
        """The answer recorded under a key, or None.

        Raises:
            CassetteError: the line is damaged, or its content does not belong to its key.
        """
        place = self._places.get(key)
        if place is None:
            return None
        number, offset, length = place
        content = self._content(offset, length)
        interaction = self._interaction(number, content)
        if interaction.key != key:
            raise CassetteError(f"{self.path}:{number}: key: does not belong to this request")
        return interaction

    def _content(self, offset: int, length: int) -> bytes:
        if not 0 <= offset - self._block_offset <= len(self._block) - length:
            with reading(self.path, CassetteError):
                self._block, self._block_offset = self._read(offset, max(length, _BLOCK)), offset
        start = offset - self._block_offset
        return self._block[start : start + length]

    def _read(self, offset: int, size: int) -> bytes:
        if not self.path.name.endswith(PACKED):
            with contextlib.suppress(FileNotFoundError), self.path.open("rb") as file:  # else it is packed by now
                file.seek(offset)
                return file.read(size)
        content = _held.get(self.path)
        if content is None:
            content = packed_content(self.path)
            if content is None:
                raise UnfitFileError("no such file")
            _hold(self.path, content)
        return content[offset : offset + size]


_held: dict[Path, bytes] = {}
_holding = threading.Lock()


def _hold(path: Path, content: bytes) -> None:
    """Keep what was unpacked for all cassettes, no more than one may hold: else twenty small files fill the memory."""
    with _holding:
        _held.pop(path, None)
        while _held and sum(map(len, _held.values())) + len(content) > UNPACKED_LIMIT:
            del _held[next(iter(_held))]
        _held[path] = content
