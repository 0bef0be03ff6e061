"""The pytest plugin. This module holds hooks alone; without `--model` they do nothing."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from harness.pytest_plugin.session import VerbatimSession

pytest_plugins = ("harness.pytest_plugin.latency",)
SESSION: pytest.StashKey[VerbatimSession] = pytest.StashKey()


def pytest_addoption(parser: pytest.Parser) -> None:
    from harness.pytest_plugin.options import add_options

    add_options(parser)


def pytest_load_initial_conftests(early_config: pytest.Config) -> None:
    if early_config.known_args_namespace.verbatim_models:
        from harness.pytest_plugin.garbage import fewer_rounds, removes_empty_folder

        # the first clean-up to be named is the last to run: after pytest's own search for what was left open
        early_config.add_cleanup(fewer_rounds())
        early_config.add_cleanup(removes_empty_folder(Path.cwd()))


def pytest_configure(config: pytest.Config) -> None:
    if not config.getoption("verbatim_models"):
        from harness.pytest_plugin.gating import refuse_options_without_a_model

        refuse_options_without_a_model(config)
        return
    from harness.errors import HarnessError
    from harness.pytest_plugin.session import VerbatimSession

    try:
        session = VerbatimSession(config)
    except HarnessError as error:
        raise pytest.UsageError(str(error)) from None
    config.stash[SESSION] = session
    config.pluginmanager.register(session, "verbatim-session")


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    session = parent.config.stash.get(SESSION, None)
    if session is None or file_path.suffix not in (".jsonl", ".cases"):
        return None
    return session.collector(file_path, parent)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, exitstatus: int, config: pytest.Config) -> None:
    if exitstatus != pytest.ExitCode.NO_TESTS_COLLECTED or config.getoption("verbatim_models"):
        return
    from harness.pytest_plugin.gating import known_models

    terminalreporter.write_line(f"cases of models are run with --model=NAME; {known_models(config)}")


@pytest.hookimpl(wrapper=True)
def pytest_report_to_serializable(config: pytest.Config, report: Any) -> Iterator[Any]:
    data = yield
    result = getattr(report, "verbatim", None)
    if data is not None and result is not None:
        # a worker of pytest-xdist sends its report as plain data
        data["verbatim"] = {"model": result[0], "case": result[1].model_dump_json()}
    return data


@pytest.hookimpl(wrapper=True)
def pytest_report_from_serializable(config: pytest.Config, data: dict[str, Any]) -> Iterator[Any]:
    result = data.pop("verbatim", None)
    report = yield
    if result is not None and report is not None:
        from harness.records.run import CaseResult

        report.verbatim = (result["model"], CaseResult.model_validate_json(result["case"]))
    return report
