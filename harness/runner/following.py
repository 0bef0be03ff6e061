"""How workers of a parallel run share one worker's fetching: a file that it appends to and they read."""

import json
import threading
import time
from pathlib import Path
from typing import BinaryIO

from harness.records.completion import Completion
from harness.records.errors import EndpointError, HarnessError
from harness.runner.fetching import Job

Place = tuple[str, str, str]
"""Model label, suite, request key."""
_ALIVE_EVERY_S = 1.0
_SILENCE_S = 60.0
"""Without a sign of life for so long the asking worker is taken for dead: sixty signs were missed."""
_LOOK_EVERY_S = 0.02


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


class Teller:
    """What passes the answers of one model on; once `ended` was told, nobody waits for it any more."""

    def __init__(self, broadcast: Broadcast, label: str) -> None:
        self._broadcast = broadcast
        self._label = label
        self._over = False

    def __call__(self, job: Job, completion: Completion) -> None:
        """Pass one answer on."""
        self._broadcast.tell((self._label, job.suite, job.key), completion)

    def ended(self, fatal: str | None) -> None:
        """No more will come; harmless a second time."""
        if not self._over:
            self._over = True
            self._broadcast.end(self._label, fatal)


class Listener:
    """A following worker's side."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._offset = 0
        self._answers: dict[Place, Completion] = {}
        self._ended: dict[str, str | None] = {}

    def wait(self, place: Place, *, silence_s: float = _SILENCE_S) -> Completion:
        """The answer, when it comes.

        Raises:
            EndpointError: the asking worker ended without it.
            HarnessError: not even a sign of life was heard for `silence_s` seconds.
        """
        heard = time.monotonic()
        while True:
            if self._read():
                heard = time.monotonic()
            if place in self._answers:
                return self._answers[place]
            if place[0] in self._ended:
                raise EndpointError(self._ended[place[0]] or "the run was stopped before this answer came")
            if time.monotonic() - heard > silence_s:
                raise HarnessError(
                    f"the worker that asks has been silent for {silence_s:g} s and seems dead; what it recorded is "
                    "kept: run again with --cassette-mode=record"
                )
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
