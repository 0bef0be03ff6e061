"""The output folder: what a run is made of, the parts that are done, and the end that is made of them.

    run.json          what is scored and how; a second run with the same goes on, any other is refused
    verdicts/         one file a chunk
    parts/            counts and rejected rows of each chunk; gone when the run is finished
    rejected.jsonl    all rejected rows
    rates.json        the result; its presence means that the run is finished

A file is written under another name and renamed. The counts of a chunk are written last: a chunk with counts is done.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from harness.errors import HarnessError, found
from harness.files import whole
from harness.logs.judge import ScoredChunk, VerdictFormat
from harness.logs.rates import Counts
from harness.logs.rows import Columns

if TYPE_CHECKING:
    from filelock import BaseFileLock

SCHEMA = 1


class OutFolder:
    """Holds the folder for this process alone while it is open as a context."""

    def __init__(self, path: Path, run: dict[str, Any], verdict_format: VerdictFormat) -> None:
        """`run` is JSON: {"options": {...}, "inputs": [{"name", ...}], ...}. Nothing is read or written yet."""
        self.path = path
        self._run = {"schema": SCHEMA, **run}
        self._ending = verdict_format
        self._lock: BaseFileLock | None = None

    def __enter__(self) -> Self:
        """Raises HarnessError if the folder cannot be written, is in use, or holds anything else than this run."""
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            self._lock = _locked(self.path / ".lock")
        except OSError as error:
            raise HarnessError(f"{self.path}: cannot be written: {error.strerror}; choose another --out") from None
        try:
            self._begin()
        except OSError as error:
            self._unlock()
            raise HarnessError(f"{self.path}: cannot be used: {error}; choose another --out") from None
        except BaseException:
            self._unlock()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._unlock()

    @property
    def rates(self) -> Path:
        """Where the result is, once `finished`."""
        return self.path / "rates.json"

    @property
    def finished(self) -> bool:
        return self.rates.exists()

    def done(self) -> frozenset[str]:
        """Names of the chunks that need not be scored again."""
        return frozenset(path.stem for path in self._parts.glob("*.json"))

    def write(self, scored: ScoredChunk) -> None:
        """Keep a chunk. Raises HarnessError if the disk refuses."""
        try:
            _write_whole(self.path / "verdicts" / f"{scored.name}.{self._ending}", scored.verdicts)
            if scored.rejected:
                _write_whole(self._parts / f"{scored.name}.rejected", scored.rejected)
            _write_whole(self._parts / f"{scored.name}.json", scored.counts)
        except OSError as error:
            raise HarnessError(
                f"{self.path}: cannot be written: {error.strerror}; what is done is kept: make room and run it again"
            ) from None

    def folded(self, columns: Columns, most_groups: int) -> Counts:
        """The counts of all chunks, in the order of the rows."""
        counts = Counts.of(columns)
        for path in self._named("*.json"):
            counts.fold(Counts.read(json.loads(path.read_bytes()), columns), most_groups)
        return counts

    def finish(self, rates: dict[str, Any]) -> None:
        """Write what the run comes to. Killed at any moment, a second run ends it in the same way."""
        try:
            with whole(self.path / "rejected.jsonl") as draft:
                for path in self._named("*.rejected"):
                    with path.open("rb") as part:
                        shutil.copyfileobj(part, draft)
            _write_whole(self.rates, _json(rates))
            self._clear()
        except OSError as error:
            raise HarnessError(
                f"{self.path}: cannot be written: {error.strerror}; make room and run it again"
            ) from None

    @property
    def _parts(self) -> Path:
        return self.path / "parts"

    def _named(self, pattern: str) -> Iterator[Path]:
        yield from sorted(self._parts.glob(pattern))

    def _begin(self) -> None:
        manifest = self.path / "run.json"
        if not manifest.exists():
            strange = sorted(entry.name for entry in self.path.iterdir() if not entry.name.startswith("."))
            if strange:
                raise HarnessError(
                    f"{self.path}: not empty, and no output of harness score (found {found(strange[0])}); "
                    "accepted: a new or empty folder"
                )
        elif self.finished or self.done():
            self._compare(manifest)
            if self.finished:
                self._clear()
                return
        for folder in (self._parts, self.path / "verdicts"):
            folder.mkdir(exist_ok=True)
            for draft in folder.glob("*.tmp"):
                draft.unlink()
        _write_whole(manifest, _json(self._run))

    def _compare(self, manifest: Path) -> None:
        try:
            before = json.loads(manifest.read_bytes())
            difference = _difference(before, json.loads(json.dumps(self._run)))
        except (ValueError, AttributeError, TypeError):
            difference = "run.json cannot be read"
        if difference:
            raise HarnessError(
                f"{self.path}: holds another run: {difference}; accepted: a new folder for --out, or this one deleted"
            )

    def _clear(self) -> None:
        shutil.rmtree(self._parts, ignore_errors=True)

    def _unlock(self) -> None:
        if self._lock:
            self._lock.release()
            self._lock = None


def _difference(before: dict[str, Any], now: dict[str, Any]) -> str | None:
    """The first thing in which two runs differ."""
    for name, value in now["options"].items():
        if before["options"].get(name) != value:
            return f"{name} was {found(before['options'].get(name))} and is {found(value)}"
    then, files = before["inputs"], now["inputs"]
    for old, new in zip(then, files, strict=False):
        if old["name"] != new["name"]:
            return f"where {found(old['name'])} was read, {found(new['name'])} is now"
        if old != new:
            return f"{found(new['name'])} has changed since"
    if len(then) != len(files):
        return f"{len(then)} files were read, {len(files)} are found now"
    return None if before == now else "another version of harness or pyarrow made it"


def _locked(path: Path) -> BaseFileLock:
    from filelock import FileLock, Timeout

    lock = FileLock(path, thread_local=False)
    try:
        lock.acquire(blocking=False)
    except Timeout:
        raise HarnessError(f"{path.parent}: another harness score is writing there; wait for it, or stop it") from None
    return lock


def _json(value: dict[str, Any]) -> bytes:
    """To be read by people too; a lone surrogate, which cannot be UTF-8, stays an escape."""
    try:
        return json.dumps(value, ensure_ascii=False, indent=1).encode("utf-8") + b"\n"
    except UnicodeEncodeError:
        return json.dumps(value, indent=1).encode("ascii") + b"\n"


def _write_whole(path: Path, data: bytes) -> None:
    with whole(path) as file:
        file.write(data)
