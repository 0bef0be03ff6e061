"""The folder of pages: one a run, one a comparison, and the index; only what changed is built anew."""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from harness.decisions.compare import compare
from harness.history import History, read_run
from harness.records.errors import RecordError
from harness.records.run import RunRecord
from harness.reporting import compare_page, index_page, run_page
from harness.reporting.index_line import IndexLine
from harness.reporting.labels import Label, match
from harness.reporting.page import templates_digest
from harness.reporting.timeline import current

_KEPT = "index.json"
"""Lines of the index by file, so that a run is read once. It may be deleted at any time."""


class Site:
    """Pages made of one history. At most two run records are held in memory at a time."""

    def __init__(self, history: History, out: Path, lang: str, labels: list[Label], *, rebuild: bool = False) -> None:
        self.history = history
        self.out = out
        self.lang = lang
        self.labels = labels
        self.rebuild = rebuild
        self.unreadable: list[str] = []

    def build(self) -> Iterator[Path]:
        """Bring all pages up to date; gives the path of each that was written, the index last."""
        kept, found = self._kept(), {}
        lines = []
        for path in self._records():
            stamp = self._stamp(path)
            name = str(path.relative_to(self.history.folder))
            line = _line(kept.get(name), stamp)
            if line is None or not (self.out / line.href).is_file():
                record = self._read(path)
                if record is None:
                    continue
                line = IndexLine.of(record)
                yield self.write_run(record)
            found[name] = {"stamp": stamp, "line": line.model_dump(mode="json")}
            lines.append(line)
        comparisons = []
        for old, new in self._pairs(lines):
            path = self._comparison_path(old.label, old.run_id, new.label, new.run_id)
            if self.rebuild or kept != found or not path.is_file():
                records = [self._read(self.history.path(line.label, line.run_id)) for line in (old, new)]
                if records[0] is None or records[1] is None:
                    continue
                yield self.write_comparison(records[0], records[1])
            comparisons.append((f"{old.label} → {new.label}", path.relative_to(self.out).as_posix()))
        page = index_page.render(
            lines,
            lang=self.lang,
            baselines=self.history.baselines(),
            comparisons=comparisons,
            unreadable=self.unreadable,
        )
        yield write(self.out / "index.html", page)
        write(self.out / _KEPT, json.dumps(found, ensure_ascii=False, indent=1) + "\n")

    def lines(self) -> list[IndexLine]:
        """All runs for the index, newest evidence first, without building a page."""
        kept = self._kept()
        lines = []
        for path in self._records():
            line = _line(kept.get(str(path.relative_to(self.history.folder))), self._stamp(path))
            if line is None:
                record = self._read(path)
                line = None if record is None else IndexLine.of(record)
            if line is not None:
                lines.append(line)
        return sorted(lines, key=lambda line: (line.when, line.started), reverse=True)

    def write_run(self, record: RunRecord) -> Path:
        """The page of one run, beside its record or under the chosen folder."""
        rulings = match(record, self.labels) if self.labels else None
        page = run_page.render(record, lang=self.lang, index_href="../index.html", rulings=rulings)
        return write(self.out / record.label / f"{record.run_id}.html", page)

    def write_comparison(self, old: RunRecord, new: RunRecord, judged: compare_page.Judgement | None = None) -> Path:
        """The page of two runs."""
        page = compare_page.render(
            compare(old, new), old, new, judged=judged, lang=self.lang, index_href="../index.html"
        )
        return write(self._comparison_path(old.label, old.run_id, new.label, new.run_id), page)

    def _pairs(self, lines: list[IndexLine]) -> Iterator[tuple[IndexLine, IndexLine]]:
        """Each version as it stands against its baseline, or against the version it is derived from."""
        baselines = self.history.baselines()
        now = {line.label: line for line in current(lines)}
        by_id = {line.run_id: line for line in lines}
        for new in now.values():
            reference = baselines.get(new.model) or next((label for label in new.lineage if label in now), "")
            old = now.get(reference) or by_id.get(reference)
            if old is not None and old.label != new.label:
                yield old, new

    def _comparison_path(self, old: str, old_id: str, new: str, new_id: str) -> Path:
        return self.out / "compare" / f"{old}.{old_id}__{new}.{new_id}.html"

    def _records(self) -> list[Path]:
        return sorted(self.history.folder.glob("*@*/*.json"))

    def _read(self, path: Path) -> RunRecord | None:
        try:
            return read_run(path)
        except RecordError as error:
            self.unreadable.append(str(error))
            return None

    def _stamp(self, path: Path) -> str:
        """Changes with the record, with what a page would look like, and with the rulings given."""
        state = path.stat()
        given = "".join(label.model_dump_json() for label in self.labels)
        seen = f"{state.st_size} {state.st_mtime_ns} {templates_digest()} {self.lang} {given}"
        return hashlib.sha256(seen.encode("utf-8", "replace")).hexdigest()[:16]

    def _kept(self) -> dict[str, Any]:
        if self.rebuild:
            return {}
        try:
            kept = json.loads((self.out / _KEPT).read_bytes())
        except (OSError, ValueError):
            return {}
        return kept if isinstance(kept, dict) else {}


def _line(entry: Any, stamp: str) -> IndexLine | None:
    if not isinstance(entry, dict) or entry.get("stamp") != stamp:
        return None
    try:
        return IndexLine.model_validate(entry.get("line"))
    except ValidationError:
        return None


def write(path: Path, text: str) -> Path:
    """Replace `path` in one step, so that a reader never sees half a page."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=".page-")
        try:
            with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as stream:
                stream.write(text)
            Path(name).chmod(0o644)
            Path(name).replace(path)
        finally:
            Path(name).unlink(missing_ok=True)
    except OSError as error:
        raise RecordError(f"{path}: cannot be written: {error}") from error
    return path
