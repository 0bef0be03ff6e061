"""The table of providers: every entry is valid, every statement has a source, and the docs say the same."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from harness.cli.init import init
from harness.config import ModelConfig
from harness.endpoints.batch import form_at
from harness.endpoints.providers import RECIPES, EndpointRecipe

ROOT = Path(__file__).parents[2]
ASKED_FOR = (
    "ark siliconflow dashscope deepseek openai azure vllm sglang ollama lmstudio llamacpp litellm"  # of the issue
)


def test_all_providers_are_there_and_init_offers_them() -> None:
    assert set(ASKED_FOR.split()) <= set(RECIPES)
    (option,) = [one for one in init.params if one.name == "provider"]
    assert list(option.type.choices) == list(RECIPES)  # type: ignore[attr-defined]


@pytest.mark.parametrize(("name", "recipe"), RECIPES.items(), ids=RECIPES)
def test_an_entry_is_valid_and_each_statement_has_a_source(name: str, recipe: EndpointRecipe) -> None:
    given = {"base_url": recipe.base_url, "model": recipe.model_hint, "api_key_env": recipe.key_env}
    ModelConfig.model_validate({"name": name, **given, **recipe.settings})
    sources = [*(oddity.source for oddity in recipe.oddities), *([recipe.source] if name != "other" else [])]
    for source in sources:
        assert urlsplit(source).scheme == "https"
        assert urlsplit(source).path.strip("/")
    assert len({oddity.what for oddity in recipe.oddities}) == len(recipe.oddities)
    if name != "other":
        assert recipe.oddities
    assert form_at(recipe.base_url) == ("ark" if name == "ark" else "openai")


def test_the_page_is_written_from_the_table() -> None:
    done = subprocess.run([sys.executable, "docs/recipes.py", "--check"], cwd=ROOT, check=False)
    assert done.returncode == 0, "run: python docs/recipes.py"
