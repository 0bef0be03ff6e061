"""What lies in the cassettes, held against what the suites and models of now would ask."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from harness.config import HarnessConfig, ModelConfig
from harness.recording import from_line, lines
from harness.records.case import Case
from harness.records.errors import CassetteError
from harness.records.request import request_key
from harness.runner.prompting import body_for
from harness.suite import case_files, load_cases


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


def holdings(config: HarnessConfig, models: Sequence[ModelConfig]) -> list[Holding]:
    """All cassettes that are there or ought to be, by model version and suite.

    Args:
        models: all configured models, for a derived one reads the cassettes of those it comes from.
    """
    suites = _suites(config)
    folder = config.root / config.cassettes
    wanted = {model.label: model for model in models if model.kind != "outputs"}
    places = {(label, suite): folder / label / f"{suite}.jsonl" for label in wanted for suite in suites}
    for path in sorted(folder.glob("*@*/*.jsonl")):
        places.setdefault((path.parent.name, path.stem), path)
    found = []
    for (label, suite), path in sorted(places.items()):
        readers = [model for model in wanted.values() if label in (model.label, *model.lineage)]
        cases = suites.get(suite, [])
        holding = Holding(path, label, suite, configured=label in wanted)
        present = _read(holding, [(model, case) for model in readers for case in cases])
        if label in wanted:
            own = wanted[label]
            inherited = [p for base in own.lineage if (p := folder / base / f"{suite}.jsonl").is_file()]
            present |= _keys(inherited)
            holding.missing = sum(request_key(body_for(case, own), 0) not in present for case in cases)
        if holding.recorded or path.is_file() or (label in wanted and cases):
            found.append(holding)
    return found


def _suites(config: HarnessConfig) -> dict[str, list[Case]]:
    suites: dict[str, list[Case]] = {}
    for root in config.suites:
        for path in case_files(config.root / root):
            for located in load_cases(path):
                suites.setdefault(located.case.suite, []).append(located.case)
    return suites


def _read(holding: Holding, asked: Iterable[tuple[ModelConfig, Case]]) -> set[str]:
    """Fill a holding from its file; the keys that it answers. Samples of one request are used or unused together."""
    bodies = {request_key(body_for(case, model), 0) for model, case in asked}
    places: dict[str, int] = {}
    moments: list[str] = []
    resolved: dict[str, None] = {}
    runtimes: dict[str, None] = {}
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
