import http.server
import threading
import tomllib
from contextlib import contextmanager

import pytest

from harness.authoring.init.choices import (
    PROVIDERS,
    SERVICES,
    Choices,
    ModelList,
    further_settings,
    models_at,
    name_for,
    provider_at,
)
from harness.authoring.init.files import GITIGNORE, new_files, write
from harness.config import load, model
from harness.decisions.exposure import pending
from harness.decisions.plan import Assumption, plan
from harness.errors import ConfigError
from harness.project import load_suite as load_all
from harness.records.policy import DEFAULT_POLICY
from harness.suite import load_suite


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"name": "../x"}, "--name"),
        ({"model": " "}, "--model"),
        ({"model": "a\x1b[0m"}, "--model"),
        ({"base_url": "localhost:8000/v1"}, "--base-url"),
        ({"base_url": "http://host:port/v1"}, "--base-url"),
        ({"base_url": "file:///etc/passwd"}, "--base-url"),
        ({"languages": ("zn",)}, "found 'zn'; accepted: zh, en"),
        ({"languages": ()}, "--language"),
        ({"services": ("gitlub",)}, "accepted: github, gitlab, cron"),
    ],
)
def test_what_cannot_work_is_refused_with_the_option_and_what_is_accepted(wrong, said):
    with pytest.raises(ConfigError, match=said):
        Choices(**{"name": "mine", "model": "m", **wrong})


def test_a_key_in_place_of_its_variable_is_refused_and_not_repeated():
    with pytest.raises(ConfigError) as caught:
        Choices(name="mine", model="m", key_env="sk-proj-abc123")
    assert "sk-proj" not in str(caught.value)


@pytest.mark.parametrize("address", ["https://me:pw-secret@host/v1", "https://host/v1?api-key=pw-secret"])
def test_a_secret_in_the_address_is_refused_and_not_repeated(address):
    with pytest.raises(ConfigError, match="not the place for secrets") as caught:
        Choices(name="mine", model="m", base_url=address)
    assert "pw-secret" not in str(caught.value)


def test_names_are_made_of_model_names():
    assert name_for("Qwen/Qwen3-8B") == "qwen3-8b"
    assert name_for("qwen2.5:7b") == "qwen2.5-7b"
    assert name_for("模型") == "model"


def test_a_known_address_names_its_provider():
    for name, provider in PROVIDERS.items():
        if provider.base_url and name != "other":
            assert provider_at(provider.base_url) == name
    assert provider_at("http://10.0.0.7:9000/v1") == "other"


def test_reasoning_models_of_openai_get_the_parameters_they_accept():
    assert further_settings("openai", "gpt-5-mini")["temperature"] == "default"
    assert further_settings("openai", "gpt-4o") == {}
    assert further_settings("vllm", "o3-local") == {}


EVERYTHING = Choices(
    name="mine", model="org/M-1", base_url="http://localhost:1/v1", key_env="MY_KEY", services=SERVICES
)


def content(folder):
    return {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_an_empty_folder_becomes_a_project_whose_model_and_cases_load(tmp_path):
    written = write(tmp_path, EVERYTHING)
    assert written.kept == []
    entry = model(load(tmp_path), "mine")
    assert (entry.base_url, entry.request_model, entry.api_key_env) == ("http://localhost:1/v1", "org/M-1", "MY_KEY")
    assert {case.language for case in load_suite(tmp_path / "suites/starter")} == {"zh", "en"}
    assert len(load_suite(tmp_path / "suites/canary")) >= 60


def test_a_second_call_writes_nothing(tmp_path):
    write(tmp_path, EVERYTHING)
    before = content(tmp_path)
    again = write(tmp_path, EVERYTHING)
    assert content(tmp_path) == before
    assert (again.created, again.extended) == ([], [])


def test_no_file_of_the_project_is_changed_but_for_lines_added_at_its_end(tmp_path):
    theirs = {"pyproject.toml": '[project]\r\nname = "x"', ".gitignore": "*.pyc"}
    theirs |= {str(piece.path): "theirs\n" for piece in new_files(EVERYTHING)}
    for name, text in theirs.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode())
    written = write(tmp_path, EVERYTHING)
    assert written.extended == ["pyproject.toml", ".gitignore"]
    for name, text in theirs.items():
        now = (tmp_path / name).read_bytes().decode()
        assert now.startswith(text)
        assert name in written.extended or now == text
    settings = (tmp_path / "pyproject.toml").read_bytes().decode()
    assert "\n" not in settings.replace("\r\n", "")
    assert tomllib.loads(settings)["project"] == {"name": "x"}
    assert (tmp_path / ".gitignore").read_text().splitlines() == ["*.pyc", *GITIGNORE]


def test_another_model_is_added_beside_those_that_are_there(tmp_path):
    write(tmp_path, Choices(name="one", model="a"))
    write(tmp_path, Choices(name="v2.5", model='b"\\'))
    config = load(tmp_path)
    assert [model(config, name).request_model for name in config.models] == ["a", 'b"\\']


def test_a_dangling_link_is_not_written_through(tmp_path):
    (tmp_path / "suites/starter").mkdir(parents=True)
    outside = tmp_path / "outside"
    (tmp_path / "suites/starter/cases.jsonl").symlink_to(outside)
    assert "suites/starter/cases.jsonl" in write(tmp_path, EVERYTHING).kept
    assert not outside.exists()


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ("[tool", "cannot be read as TOML"),
        ("tool = { harness = { models = {} } }\n", "add it by hand:\n\\[tool.harness.models.mine\\]"),
    ],
)
def test_settings_that_cannot_be_added_to_leave_the_project_as_it_was(tmp_path, settings, said):
    (tmp_path / "pyproject.toml").write_text(settings)
    with pytest.raises(ConfigError, match=said):
        write(tmp_path, EVERYTHING)
    assert content(tmp_path) == {(tmp_path / "pyproject.toml").relative_to(tmp_path): settings.encode()}


def test_a_file_where_a_folder_must_be_is_told(tmp_path):
    (tmp_path / "suites").write_text("")
    with pytest.raises(ConfigError, match=r"suites.*run harness init again"):
        write(tmp_path, EVERYTHING)


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_gets_its_own_files_and_no_mark_stays_unfilled(service):
    found = {str(piece.path): piece.text for piece in new_files(Choices(name="mine", model="m", services=(service,)))}
    assert "ci/verbatim/nightly.sh" in found
    assert any("github" in name for name in found) == (service == "github")
    assert any("gitlab" in name for name in found) == (service == "gitlab")
    assert ("ci/verbatim/cron.sh" in found) == (service == "cron")
    assert not [name for name, text in found.items() if "@{" in text]


def test_without_workflows_only_the_first_cases_are_made():
    names = {str(piece.path) for piece in new_files(Choices(name="mine", model="m", languages=("en",)))}
    assert names == {"suites/starter/suite.toml", "suites/starter/cases.jsonl"}


@pytest.mark.parametrize("language", ["zh", "en"])
def test_one_language_alone_still_has_enough_canaries(language, tmp_path):
    write(tmp_path, Choices(name="mine", model="m", languages=(language,), services=("cron",)))
    cases = load_suite(tmp_path / "suites/canary")
    assert {case.language for case in cases} == {language}
    assert len(cases) >= 60


@pytest.mark.parametrize("languages", [("zh",), ("en",), ("zh", "en")])
def test_the_suites_can_bear_a_go_and_hold_no_prompt_twice(languages, tmp_path):
    write(tmp_path, Choices(name="mine", model="m", languages=languages, services=("cron",)))
    cases = load_all(tmp_path / "suites")
    assert plan([pending(case, "untrained") for case in cases], DEFAULT_POLICY, Assumption(0.98, 0.01)).possible
    prompts = [str(case.messages) for case in cases if case.targets]
    assert len(set(prompts)) == len(prompts)


@contextmanager
def server(status=200, content=b"{}", location=None):
    """Yields the address and the headers of the requests that came."""
    seen = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            seen.append((self.path, self.headers.get("authorization")))
            self.send_response(status)
            if location:
                self.send_header("location", location)
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format, *args):
            pass

    running = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=running.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield f"http://127.0.0.1:{running.server_port}/v1", seen
    finally:
        running.shutdown()
        running.server_close()


def test_names_come_in_the_order_of_the_endpoint_and_the_key_goes_along():
    with server(content=b'{"data": [{"id": "b"}, {"id": "a"}]}') as (address, seen):
        assert models_at(f"{address}/", "secret") == ModelList(("b", "a"))
    assert seen == [("/v1/models", "Bearer secret")]


@pytest.mark.parametrize("content", [b"", b"[]", b'{"data": 1}', b'{"data": [{"id": 1}]}', b"\xff", b"[" * 100_000])
def test_an_answer_of_another_form_is_no_list(content):
    with server(content=content) as (address, _):
        assert models_at(address) == ModelList()


@pytest.mark.parametrize(("status", "said"), [(401, "wants a key"), (403, "wants a key"), (404, "end in /v1")])
def test_a_refusal_is_told(status, said):
    with server(status) as (address, _):
        assert said in models_at(address).problem


def test_a_redirect_does_not_take_the_key_along():
    with server() as (other, seen), server(302, location=f"{other}/models") as (address, _):
        assert models_at(address, "secret").models == ()
        assert seen == []


def test_no_server_is_a_line_and_no_error():
    assert "Nothing answers" in models_at("http://127.0.0.1:9/v1").problem


def test_without_an_address_nobody_is_asked():
    assert models_at(None) == ModelList()
