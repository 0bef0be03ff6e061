"""A case file as a collector, a case as an item: half the cost of parametrised tests at 10,000 cases."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from harness.pytest_plugin import SESSION
from harness.records.errors import EndpointError, HarnessError, SuiteError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from harness.records.case import Case
    from harness.records.completion import Completion
    from harness.records.run import CaseResult


class CaseFile(pytest.File):
    """One `*.jsonl` file of a suite."""

    def collect(self) -> Iterator[CaseItem]:
        """One item a case and model. Ids: `construction-017[tuned]`."""
        for located in self.config.stash[SESSION].cases_of(self.path):
            yield from self._items(located.case, located.line)

    def _items(self, case: Case, line: int) -> Iterator[CaseItem]:
        for model in self.config.stash[SESSION].models:
            name = f"{case.id}[{model}]"
            # the id as text, so that pytest reads the model as the item's parameter; --lf compares such ids
            nodeid = f"{self.nodeid}::{name}"
            yield CaseItem.from_parent(self, name=name, nodeid=nodeid, case=case, model=model, line=line)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """A bad case file is told in its own words, without a traceback."""
        if isinstance(excinfo.value, SuiteError):
            return str(excinfo.value)
        return super().repr_failure(excinfo)


class SelectionFile(CaseFile):
    """A `*.cases` file: fixed cases of other suites, run as a suite of their own."""

    def collect(self) -> Iterator[CaseItem]:
        """One item a named case and model."""
        for case in self.config.stash[SESSION].selected_cases(self.path):
            yield from self._items(case, line=1)


class CaseItem(pytest.Item):
    """One case, judged for one model."""

    def __init__(self, *, case: Case, model: str, line: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.case = case
        self.model = model
        self._line = line
        self.extra_keyword_matches |= {case.suite, case.domain, case.language, case.task, model, *case.tags}
        self._completions: list[Completion] = []
        self.result: CaseResult | None = None

    def setup(self) -> None:
        """Get the answers. Without one the case is an error, not a failure, and `unscored` in the record."""
        session = self.config.stash[SESSION]
        self._completions = session.completions(self.model, self.case)
        never_came = [one.unusable for one in self._completions if one.unusable and one.recorded_at is None]
        if never_came:
            self.result = session.judge(self.model, self.case, self._completions)
            raise EndpointError(f"no usable answer came: {', '.join(dict.fromkeys(never_came))}")

    def runtest(self) -> None:
        """Judge them."""
        result = self.result = self.config.stash[SESSION].judge(self.model, self.case, self._completions)
        self._completions = []  # the result holds what is needed; 10,000 answers are not kept twice
        self.user_properties.extend(_properties(result))
        if result.outcome == "unscored":
            pytest.skip("; ".join(dict.fromkeys(s.reason for s in result.samples if s.reason)))
        if result.outcome not in ("aligned", "passed"):
            raise CaseFailedError(result)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """The case as a person wants to read it."""
        if isinstance(excinfo.value, CaseFailedError):
            from harness.pytest_plugin.explaining import explain_case

            return explain_case(excinfo.value.result)
        if isinstance(excinfo.value, HarnessError):
            return str(excinfo.value)
        return super().repr_failure(excinfo)

    def _repr_failure_py(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """What pytest asks for when the setup fails: a case without an answer needs no traceback, which takes 40 ms."""
        if isinstance(excinfo.value, HarnessError):
            return str(excinfo.value)
        return super()._repr_failure_py(excinfo, style)

    def reportinfo(self) -> tuple[Any, int, str]:
        """File and line of the case."""
        return self.path, self._line - 1, self.name


def _properties(result: CaseResult) -> Iterator[tuple[str, object]]:
    """What JUnit XML and other reporters see of the result."""
    yield "outcome", result.outcome
    yield "domain", result.domain
    yield "language", result.language
    yield "exposure", result.exposure
    for sample in result.samples:
        for target, verdict in sample.verdicts.items():
            yield "verdict", f"{target}: {verdict}"


class CaseFailedError(Exception):
    """Carries the result of a case that is not as it should be."""

    def __init__(self, result: CaseResult) -> None:
        super().__init__(result.outcome)
        self.result = result
