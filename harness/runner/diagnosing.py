"""Looking at a model's set-up before a run: each finding with its remedy."""

import asyncio
from dataclasses import dataclass
from pathlib import Path

from harness.config import HarnessConfig, ModelConfig
from harness.endpoints.chat import key_from
from harness.records.errors import HarnessError
from harness.runner.opening import opened
from harness.suite import case_files, load_cases

_THIS_COMMAND = " run: harness models check"
"""How an error of the endpoint ends that sends a user here."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at."""

    ok: bool
    what: str
    remedy: str = ""


def diagnose(config: HarnessConfig, model: ModelConfig) -> list[Finding]:
    """Key, endpoint and cassettes, in the order in which a run would meet them. Sends one short request."""
    findings = [Finding(True, f"{model.label}: kind {model.kind}")]
    if model.kind == "outputs":
        return [*findings, _file(config.root / (model.outputs or ""), "outputs")]
    if model.api_key_env:
        try:
            key_from(model.api_key_env, model.name)
            findings.append(Finding(True, f"the variable {model.api_key_env} is set"))
        except HarnessError as error:
            return [*findings, Finding(False, str(error), f"export {model.api_key_env}=...")]
    findings.append(_endpoint(config, model))
    findings.append(_cassettes(config, model))
    return findings


def _file(path: Path, name: str) -> Finding:
    if path.is_file():
        return Finding(True, f"{name}: {path}")
    return Finding(False, f"{name}: no file {path}", f"set {name} to a file of JSON lines")


def _endpoint(config: HarnessConfig, model: ModelConfig) -> Finding:
    body = {"model": model.request_model, "messages": [{"role": "user", "content": "Say OK."}], "max_tokens": 8}
    body |= {"temperature": model.temperature} if model.temperature != "default" else {}
    try:
        with opened(model, config.root, max_concurrency=1) as endpoint:

            async def ask() -> object:
                try:
                    return await endpoint.ask(body)
                finally:
                    await endpoint.aclose()

            answer = asyncio.run(ask())
    except HarnessError as error:
        return Finding(False, str(error).removesuffix(_THIS_COMMAND).rstrip("; ,"))
    completion = getattr(answer, "completion", None)
    reason = getattr(completion, "unusable", None)
    if reason not in (None, "length"):
        return Finding(False, f"the endpoint answered, but not usably: {reason}", "ask the same with curl and compare")
    resolved = getattr(completion, "model", None) or "a model that it does not name"
    return Finding(True, f"the endpoint answers as {resolved}")


def _cassettes(config: HarnessConfig, model: ModelConfig) -> Finding:
    from harness.records.request import request_key
    from harness.runner.prompting import body_for
    from harness.runner.replaying import Replay

    replay = Replay(config.root / config.cassettes, model)
    missing = total = 0
    for root in config.suites:
        for path in case_files(config.root / root):
            for located in load_cases(path):
                total += 1
                missing += replay.get(located.case.suite, request_key(body_for(located.case, model), 0)) is None
    if not total:
        return Finding(False, f"no cases under {', '.join(config.suites)}", "run: harness init")
    if missing:
        remedy = f"run: pytest --model={model.name} --cassette-mode=record"
        return Finding(False, f"cassettes: {missing} of {total} answers are missing", remedy)
    return Finding(True, f"cassettes: all {total} answers are recorded")
