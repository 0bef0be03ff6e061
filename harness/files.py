"""Files as the product reads and writes them: bounded reads, encodings, JSON, whole writes, moments in UTC."""

import codecs
import contextlib
import io
import json
import math
import os
import re
import stat
import time
import tomllib
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

from harness.errors import found, syntax_error

VALUES_LIMIT = 2_000_000
"""Objects, lists and members of one JSON text. A list takes three bytes in a file and seventy in memory."""
_BYTES_A_VALUE = 20  # more values are accepted of a large file that holds text: a run record has one in thirty bytes
DEPTH_LIMIT = 64
"""Levels of objects and lists. No prompt, tool or JSON schema in use comes near it."""
TOML_LIMIT = 256_000  # bytes
LINE_LIMIT = 1_000_000  # bytes of a line of cases, samples or templates; a longer one is never in memory as a whole
_DOTS_LIMIT = 1000  # in a line of TOML: `tomllib` takes the square of the parts of a dotted key, and more
WORKBOOK, OLD_WORKBOOK, GZIPPED = b"PK\x03\x04", b"\xd0\xcf\x11\xe0", b"\x1f\x8b"  # how such a file begins
DIGITS_LIMIT = 400  # of a number in JSON
_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")
# on Windows these are no files, whatever ending they have
_DEVICES = re.compile(r"(?:con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³]|conin\$|conout\$) *(?:\..*)?", re.I | re.S)


def is_portable(name: str) -> bool:
    """Whether a file or a folder can have this name on every system, and there is no other by the same name."""
    return not (_DEVICES.fullmatch(name) or name.endswith((".", " ")) or re.search(r'[<>:"/\\|?*\x00-\x1f]', name))


class UnfitFileError(ValueError):
    """What is wrong with a file or a text, without its place."""


def opened(path: Path) -> BinaryIO:
    """An ordinary file, open for reading. A device or a pipe, which may never end, is refused.

    Raises:
        OSError: it cannot be opened.
        UnfitFileError: it is not a regular file.
    """
    kind = path.stat().st_mode
    if not stat.S_ISREG(kind) and not stat.S_ISDIR(kind):  # what is wrong with a folder the system says itself
        raise UnfitFileError("not a regular file: a device, a pipe or a socket; accepted: a file")
    return path.open("rb")


def content_of(path: Path, *, limit: int) -> bytes:
    """The bytes of a file.

    Raises:
        OSError: it cannot be read.
        UnfitFileError: it is not a regular file, or longer than `limit` bytes.
    """
    with opened(path) as file:
        content = b"" if os.fstat(file.fileno()).st_size > limit else file.read(limit + 1)
        if len(content) > limit or os.fstat(file.fileno()).st_size > limit:
            raise UnfitFileError(f"longer than {limit:,} bytes")
    return content


def size_of(path: Path) -> int:
    """Bytes; none of a link to nowhere, or of a file that is gone meanwhile: reading it says what is wrong."""
    try:
        return path.stat().st_size
    except OSError:
        return 0


GZIP, _UNPACKED_AT_ONCE = zlib.MAX_WBITS | 16, 1 << 24  # a window of 32 kB with the header of gzip; bytes


def unpacked(content: bytes, *, limit: int) -> bytes:
    """What gzip packed, in one piece.

    Raises:
        UnfitFileError: it is damaged or cut off, something follows it, or unpacked it is longer than `limit`.
    """
    unpack = zlib.decompressobj(GZIP)
    plain = io.BytesIO()  # takes one copy less than zlib does in one piece
    try:
        while piece := unpack.decompress(content, _UNPACKED_AT_ONCE):
            plain.write(piece)
            if plain.tell() > limit:
                raise UnfitFileError(f"longer than {limit:,} bytes once it is unpacked")
            content = unpack.unconsumed_tail
    except zlib.error as error:
        raise UnfitFileError(f"not packed by gzip: {error}") from None
    if not unpack.eof or unpack.unused_data:
        raise UnfitFileError("cut off, or something follows what was packed")
    return plain.getvalue()


_SKIPPED = 1 << 20  # bytes that are read at one time of a line that is too long


class RawLine(NamedTuple):
    """One line of a file: its number from 1, where it begins in bytes, and its bytes with the line end.

    `content` is None where the line is longer than the limit; the rest of it was skipped.
    """

    number: int
    offset: int
    content: bytes | None


def lines_of(file: BinaryIO, *, limit: int) -> Iterator[RawLine]:
    """The lines of an open file, blank ones too; no more than `limit` bytes of one are in memory.

    Lines end at LF alone: JSON may hold U+2028, and other characters that `splitlines` would cut at.
    """
    number = offset = 0
    while content := file.readline(limit + 1):
        number += 1
        size = len(content)
        if size <= limit:
            yield RawLine(number, offset, content)
        else:
            ended = content.endswith(b"\n")
            content = b""  # what is refused need not stay in memory while its end is looked for
            yield RawLine(number, offset, None)  # first: who refuses the file does not wait for its end
            while not ended and (rest := file.readline(_SKIPPED)):
                ended = rest.endswith(b"\n")
                size += len(rest)
        offset += size


def json_lines(path: Path, error: type[Exception], *, limit: int, hint: str = "") -> Iterator[tuple[int, Any]]:
    """Number and decoded JSON of each line that is not blank.

    Args:
        error: the class to raise, with file and line, for a file or a line that cannot be read.
        limit: bytes of one line.
        hint: what is accepted, or what to run.
    """
    advice = f"; {hint}" if hint else ""
    with reading(path, error, hint=hint), opened(path) as file:
        for number, _, content in lines_of(file, limit=limit):
            if content is None:
                raise error(f"{path}:{number}: longer than {limit:,} bytes{advice}")
            if content.strip():
                try:
                    value = json_of(content)
                except UnfitFileError as problem:
                    raise error(f"{path}:{number}: {problem}{advice}") from problem
                yield number, value


_MARKS = (  # those of UTF-32 first: they begin as those of UTF-16 do
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_GB2312_SHARE = 0.9
"""Of the characters beyond ASCII: Latin text in a code page of Windows may read as GBK, and hardly ever as GB 2312."""
_ENOUGH_HAN = 12
"""Of so many, some are in the second half of the common characters, which GB 2312 has in the order of their sounds."""


@dataclass(frozen=True, slots=True)
class DecodedText:
    """A text with what is needed to write it as it came: its encoding, and the byte order mark if it had one."""

    text: str
    encoding: str
    mark: bytes = b""

    def encoded(self, text: str) -> bytes:
        """Another text in the same form."""
        return self.mark + text.encode(self.encoding)


def decoded_text(content: bytes) -> DecodedText:
    """Text in UTF-8, in UTF-16 or UTF-32 with a byte order mark, or in GBK (GB 18030).

    Raises UnfitFileError, which says where it is none of these.
    """
    for mark, encoding in _MARKS:
        if content.startswith(mark):
            try:
                return DecodedText(content[len(mark) :].decode(encoding), encoding, mark)
            except UnicodeDecodeError as error:
                place = len(mark) + error.start + 1
                raise UnfitFileError(f"not {encoding.upper()} at byte {place}, as its byte order mark says") from None
    try:
        return DecodedText(content.decode("utf-8"), "utf-8")
    except UnicodeDecodeError as error:
        text = _gbk(content)
        if text is None:
            raise UnfitFileError(
                f"not UTF-8 at byte {error.start + 1}; accepted: UTF-8, GBK, and UTF-16 with a byte order mark"
            ) from None
    return DecodedText(text, "gb18030")


def _gbk(content: bytes) -> str | None:
    """The text, unless it is more likely another language in an older encoding of its own, read as Han."""
    try:
        text = content.decode("gb18030")
    except UnicodeDecodeError:
        return None
    beyond = [char for char in text if not char.isascii()]
    # Python's table of GB 2312 has another dash and another middle dot than that of GBK
    pairs = "".join(beyond).translate({0x2014: 0x2015, 0xB7: 0x30FB}).encode("gb2312", "ignore")
    if len(pairs) // 2 < _GB2312_SHARE * len(beyond) or text.encode("gb18030") != content:
        return None
    leads = pairs[::2]
    han = sum(lead >= 0xB0 for lead in leads)
    common = sum(0xB0 <= lead <= 0xD7 for lead in leads)
    late = sum(0xC9 <= lead <= 0xD7 for lead in leads)
    kana = leads.count(0xA4) + leads.count(0xA5)
    in_words = len(re.findall(r"(?<=[A-Za-z])[^\x00-\x7f](?=[a-z])", text))
    is_latin = 2 * in_words > len(re.findall(r"[^\x00-\x7f]+", text))  # the `öß` of `Größe` is one Han in a word
    is_cyrillic = 2 * common < han
    is_japanese = 4 * kana > han
    is_korean = han >= _ENOUGH_HAN and not late
    return None if is_latin or is_cyrillic or is_japanese or is_korean else text


def json_of(content: bytes) -> Any:
    """Decoded JSON in UTF-8, in which each name is once in its object and each number is finite.

    Raises:
        UnfitFileError: what is wrong with it.
    """
    if has_too_many_values(content):
        raise UnfitFileError(f"more than {VALUES_LIMIT:,} values")
    try:
        value = loads(content.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise UnfitFileError(f"not UTF-8 at byte {error.start + 1}") from None
    except json.JSONDecodeError as error:
        raise UnfitFileError(syntax_error("JSON", error, content)) from None
    except RecursionError:
        raise UnfitFileError("nested too deeply") from None
    if _SURROGATE.search(content) and not _is_unicode(value):
        raise UnfitFileError("holds a lone surrogate, which is not text; accepted: whole characters")
    return value


_SEAL = re.compile(rb',\s*"digest":\s*"([0-9a-f]{64})"\s*\}\s*\Z')
_SEAL_SIZE, _BLOCK = 200, 1 << 20  # a record of 20,000 cases is never in memory as a whole


def sealed(content: bytes, *, gap: bytes = b"") -> bytes:
    """A JSON object with a last member `digest`: the SHA-256 of all bytes before it. `gap` precedes its name."""
    head = content.rstrip().removesuffix(b"}").rstrip()
    end = gap.rstrip(b" ") + b"}"
    return head + b"," + gap + b'"digest":' + b" " * bool(gap) + b'"' + sha256(head).hexdigest().encode() + b'"' + end


def is_as_sealed(content: bytes | BinaryIO) -> bool:
    """Whether an object ends with its digest and is as it was written; git may have changed its line ends."""
    file = io.BytesIO(content) if isinstance(content, bytes) else content
    digest, rest = sha256(), b""
    while block := file.read(_BLOCK):
        rest += block
        end = max(0, len(rest) - _SEAL_SIZE)
        end -= rest[end - 1 : end] == b"\r"
        digest.update(rest[:end].replace(b"\r\n", b"\n"))
        rest = rest[end:]
    seal = _SEAL.search(rest)
    digest.update(rest[: seal.start() if seal else 0].replace(b"\r\n", b"\n"))
    return seal is not None and digest.hexdigest().encode() == seal[1]


def unsealed(content: bytes) -> tuple[bytes, str] | None:
    """An object without its digest, and the digest; None where it has none or is not as it was written."""
    seal = _SEAL.search(content, max(0, len(content) - _SEAL_SIZE))
    return (content[: seal.start()] + b"}", seal[1].decode()) if seal and is_as_sealed(content) else None


def loads(text: str) -> Any:
    """Like `json.loads`, and UnfitFileError for a name that is twice in its object and a number that is not finite."""
    return DECODER.decode(text)


def has_too_many_values(content: bytes | str) -> bool:
    """Whether JSON that is small on the disk may be large in memory. What is in strings counts too."""
    if len(content) <= VALUES_LIMIT:
        return False
    limit = max(VALUES_LIMIT, len(content) // _BYTES_A_VALUE)
    if isinstance(content, str):
        return sum(map(content.count, "[{,")) > limit
    return sum(map(content.count, (b"[", b"{", b","))) > limit


def toml_of(path: Path, *, limit: int = TOML_LIMIT) -> dict[str, Any]:
    """Decoded TOML.

    Raises:
        OSError: it cannot be read.
        UnfitFileError: what is wrong with it.
    """
    content = content_of(path, limit=limit)
    for number, line in enumerate(content.split(b"\n"), start=1):
        if line.count(b".") > _DOTS_LIMIT:
            raise UnfitFileError(f"more than {_DOTS_LIMIT:,} dots (at line {number})")
    try:
        table = tomllib.loads(content.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise UnfitFileError(f"not UTF-8 at byte {error.start + 1}; save the file as UTF-8") from None
    except tomllib.TOMLDecodeError as error:
        raise UnfitFileError(syntax_error("TOML", error, content)) from None
    except ValueError:  # a number with more digits than Python reads, a day such as 2026-13-01
        raise UnfitFileError("not TOML: a number or a date that cannot be read") from None
    except RecursionError:
        raise UnfitFileError("nested too deeply") from None
    if depth_over(table, DEPTH_LIMIT):
        raise UnfitFileError(f"nested too deeply; accepted: at most {DEPTH_LIMIT} levels")
    return table


def depth_over(value: Any, limit: int) -> bool:
    """Whether objects and lists are nested more than `limit` deep; needs no recursion."""
    level = [value]
    for _ in range(limit + 1):
        level = [
            inner
            for outer in level
            if isinstance(outer, dict | list | tuple)
            for inner in (outer.values() if isinstance(outer, dict) else outer)
        ]
        if not level:
            return False
    return True


def no_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """For `object_pairs_hook`."""
    result = dict(pairs)
    if len(result) != len(pairs):
        seen: set[str] = set()
        for name, _ in pairs:
            if name in seen:
                raise UnfitFileError(f"{found(name)}: is twice in one object; keep one")
            seen.add(name)
    return result


def _no_constant(name: str) -> Any:
    raise UnfitFileError(f"{name} is not JSON; accepted: finite numbers")


def _finite(text: str) -> float:
    value = float(text)
    if math.isinf(value):
        raise UnfitFileError(f"the number {found(text)} is too large; accepted: finite numbers")
    return value


def _whole(text: str) -> int:
    # Python reads at most 4,300 digits, and no chat API takes a number beyond 64 bits
    if len(text) > DIGITS_LIMIT:
        raise UnfitFileError(f"a number of {len(text):,} digits; accepted: at most {DIGITS_LIMIT} digits")
    return int(text)


DECODER = json.JSONDecoder(  # made once: a replay reads thousands of lines
    object_pairs_hook=no_duplicates, parse_constant=_no_constant, parse_float=_finite, parse_int=_whole
)


def _is_unicode(value: Any) -> bool:
    try:
        json.dumps(value, ensure_ascii=False).encode("utf-8")
    except (UnicodeEncodeError, RecursionError):
        return False
    return True


def shown_below(folder: Path, pattern: str) -> list[Path]:
    """Paths under `folder` that match, sorted. Where a name begins with a dot it is none of a user's: drafts of a
    killed run, `.ipynb_checkpoints` of Jupyter, `._name` of macOS.
    """
    return sorted(
        path for path in folder.rglob(pattern) if not any(part[0] == "." for part in path.relative_to(folder).parts)
    )


@contextmanager
def whole(path: Path, *, as_open_as: Path | None = None, wait: bool = True) -> Iterator[BinaryIO]:
    """A file that takes the place of `path` when the block ends; if it raises, `path` stays as it was.

    A link in the place of `path` is replaced and never followed, and neither is one that was laid in the way. Whoever
    could not read what was at `path` cannot read the new file.

    Args:
        as_open_as: a file whose permissions it has. [default: those of `path`]
        wait: until it is on the disk. Without it, whoever goes on from it calls `make_last` first.

    Raises:
        OSError: the disk refuses; nothing half-written stays.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    # not the number of the process: that of most containers is 1, and two may write into one folder
    draft = path.with_name(f".verbatim-{os.urandom(8).hex()}.tmp")
    try:
        with draft.open("xb") as file:
            _forget_drafts(path.parent, os.fstat(file.fileno()).st_mtime)
            before = as_open_as or path
            if before.is_file() and not before.is_symlink():
                with contextlib.suppress(OSError):  # a file system may know no permissions
                    draft.chmod(stat.S_IMODE(before.stat().st_mode))
            yield file
            if wait:
                file.flush()
                os.fsync(file.fileno())
        draft.replace(path)
        if wait:
            sync_folder(path.parent)
    finally:
        draft.unlink(missing_ok=True)


_DRAFT, _looked_through = re.compile(r"\.verbatim-[0-9a-f]{16}\.tmp"), set[Path]()


def _forget_drafts(folder: Path, now: float) -> None:
    """Once a process, a day later by the clock of the disk: others may write there now. The names are ours alone."""
    names = () if folder in _looked_through else folder.glob(".verbatim-*.tmp")
    _looked_through.add(folder)
    with contextlib.suppress(OSError):  # another does the same
        for path in filter(lambda path: _DRAFT.fullmatch(path.name), names):
            state = path.lstat()
            if stat.S_ISREG(state.st_mode) and now - state.st_mtime > 86_400:
                path.unlink()


def cache_folder() -> Path:
    """`HARNESS_CACHE`, or `pytest-verbatim` under the user's cache folder.

    Raises RuntimeError where the user has no home.
    """
    given = os.environ.get("HARNESS_CACHE")
    if given:
        return Path(given)
    root = os.environ.get("XDG_CACHE_HOME") or os.environ.get("LOCALAPPDATA") or Path.home() / ".cache"
    return Path(root) / "pytest-verbatim"


def kept_at(kind: str, name: str) -> Path:
    """A place in the cache folder for what was found before; one where nothing can be kept, for a user without a home
    and where that folder is in the checkout: verdicts rest on it, and a pull request brings what it likes there. So
    does another user of the machine where the folder is theirs, or anybody may write to it.
    """
    try:
        folder = cache_folder()
    except RuntimeError:
        folder = Path(os.devnull)
    here = Path(os.path.curdir).absolute()
    is_of_others = _is_of_others(folder) or _is_in_checkout(folder.absolute(), here)
    return Path(os.devnull if is_of_others else folder) / kind / name


def _is_of_others(folder: Path) -> bool:
    if os.name == "nt":
        return False
    try:
        state = folder.stat()
    except OSError:  # it is not there yet
        return False
    if not stat.S_ISDIR(state.st_mode):
        return False
    user = os.geteuid()  # in a container, root uses the folders of the user outside
    return bool(state.st_mode & stat.S_IWOTH) or (user != 0 and state.st_uid not in (user, 0))


_FORGOTTEN_DAYS = 60


def keep(path: Path, content: bytes, *, at_end: bool = False) -> None:
    """Write what can be made again, at a place of `kept_at` whose folder is named by the rules that it rests on.

    The disk is not waited for, and where nothing can be written nothing is. What rested on other rules, those of an
    older harness, goes two months after the last of it was kept.
    """
    with contextlib.suppress(OSError, RuntimeError):
        is_new = not path.parent.is_dir()
        if is_new and path.is_relative_to(top := cache_folder()):
            top.mkdir(mode=0o775, parents=True, exist_ok=True)  # where there is no umask, not for anybody to write to
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("ab" if at_end else "wb", buffering=0) as file:
            file.write(content)
        if is_new:
            _forget_beside(path.parent)


def _forget_beside(folder: Path) -> None:
    import shutil  # with the packers that it brings it takes 5 ms to load

    for other in folder.parent.iterdir():
        if other != folder and time.time() - other.lstat().st_mtime > _FORGOTTEN_DAYS * 86_400:
            if other.is_dir() and not other.is_symlink():
                shutil.rmtree(other, ignore_errors=True)
            else:
                other.unlink(missing_ok=True)


@lru_cache(maxsize=16)
def _is_in_checkout(folder: Path, here: Path) -> bool:
    try:
        real, here, home = folder.resolve(), here.resolve(), Path.home().resolve()
        signs = (".git", "pyproject.toml")
        tops = [one for one in (real, *real.parents) if any((one / sign).exists() for sign in signs)]
        if tops == [home]:
            # many keep their settings in a repository that is the home folder: another one brings nothing there,
            # but for a submodule, whose `.git` is a file
            own = next((one for one in (here, *here.parents) if (one / ".git").exists()), home)
            return own == home or not (own / ".git").is_dir()
        return bool(tops)
    except (OSError, RuntimeError):  # a folder that may not be looked into, a link to itself
        return True


def end_with_parent() -> None:
    """For the workers of a pool, which wait for work for ever where the process that gives it was killed."""
    import threading
    from multiprocessing import parent_process

    def wait(parent: Any) -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=wait, args=(parent_process(),), daemon=True).start()


def make_last(paths: Iterable[Path]) -> None:
    """Wait until files are on the disk, names and all: many at once take far less than one after the other."""
    folders: dict[Path, None] = {}
    for path in paths:
        folders[path.parent] = None
        with contextlib.suppress(OSError), path.open("rb+") as file:
            os.fsync(file.fileno())
    for folder in folders:
        sync_folder(folder)


def sync_folder(folder: Path) -> None:
    """Make the names in a folder last: without it a new file may be gone after a loss of power, content and all."""
    with contextlib.suppress(OSError):  # Windows opens no folders, and some file systems do not sync them
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def written(moment: datetime) -> str:
    """The text of an aware moment."""
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def now() -> str:
    """The text of this moment."""
    return written(datetime.now(UTC))


@contextmanager
def reading(path: Path | str, error: type[Exception], *, form: str = "", hint: str = "") -> Iterator[None]:
    """Turn what goes wrong while a file is read into one sentence of one shape.

    Args:
        path: the file as the user named it.
        error: the class to raise.
        form: what it is read as, such as `TOML`.
        hint: what is accepted, or what to run.
    """
    try:
        yield
    except (OSError, UnfitFileError, UnicodeDecodeError) as problem:
        how = f" as {form}" if form else ""
        advice = f"; {hint}" if hint else ""
        raise error(f"{path}: cannot be read{how}: {reason_of(problem, form)}{advice}") from problem


def reason_of(problem: Exception, form: str = "") -> str:
    """Why a file cannot be read, without its path and in the system's own words."""
    if isinstance(problem, UnicodeDecodeError):
        return f"not UTF-8 at byte {problem.start + 1}"
    if isinstance(problem, OSError):
        return problem.strerror or str(problem)
    return str(problem).removeprefix(f"not {form}: ")
