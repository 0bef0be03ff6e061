"""The folder of pages: one a run, one a comparison, and the index; only what changed is built again."""

from __future__ import annotations

import hashlib
import json
import math
import os
import re
import time
from collections import Counter, deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError

from harness.decisions.compare import compare, shared_alignment
from harness.decisions.drift import drift
from harness.decisions.run_summary import utc
from harness.errors import HarnessError, RecordError
from harness.files import end_with_parent, is_portable, make_last, sealed, size_of, unsealed, whole
from harness.history import History, plain_content, read_run, stored_content
from harness.project import Project
from harness.records import Record
from harness.records.policy import DriftPolicy
from harness.records.run import RunRecord
from harness.runs.nights import KeptNights, Key, key_of, read_night
from harness.runs.record import sentences_of, verified_again
from harness.show import html
from harness.show import index as index_page
from harness.show.evidence import Label, match
from harness.show.html import templates_digest
from harness.show.index import HistoryEvent, IndexLine, current, usual_suite
from harness.show.run import OneCase
from harness.show.verdicts import LastVerdict
from harness.text import DEFAULT_SYMBOLS, SymbolTable

_WORTH_WORKERS = 8_000_000
"""Bytes of records from which on the start of further processes pays: they import and compile what one has already."""
_LEAST_BYTES = 250_000
"""What the page of a small record costs, as the bytes of a large one."""
_WORKERS = 8


@dataclass(frozen=True, slots=True)
class PageJob:
    """A record to be read. `page` says whether its page is wanted too."""

    path: Path
    out: Path
    lang: str
    labels: tuple[Label, ...]
    page: bool
    symbols: SymbolTable = DEFAULT_SYMBOLS
    night: bool = False
    """Drift is going to read it: what it reads is kept meanwhile."""


@dataclass(frozen=True, slots=True)
class Done:
    """What became of a job: a line, or the reason why the record cannot be read."""

    path: Path
    line: IndexLine | None
    page: Path | None
    problem: str = ""
    key: str = ""
    """What names the bytes of the record that was read (`runs.nights`)."""


def done(job: PageJob) -> Done:
    """Do one job."""
    try:
        stored = stored_content(job.path)
        record = read_run(job.path, plain_content(job.path, stored))
        if job.page:
            page_path(job.out, record.label, record.run_id)  # one that no file can be named by is left out too
    except RecordError as error:
        return Done(job.path, None, None, str(error))
    found, judged = verified_again(record, job.symbols)
    contradictions = sentences_of(record, found)
    key = key_of(job.path, stored)
    if job.night:
        kept = _kept_nights(job.path.parent.name, job.symbols)
        with suppress(RecordError):  # it cannot be judged: drift says why
            if not kept.holds(key):
                kept.add(key, read_night(record, found, judged, job.symbols))
                kept.write()
    page = None
    if job.page:
        page = write_run(record, job.out, job.lang, job.labels, contradictions=contradictions, wait=False)
    return Done(job.path, IndexLine.of(record, contradictions), page, key=key.decode())


@lru_cache(maxsize=2)
def _kept_nights(label: str, symbols: SymbolTable) -> KeptNights:
    return KeptNights(label, symbols)


def all_done(jobs: list[PageJob]) -> Iterator[Done]:
    """Do all jobs in their order, in several processes if there are many. Each holds one record at a time."""
    if sum(max(size_of(job.path), _LEAST_BYTES) for job in jobs) < _WORTH_WORKERS:
        yield from map(done, jobs)
        return
    from concurrent.futures import Future, ProcessPoolExecutor
    from concurrent.futures.process import BrokenProcessPool
    from multiprocessing import get_context

    workers = min(_WORKERS, os.cpu_count() or 1)
    with ProcessPoolExecutor(workers, get_context("spawn"), end_with_parent) as pool:
        given: deque[Future[Done]] = deque()
        try:
            with suppress(BrokenProcessPool):
                given.extend(pool.submit(_done_by_worker, job) for job in jobs)
            for job in jobs:
                try:
                    yield given.popleft().result()
                except (BrokenProcessPool, IndexError):
                    # a worker was killed, for lack of memory perhaps: what is left is done here, a record at a time
                    yield done(job)
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


def _done_by_worker(job: PageJob) -> Done:
    _make_room()
    return done(job)


@cache
def _make_room() -> None:
    """Once: rounds of the collector are over what is new alone, as in the command itself (`cli`)."""
    import gc

    gc.freeze()
    gc.set_threshold(50_000, 1000, 1000)


def write_run(
    record: RunRecord,
    out: Path,
    lang: str,
    labels: Iterable[Label],
    *,
    index: bool = True,
    contradictions: Sequence[str] = (),
    wait: bool = True,
) -> Path:
    """The page of one run, in the folder of its version.

    Args:
        index: whether it links to one.
        wait: until it is on the disk (`files.whole`).
    """
    given = list(labels)
    rulings = match(record, given) if given else None
    page = html.run_page(
        record,
        lang=lang,
        index_href="../index.html" if index else None,
        rulings=rulings,
        contradictions=contradictions,
    )
    return write(page_path(out, record.label, record.run_id), page, wait=wait)


def page_path(out: Path, label: str, run_id: str) -> Path:
    """Where the page of a run is. Raises RecordError for names that would leave the folder."""
    return History(out).path(label, run_id).with_suffix(".html")


def write(path: Path, text: str, *, wait: bool = True) -> Path:
    """Replace `path` in one step, so that a reader never sees half a page."""
    try:
        with whole(path, wait=wait) as file:
            file.write(text.encode())
    except OSError as error:
        raise RecordError(f"{path}: cannot be written: {error.strerror or error}") from error
    return path


class DriftState(Record):
    """A verdict on the nights of one version. `stamp` names the nights it rests on."""

    stamp: str
    verdict: str
    alarm: str | None = None
    """The date of the night that raised it."""
    since: str | None = None


def drift_states(
    project: Project,
    lines: Sequence[IndexLine],
    kept: Mapping[str, Any],
    files: Mapping[tuple[str, str], str],
    keys: Mapping[Path, Key],
) -> dict[str, DriftState]:
    """By label, for versions with more nights than a baseline takes. `kept` are the states of the last time.

    Args:
        files: of each run, by label and id, what changes with its file.
        keys: of each record, what names the bytes that were read (`runs.nights`).
    """
    policy = project.drift_policy
    nights: dict[str, list[IndexLine]] = {}
    for line in lines:
        if line.mode != "replay" and not line.partial:
            nights.setdefault(line.label, []).append(line)
    found = {}
    for label, runs in nights.items():
        if len({line.when[:10] for line in runs}) > policy.baseline_nights:
            stamp = _stamp(runs, policy, files)
            found[label] = _kept(DriftState, kept.get(label), stamp) or _fold(project, label, policy, stamp, keys)
    return found


def alarms(states: Mapping[str, DriftState], lines: Sequence[IndexLine], policy: DriftPolicy) -> list[HistoryEvent]:
    """The alarms as events at the run that raised each."""
    found = []
    for label, state in states.items():
        night = next((x for x in lines if x.label == label and str(policy.day(utc(x.when))) == state.alarm), None)
        if night is not None:
            detail = f"{night.version}, {state.since or state.alarm}"
            found.append(HistoryEvent(night.when, night.model, night.run_id, "drift-alarm", detail))
    return found


def _fold(project: Project, label: str, policy: DriftPolicy, stamp: str, keys: Mapping[Path, Key]) -> DriftState:
    runs, unreadable = project.nights(label, keys)
    report = drift(label, runs, policy, datetime.now(UTC), unreadable=unreadable)
    first = min(report.alarms, key=lambda alarm: alarm.day, default=None)
    return DriftState(
        stamp=stamp,
        verdict=report.verdict,
        alarm=str(first.day) if first else None,
        since=str(first.since) if first and first.since else None,
    )


def _stamp(runs: Sequence[IndexLine], policy: DriftPolicy, files: Mapping[tuple[str, str], str]) -> str:
    # the date is part of it: a verdict also says whether the last night is recent
    today = policy.day(datetime.now(UTC))
    seen = f"{today} {policy.model_dump_json()} " + " ".join(
        sorted(f"{x.run_id}{x.alignment}{files.get((x.label, x.run_id))}" for x in runs)
    )
    return hashlib.sha256(seen.encode("utf-8", "replace")).hexdigest()[:16]


_State = TypeVar("_State", DriftState, "VerdictState")


def _kept(form: type[_State], entry: Any, stamp: str) -> _State | None:
    try:
        state = form.model_validate(entry)
    except ValidationError:
        return None
    return state if state.stamp == stamp else None


class VerdictState(LastVerdict):
    """`stamp` names what it rests on, the day included."""

    stamp: str


_KEPT = "index.json"
"""What was folded the last time, so that a record is read once. It may be deleted at any time."""
_STOPPED = "stopped"
"""In what was folded by a building that did not end: pages of runs may be newer than those that compare them."""
_SAVED_EVERY_S = 10.0
"""While pages are built: those of 5,000 runs take longer than many a job of a CI may."""


@dataclass(slots=True)
class Site:
    """Pages made of one history, written under `out`."""

    project: Project
    out: Path
    lang: str
    labels: list[Label]
    rebuild: bool = False
    index_only: bool = False
    unreadable: list[str] = field(default_factory=list)
    contradictions: list[str] = field(default_factory=list)
    """Where records that were built are not what their answers give."""
    building: bool = False
    """An index will be there in the end, so pages link to it."""
    verdicts: dict[str, VerdictState] = field(default_factory=dict)
    """By model, once `build` has run."""
    unjudged: str = ""
    """A version that has a baseline and could not be judged, once `build` has run."""
    newest: str = ""
    """The version of the newest complete run, once `build` has run."""
    some: str = ""
    """The model of the newest run, complete or not, once `build` has run."""
    _paths: dict[tuple[str, str], Path] = field(default_factory=dict)
    """Of the records, by label and id: somebody may have renamed one."""
    _files: dict[tuple[str, str], str] = field(default_factory=dict)
    """What changes with the file of a run, by label and id: of what rests on it nothing else can be believed, since a
    pull request may bring an `index.json` as well as a record."""
    _keys: dict[Path, Key] = field(default_factory=dict)
    """What names the bytes of the records: drift reads again only what is new."""
    _waiting: list[Path] = field(default_factory=list)
    """Pages that may not be on the disk yet."""

    @property
    def history(self) -> History:
        """Where the records are."""
        return self.project.history

    def build(self) -> Iterator[Path]:
        """Bring the pages up to date; gives the path of each one that was written, the index last."""
        self.building = True
        kept = self._kept()
        runs: dict[str, dict[str, Any]] = {}
        lines: list[IndexLine] = []
        saved = time.monotonic()
        for done, stamp in self._folded(kept, pages=not self.index_only):
            if done.line is not None:
                runs[_name(done.path)] = {"stamp": stamp, "line": done.line.model_dump(mode="json"), "bytes": done.key}
                lines.append(done.line)
            if done.page is not None:
                self._waiting.append(done.page)
                if time.monotonic() - saved > _SAVED_EVERY_S:  # whatever stops this, the next one goes on from here
                    before = kept.get("runs") or {}
                    self._keep({**kept, "runs": {**before, **runs}, _STOPPED: {}})
                    saved = time.monotonic()
                yield done.page
        self.contradictions += [one for line in lines for one in line.contradictions]
        last = sorted(lines, key=lambda line: (line.when, line.started))
        self.some = last[-1].model if last else ""
        scored = [one.label for one in last if not one.partial and (one.alignment[1] or one.checks[1])]
        self.newest = scored[-1] if scored else ""
        comparisons = []
        pairs = list(self._pairs(lines))
        standing = self._standing()
        by_standing = sorted(pairs, key=lambda pair: (pair[1].label in standing, pair[1].when))
        newest = {new.model: (old, new) for old, new in by_standing}
        for old, new in pairs:
            path = self._comparison_path(old.label, old.run_id, new.label, new.run_id)
            href = path.relative_to(self.out).as_posix()
            judged = None
            if newest[new.model] == (old, new):
                judged = self._verdict(old, new, lines, (kept.get("verdicts") or {}).get(new.model), href)
            stored = [self._path(line) for line in (old, new)]
            names = list(map(_name, stored))
            is_new = _STOPPED in kept or any(runs.get(name) != _entry(kept, name) for name in names)
            wanted = judged is not None or not path.is_file() or is_new
            if wanted and not self.index_only:
                yield self._compare(old, new, judged)
            if path.is_file():
                comparisons.append((f"{old.label} → {new.label}", href))
        self.verdicts = {
            model: state if (self.out / state.href).is_file() else state.model_copy(update={"href": ""})
            for model, state in self.verdicts.items()
        }
        drift = drift_states(self.project, lines, kept.get("drift") or {}, self._files, self._keys)
        yield write(self.out / "index.html", self._index(lines, comparisons, drift))
        states = {label: state.model_dump(mode="json") for label, state in drift.items()}
        verdicts = {model: state.model_dump(mode="json") for model, state in self.verdicts.items()}
        self._keep({"runs": runs, "drift": states, "verdicts": verdicts})

    def _keep(self, folded: dict[str, Any]) -> None:
        make_last(self._waiting)  # it says of these pages that they are there
        self._waiting.clear()
        write(self.out / _KEPT, sealed(json.dumps(folded).encode()).decode() + "\n")

    def lines(self) -> list[IndexLine]:
        """All runs, newest evidence first, without building a page."""
        lines = [done.line for done, _ in self._folded(self._kept(), pages=False) if done.line is not None]
        return sorted(lines, key=lambda line: (line.when, line.started), reverse=True)

    def drift_verdicts(self, lines: Sequence[IndexLine]) -> dict[str, str]:
        """By label, as the index shows them."""
        states = drift_states(self.project, lines, self._kept().get("drift") or {}, self._files, self._keys)
        return {label: state.verdict for label, state in states.items()}

    def write_run(self, record: RunRecord) -> Path:
        """The page of one run."""
        index = (self.out / "index.html").is_file()
        contradictions = self.project.contradictions(record)
        return write_run(record, self.out, self.lang, self.labels, index=index, contradictions=contradictions)

    def missing(self, record: RunRecord) -> bool:
        """Whether the page of a run, to which a comparison links, is still to be built."""
        return not page_path(self.out, record.label, record.run_id).is_file()

    def write_comparison(self, old: RunRecord, new: RunRecord, judged: html.Judgement | None = None) -> Path:
        """The page of two runs."""
        index = self.building or (self.out / "index.html").is_file()
        page = html.compare_page(
            compare(old, new),
            old,
            new,
            judged=judged,
            lang=self.lang,
            index_href="../index.html" if index else None,
            contradictions=self.project.contradictions(old, new),
        )
        return write(self._comparison_path(old.label, old.run_id, new.label, new.run_id), page)

    def write_case(self, found: OneCase, past: Mapping[str, Sequence[RunRecord]]) -> Path:
        """The page of one case in several versions."""
        pages = {
            (record.label, record.run_id): page_path(self.out, record.label, record.run_id) for record in found.records
        }
        hrefs = {run: f"../{path.relative_to(self.out).as_posix()}" for run, path in pages.items() if path.is_file()}
        index = "../index.html" if (self.out / "index.html").is_file() else None
        # a key may hold what no file name can, and two keys may differ in letter case alone
        readable = re.sub(r"[^A-Za-z0-9._-]", "_", found.key)[:80]
        readable = readable if is_portable(readable) else f"_{readable}"
        name = f"{readable}-{hashlib.sha256(found.key.encode()).hexdigest()[:8]}.html"
        page = html.case_page(found, past, hrefs=hrefs, lang=self.lang, index_href=index)
        return write(self.out / "cases" / name, page)

    def _folded(self, kept: dict[str, Any], *, pages: bool) -> Iterator[tuple[Done, str]]:
        """Every record, from what is kept or by reading it. Those that cannot be read are reported."""
        stamps, jobs = {}, []
        paths = self.history.paths()
        nights, least = Counter(path.parent.name for path in paths), self._fewest_nights()
        look = f"{templates_digest()} {self.lang} {''.join(label.model_dump_json() for label in self.labels)}"
        for path in paths:
            stamps[path] = stamp = self._stamp(path, look)
            entry = _entry(kept, _name(path))
            line = _line(entry, stamp)
            if line is not None and (not pages or os.path.isfile(f"{self.out}/{line.href}")):
                done = Done(path, line, None, key=_key_in(entry))
                self._remember(done, stamp)
                yield done, stamp
            else:
                is_night = self.building and nights[path.parent.name] > least
                labels, symbols = tuple(self.labels), self.project.symbols
                jobs.append(PageJob(path, self.out, self.lang, labels, pages, symbols, is_night))
        for done in all_done(jobs):
            if done.problem:
                self.unreadable.append(done.problem)
            self._remember(done, stamps[done.path])
            yield done, stamps[done.path]

    def _fewest_nights(self) -> float:
        try:
            return self.project.drift_policy.baseline_nights
        except HarnessError:
            return math.inf  # the verdict on the nights says what is wrong

    def _remember(self, done: Done, stamp: str) -> None:
        if done.line is not None:
            run = done.line.label, done.line.run_id
            self._paths[run], self._files[run] = done.path, stamp
            if done.key:
                self._keys[done.path] = done.key.encode()

    def _path(self, line: IndexLine) -> Path:
        return self._paths[line.label, line.run_id]

    def _index(self, lines: list[IndexLine], comparisons: list[tuple[str, str]], drift: dict[str, DriftState]) -> str:
        return index_page.render(
            lines,
            lang=self.lang,
            baselines=self.history.baselines(),
            drift={label: state.verdict for label, state in drift.items()},
            alarms=alarms(drift, lines, self.project.drift_policy),
            comparisons=comparisons,
            unreadable=self.unreadable,
            shared=self._shared(lines),
            verdicts=self.verdicts,
        )

    def _shared(self, lines: list[IndexLine]) -> dict[str, tuple[int, int]]:
        """Rates of the versions as they are now, on the cases that all of them answered; those of the usual suite."""
        usual = usual_suite(current(lines))
        now = [line for line in current(lines) if line.suite_digest == usual]
        try:
            records = [read_run(self._path(line)) for line in now if line.alignment[1]]
        except RecordError:
            return {}  # it was readable a moment ago; the next build says why it is not
        return {label: (count.k, count.n) for label, count in shared_alignment(records).items()}

    def _pairs(self, lines: list[IndexLine]) -> Iterator[tuple[IndexLine, IndexLine]]:
        """Each version compared with its baseline, or against the version it is derived from."""
        baselines = self.history.baselines()
        now = {line.label: line for line in current(lines)}
        by_id = {line.run_id: line for line in lines}
        for new in now.values():
            reference = baselines.get(new.model) or next((label for label in new.lineage if label in now), "")
            old = now.get(reference) or by_id.get(reference)
            if old is not None and old.label != new.label:
                yield old, new

    def _compare(self, old: IndexLine, new: IndexLine, judged: html.Judgement | None) -> Path:
        records = [read_run(self._path(line)) for line in (old, new)]
        return self.write_comparison(records[0], records[1], judged)

    def _standing(self) -> set[str]:
        """The versions that names stand for, as everywhere; an older one may have been asked later."""
        try:
            return {f"{name}@{version}" for name, version in self.project.versions.items()}
        except HarnessError:
            return set()  # an entry of the settings is wrong, which no page of a run needs

    def _verdict(
        self, old: IndexLine, new: IndexLine, lines: Sequence[IndexLine], before: Any, href: str
    ) -> html.Judgement | None:
        """Judge the newest version of a model; None where nothing has changed since the last time, or none can be."""
        try:
            policy, where = self.project.policy()
            own = sorted(f"{x.run_id}{x.alignment}" for x in lines if x.label == new.label)
            today = datetime.now(UTC).date()
            seen = (
                f"{today} {policy.model_dump_json()} {old.run_id} {new.run_id} {len(lines)} {own} {templates_digest()} "
                f"{sorted(self._files.items())}"
            )
            stamp = hashlib.sha256(seen.encode("utf-8", "replace")).hexdigest()[:16]
            state = _kept(VerdictState, before, stamp)
            if state is not None and (self.index_only or (self.out / href).is_file()):
                self.verdicts[new.model] = state.model_copy(update={"href": href})
                return None
            records = [read_run(self._path(line)) for line in (old, new)]
            verdict = self.project.gate(records[1], records[0], policy)
        except HarnessError as error:
            self.unreadable.append(f"no verdict on {new.label}: {error}")
            self.unjudged = new.label
            return None
        self.verdicts[new.model] = VerdictState(
            stamp=stamp,
            label=new.label,
            against=old.label,
            verdict=verdict.verdict,
            when=new.when,
            href=href,
            command=verdict.next.command,
            why=verdict.next.why,
            reasons=verdict.reasons,
            firm=not new.partial and new.label in self._standing(),
        )
        return html.Judgement(verdict, datetime.now(UTC).isoformat(timespec="seconds"), where)

    def _comparison_path(self, old: str, old_id: str, new: str, new_id: str) -> Path:
        names = [page_path(self.out, label, run_id) for label, run_id in ((old, old_id), (new, new_id))]
        return self.out / "compare" / f"{'__'.join(f'{name.parent.name}.{name.stem}' for name in names)}.html"

    def _stamp(self, path: Path, look: str) -> str:
        """Changes with the record, and with what a page would look like, the rulings given among it."""
        try:
            state = os.stat(path)
        except OSError:  # a link to nowhere, or gone meanwhile: reading it says so
            return ""
        # whoever edits a record can put its time of change back, and not that of its entry in the folder
        seen = f"{state.st_size} {state.st_mtime_ns} {state.st_ctime_ns} {look}"
        return hashlib.sha256(seen.encode("utf-8", "replace")).hexdigest()[:16]

    def _kept(self) -> dict[str, Any]:
        if self.rebuild:
            return {}
        try:
            # one that was changed since, by a merge or a hand, or cut off, says nothing about the records
            content = unsealed((self.out / _KEPT).read_bytes())
            kept = json.loads(content[0]) if content else {}
        except (OSError, ValueError, RecursionError):
            return {}
        # of another version: what does not have the form is made again
        return {name: one for name, one in kept.items() if isinstance(one, dict)} if isinstance(kept, dict) else {}


def _name(path: Path) -> str:
    """Of a record in its history: the folder of its version, and its file."""
    return "/".join(path.parts[-2:])


def _entry(kept: Mapping[str, Any], name: str) -> Any:
    runs = kept.get("runs")
    return runs.get(name) if isinstance(runs, dict) else None


_KEY = re.compile(r"[NZ][0-9a-f]{64}\Z")


def _key_in(entry: Mapping[str, Any]) -> str:
    """Of an entry of an older harness none: drift reads the record."""
    key = entry.get("bytes")
    return key if isinstance(key, str) and _KEY.match(key) else ""


def _line(entry: Any, stamp: str) -> IndexLine | None:
    if not isinstance(entry, dict) or entry.get("stamp") != stamp:
        return None
    try:
        return IndexLine.model_validate(entry.get("line"))
    except ValidationError:
        return None
