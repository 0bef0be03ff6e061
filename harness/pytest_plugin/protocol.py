"""Cases without the parts of pytest's protocol that no case has: fixtures, marks, and code of a user that may print.

pytest runs an item with three calls, three reports and some forty hooks, which take longer than to judge a case. Cases
that follow one another are judged in blocks here, and of each its result is reported. Where anything wants what is left
out (a plugin or conftest.py with a hook of the calls, a debugger, a timeout, a mark), pytest's own protocol runs; so it
does for a case without an answer, and for the last of a file, which also tears down what came before. With
`-p no:verbatim-blocks` it runs for all.
"""

from __future__ import annotations

import time
from contextlib import nullcontext
from functools import partial
from itertools import chain, pairwise
from typing import TYPE_CHECKING, Any, Literal

import pytest

from harness.errors import HarnessError
from harness.pytest_plugin.collection import CaseCollector, CaseItem, SelectionCollector

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from harness.pytest_plugin.model_run import ModelRun
    from harness.records.answer import Completion
    from harness.records.run import CaseResult

_BLOCK = 64
"""Cases that are judged one after the other: two fifths less time than one at a time between hooks of pytest."""
_LONGEST_S = 0.1
"""No block goes on for longer: the screen shows how far the run is."""
_LOOK_S = 0.01
_CALLS = ("runtest_setup", "runtest_call", "runtest_teardown", "runtest_makereport", "exception_interact")
_OF_PYTEST = ("capture", "faulthandler", "logging", "nose", "runner", "skipping", "tmpdir", "unittest")
_OF_OTHERS = ("pytest_benchmark.plugin", "_hypothesis_pytestplugin", "pytest_timeout", "langsmith.pytest_plugin")
_WITHOUT_EFFECT = {
    *(f"_pytest.{name}" for name in (*_OF_PYTEST, "threadexception", "unraisableexception")),
    *(*_OF_OTHERS, "harness.pytest_plugin.session"),
}
"""Modules whose hooks of the calls do nothing to an item without functions, fixtures and marks."""
_PROTOCOLS = {
    *("_pytest.assertion", "_pytest.faulthandler", "_pytest.runner", "_pytest.unittest", "_pytest.warnings"),
    *("_pytest.threadexception", "_pytest.unraisableexception", "pytest_timeout", __name__),
}
_LISTENERS = {
    *("_pytest.cacheprovider", "_pytest.logging", "_pytest.main", "_pytest.stepwise", "_pytest.terminal"),
    "harness.pytest_plugin.session",
}
"""Modules that hear of reports and need none of the setup and teardown of an item where nothing happens."""
_QUIET_KINDS = ("openai", "responses", "local", "outputs")
"""Kinds of model that run no code but ours, which prints nothing."""
_ASKS_FOR_ALL = ("setuponly", "setupshow", "setupplan", "usepdb", "trace", "log_level")


class CaseReport(pytest.TestReport):
    """Of a case that is as it should be. What pytest copies into each report is made when it is asked for."""

    __slots__ = ("_id", "_item", "_result", "duration", "start")

    when = "call"
    outcome = "passed"
    longrepr = None

    def __init__(self, item: CaseItem, call: pytest.CallInfo[None]) -> None:
        # without pytest's own, which gives each of 20,000 reports a table of a dozen attributes
        self._id = getattr(item, "id", None)  # type: ignore[assignment]  # None before pytest 9.1
        self._item = item
        self._result = item.result
        self.duration = call.duration
        self.start = call.start

    @property
    def verbatim(self) -> tuple[str, CaseResult | None]:
        """The name of the model, and the result."""
        return self._item.run.model.name, self._result

    def __getattr__(self, name: str) -> Any:
        make = _LATE.get(name)
        if make is None:
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
        made = make(self._item, self)
        setattr(self, name, made)
        return made


_LATE: dict[str, Callable[[CaseItem, CaseReport], Any]] = {
    "nodeid": lambda item, report: item.nodeid,  # before pytest 9.1 an attribute as any other
    "location": lambda item, report: item.location,
    "keywords": lambda item, report: dict.fromkeys(item.keywords, 1),
    "user_properties": lambda item, report: list(item.user_properties),
    "sections": lambda item, report: [
        (f"Captured {key} {when}", content) for when, key, content in item._report_sections
    ],
    "stop": lambda item, report: report.start + report.duration,
}


def _nothing() -> None:
    """What happens in the setup and teardown of a case."""


def _tear_all_down(item: CaseItem) -> None:
    capture = item.config.pluginmanager.getplugin("capturemanager")
    with capture.item_capture("teardown", item) if capture else nullcontext():  # what a fixture prints at its end
        # pytest has no public name for it; what is registered is its own hook's
        item.session._setupstate.teardown_exact(None)


class Blocks:
    """The protocol of cases of which nobody wants more than the result.

    Args:
        may_look_ahead: whether the items of the session follow one another in this process.
        attach: puts the result of an item on its report.
    """

    def __init__(
        self, config: pytest.Config, *, may_look_ahead: bool, attach: Callable[[CaseItem, pytest.TestReport], None]
    ) -> None:
        self._config = config
        self._may_look_ahead = may_look_ahead
        self._attach = attach
        self._is_usable: bool | None = None
        self._wants_phases = False
        self._plain_files: dict[CaseCollector, bool] = {}
        self._plain_runs: dict[str, bool] = {}
        self._place = 0
        """Where the last block began, among the items of the session."""
        self._judged: dict[CaseItem, tuple[CaseResult, float]] = {}
        self._answered: dict[CaseItem, list[Completion]] = {}

    def pytest_plugin_registered(self) -> None:
        """A plugin may come at any time."""
        self._is_usable = None

    def pytest_runtestloop(self, session: pytest.Session) -> bool | None:
        """As pytest's own, but that a case which was judged with the one before it is reported at once.

        What pytest and plugins put round each item, such as the catching of warnings, is then round the first of a
        block, in which all are judged.
        """
        option = session.config.option
        stops = session.testsfailed and not option.continue_on_collection_errors
        if stops or option.collectonly or not self._may_look_ahead or not self._is_the_loop_of_pytest():
            return None
        items: Sequence[pytest.Item] = session.items
        for place, item in enumerate(items):
            following = items[place + 1] if place + 1 < len(items) else None
            if item not in self._judged or not self.pytest_runtest_protocol(item, following):
                item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
            if session.shouldfail:
                raise session.Failed(session.shouldfail)
            if session.shouldstop:
                raise session.Interrupted(session.shouldstop)
        return True

    def _is_the_loop_of_pytest(self) -> bool:
        return all(
            found.wrapper or found.hookwrapper or found.function.__module__ in ("_pytest.main", __name__)
            for found in self._config.hook.pytest_runtestloop.get_hookimpls()
        )

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item, nextitem: pytest.Item | None) -> bool | None:
        """Report what became of a case; None to have pytest run it."""
        if type(item) is not CaseItem or not self._is_plain(item):
            return None
        if nextitem is None or nextitem.parent is not item.parent:
            return None
        judged = self._judged.pop(item, None) or self._judge(item)
        if judged is None:
            return None
        item.result, took = judged
        hook, place = item.ihook, {"nodeid": item.nodeid, "location": item.location}
        hook.pytest_runtest_logstart(**place)
        if self._wants_phases:
            hook.pytest_runtest_logreport(report=self._report(item, "setup"))
        call = pytest.CallInfo.from_call(item.runtest, "call")
        call.start -= took
        call.duration += took
        if call.excinfo is None and not self._wants_phases:
            report: pytest.TestReport = CaseReport(item, call)
        else:
            report = pytest.TestReport.from_item_and_call(item, call)
            self._attach(item, report)
        hook.pytest_runtest_logreport(report=report)
        self._tear_down(item)
        hook.pytest_runtest_logfinish(**place)
        return True

    @staticmethod
    def _report(item: CaseItem, when: Literal["setup", "teardown"], does: Callable[[], None] = _nothing) -> Any:
        return pytest.TestReport.from_item_and_call(item, pytest.CallInfo.from_call(does, when))

    def _tear_down(self, item: CaseItem) -> None:
        """Of the last case of a run that stops: a fixture of a test before it, which may fail, as pytest does it."""
        stops = item.session.shouldfail or item.session.shouldstop
        if not stops and not self._wants_phases:
            return
        report = self._report(item, "teardown", partial(_tear_all_down, item) if stops else _nothing)
        if self._wants_phases or report.failed:
            item.ihook.pytest_runtest_logreport(report=report)

    def _is_plain(self, item: CaseItem) -> bool:
        if self._is_usable is None:
            self._look_at_plugins()
        if not self._is_usable or item.has_markers:
            return False
        file = item.parent
        assert isinstance(file, CaseCollector)
        is_plain = self._plain_files.get(file)
        if is_plain is None:
            is_plain = self._plain_files[file] = _is_bare(file)
        return is_plain and self._is_quiet(item.run) and item.has_checks_of_ours_only

    def _is_quiet(self, run: ModelRun) -> bool:
        is_quiet = self._plain_runs.get(run.model.name)
        if is_quiet is None:
            is_quiet = self._plain_runs[run.model.name] = run.model.kind in _QUIET_KINDS
        return is_quiet

    def _look_at_plugins(self) -> None:
        option = self._config.getoption
        self._is_usable = (
            not any(option(name, None) for name in _ASKS_FOR_ALL)
            and not self._setting("log_level", of="logging")
            and not float(self._setting("faulthandler_timeout", of="faulthandler") or 0)
            and not getattr(self._config, "_env_timeout", None)  # what pytest-timeout found in its three places
            and self._hooks_are_of(_PROTOCOLS, "runtest_protocol")
            and self._hooks_are_of(_WITHOUT_EFFECT, *_CALLS)
        )
        self._wants_phases = (
            option("durations", None) is not None
            or self._setting("console_output_style", of="terminal") == "times"
            or not self._hooks_are_of(_LISTENERS, "runtest_logreport")
        )

    def _setting(self, name: str, *, of: str) -> Any:
        """A setting of a plugin of pytest, which may be switched off."""
        return self._config.getini(name) if self._config.pluginmanager.hasplugin(of) else None

    def _hooks_are_of(self, modules: set[str], *names: str) -> bool:
        return all(
            found.function.__module__ in modules
            for name in names
            for found in getattr(self._config.hook, f"pytest_{name}").get_hookimpls()
        )

    def _judge(self, item: CaseItem) -> tuple[CaseResult, float] | None:
        """Judge a case, and those that follow it and have their answers; None where pytest's protocol is to do it."""
        self._judged.clear()
        kept, self._answered = self._answered, {}
        block = list(self._from(item))
        answered = []
        try:
            has_waited = item not in kept and not item.is_answered
            answered.append((item, kept.get(item) or item.answers()))
            if has_waited:
                _wait_for_more(block)
            started = time.perf_counter()
            for one in block[1:]:
                if one not in kept and (not one.is_answered or time.perf_counter() - started > _LONGEST_S):
                    break
                answered.append((one, kept.get(one) or one.answers()))
        except HarnessError:  # it is raised again, and shown, when its case has its turn
            pass
        started = time.perf_counter()
        judged: list[tuple[CaseItem, CaseResult]] = []
        for one, completions in answered:
            if any(found.unusable and found.recorded_at is None for found in completions):
                break
            judged.append((one, one.run.judge(one.case, completions)))
            if time.perf_counter() - started > _LONGEST_S:
                break
        self._answered = dict(answered[len(judged) :])  # an answer that was taken is read from its file, line by line
        took = (time.perf_counter() - started) / max(len(judged), 1)
        self._judged.update((one, (result, took)) for one, result in judged)
        return self._judged.pop(item, None)

    def _from(self, item: CaseItem) -> Iterator[CaseItem]:
        yield item
        if not self._may_look_ahead or self._wants_phases:  # each takes its own time then
            return
        items: Sequence[pytest.Item] = item.session.items
        place = next(
            (at for at in chain(range(self._place, len(items)), range(self._place)) if items[at] is item), None
        )
        if place is None:
            return
        self._place = place
        following = items[place + 1 : place + _BLOCK + 1]
        for other, then in pairwise(following):
            is_last = then.parent is not item.parent
            if type(other) is not CaseItem or other.parent is not item.parent or is_last or not self._is_plain(other):
                return
            yield other


def _wait_for_more(block: Sequence[CaseItem]) -> None:
    """A moment in which further answers come: to judge each as it comes takes a tenth more of the processor."""
    until = time.monotonic() + _LONGEST_S
    while time.monotonic() < until and not block[-1].is_answered:
        time.sleep(_LOOK_S)


def _is_bare(file: CaseCollector) -> bool:
    """Whether no mark and no setup of a package or module is above the cases of a file."""
    bare = (pytest.Session, pytest.Dir, CaseCollector, SelectionCollector)
    return all(type(node) in bare for node in file.listchain()) and next(file.iter_markers(), None) is None
