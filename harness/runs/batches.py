"""`--batch`: missing answers by the Batch API, into the same cassettes; what was submitted is never submitted again.

Before anything is submitted it is written down beside the cassettes, in `NAME@VERSION/batches/`: which requests, and,
as soon as they are known, the ids of file and batch. A run that was killed at any moment finds there what to look for.
The note is taken away when all answers are in the cassettes.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from pydantic import Field, ValidationError

from harness.endpoints.access import Access
from harness.endpoints.batch import (
    BatchAnswer,
    BatchApi,
    BatchGoneError,
    BatchLimits,
    BatchRefusedError,
    BatchState,
    answer_of,
    limits_at,
)
from harness.endpoints.parse import RECORDABLE, Answer, parse
from harness.errors import ConfigError, EndpointError
from harness.files import UnfitFileError, content_of, json_of, now, whole, written
from harness.records import Record
from harness.records.answer import Completion, Exchange
from harness.runs.fetching import FetchJob

if TYPE_CHECKING:
    from harness.endpoints.chat import ChatEndpoint

_NOTE_LIMIT = 64_000_000
_URL = "/v1/chat/completions"
_NO_ANSWER = "batch_no_answer"


class SubmittedRequest(Record):
    """One request of a submission, and where its answer belongs."""

    custom_id: str
    suite: str
    sample: int
    key: str


class Submission(Record):
    """What is written down of one batch."""

    id: str = Field(pattern=r"^[0-9A-Za-z-]{1,64}$")
    """Its files are named by it, and taken away by it at the end: a pull request can bring a note."""
    where: str
    """Address of the endpoint, as it may be shown: an id of one says nothing at another."""
    submitted: str
    requests: tuple[SubmittedRequest, ...]
    file_id: str | None = None
    batch_id: str | None = None


class Submissions:
    """The notes of a model version. One run at a time may hold them.

    Raises:
        ConfigError: another run holds them, or they cannot be read.
    """

    def __init__(self, folder: Path) -> None:
        from filelock import FileLock, Timeout

        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        for place in (folder, folder / ".lock"):
            if place.is_symlink():
                raise ConfigError(f"{place}: is a symlink; refusing to write through it: put a folder there")
        self._lock = FileLock(folder / ".lock")
        try:
            self._lock.acquire(timeout=5)
        except Timeout:
            raise ConfigError(f"{folder}: another run with --batch is at work; wait for it to end") from None

    def close(self) -> None:
        """Let the next run in, and leave no empty folder."""
        if self._lock.is_locked:
            with contextlib.suppress(OSError):
                Path(self._lock.lock_file).unlink()
            self._lock.release()
        with contextlib.suppress(OSError):
            self.folder.rmdir()

    def open_ones(self) -> list[Submission]:
        """Those whose answers are not all collected, the oldest first."""
        found = []
        for path in self.folder.glob("*.requests"):
            if not path.with_suffix(".json").exists():
                path.unlink()  # a run was killed before its note: nothing was submitted
        for path in sorted(self.folder.glob("*.json")):
            try:
                for place in (path, path.with_suffix(".requests")):
                    if place.is_symlink():
                        raise UnfitFileError("a link")
                found.append(Submission.model_validate(json_of(content_of(path, limit=_NOTE_LIMIT))))
                if found[-1].id != path.stem:
                    raise UnfitFileError("of another batch")
            except (OSError, UnfitFileError, ValidationError) as error:
                raise ConfigError(
                    f"{path}: cannot be read ({type(error).__name__}); it says which batch is under way. Look at the "
                    "endpoint's list of batches before you take it away: what it holds would be paid for again"
                ) from error
        return sorted(found, key=lambda one: one.submitted)

    def write(self, submission: Submission) -> None:
        """Keep a note, whole or not at all."""
        with whole(self.folder / f"{submission.id}.json") as file:
            file.write(submission.model_dump_json().encode("utf-8"))

    def write_requests(self, submission: Submission, jobs: Sequence[FetchJob]) -> None:
        """The file that is uploaded, and that answers are recorded with."""
        with whole(self.requests_of(submission)) as file:
            for request, job in zip(submission.requests, jobs, strict=True):
                file.write(_line(request.custom_id, job.body))

    def requests_of(self, submission: Submission) -> Path:
        """The file of a submission's requests."""
        return self.folder / f"{submission.id}.requests"

    def bodies_of(self, submission: Submission) -> Iterator[tuple[str, dict[str, Any]]]:
        """Custom id and body of each request."""
        with self.requests_of(submission).open("rb") as file:
            for line in file:
                value = json.loads(line)
                yield value["custom_id"], value["body"]

    def done(self, submission: Submission) -> None:
        """All is collected."""
        (self.folder / f"{submission.id}.json").unlink(missing_ok=True)
        self.requests_of(submission).unlink(missing_ok=True)


def _line(custom_id: str, body: dict[str, Any]) -> bytes:
    line = {"custom_id": custom_id, "method": "POST", "url": _URL, "body": body}
    return json.dumps(line, ensure_ascii=False, separators=(",", ":")).encode("utf-8") + b"\n"


class BatchRun:
    """Submits, waits and collects for one model.

    Args:
        keep: records an answer, as for one that was asked for by itself; raises if it cannot be kept.
        is_kept: whether an answer is in its cassette already.
        tell: gets a sentence for the terminal now and then.
    """

    def __init__(
        self,
        endpoint: ChatEndpoint,
        submissions: Submissions,
        *,
        keep: Callable[[FetchJob, Answer], Completion],
        is_kept: Callable[[FetchJob], bool],
        tell: Callable[[str], None],
        label: str,
        redact: Callable[[str], str],
    ) -> None:
        self._endpoint = endpoint
        self._submissions = submissions
        self._where = endpoint.where
        self._keep = keep
        self._is_kept = is_kept
        self._tell = tell
        self._label = label
        self._redact = redact
        self.failed: dict[tuple[str, str], Completion] = {}
        """What became of requests that got no answer, by suite and key."""
        self.requests = 0

    async def run(self, jobs: Sequence[FetchJob]) -> None:
        """Take up what is under way, submit the rest, wait for all.

        Raises:
            HarnessError: the endpoint refuses, or an answer cannot be recorded; what is submitted goes on there.
        """
        api = BatchApi(self._endpoint.client(), label=self._label, redact=self._redact)
        try:
            under_way = self._submissions.open_ones()
            for one in under_way:
                if Access(base_url=one.where).shown != self._where:
                    raise ConfigError(
                        f"{self._submissions.folder}: a batch is under way at {one.where}, and base_url is now "
                        f"{self._where}; set that address back, collect it with --batch, then change the address"
                    )
            covered = {(request.suite, request.key) for one in under_way for request in one.requests}
            fresh = [job for job in jobs if job.place not in covered]
            under_way += [self._written(part) for part in _parts(fresh, limits_at(self._where))]
            submitted = [await self._submitted(api, one) for one in under_way]
            for one in submitted:
                await self._collected(api, one)
        finally:
            await self._endpoint.aclose()

    def _written(self, jobs: Sequence[FetchJob]) -> Submission:
        requests = tuple(
            SubmittedRequest(custom_id=custom_id(job), suite=job.suite, sample=job.sample, key=job.key) for job in jobs
        )
        submission = Submission(id=uuid4().hex, where=self._where, submitted=now(), requests=requests)
        self._submissions.write_requests(submission, jobs)
        self._submissions.write(submission)
        return submission

    async def _submitted(self, api: BatchApi, one: Submission) -> Submission:
        if one.batch_id is not None:
            self._tell(f"batch {one.batch_id}: taken up again, {len(one.requests)} requests of {one.submitted}")
            return one
        if one.file_id is None:
            one = one.model_copy(update={"file_id": await api.upload(self._submissions.requests_of(one))})
            self._submissions.write(one)
        assert one.file_id is not None
        try:
            one = one.model_copy(update={"batch_id": await api.create(one.file_id, one.id)})
        except BatchRefusedError:
            self._submissions.done(one)  # nothing was made: a note would keep these requests from being asked for
            raise
        self._submissions.write(one)
        self._tell(
            f"batch {one.batch_id}: {len(one.requests)} requests submitted; Ctrl-C and a later run take it up again"
        )
        return one

    async def _collected(self, api: BatchApi, one: Submission) -> None:
        assert one.batch_id is not None
        last = ""

        def tell(state: BatchState) -> None:
            nonlocal last
            said = f"batch {state.id}: {state.status}, {state.done} of {state.total or len(one.requests)}"
            if said != last:
                self._tell(said)
                last = said

        try:
            state = await api.ended(one.batch_id, tell)
        except BatchGoneError as error:
            raise self._gone(one, error) from error
        jobs = {request.custom_id: request for request in one.requests}
        bodies = dict(self._submissions.bodies_of(one))
        try:
            async for answer in _answers(api, state):
                request = jobs.pop(answer.custom_id, None)
                if request is not None:
                    body = bodies.pop(answer.custom_id)
                    self._take(FetchJob(request.key, request.suite, request.sample, body), answer)
        except BatchGoneError as error:
            raise self._gone(one, error) from error
        for request in jobs.values():
            self.failed[request.suite, request.key] = Completion(unusable=_reason(state))
        self.requests += len(one.requests)
        if state.reason:
            self._tell(f"batch {state.id}: {state.status}: {state.reason}")
        self._submissions.done(one)

    def _gone(self, one: Submission, error: BatchGoneError) -> EndpointError:
        """The endpoint does not know a batch or its file any more; only a person can tell a wrong key from that."""
        note = self._submissions.folder / f"{one.id}.json"
        return EndpointError(
            f"{error}. If the batch was deleted or its answers have expired there, delete {note}: its "
            f"{len(one.requests)} requests are then asked, and paid for, again. If the key is of another account, set "
            "the right one"
        )

    def _take(self, job: FetchJob, answer: BatchAnswer) -> None:
        if self._is_kept(job):
            return
        if answer.body is None:
            self.failed[job.place] = Completion(unusable=answer.reason)
            return
        completion = parse(answer.body, "application/json")
        if completion.unusable not in RECORDABLE:
            self.failed[job.place] = Completion(unusable=completion.unusable)
            return
        moment = now() if answer.created is None else written(datetime.fromtimestamp(answer.created, UTC))
        exchange = Exchange(
            uri=f"{self._where}/chat/completions",
            request_headers=(("content-type", "application/json"),),
            request_body=json.dumps(job.body, ensure_ascii=False).encode("utf-8"),
            status=200,
            response_headers=(("content-type", "application/json"),),
            response_body=answer.body,
            latency_s=None,
            first_token_s=None,
            recorded_at=moment,
        )
        kept = self._keep(job, Answer(completion.model_copy(update={"recorded_at": moment}), exchange, 1))
        if kept.unusable not in RECORDABLE:
            self.failed[job.place] = kept


async def _answers(api: BatchApi, state: BatchState) -> AsyncIterator[BatchAnswer]:
    for file_id in state.files:
        async for line in api.lines(file_id):
            answer = answer_of(line)
            if answer is not None:
                yield answer


def _reason(state: BatchState) -> str:
    return _NO_ANSWER if state.status == "completed" else f"batch_{state.status}"


def custom_id(job: FetchJob) -> str:
    """Short, for some endpoints take 64 characters; of suite and key, since two suites may ask the same."""
    return hashlib.sha256(f"{job.suite}\n{job.key}".encode()).hexdigest()[:32]


def _parts(jobs: Sequence[FetchJob], limits: BatchLimits) -> Iterator[list[FetchJob]]:
    """As many as one file may hold."""
    part: list[FetchJob] = []
    size = 0
    for job in jobs:
        length = len(_line(custom_id(job), job.body))
        if part and (len(part) >= limits.requests or size + length > limits.size):
            yield part
            part, size = [], 0
        part.append(job)
        size += length
    if part:
        yield part
