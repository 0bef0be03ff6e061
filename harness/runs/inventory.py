"""What is in the cassettes, held against what the suites and models of now would ask."""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from harness.config import HarnessConfig, ModelConfig
from harness.endpoints.access import Access
from harness.endpoints.chat import key_from
from harness.endpoints.parse import Answer
from harness.endpoints.retry import Retrying
from harness.errors import CassetteError, HarnessError, set_variable
from harness.recording import from_line, lines
from harness.recording.cassette import cassettes_of, file_of, stored_at
from harness.records.answer import request_key
from harness.records.case import Case
from harness.runs.judge import Judge
from harness.runs.requests import body_for, opened
from harness.suite import case_files, default_cases, load_cases


@dataclass(slots=True)
class Holding:
    """One cassette. Times are ISO 8601 in UTC; line numbers count from 1.

    `missing` counts cases without an answer (of the first sample); `unused` are lines that no case of any configured
    model asks for any more, `superseded` those that a later line with the same key replaced.
    """

    path: Path
    label: str
    suite: str
    recorded: int = 0
    missing: int = 0
    unused: list[int] = field(default_factory=list)
    superseded: list[int] = field(default_factory=list)
    oldest: str | None = None
    newest: str | None = None
    resolved: list[str] = field(default_factory=list)
    runtimes: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    configured: bool = True
    file: tuple[int, int] | None = None
    """Which file was read, for `recorder.without`: its lines have these numbers, and those of another have not."""


def holdings(config: HarnessConfig, models: Sequence[ModelConfig]) -> list[Holding]:
    """All cassettes that are there or ought to be, by model version and suite.

    Args:
        models: all configured models, for a derived one reads the cassettes of those it comes from.
    """
    suites = _suites(config)
    asked = _by_suite(case for root in config.suites for case in default_cases(config.root / root))
    folder = config.root / config.cassettes
    wanted = {model.label: model for model in models if model.kind != "outputs"}
    places = {(label, suite): folder / label / f"{suite}.jsonl" for label in wanted for suite in suites}
    for path in cassettes_of(folder):
        places.setdefault((path.parent.name, path.stem), path)
    found = []
    for (label, suite), path in sorted(places.items()):
        readers = [model for model in wanted.values() if label in (model.label, *model.lineage)]
        cases = suites.get(suite, [])
        kept = stored_at(path)
        holding = Holding(kept or path, label, suite, configured=label in wanted)
        present = _read(holding, [(model, case) for model in readers for case in cases])
        if label in wanted:
            own = wanted[label]
            inherited = [p for base in own.lineage if stored_at(p := folder / base / f"{suite}.jsonl")]
            present |= _keys(inherited)
            wanted_cases = asked.get(suite, cases)
            holding.missing = sum(request_key(body_for(case, own), 0) not in present for case in wanted_cases)
        if holding.recorded or kept or (label in wanted and suite in asked):
            found.append(holding)
    return found


def _suites(config: HarnessConfig) -> dict[str, list[Case]]:
    files = [path for root in config.suites for path in case_files(config.root / root)]
    return _by_suite(located.case for path in files for located in load_cases(path))


def _by_suite(cases: Iterable[Case]) -> dict[str, list[Case]]:
    suites: dict[str, list[Case]] = {}
    for case in cases:
        suites.setdefault(case.suite, []).append(case)
    return suites


def _read(holding: Holding, asked: Iterable[tuple[ModelConfig, Case]]) -> set[str]:
    """Fill a holding from its file; the keys that it answers. Samples of one request are used or unused together."""
    bodies = {request_key(body_for(case, model), 0) for model, case in asked}
    places: dict[str, int] = {}
    moments: list[str] = []
    resolved: dict[str, None] = {}
    runtimes: dict[str, None] = {}
    holding.file = file_of(holding.path)
    try:
        for line in lines(holding.path):
            if line.torn:
                holding.problems.append(f"{line.number}: torn")
                continue
            try:
                interaction = from_line(line.content)
            except CassetteError as error:
                holding.problems.append(f"{line.number}: {error}")
                continue
            if interaction.key in places:
                holding.superseded.append(places[interaction.key])
            places[interaction.key] = line.number
            if request_key(interaction.request, 0) not in bodies:
                holding.unused.append(line.number)
            moments += [interaction.recorded_at] if interaction.recorded_at else []
            resolved |= {interaction.model: None} if interaction.model else {}
            runtimes |= {interaction.runtime: None} if interaction.runtime else {}
    except CassetteError as error:
        holding.problems.append(str(error).removeprefix(f"{holding.path}:"))
    holding.recorded = len(places)
    holding.oldest, holding.newest = (min(moments), max(moments)) if moments else (None, None)
    holding.resolved, holding.runtimes = list(resolved), list(runtimes)
    return set(places)


def _keys(paths: Iterable[Path]) -> set[str]:
    from harness.recording import Cassette

    keys: set[str] = set()
    for path in paths:
        try:
            keys |= set(Cassette(path).keys())
        except CassetteError:
            continue  # it has a row of its own, which tells
    return keys


_THIS_COMMAND = " run: harness models check"
"""How an error of the endpoint ends that sends a user here."""


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """One thing that was looked at."""

    ok: bool
    what: str
    remedy: str = ""


def diagnose(config: HarnessConfig, model: ModelConfig) -> list[Diagnosis]:
    """Key, endpoint and cassettes, in the order in which a run would meet them. Sends one request."""
    findings = [Diagnosis(True, f"{model.label}: kind {model.kind}")]
    if model.kind == "outputs":
        return [*findings, _file(config.root / (model.outputs or ""), "outputs")]
    if model.api_key_env:
        try:
            key_from(model.api_key_env, model.name)
            access = Access(base_url=model.base_url)
            where = access.host or "an address that is none"
            findings.append(Diagnosis(True, f"the variable {model.api_key_env} is set; its key goes to {where}"))
        except HarnessError as error:
            return [*findings, Diagnosis(False, str(error), set_variable(model.api_key_env))]
    findings.append(_endpoint(config, model))
    findings.append(_cassettes(config, model))
    return findings


def _file(path: Path, name: str) -> Diagnosis:
    if path.is_file():
        return Diagnosis(True, f"{name}: {path}")
    return Diagnosis(False, f"{name}: no file {path}", f"set {name} to a file of JSON lines")


def _first_case(config: HarnessConfig) -> Case | None:
    for root in config.suites:
        for path in case_files(config.root / root):
            for located in load_cases(path):
                return located.case
    return None


def _endpoint(config: HarnessConfig, model: ModelConfig) -> Diagnosis:
    """Sends the very body of the project's first case: what it meets, a run would meet."""
    case = _first_case(config)
    what = case.key if case else "a short request"
    case = case or _SHORT
    retrying = Retrying(attempts=2)
    try:
        with opened(model, config.root, retrying=retrying) as endpoint:

            async def ask() -> Answer:
                try:
                    return await endpoint.ask(body_for(case, model))
                finally:
                    await endpoint.aclose()

            answer = asyncio.run(ask())
    except HarnessError as error:
        return Diagnosis(False, str(error).removesuffix(_THIS_COMMAND).rstrip("; ,"))
    completion = Judge(model).sample(case, answer.completion, 0)
    if completion.reason is not None:
        said = f"; it says: {answer.said}" if answer.said else ""
        remedy = f"set {answer.setting}" if answer.setting else _REMEDIES.get(completion.reason, _COMPARE)
        return Diagnosis(False, f"the answer to {what} cannot be judged ({completion.reason}){said}", remedy)
    resolved = completion.resolved_model or "a model that it does not name"
    changes = getattr(endpoint, "changes", ())
    sent = f", sent {', '.join(changes)}" if changes else ""
    settings = getattr(endpoint, "settings", ())
    return Diagnosis(
        True,
        f"the endpoint answers {what} as {resolved}{sent}",
        f"to send it so from the start: set {' and '.join(settings)}" if settings else "",
    )


_SHORT = Case(
    suite="check",
    id="short",
    domain="check",
    language="en",
    task="copy",
    messages=({"role": "user", "content": "Say OK."},),
    targets=("OK",),
    required=(),
)
_COMPARE = "ask the same with curl and compare"
_REMEDIES = {
    "length": "raise max_tokens: nothing that is cut off is judged",
    "only_reasoning": "raise max_tokens, or switch reasoning off in extra_body",
    "timeout": "raise timeout_s, or ask a model that is awake",
}


def _cassettes(config: HarnessConfig, model: ModelConfig) -> Diagnosis:
    from harness.records.answer import request_key
    from harness.runs.answers import Replay
    from harness.runs.requests import body_for

    replay = Replay(config.root / config.cassettes, model)
    missing = total = 0
    for root in config.suites:
        for case in default_cases(config.root / root):
            total += 1
            missing += replay.get(case.suite, request_key(body_for(case, model), 0)) is None
    if not total:
        return Diagnosis(False, f"no cases under {', '.join(config.suites)}", "run: harness init")
    if missing:
        # not a fault of the set-up: a new model has none yet. `harness cassettes status` fails on it
        remedy = f"run: pytest --model={model.name} --cassette-mode=record"
        return Diagnosis(True, f"cassettes: {missing} of {total} answers are not recorded yet", remedy)
    return Diagnosis(True, f"cassettes: all {total} answers are recorded")
