"""A key goes only where it belongs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from harness import errors
from harness.addresses import ALLOW, shown_address
from harness.cli.models import models
from harness.config import HarnessConfig, ModelConfig, model
from harness.endpoints import access
from harness.endpoints.access import Access
from harness.endpoints.chat import key_from
from harness.errors import ConfigError, EndpointError
from harness.records.answer import Completion
from tests.faulty_server.conftest import TARGET, case
from tests.faulty_server.server import FaultyServer


@pytest.fixture(autouse=True)
def _own_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HARNESS_STATE", str(tmp_path / "state"))
    for name in ("CI", ALLOW, "OPENAI_BASE_URL", "OPENAI_API_KEY"):
        monkeypatch.delenv(name, raising=False)


def refusal(variable: str, address: str | None, **settings: bool) -> str:
    try:
        access.check_key(variable, Access(base_url=address, **settings), "m")  # type: ignore[arg-type]
    except EndpointError as error:
        return str(error)
    return ""


@pytest.mark.parametrize(
    ("variable", "address"),
    [
        ("OPENAI_API_KEY", None),
        ("OPENAI_API_KEY", "https://api.openai.com/v1"),
        ("OPENAI_API_KEY", "https://EU.API.OpenAI.com./v1"),
        ("ARK_API_KEY", "https://ark.cn-beijing.volces.com/api/v3"),
        ("ARK_API_KEY", "http://localhost:8000/v1"),
        ("OPENAI_API_KEY", "http://[::1]:8000/v1"),
        ("AZURE_OPENAI_API_KEY", "https://x.openai.azure.com/openai/deployments/d"),
        ("DASHSCOPE_API_KEY", "https://dashscope-intl.aliyuncs.com/compatible-mode/v1"),
        ("DASHSCOPE_API_KEY", "https://cn-hongkong.dashscope.aliyuncs.com/compatible-mode/v1"),
        ("DASHSCOPE_API_KEY", "https://ws-1.cn-beijing.maas.aliyuncs.com/compatible-mode/v1"),
        ("GOOGLE_API_KEY", "https://us-central1-aiplatform.googleapis.com/v1"),
        ("VOLCENGINE_SECRET_KEY", "https://bucket-1.tos-cn-beijing.volces.com"),
    ],
)
def test_a_provider_and_this_machine_get_the_key(variable: str, address: str | None) -> None:
    assert refusal(variable, address) == ""
    assert not access.state_file().exists()


@pytest.mark.parametrize(
    "address",
    [
        "https://evil.example/v1",
        "https://api.openai.com.evil.example/v1",
        "https://notopenai.com/v1",
        "https://api.openai.com@evil.example/v1",
        "https://localhost.evil.example/v1",
        "https://127.0.0.1.evil.example/v1",
        "https://0x7f000001.example/v1",
    ],
)
def test_nobody_else_gets_the_key_of_a_provider(address: str) -> None:
    said = refusal("OPENAI_API_KEY", address)
    assert "the key in $OPENAI_API_KEY belongs to api.openai.com or *.api.openai.com and would go to " in said
    assert f"export {ALLOW}=" in said


@pytest.mark.parametrize(
    ("variable", "host"),
    [
        ("DASHSCOPE_API_KEY", "12345.cn-shanghai.fc.aliyuncs.com"),
        ("DASHSCOPE_API_KEY", "bucket.oss-cn-hangzhou.aliyuncs.com"),
        ("DASHSCOPE_API_KEY", "1.cn-beijing.pai-eas.aliyuncs.com"),
        ("DASHSCOPE_API_KEY", "x.dashscope-evil.aliyuncs.com"),
        ("QIANFAN_API_KEY", "abc.cfc-execute.bj.baidubce.com"),
        ("NVIDIA_API_KEY", "id.invocation.api.nvcf.nvidia.com"),
        ("GEMINI_API_KEY", "storage.googleapis.com"),
        ("ARK_API_KEY", "bucket.tos-cn-beijing.volces.com"),
        ("ARK_API_KEY", "ark.evil.example.volces.com"),
        ("ZAI_API_KEY", "mine.space.z.ai"),
        ("MINIMAX_API_KEY", "mine.space.minimax.io"),
        ("OPENAI_API_KEY", "files.openai.com"),
        ("AZURE_OPENAI_API_KEY", "evil.example/.openai.azure.com"),
        ("GITHUB_TOKEN", "evil.example"),
        ("AWS_SECRET_ACCESS_KEY", "abc.execute-api.eu-west-1.amazonaws.com"),
    ],
)
def test_customers_of_a_provider_do_not_get_its_keys(variable: str, host: str) -> None:
    """Their functions, buckets and pages answer under the same domain."""
    assert f"the key in ${variable} belongs to " in refusal(variable, f"https://{host}/v1")


def test_any_other_key_stays_with_its_first_host_until_that_is_allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    assert refusal("TEAM_KEY", "https://a.example/v1") == ""
    assert refusal("TEAM_KEY", "https://a.example/v1") == ""
    said = refusal("TEAM_KEY", "https://b.example/v1")
    assert "went to a.example before and would go to b.example now" in said
    assert "run: harness models check m --allow-key-host b.example" in said
    assert refusal("OTHER_KEY", "https://b.example/v1") == ""
    access.remember("TEAM_KEY", "b.example")
    assert refusal("TEAM_KEY", "https://b.example/v1") == ""
    assert refusal("TEAM_KEY", "https://a.example/v1") == ""
    monkeypatch.setenv(ALLOW, "c.example, https://d.example:8443/v1")
    assert refusal("TEAM_KEY", "https://c.example/v1") == refusal("TEAM_KEY", "https://d.example/v1") == ""
    assert "before and would go to e.example" in refusal("TEAM_KEY", "https://e.example/v1")


def test_a_workflow_names_the_hosts(monkeypatch: pytest.MonkeyPatch) -> None:
    assert refusal("TEAM_KEY", "https://a.example/v1") == ""
    monkeypatch.setenv("CI", "true")
    assert f"which {ALLOW} does not name; in a workflow set" in refusal("TEAM_KEY", "https://a.example/v1")
    monkeypatch.setenv(ALLOW, "A.example")
    assert refusal("TEAM_KEY", "https://a.example/v1") == ""


def test_keys_go_encrypted_to_a_host_that_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "without encryption; set base_url to https://" in refusal("TEAM_KEY", "http://10.0.0.5:8000/v1")
    monkeypatch.setenv(ALLOW, "10.0.0.5")
    assert "without encryption" in refusal("TEAM_KEY", "http://10.0.0.5:8000/v1")
    monkeypatch.setenv(ALLOW, "http://10.0.0.5")
    assert refusal("TEAM_KEY", "http://10.0.0.5:8000/v1") == ""
    assert "verify = false" in refusal("TEAM_KEY", "https://a.example/v1", verify=False)


@pytest.mark.parametrize("content", ["", "[]", "{", '{"TEAM_KEY": "a.example"}', "[" * 10_000])
def test_a_damaged_memory_is_an_empty_one(content: str) -> None:
    access.state_file().parent.mkdir(parents=True)
    access.state_file().write_text(content)
    assert refusal("TEAM_KEY", "https://a.example/v1") == ""
    assert "went to a.example before" in refusal("TEAM_KEY", "https://b.example/v1")


def test_an_own_server_named_on_the_command_line_gets_no_key_of_openai(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "k")
    config = HarnessConfig()
    assert model(config, "openai:m", base_url="http://10.0.0.5:8000/v1").api_key_env is None
    assert model(config, "openai:m", base_url="http://localhost:8000/v1").api_key_env == "OPENAI_API_KEY"
    assert model(config, "openai:m").api_key_env == "OPENAI_API_KEY"


def test_a_run_stops_before_the_key_goes_out(
    make_model: Callable[..., ModelConfig],
    ask_all: Callable[..., list[Completion | Exception]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TEAM_KEY", "topsecretkey1")
    access.remember("TEAM_KEY", "a.example")
    settings = {"base_url": "https://b.example/v1"}
    for one in ({"api_key_env": "TEAM_KEY"}, {"headers": {"X-Token": {"env": "TEAM_KEY"}}}):
        with pytest.raises(EndpointError, match=r"went to a\.example before"):
            ask_all(make_model(**settings, **one), [case("x")])


def test_the_command_of_the_message_allows_the_host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TEAM_KEY", "topsecretkey1")
    table = '[tool.harness.models.m]\nbase_url = "https://b.invalid/v1"\napi_key_env = "TEAM_KEY"\n'
    (tmp_path / "pyproject.toml").write_text(table)
    access.remember("TEAM_KEY", "a.example")
    said = CliRunner().invoke(models, ["check", "m"], standalone_mode=False).stdout
    assert "its key goes to b.invalid" in said
    assert "went to a.example before" in said
    said = CliRunner().invoke(models, ["check", "m", "--allow-key-host", "b.invalid"], standalone_mode=False).stdout
    assert "cannot be resolved" in said


def test_azure_is_asked_as_it_wants(
    server: FaultyServer,
    make_model: Callable[..., ModelConfig],
    ask_all: Callable[..., list[Completion | Exception]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AZURE_OPENAI_API_KEY", "topsecretkey1")
    monkeypatch.setenv("ROUTE", "blue")
    model = make_model(
        base_url=server.base_url.replace("/v1", "/openai/deployments/d/chat/completions?api-version=2024-06-01&a=b"),
        api_key_env="AZURE_OPENAI_API_KEY",
        api_key_header="api-key",
        headers={"X-Team": "red", "X-Route": {"env": "ROUTE"}},
        query={"api-version": "2024-10-21"},
    )
    (got,) = ask_all(model, [case(f"Repeat: {TARGET}")])
    assert isinstance(got, Completion)
    assert got.text == TARGET
    (headers,) = server.headers
    assert "authorization" not in headers
    assert (headers["api-key"], headers["x-team"], headers["x-route"]) == ("topsecretkey1", "red", "blue")
    assert server.paths == ["/openai/deployments/d/chat/completions?api-version=2024-10-21&a=b"]


@pytest.mark.parametrize(
    "headers", [{"a b": "x"}, {"Host": "x"}, {"X": "line\nbreak"}, {"X": "水"}, {"X": {"env": "no good"}}, {"X": 1}]
)
def test_headers_that_cannot_be_sent_are_refused(headers: object, make_model: Callable[..., ModelConfig]) -> None:
    with pytest.raises(ValueError, match="headers"):
        make_model(headers=headers)


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("http://[::1]:8000/v1", "http://[::1]:8000/v1"),
        ("http://user:pw@[2001:DB8::1]/v1?key=x#y", "http://[2001:db8::1]/v1"),
        ("http://[fe80::1%25eth0]:1/v1", "http://[fe80::1%25eth0]:1/v1"),
        ("http://[::1", ""),
        ("http://h:99999/v1", ""),
    ],
)
def test_an_address_is_kept_as_one_that_can_be_asked_again(address: str, shown: str) -> None:
    assert shown_address(address) == shown


@pytest.mark.parametrize(
    "key", ["sk-proj-Zt9qLm4Vx7Rb2Nc8Kd5Hf1Ws", "0123456789abcdef0123456789abcdef", "a.b", "$KEY", ""]
)
def test_a_key_in_the_place_of_its_name_is_not_repeated(key: str) -> None:
    places: list[dict[str, Any]] = [{"api_key_env": key}, {"headers": {"x-key": {"env": key}}}]
    for settings in places:
        config = HarnessConfig(root=Path(), models={"m": settings})
        with pytest.raises(ConfigError, match="not the name of an environment variable") as told:
            model(config, "m")
        assert not key or key not in str(told.value)


def test_names_of_variables_are_names() -> None:
    for name in ("OPENAI_API_KEY", "ark", "_x9", "AVERYLONGNAMEOFAVARIABLEINDEED"):
        assert model(HarnessConfig(root=Path(), models={"m": {"api_key_env": name}}), "m").api_key_env == name


@pytest.mark.parametrize(
    ("shell", "line"), [("sh", "run: export VERBATIM_NO_KEY=..."), ("powershell", "run: $env:VERBATIM_NO_KEY = '...'")]
)
def test_a_missing_key_is_answered_with_a_line_of_the_shell(
    shell: str, line: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(errors, "SHELL", shell)
    with pytest.raises(EndpointError) as raised:
        key_from("VERBATIM_NO_KEY", "m")
    assert str(raised.value).endswith(line)
