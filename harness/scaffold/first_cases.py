"""The first suites of a project: a few cases to be replaced by its own strings, canaries, general ability."""

from __future__ import annotations

import json
from collections.abc import Iterator
from importlib.resources import files

from harness.suite import builtin_root

CANARIES_A_DOMAIN = 4
"""Times 21 domains: clear of the 60 prompts that a drift verdict wants, also if some answers are unusable."""

_STARTER = """\
title = "Our own strings"
description = "Replace these by prompts and strings of your own. `harness suites lint` looks them over."
"""
_CANARY = """\
title = "Canaries"
description = "Asked live every night. Change nothing here: other prompts start a new baseline of ten nights."
"""


def starter_suite(languages: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """File names and texts of `suites/starter/`."""
    lines = files("harness.scaffold").joinpath("templates", "starter.jsonl").read_text(encoding="utf-8").splitlines()
    yield "suite.toml", _STARTER
    yield "cases.jsonl", "".join(line + "\n" for line in lines if json.loads(line)["language"] in languages)


def canary_suite(languages: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """File names and texts of `suites/canary/`: the first cases of each domain of the shipped symbol suite."""
    yield "suite.toml", _CANARY
    chosen = [line for lines in _by_domain(languages).values() for line in lines[:CANARIES_A_DOMAIN]]
    yield "cases.jsonl", "".join(line + "\n" for line in chosen)


def symbol_suite(languages: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """File names and texts of `suites/symbols/`: the cases that are no canaries, so that none counts twice."""
    yield "suite.toml", (builtin_root() / "symbols" / "suite.toml").read_text(encoding="utf-8")
    for name, lines in _by_domain(languages).items():
        yield name, "".join(line + "\n" for line in lines[CANARIES_A_DOMAIN:])


def _by_domain(languages: tuple[str, ...]) -> dict[str, list[str]]:
    found = {}
    for path in sorted((builtin_root() / "symbols").glob("*.jsonl")):
        lines = path.read_text(encoding="utf-8").splitlines()
        found[path.name] = [line for line in lines if json.loads(line)["language"] in languages]
    return found


def general_suite() -> Iterator[tuple[str, str]]:
    """File names and texts of `suites/general/`, as shipped: the default policy gives no GO without such cases."""
    for path in sorted((builtin_root() / "general").iterdir()):
        if path.suffix in (".toml", ".jsonl"):
            yield path.name, path.read_text(encoding="utf-8")
