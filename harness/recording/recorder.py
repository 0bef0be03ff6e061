"""Writing a cassette: one answer, one line, appended and flushed as it ends."""

import os
import threading
from collections.abc import Iterable
from pathlib import Path
from typing import BinaryIO

from harness.recording.interaction import to_line
from harness.records.errors import CassetteError
from harness.records.exchange import Exchange


class Recorder:
    """Appends answers to one cassette file. Only one recorder can hold a file at a time.

    Args:
        path: the cassette; its folder is made.
        secrets: values that must never be written; a line that holds one is refused.
        wait_s: how long to wait for another recorder before saying so.
    """

    def __init__(self, path: Path, *, secrets: Iterable[str] = (), wait_s: float = 10.0) -> None:
        self.path = path
        self._secrets = tuple(secret for secret in secrets if secret)
        self._mutex = threading.Lock()
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file: BinaryIO = path.open("a+b", buffering=0)
        except OSError as error:
            raise CassetteError(f"{path}: cannot be written: {error.strerror or error}") from error
        try:
            _lock(self._file, path, wait_s)
            self.cut = self._cut_torn_line()
        except BaseException:
            self._file.close()
            raise

    def _cut_torn_line(self) -> int:
        """Remove a last line without its line end; return how many bytes that took."""
        size = self._file.seek(0, os.SEEK_END)
        end = size
        while end > 0:
            start = max(0, end - 65536)
            self._file.seek(start)
            block = self._file.read(end - start)
            newline = block.rfind(b"\n")
            if newline >= 0:
                end = start + newline + 1
                break
            end = start
        if end < size:
            self._file.truncate(end)
        return size - end

    def append(self, exchange: Exchange, *, sample: int, model: str | None, runtime: str | None) -> None:
        """Write one answer.

        Raises:
            CassetteError: the disk refused it (nothing half-written stays), or it holds a secret.
        """
        try:
            line = to_line(exchange, sample=sample, model=model, runtime=runtime)
        except ValueError as error:
            raise CassetteError(
                f"{self.path}: the answer is not UTF-8 and cannot be recorded: {error}"
            ) from error
        if any(_holds(line, secret) for secret in self._secrets):
            raise CassetteError(
                f"{self.path}: an answer repeats the value of a configured key and was not recorded; "
                "look at what the endpoint echoes"
            )
        data = line.encode("utf-8") + b"\n"
        with self._mutex:
            before = self._file.seek(0, os.SEEK_END)
            try:
                written = 0
                while written < len(data):
                    written += self._file.write(data[written:])
            except OSError as error:
                self._file.truncate(before)
                raise CassetteError(f"{self.path}: cannot be written: {error.strerror or error}") from error

    def close(self) -> None:
        """Release the file."""
        self._file.close()


def _holds(line: str, secret: str) -> bool:
    """The secret as it is, and as JSON or a nested JSON string would spell it."""
    import json

    once = json.dumps(secret, ensure_ascii=False)[1:-1]
    return secret in line or once in line or json.dumps(once, ensure_ascii=False)[1:-1] in line


def _lock(file: BinaryIO, path: Path, wait_s: float) -> None:
    import time

    try:
        import fcntl
    except ImportError:  # Windows: its own open mode keeps a second writer out less strictly; nothing to do
        return
    deadline = time.monotonic() + wait_s
    while True:
        try:
            fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            if time.monotonic() > deadline:
                raise CassetteError(
                    f"{path}: another recorder holds this cassette; wait for it to end, or stop it, and run again"
                ) from None
            time.sleep(0.05)
