"""`reports/` as history.

One file a run, and nothing else is kept. Trend, gate, drift and pages fold over it.
"""

from __future__ import annotations

import gzip
import io
import json
import os
import re
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any
from weakref import WeakValueDictionary

from pydantic import ValidationError

from harness.decisions.run_summary import Head, RunSummary, oldest_that_counts, order_of, summary_rules, utc
from harness.errors import RecordError, explain, found, listed, nearest
from harness.files import (
    DEPTH_LIMIT,
    GZIP,
    UnfitFileError,
    content_of,
    depth_over,
    is_as_sealed,
    is_portable,
    json_of,
    keep,
    kept_at,
    opened,
    reading,
    size_of,
    sync_folder,
    unpacked,
    unsealed,
    whole,
)
from harness.records.policy import GatePolicy
from harness.records.run import SCHEMA, CaseResult, RunRecord, before_cases, upgraded, written_pieces

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]*\Z")
_SHORTEST_PREFIX = 4
_WHOLE = re.compile(r"(?<!-partial)(?<!-latency)\.json(\.gz)?\Z")
_ENDINGS = (".json", ".json.gz")
"""Of records: as they are written, and as `harness runs compact` packs them."""
_PACKED = 8
"""A packed record is about an eighth of the plain one."""
_SEAL_SIZE = 100
_HEAD_SIZE = 64_000
"""Bytes that are looked at for what is before the cases of a record; that is 3,000 where the settings are short."""
_SHORT_HEAD = 8_000
"""Bytes that are looked at first: of thousands of nights the rest is not read and decoded for nothing."""
_SIZE_LIMIT = 100_000_000
"""Bytes. A record of 10,000 cases takes 20 million."""


_IN_USE: WeakValueDictionary[str, RunRecord] = WeakValueDictionary()
"""Records in use, by their digest: a verdict reads its candidate by name, and again among what is known."""


class ChangedRecordError(RecordError):
    """A record whose content does not have the digest that it carries."""


@dataclass(frozen=True, slots=True)
class Listing:
    """The runs of a folder, newest evidence first, and the files that could not be read, with the reason."""

    runs: tuple[RunSummary, ...]
    unreadable: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Known:
    """What a verdict has to know, oldest evidence first, and the ids of runs of the version that are too old for it."""

    runs: tuple[RunRecord, ...]
    too_old: frozenset[str] = frozenset()


class History:
    """The run records under one folder (`reports/`), which need not exist yet.

    Args:
        holds_secret: whether a text holds the value of a key; what does is not written.
    """

    def __init__(self, folder: Path, holds_secret: Callable[[str], bool] | None = None) -> None:
        self.folder = folder
        self._holds_secret = holds_secret or (lambda text: False)

    def path(self, label: str, run_id: str) -> Path:
        """Where a run of `model@version` is kept. Raises RecordError for names that are not plain file names."""
        model, _, version = label.partition("@")
        for name in (model, version, run_id):
            if not _NAME.match(name) or not is_portable(name):
                raise RecordError(
                    f"{name!r} in {label!r}, run {run_id!r}: cannot name a file; accepted are letters, digits "
                    "and ._+-, a letter or digit first, no dot last, and no name that is a device on Windows"
                )
        return self.folder / label / f"{run_id}.json"

    def found(self, label: str, run_id: str) -> Path:
        """Where a run is: as it was written, or packed."""
        path = self.path(label, run_id)
        packed = path.with_name(f"{path.name}.gz")
        return packed if packed.is_file() and not path.is_file() else path

    def paths(self, label: str | None = None) -> list[Path]:
        """All records, or those of one `model@version`, by label and id; of one that is there twice, the plain file."""
        by_name: dict[tuple[str, str], Path] = {}
        for folder in self._folders(label):
            with suppress(OSError):  # one that may not be looked into holds nothing that can be read
                for name in os.listdir(folder):
                    if name.endswith(_ENDINGS) and name[0] != ".":
                        path = folder / name
                        named = folder.name, id_of(path)
                        if named not in by_name or not name.endswith(".gz"):
                            by_name[named] = path
        return [by_name[name] for name in sorted(by_name)]

    def _folders(self, label: str | None) -> list[Path]:
        """Those of all versions, or of one: the folders of hundreds of others are not read for it."""
        with suppress(OSError):
            return [self.folder / name for name in os.listdir(self.folder) if "@" in name and label in (None, name)]
        return []

    def compact(self, path: Path) -> Path:
        """Pack a record: the same bytes, an eighth of the size on the disk. What is packed already stays.

        Raises:
            RecordError: it cannot be read, or not written; then it is as it was.
        """
        if path.suffix == ".gz":
            return path
        _refuse_link(path.parent)
        read_run(path)
        content = record_content(path)
        packed = path.with_name(f"{path.name}.gz")
        _write_whole(packed, [gzip.compress(content, 9, mtime=0)], end=b"", as_open_as=path)
        if record_content(packed) != content:
            raise RecordError(f"{packed}: does not give back what was packed; {path} was kept")
        path.unlink()  # not before the other is on the disk: until then the plain one counts
        return packed

    def write(self, run: RunRecord) -> Path:
        """Store a run whole or not at all, also when the machine stops half-way.

        A replay of answers that are stored already judges them again but does not age them: the record
        keeps the mode, the times and the commit of the run that made them. (Equal run ids mean equal answers.)
        """
        path = self.path(run.label, run.run_id)
        _refuse_link(path.parent)
        stored = self.found(run.label, run.run_id)
        if run.mode == "replay" and stored.is_file():
            # one that was changed by hand says nothing any more, and this is how it is judged again
            with suppress(ChangedRecordError):
                made = _without_cases(stored)
                totals = run.totals.model_copy(update={"requests": made.totals.requests})
                kept = {"mode": made.mode, "started": made.started, "ended": made.ended, "totals": totals}
                run = run.model_copy(update={**kept, "git_commit": made.git_commit})
        _write_whole(path, self._fit(run, path))
        path.with_name(f"{path.name}.gz").unlink(missing_ok=True)
        return path

    def _fit(self, run: RunRecord, path: Path) -> Iterator[bytes]:
        """What is written, piece by piece, each looked at before it goes to the disk."""
        size, pieces = 0, written_pieces(run)
        for piece in pieces:
            size += len(piece)
            if size > _SIZE_LIMIT:
                size += sum(map(len, pieces))
                raise RecordError(
                    f"{path}: would take {size:,} bytes, and at most {_SIZE_LIMIT:,} are read again; the answers "
                    "are kept. Run fewer suites or samples at a time: pytest --model=NAME suites/SUITE"
                )
            if self._holds_secret(piece.decode("utf-8")):
                raise RecordError(f"{path}: {self._place_of_secret(run)} holds the value of a key of this environment")
            yield piece

    def _place_of_secret(self, run: RunRecord) -> str:
        for case in run.cases:
            if self._holds_secret(case.model_dump_json(exclude={"samples"})):
                return f"the case {case.key}"
            if self._holds_secret(case.model_dump_json()):
                return f"the answer to {case.key}"
        return "the configuration"

    def listing(self, label: str | None = None) -> Listing:
        """All runs, or those of one `model@version`."""
        runs, unreadable = [], []
        for path in self.paths(label):
            try:
                runs.append(_summary_of(path))
            except RecordError as error:
                unreadable.append(str(error))
        runs.sort(key=lambda run: run.order, reverse=True)
        return Listing(tuple(runs), tuple(unreadable))

    def known(self, label: str, max_age_days: float | None = None) -> Known:
        """What a verdict on `model@version` has to know: its runs, and a late complete run of every other version.

        A run that measured latency alone is not among them, nor is one of another version that cannot be read: it only
        helps to estimate how much the cases of a domain have in common.

        Args:
            max_age_days: as the policy has it. Of runs that are older only the fullest is read, since a smaller run
                after it is not an attempt.

        Raises:
            RecordError: one of this version cannot be read. It may be the run that counts.
        """
        now = datetime.now(UTC)
        since = oldest_that_counts(max_age_days, now)
        paths = self.paths(label)
        heads = [head for path in paths if since is not None and (head := head_of(path)) is not None]
        old = [head for head in heads if head.is_before(since, now)]
        fullest = max(
            (head for head in old if not head.partial), key=lambda head: (head.cases, head.order), default=None
        )
        left_out = {head.path for head in old if head is not fullest}
        try:
            found = [read_run(path) for path in paths if path not in left_out]
        except RecordError as error:
            raise RecordError(f"{error}; fix or remove it: it may be the run that counts") from error
        for other in sorted({path.parent.name for path in self.paths()} - {label}):
            path = self._fullest(other)
            try:
                run = read_run(path) if path else None
            except RecordError:
                continue
            if run is not None and run.cases and not run.partial:
                found.append(run)
        too_old = frozenset(head.run_id for head in old if head is not fullest and head.cases)
        return Known(tuple(sorted(found, key=order_of)), too_old)

    def needed(
        self, label: str, policy: GatePolicy, *, keep_days: int, nights: Callable[[Head], bool]
    ) -> dict[Path, str]:
        """The records of a version that stay when others are deleted, and why (`decisions.evidence.needed`).

        One that cannot be read stays too.
        """
        from harness.decisions.evidence import needed

        paths, now = self.paths(label), datetime.now(UTC)
        heads = []
        for path in paths:
            with suppress(RecordError):
                heads.append(head_of(path) or Head.of(path, read_run(path)))
        baselines = self.baselines().values()
        found = needed(heads, policy, now, keep_days=keep_days, baselines=baselines, nights=nights)
        # one version tells about the domains of others by a record that is chosen by its size (`_fullest`)
        large = [path for path in paths if _WHOLE.search(path.name)]
        largest = max(large, key=lambda one: (_plain_size(one), one.name), default=None)
        for kept in (self._fullest(label), largest):
            if kept is not None:
                found.setdefault(kept, "the largest run")
        readable = {head.path for head in heads}
        return found | {path: "cannot be read" for path in paths if path not in readable}

    def remove(self, path: Path) -> None:
        """Delete a record in both of its forms, and its page if that is beside it.

        Raises:
            RecordError: the system refuses.
        """
        plain = path.with_name(f"{id_of(path)}.json")
        _refuse_link(path.parent)
        try:
            # the page first, and the form that counts last: whatever stops this, no page is left without its record
            for one in (plain.with_suffix(".html"), plain.with_name(f"{plain.name}.gz"), plain):
                one.unlink(missing_ok=True)
            sync_folder(path.parent)
        except OSError as error:
            raise RecordError(f"{path}: cannot be deleted: {error.strerror or error}") from error

    def _fullest(self, label: str) -> Path | None:
        """The newest record of a version among the large ones, by name and size alone.

        A year of nightly canaries beside a few runs of the whole suite is not read for this.
        """
        paths = [path for path in self.paths(label) if _WHOLE.search(path.name)]
        sizes = {path: _plain_size(path) for path in paths}
        return next((path for path in reversed(paths) if 2 * sizes[path] >= max(sizes.values())), None)

    def runs(self, label: str) -> tuple[RunRecord, ...]:
        """The records of one `model@version`, oldest evidence first.

        Raises RecordError if one cannot be read.
        """
        return tuple(sorted(map(read_run, self.paths(label)), key=order_of))

    def latest(self, label: str, core: Callable[[], Sequence[CaseResult]] | None = None) -> RunRecord | None:
        """The run that stands for a version (`representative`); None without any.

        A record that cannot be read is an error and not skipped: it may be the one that counts.

        Args:
            core: gives the cases that a run without names asks; called only where runs hold different cases.
        """
        from harness.decisions.evidence import representative

        now = datetime.now(UTC)
        records = sorted(map(read_run, self._latest_of_each_suite(label, now)), key=order_of)
        differ = len({run.suite_digest for run in records}) > 1
        return representative(records, core() if core is not None and differ else (), now)

    def _latest_of_each_suite(self, label: str, now: datetime) -> list[Path]:
        """Of runs on the same cases only the newest can stand for a version; all where a head cannot be read."""
        paths = self.paths(label)
        heads = [head for path in paths if (head := head_of(path)) is not None]
        if len(heads) < len(paths):
            return paths
        newest: dict[tuple[str, int, bool, bool], Head] = {}
        for head in sorted(heads, key=lambda one: one.order):
            newest[head.suite_digest, head.cases, head.partial, head.is_ahead(now)] = head
        return [head.path for head in newest.values()]

    def latest_latency(self, label: str) -> RunRecord | None:
        """The newest record of one `model@version` that measured latency; None if none did."""
        records = [read_run(path) for path in self.paths(label) if id_of(path).endswith("-latency")]
        return max(records, key=order_of, default=None)

    def resolve(
        self,
        reference: str,
        versions: Mapping[str, str] | None = None,
        core: Callable[[], Sequence[CaseResult]] | None = None,
    ) -> RunRecord:
        """The run meant by a file, `name@version`, name, run id or unique beginning of one.

        A name alone means its configured version (`versions`); without one, the version with the latest evidence.
        `core` is as in `latest`.
        """
        if reference.endswith((".json", ".json.gz")) or os.sep in reference:
            return read_run(Path(reference))
        paths = self.paths()
        labels = list(dict.fromkeys(path.parent.name for path in paths))
        wanted = reference
        if versions and reference in versions:
            wanted = f"{reference}@{versions[reference]}"
        named = [label for label in labels if label == wanted or label.partition("@")[0] == wanted]
        latest = [run for label in named if (run := self.latest(label, core)) is not None]
        if latest:
            return max(latest, key=order_of)
        if len(reference) >= _SHORTEST_PREFIX:
            matches = [path for path in paths if id_of(path).startswith(reference)]
            matches = [path for path in matches if id_of(path) == reference] or matches
            if len(matches) == 1:
                return read_run(matches[0])
            if matches:
                some = ", ".join(f"{path.parent.name}/{id_of(path)}" for path in matches[:5])
                raise RecordError(f"{reference!r}: {len(matches)} runs begin so: {some}; give more of the id")
        known = listed(labels)
        hint = nearest(wanted, [*labels, *(label.partition("@")[0] for label in labels)])
        raise RecordError(
            f"{wanted!r}: no run of that name, version or id in {self.folder}{hint}; known: {known}. "
            "Run `pytest --model=NAME` to make one, or give the path of a record."
        )

    def baselines(self) -> dict[str, str]:
        """Model name to the reference (`name@version` or run id) of its baseline."""
        path = self.folder / "baselines.json"
        if not path.is_file():
            return {}
        data = _object(path, record_content(path))
        schema, table = data.get("schema"), data.get("baselines")
        if schema != 1 or not isinstance(table, dict) or not all(isinstance(v, str) for v in table.values()):
            raise RecordError(
                f'{path}: expected {{"schema": 1, "baselines": {{NAME: NAME@VERSION}}}}, found {found(data)}'
            )
        return dict(table)

    def set_baseline(self, model: str, reference: str) -> Path:
        """Make `reference` the baseline of every later candidate of `model`."""
        path = self.folder / "baselines.json"
        table = {**self.baselines(), model: reference}
        content = {"schema": 1, "baselines": dict(sorted(table.items()))}
        _write_whole(path, [json.dumps(content, ensure_ascii=False, indent=1).encode()])
        return path


def read_run(path: Path, content: bytes | None = None) -> RunRecord:
    """One record from disk. Raises RecordError with the file, what was found and what to do.

    Args:
        content: what is in the file, where it was read already.
    """
    if content is None:
        content = record_content(path)
    before = _read_before(content)
    if before is not None:
        return before
    decoded = _object(path, content)
    digest = decoded.pop("digest", None)
    data = upgraded(decoded, path)
    try:
        run = RunRecord.model_validate(data)
    except ValidationError as error:
        raise RecordError(f"{path}: no run record: {explain(error, RunRecord)}") from error
    if depth_over([run.recipe, run.configuration, [case.messages for case in run.cases]], DEPTH_LIMIT):
        raise RecordError(f"{path}: no run record: nested too deeply; accepted: at most {DEPTH_LIMIT} levels")
    for name, stamp in (
        ("started", run.started),
        ("ended", run.ended),
        ("evidence.oldest", run.evidence.oldest),
        ("evidence.newest", run.evidence.newest),
    ):
        if stamp is not None and not _is_time(stamp):
            raise RecordError(f"{path}: no run record: {name}: found {found(stamp)}, expected an ISO 8601 time")
    # a formatter may have laid the file out in another way: written again, it must be what it was
    if digest is not None and not is_as_sealed(content) and f'"{digest}"'.encode() not in [*written_pieces(run)][-1]:
        raise ChangedRecordError(
            f"{path}: changed since it was written: it does not have the digest that it carries; get the file back "
            "(git checkout), or judge its answers again (pytest --model=NAME)"
        )
    _remember(content, run if decoded.get("schema") == SCHEMA else None)
    return run


def _read_before(content: bytes) -> RunRecord | None:
    """A record of which these very bytes were once read in full: pydantic alone decodes it, five times as fast.

    What `json_of` refuses (a name twice, a number without end, a lone surrogate) is then known not to be in it.
    """
    plain = unsealed(content)
    if plain is None:
        return None
    in_use = _IN_USE.get(plain[1])
    if in_use is not None or not _is_marked(plain[1]):
        return in_use
    try:
        run = RunRecord.model_validate_json(plain[0])
    except ValidationError:  # of a harness that knew other fields: the whole way says what is wrong
        return None
    if run.schema_version != SCHEMA:
        return None
    _IN_USE[plain[1]] = run
    return run


def digest_of(run: RunRecord) -> str | None:
    """The digest that the file of a record carries; None where it was not read from one as it was written."""
    return next((digest for digest, other in list(_IN_USE.items()) if other is run), None)


def _remember(content: bytes, run: RunRecord | None) -> None:
    """That these bytes were read in full; `run` is what they hold, unless it was brought to a newer form."""
    plain = unsealed(content)
    if plain is not None:
        if run is not None:
            _IN_USE[plain[1]] = run
        with suppress(OSError):
            mark = kept_at("read", plain[1])
            mark.parent.mkdir(parents=True, exist_ok=True)
            mark.touch()


def _is_marked(digest: str) -> bool:
    with suppress(OSError):  # a folder that may not be looked into
        return kept_at("read", digest).is_file()
    return False


def _summary_of(path: Path) -> RunSummary:
    """A run as lists show it, kept under a digest of its record. Raises RecordError."""
    content = record_content(path)
    kept = kept_at("summaries", f"{sha256(summary_rules()).hexdigest()[:32]}/{sha256(content).hexdigest()}")
    with suppress(OSError, ValueError, UnfitFileError):
        return RunSummary.from_json(content_of(kept, limit=_HEAD_SIZE))
    summary = RunSummary.of(read_run(path, content))
    keep(kept, summary.to_json())
    return summary


def id_of(path: Path) -> str:
    """The id in the name of a record, plain or packed."""
    return path.name.removesuffix(".gz").removesuffix(".json")


def _refuse_link(folder: Path) -> None:
    """A pull request can bring a link; what is written or deleted would be wherever it points."""
    if folder.is_symlink():
        raise RecordError(f"{folder}: a link, and whoever made it chose where this writes; put a folder there")


def _plain_size(path: Path) -> int:
    """Bytes, or about so many if it is packed."""
    return size_of(path) * (_PACKED if path.suffix == ".gz" else 1)


def _without_cases(path: Path) -> RunRecord:
    """A record whose cases may be missing: one of 10,000 cases is decoded in a second, and takes 150 MB.

    Raises RecordError as `read_run`.
    """
    other_form = (OSError, ValueError, KeyError, RecursionError)
    with suppress(*other_form), io.BytesIO(record_content(path)) if path.suffix == ".gz" else opened(path) as file:
        values = before_cases(file.read(_HEAD_SIZE).decode("utf-8", "ignore"))
        run = RunRecord.model_validate(values | {"cases": ()})
        fits = values["schema"] == SCHEMA and _is_time(run.started) and _is_time(run.ended)
        file.seek(0)
        if fits and size_of(path) <= _SIZE_LIMIT and is_as_sealed(file):
            return run
    return read_run(path)


def head_of(path: Path) -> Head | None:
    """What a record says before its cases; None where it is to be read as a whole to know that.

    Of a year of nights most are too old to count, and reading one takes a hundred times as long as its head.
    """
    return _head_within(path, _SHORT_HEAD) or _head_within(path, _HEAD_SIZE)


def _head_within(path: Path, size: int) -> Head | None:
    try:
        with opened(path) as file:
            content = file.read(size)
        if path.suffix == ".gz":
            content = zlib.decompressobj(GZIP).decompress(content, size)
        values = before_cases(content.decode("utf-8", "ignore"))
        evidence, totals = values["evidence"], values["totals"]
        head = Head(
            path=path,
            run_id=values["run_id"],
            mode=values["mode"],
            partial=values["partial"],
            suite_digest=values["suite_digest"],
            started=values["started"],
            oldest=evidence["oldest"],
            newest=evidence["newest"],
            cases=totals["cases"],
        )
        fits = values["schema"] == SCHEMA and isinstance(head.partial, bool) and isinstance(head.cases, int)
        fits = fits and all(isinstance(one, str) for one in (head.suite_digest, head.run_id, head.mode))
        return head if fits and all(_is_time(one) for one in (head.started, head.oldest, head.newest) if one) else None
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError, zlib.error):
        return None  # whoever reads it as a whole says what is wrong


def carries_digest(path: Path) -> bool:
    """Whether a record has the digest of what is in it; those of an older harness have none."""
    with reading(path, RecordError):
        return b'"digest"' in record_content(path)[-_SEAL_SIZE:]


def _is_time(stamp: str) -> bool:
    try:
        utc(stamp)
    except (ValueError, OverflowError):
        return False
    return True


def record_content(path: Path) -> bytes:
    """The bytes of a record, unpacked. Raises RecordError."""
    return plain_content(path, stored_content(path))


def stored_content(path: Path) -> bytes:
    """The bytes of a record as they are on the disk. Raises RecordError."""
    with reading(path, RecordError, form="JSON"):
        try:
            return content_of(path, limit=_SIZE_LIMIT)
        except FileNotFoundError as error:
            raise RecordError(f"{path}: no such file; expected a run record (`harness runs list`)") from error


def plain_content(path: Path, stored: bytes) -> bytes:
    """The same bytes, unpacked. Raises RecordError."""
    with reading(path, RecordError, form="JSON"):
        return unpacked(stored, limit=_SIZE_LIMIT) if path.suffix == ".gz" else stored


def _object(path: Path, content: bytes) -> dict[str, Any]:
    own = "delete it, and run: harness runs baseline NAME@VERSION" if path.name == "baselines.json" else ""
    with reading(path, RecordError, form="JSON", hint=own or "expected a run record (`harness runs list`)"):
        data = json_of(content)
    if not isinstance(data, dict):
        raise RecordError(f"{path}: expected a JSON object, found {type(data).__name__}")
    return data


def _write_whole(path: Path, pieces: Iterable[bytes], *, end: bytes = b"\n", as_open_as: Path | None = None) -> None:
    try:
        with whole(path, as_open_as=as_open_as) as file:
            file.writelines(pieces)
            file.write(end)
    except OSError as error:
        raise RecordError(f"{path}: cannot be written: {error.strerror or error}") from error
