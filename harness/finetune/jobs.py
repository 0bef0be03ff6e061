"""Fine-tuning jobs at a provider: what is sent, where its keys may go, and what it says of a job.

Ark: `CreateModelCustomizationJob` and `GetModelCustomizationJob` of its management API, with the set in TOS, its object
storage. Fields and signature: https://www.volcengine.com/docs/82379/1262829 and the makers' own SDKs
(https://github.com/volcengine/volcengine-python-sdk, `volcenginesdkark` and `volcenginesdkcore/signv4.py`; `tos` 2.9.3,
`auth.py`). OpenAI's form: https://developers.openai.com/api/docs/api-reference/fine-tuning, through the openai client.
SiliconFlow publishes no API for fine-tuning jobs: its reference has `/v1/files` for batches alone, and its guide
(https://docs.siliconflow.cn/cn/userguide/guides/fine-tune) has the console.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal
from urllib.parse import quote, urlsplit

from pydantic import Field, ValidationError

from harness.endpoints.access import Access, check_key, proxy_for, ssl_context
from harness.errors import EndpointError, as_word, explain, found
from harness.files import UnfitFileError, content_of, whole
from harness.recording.secrets import Secrets
from harness.records import Record
from harness.records.training import Recipe, TrainingError

State = Literal["running", "done", "failed"]
API_KEYS = {"openai": "OPENAI_API_KEY", "siliconflow": "SILICONFLOW_API_KEY", "ark": "VOLCENGINE_SECRET_KEY"}
"""The variable that holds the secret of a provider. Ark signs with it, so it is never sent."""
ENDS = "OpenAI's self-serve fine-tuning ends on 6 January 2027 (https://developers.openai.com/api/docs/deprecations)"
_ARK_VERSION = "2024-01-01"
_TIMEOUT_S = 60.0
_ANSWER_LIMIT = 4_000_000
_NAMES = {
    "epochs": "epoch",
    "learning_rate": "learning_rate",
    "batch_size": "batch_size",
    "warmup": "warmup_step_rate",
    "lora_rank": "lora_rank",
    "lora_alpha": "lora_alpha",
    "lora_dropout": "lora_dropout",
    "save_every_epoch": "save_model_per_epoch",
    "dynamic_batch": "dyn_bsz",
}
"""Fields of a recipe under Ark's names. Its page gives `epoch` and `learning_rate`; the others are those of its
console, and what a base model takes differs: a name that it refuses is in its answer."""
_DONE, _FAILED = ("completed", "succeeded", "success"), ("failed", "terminated", "stopped", "cancelled", "canceled")


class JobRefusedError(EndpointError):
    """The provider refuses: no job was made."""


def _is_refusal(status: int) -> bool:
    """Whether nothing was done. A time-out, a conflict and a server's own failure may come after a job was made."""
    return 400 <= status < 500 and status not in (408, 409, 425, 499)


_LOOK = "look in the console whether the job was started"


class JobFile(Record):
    """A job as it was submitted; `<set>.<provider>.job.json`. It holds no key."""

    provider: Literal["ark", "siliconflow", "openai"]
    id: str | None = None
    """None where the job is started by hand."""
    name: str
    base_url: str | None = None
    api_key_env: str | None = None
    """The variable of the key, where it is not the provider's own."""
    region: str | None = None
    submitted: str
    files: tuple[str, ...] = ()
    recipe: Recipe


class JobState(Record):
    """What a provider says of a job. `models`: what it made, by name."""

    id: str
    state: State
    said: str
    """The provider's own word."""
    message: str = ""
    models: dict[str, str] = Field(default_factory=dict)
    tokens: int | None = None


@dataclass(frozen=True, slots=True)
class Ark:
    """Where a job of Ark's goes. `storage`: the address of the bucket."""

    region: str
    bucket: str
    prefix: str = "finetune/"
    project: str = "default"
    base_url: str | None = None
    storage: str | None = None

    @property
    def address(self) -> str:
        """Of the management API."""
        return (self.base_url or f"https://ark.{self.region}.volcengineapi.com").rstrip("/")

    @property
    def bucket_address(self) -> str:
        """Of the bucket; TOS takes the bucket in the host name alone."""
        return (self.storage or f"https://{self.bucket}.tos-{self.region}.volces.com").rstrip("/")

    def key_of(self, path: Path) -> str:
        """Of an uploaded file: its own digest is in the name, so that two sets of one name never meet."""
        digest = hashlib.sha256(path.read_bytes()).hexdigest()[:12]
        folder = f"{self.prefix.strip('/')}/".lstrip("/")
        return f"{folder}{path.stem}-{digest}{path.suffix}"


def ark_request(
    recipe: Recipe, name: str, place: Ark, files: tuple[str, ...], extra: Mapping[str, str]
) -> dict[str, Any]:
    """The body of `CreateModelCustomizationJob`; `files`: keys of the set and, if there is one, of the validation set.

    Raises:
        TrainingError: the recipe names no base, or one without its version.
    """
    values = {ours: getattr(recipe, ours) for ours in _NAMES}
    named = {_NAMES[ours]: _written(value) for ours, value in values.items() if value is not None} | dict(extra)
    data: dict[str, Any] = {"TrainingSet": {"TosBucket": place.bucket, "TosPaths": [files[0]]}}
    if len(files) > 1:
        data["ValidationSet"] = {"TosBucket": place.bucket, "TosPaths": [files[1]]}
    elif isinstance(recipe.validation, float) and recipe.validation:
        data["ValidationPercentage"] = round(recipe.validation * 100)
    body: dict[str, Any] = {
        "Name": name,
        "ProjectName": place.project,
        "CustomizationType": "FinetuneLoRA",
        "ModelReference": _reference(recipe.base),
        "Hyperparameters": [{"Name": key, "Value": value} for key, value in named.items()],
        "Data": data,
    }
    if recipe.save_every_epoch and recipe.epochs:
        body["SaveModelLimit"] = min(recipe.epochs, 10)
    return body


def _written(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    # Ark's values are texts; 5e-05 in full, as its own example has it
    return f"{value:.12f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value)


def _reference(base: str | None) -> dict[str, Any]:
    text = (base or "").strip()
    if text.startswith("cm-"):
        return {"CustomModelId": text}
    parts = re.fullmatch(r"([A-Za-z0-9][A-Za-z0-9._-]*?)(?:@|-(?=\d{6}$))([A-Za-z0-9._]+)", text)
    if parts is None:
        raise TrainingError(
            f"base: found {found(text)}; accepted for ark: a base model with its version, such as "
            "doubao-seed-1-6-250615 or NAME@VERSION, or the id of a model of your own (cm-...)"
        )
    return {"FoundationModel": {"Name": parts[1], "ModelVersion": parts[2]}}


def signed(
    method: str,
    url: str,
    headers: Mapping[str, str],
    body: bytes,
    *,
    keys: tuple[str, str, str],
    scope: tuple[str, str],
    moment: datetime,
) -> dict[str, str]:
    """The headers of a request with Volcengine's signature, version 4; `scope`: region and service, `ark` or `tos`.

    Args:
        keys: access key, secret key, and session token or nothing. The secret is not sent.
    """
    access, secret, token = keys
    region, service = scope
    algorithm, prefix = ("TOS4-HMAC-SHA256", "x-tos-") if service == "tos" else ("HMAC-SHA256", "x-")
    parts = urlsplit(url)
    stamp, digest = moment.strftime("%Y%m%dT%H%M%SZ"), hashlib.sha256(body).hexdigest()
    all_headers = {name.lower(): value for name, value in headers.items()} | {"host": parts.netloc}
    all_headers |= {f"{prefix}date": stamp, f"{prefix}content-sha256": digest}
    if token:
        all_headers[f"{prefix}security-token"] = token
    names = sorted(name for name in all_headers if name in ("host", "content-type") or name.startswith("x-"))
    query = "&".join(sorted(parts.query.split("&"))) if parts.query else ""
    lines = [f"{name}:{all_headers[name]}\n" for name in names]
    canonical = "\n".join([method, parts.path or "/", query, "".join(lines), ";".join(names), digest])
    day = f"{stamp[:8]}/{region}/{service}/request"
    to_sign = "\n".join([algorithm, stamp, day, hashlib.sha256(canonical.encode()).hexdigest()])
    key = secret.encode()
    for part in day.split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    signature = hmac.digest(key, to_sign.encode(), "sha256").hex()
    all_headers["authorization"] = (
        f"{algorithm} Credential={access}/{day}, SignedHeaders={';'.join(names)}, Signature={signature}"
    )
    return all_headers


def ark_keys(environ: Mapping[str, str]) -> tuple[str, str, str]:
    """Access key, secret key and session token, from the variables that Volcengine's own SDK reads."""
    access, secret = environ.get("VOLCENGINE_ACCESS_KEY", "").strip(), environ.get("VOLCENGINE_SECRET_KEY", "").strip()
    if not access or not secret:
        raise EndpointError(
            "ark: set VOLCENGINE_ACCESS_KEY and VOLCENGINE_SECRET_KEY (console, access control, API access keys); "
            "ARK_API_KEY is for answers and starts no training"
        )
    return access, secret, environ.get("VOLCENGINE_SESSION_TOKEN", "").strip()


def ark_upload(place: Ark, path: Path, keys: tuple[str, str, str]) -> str:
    """The key of a file in the bucket, where it is now. To upload one twice changes nothing."""
    key = place.key_of(path)
    url = f"{place.bucket_address}/{quote(key, safe='/~-_.')}"
    body = path.read_bytes()
    headers = signed(
        "PUT", url, {"content-type": "application/octet-stream"}, body,
        keys=keys, scope=(place.region, "tos"), moment=datetime.now(UTC),
    )  # fmt: skip
    with _client(place.bucket_address, "ark") as client:
        response = _sent(client, "TOS", ("PUT", url), headers, body)
    if response[0] >= 300:
        raise EndpointError(f"TOS refuses {path.name} ({response[0]}); it says: {_quoted(response[1])}")
    return key


def ark_call(place: Ark, action: str, body: Mapping[str, Any], keys: tuple[str, str, str]) -> dict[str, Any]:
    """The `Result` of one action of the management API.

    Raises:
        JobRefusedError: it refuses, with its own words.
        EndpointError: it cannot be reached, or fails.
    """
    url = f"{place.address}/?Action={action}&Version={_ARK_VERSION}"
    content = json.dumps(body, ensure_ascii=False).encode()
    headers = signed(
        "POST", url, {"content-type": "application/json"}, content,
        keys=keys, scope=(place.region, "ark"), moment=datetime.now(UTC),
    )  # fmt: skip
    with _client(place.address, "ark") as client:
        status, text = _sent(client, "Ark", ("POST", url), headers, content)
    value = _object(text)
    problem = _table(_table(value, "ResponseMetadata"), "Error")
    result = value.get("Result")
    if status >= 300 or problem or not isinstance(result, dict):
        said = f"{problem.get('Code', '')}: {problem.get('Message', '')}" if problem else text
        if _is_refusal(status) or (problem and status < 300):
            raise JobRefusedError(f"Ark refuses {action} ({status}); it says: {_quoted(said)}")
        raise EndpointError(f"Ark failed at {action} ({status}); it says: {_quoted(said)}; {_LOOK}")
    return result


def ark_state(place: Ark, job: str, keys: tuple[str, str, str]) -> JobState:
    """Where a job is, and the custom models that it made."""
    value = ark_call(place, "GetModelCustomizationJob", {"Id": job}, keys)
    status, listed = _table(value, "Status"), value.get("Outputs")
    outputs = [one for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []
    models = {str(one.get("Name") or one.get("Index")): str(one.get("CustomModelId") or "") for one in outputs}
    tokens = status.get("BillableTokens")
    phase = str(status.get("Phase") or "unknown")
    return JobState(
        id=job,
        state=_state(phase),
        said=phase,
        message=_quoted(str(status.get("Message") or value.get("Reason") or "")),
        models={name: model for name, model in models.items() if model},
        tokens=tokens if isinstance(tokens, int) else None,
    )


def _state(word: str) -> State:
    small = word.lower()
    return "done" if small in _DONE else "failed" if small in _FAILED else "running"


@contextmanager
def _client(address: str, provider: str) -> Iterator[Any]:
    """A client that trusts and goes through what a model's endpoint would; the provider's secret may go there.

    Raises:
        EndpointError: it may not (`HARNESS_ALLOW_KEY_HOSTS` names hosts that any key may go to).
    """
    from harness.endpoints.transport import httpx2

    access = Access(base_url=address)
    check_key(API_KEYS[provider], access, provider)
    proxy = proxy_for(address)
    with httpx2.Client(
        verify=ssl_context(access), proxy=proxy.url if proxy else None, trust_env=False, timeout=_TIMEOUT_S
    ) as client:
        yield client


def _sent(client: Any, who: str, request: tuple[str, str], headers: Mapping[str, str], body: bytes) -> tuple[int, str]:
    """Status and text of the answer; `request`: method and address."""
    from harness.endpoints.transport import httpx2

    try:
        with client.stream(*request, headers=dict(headers), content=body) as response:
            got = b""
            for piece in response.iter_bytes():
                got += piece
                if len(got) > _ANSWER_LIMIT:
                    raise EndpointError(f"{who}: sent more than {_ANSWER_LIMIT:,} bytes, which is not an answer")
            return response.status_code, got.decode("utf-8", "replace")
    except httpx2.HTTPError as error:
        raise EndpointError(f"{who} cannot be reached ({type(error).__name__}); run the same command again") from error


def _object(text: str) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def _table(value: Mapping[str, Any], name: str) -> dict[str, Any]:
    inner = value.get(name)
    return inner if isinstance(inner, dict) else {}


def id_of(value: Any) -> str:
    """The id of a job that was started. Raises EndpointError if the provider gives none."""
    if not isinstance(value, str) or not value:
        raise EndpointError("the provider gives no id of the job; look in its console whether it was started")
    return value


def _quoted(text: str, key: str = "") -> str:
    """A provider's own words on one line, without secrets; `key` may be of a variable whose name says nothing."""
    clean = Secrets.of_environment({**os.environ, "key": key}, ("key",)).redacted(text)
    return " ".join(clean.split())[:300]


# --- OpenAI's form


@contextmanager
def openai_client(base_url: str | None, key_variable: str) -> Iterator[Any]:
    """The openai client for an address, under the rules that a model's key has.

    Raises:
        EndpointError: the key is not set, or may not go there.
    """
    from openai import OpenAI

    from harness.endpoints.transport import httpx2

    access = Access(base_url=base_url, api_key_env=key_variable)
    key = os.environ.get(key_variable, "").strip()
    if not key:
        raise EndpointError(f"openai: the variable {key_variable} is not set; accepted: the key of {access.shown}")
    check_key(key_variable, access, "openai")
    proxy = proxy_for(access.address)
    with httpx2.Client(
        verify=ssl_context(access), proxy=proxy.url if proxy else None, trust_env=False, timeout=_TIMEOUT_S
    ) as http:
        yield OpenAI(api_key=key, base_url=access.address, http_client=http)


def openai_upload(client: Any, path: Path) -> str:
    """The id of an uploaded file."""
    with path.open("rb") as file:
        made = _asked(
            client, lambda: client.files.create(file=(path.name, file), purpose="fine-tune"), "no job was started"
        )
    if not isinstance(made.id, str) or not made.id:
        raise EndpointError("the provider gives no id of the file; no job was started")
    return made.id


def openai_submit(client: Any, recipe: Recipe, name: str, files: tuple[str, ...], extra: Mapping[str, str]) -> str:
    """Start the job, once: what may have been started is not asked for again. Gives its id; `files` are ids too."""
    numbers: dict[str, Any] = {"n_epochs": recipe.epochs, "batch_size": recipe.batch_size} | dict(extra)
    given = {key: value for key, value in numbers.items() if value is not None}
    once = client.with_options(max_retries=0)
    method = {"type": "supervised", "supervised": {"hyperparameters": given}}
    more: dict[str, Any] = {"validation_file": files[1]} if len(files) > 1 else {}
    more |= {"seed": recipe.seed} if recipe.seed is not None else {}
    made = _asked(
        client,
        lambda: once.fine_tuning.jobs.create(
            model=recipe.base, training_file=files[0], suffix=name[:64], method=method, **more
        ),
        _LOOK,
    )
    return id_of(made.id)


def openai_state(client: Any, job: str) -> JobState:
    """Where a job of OpenAI's form is."""
    value = _asked(client, lambda: client.fine_tuning.jobs.retrieve(job), "run the same command again")
    if not isinstance(value.status, str):
        raise EndpointError("the provider gives no state of the job; is the id right? Look in its console")
    problem = getattr(value.error, "message", value.error) if value.error else None
    model = value.fine_tuned_model
    return JobState(
        id=job,
        state=_state(str(value.status)),
        said=str(value.status),
        message=_quoted(str(problem or ""), client.api_key),
        models={"model": str(model)} if model else {},
        tokens=value.trained_tokens if isinstance(value.trained_tokens, int) else None,
    )


def _asked(client: Any, request: Any, advice: str) -> Any:
    """What the API answers, an object. Raises EndpointError for anything else; `advice` says what to do then."""
    import openai

    try:
        value = request()
    except openai.APIStatusError as error:
        hint = "; this address seems to have no fine-tuning API" if error.status_code in (404, 405) else ""
        said = f"({error.status_code}){hint}; it says: {_quoted(str(error.message), client.api_key)}"
        if _is_refusal(error.status_code):
            raise JobRefusedError(f"refused {said}") from error
        raise EndpointError(f"failed {said}; {advice}") from error
    except openai.APIConnectionError as error:
        raise EndpointError(f"the fine-tuning API cannot be reached ({type(error).__name__}); {advice}") from error
    except (openai.OpenAIError, ValueError) as error:  # JSON that is none, a body that cannot be read
        raise EndpointError(
            f"the fine-tuning API gives no answer to read ({type(error).__name__}); {advice}"
        ) from error
    if not isinstance(value, openai.BaseModel):
        said = _quoted(found(value), client.api_key)
        raise EndpointError(f"no answer of a fine-tuning API: {said}; is the address right? {advice}")
    return value


# --- the file of a job


def in_training(path: Path) -> str:
    """What is said of a job file that is there."""
    return (
        f"{path}: is there already, so this set may be in training; accepted: "
        f"`harness finetune status {as_word(path)}`, or --out for another job"
    )


def read_job(path: Path) -> JobFile:
    """A job file. Raises TrainingError if it cannot be read, or is something else."""
    try:
        return JobFile.model_validate_json(content_of(path, limit=1_000_000))
    except ValidationError as error:
        raise TrainingError(f"{path}: {explain(error, JobFile)}") from error
    except (OSError, UnfitFileError) as error:
        reason = getattr(error, "strerror", None) or error
        raise TrainingError(f"{path}: cannot be read: {reason}; accepted: a file that `submit` wrote") from error


def write_job(path: Path, job: JobFile, *, new: bool = False) -> None:
    """Write a job file; a `new` one must not be there yet: of two runs at one time one alone starts the job.

    Raises:
        TrainingError: it cannot be written, or is there; with the id, which is paid for.
    """
    try:
        with path.open("xb") if new else whole(path) as file:
            file.write((job.model_dump_json(exclude_none=True, indent=1) + "\n").encode())
    except FileExistsError as error:
        raise TrainingError(in_training(path)) from error
    except OSError as error:
        known = f"; the job {job.id} is started, keep its id" if job.id else ""
        raise TrainingError(f"{path}: cannot be written: {error.strerror or error}{known}") from error
