"""A whole run: files in, an output folder with verdicts and rates out."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from harness import __version__
from harness.errors import ConfigError, HarnessError, found
from harness.files import whole
from harness.logs import processes
from harness.logs.files import STANDARD_INPUT, InputFile
from harness.logs.joining import JOINED, gather
from harness.logs.judge import Chunk, ReadSettings, ScoredChunk, Scoring, VerdictFormat, chunk_name, chunks, groups
from harness.logs.rates import Counts, rates
from harness.logs.read import BYTES, ROWS
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
            (self.path / _FAILED).unlink(missing_ok=True)  # of an earlier run that was taken up again
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
        _write_whole(manifest, _json(self._run))  # first: a killed run leaves nothing that is not known as its own
        for folder in (self.path, self._parts, self.path / "verdicts"):
            folder.mkdir(exist_ok=True)
            for draft in folder.glob(".*.tmp"):
                draft.unlink()

    def _compare(self, manifest: Path) -> None:
        try:
            before = json.loads(manifest.read_bytes())
            difference = _difference(before, json.loads(json.dumps(self._run)))
        except (ValueError, AttributeError, TypeError):
            difference = "run.json cannot be read"
        if difference and (self.path / _FAILED).exists():
            self._empty()
        elif difference:
            raise HarnessError(
                f"{self.path}: holds another run: {difference}; accepted: a new folder for --out, or this one deleted"
            )

    def _clear(self) -> None:
        shutil.rmtree(self._parts, ignore_errors=True)

    def _empty(self) -> None:
        """Take away a run that came to nothing, so that one with other options can be made here."""
        self._clear()
        shutil.rmtree(self.path / "verdicts", ignore_errors=True)
        for name in ("rates.json", "rejected.jsonl", _FAILED):
            (self.path / name).unlink(missing_ok=True)

    def _unlock(self) -> None:
        if self._lock:
            self._lock.release()
            self._lock = None


_FAILED = ".failed"


def mark_failed(out: Path) -> None:
    """Note that the run at `out` came to nothing: another one may take its place."""
    with contextlib.suppress(OSError):
        (out / _FAILED).touch()


def _difference(before: dict[str, Any], now: dict[str, Any]) -> str | None:
    """The first thing in which two runs differ."""
    for name, value in now["options"].items():
        if before["options"].get(name) != value:
            return f"{name} was {_option(before['options'].get(name))} and is {_option(value)}"
    then, files = before["inputs"], now["inputs"]
    for old, new in zip(then, files, strict=False):
        if old["name"] != new["name"]:
            return f"where {found(old['name'])} was read, {found(new['name'])} is now"
        if old != new:
            return f"{found(new['name'])} has changed since"
    if len(then) != len(files):
        return f"{len(then)} files were read, {len(files)} are found now"
    return None if before == now else "another version of harness or pyarrow made it"


def _option(value: Any) -> str:
    return found(", ".join(map(str, value)) if isinstance(value, list) else value)


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


_FEWEST_BYTES = 256 << 10
"""Input for which a further worker is worth its start."""

_MISMAPPED = frozenset({"source", "output"})


@dataclass(frozen=True, slots=True)
class ScoringProgress:
    """Called after every chunk: rows scored by this process, bytes of the input, and of all of it if that is known."""

    rows: int
    position: int
    size: int | None


@dataclass(frozen=True, slots=True)
class ScoringJob:
    """What is scored, and how. Workers and Ray change no byte of the result, so they are no part of what is stored."""

    files: Sequence[InputFile]
    reading: ReadSettings
    scoring: Scoring
    out: Path
    most_groups: int = 500
    workers: int = 0
    """0: one a core."""
    ray: str | None = None
    """None: no Ray. Empty: a Ray of this machine. Else the address of a cluster."""

    def stored(self) -> dict[str, Any]:
        """What `run.json` says: equal for runs that may go on with each other's parts."""
        columns = self.reading.columns
        options: dict[str, Any] = {name: getattr(columns, name) for name in columns.__slots__}
        symbols = repr([(symbol.char, symbol.lookalikes) for symbol in self.scoring.symbols.symbols])
        options |= {
            "format": self.scoring.verdict_format,
            "max_line": self.reading.longest,
            "delimiter": self.reading.delimiter,
            "encoding": self.reading.encoding,
            "preset": self.reading.preset,
            **({"rows": self.scoring.rows} if self.scoring.rows else {}),  # runs from before there was one go on
            "max_groups": self.most_groups,
            "symbols": sha256(symbols.encode("utf-8", "surrogatepass")).hexdigest(),
            "chunk": [ROWS, BYTES],
        }
        inputs = [
            {"name": file.name, "format": file.format, "size": file.size, "stamp": file.stamp} for file in self.files
        ]
        made = {"harness": __version__, "verdicts": "2"}  # 2: with severity, notes and parts
        if self.scoring.verdict_format == "parquet":
            from harness.logs.read import arrow

            made["pyarrow"] = arrow().__version__
        return {"made_with": made, "options": options, "inputs": inputs}


def score(job: ScoringJob, tell: Callable[[ScoringProgress], None]) -> dict[str, Any]:
    """The rates, also written to the folder. Goes on where a killed run stopped; a finished run is only read.

    Raises HarnessError if the folder holds another run, an input changes, or no row has the columns asked for.
    """
    folder = OutFolder(job.out, job.stored(), job.scoring.verdict_format)
    from_input = any(file.location == STANDARD_INPUT for file in job.files)
    if from_input and (job.out / "run.json").exists():
        raise HarnessError(f"{job.out}: standard input cannot be read twice; accepted: a new folder for --out")
    with folder:
        if not folder.finished:
            try:
                _carry_all(job, folder, tell)
                for file in job.files:
                    _unchanged(file)
            except HarnessError:
                mark_failed(job.out)
                raise
            counts = folder.folded(job.reading.columns, job.most_groups)
            folder.finish(rates(counts, job.reading.columns, [file.name for file in job.files], job.most_groups))
        result = json.loads(folder.rates.read_bytes())
    assert isinstance(result, dict)
    return result


def _carry_all(job: ScoringJob, folder: OutFolder, tell: Callable[[ScoringProgress], None]) -> None:
    if job.reading.preset not in JOINED:
        _carry_rows(job, folder, tell)
        return
    if job.ray is not None or any(file.location == STANDARD_INPUT for file in job.files):
        raise ConfigError(
            f"--preset {job.reading.preset}: answers are joined to what they answer, which is read first; "
            "accepted: files and URLs, without --ray"
        )
    with tempfile.TemporaryDirectory(prefix="harness-score-") as temporary:
        requests = Path(temporary) / "requests"
        reading = job.reading
        gather(
            str(reading.preset), job.files, requests,
            longest=reading.longest, delimiter=reading.delimiter, encoding=reading.encoding,
        )  # fmt: skip
        _carry_rows(replace(job, reading=replace(job.reading, requests=requests)), folder, tell)


def _carry_rows(job: ScoringJob, folder: OutFolder, tell: Callable[[ScoringProgress], None]) -> None:
    grouped = groups(job.files)
    done = folder.done()
    before, size = _positions(grouped)
    rows = 0
    for scored in _carried(job, grouped, done):
        if scored.name == chunk_name(0, 0):
            _mapped(scored, job)
        folder.write(scored)
        rows += scored.rows
        tell(ScoringProgress(rows, before[int(scored.name.split("-")[0])] + scored.position, size))


def _carried(job: ScoringJob, grouped: list[tuple[InputFile, ...]], done: frozenset[str]) -> Iterator[ScoredChunk]:
    if job.ray is not None:
        return processes.carry_on_ray(grouped, job.reading, job.scoring, done, job.ray or None)
    todo: Iterator[Chunk] = (
        chunk
        for number, group in enumerate(grouped)
        for chunk in chunks(number, group, job.reading)
        if chunk.name not in done
    )
    return processes.carry(todo, job.scoring, _workers(job))


def _workers(job: ScoringJob) -> int:
    wanted = job.workers or cores()
    if any(file.size is None or file.gzipped or file.format == "parquet" for file in job.files):
        return wanted
    return max(1, min(wanted, sum(file.size or 0 for file in job.files) // _FEWEST_BYTES))


def cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _positions(grouped: list[tuple[InputFile, ...]]) -> tuple[list[int], int | None]:
    """Bytes before each group, and of all."""
    before, total, known = [], 0, True
    for group in grouped:
        before.append(total)
        total += sum(file.size or 0 for file in group)
        known = known and all(file.size is not None for file in group)
    return before, total if known else None


def _mapped(scored: ScoredChunk, job: ScoringJob) -> None:
    """Refuse a run whose first rows all lack what is to be scored: the columns are mapped wrongly."""
    counts = Counts.read(json.loads(scored.counts), job.reading.columns)
    if not scored.rows or counts.everything.rows or not set(counts.rejected) <= _MISMAPPED:
        return
    first = json.loads(scored.rejected.split(b"\n", 1)[0])
    row = first["row"] if isinstance(first["row"], dict) else {}
    if isinstance(first["row"], str) and first["row"].lstrip().startswith("{"):
        row = json.loads(first["row"])
    fields = f"; its fields: {found(', '.join(row))}" if row else ""
    raise ConfigError(
        f"{first['file']}, row {first['line']}: {first['reason']}{fields}; no row of the first {scored.rows:,} "
        f"has it: map the columns with --source and --output{'' if job.reading.preset else ', or name a --preset'}"
    )


def _unchanged(file: InputFile) -> None:
    """Refuse a file that was written to while it was read: nobody could say which rows were scored."""
    if file.is_url or file.location == STANDARD_INPUT:
        return
    try:
        status = os.stat(file.location)
    except OSError:
        status = None
    if status is None or (status.st_size, str(status.st_mtime_ns)) != (file.size, file.stamp):
        raise HarnessError(
            f"{file.name}: changed while it was read; leave out files that are still written to, and use a new --out"
        )
