"""Jobs at a provider, against a server that follows the published APIs; the real ones were never asked."""

from __future__ import annotations

import json
import re
import threading
import tomllib
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from click.testing import CliRunner, Result

from harness import config as configuration
from harness.cli.finetune import finetune
from harness.errors import ConfigError, EndpointError
from harness.finetune.jobs import Ark, ark_request, read_job, signed
from harness.finetune.register import append, entry
from harness.records.training import Recipe, TrainingError

ACCESS, SECRET = "AKLTexample", "c2VjcmV0LWtleQ"
MOMENT = datetime(2026, 11, 28, 9, 30, tzinfo=UTC)
ARK = "https://ark.cn-beijing.volcengineapi.com/?Action={}&Version=2024-01-01"


@pytest.mark.parametrize(
    ("request_", "signature"),
    [
        (("POST", ARK.format("GetModelCustomizationJob"), b'{"Id": "mcj-1"}', "", "ark"),
         "9b325fb1369e2633fc4104e64879dc6eb14146f5c6797ad8170feddbdaae8871"),
        (("POST", ARK.format("CreateModelCustomizationJob"), '{"Name": "训练"}'.encode(), "tok", "ark"),
         "523ab1f8c69c8461f11e8cf71d0cd66b5ad4f1358decb207b3a8d0df90b092fb"),
        (("PUT", "https://bucket.tos-cn-beijing.volces.com/finetune/set%20%E4%B8%80-0123.jsonl",
          b'{"messages": []}\n', "", "tos"),
         "d62aa06ff8ebb0ebb5da71a7af6549edbc037969604efc0e39d2a1ccac10b034"),
    ],
)  # fmt: skip
def test_signatures_are_those_of_the_makers_own_sdks(request_: tuple[Any, ...], signature: str) -> None:
    """Computed with `SignerV4` of volcengine-python-sdk (July 2026) and `AuthBase` of tos 2.9.3."""
    method, url, body, token, service = request_
    kind = "application/octet-stream" if service == "tos" else "application/json"
    made = signed(
        method, url, {"content-type": kind}, body,
        keys=(ACCESS, "c2VjcmV0", token), scope=("cn-beijing", service), moment=MOMENT,
    )  # fmt: skip
    assert made["authorization"].endswith(f"Signature={signature}")


class Provider(ThreadingHTTPServer):
    """Ark's management API, a bucket of TOS and OpenAI's form, each as published; what it got is in `seen`."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.seen: list[tuple[str, str, Any]] = []
        self.phase = "Running"
        self.refusal: dict[str, str] | None = None
        self.drops = False
        self.fails: int | None = None
        self.waits = threading.Barrier(1)
        self.odd: Any = None
        self.odd_openai: dict[str, Any] = {}

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def actions(self) -> list[str]:
        return [what for what, _, _ in self.seen]


class _Handler(BaseHTTPRequestHandler):
    server: Provider

    def log_message(self, format: str, *args: Any) -> None:
        pass

    def _body(self) -> bytes:
        return self.rfile.read(int(self.headers.get("content-length", 0)))

    def _reply(self, status: int, value: Any) -> None:
        content = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def _is_signed(self, body: bytes, service: str) -> bool:
        """The server's own computation: it gets everything but the secret from the request."""
        stamp = self.headers["x-tos-date" if service == "tos" else "x-date"]
        ours = signed(
            self.command, self.server.url + self.path, {"content-type": self.headers["content-type"]}, body,
            keys=(ACCESS, SECRET, ""), scope=("cn-beijing", service),
            moment=datetime.strptime(stamp, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC),
        )  # fmt: skip
        return bool(self.headers["authorization"] == ours["authorization"])

    def do_PUT(self) -> None:
        body = self._body()
        if not self._is_signed(body, "tos"):
            return self._reply(403, {"Code": "SignatureDoesNotMatch"})
        self.server.seen.append(("PutObject", self.path, body))
        self.server.waits.wait(20)
        return self._reply(200, {})

    def do_GET(self) -> None:
        assert self.path == "/v1/fine_tuning/jobs/ftjob-1"
        if "status" in self.server.odd_openai:
            return self._reply(200, self.server.odd_openai["status"])
        return self._reply(200, self._job(self.server.phase))

    def _job(self, status: str) -> dict[str, Any]:
        done = status == "succeeded"
        return {
            "id": "ftjob-1", "object": "fine_tuning.job", "status": status, "model": "gpt-4.1-mini", "created_at": 1,
            "fine_tuned_model": "ft:gpt-4.1-mini:org::1" if done else None, "error": None, "hyperparameters": {},
            "organization_id": "org", "result_files": [], "seed": 7, "trained_tokens": 900 if done else None,
            "training_file": "file-1", "validation_file": None, "finished_at": None,
        }  # fmt: skip

    def do_POST(self) -> None:
        body, parts = self._body(), urlsplit(self.path)
        if parts.path == "/v1/files":
            assert self.headers["authorization"] == f"Bearer {SECRET}"
            assert b'name="purpose"\r\n\r\nfine-tune' in body
            self.server.seen.append(("files", parts.path, body))
            if "files" in self.server.odd_openai:
                return self._reply(200, self.server.odd_openai["files"])
            known = {"object": "file", "created_at": 1, "filename": "set.jsonl", "purpose": "fine-tune"}
            return self._reply(200, {"id": "file-1", "bytes": len(body), "status": "processed", **known})
        if parts.path == "/v1/fine_tuning/jobs":
            self.server.seen.append(("jobs", parts.path, json.loads(body)))
            if "jobs" in self.server.odd_openai:
                return self._reply(200, self.server.odd_openai["jobs"])
            if self.server.fails:
                return self._reply(self.server.fails, {"error": {"message": "no"}})
            if self.server.refusal:
                return self._reply(400, {"error": self.server.refusal})
            return self._reply(200, self._job("queued"))
        action = parse_qs(parts.query)["Action"][0]
        if not self._is_signed(body, "ark"):
            return self._reply(403, {"ResponseMetadata": {"Error": {"Code": "SignatureDoesNotMatch"}}})
        self.server.seen.append((action, parts.path, json.loads(body)))
        if self.server.odd is not None:
            return self._reply(200, self.server.odd)
        if self.server.drops:
            return self.close_connection_now()
        if self.server.fails:
            error = {"Code": "InternalError", "Message": "no"}
            return self._reply(self.server.fails, {"ResponseMetadata": {"Error": error}})
        if self.server.refusal:
            return self._reply(400, {"ResponseMetadata": {"Error": self.server.refusal}})
        if action == "CreateModelCustomizationJob":
            return self._reply(200, {"ResponseMetadata": {"Action": action}, "Result": {"Id": "mcj-1"}})
        outputs = [{"Index": 1, "Name": "epoch-1", "CustomModelId": "cm-1", "Status": "Published"}]
        status = {"Phase": self.server.phase, "Message": "", "BillableTokens": 1234}
        done = self.server.phase == "Completed"
        return self._reply(200, {"Result": {"Id": "mcj-1", "Status": status, "Outputs": outputs if done else []}})

    def close_connection_now(self) -> None:
        self.close_connection = True
        self.connection.close()


@pytest.fixture
def provider() -> Iterator[Provider]:
    with Provider() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


RECIPE = """
base = "doubao-seed-1-6-250615"
epochs = 3
batch_size = 4
learning_rate = 5e-5
lora_rank = 32
output = "adapters/old.gguf"
"""
PROJECT = """
[tool.harness.models.doubao]
base_url = "https://ark.cn-beijing.volces.com/api/v3"
api_key_env = "ARK_API_KEY"
model = "doubao-seed-1-6-250615"
version = "v1"
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("VOLCENGINE_ACCESS_KEY", ACCESS)
    monkeypatch.setenv("VOLCENGINE_SECRET_KEY", SECRET)
    monkeypatch.setenv("OPENAI_API_KEY", SECRET)
    (tmp_path / "pyproject.toml").write_text(PROJECT, "utf-8")
    (tmp_path / "ark.toml").write_text(RECIPE, "utf-8")
    suite = tmp_path / "suites" / "own"
    suite.mkdir(parents=True)
    samples = [
        {"messages": [{"role": "user", "content": f"What fits socket QX-{n}/B?"},
                      {"role": "assistant", "content": f"The plug QX-{n}/B fits."}]}
        for n in range(12)
    ]  # fmt: skip
    (tmp_path / "set.jsonl").write_text("".join(json.dumps(one) + "\n" for one in samples), "utf-8")
    return tmp_path


def call(*arguments: str) -> Result:
    return CliRunner().invoke(finetune, arguments, standalone_mode=False)


def submit(provider: Provider, *more: str, to: str = "ark") -> Result:
    address = provider.url + ("/v1" if to == "openai" else "")
    storage = ["--bucket", "sets", "--storage-url", provider.url] if to == "ark" else []
    arguments = ["submit", "set.jsonl", "--provider", to, "--recipe", "ark.toml", "--base-url", address]
    return call(*arguments, *storage, *more)


def test_a_set_goes_to_the_bucket_and_its_job_to_ark_and_comes_back_as_the_next_version(
    provider: Provider, project: Path
) -> None:
    made = submit(provider, "--hyperparameter", "epoch=5")
    assert (made.return_value, provider.actions()) == (0, ["PutObject", "CreateModelCustomizationJob"]), made.output
    (_, path, content), (_, _, body) = provider.seen
    assert content == (project / "set.jsonl").read_bytes()
    assert body["Data"]["TrainingSet"] == {"TosBucket": "sets", "TosPaths": [path.removeprefix("/")]}
    assert body["ModelReference"] == {"FoundationModel": {"Name": "doubao-seed-1-6", "ModelVersion": "250615"}}
    numbers = {one["Name"]: one["Value"] for one in body["Hyperparameters"]}
    assert numbers == {"epoch": "5", "batch_size": "4", "learning_rate": "0.00005", "lora_rank": "32"}
    text = (project / "set.ark.job.json").read_text("utf-8")
    assert SECRET not in text
    assert ACCESS not in text
    job = read_job(project / "set.ark.job.json")
    assert (job.id, job.recipe.samples, job.recipe.output) == ("mcj-1", 12, None)

    again = submit(provider)
    assert "is there already" in str(again.exception)
    assert len(provider.seen) == 2

    asked = call("status", "set.ark.job.json")
    assert (asked.return_value, asked.stdout) == (2, "mcj-1  Running, 1,234 tokens billed\n")
    provider.phase = "Completed"
    asked = call("status", "set.ark.job.json")
    assert asked.return_value == 0
    assert "epoch-1  cm-1" in asked.stdout
    provider.phase = "Failed"
    assert call("status", "set.ark.job.json").return_value == 1

    arguments = ["register", "doubao", "--endpoint", "ep-1-abc", "--job", "set.ark.job.json", "--checkpoint", "epoch-1"]
    assert call(*arguments).return_value == 0
    text = (project / "pyproject.toml").read_text("utf-8")
    assert text.startswith(PROJECT)
    new = configuration.model(configuration.load(project), "doubao-v2")
    assert (new.label, new.request_model, new.base_url) == (
        "doubao-v2@v2",
        "ep-1-abc",
        "https://ark.cn-beijing.volces.com/api/v3",
    )
    assert (new.api_key_env, new.training_data, new.lineage) == ("ARK_API_KEY", ("set.jsonl",), ("doubao@v1",))
    recipe = Recipe.model_validate(new.training)
    assert (recipe.provider, recipe.data_digest, recipe.checkpoint) == ("ark", job.recipe.data_digest, "epoch-1")
    again = call(*arguments)
    assert "is the model doubao-v2 already" in str(again.exception)


def test_openais_form_uploads_and_starts_and_says_when_it_ends(provider: Provider, project: Path) -> None:
    made = submit(provider, to="openai")
    assert (made.return_value, provider.actions()) == (0, ["files", "jobs"]), made.output
    assert "6 January 2027" in made.stderr
    body = provider.seen[1][2]
    assert body["training_file"] == "file-1"
    assert body["method"]["supervised"]["hyperparameters"] == {"n_epochs": 3, "batch_size": 4}
    provider.phase = "succeeded"
    asked = call("status", "set.openai.job.json", "--json")
    assert json.loads(asked.stdout)["models"] == {"model": "ft:gpt-4.1-mini:org::1"}


def test_siliconflow_has_no_published_api_so_its_job_is_started_by_hand(provider: Provider, project: Path) -> None:
    (project / "ark.toml").write_text(RECIPE.replace("doubao-seed-1-6-250615", "Qwen/Qwen2.5-7B-Instruct"), "utf-8")
    made = submit(provider, to="siliconflow")
    assert (made.return_value, provider.seen) == (0, [])
    assert "publishes no API" in made.stderr
    assert re.search(r"^base +Qwen/Qwen2.5-7B-Instruct$", made.stdout, re.MULTILINE)
    asked = call("status", "set.siliconflow.job.json")
    assert "no published API" in str(asked.exception)
    arguments = [
        "register",
        "doubao",
        "--endpoint",
        "ft:LoRA/Qwen/Qwen2.5-7B-Instruct:a:b:c",
        "--job",
        "set.siliconflow.job.json",
    ]
    assert call(*arguments).return_value == 0


def test_what_the_provider_would_refuse_is_not_sent(provider: Provider, project: Path) -> None:
    (project / "ark.toml").write_text(RECIPE.replace("lora_rank = 32", "lora_rank = 8"), "utf-8")
    text = (project / "set.jsonl").read_text("utf-8").replace("The plug QX-3/B", "The plug QX - 3 / B")
    (project / "set.jsonl").write_text(text, "utf-8")
    made = submit(provider)
    assert (made.return_value, provider.seen) == (1, [])
    assert "recipe: lora_rank: found 8" in made.stdout
    assert "set.jsonl:4:" in made.stdout
    assert not (project / "set.ark.job.json").exists()


def test_a_refusal_leaves_no_job_and_an_interrupted_start_leaves_a_file_that_says_so(
    provider: Provider, project: Path
) -> None:
    provider.refusal = {"Code": "InvalidParameter.Hyperparameters", "Message": f"lora_alpha {SECRET} \x1b[31m"}
    refused = submit(provider)
    assert "InvalidParameter.Hyperparameters: lora_alpha" in str(refused.exception)
    assert SECRET not in str(refused.exception)
    assert not (project / "set.ark.job.json").exists()
    provider.drops = True
    dropped = submit(provider)
    assert isinstance(dropped.exception, EndpointError)
    asked = call("status", "set.ark.job.json")
    assert "not known whether the job was started" in str(asked.exception)
    assert "is there already" in str(submit(provider).exception)


@pytest.mark.parametrize("to", ["ark", "openai"])
@pytest.mark.parametrize(
    ("status", "may_be_started"),
    [
        (400, False),
        (401, False),
        (403, False),
        (429, False),
        (408, True),
        (409, True),
        (499, True),
        (500, True),
        (503, True),
    ],
)
def test_a_job_that_may_have_been_started_is_not_started_again(
    status: int, may_be_started: bool, to: str, provider: Provider, project: Path
) -> None:
    provider.fails = status
    assert isinstance(submit(provider, to=to).exception, EndpointError)
    assert (project / f"set.{to}.job.json").exists() == may_be_started
    again = str(submit(provider, to=to).exception)
    assert ("is there already" in again) == may_be_started
    starts = [what for what in provider.actions() if what in ("CreateModelCustomizationJob", "jobs")]
    assert len(starts) == (1 if may_be_started else 2)


def test_of_two_runs_at_one_time_one_starts_the_job(provider: Provider, project: Path) -> None:
    provider.waits = threading.Barrier(2)  # both have uploaded before one of them starts
    refused: list[str] = []
    command = ["submit", "set.jsonl", "--provider", "ark", "--recipe", "ark.toml", "--bucket", "sets",
               "--base-url", provider.url, "--storage-url", provider.url]  # fmt: skip

    def run() -> None:
        try:
            finetune.main(command, standalone_mode=False)
        except TrainingError as error:
            refused.append(str(error))

    threads = [threading.Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [one.partition(";")[0] for one in refused] == [
        "set.ark.job.json: is there already, so this set may be in training"
    ]
    assert provider.actions().count("CreateModelCustomizationJob") == 1
    assert read_job(project / "set.ark.job.json").id == "mcj-1"


@pytest.mark.parametrize(
    "odd",
    [
        [],
        {"ResponseMetadata": []},
        {"Result": 5},
        {"Result": {"Id": 7}},
        {"Result": {"Id": "", "Outputs": 5, "Status": "x"}},
    ],
)
def test_an_odd_answer_is_an_error_and_the_job_is_not_started_again(
    odd: Any, provider: Provider, project: Path
) -> None:
    provider.odd = odd
    made = submit(provider)
    assert isinstance(made.exception, EndpointError), made.exception
    assert "is there already" in str(submit(provider).exception) or not (project / "set.ark.job.json").exists()
    asked = call("status", "mcj-1", "--provider", "ark", "--base-url", provider.url)
    assert asked.return_value == 2 or isinstance(asked.exception, EndpointError)


@pytest.mark.parametrize("odd", [{}, [], None, 5, "<html>log in</html>", {"id": None, "status": None}])
@pytest.mark.parametrize("place", ["files", "jobs", "status"])
def test_an_odd_answer_of_openais_form_is_an_error_too(place: str, odd: Any, provider: Provider, project: Path) -> None:
    provider.odd_openai = {place: odd}
    made = submit(provider, to="openai")
    if place == "status":
        assert made.return_value == 0
        made = call("status", "set.openai.job.json")
    assert isinstance(made.exception, EndpointError), made.exception
    assert provider.actions() == (["files"] if place == "files" else ["files", "jobs"])
    assert (project / "set.openai.job.json").exists() == (place != "files")


def test_a_key_of_a_variable_of_any_name_is_not_quoted_and_asks_for_the_state_again(
    provider: Provider, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OPENAI_API_KEY")
    monkeypatch.setenv("MINE", SECRET)
    provider.refusal = {"message": f"not for {SECRET}"}
    refused = submit(provider, "--api-key-env", "MINE", to="openai")
    assert "not for [secret removed]" in str(refused.exception)
    provider.refusal = {}
    assert submit(provider, "--api-key-env", "MINE", to="openai").return_value == 0
    assert call("status", "set.openai.job.json").return_value == 2


def test_the_data_of_a_recipe_is_relative_to_the_project(
    provider: Provider, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (project / "sub").mkdir()
    for name in ("set.jsonl", "ark.toml"):
        (project / name).rename(project / "sub" / name)
    monkeypatch.chdir(project / "sub")
    assert submit(provider, "--prefix", "/a/b").return_value == 0
    assert read_job(project / "sub" / "set.ark.job.json").recipe.data == "sub/set.jsonl"
    assert provider.seen[0][1].startswith("/a/b/set-")


def test_keys_go_to_their_provider_alone(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    elsewhere = ["submit", "set.jsonl", "--provider", "ark", "--recipe", "ark.toml", "--bucket", "sets"]
    made = call(*elsewhere, "--storage-url", "https://collect.example")
    assert "$VOLCENGINE_SECRET_KEY belongs to" in str(made.exception)
    made = CliRunner().invoke(
        finetune, ["status", "mcj-1", "--provider", "ark", "--base-url", "http://ark.volcengineapi.com"]
    )
    assert "without encryption" in str(made.exception)
    monkeypatch.delenv("VOLCENGINE_SECRET_KEY")
    made = call("status", "mcj-1", "--provider", "ark")
    assert "set VOLCENGINE_ACCESS_KEY and VOLCENGINE_SECRET_KEY" in str(made.exception)
    assert not (project / "set.ark.job.json").exists()


@pytest.mark.parametrize("base", [None, "", "doubao", "../x", "a b@1"])
def test_a_base_without_its_version_is_refused(base: str | None) -> None:
    with pytest.raises(TrainingError, match="NAME@VERSION"):
        ark_request(Recipe(base=base), "n", Ark("cn-beijing", "b"), ("k",), {})


def test_an_entry_keeps_line_ends_counts_versions_and_refuses_what_is_no_endpoint(project: Path) -> None:
    path = project / "pyproject.toml"
    path.write_bytes(PROJECT.replace("\n", "\r\n").encode())
    for expected in ("v2", "v3"):
        new = entry(
            configuration.load(project), "doubao", f"ep-{expected}", Recipe(provider="ark", data="日 \x7f.jsonl")
        )
        append(path, new)
        assert (new.name, new.version) == (f"doubao-{expected}", expected)
    content = path.read_bytes()
    assert content.count(b"\n") == content.count(b"\r\n")
    assert tomllib.loads(content.decode())["tool"]["harness"]["models"]["doubao-v3"]["training_data"] == [
        "日 \x7f.jsonl"
    ]
    config = configuration.load(project)
    with pytest.raises(ConfigError, match="made in the console"):
        entry(config, "doubao", "cm-1", Recipe(provider="ark"))
    with pytest.raises(ConfigError, match="is configured already"):
        entry(config, "doubao", "ep-9", Recipe(provider="ark"), name="doubao-v2")
    path.write_text("[tool.harness]\nmodels = {a = {base_url = 'http://x'}}\n", "utf-8")
    new = entry(configuration.load(project), "a", "ep-1", Recipe(provider="ark"))
    with pytest.raises(ConfigError, match="add it by hand"):
        append(path, new)
    assert path.read_text("utf-8").count("\n") == 2
