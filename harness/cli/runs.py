"""`harness runs`: the history of runs, and which of them is the baseline."""

from __future__ import annotations

import tempfile
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from harness.cli.arguments import CommandGroup, print_json, report_dir_option, tell, tell_lines, tell_some, warn_of
from harness.errors import ConfigError
from harness.text.visible import show

if TYPE_CHECKING:
    from harness.project import Project


@click.command("publish")
@click.argument("run", metavar="RUN")
@click.option(
    "--mlflow", "address", required=True, envvar="MLFLOW_TRACKING_URI", metavar="URI", help="The tracking server."
)
@click.option("--baseline", metavar="RUN", help="For the verdict. [default: see `harness runs baseline`]")
@click.option("--policy", type=click.Path(dir_okay=False, path_type=Path), help="For the verdict: policy in TOML.")
@click.option("--experiment", default="verbatim", show_default=True, help="Where the run goes.")
@click.option("--registered-model", metavar="NAME", help="In the model registry. [default: the model's name]")
@click.option("--alias", default="champion", show_default=True, help="Moved to this version by a GO, and by it alone.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@report_dir_option
def publish_run(
    *,
    run: str,
    address: str,
    baseline: str | None,
    policy: Path | None,
    experiment: str,
    registered_model: str | None,
    alias: str,
    as_json: bool,
    report_dir: Path | None,
) -> None:
    """Publish RUN to MLflow: settings, rates with intervals, the page, the verdict.

    On GO the alias of the registered model moves to this version; on NO-GO and INCONCLUSIVE it stays. The exit code
    says whether publishing worked, and not what the verdict was.

    \b
    $ harness runs publish tuned --baseline spaced --mlflow http://localhost:5000
    """
    from harness.project import gate
    from harness.publish.mlflow import Destination, publish
    from harness.show.verdicts import gate_json, gate_markdown
    from harness.site import write_run

    to = Destination(address, experiment, registered_model, alias)
    from harness.project import Project

    record = Project.open(reports=report_dir).resolve(run)
    verdict = gate(record, baseline, policy=policy, report_dir=report_dir)
    texts = {"verdict.md": gate_markdown(verdict), "verdict.json": json_text(gate_json(verdict))}
    with tempfile.TemporaryDirectory() as folder:
        page = write_run(record, Path(folder), "auto", (), index=False)
        done = publish(record, verdict, texts, page, to)
    if as_json:
        print_json({**asdict(done), "verdict": verdict.verdict})
        return
    moved = f"alias {alias} moved to it" if done.alias_moved else f"alias {alias} left where it is"
    tell(f"{record.label}: run {done.mlflow_run} of experiment {done.experiment}")
    click.echo(f"{verdict.verdict}: {done.registered_model} version {done.version}, {moved}")


def json_text(value: object) -> str:
    """JSON for a file."""
    import json

    return json.dumps(value, ensure_ascii=False, indent=1, allow_nan=False) + "\n"


@click.group("runs", cls=CommandGroup)
def runs() -> None:
    """The history of runs: list, show, verify, compact, prune, baseline, simulate, publish, schema."""


@runs.command("list")
@click.argument("name", required=False, metavar="[NAME[@VERSION]]")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@report_dir_option
def list_runs(name: str | None, as_json: bool, report_dir: Path | None) -> None:
    """All runs, newest answers first. Records that cannot be read are named on standard error."""
    from harness.project import Project
    from harness.show import figures

    history = Project.open(reports=report_dir).history
    listing = history.listing()
    chosen = [run for run in listing.runs if name is None or name in (run.label, run.label.partition("@")[0])]
    if as_json:
        print_json({"runs": figures.plain(chosen), "baselines": history.baselines()})
    elif chosen:
        rows = [["run", "id", "mode", "alignment", "unscored"]]
        rows += [
            [
                show(run.label),
                show(run.run_id),
                run.mode + (", partial" if run.partial and not run.run_id.endswith("-partial") else ""),
                figures.counted(run.alignment),
                str(run.unscored.k),
            ]
            for run in chosen
        ]
        tell_lines(figures.table(rows, indent=""))
    else:
        which = f" of {show(name)}" if name else ""
        tell(f"no runs{which} in {history.folder}; `pytest --model=NAME` makes one", err=True)
    ahead = [run for run in chosen if run.ahead_of(datetime.now(UTC))]
    tell_some(
        (
            f"in the future: {show(run.label)} {show(run.run_id)}, answers of {run.newest or run.started}; "
            "not the latest run"
            for run in ahead
        ),
        "harness runs list --json",
    )
    tell_some((f"unreadable: {problem}" for problem in listing.unreadable), "harness runs verify")


@runs.command("show")
@click.argument("run", metavar="RUN")
@click.option("--json", "as_json", is_flag=True, help="Print the whole record.")
@report_dir_option
def show_run(run: str, as_json: bool, report_dir: Path | None) -> None:
    """One run: where its answers come from, its rates, its failing cases."""
    from harness.project import Project
    from harness.show import figures
    from harness.show.run import run_lines

    project = Project.open(reports=report_dir)
    record = project.resolve(run)
    warn_of(project.contradictions(record))
    if as_json:
        print_json(figures.plain(record))
    else:
        tell_lines(run_lines(record))


@runs.command("verify")
@click.argument("names", nargs=-1, metavar="[RUN...]")
@click.option("--rejudge", is_flag=True, help="Write verdicts of this harness where others are recorded.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@report_dir_option
def verify(names: tuple[str, ...], rejudge: bool, as_json: bool, report_dir: Path | None) -> None:
    """Are these records as they were written, and are their verdicts those of their answers? All without RUN.

    Each answer in a record is judged again; its id, totals and dates must be those of its answers, its cases those of
    the project's suites, and what else it says of an answer that of its cassettes, where these have them. Exit code 1
    if it cannot be read, was changed, or contradicts itself. Checks that are not run again are named.

    \b
    $ harness runs verify tuned
    """
    from harness.project import Project

    project = Project.open(reports=report_dir)
    found = [_verified(project, path, rejudge=rejudge) for path in _records(project, names)]
    if as_json:
        print_json(found)
    for one in found if not as_json else ():
        sealed = "as it was written" if one["digest"] else "without a digest (an older harness wrote it)"
        state = "CHANGED" if one["problems"] else f"{sealed}; its verdicts are those of its answers"
        tell(f"{show(one['record'], blanks=False)}: {state}")
        for problem in one["problems"]:
            tell(f"  {show(problem, blanks=False)}")
        if one["not_in_cassettes"]:
            tell(f"  not compared, because no cassette of these settings holds them: answers {one['not_in_cassettes']}")
        if one["unverified_checks"]:
            tell(f"  {show(_not_run_again(one), blanks=False)}")
    if not found:
        tell(f"no runs in {project.history.folder}; `pytest --model=NAME` makes one", err=True)
    click.get_current_context().exit(1 if any(one["problems"] for one in found) else 0)


def _records(project: Project, names: tuple[str, ...]) -> list[Path]:
    """The files that are meant: of a version all of its runs."""
    from harness.history import id_of

    every = project.history.paths()
    if not names:
        return every
    chosen: list[Path] = []
    for name in names:
        own = [path for path in every if name in (path.parent.name, path.parent.name.partition("@")[0], id_of(path))]
        if not own and name.endswith((".json", ".json.gz")):
            own = [Path(name)]
        if not own:
            run = project.resolve(name)
            own = [project.history.found(run.label, run.run_id)]
        chosen += own
    return list(dict.fromkeys(chosen))


def _verified(project: Project, path: Path, *, rejudge: bool) -> dict[str, Any]:
    from harness.errors import RecordError
    from harness.history import carries_digest, read_run
    from harness.runs.record import contradictions, rejudged

    try:
        run = read_run(path)
        problems = (*contradictions(run, project.symbols), *project.differences(run))
        if problems and rejudge and project.history.found(run.label, run.run_id) == path:
            judged = rejudged(run, project.symbols)
            left = (*contradictions(judged, project.symbols), *project.differences(judged))
            if not left:  # an id or a date that does not fit is not mended by other verdicts
                path = project.history.write(judged)
                run, problems = read_run(path), ()
    except RecordError as error:
        problem = {"record": str(path), "digest": False, "problems": [str(error)]}
        return {**problem, "unverified_checks": [], "unverified_cases": 0, "not_in_cassettes": 0}
    names, cases = project.unverified_checks(run)
    others, missing = project.beside_recordings(run)
    kept = {"record": f"{run.label} {run.run_id}", "digest": carries_digest(path), "problems": [*problems, *others]}
    return kept | {"unverified_checks": sorted(names), "unverified_cases": cases, "not_in_cassettes": missing}


def _not_run_again(one: dict[str, Any]) -> str:
    from harness.show.figures import plural

    names = one["unverified_checks"]
    listed = ", ".join(names[:5]) + (f" and {len(names) - 5:,} more" if len(names) > 5 else "")
    model = one["record"].partition("@")[0]
    return (
        f"not run again: the checks of {plural(one['unverified_cases'], 'case')} ({listed}), which are code of the "
        f"project or of cases that its suites do not hold; pytest --model={model} runs them"
    )


@runs.command("compact")
@click.argument("names", nargs=-1, metavar="[RUN...]")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@report_dir_option
def compact(names: tuple[str, ...], as_json: bool, report_dir: Path | None) -> None:
    """Pack records (`.json.gz`), to an eighth of their size. Nothing is lost, and all commands read them. All without
    RUN.

    A record that cannot be read is named and stays as it is; then the exit code is 1. `gunzip` gives the file back.

    \b
    $ harness runs compact tuned@v1
    """
    from harness.errors import RecordError
    from harness.project import Project

    project = Project.open(reports=report_dir)
    sizes: dict[str, list[int]] = {}
    problems = []
    for path in _records(project, names):
        before = path.stat().st_size if path.exists() else 0
        try:
            packed = project.history.compact(path)
        except RecordError as error:
            problems.append(str(error))
            continue
        if packed != path:
            of = sizes.setdefault(path.parent.name, [0, 0, 0])
            of[:] = [of[0] + 1, of[1] + before, of[2] + packed.stat().st_size]
    if as_json:
        keys = ("records", "bytes_before", "bytes_after")
        print_json({"packed": {label: dict(zip(keys, of, strict=True)) for label, of in sizes.items()}})
    else:
        for label, (count, plain, small) in sizes.items():
            tell(f"{show(label)}: {count:,} packed, {plain / 1e6:.1f} MB to {small / 1e6:.1f} MB")
    for problem in problems:
        tell(f"not packed: {problem}", err=True)
    if not sizes and not problems:
        tell("nothing to pack: all records are packed, or there is none", err=True)
    click.get_current_context().exit(1 if problems else 0)


@runs.command("prune")
@click.argument("names", nargs=-1, metavar="[NAME[@VERSION]...]")
@click.option(
    "--keep", "days", type=click.IntRange(0, 36_500), required=True, metavar="DAYS", help="Younger records all stay."
)
@click.option("--since", metavar="DATE", help="The date that `harness drift --since` is called with: nights before go.")
@click.option(
    "--policy", type=click.Path(dir_okay=False, path_type=Path), help="Policy in TOML: how old an attempt counts."
)
@click.option("--delete", is_flag=True, help="Delete them. Without, it is only said what would go.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@report_dir_option
def prune(
    *,
    names: tuple[str, ...],
    days: int,
    since: str | None,
    policy: Path | None,
    delete: bool,
    as_json: bool,
    report_dir: Path | None,
) -> None:
    """Which old records no verdict needs; with --delete they go, and their pages with them. All versions without NAME.

    These stay whatever their age: baselines, attempts that a gate counts, nights of a version that drift follows, the
    newest run on the same cases, the newest latency, the largest run, and what cannot be read. Cassettes are not
    touched. Exit code 1 if a record could not be deleted.

    \b
    $ harness runs prune --keep 90
    $ harness runs prune tuned@v1 --keep 90 --delete
    """
    from collections import Counter

    from harness.cli.drift import date_of
    from harness.errors import RecordError
    from harness.project import Project

    project = Project.open(reports=report_dir)
    found = project.retention(days, project.policy(policy)[0], since=date_of(since), names=names)
    sizes = {path: path.stat().st_size for path, why in found.items() if not why and path.exists()}
    problems = []
    for path in list(sizes) if delete else ():
        try:
            project.history.remove(path)
        except RecordError as error:
            problems.append(str(error))
            del sizes[path]
    labels = dict.fromkeys(path.parent.name for path in found)
    stay = {one: Counter(why for path, why in found.items() if why and path.parent.name == one) for one in labels}
    if as_json:
        records = [{"record": str(path), "bytes": size} for path, size in sizes.items()]
        print_json({"deleted": delete, "records": records, "kept": {label: dict(why) for label, why in stay.items()}})
    else:
        for label, reasons in stay.items():
            own = [size for path, size in sizes.items() if path.parent.name == label]
            kept = ", ".join(f"{count:,} {why}" for why, count in reasons.most_common())
            verb = "deleted" if delete else "to delete"
            tell(f"{show(label)}: {len(own):,} {verb} ({sum(own) / 1e6:.1f} MB), {reasons.total():,} stay: {kept}")
    for problem in problems:
        tell(f"not deleted: {show(problem, blanks=False)}", err=True)
    if sizes and not delete:
        tell("nothing was deleted; the same with --delete does it", err=True)
    click.get_current_context().exit(1 if problems else 0)


@runs.command("schema")
@click.option("--json", "as_json", is_flag=True, help="Accepted for uniformity: a schema is JSON anyway.")
def schema(as_json: bool) -> None:
    """Print the JSON Schema of a run record, for programs that read records."""
    from harness.records.run import run_schema

    print_json(run_schema())


@runs.command("baseline")
@click.argument("run", required=False, metavar="[RUN]")
@click.option("--for", "model", metavar="NAME", help="The model it is the baseline of. [default: its own]")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@report_dir_option
def set_baseline(run: str | None, model: str | None, as_json: bool, report_dir: Path | None) -> None:
    """Make RUN the baseline of its model, or of another with --for; without RUN, show the baselines.

    NAME@VERSION means the latest complete run of that version; a run id means that run.
    """
    from harness.project import Project

    if model == "":
        raise ConfigError("--for: found ''; accepted: the name of a model")
    project = Project.open(reports=report_dir)
    history = project.history
    if run is None:
        if model is not None:
            raise ConfigError("--for: needs a RUN; accepted: `harness runs baseline RUN --for NAME`")
    else:
        record = project.resolve(run)
        if record.partial:
            raise ConfigError(f"{run}: run {record.run_id} is partial; accepted: a complete run (`harness runs list`)")
        by_id = record.run_id.startswith(run) or run.endswith((".json", ".json.gz"))
        history.set_baseline(model or record.model, record.run_id if by_id else record.label)
    baselines = history.baselines()
    if as_json:
        print_json(baselines)
        return
    for name, reference in baselines.items():
        click.echo(f"{show(name)}: {show(reference)}")
    if not baselines:
        tell("no baselines; `harness runs baseline NAME@VERSION` sets one", err=True)


@runs.command("simulate")
@click.argument("before", metavar="BEFORE")
@click.argument("after", metavar="AFTER")
@click.option("--nights", type=click.IntRange(2, 400), default=30, show_default=True)
@click.option("--change", type=click.IntRange(1, 401), default=20, show_default=True, help="First night of AFTER.")
@click.option("--first", default="2026-10-01", show_default=True, metavar="DATE", help="Date of the first night.")
@click.option("--selection", type=click.Path(dir_okay=False, path_type=Path), help="Its cases alone: canary.cases.")
@click.option("--share", type=click.FloatRange(0, 1), default=1.0, show_default=True, help="Of the cases that change.")
@click.option("--seed", type=int, default=7, show_default=True, help="Of the draw that --share makes.")
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), required=True, help="A folder of run records.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@report_dir_option
def simulate(
    *,
    before: str,
    after: str,
    nights: int,
    change: int,
    first: str,
    selection: Path | None,
    share: float,
    seed: int,
    out: Path,
    as_json: bool,
    report_dir: Path | None,
) -> None:
    """Simulate a drift history: dated nights from the recorded answers of two versions.

    Each answer is real and the same every night; the dates are made up. The records are named a simulation, and no gate
    takes them as evidence. Read them with `harness drift --model simulation@... --report-dir OUT`.

    \b
    $ harness runs simulate tuned spaced --selection suites/canary.cases --out build/simulated
    """
    from datetime import date, timedelta

    from harness.decisions.nights import simulated
    from harness.history import History
    from harness.project import Project

    try:
        day = date.fromisoformat(first)
        day + timedelta(days=max(nights, change))
    except (ValueError, OverflowError) as error:
        raise ConfigError(f"--first: found {first!r}; accepted: a date such as 2026-10-01") from error
    project = Project.open(reports=report_dir)
    ours, theirs = project.resolve(before), project.resolve(after)
    keys = _selected(selection) if selection else set()
    records = simulated(ours, theirs, first=day, nights=nights, change=change, keys=keys, share=share, seed=seed)
    if not records[0].cases:
        what = f" of {selection}" if selection else ""
        raise ConfigError(f"{ours.label} and {theirs.label} share no case{what} that both answered; record it for both")
    history = History(out)
    for record in records:
        history.write(record)
    made = records[0]
    if as_json:
        print_json({"label": made.label, "nights": nights, "prompts": len(made.cases), "folder": str(out)})
        return
    click.echo(f"{made.configuration['simulation']}")
    tell(
        f"{nights} nights of {len(made.cases)} prompts in {out}; run: "
        f"harness drift --model {made.label} --report-dir {out}"
    )


def _selected(path: Path) -> set[str]:
    """Keys that a selection names: those of the cases themselves, and those that a run of the selection has."""
    from harness.suite import read_selection

    return {
        key
        for suite, ids in read_selection(path).items()
        for case in ids
        for key in (f"{suite}/{case}", f"{path.stem}/{suite}.{case}")
    }


runs.add_command(publish_run)


@click.command("run", context_settings={"ignore_unknown_options": True, "help_option_names": ["-h", "--help"]})
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED, metavar="NAME... [PYTEST OPTIONS]")
@click.option(
    "--json", "as_json", is_flag=True, help="Print the new runs as JSON; the screen of pytest goes to stderr."
)
def run(*, arguments: tuple[str, ...], as_json: bool) -> None:
    """Judge the models NAME: the same as `pytest --model=NAME,NAME`, whose options follow.

    Exit codes are those of pytest.

    \b
    $ harness run tuned
    $ harness run tuned spaced -k aviation
    $ harness run tuned --cassette-mode=record --max-cost=2
    """
    import os
    import subprocess
    import sys

    names: list[str] = []
    rest = list(arguments)
    while rest and not rest[0].startswith("-") and not _is_path(rest[0]):
        names.append(rest.pop(0))
    if not names:
        raise ConfigError("run: no model named; accepted: harness run NAME (`harness models list`)")
    from harness.files import now
    from harness.show.words import spoken

    started = now()
    command = [sys.executable, "-m", "pytest", f"--model={','.join(names)}", *rest]
    screen = sys.stderr if as_json else None
    done = subprocess.run(command, check=False, env={**os.environ, "HARNESS_LANG": spoken()}, stdout=screen)
    if as_json:
        from harness.project import Project
        from harness.show import figures

        folder = next((one.partition("=")[2] for one in rest if one.startswith("--report-dir=")), None)
        found = Project.open(reports=folder).history.listing().runs
        print_json(
            {"exit_code": done.returncode, "runs": figures.plain([one for one in found if one.started >= started])}
        )
    click.get_current_context().exit(130 if done.returncode < 0 else done.returncode)


def _is_path(argument: str) -> bool:
    """A file of cases, its folder, or a case in it: names of models hold no separator, but for `openai:ORG/NAME`."""
    return "::" in argument or ("/" in argument and not argument.startswith("openai:")) or "\\" in argument


@click.command("show")
@click.argument("case", metavar="CASE")
@click.option(
    "--models", metavar="A,B,C", help="Names or NAME@VERSION, in this order. [default: the newest run of every version]"
)
@click.option("--page", is_flag=True, help="Write a page beside the others, and print its path.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@report_dir_option
def show_case(*, case: str, models: str | None, page: bool, as_json: bool, report_dir: Path | None) -> None:
    """One case side by side in any number of versions, with its history over their runs.

    CASE is `suite/id`, or an id that only one suite has.

    \b
    $ harness show symbols/aviation-001 --models spaced,tuned,qwen
    """
    from harness.project import Project
    from harness.show.run import case_json, case_lines, found_in

    if page and as_json:
        raise ConfigError("--page: not together with --json")
    project = Project.open(reports=report_dir)
    chosen = [name.strip() for name in (models or "").split(",") if name.strip()]
    labels = sorted({path.parent.name for path in project.history.paths()})
    latest = [project.history.latest(label) for label in labels] if not chosen else []
    records = [project.resolve(name) for name in chosen] or [run for run in latest if run is not None]
    found = found_in(case, records)
    past = {record.label: project.history.runs(record.label) for record in found.records}
    if as_json:
        print_json(case_json(found, past))
    elif page:
        from harness.site import Site

        click.echo(Site(project, project.history.folder, "auto", []).write_case(found, past))
    else:
        tell_lines(case_lines(found, past))


@click.command("bundle")
@click.argument("case", metavar="CASE")
@click.option("--model", "name", required=True, metavar="RUN", help="A name, NAME@VERSION, run id or file.")
@click.option(
    "--out", type=click.Path(path_type=Path), help="A new folder, or NAME.zip. [default: bundle-<case>-<version>]"
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@report_dir_option
def bundle_case(*, case: str, name: str, out: Path | None, as_json: bool, report_dir: Path | None) -> None:
    """A redacted reproduction of CASE for a provider's ticket: request, answer, marked damage, versions.

    Keys, what looks like a key, mail addresses, telephone and identity numbers, and hosts that are not a provider's are
    taken out, and named by their kind. Names of people and companies are not found: read it before you send it.

    \b
    $ harness bundle symbols/aviation-001 --model spaced --out ticket.zip
    """
    import re

    from harness.project import Project
    from harness.publish.bundle import write
    from harness.show.run import found_in

    project = Project.open(reports=report_dir)
    record = project.resolve(name)
    warn_of(project.contradictions(record))
    found = found_in(case, [record])
    (result,) = found.results
    assert result is not None
    made = project.bundle(record, result)
    place = out or Path(re.sub(r"[^A-Za-z0-9._@-]+", "-", f"bundle-{made.case}-{made.label}"))
    paths = write(made, place)
    if as_json:
        print_json({"case": made.case, "version": made.label, "outcome": made.outcome, "redacted": made.redacted,
                    "warnings": list(made.warnings), "files": [str(path) for path in paths]})  # fmt: skip
        return
    for path in paths:
        tell(f"written: {path}")
    taken = ", ".join(f"{kind} {count}" for kind, count in made.redacted.items())
    tell(f"taken out: {taken}" if taken else "nothing was found to take out", err=True)
    for warning in made.warnings:
        click.echo(warning, err=True)
    tell("read it before you send it: names of people and companies are not found by a program", err=True)
