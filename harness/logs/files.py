"""The files that the arguments name: paths, folders, globs, standard input, and object-store URLs through fsspec."""

from __future__ import annotations

import codecs
import glob
import gzip
import io
import os
import re
import stat
import sys
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import accumulate, chain
from pathlib import Path
from typing import Any, BinaryIO, Literal, NamedTuple
from urllib.parse import urlsplit

from harness.errors import ConfigError, HarnessError, found
from harness.files import GZIPPED, OLD_WORKBOOK, WORKBOOK, UnfitFileError, decoded_text
from harness.workbook import ENDINGS, is_workbook

Format = Literal["jsonl", "csv", "parquet", "xlsx"]
STANDARD_INPUT = "-"

_FORMATS: dict[str, Format] = {
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".json": "jsonl",
    ".log": "jsonl",
    ".csv": "csv",
    ".tsv": "csv",
    ".parquet": "parquet",
    ".pq": "parquet",
}
_KNOWN = f"accepted: {', '.join((*_FORMATS, *ENDINGS))}, the text formats also with .gz; or --input-format"
_GLOB = ("*", "?", "[")


@dataclass(frozen=True, slots=True)
class InputFile:
    """One file. `name` is what is shown and stored: it holds no credentials. `stamp` changes when the content does."""

    location: str
    name: str
    format: Format
    gzipped: bool
    size: int | None
    stamp: str
    head: bytes = b""
    """Of standard input: what was read of it to recognise it, and is read again."""
    sheet: str | None = None
    """Of a workbook, where the user named one."""

    @property
    def is_url(self) -> bool:
        return is_url(self.location)

    @property
    def beginning(self) -> InputFile:
        """What can be read without taking anything away: of standard input its head, else the file."""
        return replace(self, location="") if self.location == STANDARD_INPUT else self


def is_url(location: str) -> bool:
    return "://" in location


def shown(location: str) -> str:
    """A URL without user, password, query and fragment: these hold keys and signatures."""
    if not is_url(location):
        return location
    parts = urlsplit(location)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"


def result_folder(argument: str) -> Path:
    """Where the result of an input goes that nobody named a folder for: beside where the command runs."""
    name = os.path.basename(os.path.abspath(shown(argument))) if argument != STANDARD_INPUT else "standard-input"
    name = re.sub(r"[*?\[\]]+", "_", name.lower().removesuffix(".gz") if name.lower().endswith(".gz") else name)
    return Path(f"{os.path.splitext(name)[0] or 'log'}.scored")


def find_inputs(
    arguments: Sequence[str], input_format: Format | None, *, excluded: Path, sheet: str | None = None
) -> list[InputFile]:
    """The files, each once, folders and globs in the order of their names. None is under `excluded`, the output.

    Raises ConfigError for an argument that names no file, or a file whose format is not known.
    """
    files: dict[str, InputFile] = {}
    for argument in arguments:
        described = _urls(argument, input_format) if is_url(argument) else _local(argument, input_format, excluded)
        for file in described:
            is_sheet = sheet is not None and file.format == "xlsx"  # another sheet of a file is another input
            one = replace(file, sheet=sheet, name=f"{file.name}, {sheet}") if is_sheet else file
            files.setdefault(file.location, one)
    if sheet is not None and not any(file.sheet for file in files.values()):
        names = ", ".join(file.name for file in files.values())
        raise ConfigError(f"--sheet: only a workbook has sheets; found {names}")
    return list(files.values())


def _local(argument: str, input_format: Format | None, excluded: Path) -> Iterator[InputFile]:
    if argument == STANDARD_INPUT:
        yield _standard_input(input_format)
        return
    if os.path.isdir(argument):
        walked = _walked(argument, excluded)
        paths = [path for path in walked if input_format or format_of(path) is not None]
        paths = paths or [path for path in walked if path.lower().endswith(ENDINGS)]  # beside logs it is a report
    elif not os.path.exists(argument) and any(sign in argument for sign in _GLOB):
        matches = sorted(glob.glob(argument, recursive=True))
        paths = [path for path in matches if os.path.isfile(path) and not _is_under(path, excluded)]
    else:
        paths = [argument]
    if paths != [argument]:  # what Excel keeps beside a workbook that is open
        paths = [path for path in paths if not os.path.basename(path).startswith("~$")]
    if not paths:
        raise ConfigError(f"{found(argument)}: no file to read there; {_KNOWN}")
    for path in paths:
        try:
            status = os.stat(path)
            if not stat.S_ISREG(status.st_mode):  # a named pipe would be waited for without end
                raise HarnessError(f"{path}: no regular file; accepted: files, and - for what comes through a pipe")
            with open(path, "rb") as file:
                head = file.read(_HEAD)
        except OSError as error:
            raise HarnessError(
                f"{path}: cannot be read: {error.strerror}; accepted: files, folders, globs, URLs, - (standard input)"
            ) from None
        known: Format | None = "xlsx" if head.startswith(WORKBOOK) and is_workbook(Path(path)) else input_format
        if known == "xlsx" and not head.startswith(GZIPPED):
            yield _described(path, path, known, status.st_size, str(status.st_mtime_ns))
            continue
        _refuse_archive(path, head)
        known = known or format_of(path) or _format_of_text(head)
        described = _described(path, path, known, status.st_size, str(status.st_mtime_ns))
        yield replace(described, gzipped=described.format != "parquet" and head.startswith(GZIPPED))


def _standard_input(input_format: Format | None) -> InputFile:
    name = "standard input"
    head = sys.stdin.buffer.read(_HEAD_OF_INPUT)
    if input_format == "xlsx" or (head.startswith(WORKBOOK) and _PART_OF_WORKBOOK in head):
        raise ConfigError(f"{name}: a workbook is read from its end; accepted: a file, such as harness score log.xlsx")
    _refuse_archive(name, head)
    known = input_format or _format_of_text(head[:_HEAD]) or "jsonl"
    if known == "parquet":
        raise ConfigError(f"{name}: Parquet is read from its end; accepted: a file, such as harness score log.parquet")
    return InputFile(STANDARD_INPUT, name, known, head.startswith(GZIPPED), None, "", head)


def _walked(folder: str, excluded: Path) -> list[str]:
    """Files under a folder. Names that begin with `.` or `_` are bookkeeping of other tools (`_SUCCESS`)."""
    paths = []
    for root, folders, names in os.walk(folder):
        if "run.json" in names and "verdicts" in folders:  # a result of harness score
            folders[:] = []
            continue
        folders[:] = [name for name in folders if not name.startswith((".", "_"))]
        paths += [os.path.join(root, name) for name in names if not name.startswith((".", "_"))]
    paths = [path for path in paths if os.path.isfile(path)]
    return sorted(path for path in paths if not _is_under(path, excluded))


def _is_under(path: str, folder: Path) -> bool:
    return folder.resolve() in Path(path).resolve().parents


def _urls(argument: str, input_format: Format | None) -> Iterator[InputFile]:
    filesystem, path = file_system(argument)
    scheme = argument.split("://", 1)[0]
    try:
        if any(sign in path for sign in _GLOB) and not scheme.startswith("http"):
            paths = sorted(one for one in filesystem.glob(path) if filesystem.isfile(one))
        elif not scheme.startswith("http") and filesystem.isdir(path):
            paths = [one for one in sorted(filesystem.find(path)) if input_format or format_of(one) is not None]
        else:
            paths = [path]
        if not paths:
            raise ConfigError(f"{found(shown(argument))}: no file to read there; {_KNOWN}")
        for one in paths:
            location = argument if one == path else str(filesystem.unstrip_protocol(one))
            details = filesystem.info(one)
            stamp = str(details.get("ETag") or details.get("etag") or filesystem.ukey(one))
            yield _described(location, shown(location), input_format, details.get("size"), stamp)
    except HarnessError:
        raise
    except Exception as error:  # each store has errors of its own
        raise HarnessError(
            f"{shown(argument)}: cannot be read: {type(error).__name__}; accepted: a URL that fsspec reads, with "
            "credentials where that store looks for them"
        ) from error


def file_system(location: str) -> tuple[Any, str]:
    """The fsspec file system of a URL, and the path there. Raises ConfigError if a package for it is missing."""
    try:
        import fsspec
    except ImportError:
        raise ConfigError(f"{shown(location)}: URLs need fsspec; run: pip install 'pytest-verbatim[objects]'") from None
    try:
        filesystem, path = fsspec.core.url_to_fs(location)
    except (ImportError, ValueError) as error:
        raise ConfigError(f"{shown(location)}: {str(error).replace(location, shown(location))}") from None
    return filesystem, path


_HEAD = 4096
_HEAD_OF_INPUT = 1 << 20
_PART_OF_WORKBOOK = b"xl/"
_ARCHIVES = {
    WORKBOOK: "a zip archive or an Excel workbook; accepted: what is in it, or the sheet saved as CSV or .xlsx",
    OLD_WORKBOOK: "an old Excel workbook, or one with a password; accepted: the sheet saved as CSV or .xlsx",
    b"\x28\xb5\x2f\xfd": "compressed by zstd; run: zstd -d FILE",
    b"BZh": "compressed by bzip2; run: bunzip2 FILE",
    b"\xfd7zXZ": "compressed by xz; run: xz -d FILE",
    b"SQLite format 3": "a database of SQLite; run: sqlite3 -json FILE 'SELECT ...' > log.json",
}


def _refuse_archive(path: str, head: bytes) -> None:
    if path.lower().endswith(".eval") and head.startswith(b"PK"):
        raise ConfigError(f"{path}: a log of Inspect; run: inspect log convert FILE --to json --output-dir logs-json")
    for mark, found_there in _ARCHIVES.items():
        if head.startswith(mark):
            raise ConfigError(f"{path}: {found_there}")


def _format_of_text(head: bytes) -> Format | None:
    """The format of a file whose name says nothing, such as Excel's "Unicode text" in a .txt."""
    if head.startswith(b"PAR1"):
        return "parquet"
    if head.startswith(GZIPPED):
        head = zlib.decompressobj(31).decompress(head, _HEAD)
    wide = _wide_encoding(head)
    if wide:
        head = head[: len(head) & -4].decode(wide, "replace").encode("utf-8", "replace")
    head = head.removeprefix(codecs.BOM_UTF8).lstrip()
    if head[:1] in (b"{", b"["):
        return "jsonl"
    return "csv" if re.match(rb"[^\r\n]*[\t,;|]", head) else None


def _described(location: str, name: str, input_format: Format | None, size: int | None, stamp: str) -> InputFile:
    known = input_format or format_of(name) or ("xlsx" if name.lower().endswith(ENDINGS) else None)
    if known is None:
        raise ConfigError(f"{name}: the format cannot be recognised by the name; {_KNOWN}")
    return InputFile(
        location, name, known, known not in ("parquet", "xlsx") and name.lower().endswith(".gz"), size, stamp
    )


def format_of(name: str) -> Format | None:
    """The format that a name's ending stands for."""
    lowered = name.lower().removesuffix(".gz")
    return _FORMATS.get(os.path.splitext(lowered)[1])


Position = Callable[[], int]


@contextmanager
def opened(file: InputFile, encoding: str | None = None) -> Iterator[tuple[io.BufferedReader, Position]]:
    """The content for reading, and a function that says how many bytes of the stored file have been read.

    UTF-16 is recognised and read as UTF-8, as is the `encoding` that the user names. GBK is recognised by its lines.

    Raises OSError, or what the store raises, if it cannot be opened.
    """
    if file.location in (STANDARD_INPUT, ""):
        rest = sys.stdin.buffer if file.location else io.BytesIO()
        content: Any = io.BufferedReader(_Chained(file.head, rest), 1 << 16)
        if file.gzipped:
            content = gzip.GzipFile(fileobj=content)
        yield _as_utf8(content, encoding), lambda: 0
        return
    with stored(file) as raw:
        if not file.gzipped:
            yield _as_utf8(raw, encoding), raw.tell
            return
        with gzip.GzipFile(fileobj=raw) as content:
            yield _as_utf8(content, encoding), raw.tell


def check_encoding(name: str) -> None:
    """Raises ConfigError unless `name` is an encoding of text."""
    try:
        "".encode(name)
    except LookupError:
        raise ConfigError(
            f"--encoding: found {found(name)}; accepted: a name that Python knows, such as gb18030, big5, shift_jis, "
            "utf-16, cp1252; without the option UTF-8, UTF-16 and GBK are recognised"
        ) from None


class _Chained(io.RawIOBase):
    """What was read of a stream already, and the rest of it."""

    def __init__(self, head: bytes, rest: Any) -> None:
        self._head = memoryview(head)
        self._rest = rest

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        taken = self._head[: len(buffer)] if self._head else self._rest.read(len(buffer))
        if self._head:
            self._head = self._head[len(taken) :]
        buffer[: len(taken)] = taken
        return len(taken)


def _as_utf8(content: io.BufferedReader, encoding: str | None) -> io.BufferedReader:
    encoding = encoding or _wide_encoding(content.peek(4))
    if encoding is None or codecs.lookup(encoding).name == "utf-8":
        return content
    return io.BufferedReader(_Transcoded(content, encoding), 1 << 16)


_WIDE_MARKS = {codecs.BOM_UTF32_LE: "utf-32", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}
_FEWEST_NULS = 3


def _wide_encoding(head: bytes) -> str | None:
    """UTF-16 by its mark, or by the zero byte beside every ASCII character: in JSON and CSV these are many."""
    for mark, encoding in _WIDE_MARKS.items():
        if head.startswith(mark):
            return encoding
    head = head[: 4096 & -2]
    little, big = head[1::2].count(0), head[::2].count(0)
    if max(little, big) < _FEWEST_NULS or max(little, big) < 3 * min(little, big):
        return None
    return "utf-16-le" if little > big else "utf-16-be"


def _not_text(error: UnicodeError) -> tuple[str, int]:
    """A lone surrogate, which is not UTF-8 afterwards: the row that holds it is rejected, and not changed silently."""
    assert isinstance(error, UnicodeDecodeError)
    return "\udcff", error.end


codecs.register_error("harness.not-text", _not_text)


class _Transcoded(io.RawIOBase):
    """Content of another encoding as UTF-8."""

    def __init__(self, content: io.BufferedReader, encoding: str) -> None:
        self._content = content
        self._decoder = codecs.getincrementaldecoder(encoding)("harness.not-text")
        self._ready = b""
        self._ended = False

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self._ready and not self._ended:
            block = self._content.read1(1 << 16)  # of a broken archive, what is good
            self._ended = not block
            self._ready = self._decoder.decode(block, self._ended).encode("utf-8", "surrogatepass")
        taken = self._ready[: len(buffer)]
        self._ready = self._ready[len(taken) :]
        buffer[: len(taken)] = taken
        return len(taken)


def stored(file: InputFile) -> Any:
    """The file as it is stored, seekable."""
    if file.is_url:
        filesystem, path = file_system(file.location)
        return io.BufferedReader(filesystem.open(path, "rb"), 1 << 20)  # reading lines is slow in most stores
    return open(file.location, "rb", 1 << 18)


class Lines(NamedTuple):
    """Lines that follow each other, with their end. One with a problem is alone."""

    first: int
    raws: list[bytes]
    problem: tuple[str, str] | None = None

    def behind(self, place: int) -> Lines:
        return self._replace(first=self.first + place, raws=self.raws[place:])


KEPT_OF_LONG = 4096  # bytes of a line over the limit that are kept to recognise it by


def too_long(length: int, longest: int) -> tuple[str, str]:
    return "too-long", f"{length} bytes; accepted: {longest} (--max-line); only the beginning is kept"


def lines_at_once(content: BinaryIO, longest: int) -> Iterator[Lines]:
    """Lines with their end: those that the reader has in its buffer at once, others by themselves.

    One longer than `longest` bytes is skipped in bounded memory.
    """
    number = 1
    while True:
        whole = content.peek(1).rfind(b"\n") if longest > _AT_ONCE else 0  # type: ignore[attr-defined]
        if 0 < whole < _AT_ONCE:
            raws = content.readlines(whole)  # ends with the line that goes beyond so many bytes
            if number == 1:
                raws[0] = raws[0].removeprefix(codecs.BOM_UTF8)
            yield Lines(number, raws)
            number += len(raws)
            continue
        raw = content.readline(longest + 1)
        if not raw:
            return
        if number == 1:
            raw = raw.removeprefix(codecs.BOM_UTF8)
        if len(raw) > longest and not raw.endswith(b"\n"):
            length = len(raw)
            while not raw.endswith(b"\n") and (more := content.readline(longest)):
                raw = raw[:KEPT_OF_LONG] + more[-1:]
                length += len(more)
            length -= raw.endswith(b"\n")
            yield Lines(number, [raw[:KEPT_OF_LONG]], too_long(length, longest))
        else:
            yield Lines(number, [raw])
        number += 1


_AT_ONCE = 4 << 20
"""A buffer beyond this is not a buffer of ours: lines of it are read one by one."""


def fitting(raws: list[bytes], most: int, room: int) -> int:
    """How many of the records a piece takes that has room for so many, and ends with the one that fills its bytes."""
    if len(raws) <= most and sum(map(len, raws)) < room:
        return len(raws)
    return next((place for place, size in enumerate(accumulate(map(len, raws)), 1) if size >= room or place == most), 1)


SAMPLE = 256 << 10
"""Bytes from the first line on that is not ASCII, which distinguishes GBK from UTF-8."""


def in_utf8(several: Iterator[Lines]) -> Iterator[Lines]:
    """The lines of a file in GBK (GB 18030) as UTF-8; those of any other file as they are.

    A few rows that are not UTF-8 in a file of UTF-8 stay what they are, and are rejected one by one.
    """
    for lines in several:
        foreign = next((place for place, raw in enumerate(lines.raws) if not raw.isascii()), None)
        if foreign is None:
            yield lines
            continue
        if foreign:
            yield lines._replace(raws=lines.raws[:foreign])
        several = chain([lines.behind(foreign)], several)
        break
    sample: list[Lines] = []
    size = 0
    for lines in several:
        some = fitting(lines.raws, len(lines.raws), SAMPLE - size)
        sample.append(lines._replace(raws=lines.raws[:some]))
        size += sum(map(len, sample[-1].raws))
        if size >= SAMPLE:
            several = chain([lines.behind(some)], several) if some < len(lines.raws) else several
            break
    if not is_gbk([raw for lines in sample if not lines.problem for raw in lines.raws]):
        yield from sample
        yield from several
        return
    for lines in chain(sample, several):
        for line, raw in enumerate(lines.raws, lines.first):
            yield _from_gbk(line, raw, lines.problem)


def is_gbk(parts: list[bytes]) -> bool:
    """Whether most parts that are not ASCII are GBK."""
    utf8 = gbk = 0
    for part in parts:
        if not part.isascii():
            try:
                is_utf8 = decoded_text(part).encoding == "utf-8"
            except UnfitFileError:
                continue
            utf8 += is_utf8
            gbk += not is_utf8
    return gbk > utf8


def _from_gbk(line: int, raw: bytes, problem: tuple[str, str] | None) -> Lines:
    if problem or raw.isascii():
        return Lines(line, [raw], problem)
    try:
        return Lines(line, [raw.decode("gb18030").encode("utf-8")])
    except UnicodeDecodeError as error:
        detail = f"not GB 18030 at byte {error.start + 1}, in which the other rows are; --encoding names another"
        return Lines(line, [raw], ("encoding", detail))
