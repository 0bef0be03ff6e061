"""Which process asks. Without pytest-xdist this one; with it, worker `gw0` asks and the others follow its file."""

from __future__ import annotations

import json
import os
import tempfile
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from harness.records.answer import Completion
    from harness.records.case import Case
    from harness.runs.answers import Answers
    from harness.runs.fetching import AnswerFollower, AnswerSender, Broadcast

_SHARED = "verbatim_shared_folder"
_STARTED = "verbatim_started"
_TAG = "verbatim_tag"
_ASKED = "verbatim_asked"
_ASKING = "gw0"
_DIED = "died"
_COLLECTED = "collected.json"
_ANNOUNCED = "announced"
_STOP, _LISTENS, _STOPPED = "stop", "listens", "stopped"
"""Files: the controller wants no more answers; `gw0` looks for that; `gw0` asks no more, and what it has got."""
_LOOK_S = 0.1
_STOPPING_S = 3.0


class Kept(NamedTuple):
    """Answers of a model that has been asked: those that came, and all that were wanted."""

    answered: int
    wanted: int


class Workers:
    """The roles of a session's processes.

    Attributes:
        started: when the run began, the same in all of its processes.
        tag: one for all processes of a run, and different in two runs that begin in the same second.
    """

    def __init__(self, config: pytest.Config, *, started: str) -> None:
        self.started = started
        self._input: dict[str, Any] | None = getattr(config, "workerinput", None)
        self._config = config
        self._scratch: tempfile.TemporaryDirectory[str] | None = None
        self._broadcast: Broadcast | None = None
        self._listener: AnswerFollower | None = None
        self.requests: dict[str, int] = {}
        """Of each model, as the asking worker counted them; filled in the controller when that worker has ended."""
        self.notes: list[str] = []
        """Notes of the asking worker for the summary; likewise."""
        self.tag = str(os.getpid())
        if self._input is not None:
            self.started = self._input[_STARTED]
            self.tag = self._input[_TAG]
            from harness.runs.fetching import AnswerFollower, Broadcast

            file = Path(self._input[_SHARED]) / "answers.jsonl"
            if self.asks:
                self._broadcast = Broadcast(file)
            else:
                self._listener = AnswerFollower(file, file.with_name(_DIED))
        elif config.pluginmanager.hasplugin("dsession") or _is_distributed(config):
            self._scratch = tempfile.TemporaryDirectory(prefix="verbatim-")
            shared = {_SHARED: self._scratch.name, _STARTED: started, _TAG: self.tag}
            config.pluginmanager.register(_Controller(shared, self), "verbatim-controller")

    @property
    def is_worker(self) -> bool:
        """Whether this is a worker of pytest-xdist."""
        return self._input is not None

    @property
    def is_controller(self) -> bool:
        """Whether this is the controller of pytest-xdist, which runs no case itself."""
        return self._scratch is not None

    @property
    def asks(self) -> bool:
        """Whether this process asks endpoints and records."""
        return not self.is_controller and (self._input is None or self._input["workerid"] == _ASKING)

    def sender(self, label: str) -> AnswerSender | None:
        """What the asking worker calls with each answer."""
        if self._broadcast is None:
            return None
        from harness.runs.fetching import AnswerSender

        return AnswerSender(self._broadcast, label)

    def follow(self, answers: Answers, case: Case, sample: int) -> Completion | None:
        """An answer that `gw0` is getting; None in a process that does not follow."""
        if self._listener is None:
            return None
        return self._listener.wait((answers.model.label, case.suite, answers.request(case, sample).key))

    def announce(self, lines: Sequence[str]) -> None:
        """In the asking worker: what it is about to ask, for the terminal, which the controller has."""
        if self._input is not None:
            Path(self._input[_SHARED], _ANNOUNCED).write_text("\n".join(lines), encoding="utf-8")

    def collected(self, expected: Mapping[str, int], narrowed: str | None) -> None:
        """In the asking worker: how many cases each model has, and why not all, for the record of the controller."""
        if self._input is not None and self.asks:
            Path(self._input[_SHARED], _COLLECTED).write_text(json.dumps([expected, narrowed]), encoding="utf-8")

    def collection(self) -> tuple[dict[str, int], str | None]:
        """In the controller, which collects nothing: what the asking worker collected."""
        file = Path(self._scratch.name, _COLLECTED) if self._scratch is not None else None
        if file is None or not file.is_file():
            return {}, None
        expected, narrowed = json.loads(file.read_text("utf-8"))
        return expected, narrowed

    def ended(self, label: str, fatal: str | None) -> None:
        """Tell the followers that no more will come."""
        if self._broadcast is not None:
            self._broadcast.end(label, fatal)

    def on_stop(self, stop: Callable[[], Mapping[str, Kept]]) -> None:
        """In the asking worker: call `stop`, in a thread of its own, when the controller wants no more answers.

        What it returns the controller gets.

        Whatever the worker is doing then: it has no Ctrl-C of its own, and would ask, and pay, until it is killed.
        """
        if self._input is None or not self.asks:
            return
        folder = Path(self._input[_SHARED])

        def look() -> None:
            while not (folder / _STOP).exists():
                time.sleep(_LOOK_S)
            self._stopped(stop())

        (folder / _LISTENS).touch()
        threading.Thread(target=look, name="harness-stop", daemon=True).start()

    def _stopped(self, kept: Mapping[str, Kept]) -> None:
        if self._input is None or not self.asks:
            return
        file = Path(self._input[_SHARED], _STOPPED)
        draft = file.with_name(f"{_STOPPED}-{threading.get_ident()}")
        with suppress(OSError):  # the controller has not waited
            draft.write_text(json.dumps(kept), encoding="utf-8")
            draft.replace(file)

    def wait_for_fetching(self, answers: Answers) -> None:
        """The asking worker stays until all is fetched, though its own cases are done: others wait for the rest."""
        if self._broadcast is not None and answers.fetcher is not None:
            answers.fetcher.join()

    def hand_over(self, answers: Mapping[str, Answers], notes: Sequence[str], kept: Mapping[str, Kept]) -> None:
        """In a worker: what it counted and noted goes to the controller, which writes the record.

        Args:
            kept: how far it came, if the run was stopped.
        """
        fetchers = {name: one.fetcher for name, one in answers.items()}
        requests = {name: fetcher.requests for name, fetcher in fetchers.items() if fetcher is not None}
        asked = {"requests": requests, "notes": list(notes) if self.asks else []}
        self._stopped(kept)
        self._config.workeroutput[_ASKED] = asked  # type: ignore[attr-defined]  # pytest-xdist sets it

    def take_over(self, output: dict[str, Any]) -> None:
        """In the controller: what a worker handed over. A worker that crashed hands nothing over."""
        asked = output.get(_ASKED, {})
        self.requests |= asked.get("requests", {})
        self.notes += asked.get("notes", [])

    def stop(self) -> dict[str, Kept]:
        """In the controller: tell `gw0` that nobody waits any more, and wait until it has stopped asking.

        Returns how far it came with each model, by label.
        """
        if self._scratch is None:
            return {}
        folder = Path(self._scratch.name)
        (folder / _STOP).touch()
        until = time.monotonic() + _STOPPING_S
        while (folder / _LISTENS).exists() and not ((folder / _STOPPED).exists() or (folder / _DIED).exists()):
            if time.monotonic() > until:
                break
            time.sleep(_LOOK_S / 2)
        with suppress(OSError):
            return {label: Kept(*kept) for label, kept in json.loads((folder / _STOPPED).read_bytes()).items()}
        return {}

    def close(self) -> None:
        """Remove the shared folder."""
        if self._scratch is not None:
            self._scratch.cleanup()


class _Controller:
    def __init__(self, shared: dict[str, str], workers: Workers) -> None:
        self._shared = shared
        self._workers = workers

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        """pytest-xdist: pass what the processes share on to each worker."""
        node.workerinput.update(self._shared)

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_node_collection_finished(self, node: Any) -> None:
        """pytest-xdist: a worker has collected, and none of the cases has begun. `gw0` has left what it will ask."""
        file = Path(self._shared[_SHARED], _ANNOUNCED)
        reporter: pytest.TerminalReporter | None = node.config.pluginmanager.get_plugin("terminalreporter")
        if node.gateway.id == _ASKING and reporter is not None and reporter.verbosity >= -1 and file.is_file():
            reporter.ensure_newline()
            for line in file.read_text("utf-8").splitlines():
                reporter.write_line(line)

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """pytest-xdist: a worker has ended. One that hands nothing over has crashed or was killed."""
        output = getattr(node, "workeroutput", None)
        self._workers.take_over(output or {})
        if output is None and node.gateway.id == _ASKING:
            Path(self._shared[_SHARED], _DIED).touch()

    def pytest_keyboard_interrupt(self) -> None:
        """Ctrl-C ends the asking."""
        Path(self._shared[_SHARED], _STOP).touch()


def _is_distributed(config: pytest.Config) -> bool:
    if not config.pluginmanager.hasplugin("xdist"):
        return False
    processes = config.getoption("numprocesses", None)
    return bool(processes) or bool(config.getoption("tx", None))
