"""A reproduction for a provider's ticket: one request, its answer, the damage marked in it, and what was taken out."""

from __future__ import annotations

import json
import platform
import zipfile
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from harness.addresses import KEY_HOSTS, host_of, is_providers_host
from harness.errors import ConfigError, HarnessError
from harness.files import reason_of, whole
from harness.new_folder import new_folder
from harness.recording import Cassette, Interaction, Secrets
from harness.recording.cassette import cassettes_of
from harness.recording.secrets import without_personal
from harness.records.answer import ToolCall
from harness.records.case import HELD_OUT, texts_of
from harness.records.conversation import Part, check_answer, source_texts
from harness.records.run import GOOD, CaseResult, RunRecord, SampleResult
from harness.show.marked_text import answer_json, answer_markdown
from harness.show.sinks import code, markdown_block
from harness.show.words import phrase
from harness.text import SymbolTable

_IDENTIFYING = ("user", "metadata", "safety_identifier", "prompt_cache_key")
"""Fields of a request that say who asked for whom."""
_REMOVED = "[removed]"
_SECRET = "secret"  # noqa: S105
_PACKAGES = ("pytest-verbatim", "openai", "httpx", "httpx2")


@dataclass(slots=True)
class Redaction:
    """Takes out what must not leave the project.

    `kept`: strings that the ticket is about. `found`: kind and value of what was taken out.
    """

    secrets: Secrets
    kept: Sequence[str]
    found: set[tuple[str, str]] = field(default_factory=set)

    def text(self, text: str) -> str:
        """Without secrets, and without what names a person by its form."""
        clean = self.secrets.redacted(text)
        if clean != text:
            self.found.add((_SECRET, text))
        return without_personal(clean, self.kept, self.found)

    def value(self, value: Any) -> Any:
        """The same for decoded JSON, names of its fields included."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, list | tuple):
            return [self.value(one) for one in value]
        if isinstance(value, dict):
            return {self.text(name): self.value(one) for name, one in value.items()}
        return value

    def request(self, body: dict[str, Any]) -> dict[str, Any]:
        """The same for the body of a request, without the fields that say who asked."""
        self.found |= {(f"field {name}", "") for name in _IDENTIFYING if name in body}
        return {name: _REMOVED if name in _IDENTIFYING else self.value(one) for name, one in body.items()}

    @property
    def names(self) -> dict[str, int]:
        """How many of each kind were found."""
        return dict(sorted(Counter(kind for kind, _ in self.found).items()))


@dataclass(frozen=True, slots=True)
class Bundle:
    """Files by name, in the order in which they are written, and what was taken out of them, by kind."""

    case: str
    label: str
    outcome: str
    files: dict[str, str]
    redacted: dict[str, int]
    warnings: tuple[str, ...]


def bundle(
    run: RunRecord,
    case: CaseResult,
    cassettes: Path,
    secrets: Secrets,
    symbols: SymbolTable,
    *,
    live: Path | None = None,
) -> Bundle:
    """The first bad sample of a case, with its request and answer as they were recorded.

    Args:
        cassettes: the folder of all cassettes. Without a recording, request and answer are those of the run record.
        live: the file of a live run, which keeps its answers beside its record.
        secrets: what must be found nowhere.

    Raises:
        ConfigError: the case is held out, or there is nothing to report.
        HarnessError: a secret would be left; nothing is made then.
    """
    if HELD_OUT in case.tags:
        raise ConfigError(f"{case.key}: is held out; its strings stay in the project. Accepted: another case")
    sample = next((one for one in case.samples if one.outcome not in GOOD), None)
    if sample is None:
        raise ConfigError(f"{case.key}: {run.label} answered it rightly (run {run.run_id}); there is nothing to report")
    hidden = Redaction(secrets, case.targets)
    recorded = _recording(run, case, sample, cassettes, live)
    request = hidden.request(dict(recorded.request) if recorded else _request_of(run, case))
    name, answer = _response(recorded, sample, hidden)
    shown = _redacted_sample(sample, hidden)
    sources = [hidden.text(text) for text in texts_of(case.messages)]
    parts = [Part(shown.output, "text")] if shown.output.strip() or not shown.tool_calls else []
    parts += [Part(call.arguments, "tool", ("tool_calls", at)) for at, call in enumerate(shown.tool_calls)]
    result = check_answer(sources, parts, case.targets or None, symbols=symbols)
    checks = [f"{one.check}: {hidden.text(one.detail)}" for one in sample.checks if not one.passed]
    lost = [one for one in case.targets if any(one in text for text in texts_of(case.messages))
            and not any(one in text for text in sources)]  # fmt: skip
    warnings = [phrase("bundle-lost", target=code(one)) for one in lost]
    warnings += [] if recorded else [phrase("bundle-not-recorded")]
    damage = {"case": case.key, "outcome": sample.outcome, "reason": sample.reason, **answer_json(result)}
    about = _about(run, sample)
    files = {
        "request.json": _json(request),
        name: answer,
        "damage.json": _json({**damage, "failed_checks": checks}),
        "versions.json": _json({**about, "redacted": hidden.names}),
    }
    marked = [answer_markdown(result).rstrip(), *(f"- {code(one)}" for one in checks)] if case.targets or checks else []
    taken = [phrase("bundle-redacted", kind=kind, n=count) for kind, count in hidden.names.items()]
    became = phrase(f"kind-{sample.outcome}") + (f" ({code(sample.reason)})" if sample.reason else "")
    title = "bundle-title-omitted" if sample.outcome == "omitted" else "bundle-title"
    lines = [f"# {phrase(title, model=code(str(about['model'])), case=code(case.key))}", ""]
    lines += [phrase("bundle-became", outcome=became), "", *marked]
    for heading, body in _sections(
        run, shown, about, name, [*(taken or [phrase("bundle-nothing-redacted")]), *warnings]
    ):
        lines += ["", f"## {phrase(heading)}", "", *body]
    files = {"README.md": "\n".join(lines) + "\n", **files}
    if any(secrets.found_in(text) for text in files.values()):
        raise HarnessError(f"{case.key}: a secret of this environment would be left in the bundle; nothing was written")
    return Bundle(case.key, run.label, sample.outcome, files, hidden.names, tuple(warnings))


def _recording(
    run: RunRecord, case: CaseResult, sample: SampleResult, folder: Path, live: Path | None
) -> Interaction | None:
    """What was sent and came back for this sample: the newest with the same texts, of the version or one it is from."""
    asked = list(texts_of(case.messages))
    for label in (run.label, *run.lineage):
        paths = sorted(cassettes_of(folder, label), key=lambda path: (path.stem != case.suite, path.name))
        own = [live] if label == run.label and live is not None and live.is_file() else []
        for path in (*own, *paths):
            cassette = Cassette(path)
            alike = [
                one for one in _all(cassette) if one.sample == sample.sample and source_texts(one.request) == asked
            ]
            exact = [one for one in alike if one.recorded_at == sample.recorded_at]
            if exact or alike:
                return (exact or alike)[-1]
    return None


def _all(cassette: Cassette) -> Iterator[Interaction]:
    return (one for key in cassette.keys() if (one := cassette.get(key)) is not None)  # noqa: SIM118


def _request_of(run: RunRecord, case: CaseResult) -> dict[str, Any]:
    """Of the record alone: tools and response format of the case are not in it."""
    settings = run.configuration
    given = ("temperature", "max_tokens", "seed")
    kept: dict[str, Any] = {name: settings[name] for name in given if name in settings}
    return {"model": settings.get("model", run.model), "messages": list(case.messages), **kept}


def _response(recorded: Interaction | None, sample: SampleResult, hidden: Redaction) -> tuple[str, str]:
    """Name and content of the file of the answer.

    A stream is given as it came where there is nothing to take out of it; else as the text that it adds up to, since
    what was found may be spread over several pieces.
    """
    if recorded is not None:
        try:
            answer = json.loads(recorded.body)
            plain = _without_tokens(answer)
            clean = hidden.value(plain)
            # tokens spell again, piece by piece, what was taken out of the text
            return "response.json", _json(clean if clean != plain else hidden.value(answer))
        except (ValueError, RecursionError):
            before = hidden.found.copy()
            judged = _redacted_sample(sample, hidden)
            if hidden.text(recorded.body) == recorded.body and hidden.found == before and judged == sample:
                return "response.txt", recorded.body
            hidden.found = before
    shown = _redacted_sample(sample, hidden)
    plain = {"content": shown.raw_output or shown.output, "finish_reason": sample.finish_reason}
    calls = [{"name": call.name, "arguments": call.arguments} for call in shown.tool_calls]
    return "response.json", _json({**plain, **({"tool_calls": calls} if calls else {})})


_TOKENS = ("logprobs", "logprobsResult", "logprobs_result", "prompt_logprobs", "prompt_token_ids", "token_ids")


def _without_tokens(answer: Any) -> Any:
    if isinstance(answer, list):
        return [_without_tokens(one) for one in answer]
    if isinstance(answer, dict):
        return {name: _REMOVED if name in _TOKENS and one else _without_tokens(one) for name, one in answer.items()}
    return answer


def _redacted_sample(sample: SampleResult, hidden: Redaction) -> SampleResult:
    calls = tuple(ToolCall(name=one.name, arguments=hidden.text(one.arguments)) for one in sample.tool_calls)
    raw = None if sample.raw_output is None else hidden.text(sample.raw_output)
    return sample.model_copy(update={"output": hidden.text(sample.output), "raw_output": raw, "tool_calls": calls})


def _about(run: RunRecord, sample: SampleResult) -> dict[str, Any]:
    """Versions of everything that had a part in it; hosts are named where they are a provider's own."""
    host = host_of(str(run.configuration.get("base_url") or ""))
    public = any(is_providers_host(host, variable) for variable in KEY_HOSTS)
    values = {
        "model": sample.resolved_model or run.configuration.get("model", run.model),
        "asked as": run.label,
        "host": host if public else _REMOVED if host else None,
        "recorded at": sample.recorded_at,
        "system fingerprint": sample.system_fingerprint,
        "runtime": sample.runtime,
        "finish reason": sample.finish_reason,
        "run": run.run_id,
        "harness that asked": run.harness_version,
        "Python": platform.python_version(),
        **{name: _version(name) for name in _PACKAGES},
    }
    return {name: value for name, value in values.items() if value}


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _sections(
    run: RunRecord, sample: SampleResult, about: dict[str, Any], answer: str, taken: Sequence[str]
) -> Iterator[tuple[str, list[str]]]:
    """What follows the damage in the README: heading and lines."""
    text = sample.output or "\n".join(call.arguments for call in sample.tool_calls)
    yield "bundle-answer", [markdown_block(text)]
    kind = run.configuration.get("kind", "openai")
    again = [phrase("bundle-files", answer=code(answer))]
    if kind not in ("callable", "outputs"):
        path = "/responses" if kind == "responses" else "/chat/completions"
        command = (
            f'$ curl -sS "$BASE_URL{path}" -H "Authorization: Bearer $API_KEY" -H "Content-Type: application/json"'
        )
        again = ["```console", f"{command} -d @request.json", "```", "", *again]
    yield "bundle-again", again
    yield "bundle-versions", [f"- {name}: {code(str(value), blanks=False)}" for name, value in about.items()]
    yield "bundle-taken", [*(f"- {one}" for one in taken), "", phrase("bundle-read-it")]


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, indent=1) + "\n"


def write(made: Bundle, out: Path) -> list[Path]:
    """The files in a new folder, or in a new ZIP file where `out` ends with `.zip`. Gives what was written.

    Raises:
        ConfigError: `out` is there already, or cannot be written.
    """
    if out.exists() or out.is_symlink():
        raise ConfigError(f"--out: {out} is there already, and nothing is overwritten; accepted: a new name")
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        if out.suffix.lower() == ".zip":
            with whole(out) as file, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
                for name, text in made.files.items():
                    # a fixed date: the same case gives the same file
                    entry = zipfile.ZipInfo(f"{out.stem}/{name}")
                    entry.external_attr = 0o644 << 16
                    content = text.encode("utf-8", "backslashreplace")
                    archive.writestr(entry, content, zipfile.ZIP_DEFLATED)
            return [out]
        with new_folder(out) as folder:
            for name, text in made.files.items():
                (folder / name).write_bytes(text.encode("utf-8", "backslashreplace"))
    except OSError as error:
        raise ConfigError(f"--out: {out} cannot be written: {reason_of(error)}") from error
    return [out / name for name in made.files]
