"""How this repository's own tests run. (The plugin that tests plugins is in `addopts`: here it would break suites run
from afar.)"""

import gc
import importlib
import os
import re
import signal
import warnings
from collections.abc import Generator
from contextlib import suppress
from typing import Any

import pytest

MOST_WORKERS = 8
"""Each worker collects all tests for itself, some 15 seconds of processor time."""


_LEFT_OUT = re.compile(
    r"(?i:(https?|all|no)_proxy)|CI|BUILD_NUMBER|GITHUB_.*|GITLAB_.*|GIT_(DIR|WORK_TREE|INDEX_FILE|PREFIX)|LANGFUSE_.*"
    r"|HARNESS_(LANG|STATE|CACHE|THREADS)|OPENAI_.*|VOLCENGINE_.*|MLFLOW_.*|ALARM_.*"
    r"|(NO|FORCE|PY)_COLOU?RS?|CLICOLOR.*|COLUMNS|LINES|PYTEST_ADDOPTS"
    r"|PYTHONDONTWRITEBYTECODE"  # each process that a test starts would compile the package for itself
)
"""Variables of a machine that the harness, pytest, git or a library obeys: tests set what they are about."""


@pytest.hookimpl(tryfirst=True)
def pytest_cmdline_main(config: pytest.Config) -> None:
    """Run all tests on all cores; a part of them, a debugger or a model to judge stays in this one process.

    A worker costs a start and a collection, which only the whole run earns back. `-n` is stronger: `-n 0`, one process.
    """
    chosen = config.getoption("numprocesses", 0)  # 0 also where pytest-xdist is missing or switched off
    whole = config.args_source is pytest.Config.ArgsSource.TESTPATHS
    if hasattr(config, "workerinput"):
        config.option.loadgroup = config.workerinput.get("groups", False)
        return
    if chosen is None and whole and not config.getoption("tx") and not _wants_one_process(config):
        config.option.numprocesses = chosen = "auto"
        config.option.maxprocesses = config.option.maxprocesses or MOST_WORKERS
    if chosen and config.getoption("dist", "") == "no" and not config.getoption("verbatim_models"):
        config.option.dist = "loadgroup"  # tests marked `xdist_group` share what they set up


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Tell a worker of the groups: it reads the command line anew, on which they are not."""
    node.workerinput["groups"] = node.config.getoption("dist") == "loadgroup"


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[Any]) -> None:
    """Write the group into a test's name, where the scheduler reads it; pytest-xdist 3.8 does so up to pytest 9.1."""
    if not getattr(config.option, "loadgroup", False):
        return
    for item in items:
        mark = item.get_closest_marker("xdist_group")
        if mark and "@" not in item.nodeid.rpartition("::")[2].rpartition("]")[2] and hasattr(item, "_id"):
            item._id = type(item._id).parse(f"{item.nodeid}@{mark.args[0]}")


def _wants_one_process(config: pytest.Config) -> bool:
    flags = ("verbatim_models", "usepdb", "trace", "collectonly", "keyword", "stepwise", "lf", "help")
    return any(config.getoption(flag, False) for flag in flags) or config.getoption("capture", "fd") == "no"


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Register the profiles: `--hypothesis-profile=thorough` before a release, `quick` while writing."""
    if config.getoption("verbatim_models"):
        return  # judging a model needs no hypothesis, and its import costs as much as judging 1,000 cases
    # tests make much that lives as long as the test, and each round of the collector over it finds nothing
    gc.set_threshold(10_000, *gc.get_threshold()[1:])
    _leave_the_machine_out()
    from hypothesis import HealthCheck, settings

    for name, examples in (("quick", 20), ("default", 100), ("thorough", 2000)):
        profile = settings(
            max_examples=examples,
            deadline=None,
            derandomize=name == "default",  # the run of all tests does not depend on chance; the others search
            suppress_health_check=[HealthCheck.too_slow],
        )
        settings.register_profile(name, profile)
    settings.load_profile(config.getoption("hypothesis_profile", None) or "default")


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_collection(session: pytest.Session) -> Generator[None, object, object]:
    """No round of the collector while tests are collected, and none over what was collected: it lives until the end."""
    if session.config.getoption("verbatim_models") or not gc.isenabled():
        return (yield)
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


def _leave_the_machine_out() -> None:
    """What a test sees, and each process that it starts, is the same on every machine."""
    for name in [name for name in os.environ if _LEFT_OUT.fullmatch(name)]:
        del os.environ[name]
    os.environ["HARNESS_LANG"] = "en"  # screens that the tests quote do not follow the locale
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        # a shell starts what runs in the background so, and a process that a test interrupts would inherit it
        signal.signal(signal.SIGINT, signal.default_int_handler)


_OF_A_RUN = (
    *("harness.pytest_plugin.session", "harness.pytest_plugin.gating", "harness.pytest_plugin.latency"),
    *("harness.decisions.latency", "harness.decisions.compare", "harness.records.training", "harness.text.scan"),
    *("harness.endpoints.batch", "harness.endpoints.chat", "harness.endpoints.litellm", "harness.endpoints.local"),
    *("harness.endpoints.callable", "harness.recording.application", "encodings.idna", "filelock"),
    *("harness.endpoints.transport", "httpcore2", "openai", "scipy.stats", "langsmith.pytest_plugin"),
)
"""What a run of a model imports, and what those import; of LangSmith, the plugin that each pytest loads.

A run inside would import it anew each time, some 400 modules that are never given back: a second and 12 MB a run.
"""


@pytest.fixture(scope="session")
def _imports_of_a_run() -> None:
    for name in _OF_A_RUN:
        with suppress(ImportError), warnings.catch_warnings():  # httpcore2 is of openai 3
            warnings.simplefilter("ignore")
            importlib.import_module(name)
    from harness import checks

    checks.known()


@pytest.fixture
def pytester(_imports_of_a_run: None, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    """pytest's own, which takes away the modules that a run inside was the first to import.

    An error that a later test expects would be of another class than the one that is raised. What this process has
    frozen stays so: a run inside thaws all that is frozen when it ends, and each round would go through it again.
    """
    for name in ("freeze", "unfreeze"):
        monkeypatch.setattr(gc, name, lambda: None)
    return pytester
