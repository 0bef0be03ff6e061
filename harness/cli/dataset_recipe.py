"""`harness dataset recipe`: a recipe held against a provider's ranges, or values to start with."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from harness.cli.stored_runs import print_json
from harness.records.training import TrainingError

if TYPE_CHECKING:
    from harness.records.training import Recipe

PROVIDER_NAMES = click.Choice(["ark", "siliconflow", "openai", "local"])


@click.command("recipe")
@click.option("--check", "target", metavar="MODEL|FILE", help="A model whose recipe is checked, or a .toml file.")
@click.option("--samples", type=click.IntRange(min=1), help="Print starting values for so many samples.")
@click.option("--provider", type=PROVIDER_NAMES, help="[default with --check: that of the recipe]")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def recipe(target: str | None, samples: int | None, provider: str | None, as_json: bool) -> int:
    """Check a recipe (exit code 1 if the provider would refuse it), or print starting values with their reasons."""
    from dataclasses import asdict

    from harness.decisions.words.figures import plural
    from harness.training.providers import PROVIDERS
    from harness.training.recipes import recipe_problems, starting_values

    if (target is None) == (samples is None):
        raise TrainingError("recipe: accepted: either --check MODEL|FILE, or --samples N --provider NAME")
    if target is not None:
        found = _recipe(target)
        rules = PROVIDERS[provider or found.provider]
        problems = recipe_problems(found, rules)
        if as_json:
            print_json({"recipe": target, "provider": rules.name, "problems": problems})
        else:
            for problem in problems:
                click.echo(f"{target}: {problem}")
            click.echo(f"{target}: {plural(len(problems), 'problem')} for {rules.name}", err=True)
        return 1 if problems else 0
    assert samples is not None
    values = starting_values(samples, PROVIDERS[provider or "local"])
    if as_json:
        print_json([asdict(value) for value in values])
        return 0
    for value in values:
        click.echo(f"{value.field:<17} {value.value!s:<8} {value.reason} ({value.source})")
        if value.conflict:
            click.echo(f"{'':<26} but: {value.conflict}")
    return 0


def _recipe(target: str) -> Recipe:
    import tomllib

    from pydantic import ValidationError

    from harness import config
    from harness.records.explain import explain
    from harness.records.training import Recipe

    if target.endswith(".toml"):
        try:
            table = tomllib.loads(Path(target).read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
            raise TrainingError(f"{target}: cannot be read as TOML: {error}") from error
    else:
        settings = config.load(Path.cwd())
        table = config.model(settings, target).training or {}
        if not table:
            raise TrainingError(f"model {target!r} has no recipe; write [tool.harness.models.{target}.training]")
    try:
        return Recipe.model_validate(table)
    except ValidationError as error:
        raise TrainingError(f"{target}: training.{explain(error, Recipe)}") from error
