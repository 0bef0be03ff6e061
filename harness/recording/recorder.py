"""Writing a cassette: one answer, one line, appended and flushed as it ends; the lock, packing, taking lines out."""

import contextlib
import gzip
import io
import os
import threading
import time
from collections.abc import Container
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from harness.errors import CassetteError
from harness.files import content_of, reading, sync_folder, whole
from harness.recording.cassette import (
    LINE_LIMIT,
    PACKED,
    UNPACKED_LIMIT,
    file_of,
    lines,
    packed_content,
    plain_path,
    stored_at,
    to_line,
)
from harness.recording.secrets import Secrets
from harness.records.answer import Exchange

if TYPE_CHECKING:
    from filelock import BaseFileLock

_SYNC_EVERY_S = 1.0
_OURS = b'{"key":"'


class UnfitAnswerError(CassetteError):
    """An answer that must not be written; the cassette is as it was. `reason` is one for an unscored sample."""

    def __init__(self, message: str, reason: str) -> None:
        super().__init__(message)
        self.reason = reason


class Recorder:
    """Appends answers to one cassette file. Only one recorder can hold a file at a time.

    A killed process loses nothing that `append` returned for; a machine that loses power, at most the last second.

    Args:
        path: the cassette; its folder is made.
        secrets: values that must never be written; a line that holds one is refused.
        wait_s: how long to wait for another recorder before saying so.
    """

    def __init__(self, path: Path, *, secrets: Secrets | None = None, wait_s: float = 10.0) -> None:
        self.path = path
        self._secrets = secrets or Secrets()
        self._wait_s = wait_s
        self._mutex = threading.Lock()
        self._synced = time.monotonic()
        self._tail: threading.Timer | None = None
        """Syncs what was appended last, when no other answer comes."""
        self.cut_bytes = 0
        """Length of the torn last line that was taken away; 0 if there was none."""
        self._file = self._open()

    def _open(self) -> BinaryIO:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            file = locked_file(self.path, wait_s=self._wait_s)
        except OSError as error:
            raise CassetteError(f"{self.path}: cannot be written: {error.strerror or error}") from error
        try:
            self._end_last_line(file)
            sync_folder(self.path.parent)
        except OSError as error:
            file.close()
            raise CassetteError(f"{self.path}: cannot be written: {error.strerror or error}") from error
        except BaseException:
            file.close()
            raise
        return file

    def _end_last_line(self, file: BinaryIO) -> None:
        """Take a torn last line away, or give a whole one its line end.

        Nothing that a recorder did not write is cut: `lines` raises for a merge conflict, and other text stays.
        """
        last = None
        for last in lines(self.path):  # noqa: B007  (only the last is wanted, after all were looked at)
            pass
        size = os.fstat(file.fileno()).st_size
        if last is None or size == 0 or _ends_with_newline(file, size):
            return
        if not last.torn:
            file.write(b"\n")
            return
        if not (last.content.startswith(_OURS) or _OURS.startswith(last.content)):
            raise CassetteError(
                f"{self.path}:{last.number}: the last line is not an answer and was not torn from one; "
                "take it out, then run: harness cassettes verify"
            )
        file.truncate(last.offset)
        self.cut_bytes = size - last.offset

    def append(self, exchange: Exchange, *, sample: int, model: str | None, runtime: str | None) -> None:
        """Write one answer.

        Raises:
            UnfitAnswerError: it holds a secret, is not UTF-8 or is too long; nothing was written.
            CassetteError: the disk refused it; nothing half-written stays.
        """
        data = self._line(exchange, sample, model, runtime)
        with self._mutex:
            if self._is_elsewhere():
                # `git checkout` or `harness cassettes prune` put another file in the place of this one
                self._file.close()
                self._file = self._open()
            before = os.fstat(self._file.fileno()).st_size
            try:
                written = 0
                while written < len(data):
                    written += self._file.write(data[written:])
                self._sync()
            except OSError as error:
                with contextlib.suppress(OSError):  # then a torn line stays, and the next recorder takes it away
                    self._file.truncate(before)
                raise CassetteError(
                    f"{self.path}: cannot be written: {error.strerror or error}; what was answered before is kept. "
                    "Fix that, then run again with --cassette-mode=record: it asks for the rest only"
                ) from error

    def _line(self, exchange: Exchange, sample: int, model: str | None, runtime: str | None) -> bytes:
        try:
            line = to_line(exchange, sample=sample, model=model, runtime=runtime)
            data = line.encode("utf-8") + b"\n"
        except ValueError as error:
            raise UnfitAnswerError(
                f"{self.path}: the answer is not text and was not recorded", "invalid_utf8"
            ) from error
        if self._secrets.found_in(line) or self._secrets.found_in_body(exchange.response_body.decode("utf-8")):
            raise UnfitAnswerError(
                f"{self.path}: an answer repeats the value of a key and was not recorded; "
                "look at what the endpoint echoes",
                "secret_echoed",
            )
        if len(data) > LINE_LIMIT:
            raise UnfitAnswerError(f"{self.path}: the answer is too long and was not recorded", "too_long")
        return data

    def _is_elsewhere(self) -> bool:
        try:
            there = self.path.stat()
        except OSError:
            return True
        here = os.fstat(self._file.fileno())
        return (there.st_dev, there.st_ino) != (here.st_dev, here.st_ino)

    def _sync(self, *, now: bool = False) -> None:
        if now or time.monotonic() - self._synced > _SYNC_EVERY_S:
            os.fsync(self._file.fileno())
            self._synced = time.monotonic()
        elif self._tail is None or not self._tail.is_alive():
            self._tail = threading.Timer(_SYNC_EVERY_S, self._sync_tail)
            self._tail.daemon = True
            self._tail.start()

    def _sync_tail(self) -> None:
        with self._mutex, contextlib.suppress(OSError):  # the next append says what is wrong with the disk
            if not self._file.closed:
                self._sync(now=True)

    def close(self) -> None:
        """Release the file; idempotent."""
        with self._mutex:
            if self._file.closed:
                return
            if self._tail is not None:
                self._tail.cancel()
            with contextlib.suppress(OSError):
                self._sync(now=True)
                if os.fstat(self._file.fileno()).st_size == 0 and not self._is_elsewhere():
                    self.path.unlink()  # nothing was answered: leave no trace
            self._file.close()


def _ends_with_newline(file: BinaryIO, size: int) -> bool:
    file.seek(size - 1)
    return file.read(1) == b"\n"


class LockedFile(io.FileIO):
    """A file open for appending, unbuffered, that no other recorder has open."""

    def __init__(self, path: Path, lock: "BaseFileLock") -> None:
        super().__init__(path, "a+b")
        self._lock = lock

    def close(self) -> None:
        """Close the file, then let the next recorder in."""
        super().close()
        _release(self._lock)


def locked_file(path: Path, *, wait_s: float) -> LockedFile:
    """The file, open for appending and locked for this process alone.

    The lock is a hidden file beside it, since the cassette itself may be replaced while a recorder waits. A packed
    cassette is unpacked first.

    Raises:
        CassetteError: another recorder holds it for longer than `wait_s`, or it is a symlink: a pull request can bring
            one, and what is written would go wherever it points.
        OSError: it cannot be opened.
    """
    lock = _lock(path, wait_s)
    try:
        _unpack(path)
        return LockedFile(path, lock)
    except BaseException:
        lock.release()
        raise


def _lock(path: Path, wait_s: float) -> "BaseFileLock":
    from filelock import FileLock, Timeout

    lock_file = path.with_name(f".{path.name}.lock")
    packed = path.with_name(f"{path.name}{PACKED}")
    for place in (path, packed, path.parent, lock_file):  # filelock before 3.20.1 emptied what a link led to
        if place.is_symlink():
            raise CassetteError(f"{place}: is a symlink; refusing to write through it: put a file there")
    lock = FileLock(lock_file, thread_local=False)
    try:
        lock.acquire(timeout=wait_s, poll_interval=0.05)
    except Timeout:
        raise CassetteError(
            f"{path}: another recorder holds this cassette; wait for it to end, or stop it, and run again"
        ) from None
    return lock


def _release(lock: "BaseFileLock") -> None:
    if lock.is_locked:
        # while it is held: filelock looks for a lock file that went away under the one who waited for it
        with contextlib.suppress(OSError):
            Path(lock.lock_file).unlink()
        lock.release()


def _unpack(path: Path) -> None:
    """Put a packed cassette back as it was written, for one who holds the lock."""
    kept = stored_at(path)
    if kept is None or kept == path:
        return
    with whole(path, as_open_as=kept) as file:
        file.write(packed_content(kept) or b"")
    kept.unlink()


def compact(path: Path, *, wait_s: float = 10.0) -> Path:
    """Pack a cassette: the same bytes, about a fifth of the size on the disk. What is packed already stays.

    Raises:
        CassetteError: another recorder holds it, it cannot be read, is too large, or cannot be written; then it is as
            it was.
    """
    plain = plain_path(path)
    kept = stored_at(plain)
    if kept is not None and kept != plain:
        return kept
    packed = plain.with_name(f"{plain.name}{PACKED}")
    try:
        lock = _lock(plain, wait_s)
        try:
            with reading(plain, CassetteError):
                content = content_of(plain, limit=UNPACKED_LIMIT)
            with whole(packed, as_open_as=plain) as file:
                file.write(gzip.compress(content, 9, mtime=0))
            if packed_content(packed) != content:
                raise CassetteError(f"{packed}: does not give back what was packed; {plain} was kept")
            plain.unlink()  # not before the other is on the disk: until then the plain one counts
        finally:
            _release(lock)
    except OSError as error:
        raise CassetteError(f"{packed}: cannot be written: {error.strerror or error}") from error
    return packed


def without(path: Path, numbers: Container[int], *, file: tuple[int, int] | None = None, wait_s: float = 10.0) -> None:
    """Take lines out by their numbers; the others stay byte for byte, and what was packed is packed again.

    Args:
        file: `file_of` the cassette when the numbers were read. Appending leaves them right; another file has others.

    Raises:
        CassetteError: another recorder holds the cassette, it was replaced meanwhile, or it cannot be written; then it
            is as it was.
    """
    plain = plain_path(path)
    kept = stored_at(plain) or plain
    try:
        lock = _lock(plain, wait_s)
        try:
            if file is not None and file_of(kept) != file:
                raise CassetteError(f"{kept}: replaced while it was read; nothing was taken out of it; run this again")
            with whole(kept) as draft:  # the cassette is not open then: Windows replaces no open file
                left = (line.content + b"\n" for line in lines(plain) if line.number not in numbers)
                if kept == plain:
                    draft.writelines(left)
                else:
                    draft.write(gzip.compress(b"".join(left), 9, mtime=0))
        finally:
            _release(lock)
    except OSError as error:
        raise CassetteError(f"{kept}: cannot be written: {error.strerror or error}") from error
