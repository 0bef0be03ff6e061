"""Write docs/recipes.md from the table of providers, with the body that each entry sends.

python docs/recipes.py
python docs/recipes.py --check
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from harness.config import ModelConfig
from harness.endpoints.providers import RECIPES, EndpointRecipe
from harness.records.case import Case
from harness.runs.requests import body_for

PAGE = Path(__file__).with_name("recipes.md")
_HEAD = """# Recipes for endpoints

<!-- written by `python docs/recipes.py` from harness/endpoints/providers.py -->

For each provider the entry of `pyproject.toml`, the body that it sends for a first case, and what surprises there, with
the report or the page that says so. `harness init --provider NAME` writes the entry; [Your endpoint](providers.md) goes
on from there. Providers change: run `harness models check` after each change.
"""


def page() -> str:
    """The whole page."""
    parts = [_HEAD]
    for name, recipe in RECIPES.items():
        if name != "other":
            parts += _section(name, recipe)
    return "\n".join(parts)


def entry(recipe: EndpointRecipe) -> dict[str, Any]:
    """The settings of an entry, in the order in which one reads them."""
    given = {"base_url": recipe.base_url, "model": recipe.model_hint, "api_key_env": recipe.key_env}
    return {key: value for key, value in given.items() if value is not None} | dict(recipe.settings)


def _section(name: str, recipe: EndpointRecipe) -> Iterator[str]:
    yield f"## {recipe.title}\n"
    yield f"`harness init --provider {name}`. Source: <{recipe.source}>\n"
    lines = [f"[tool.harness.models.{name}]", *(f"{key} = {_toml(value)}" for key, value in entry(recipe).items())]
    yield "```toml\n" + "\n".join(lines) + "\n```\n"
    yield "```json\n" + json.dumps(_body(name, recipe), ensure_ascii=False) + "\n```\n"
    if recipe.oddities:
        yield "| What surprises | What helps | Source |\n|---|---|---|"
        yield from (f"| {_cell(one.what)} | {_cell(one.remedy)} | <{one.source}> |" for one in recipe.oddities)
        yield ""


def _body(name: str, recipe: EndpointRecipe) -> dict[str, Any]:
    case = Case(
        suite="s",
        id="c",
        domain="d",
        language="en",
        task="copy",
        messages=({"role": "user", "content": "Repeat: Sikalastic-609"},),
        targets=("Sikalastic-609",),
    )
    return body_for(case, ModelConfig.model_validate({"name": name, **entry(recipe)}))


def _toml(value: Any) -> str:
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key} = {_toml(part)}" for key, part in value.items()) + " }"
    return json.dumps(value, ensure_ascii=False)


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true")
    wanted = page()
    if parser.parse_args().check:
        return 0 if PAGE.is_file() and PAGE.read_text(encoding="utf-8") == wanted else 1
    PAGE.write_text(wanted, encoding="utf-8", newline="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
