"""`reports/` as history.

One file a run, and nothing else is kept. Trend, gate, drift and pages fold over it.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from harness.decisions.evidence import representative
from harness.decisions.run_summary import RunSummary, order_of, utc
from harness.errors import RecordError, explain, found, nearest
from harness.files import DEPTH_LIMIT, content_of, depth_over, is_as_sealed, json_of, reading, sealed, whole
from harness.records.run import SCHEMA, CaseResult, RunRecord

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]*\Z")
_SHORTEST_PREFIX = 4
_WHOLE = re.compile(r"(?<!-partial)(?<!-latency)\.json\Z")
_SEAL_SIZE = 100
_SIZE_LIMIT = 100_000_000
"""Bytes. A record of 10,000 cases takes 20 million."""

Upgrade = Callable[[dict[str, Any]], dict[str, Any]]

UPGRADES: Mapping[int, Upgrade] = {}
"""From schema n to n + 1, by n.

Every change of the format adds one line, so that old nights stay readable.
"""


class ChangedRecordError(RecordError):
    """A record whose content does not have the digest that it carries."""


@dataclass(frozen=True, slots=True)
class Listing:
    """The runs of a folder, newest evidence first, and the files that could not be read, with the reason."""

    runs: tuple[RunSummary, ...]
    unreadable: tuple[str, ...]


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
            if not _NAME.match(name):
                raise RecordError(
                    f"{name!r} in {label!r}, run {run_id!r}: cannot name a file; accepted are letters, digits "
                    "and ._+-, a letter or digit first"
                )
        return self.folder / label / f"{run_id}.json"

    def write(self, run: RunRecord) -> Path:
        """Store a run whole or not at all, also when the machine stops half-way.

        A replay of answers that are stored already judges them again but does not age them: the record
        keeps the mode, the times and the commit of the run that made them. (Equal run ids mean equal answers.)
        """
        path = self.path(run.label, run.run_id)
        if path.parent.is_symlink():
            raise RecordError(f"{path.parent}: a link, and whoever made it chose where this writes; put a folder there")
        if run.mode == "replay" and path.is_file():
            # one that was changed by hand says nothing any more, and this is how it is judged again
            with suppress(ChangedRecordError):
                made = read_run(path)
                totals = run.totals.model_copy(update={"requests": made.totals.requests})
                kept = {"mode": made.mode, "started": made.started, "ended": made.ended, "totals": totals}
                run = run.model_copy(update={**kept, "git_commit": made.git_commit})
        content = _sealed(run)
        if len(content) > _SIZE_LIMIT:
            raise RecordError(
                f"{path}: would take {len(content):,} bytes, and at most {_SIZE_LIMIT:,} are read again; the answers "
                "are kept. Run fewer suites or samples at a time: pytest --model=NAME suites/SUITE"
            )
        if self._holds_secret(content.decode("utf-8")):
            raise RecordError(f"{path}: {self._place_of_secret(run)} holds the value of a key of this environment")
        _write_whole(path, content)
        return path

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
        for path in sorted(self.folder.glob("*@*/*.json")):
            if label is not None and path.parent.name != label:
                continue
            try:
                runs.append(RunSummary.of(read_run(path)))
            except RecordError as error:
                unreadable.append(str(error))
        runs.sort(key=lambda run: run.order, reverse=True)
        return Listing(tuple(runs), tuple(unreadable))

    def known(self, label: str) -> tuple[RunRecord, ...]:
        """What a verdict on `model@version` has to know: its runs, and a late complete run of every other version.

        Oldest evidence first. A run that measured latency alone is not among them, nor is one of another version that
        cannot be read: it only helps to estimate how much the cases of a domain have in common.

        Raises:
            RecordError: one of this version cannot be read. It may be the run that counts.
        """
        try:
            found = list(self.runs(label))
        except RecordError as error:
            raise RecordError(f"{error}; fix or remove it: it may be the run that counts") from error
        for other in sorted({path.parent.name for path in self.folder.glob("*@*/*.json")} - {label}):
            path = self._fullest(other)
            try:
                run = read_run(path) if path else None
            except RecordError:
                continue
            if run is not None and run.cases and not run.partial:
                found.append(run)
        return tuple(sorted(found, key=order_of))

    def _fullest(self, label: str) -> Path | None:
        """The newest record of a version among the large ones, by name and size alone.

        A year of nightly canaries beside a few runs of the whole suite is not read for this.
        """
        paths = [path for path in sorted((self.folder / label).glob("*.json")) if _WHOLE.search(path.name)]
        sizes = {path: path.stat().st_size for path in paths}
        return next((path for path in reversed(paths) if 2 * sizes[path] >= max(sizes.values())), None)

    def runs(self, label: str) -> tuple[RunRecord, ...]:
        """The records of one `model@version`, oldest evidence first.

        Raises RecordError if one cannot be read.
        """
        records = [read_run(path) for path in self.folder.glob("*@*/*.json") if path.parent.name == label]
        return tuple(sorted(records, key=order_of))

    def readable_runs(self, label: str) -> tuple[tuple[RunRecord, ...], tuple[str, ...]]:
        """The records of one `model@version`, oldest evidence first, and why others could not be read."""
        records, unreadable = [], []
        for path in sorted(self.folder.glob("*@*/*.json")):
            if path.parent.name == label:
                try:
                    records.append(read_run(path))
                except RecordError as error:
                    unreadable.append(str(error))
        return tuple(sorted(records, key=order_of)), tuple(unreadable)

    def latest(self, label: str, core: Callable[[], Sequence[CaseResult]] | None = None) -> RunRecord | None:
        """The run that stands for a version (`representative`); None without any.

        A record that cannot be read is an error and not skipped: it may be the one that counts.

        Args:
            core: gives the cases that a run without names asks; called only where runs hold different cases.
        """
        records = self.runs(label)
        differ = len({run.suite_digest for run in records}) > 1
        return representative(records, core() if core is not None and differ else (), datetime.now(UTC))

    def latest_latency(self, label: str) -> RunRecord | None:
        """The newest record of one `model@version` that measured latency; None if none did."""
        records = [read_run(path) for path in self.folder.glob("*@*/*-latency.json") if path.parent.name == label]
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
        if reference.endswith(".json") or os.sep in reference:
            return read_run(Path(reference))
        paths = sorted(self.folder.glob("*@*/*.json"))
        labels = list(dict.fromkeys(path.parent.name for path in paths))
        wanted = reference
        if versions and reference in versions:
            wanted = f"{reference}@{versions[reference]}"
        named = [label for label in labels if label == wanted or label.partition("@")[0] == wanted]
        latest = [run for label in named if (run := self.latest(label, core)) is not None]
        if latest:
            return max(latest, key=order_of)
        if len(reference) >= _SHORTEST_PREFIX:
            matches = [path for path in paths if path.stem.startswith(reference)]
            matches = [path for path in matches if path.stem == reference] or matches
            if len(matches) == 1:
                return read_run(matches[0])
            if matches:
                some = ", ".join(f"{path.parent.name}/{path.stem}" for path in matches[:5])
                raise RecordError(f"{reference!r}: {len(matches)} runs begin so: {some}; give more of the id")
        known = ", ".join(labels) or "none yet"
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
        data, _ = _decoded(path)
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
        _write_whole(path, json.dumps(content, ensure_ascii=False, indent=1).encode())
        return path


def run_schema() -> dict[str, Any]:
    """The JSON Schema of a record in the current form."""
    schema = RunRecord.model_json_schema(by_alias=True)
    what = "SHA-256 of the file up to the comma before it; records of an older harness have none."
    schema["properties"]["digest"] = {"type": "string", "pattern": "^[0-9a-f]{64}$", "description": what}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **schema,
        "title": "A run record: one file of reports/<model>@<version>/",
    }


def read_run(path: Path) -> RunRecord:
    """One record from disk. Raises RecordError with the file, what was found and what to do."""
    decoded, content = _decoded(path)
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
    if digest is not None and not is_as_sealed(content) and f'"{digest}"'.encode() not in _sealed(run)[-_SEAL_SIZE:]:
        raise ChangedRecordError(
            f"{path}: changed since it was written: it does not have the digest that it carries; get the file back "
            "(git checkout), or judge its answers again (pytest --model=NAME)"
        )
    return run


def carries_digest(path: Path) -> bool:
    """Whether a record has the digest of what is in it; those of an older harness have none."""
    with reading(path, RecordError):
        return b'"digest"' in content_of(path, limit=_SIZE_LIMIT)[-_SEAL_SIZE:]


def _is_time(stamp: str) -> bool:
    try:
        utc(stamp)
    except (ValueError, OverflowError):
        return False
    return True


def upgraded(
    data: dict[str, Any],
    path: Path,
    *,
    upgrades: Mapping[int, Upgrade] = UPGRADES,
    current: int = SCHEMA,
) -> dict[str, Any]:
    """The content of a record in the current schema. The schema is looked at before anything else."""
    schema = data.get("schema")
    if not isinstance(schema, int) or isinstance(schema, bool):
        raise RecordError(f"{path}: no run record: `schema` is {found(schema)}, expected a number up to {current}")
    if schema > current:
        raise RecordError(
            f"{path}: written by a newer harness (schema {schema}; this one reads up to {current}). "
            "Run `pip install -U pytest-verbatim`."
        )
    while schema < current:
        if schema not in upgrades:
            raise RecordError(f"{path}: schema {schema} is too old to be read; run it again")
        data = upgrades[schema](data)
        schema += 1
    return {**data, "schema": current}


def _sealed(run: RunRecord) -> bytes:
    """The record as it is written."""
    # pydantic's own writer: six times as fast as `json` with an indent, which is felt at 10,000 cases; as bytes,
    # since the same record as text takes twice to four times the memory
    return sealed(run.__pydantic_serializer__.to_json(run, by_alias=True, indent=1), gap=b"\n ")


def _decoded(path: Path) -> tuple[dict[str, Any], bytes]:
    with reading(path, RecordError, form="JSON"):
        try:
            content = content_of(path, limit=_SIZE_LIMIT)
            data = json_of(content)
        except FileNotFoundError as error:
            raise RecordError(f"{path}: no such file; expected a run record (`harness runs list`)") from error
    if not isinstance(data, dict):
        raise RecordError(f"{path}: expected a JSON object, found {type(data).__name__}")
    return data, content


def _write_whole(path: Path, content: bytes) -> None:
    try:
        with whole(path) as file:
            file.write(content)
            file.write(b"\n")
    except OSError as error:
        raise RecordError(f"{path}: cannot be written: {error}") from error
