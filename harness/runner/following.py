"""How workers of a parallel run share one worker's fetching: a file that it appends to and they read."""

import json
import time
from pathlib import Path
from typing import BinaryIO

from harness.records.completion import Completion
from harness.records.errors import EndpointError, HarnessError

Place = tuple[str, str, str]
"""Model label, suite, request key."""


class Broadcast:
    """The asking worker's side. One JSON object a line; the file is only read by processes of the same run."""

    def __init__(self, path: Path) -> None:
        self._file: BinaryIO = path.open("ab", buffering=0)

    def tell(self, place: Place, completion: Completion) -> None:
        """Pass an answer on."""
        self._write({"place": place, "completion": completion.model_dump(mode="json", exclude_none=True)})

    def end(self, label: str, fatal: str | None) -> None:
        """Say that no more answers of a model will come, and why if something went wrong."""
        self._write({"ended": label, "fatal": fatal})

    def _write(self, value: object) -> None:
        self._file.write(json.dumps(value, ensure_ascii=False).encode("utf-8") + b"\n")


class Listener:
    """A following worker's side."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._offset = 0
        self._answers: dict[Place, Completion] = {}
        self._ended: dict[str, str | None] = {}

    def wait(self, place: Place, *, silence_s: float) -> Completion:
        """The answer, when it comes.

        Raises:
            EndpointError: the asking worker ended without it.
            HarnessError: nothing at all was heard for `silence_s` seconds.
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
                raise HarnessError(f"nothing was heard from the worker that asks for {silence_s:g} s")
            time.sleep(0.02)

    def _read(self) -> bool:
        try:
            with self._path.open("rb") as file:
                file.seek(self._offset)
                data = file.read()
        except FileNotFoundError:
            return False
        whole = data[: data.rfind(b"\n") + 1]
        self._offset += len(whole)
        for line in whole.splitlines():
            value = json.loads(line)
            if "ended" in value:
                self._ended[value["ended"]] = value["fatal"]
            else:
                model, suite, key = value["place"]
                self._answers[model, suite, key] = Completion.model_validate(value["completion"])
        return bool(whole)
