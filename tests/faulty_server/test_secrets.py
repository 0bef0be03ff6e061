"""Canary secrets, put wherever users put keys, are found nowhere that anything is kept or shown."""

from __future__ import annotations

import base64
from collections.abc import Callable

import pytest

import harness.endpoints.transport
import harness.pytest_plugin.gating
import harness.pytest_plugin.session  # noqa: F401  (pytester forgets what is first imported inside a run)
from harness.endpoints.chat import key_from
from harness.errors import EndpointError
from tests.faulty_server.conftest import TARGET
from tests.faulty_server.project import Project
from tests.faulty_server.server import FaultyServer

KEY = "sk-canary-4f1d/9b2e+77c0aa"
PASSWORD = "canary-password-5521"
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


@pytest.mark.parametrize("value", ["", "two words", "line\nbreak", "“quoted”"])
def test_a_key_that_no_header_can_carry_is_told_without_showing_it(value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CANARY_KEY", value)
    with pytest.raises(EndpointError, match="the environment variable CANARY_KEY") as raised:
        key_from("CANARY_KEY", "m")
    assert not value or value not in str(raised.value)
