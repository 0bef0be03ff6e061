"""Canary secrets, put wherever users put keys, are found nowhere that anything is kept or shown."""

from __future__ import annotations

import base64
from collections.abc import Callable
from pathlib import Path

import pytest

from harness.config import load, model
from harness.endpoints.chat import key_from
from harness.errors import EndpointError
from harness.runs.answers import Answers
from harness.suite import load_cases
from tests import processes
from tests.faulty_server import faults, faults_of_echo
from tests.faulty_server.conftest import TARGET
from tests.faulty_server.project import Project
from tests.faulty_server.server import FaultyServer

KEY = "sk-canary-4f1d/9b2e+77c0aa"
PASSWORD = "canary-password-5521"
PATH_TOKEN = "a9Xk27LmQ0zP4vT8bN1c"
ENVIRONMENT = {
    "CANARY_KEY": KEY,
    "OTHER_API_KEY": "canary-other-8842-zzqx",
    "HF_TOKEN": "hf_canaryCANARYcanaryCANARYcanary12",
    "OPENAI_CUSTOM_HEADERS": "X-Gateway: canary-header-1199",
}
PROMPTS = [
    f"Repeat: {TARGET}",
    f"[fault echoes-the-key] Repeat: {TARGET}",
    f"[fault echoes-the-key-in-its-model-name] Repeat: {TARGET}",
    f"[fault 500-do-not-retry] Repeat: {TARGET}",
    f"[fault status-400] Repeat: {TARGET}",
    f"[fault status-429 x1] Repeat: {TARGET}",
    f"[fault stream-error x1] Repeat: {TARGET}",
    f"Damage: {TARGET}",
]
LOUD = ("-rA", "--showlocals", "--tb=long", "--log-level=DEBUG", "-o", "log_cli=true", "--junit-xml=reports/junit.xml")


def canaries() -> list[str]:
    values = [KEY, PASSWORD, *ENVIRONMENT.values(), "canary-header-1199", KEY.replace("/", "\\/")]
    coded = [base64.b64encode(value.encode()).decode()[:-4] for value in (*values, f"user:{PASSWORD}")]
    return [*values, *coded]


def assert_clean(project: Project, output: str) -> None:
    places = {"the terminal": output, **{str(path): text for path, text in project.files().items()}}
    for canary in canaries():
        for place, text in places.items():
            assert canary not in text, f"{canary} in {place}"


@pytest.fixture
def run(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Callable[..., tuple[int, str]]:
    """Runs pytest in the project; exit code and all output."""
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)

    def in_process(*options: str) -> tuple[int, str]:
        result = pytester.runpytest_inprocess("--model=m", *options)
        return int(result.ret), f"{result.stdout.str()}\n{result.stderr.str()}"

    return in_process


Run = Callable[..., tuple[int, str]]


@pytest.mark.parametrize(("mode", "with_password"), [("record", True), ("record", False), ("live", False)])
def test_no_canary_is_kept_or_shown(
    mode: str, with_password: bool, pytester: pytest.Pytester, server: FaultyServer, run: Run
) -> None:
    address = server.base_url
    if with_password:
        address = address.replace("//", f"//user:{PASSWORD}@") + "/"
    project = Project(pytester.path, address, PROMPTS, TARGET, api_key_env="CANARY_KEY", max_concurrency=4)
    code, output = run(f"--cassette-mode={mode}", *LOUD)
    assert code == 1, output
    assert "1 failed, 3 passed, 4 errors" in output
    assert "secret_echoed" in output
    assert_clean(project, output)
    assert len(project.files()) >= 3


ECHOES = faults_of_echo.names(faults.WRONG)


@pytest.mark.parametrize("options", [("--cassette-mode=record",), ("--cassette-mode=live", "-n", "2")], ids=" ".join)
def test_an_echo_is_neither_kept_nor_shown_in_any_spelling(
    options: tuple[str, ...], tmp_path: Path, server: FaultyServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CANARY_KEY", KEY)
    prompts = [f"Repeat: {TARGET}", *(f"[fault {fault}] Repeat: {TARGET}" for fault in ECHOES)]
    address = server.base_url.replace("/v1", f"/t/{PATH_TOKEN}/v1")
    project = Project(tmp_path, address, prompts, TARGET, api_key_env="CANARY_KEY", max_concurrency=4)
    code, output = project.run(*options, "--verbose")
    assert code == 1, output
    assert f"1 passed, {len(ECHOES)} errors" in output
    text = "\n".join([output, *project.files().values()])
    assert text.count("secret_echoed") >= 2 * len(ECHOES)
    for canary in (*canaries(), KEY[:12], KEY[12:], PATH_TOKEN, KEY[::-1], base64.b64encode(b"?" + KEY.encode())[4:24]):
        assert str(canary) not in text
    assert "\\u0073" not in text


def test_what_an_earlier_version_recorded_is_not_shown_by_a_replay(
    tmp_path: Path, server: FaultyServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    prompts = [f"Repeat: {TARGET}", *(f"[fault {fault}] Repeat: {TARGET}" for fault in ECHOES)]
    project = Project(tmp_path, server.base_url, prompts, TARGET, api_key_env="CANARY_KEY")
    monkeypatch.setenv("CANARY_KEY", KEY)
    with monkeypatch.context() as earlier:
        earlier.setattr("harness.recording.secrets.Secrets.found_in", lambda self, text: False)
        earlier.setattr("harness.recording.secrets.Secrets.found_in_body", lambda self, text: False)
        record_all(project)
    assert len(project.cassette.read_bytes().splitlines()) == len(prompts)
    code, output = project.run("-rA")
    assert code == 3, output  # the record would hold the key too, and is not written
    assert "the cassette of s holds an answer that repeats the value of a key: revoke the key" in output
    kept = "\n".join([output, *(text for path, text in project.files().items() if path != project.cassette)])
    for canary in (*canaries(), KEY[:12], KEY[::-1]):
        assert canary not in kept
    found = processes.run("harness", "cassettes", "verify", cwd=tmp_path)
    assert found.returncode == 1
    assert found.stdout.count("holds the value of a key of this environment") == len(ECHOES)


def record_all(project: Project) -> None:
    """What a run records, in this process."""
    config = load(project.folder)
    answers = Answers(config, model(config, "m"), "record", live_file=project.folder / "live.jsonl")
    cases = [located.case for located in load_cases(next(project.folder.glob("suites/s/*.jsonl")))]
    answers.start(answers.missing(cases, 1))
    assert answers.fetcher is not None
    answers.fetcher.join()
    answers.close()


@pytest.mark.parametrize("fault", ["status-401", "status-403", "status-404", "429-no-credit", "redirect"])
def test_an_endpoint_that_repeats_the_key_in_its_refusal(
    fault: str, pytester: pytest.Pytester, server: FaultyServer, run: Run
) -> None:
    prompts = [f"[fault {fault}] x"]
    project = Project(pytester.path, server.base_url, prompts, TARGET, api_key_env="CANARY_KEY")
    code, output = run("--cassette-mode=record", *LOUD)
    assert code == 2, output
    assert "model m: " in output
    assert "http://127.0.0.1" in output
    assert_clean(project, output)


def test_a_key_in_extra_body_is_refused_before_anything_is_sent(
    pytester: pytest.Pytester, server: FaultyServer, run: Run
) -> None:
    project = Project(pytester.path, server.base_url, PROMPTS, TARGET)
    text = (pytester.path / "pyproject.toml").read_text()
    (pytester.path / "pyproject.toml").write_text(f'{text}extra_body = {{ auth = {{ api_key = "{KEY}" }} }}\n')
    code, output = run("--cassette-mode=record")
    assert code == 4, output
    assert "model m: extra_body.auth.api_key: holds a secret, which would be kept with every answer" in output
    assert server.total == 0
    assert_clean(project, output)


@pytest.mark.parametrize("value", ["", "two words", "line\nbreak", "“quoted”", '"quoted"', "'quoted'"])
def test_a_key_that_no_header_can_carry_is_told_without_showing_it(value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CANARY_KEY", value)
    with pytest.raises(EndpointError, match="the environment variable CANARY_KEY") as raised:
        key_from("CANARY_KEY", "m")
    assert not value or value not in str(raised.value)
