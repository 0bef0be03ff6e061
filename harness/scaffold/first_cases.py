"""The first suites of a project: a few cases to be replaced by its own strings, and canaries for the nights."""

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
    chosen: list[str] = []
    for path in sorted((builtin_root() / "symbols").glob("*.jsonl")):
        lines = path.read_text(encoding="utf-8").splitlines()
        fitting = [line for line in lines if json.loads(line)["language"] in languages]
        chosen += fitting[:CANARIES_A_DOMAIN]
    yield "suite.toml", _CANARY
    yield "cases.jsonl", "".join(line + "\n" for line in chosen)
