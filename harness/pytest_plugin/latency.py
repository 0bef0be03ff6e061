"""The hooks of a latency suite: which versions are timed on which prompts, and where the times go.

A folder with a `latency.toml` holds ordinary tests that use the fixture `model_latency` and pytest-benchmark's
`benchmark`. It is collected only when it is named: timing takes minutes, and costs money at most endpoints.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from harness.pytest_plugin.session import VerbatimSession
    from harness.pytest_plugin.timing_run import TimedPrompt, TimingRun

_FIXTURE = "model_latency"
_RUN: pytest.StashKey[TimingRun] = pytest.StashKey()


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leave a latency suite out unless a path on the command line, or `--suites`, leads into it."""
    if not (collection_path / "latency.toml").is_file():
        return None
    here = collection_path.resolve()
    named = [(config.invocation_params.dir / argument.split("::")[0]).resolve() for argument in config.args]
    return None if any(path == here or here in path.parents for path in named) else True


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """One item a prompt and model, the models one after the other."""
    if _FIXTURE not in metafunc.fixturenames:
        return
    folder = Path(str(metafunc.module.__file__)).parent
    session = _session(metafunc.config)
    if session is None or not (folder / "latency.toml").is_file():
        return
    from harness.records.errors import HarnessError
    from harness.runner.latency_prompts import load_latency_suite

    try:
        suite = load_latency_suite(folder)
    except HarnessError as error:
        raise pytest.Collector.CollectError(str(error)) from None
    values = [(folder, model, prompt) for model in session.models for prompt in suite.prompts]
    ids = [f"{prompt.id}-{model}" for _, model, prompt in values]
    metafunc.parametrize(_FIXTURE, values, ids=ids, indirect=True)


@pytest.fixture
def model_latency(request: pytest.FixtureRequest) -> TimedPrompt:
    """The timed requests of one prompt to one model version; the first test that wants them has them made.

    Skips in every mode but `live`: the times in a recording are those of another day, and of other requests.
    """
    session = _session(request.config)
    if session is None or not hasattr(request, "param"):
        pytest.skip("latency is that of a model; run: pytest --model=NAME suites/latency --cassette-mode=live")
    folder, model, prompt = request.param
    if session.mode != "live":
        reason = (
            f"latency is measured live and never from a recording; run: pytest --model={','.join(session.models)} "
            f"{session.shown(folder)} --cassette-mode=live"
        )
        session.notes += [reason] if reason not in session.notes else []
        pytest.skip(reason)
    from harness.records.errors import HarnessError

    try:
        return _run(request.config, session, folder).timed(model, prompt)
    except HarnessError as error:
        said = str(error)
    pytest.fail(said, pytrace=False)


def _session(config: pytest.Config) -> VerbatimSession | None:
    from harness.pytest_plugin import SESSION

    return config.stash.get(SESSION, None)


def _run(config: pytest.Config, session: VerbatimSession, folder: Path) -> TimingRun:
    if _RUN not in config.stash:
        from harness.pytest_plugin.timing_run import TimingRun

        config.stash[_RUN] = TimingRun(session, folder)
        config.pluginmanager.register(config.stash[_RUN], "verbatim-timing")
    return config.stash[_RUN]
