"""`harness finetune`: from a training set to a version that a provider trained."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click
from click.core import ParameterSource

from harness.cli.arguments import CommandGroup, print_json, tell
from harness.cli.train import recipe_of
from harness.errors import ConfigError, as_word
from harness.records.training import TrainingError

if TYPE_CHECKING:
    from harness.finetune.jobs import Ark, JobFile, JobState
    from harness.records.training import Recipe

_FILE = click.Path(dir_okay=False, path_type=Path)
_PROVIDER = click.Choice(["ark", "siliconflow", "openai"])
_JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
_REGION = click.option("--region", default="cn-beijing", show_default=True, help="Ark: of the job and its bucket.")
_ADDRESS = click.option("--base-url", metavar="URL", help="Ask there. [default: the provider's own address]")
_KEY = click.option(
    "--api-key-env", metavar="VARIABLE", default="OPENAI_API_KEY", show_default=True, help="For openai."
)
_SILICONFLOW = (
    "SiliconFlow publishes no API for fine-tuning jobs: start it in the console "
    "(https://cloud.siliconflow.cn/fine-tune) with FILE and these values, and copy the name of the trained model "
    "(ft:...) when it is done"
)


@click.group("finetune", cls=CommandGroup)
def finetune() -> None:
    """Versions that a provider trains: submit a set, ask for the state of the job, register what it made."""


@finetune.command("submit")
@click.argument("file", type=_FILE)
@click.option("--provider", type=_PROVIDER, required=True)
@click.option("--recipe", "named", metavar="MODEL|FILE", required=True, help="A model's recipe, or a .toml file.")
@click.option("--base", metavar="NAME", help="The model to train, as the provider names it. [default: the recipe's]")
@click.option("--validation", type=_FILE, help="A validation set. [default: the share in the recipe]")
@click.option("--name", metavar="TASK", help="Of the job. [default: the recipe's task_name, or that of FILE]")
@click.option("--bucket", metavar="NAME", help="Ark: a bucket of TOS in the region, for the set.")
@click.option("--prefix", default="finetune/", show_default=True, help="Ark: where in the bucket.")
@click.option("--project", default="default", show_default=True, help="Ark: the project of the job.")
@click.option(
    "--hyperparameter", "given", multiple=True, metavar="NAME=VALUE", help="Sent as it is; repeatable, goes first."
)
@click.option("--suites", type=click.Path(path_type=Path), help="Suites whose strings must not be in FILE.")
@click.option("--out", type=_FILE, help="The job file. [default: FILE's name, .PROVIDER.job.json]")
@click.option("--dry-run", is_flag=True, help="Check, and print what would be sent; send nothing.")
@_REGION
@_ADDRESS
@click.option("--storage-url", metavar="URL", help="Ark: address of the bucket. [default: that of TOS in the region]")
@_KEY
@_JSON
def submit(
    *,
    file: Path,
    provider: Literal["ark", "siliconflow", "openai"],
    named: str,
    base: str | None,
    validation: Path | None,
    name: str | None,
    given: tuple[str, ...],
    suites: Path | None,
    out: Path | None,
    dry_run: bool,
    region: str,
    base_url: str | None,
    api_key_env: str,
    as_json: bool,
    **storage: Any,
) -> int:
    """Check FILE and its recipe as the provider would, upload, and start the training, which costs money.

    Exit code 1 if the provider would refuse FILE or the recipe: nothing is sent then. The job is kept in a file of its
    own, for `status` and `register`; where that file is there, nothing is submitted again. Ark wants
    VOLCENGINE_ACCESS_KEY and VOLCENGINE_SECRET_KEY, openai the key of --api-key-env.

    \b
    $ harness finetune submit set.jsonl --provider ark --recipe ark.toml --bucket sets --dry-run
    """
    from harness.files import now
    from harness.finetune import jobs
    from harness.text.visible import show

    recipe, problems = _checked(file, provider, recipe_of(named), base, validation=validation, suites=suites)
    for problem in problems:
        click.echo(problem)
    if problems:
        tell(f"{len(problems)} problems for {provider}; nothing was sent", err=True)
        return 1
    place = out or file.with_name(f"{file.stem}.{provider}.job.json")
    if place.exists() and not dry_run:
        raise TrainingError(jobs.in_training(place))
    extra = _pairs(given)
    task = name or recipe.task_name or file.stem
    files = (file,) if validation is None else (file, validation)
    job = jobs.JobFile(
        provider=provider, name=task, base_url=base_url, region=region if provider == "ark" else None,
        api_key_env=api_key_env if provider == "openai" else None, submitted=now(),
        files=tuple(str(one) for one in files), recipe=recipe,
    )  # fmt: skip
    if provider == "siliconflow":
        return _by_hand(job, place, dry_run=dry_run, as_json=as_json)
    if provider == "ark":
        ark = _ark(region, base_url, storage)
        body = jobs.ark_request(recipe, task, ark, tuple(ark.key_of(one) for one in files), extra)
        if dry_run:
            print_json(
                {"PUT": [f"{ark.bucket_address}/{ark.key_of(one)}" for one in files], "POST": ark.address, "body": body}
            )
            return 0
        keys = jobs.ark_keys(os.environ)
        for one in files:
            jobs.ark_upload(ark, one, keys)
        made = _once(
            place, job, lambda: jobs.id_of(jobs.ark_call(ark, "CreateModelCustomizationJob", body, keys).get("Id"))
        )
    else:
        click.echo(jobs.ENDS, err=True)
        if recipe.base is None:
            raise TrainingError("base: missing; accepted: --base, the model to train")
        if dry_run:
            print_json({"files": list(job.files), "model": recipe.base, "suffix": task[:64], "hyperparameters": extra,
                        "n_epochs": recipe.epochs, "batch_size": recipe.batch_size})  # fmt: skip
            return 0
        with jobs.openai_client(base_url, api_key_env) as client:
            ids = tuple(jobs.openai_upload(client, one) for one in files)
            made = _once(place, job, lambda: jobs.openai_submit(client, recipe, task, ids, extra))
    if as_json:
        print_json({"id": made, "job": str(place)})
    else:
        click.echo(f"{show(made)}  {place}")
        tell(f"next: harness finetune status {as_word(place)}", err=True)
    return 0


def _checked(
    file: Path, provider: str, given: Recipe, base: str | None, *, validation: Path | None, suites: Path | None
) -> tuple[Recipe, list[str]]:
    """The recipe as this job has it, and what the provider would refuse."""
    from harness.cli.dataset import tested_cases
    from harness.finetune.recipes import PROVIDERS, recipe_problems
    from harness.finetune.samples import file_digest
    from harness.finetune.validate import suite_content, validate
    from harness.records.training import read_origin

    rules = PROVIDERS[provider]
    origin = read_origin(file)
    tested = suite_content(tested_cases(suites), trained_on=origin.cases)
    results = [(one, validate(one, rules, tested)) for one in (file, validation) if one is not None]
    problems = [f"{one}:{problem.line}: {problem.message}" for one, result in results for problem in result.problems]
    changes: dict[str, Any] = {
        "provider": provider,
        "data": _in_project(file),
        "data_digest": file_digest(file),
        "samples": results[0][1].samples or None,
        "general_share": origin.general_share,
        **({"base": base} if base else {}),
        **({"validation": _in_project(validation)} if validation else {}),
    }
    # what came of an earlier training is not what comes of this one
    gone = dict.fromkeys(("output", "output_digest", "command", "duration_s", "cost", "currency", "loss", "checkpoint"))
    recipe = given.model_copy(update={**gone, "threads": None, **changes})
    return recipe, [*problems, *(f"recipe: {one}" for one in recipe_problems(recipe, rules))]


def _in_project(path: Path) -> str:
    """Relative to the project, as `training_data` is, wherever the command was typed; another path as it is."""
    from harness import config

    root, whole = config.load(Path.cwd()).root.resolve(), path.resolve()
    return (whole.relative_to(root) if whole.is_relative_to(root) else path).as_posix()


def _ark(region: str, base_url: str | None, storage: dict[str, Any]) -> Ark:
    from harness.finetune.jobs import Ark

    if not storage["bucket"] and not storage["storage_url"]:
        raise ConfigError("--bucket: missing; accepted: a bucket of TOS in the region, which Ark reads the set from")
    return Ark(
        region=region, bucket=storage["bucket"] or "bucket", prefix=storage["prefix"], project=storage["project"],
        base_url=base_url, storage=storage["storage_url"],
    )  # fmt: skip


def _once(place: Path, job: JobFile, start: Any) -> str:
    """Start a job whose file is there first: a run that is killed meanwhile does not start it twice."""
    from harness.finetune.jobs import JobRefusedError, write_job

    write_job(place, job, new=True)
    try:
        made: str = start()
    except JobRefusedError:
        place.unlink(missing_ok=True)
        raise
    write_job(place, job.model_copy(update={"id": made}))
    return made


def _by_hand(job: JobFile, place: Path, *, dry_run: bool, as_json: bool) -> int:
    from harness.finetune.jobs import write_job

    fields = ("base", "learning_rate", "epochs", "batch_size", "max_tokens", "lora_rank", "lora_alpha", "lora_dropout")
    values = {name: value for name in fields if (value := getattr(job.recipe, name)) is not None}
    if not dry_run:
        write_job(place, job)
    if as_json:
        print_json({"id": None, "by_hand": values, "files": list(job.files), "job": None if dry_run else str(place)})
        return 0
    click.echo(_SILICONFLOW, err=True)
    for name, value in {"file": job.files[0], **values}.items():
        click.echo(f"{name:<14} {value}")
    if not dry_run:
        tell(f"then: harness finetune register MODEL --endpoint ft:... --job {place}", err=True)
    return 0


def _pairs(given: tuple[str, ...]) -> dict[str, str]:
    pairs = {}
    for one in given:
        name, equals, value = one.partition("=")
        if not (name and equals and value):
            raise ConfigError(f"--hyperparameter: found {one!r}; accepted: NAME=VALUE, such as epoch=3")
        pairs[name] = value
    return pairs


@finetune.command("status")
@click.argument("job", metavar="JOB")
@click.option("--provider", type=_PROVIDER, help="For an id. [default: that of the job file]")
@_REGION
@_ADDRESS
@_KEY
@_JSON
def status(
    *, job: str, provider: str | None, region: str, base_url: str | None, api_key_env: str, as_json: bool
) -> int:
    """The state of JOB, a job file or an id: exit code 0 when it is done, 1 when it failed, 2 while it runs.

    \b
    $ harness finetune status set.ark.job.json
    """
    from harness.finetune import jobs

    kept = jobs.read_job(Path(job)) if job.endswith(".json") else None
    if kept is not None:
        provider, base_url, region = kept.provider, base_url or kept.base_url, kept.region or region
        context = click.get_current_context()
        if kept.api_key_env and context.get_parameter_source("api_key_env") is ParameterSource.DEFAULT:
            api_key_env = kept.api_key_env
    if provider is None:
        raise ConfigError("--provider: missing; accepted with an id: ark, openai")
    if provider == "siliconflow":
        raise ConfigError("siliconflow: its jobs have no published API; look in the console, and register what it made")
    id_ = job if kept is None else kept.id
    if id_ is None:
        raise TrainingError(
            f"{job}: it is not known whether the job was started; look in the console. If it was not, remove the file "
            "and submit again; if it was, ask with its id: harness finetune status ID --provider " + provider
        )
    if provider == "ark":
        found = jobs.ark_state(jobs.Ark(region=region, bucket="", base_url=base_url), id_, jobs.ark_keys(os.environ))
    else:
        with jobs.openai_client(base_url, api_key_env) as client:
            found = jobs.openai_state(client, id_)
    _show(found, provider, job, as_json=as_json)
    return {"done": 0, "failed": 1, "running": 2}[found.state]


def _show(found: JobState, provider: str, job: str, *, as_json: bool) -> None:
    from harness.text.visible import show

    if as_json:
        print_json(json.loads(found.model_dump_json()))
        return
    tokens = f", {found.tokens:,} tokens billed" if found.tokens else ""
    message = f": {show(found.message, blanks=False)}" if found.message else ""
    click.echo(f"{show(found.id)}  {show(found.said)}{tokens}{message}")
    for name, model in found.models.items():
        click.echo(f"  {show(name)}  {show(model)}")
    if found.state == "done":
        if provider == "ark":
            tell("next: make an endpoint of the custom model in the console (online inference), then", err=True)
        given = f" --job {job}" if job.endswith(".json") else " --recipe FILE"
        tell(f"next: harness finetune register MODEL --endpoint ID{given}", err=True)


@finetune.command("register")
@click.argument("model")
@click.option(
    "--endpoint", required=True, metavar="ID", help="What requests name: ep-... of Ark, ft:... of the others."
)
@click.option("--job", "file", type=_FILE, help="The job file, whose recipe is kept.")
@click.option("--recipe", "named", metavar="MODEL|FILE", help="A recipe, where there is no job file.")
@click.option("--name", metavar="NAME", help="Of the new entry. [default: MODEL-vN]")
@click.option("--checkpoint", metavar="NAME", help="The epoch or step that became this version.")
@click.option("--dry-run", is_flag=True, help="Print the entry; write nothing.")
@_JSON
def register(
    *,
    model: str,
    endpoint: str,
    file: Path | None,
    named: str | None,
    name: str | None,
    checkpoint: str | None,
    dry_run: bool,
    as_json: bool,
) -> int:
    """Enter what was trained as the next version of MODEL, with its recipe, at the end of pyproject.toml.

    MODEL stays as it is; the new entry takes its address, key and settings from there (`base`).

    \b
    $ harness finetune register doubao --endpoint ep-20261128-abcde --job set.ark.job.json
    """
    from harness import config as configuration
    from harness.finetune.jobs import read_job
    from harness.finetune.register import append, entry

    if (file is None) == (named is None):
        raise ConfigError("register: accepted: either --job FILE or --recipe MODEL|FILE")
    recipe = read_job(file).recipe if file is not None else recipe_of(str(named))
    if checkpoint:
        recipe = recipe.model_copy(update={"checkpoint": checkpoint})
    config = configuration.load(Path.cwd())
    new = entry(config, model, endpoint, recipe, name=name)
    if not dry_run:
        append(config.root / "pyproject.toml", new)
    if as_json:
        print_json({"name": new.name, "version": new.version, "base": new.base, "written": not dry_run})
    else:
        click.echo(new.text if dry_run else f"{new.name}@{new.version}: written to {config.root / 'pyproject.toml'}")
        tell(f"next: pytest --model={new.name} --baseline={model} --gate --cassette-mode=record", err=True)
    return 0
