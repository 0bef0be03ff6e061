"""`harness cassettes`: what is recorded, whether it is sound and free of secrets, and what is no longer needed."""

from __future__ import annotations

import json
import os
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import click

from harness import config as configuration
from harness.cli.arguments import CommandGroup, tell
from harness.errors import CassetteError, ConfigError
from harness.text.visible import show

if TYPE_CHECKING:
    from collections.abc import Sequence

    from harness.config import HarnessConfig, ModelConfig
    from harness.runs.inventory import Holding


_FORMS = (".jsonl", ".jsonl.gz")
_MOST_SHOWN = 50
"""Problems of one kind and cassette on a screen: one line of a merge that went wrong is like the next ten thousand."""
_MOST_LINES = 500
"""Of one kind in all cassettes."""


@click.group(cls=CommandGroup)
def cassettes() -> None:
    """Recorded answers: status, verify, compact, prune, import, export."""


@cassettes.command()
@click.argument("names", nargs=-1, metavar="[NAME[@VERSION]]...")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
def status(names: tuple[str, ...], as_json: bool) -> int:
    """How much is recorded and how old, what is missing, and what no case asks for any more.

    Exit 1 if an answer is missing or a line cannot be read.
    """
    config, found = _holdings(names)
    if as_json:
        for holding in found:
            click.echo(json.dumps(_holding_json(holding, config), ensure_ascii=False))
    elif found:
        tell("\n".join(_table(found, config)))
    if not found:
        tell("no cassettes; `pytest --model=NAME --cassette-mode=record` makes one", err=True)
    return 1 if any(holding.missing or holding.problems for holding in found) else 0


@cassettes.command()
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
def verify(paths: tuple[Path, ...], as_json: bool) -> int:
    """Look at every line: can it be replayed, and does it hold a secret? Exit 1 if a line is not as it should be.

    Without PATHS all cassettes of the project; PATHS may be files or folders. Looks for the values of this
    environment's keys, and for what has the shape of a key. What is found is named and never shown.
    """
    from harness.recording.application import problems_of_http
    from harness.recording.secrets import problems
    from harness.show.figures import plural
    from harness.show.words import translated

    config, models = _models()
    secrets = _secrets(models)
    files = _files(paths or (config.root / config.cassettes,))
    count = left = 0
    everywhere: Counter[str] = Counter()
    for path in files:
        alike: Counter[str] = Counter()
        for problem in (problems if path.name.endswith(_FORMS) else problems_of_http)(path, secrets):
            count += 1
            kind = " ".join(problem.message.split()[:2])
            alike[kind] += 1
            if as_json:
                place = {"file": str(path), "line": problem.line, "problem": problem.message}
                click.echo(json.dumps(place, ensure_ascii=False))
            elif alike[kind] <= _MOST_SHOWN and everywhere[kind] < _MOST_LINES:
                everywhere[kind] += 1
                where = f"{_shown(path, config)}:{f'{problem.line}:' if problem.line else ''}"
                click.echo(f"{where} {translated(problem.message)}")
            else:
                left += 1
    if left:
        tell(_further(left))
    tell(f"{plural(len(files), 'cassette')}, {plural(count, 'problem')}", err=True)
    return 1 if count else 0


@cassettes.command("compact")
@click.argument("names", nargs=-1, metavar="[NAME[@VERSION]]...")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def compact(names: tuple[str, ...], as_json: bool) -> int:
    """Pack cassettes (`.jsonl.gz`), to about a fifth of their size. Nothing is lost, and replay and all commands read
    them. All without NAME.

    Recording into one unpacks it first, and so does `gunzip`. Pack what is not recorded again: git packs plain ones by
    itself, and shows what changed in them. Exit 1 if one cannot be packed; it stays as it is.

    \b
    $ harness cassettes compact tuned@v1
    """
    from harness.recording.cassette import cassettes_of, stored_at
    from harness.recording.recorder import compact as packed_form

    config = configuration.load(Path.cwd())
    sizes: dict[str, list[int]] = {}
    problems: list[str] = []
    every = cassettes_of(config.root / config.cassettes)
    _known(names, sorted({path.parent.name for path in every}))
    for path in every:
        label, before = path.parent.name, stored_at(path)
        if before != path or (names and not {label, label.partition("@")[0]}.intersection(names)):
            continue
        size = path.stat().st_size
        try:
            packed = packed_form(path)
        except CassetteError as error:
            problems.append(str(error))
            continue
        of = sizes.setdefault(label, [0, 0, 0])
        of[:] = [of[0] + 1, of[1] + size, of[2] + packed.stat().st_size]
    if as_json:
        keys = ("cassettes", "bytes_before", "bytes_after")
        click.echo(json.dumps({"packed": {label: dict(zip(keys, of, strict=True)) for label, of in sizes.items()}}))
    else:
        for label, (count, plain, small) in sizes.items():
            tell(f"{show(label)}: {count:,} packed, {plain / 1e6:.1f} MB to {small / 1e6:.1f} MB")
    for problem in problems:
        tell(f"not packed: {problem}", err=True)
    if not sizes and not problems and not as_json:
        tell("nothing to pack: all cassettes are packed, or there is none", err=True)
    return 1 if problems else 0


@cassettes.command()
@click.argument("names", nargs=-1, metavar="[NAME[@VERSION]]...")
@click.option("--delete", is_flag=True, help="Take them out. Without, it is only said what would go.")
@click.option("--dry-run", is_flag=True, help="Only say what would go, as without --delete.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
def prune(names: tuple[str, ...], delete: bool, dry_run: bool, as_json: bool) -> int:
    """Which answers no case asks for any more, or a later one replaced; with --delete they are taken out.

    The cases are those of all configured models. A version that pyproject.toml no longer names keeps its cassettes,
    unless it is NAMEd here. The other lines stay byte for byte. An edited case that is put back finds its answers again
    while they are there; what is taken out must be asked again.

    \b
    $ harness cassettes prune
    $ harness cassettes prune tuned@v1 --delete
    """
    from harness.recording.recorder import without

    if delete and dry_run:
        raise ConfigError("--dry-run: found together with --delete; accepted: one of them")
    config, found = _holdings(names)
    taken = 0
    for holding in found:
        if not holding.configured and not names:
            continue
        if holding.problems:
            raise CassetteError(
                f"{holding.path}:{holding.problems[0]}; nothing was taken out of it. Run: harness cassettes verify"
            )
        gone = {*holding.unused, *holding.superseded}
        if gone and delete:
            without(holding.path, gone, file=holding.file)
        if as_json:
            click.echo(json.dumps({"file": str(holding.path), "lines": len(gone), "dry_run": not delete}))
        elif gone:
            verb = "took out" if delete else "would take out"
            tell(f"{_shown(holding.path, config)}: {verb} {len(gone)} lines")
        taken += len(gone)
    if not taken and not as_json:
        tell("nothing to take out", err=True)
    if taken and not delete:
        tell("nothing was taken out; the same with --delete does it", err=True)
    return 0


@cassettes.command("import")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--model", "name", required=True, metavar="NAME", help="The model that gave the answers.")
@click.option("--suite", required=True, metavar="SUITE", help="The suite whose cassette they go into.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def import_(file: Path, name: str, suite: str, as_json: bool) -> int:
    """Take chat completions over from a cassette that stock vcrpy wrote, in JSON or YAML.

    Request headers, cookies and the like stay behind. Answers that are in the cassette already are not replaced.

    \b
    $ harness cassettes import vcr.yaml --model tuned --suite symbols
    """
    from harness.recording import Cassette, Recorder, UnfitAnswerError
    from harness.recording.vcr import read
    from harness.records.answer import request_key
    from harness.runs.answers import cassette_path

    config, models = _models()
    model = configuration.model(config, name)
    if not _is_suite_name(suite):
        raise ConfigError(f"--suite: found {suite!r}; accepted: the name of a suite's folder")
    path = cassette_path(config.root / config.cassettes, model.label, suite)
    present = set(Cassette(path).keys())
    taken, passed_over = 0, []
    recorder = Recorder(path, secrets=_secrets([*models, model]))
    try:
        for imported in read(file):
            if imported.exchange is None:
                passed_over.append(f"{imported.number}: {imported.reason}")
                continue
            if request_key(json.loads(imported.exchange.request_body), imported.sample) in present:
                passed_over.append(f"{imported.number}: recorded already")
                continue
            try:
                recorder.append(imported.exchange, sample=imported.sample, model=None, runtime="imported")
            except UnfitAnswerError as error:
                passed_over.append(f"{imported.number}: {error.reason}")
                continue
            taken += 1
    finally:
        recorder.close()
    if as_json:
        click.echo(json.dumps({"file": str(path), "imported": taken, "passed_over": passed_over}))
        return 0
    tell(f"{_shown(path, config)}: {taken} imported, {len(passed_over)} skipped")
    for line in passed_over:
        tell(f"  interaction {line}", err=True)
    return 0


@cassettes.command()
@click.argument("cassette", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--out", required=True, type=click.Path(path_type=Path, dir_okay=False), help="FILE.yaml or FILE.json.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def export(cassette: Path, out: Path, as_json: bool) -> int:
    """Write a cassette as stock vcrpy writes its own, in YAML or JSON. Of answers that were replaced, the last one.

    \b
    $ harness cassettes export cassettes/tuned@v1/symbols.jsonl --out symbols.yaml
    """
    from harness.recording.vcr import export as written_for_vcrpy

    count = written_for_vcrpy(cassette, out)
    click.echo(json.dumps({"file": str(out), "exported": count}) if as_json else f"{out}: {count} exported")
    return 0


def _further(problems: int) -> str:
    return f"{problems:,} further problems of the same kinds; all of them: --json"


def _models() -> tuple[HarnessConfig, list[ModelConfig]]:
    config = configuration.load(Path.cwd())
    return config, [configuration.model(config, name) for name in config.models]


def _holdings(names: Sequence[str]) -> tuple[HarnessConfig, list[Holding]]:
    from harness.runs.inventory import holdings

    config, models = _models()
    found = holdings(config, models)
    _known(names, sorted({holding.label for holding in found} | {model.label for model in models}))
    chosen = [h for h in found if not names or h.label in names or h.label.partition("@")[0] in names]
    return config, chosen


def _known(names: Sequence[str], known: Sequence[str]) -> None:
    from harness.errors import nearest

    for name in names:
        if not any(name in (label, label.partition("@")[0]) for label in known):
            raise ConfigError(f"{name!r}: no such model{nearest(name, known)}; known: {', '.join(known) or 'none'}")


def _secrets(models: Sequence[ModelConfig]) -> _Secrets:
    from harness.recording import Secrets

    names = [model.api_key_env for model in models if model.api_key_env]
    addresses = [model.base_url for model in models if model.base_url]
    return Secrets.of_environment(os.environ, names, addresses, models=[model.request_model for model in models])


def _files(paths: Sequence[Path]) -> list[Path]:
    from harness.files import shown_below

    files: list[Path] = []
    for path in paths:
        if path.is_dir():
            forms = (*map("*{}".format, _FORMS), "*.http/*.json")
            files += sorted(one for form in forms for one in shown_below(path, form))
        elif path.is_file():
            files.append(path)
        else:
            raise CassetteError(f"{path}: no such file or folder; accepted: cassettes (*.jsonl) or folders of them")
    return files


def _is_suite_name(name: str) -> bool:
    import re

    return re.fullmatch(configuration.NAME_PATTERN.strip("^$"), name) is not None


def _shown(path: Path, config: HarnessConfig) -> str:
    from harness.errors import found

    try:
        text = str(path.relative_to(config.root))
    except ValueError:
        text = str(path)
    return text if text.isprintable() else found(text)


def _holding_json(holding: Holding, config: HarnessConfig) -> dict[str, object]:
    return {
        "model": holding.label,
        "suite": holding.suite,
        "file": _shown(holding.path, config),
        "configured": holding.configured,
        "recorded": holding.recorded,
        "missing": holding.missing,
        "unused": len(holding.unused),
        "superseded": len(holding.superseded),
        "oldest": holding.oldest,
        "newest": holding.newest,
        "resolved_models": holding.resolved,
        "runtimes": holding.runtimes,
        "problems": holding.problems,
    }


def _table(found: Sequence[Holding], config: HarnessConfig) -> list[str]:
    from harness.show import figures
    from harness.show.words import Name

    rows = [["version", "suite", "recorded", "missing", "unused", "oldest", "newest"]]
    rows += [
        [
            Name(show(holding.label)),
            Name(show(holding.suite)),
            str(holding.recorded),
            str(holding.missing) if holding.configured else "-",
            str(len(holding.unused) + len(holding.superseded)),
            (holding.oldest or "-")[:10],
            (holding.newest or "-")[:10],
        ]
        for holding in found
    ]
    written = figures.table(rows, indent="")
    problems = [(_shown(holding.path, config), one) for holding in found for one in holding.problems[:_MOST_SHOWN]]
    written += [f"{place}:{problem}" for place, problem in problems[:_MOST_LINES]]
    left = sum(len(holding.problems) for holding in found) - len(problems[:_MOST_LINES])
    written += [_further(left)] if left else []
    for label in dict.fromkeys(holding.label for holding in found if holding.recorded):
        own = [holding for holding in found if holding.label == label]
        by = ", ".join(dict.fromkeys(name for holding in own for name in holding.resolved)) or "a model unnamed"
        on = ", ".join(dict.fromkeys(name for holding in own for name in holding.runtimes))
        written.append(f"{show(label)}: answered by {by}" + (f", on {on}" if on else ""))
    strangers = dict.fromkeys(show(holding.label) for holding in found if not holding.configured)
    written += [f"{label}: not in pyproject.toml" for label in strangers]
    lacking = dict.fromkeys(h.label.partition("@")[0] for h in found if h.missing and h.configured)
    written += [f"run: pytest --model={name} --cassette-mode=record" for name in lacking]
    return written


if TYPE_CHECKING:
    from harness.recording import Secrets as _Secrets
