"""One run record becomes its line of the index and, if asked, its page: the work that is done in parallel."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from harness.history import History, read_run
from harness.records.errors import RecordError
from harness.records.run import RunRecord
from harness.records.writing import whole
from harness.reporting import run_page
from harness.reporting.index_line import IndexLine
from harness.reporting.labels import Label, match

_WORTH_WORKERS = 12
"""Records from which on the start of further processes pays."""
_WORKERS = 8


@dataclass(frozen=True, slots=True)
class Job:
    """A record to be read. `page` says whether its page is wanted too."""

    path: Path
    out: Path
    lang: str
    labels: tuple[Label, ...]
    page: bool


@dataclass(frozen=True, slots=True)
class Done:
    """What became of a job: a line, or the reason why the record cannot be read."""

    path: Path
    line: IndexLine | None
    page: Path | None
    problem: str = ""


def done(job: Job) -> Done:
    """Do one job."""
    try:
        record = read_run(job.path)
    except RecordError as error:
        return Done(job.path, None, None, str(error))
    page = write_run(record, job.out, job.lang, job.labels) if job.page else None
    return Done(job.path, IndexLine.of(record), page)


def all_done(jobs: list[Job]) -> Iterator[Done]:
    """Do all jobs in their order, in several processes if there are many. Each holds one record at a time."""
    if len(jobs) < _WORTH_WORKERS:
        yield from map(done, jobs)
        return
    from concurrent.futures import ProcessPoolExecutor
    from multiprocessing import get_context

    workers = min(_WORKERS, os.cpu_count() or 1)
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        yield from pool.map(done, jobs, chunksize=4)


def write_run(record: RunRecord, out: Path, lang: str, labels: Iterable[Label], *, index: bool = True) -> Path:
    """The page of one run, in the folder of its version. `index` says whether it links to one."""
    given = list(labels)
    rulings = match(record, given) if given else None
    page = run_page.render(record, lang=lang, index_href="../index.html" if index else None, rulings=rulings)
    return write(page_path(out, record.label, record.run_id), page)


def page_path(out: Path, label: str, run_id: str) -> Path:
    """Where the page of a run lies. Raises RecordError for names that would leave the folder."""
    return History(out).path(label, run_id).with_suffix(".html")


def write(path: Path, text: str) -> Path:
    """Replace `path` in one step, so that a reader never sees half a page."""
    try:
        with whole(path) as file:
            file.write(text.encode())
    except OSError as error:
        raise RecordError(f"{path}: cannot be written: {error}") from error
    return path
