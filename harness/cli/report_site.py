"""The folder of pages: one a run, one a comparison, and the index; only what changed is built anew."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from harness.cli.report_drift import DriftState, alarms, drift_states
from harness.cli.report_page import Done, Job, all_done, page_path, write, write_run
from harness.cli.stored_runs import StoredRuns
from harness.decisions.compare import compare
from harness.history import History, read_run
from harness.records.errors import RecordError
from harness.records.run import RunRecord
from harness.reporting import compare_page, index_page
from harness.reporting.index_line import IndexLine
from harness.reporting.labels import Label
from harness.reporting.page import templates_digest
from harness.reporting.timeline import current

_KEPT = "index.json"
"""What was folded the last time, so that a record is read once. It may be deleted at any time."""


@dataclass(slots=True)
class Site:
    """Pages made of one history, written under `out`."""

    stored: StoredRuns
    out: Path
    lang: str
    labels: list[Label]
    rebuild: bool = False
    index_only: bool = False
    unreadable: list[str] = field(default_factory=list)
    building: bool = False
    """An index will be there in the end, so pages link to it."""

    @property
    def history(self) -> History:
        """Where the records lie."""
        return self.stored.history

    def build(self) -> Iterator[Path]:
        """Bring the pages up to date; gives the path of each one that was written, the index last."""
        self.building = True
        kept = self._kept()
        runs: dict[str, dict[str, Any]] = {}
        for done, stamp in self._folded(kept, pages=not self.index_only):
            if done.line is not None:
                name = done.path.relative_to(self.history.folder).as_posix()
                runs[name] = {"stamp": stamp, "line": done.line.model_dump(mode="json")}
            if done.page is not None:
                yield done.page
        lines = [IndexLine.model_validate(run["line"]) for run in runs.values()]
        comparisons = []
        for old, new in self._pairs(lines):
            path = self._comparison_path(old.label, old.run_id, new.label, new.run_id)
            wanted = not path.is_file() or kept.get("runs") != runs
            if wanted and not self.index_only:
                yield self._compare(old, new)
            if path.is_file():
                comparisons.append((f"{old.label} → {new.label}", path.relative_to(self.out).as_posix()))
        drift = drift_states(self.stored, lines, kept.get("drift") or {})
        yield write(self.out / "index.html", self._index(lines, comparisons, drift))
        states = {label: state.model_dump(mode="json") for label, state in drift.items()}
        write(self.out / _KEPT, json.dumps({"runs": runs, "drift": states}, indent=1) + "\n")

    def lines(self) -> list[IndexLine]:
        """All runs, newest evidence first, without building a page."""
        lines = [done.line for done, _ in self._folded(self._kept(), pages=False) if done.line is not None]
        return sorted(lines, key=lambda line: (line.when, line.started), reverse=True)

    def write_run(self, record: RunRecord) -> Path:
        """The page of one run."""
        index = (self.out / "index.html").is_file()
        return write_run(record, self.out, self.lang, self.labels, index=index)

    def missing(self, record: RunRecord) -> bool:
        """Whether the page of a run, to which a comparison links, is still to be built."""
        return not page_path(self.out, record.label, record.run_id).is_file()

    def write_comparison(self, old: RunRecord, new: RunRecord, judged: compare_page.Judgement | None = None) -> Path:
        """The page of two runs."""
        index = self.building or (self.out / "index.html").is_file()
        page = compare_page.render(
            compare(old, new),
            old,
            new,
            judged=judged,
            lang=self.lang,
            index_href="../index.html" if index else None,
        )
        return write(self._comparison_path(old.label, old.run_id, new.label, new.run_id), page)

    def _folded(self, kept: dict[str, Any], *, pages: bool) -> Iterator[tuple[Done, str]]:
        """Every record, from what is kept or by reading it. Those that cannot be read are told."""
        entries = kept.get("runs") or {}
        stamps, jobs = {}, []
        for path in sorted(self.history.folder.glob("*@*/*.json")):
            stamps[path] = stamp = self._stamp(path)
            line = _line(entries.get(path.relative_to(self.history.folder).as_posix()), stamp)
            if line is not None and (not pages or (self.out / line.href).is_file()):
                yield Done(path, line, None), stamp
            else:
                jobs.append(Job(path, self.out, self.lang, tuple(self.labels), pages))
        for done in all_done(jobs):
            if done.problem:
                self.unreadable.append(done.problem)
            yield done, stamps[done.path]

    def _index(self, lines: list[IndexLine], comparisons: list[tuple[str, str]], drift: dict[str, DriftState]) -> str:
        return index_page.render(
            lines,
            lang=self.lang,
            baselines=self.history.baselines(),
            drift={label: state.verdict for label, state in drift.items()},
            alarms=alarms(drift, lines),
            comparisons=comparisons,
            unreadable=self.unreadable,
        )

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

    def _compare(self, old: IndexLine, new: IndexLine) -> Path:
        records = [read_run(self.history.path(line.label, line.run_id)) for line in (old, new)]
        return self.write_comparison(records[0], records[1])

    def _comparison_path(self, old: str, old_id: str, new: str, new_id: str) -> Path:
        names = [page_path(self.out, label, run_id) for label, run_id in ((old, old_id), (new, new_id))]
        return self.out / "compare" / f"{'__'.join(f'{name.parent.name}.{name.stem}' for name in names)}.html"

    def _stamp(self, path: Path) -> str:
        """Changes with the record, with what a page would look like, and with the rulings given."""
        try:
            state = path.stat()
        except OSError as error:
            raise RecordError(f"{path}: cannot be read: {error}") from error
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
