"""A case file as a collector, a case as an item: half the cost of parametrised tests at 10,000 cases."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from harness.pytest_plugin import SESSION
from harness.records.errors import HarnessError, SuiteError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from harness.records.case import Case
    from harness.records.completion import Completion
    from harness.records.run import CaseResult


class CaseFile(pytest.File):
    """One `*.jsonl` file of a suite."""

    def collect(self) -> Iterator[CaseItem]:
        """One item a case and model. Ids: `construction-017[tuned]`."""
        session = self.config.stash[SESSION]
        for located in session.cases_of(self.path):
            for name in session.models:
                yield CaseItem.from_parent(
                    self, name=f"{located.case.id}[{name}]", case=located.case, model=name, line=located.line
                )

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """A bad case file is told in its own words, without a traceback."""
        if isinstance(excinfo.value, SuiteError):
            return str(excinfo.value)
        return super().repr_failure(excinfo)


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
        """Get the answers. Without one the case is an error, not a failure."""
        self._completions = self.config.stash[SESSION].completions(self.model, self.case)

    def runtest(self) -> None:
        """Judge them."""
        result = self.result = self.config.stash[SESSION].judge(self.model, self.case, self._completions)
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

    def reportinfo(self) -> tuple[Any, int, str]:
        """File and line of the case."""
        return self.path, self._line - 1, self.name

    @property
    def user_properties_of_result(self) -> Iterable[tuple[str, object]]:
        """What JUnit XML and other reporters see of the result."""
        result = self.result
        if result is None:
            return ()
        return (
            ("outcome", result.outcome),
            ("domain", result.domain),
            ("language", result.language),
            ("exposure", result.exposure),
            *(("verdict", f"{target}: {verdict}") for s in result.samples for target, verdict in s.verdicts.items()),
        )


class CaseFailedError(Exception):
    """Carries the result of a case that is not as it should be."""

    def __init__(self, result: CaseResult) -> None:
        super().__init__(result.outcome)
        self.result = result
