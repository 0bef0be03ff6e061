"""Chunks over the cores of this machine: one process a core, each with a pipe of its own.

A worker whose pipe ends goes away, so a killed run leaves no process behind. Memory: one chunk in each worker, one read
ahead here.
"""

from __future__ import annotations

import contextlib
import gc
import multiprocessing
import signal
from collections.abc import Iterator
from dataclasses import dataclass
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess

from harness.errors import HarnessError
from harness.logs.judge import Chunk, ScoredChunk, Scoring, score_chunk


def carry(chunks: Iterator[Chunk], scoring: Scoring, workers: int) -> Iterator[ScoredChunk]:
    """Scored chunks, as they come. The first is scored here: little input, or wrong columns, start no process.

    Raises HarnessError if a worker is killed.
    """
    first = next(chunks, None)
    if first is None:
        return
    yield score_chunk(first, scoring)
    if workers == 1:
        yield from (score_chunk(chunk, scoring) for chunk in chunks)
        return
    ahead = next(chunks, None)
    if ahead is None:
        return
    crew: list[_Worker] = []
    try:
        with _deaf_to_interrupts():
            for _ in range(workers):
                crew.append(_started(scoring))
        while ahead is not None or any(worker.at for worker in crew):
            idle = next((worker for worker in crew if not worker.at), None)
            if ahead is not None and idle is not None:
                idle.give(ahead)
                ahead = next(chunks, None)
                continue
            ready = wait([worker.pipe for worker in crew if worker.at])
            for worker in [worker for worker in crew if worker.pipe in ready]:
                scored = worker.take()
                if ahead is not None:
                    worker.give(ahead)  # before the result is written, so that nobody waits for the disk
                    ahead = next(chunks, None)
                yield scored
    finally:
        for worker in crew:
            worker.pipe.close()
            worker.process.terminate()
        for worker in crew:
            worker.process.join()


@dataclass(slots=True)
class _Worker:
    process: BaseProcess
    pipe: Connection
    at: str = ""
    """Where the rows begin that it has in hand; empty if it is idle."""

    def give(self, chunk: Chunk) -> None:
        piece = chunk.pieces[0]
        self.at = f"{piece.file}, row {piece.records[0].line if piece.records else piece.first}"
        try:
            self.pipe.send(chunk)
        except OSError:
            raise self._gone() from None

    def take(self) -> ScoredChunk:
        try:
            answer = self.pipe.recv()
        except (EOFError, OSError):
            raise self._gone() from None
        self.at = ""
        if isinstance(answer, BaseException):
            raise answer
        assert isinstance(answer, ScoredChunk)
        return answer

    def _gone(self) -> HarnessError:
        self.process.join(1)
        return HarnessError(
            f"a worker ended (exit code {self.process.exitcode}) with the rows from {self.at} in hand, for lack of "
            "memory perhaps; what is done is kept: run it again, with fewer --workers"
        )


def _started(scoring: Scoring) -> _Worker:
    context = multiprocessing.get_context("spawn")  # a fork would hold the other workers' pipes open
    ours, theirs = context.Pipe()
    process = context.Process(target=_work, args=(theirs, scoring), daemon=True)
    process.start()
    theirs.close()
    return _Worker(process, ours)


@contextlib.contextmanager
def _deaf_to_interrupts() -> Iterator[None]:
    """Processes started in here never see Ctrl-C, which reaches the whole group; here it waits until all have begun."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    resource_tracker.ensure_running()  # starting it later would lift the mask
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})


def _work(pipe: Connection, scoring: Scoring) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # where there is no mask
    gc.set_threshold(50_000, *gc.get_threshold()[1:])  # rows hold no cycles; looking for them took a tenth of the time
    with contextlib.suppress(EOFError, OSError):
        while True:
            chunk = pipe.recv()
            try:
                answer: ScoredChunk | Exception = score_chunk(chunk, scoring)
            except Exception as error:
                answer = error
            pipe.send(answer)
