"""Writes docs/reference.md from the code: `python docs/reference.py`. With `--check`, only says if it is current."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
from pydantic import BaseModel

PAGE = Path(__file__).with_name("reference.md")
HEAD = """\
# Reference

Made from the code by `python docs/reference.py`. Precedence, highest first: option, environment, `pyproject.toml`,
default.

## Shell completion

The tab key completes commands and options of `harness` once the shell has read one of these lines; put it into the
file that the shell reads at its start:

| Shell | File | Line |
|---|---|---|
| bash | `~/.bashrc` | `eval "$(_HARNESS_COMPLETE=bash_source harness)"` |
| zsh | `~/.zshrc` | `eval "$(_HARNESS_COMPLETE=zsh_source harness)"` |
| fish | `~/.config/fish/completions/harness.fish` | `_HARNESS_COMPLETE=fish_source harness \\| source` |

In PowerShell, with click 8.5 or newer, these lines go into the file that `$PROFILE` names (not yet run on Windows):

```powershell
$env:_HARNESS_COMPLETE = "powershell_source"; harness | Out-String | Invoke-Expression
Remove-Item Env:_HARNESS_COMPLETE
```

Options of `pytest` are completed by
[argcomplete](https://docs.pytest.org/en/stable/how-to/bash-completion.html).
"""
ENVIRONMENT = {
    "the variable that `api_key_env` names": "the key of an endpoint; `OPENAI_API_KEY` for `--model=openai:NAME`",
    "`OPENAI_BASE_URL`": "address for `--model=openai:NAME` without `--base-url`",
    "`HARNESS_ALLOW_KEY_HOSTS`": "hosts that any key may go to, separated by commas; `http://HOST` for one without TLS",
    "`HARNESS_LANG`": "language of the screen, `en` or `zh`; without it that of the locale",
    "`HARNESS_STATE`": "folder that remembers which host a key went to",
    "`HARNESS_CACHE`": "folder of the weights that `harness models pull` fetches",
    "`HARNESS_THREADS`": "threads of the embedded server, before the configured number",
}


def page() -> str:
    """The whole page."""
    parts = [HEAD, *_commands(), *_pytest_options(), *_settings(), *_environment()]
    return "\n".join(parts).rstrip() + "\n"


def _commands() -> Iterator[str]:
    from harness.cli import harness

    yield "## Commands\n"
    yield (
        "Exit codes: 0 yes or GO; 1 no, NO-GO or drift; 2 inconclusive; 3 usage, configuration or unreadable input; 70 "
        "crash; 130 Ctrl-C. Results go to standard output, everything else to standard error.\n"
    )
    yield from _command(harness, "harness", None)


def _command(command: click.Command, path: str, parent: click.Context | None) -> Iterator[str]:
    context = click.Context(command, info_name=path.rpartition(" ")[2], parent=parent)
    if isinstance(command, click.Group):
        if parent is not None:
            yield f"### `{path}`\n\n{_text(command.help or '')}\n"
        for name in command.list_commands(context):
            child = command.get_command(context, name)
            assert child is not None
            if not child.hidden:
                yield from _command(child, f"{path} {name}", context)
        return
    usage = " ".join([path, *command.collect_usage_pieces(context)])
    yield f"### `{path}`\n\n`{usage}`\n\n{_text(command.help or '')}\n"
    rows = [_option(one, context) for one in command.get_params(context) if isinstance(one, click.Option)]
    yield from _table(["Option", "Meaning"], [row for row in rows if row])


def _option(option: click.Option, context: click.Context) -> list[str]:
    record = option.get_help_record(context)
    if record is None or "--help" in option.opts:
        return []
    return [f"`{record[0]}`", record[1]]


def _pytest_options() -> Iterator[str]:
    from harness.pytest_plugin.options import add_options

    rows: list[list[str]] = []

    class Group:
        def addoption(self, name: str, **given: Any) -> None:
            value = given.get("metavar") or "|".join(given.get("choices") or ())
            rows.append([f"`{name}{f'={value}' if value else ''}`", given["help"]])

    class Parser:
        def getgroup(self, *_: str) -> Group:
            return Group()

    add_options(Parser())  # type: ignore[arg-type]
    yield "## Options of pytest\n"
    yield from _table(["Option", "Meaning"], rows)


def _settings() -> Iterator[str]:
    from harness.config import HarnessConfig, ModelConfig, Price
    from harness.records.policy import DriftPolicy, GatePolicy, Rule

    yield "## Settings in `pyproject.toml`\n"
    yield "An unknown key is an error that names the nearest known one.\n"
    tables: dict[str, tuple[type[BaseModel], set[str]]] = {
        "[tool.harness]": (HarnessConfig, {"root"}),
        "[tool.harness.models.NAME]": (ModelConfig, {"name", "lineage"}),
        "[tool.harness.models.NAME.price]": (Price, set()),
        "[tool.harness.gate]": (GatePolicy, set()),
        "[[tool.harness.gate.rules]]": (Rule, set()),
        "[tool.harness.drift]": (DriftPolicy, set()),
    }
    for title, (model, hidden) in tables.items():
        yield f"### `{title}`\n"
        schema = model.model_json_schema()
        required = schema.get("required", [])
        rows = []
        for name, field in schema["properties"].items():
            if name not in hidden:
                default = "required" if name in required else _default(field.get("default"))
                rows.append([f"`{name}`", _kind(field, schema.get("$defs", {})), default])
        yield from _table(["Key", "Type", "Default"], rows)


def _kind(field: dict[str, Any], definitions: dict[str, Any]) -> str:
    if "$ref" in field:
        return "table"
    if "anyOf" in field:
        kinds = [_kind(one, definitions) for one in field["anyOf"] if one.get("type") != "null"]
        return " or ".join(dict.fromkeys(kinds))
    if "enum" in field or "const" in field:
        return ", ".join(f'`"{value}"`' for value in field.get("enum", [field.get("const")]))
    if field["type"] == "array":
        return f"list of {_kind(field.get('items', {'type': 'any'}), definitions)}"
    names = {"string": "text", "integer": "whole number", "number": "number", "boolean": "true or false"}
    return names.get(field["type"], "table") + _bounds(field)


def _bounds(field: dict[str, Any]) -> str:
    signs = {"minimum": "≥", "exclusiveMinimum": ">", "maximum": "≤", "exclusiveMaximum": "<"}
    return "".join(f" {sign} {field[key]:g}" for key, sign in signs.items() if key in field)


def _default(value: Any) -> str:
    if value is None or value in ({}, []):
        return ""
    if isinstance(value, list) and any(isinstance(one, dict) for one in value):
        return "the rules of [the gate](gate.md)"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return "`[" + ", ".join(f'"{one}"' for one in value) + "]`"
    return f'`"{value}"`' if isinstance(value, str) else f"`{value:g}`"


def _environment() -> Iterator[str]:
    yield "## Environment\n"
    yield from _table(["Variable", "Meaning"], [list(row) for row in ENVIRONMENT.items()])


def _text(help_text: str) -> str:
    """Paragraphs of a docstring, each on one line; what would be read as HTML is escaped.

    A paragraph that begins with `\\b`, which keeps its lines in a terminal, holds commands.
    """
    return "\n\n".join(map(_paragraph, help_text.strip().split("\n\n")))


def _paragraph(text: str) -> str:
    lines = [line.strip() for line in text.strip().splitlines()]
    if lines[0] == "\b":
        return "\n".join(["```console", *lines[1:], "```"])
    return " ".join(text.split()).replace("<", "&lt;")


def _table(head: list[str], rows: list[list[str]]) -> Iterator[str]:
    if rows:
        lines = [head, ["---"] * len(head), *rows]
        yield "\n".join(f"| {' | '.join(_cell(cell) for cell in row)} |" for row in lines) + "\n"


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true")
    wanted = page()
    if parser.parse_args().check:
        current = PAGE.read_text(encoding="utf-8") if PAGE.is_file() else ""
        return 0 if current == wanted else 1
    PAGE.write_text(wanted, encoding="utf-8", newline="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
