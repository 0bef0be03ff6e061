"""Asking an endpoint for all missing answers at once, in a thread of its own, while tests run.

The first request goes alone for a while: a wrong key or model name costs one request, not one for each case.
"""

import asyncio
import contextlib
import json
import re
import threading
import time
import traceback
from collections import Counter, deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from contextvars import ContextVar
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any, BinaryIO, Protocol

from harness.endpoints.pace import Pace, SpentError
from harness.endpoints.parse import Answer
from harness.errors import EndpointError, HarnessError
from harness.records.answer import Completion

FAILURES_IN_A_ROW = 10
"""Requests that end without an answer, each after its retries, before asking on is given up. An outage that may pass
does not count: the endpoint is waited for (patience_s)."""
REFUSALS_IN_A_ROW = 3
"""The same for requests that are refused in the same words."""
_ALONE_S = 10.0
"""How long the first request goes alone: a wrong key then costs one request, and a slow answer does not hold all up."""
_WORTH_SAYING_S = 3.0
_MOST_NOTES = 5
_GRACE_S = 1.0
_HELD_S = 0.02
_ENOUGH_DONE = 5
_STOPPED = "the run was stopped before this answer came"


class Endpoint(Protocol):
    """Anything that answers a chat-completions body."""

    runtime: str | None

    async def ask(self, body: dict[str, Any], pace: Pace | None = None) -> Answer:
        """One answer; raises `EndpointError` if asking on is useless, `SpentError` if `pace` allows no more."""

    async def aclose(self) -> None:
        """Release connections."""


@dataclass(frozen=True, slots=True)
class FetchJob:
    """One request to make: its key, its body, its sample number, and the suite whose cassette it belongs to."""

    key: str
    suite: str
    sample: int
    body: dict[str, Any]
    readers: int = 1
    """How many samples of cases wait for the answer: two cases of a suite may ask the same thing."""

    @property
    def place(self) -> tuple[str, str]:
        """Suite and key: two suites may ask the same thing, and each keeps its own answer."""
        return (self.suite, self.key)


asked_job: ContextVar[FetchJob | None] = ContextVar("asked_job", default=None)
"""The job for which the endpoint is being asked, in the task that asks."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the fetching is. `failed` counts requests that ended without a usable exchange.

    `concurrency` is lower than `max_concurrency` while the endpoint asks for less, or was too slow for more.
    """

    done: int
    total: int
    failed: int
    concurrency: int
    max_concurrency: int
    elapsed_s: float = 0.0
    waiting: str = ""
    """What is waited for, and until when, while the endpoint is away or wants to be left alone."""

    @property
    def left_s(self) -> float | None:
        """How long the rest takes if it goes on as it went; None as long as that is a guess."""
        if self.done < _ENOUGH_DONE:
            return None
        return self.elapsed_s / self.done * (self.total - self.done)


def _same(one: Answer, other: Answer) -> bool:
    """Whether two refusals say the same, numbers and request ids aside."""
    return (one.completion.unusable, _plain(one.said)) == (other.completion.unusable, _plain(other.said))


def _plain(said: str) -> str:
    return re.sub(r"[\w-]*\d[\w-]*", "#", said)


class FetchStoppedError(HarnessError):
    """The asking ended before this answer came."""


_Answer = Future[Completion] | Completion | HarnessError | None


class Fetcher:
    """Asks for all jobs as `pace` lets it.

    Args:
        keep: called in the fetching thread with each answer, before anybody can read it; it records, and returns
            the completion that readers get.
        released: how many jobs may be asked before `release` allows more. [default: all]
        first_alone: ask the first job before all others; not where an answer may take hours.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        jobs: Sequence[FetchJob],
        keep: Callable[[FetchJob, Answer], Completion],
        *,
        pace: Pace,
        released: int | None = None,
        first_alone: bool = True,
    ) -> None:
        self._first_alone = first_alone
        self._endpoint = endpoint
        self._jobs = deque(jobs)
        """Those that are still to be asked: of the others 20,000 bodies would stay to the end."""
        self._total = len(jobs)
        self._keep = keep
        self._pace = pace
        self._answers: dict[tuple[str, str], _Answer] = dict.fromkeys(job.place for job in jobs)
        """None while it is to come. A future, which takes a kilobyte and a half, is made for one that waits."""
        self._taken: set[int] = set()
        """Hashes of the places of answers that were taken: a place takes six times as much."""
        self._mutex = threading.Lock()
        self._readers = {job.place: job.readers for job in jobs if job.readers > 1}
        self._loop: asyncio.AbstractEventLoop | None = None
        self._main: asyncio.Task[None] | None = None
        self._is_stopped = False
        self._released = self._total if released is None else released
        self._done = self._failed = 0
        self._failures_in_a_row: list[Answer] = []
        self.notes: list[str] = []
        """What the endpoint said when it gave no answer, each once."""
        self._noted: set[tuple[str, str]] = set()
        self.fatal: HarnessError | None = None
        self._started = time.monotonic()
        self._thread = threading.Thread(target=self._run, name="harness-fetch", daemon=True)

    def start(self) -> None:
        """Begin asking."""
        self._started = time.monotonic()
        self._thread.start()

    def release(self, jobs: int) -> None:
        """Let so many jobs be asked in all, from the first one on. It never becomes fewer."""
        self._released = max(self._released, jobs)

    def __contains__(self, place: tuple[str, str]) -> bool:
        return place in self._answers

    def was_asked(self, place: tuple[str, str]) -> bool:
        """Whether it is, or was before it was taken, among the jobs."""
        return place in self._answers or hash(place) in self._taken

    def has_answer(self, place: tuple[str, str]) -> bool:
        """Whether the answer is there, and nobody has to wait for it."""
        answer = self._answers[place]
        if isinstance(answer, Future):
            return answer.done() and answer.exception() is None
        return isinstance(answer, Completion)

    def future(self, place: tuple[str, str]) -> Future[Completion]:
        """The answer to come, by suite and key. Its exception is a `HarnessError`."""
        with self._mutex:
            answer = self._answers[place]
            if isinstance(answer, Future):
                return answer
            future: Future[Completion] = Future()
            if isinstance(answer, Completion):
                future.set_result(answer)
            elif isinstance(answer, HarnessError):
                future.set_exception(answer)
            else:
                self._answers[place] = future
            return future

    def _ended(self, place: tuple[str, str], answer: Completion | HarnessError) -> None:
        with self._mutex:
            waiting = self._answers[place]
            if not isinstance(waiting, Future):
                self._answers[place] = answer
            elif isinstance(answer, HarnessError):
                waiting.set_exception(answer)
            else:
                waiting.set_result(answer)

    def taken(self, place: tuple[str, str]) -> None:
        """A reader has its answer. After the last one it is forgotten here: it is on disk, and memory stays flat."""
        left = self._readers.pop(place, 1) - 1
        if left:
            self._readers[place] = left
        else:
            with self._mutex:
                del self._answers[place]
                self._taken.add(hash(place))

    @property
    def requests(self) -> int:
        """How many went over the wire, retries included."""
        return self._pace.requests

    @property
    def progress(self) -> Progress:
        """A snapshot."""
        return Progress(
            self._done,
            self._total,
            self._failed,
            self._pace.concurrency if self._pace.was_cut else self._pace.max_concurrency,
            self._pace.max_concurrency,
            time.monotonic() - self._started,
            self._waiting(),
        )

    def _waiting(self) -> str:
        away: str = getattr(self._endpoint, "waiting", "")
        if away or self._pace.paused_s < _WORTH_SAYING_S:
            return away
        return f"left alone for {self._pace.paused_s:.0f} s, as the endpoint asked (Retry-After)"

    @property
    def lowest_concurrency(self) -> int:
        """How far the endpoint slowed the asking down."""
        return self._pace.lowest_concurrency

    def stop(self) -> None:
        """Ask no more. What is nearly there may still come; the rest is cancelled, and the thread ends."""
        self._is_stopped = True
        self.release(self._total)  # those that wait learn that the run was stopped
        loop, main = self._loop, self._main
        if loop is not None and main is not None and self._thread.is_alive():
            with contextlib.suppress(RuntimeError):  # the loop is closed already
                loop.call_soon_threadsafe(self._pace.close, _STOPPED)
            if not self.join(_GRACE_S):
                with contextlib.suppress(RuntimeError):
                    loop.call_soon_threadsafe(main.cancel)
        self.join()

    def join(self, timeout_s: float | None = None) -> bool:
        """Wait for the end; True if it has come."""
        if self._thread.ident is not None:
            self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def _run(self) -> None:
        try:
            asyncio.run(self._ask_all())
        except asyncio.CancelledError:
            pass
        except Exception as error:
            # a fault of ours; what it says may hold anything, so it is only named, with its place
            self.fatal = self.fatal or HarnessError(f"the asking broke off ({_named(error)}); please report it")
        finally:
            reason = self.fatal or FetchStoppedError(_STOPPED)
            for place, answer in list(self._answers.items()):
                if answer is None or (isinstance(answer, Future) and not answer.done()):
                    self._ended(place, reason)

    async def _ask_all(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._main = asyncio.current_task()
        if self._is_stopped:  # before there was a loop to tell it to
            self._pace.close(_STOPPED)
        try:
            if not self._jobs:
                return
            position = count(1 if self._first_alone else 0)
            first = asyncio.create_task(self._ask(self._jobs.popleft())) if self._first_alone else None
            if first is not None:
                await asyncio.wait([first], timeout=_ALONE_S)

            async def work() -> None:
                # one worker takes from the shared queue until it is empty, so memory stays flat
                while self._jobs:
                    job, place = self._jobs.popleft(), next(position)
                    while place >= self._released:
                        await asyncio.sleep(_HELD_S)
                    await self._ask(job)

            workers = min(self._pace.max_concurrency, max(len(self._jobs), 1))
            async with asyncio.TaskGroup() as group:
                for _ in range(workers):
                    group.create_task(work())
            if first is not None:
                await first
        finally:
            await asyncio.shield(self._endpoint.aclose())

    async def _ask(self, job: FetchJob) -> None:
        asked_job.set(job)
        try:
            answer = await self._endpoint.ask(job.body, self._pace)
            completion = self._keep(job, answer)
        except SpentError as error:
            self._ended(job.place, self.fatal or FetchStoppedError(str(error)))
            return
        except HarnessError as error:
            # the others finish what they have begun: their answers are paid for
            self._give_up(error)
            self._ended(job.place, error)
            return
        self._done += 1
        self._failed += answer.exchange is None
        self._ended(job.place, completion)
        self._watch(answer)

    def _note(self, answer: Answer) -> None:
        """Keep the endpoint's own words, once, with the setting that fixes it."""
        if not answer.said or answer.completion.unusable == "http_not_recorded":  # words of ours, noted elsewhere
            return
        key = (answer.completion.unusable or "", _plain(answer.said))
        if key not in self._noted and len(self._noted) < _MOST_NOTES:
            self._noted.add(key)
            setting = f"; set {answer.setting}" if answer.setting else ""
            self.notes.append(f"{answer.completion.unusable}: the endpoint says: {answer.said}{setting}")

    def _give_up(self, error: HarnessError) -> None:
        self.fatal = self.fatal or error
        self._pace.close(str(self.fatal))

    def _watch(self, answer: Answer) -> None:
        """The circuit breaker: after many failures and nothing else, the next ones would fail as well."""
        if answer.exchange is not None:
            self._failures_in_a_row.clear()
            return
        self._note(answer)
        self._failures_in_a_row.append(answer)
        alike = [one for one in self._failures_in_a_row if one.refused and _same(one, answer)]
        if answer.refused and len(alike) >= REFUSALS_IN_A_ROW:
            setting = f". Set {answer.setting} in [tool.harness.models]" if answer.setting else ""
            self._give_up(
                EndpointError(
                    f"{len(alike)} requests in a row were refused in the same words "
                    f"({answer.completion.unusable}): {answer.said or 'without a word'}{setting}"
                )
            )
            return
        if len(self._failures_in_a_row) >= FAILURES_IN_A_ROW:
            reasons = Counter(failed.completion.unusable or "" for failed in self._failures_in_a_row)
            said = next((failed.said for failed in reversed(self._failures_in_a_row) if failed.said), "")
            listed = ", ".join(f"{reason} {count}" for reason, count in reasons.most_common(4))
            self._give_up(
                EndpointError(
                    f"the last {len(self._failures_in_a_row)} requests in a row got no answer ({listed})"
                    + (f"; the endpoint says: {said}" if said else "")
                    + "; no more are sent. What was answered is kept: once the endpoint works again, run with "
                    "--cassette-mode=record to ask for the rest"
                )
            )


def _named(error: BaseException) -> str:
    """The kind of an error and the line that raised it: `KeyError in parse.py, line 81`."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    frames = traceback.extract_tb(error.__traceback__)
    place = f" in {Path(frames[-1].filename).name}, line {frames[-1].lineno}" if frames else ""
    return f"{type(error).__name__}{place}"


Place = tuple[str, str, str]
"""Model label, suite, request key."""
_ALIVE_EVERY_S = 1.0
_SILENCE_S = 60.0
"""Without a sign of life for so long the asking worker is taken for dead: sixty signs were missed."""
_LOOK_EVERY_S = 0.02
_ASK_AGAIN = "what it recorded is kept: run again with --cassette-mode=record"


class Broadcast:
    """The asking worker's side. One JSON object a line; the file is only read by processes of the same run.

    A thread gives a sign of life each second, so that followers can tell a slow endpoint from a dead worker.
    """

    def __init__(self, path: Path) -> None:
        self._file: BinaryIO = path.open("ab", buffering=0)
        self._mutex = threading.Lock()
        self._closed = threading.Event()
        threading.Thread(target=self._live, name="harness-alive", daemon=True).start()

    def tell(self, place: Place, completion: Completion) -> None:
        """Pass an answer on."""
        self._write({"place": place, "completion": completion.model_dump(mode="json", exclude_none=True)})

    def end(self, label: str, fatal: str | None) -> None:
        """Say that no more answers of a model will come, and why if something went wrong."""
        self._write({"ended": label, "fatal": fatal})

    def close(self) -> None:
        """Give no more signs of life."""
        self._closed.set()
        with self._mutex:
            self._file.close()

    def _live(self) -> None:
        while not self._closed.wait(_ALIVE_EVERY_S):
            self._write({"alive": True})

    def _write(self, value: object) -> None:
        with self._mutex:
            if not self._file.closed:
                self._file.write(json.dumps(value, ensure_ascii=False).encode("utf-8") + b"\n")


class AnswerSender:
    """What passes the answers of one model on; after `ended`, nobody waits for it any more."""

    def __init__(self, broadcast: Broadcast, label: str) -> None:
        self._broadcast = broadcast
        self._label = label
        self._over = False

    def __call__(self, job: FetchJob, completion: Completion) -> None:
        """Pass one answer on."""
        self._broadcast.tell((self._label, job.suite, job.key), completion)

    def ended(self, fatal: str | None) -> None:
        """No more will come; idempotent."""
        if not self._over:
            self._over = True
            self._broadcast.end(self._label, fatal)


class AnswerFollower:
    """A following worker's side.

    Args:
        died: a file that is there once the asking worker is known to be dead.
    """

    def __init__(self, path: Path, died: Path | None = None) -> None:
        self._path = path
        self._died = died
        self._offset = 0
        self._answers: dict[Place, Completion] = {}
        self._ended: dict[str, str | None] = {}
        self._dead: str | None = None
        """Why no more answers will come from a worker that cannot say so itself; each later wait ends at once."""

    def wait(self, place: Place, *, silence_s: float = _SILENCE_S) -> Completion:
        """The answer, when it comes.

        Raises:
            EndpointError: the asking worker ended without it, has died, or gave no sign of life for `silence_s`
                seconds.
        """
        last_sign = time.monotonic()
        while True:
            if self._read():
                last_sign = time.monotonic()
            if place in self._answers:
                return self._answers[place]
            if place[0] in self._ended:
                raise EndpointError(self._ended[place[0]] or "the run was stopped before this answer came")
            if self._dead is not None:
                raise EndpointError(self._dead)
            if not self._path.parent.is_dir():  # the controller has ended, and has taken it away
                self._dead = _STOPPED
                continue
            if self._died is not None and self._died.exists():
                self._dead = f"the worker that asks has died; {_ASK_AGAIN}"
                continue  # what it passed on before that is read first
            if time.monotonic() - last_sign > silence_s:
                self._dead = f"the worker that asks has been silent for {silence_s:g} s and seems dead; {_ASK_AGAIN}"
                continue
            time.sleep(_LOOK_EVERY_S)

    def _read(self) -> bool:
        try:
            with self._path.open("rb") as file:
                file.seek(self._offset)
                data = file.read()
        except FileNotFoundError:
            return False
        whole = data[: data.rfind(b"\n") + 1]
        self._offset += len(whole)
        for line in whole.split(b"\n"):
            value = json.loads(line) if line else {}
            if "ended" in value:
                self._ended.setdefault(value["ended"], value["fatal"])
            elif "place" in value:
                model, suite, key = value["place"]
                self._answers[model, suite, key] = Completion.model_validate(value["completion"])
        return bool(whole)
