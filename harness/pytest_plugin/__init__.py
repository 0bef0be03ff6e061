"""The pytest plugin: hooks, which do nothing without `--model`, and the fixtures `verbatim` and `model_latency`.

Every pytest of an environment loads this module, whatever it tests, so that each hook imports what it needs itself.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from harness.pytest_plugin.collection import SuitePython
    from harness.pytest_plugin.latency import TimedPrompt
    from harness.pytest_plugin.session import VerbatimSession

SESSION: pytest.StashKey[VerbatimSession] = pytest.StashKey()
SUITE_PYTHON: pytest.StashKey[SuitePython] = pytest.StashKey()
_TIMED = "model_latency"


@pytest.fixture
def verbatim(pytestconfig: pytest.Config) -> Callable[..., None]:
    """`assert_verbatim(source, answer, targets=None, channel="text")` with the symbols of the project's settings."""
    from functools import partial

    from harness.errors import HarnessError, without_packages
    from harness.show.words import language_of, translated
    from harness.text.asserting import assert_verbatim

    try:
        from harness.project import Project

        return partial(assert_verbatim, symbols=Project.open(pytestconfig.rootpath).symbols)
    except ModuleNotFoundError as error:
        raise pytest.UsageError(translated(without_packages(error), language_of())) from None
    except HarnessError as error:
        raise pytest.UsageError(translated(str(error), language_of())) from None


@pytest.fixture
def model_latency(request: pytest.FixtureRequest) -> TimedPrompt:
    """The timed requests of one prompt to one model version; the first test that wants them has them made.

    Skips in every mode but `live`.
    """
    session = request.config.stash.get(SESSION, None)
    if session is None or not hasattr(request, "param"):
        pytest.skip("latency is that of a model; run: pytest --model=NAME suites/latency --cassette-mode=live")
    from harness.pytest_plugin.latency import timed_prompt

    return timed_prompt(request, session)


def pytest_addoption(parser: pytest.Parser, pluginmanager: pytest.PytestPluginManager) -> None:
    from harness.pytest_plugin.options import add_options, has_base_url_of_another

    add_options(parser, shares_base_url=has_base_url_of_another(pluginmanager))


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> None:
    if early_config.known_args_namespace.verbatim_models:
        from harness.pytest_plugin.garbage import fewer_rounds, removes_empty_folder

        # the first clean-up to be named is the last to run: after pytest's own search for what was left open
        early_config.add_cleanup(fewer_rounds())
        early_config.add_cleanup(removes_empty_folder(Path.cwd()))
        from harness.errors import HarnessError, without_packages
        from harness.show.words import language_of, translated

        lang = early_config.known_args_namespace.verbatim_lang or language_of()
        try:
            from harness.pytest_plugin.collection import SuitePython, refuse_settings_of_a_suite

            suite_python = SuitePython.of(early_config.rootpath)
            refuse_settings_of_a_suite(early_config)
        except ModuleNotFoundError as error:
            raise pytest.UsageError(translated(without_packages(error), lang)) from None
        except HarnessError as error:
            raise pytest.UsageError(translated(str(error), lang)) from None
        suite_python.guard(early_config.pluginmanager)
        early_config.stash[SUITE_PYTHON] = suite_python


def pytest_configure(config: pytest.Config) -> None:
    if not config.getoption("verbatim_models"):
        from harness.pytest_plugin.gating import refuse_options_without_a_model

        refuse_options_without_a_model(config)
        return
    from harness.errors import HarnessError
    from harness.pytest_plugin.options import take_shared_base_url
    from harness.pytest_plugin.session import VerbatimSession
    from harness.show.words import translated

    take_shared_base_url(config)
    try:
        session = VerbatimSession(config)
    except HarnessError as error:
        raise pytest.UsageError(translated(str(error))) from None
    config.stash[SESSION] = session
    config.pluginmanager.register(session, "verbatim-session")
    config.pluginmanager.register(session.blocks(), "verbatim-blocks")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    session = metafunc.config.stash.get(SESSION, None)
    if session is None or _TIMED not in metafunc.fixturenames:
        return
    from harness.pytest_plugin.latency import parametrize

    parametrize(metafunc, _TIMED, session)


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    if (collection_path / "latency.toml").is_file():  # left out unless a path on the command line leads into it
        here = collection_path.resolve()
        named = [(config.invocation_params.dir / argument.split("::")[0]).resolve() for argument in config.args]
        return None if any(path == here or here in path.parents for path in named) else True
    suite_python = config.stash.get(SUITE_PYTHON, None)
    if suite_python is None or collection_path.suffix != ".py":
        return None
    return suite_python.is_refused(collection_path) or None


@pytest.hookimpl(tryfirst=True)
def pytest_collect_directory(path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    suite_python = parent.config.stash.get(SUITE_PYTHON, None)
    if (
        suite_python is None
        or not (path / "__init__.py").is_file()
        or not suite_python.is_refused(path / "__init__.py")
    ):
        return None
    return pytest.Dir.from_parent(parent, path=path)  # not a package, whose __init__.py pytest would import


@pytest.hookimpl(tryfirst=True)
def pytest_pycollect_makemodule(module_path: Path, parent: pytest.Collector) -> pytest.Module | None:
    # a file that is named on the command line is not asked for by pytest_ignore_collect
    suite_python = parent.config.stash.get(SUITE_PYTHON, None)
    if suite_python is None or not suite_python.is_refused(module_path):
        return None
    from harness.pytest_plugin.collection import EmptyModule

    return EmptyModule.from_parent(parent, path=module_path)


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    session = parent.config.stash.get(SESSION, None)
    if session is None or file_path.suffix not in (".jsonl", ".cases"):
        return None
    return session.collector(file_path, parent)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, exitstatus: int, config: pytest.Config) -> None:
    suite_python = config.stash.get(SUITE_PYTHON, None)
    if suite_python is not None and suite_python.skipped:
        some = ", ".join(sorted(ascii(path.name)[1:-1] for path in suite_python.skipped)[:5])
        _tell(
            terminalreporter,
            f"Python in suites was not run: {some}; name a file in suite_python of [tool.harness] to have it run",
        )
    if exitstatus != pytest.ExitCode.NO_TESTS_COLLECTED or config.getoption("verbatim_models"):
        return
    gone = [one for one in config.args if not (config.invocation_params.dir / one.partition("::")[0]).exists()]
    if gone:  # workers of pytest-xdist keep pytest's own message to themselves
        _tell(terminalreporter, f"{gone[0]}: no such file or folder")
        return
    from harness.pytest_plugin.gating import known_models

    _tell(terminalreporter, f"cases of models are run with --model=NAME; {known_models(config)}")


def _tell(terminalreporter: pytest.TerminalReporter, line: str) -> None:
    """Say it in the language that a session with a model would take."""
    from harness.show.words import language_of, translated

    language = terminalreporter.config.getoption("verbatim_lang") or language_of()
    terminalreporter.write_line(translated(line, language))


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
