"""What several commands share: the group of sub-commands, `--report-dir`, JSON on standard output."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, TypeVar

import click

from harness.show.words import LANGUAGES


class CommandGroup(click.Group):
    """Where click would cut a sentence off at the end of the line, the next line takes the rest."""

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Name and first sentence of each command."""
        rows = []
        for name in self.list_commands(ctx):
            command = self.get_command(ctx, name)
            assert command is not None
            paragraph = " ".join((command.help or "").split("\n\n")[0].split())
            first, stop, _ = paragraph.partition(". ")
            rows.append((name, first + stop.strip()))
        with formatter.section("Commands"):
            formatter.write_dl(rows)


def with_language(command: click.Command) -> click.Command:
    """`--lang` on a command and all below it, whether it is written before the command's name or behind it."""
    if all(one.name != "lang" for one in command.params):
        languages = click.Choice(list(LANGUAGES))
        command.params.append(click.Option(["--lang"], type=languages, hidden=True, expose_value=False))
    if isinstance(command, click.Group):
        for child in command.commands.values():
            with_language(child)
    return command


F = TypeVar("F", bound=Callable[..., Any])


def report_dir_option(command: F) -> F:
    """`--report-dir`, the same on every command over stored runs."""
    return click.option(
        "--report-dir",
        type=click.Path(file_okay=False, path_type=Path),
        help="Folder of the run records. [default: reports]",
    )(command)


def print_json(value: object) -> None:
    """JSON on standard output.

    What would hide or command in a terminal is escaped; it stays the same JSON.
    """
    from harness.text.visible import is_hidden

    text = json.dumps(value, ensure_ascii=False, indent=1, allow_nan=False)
    click.echo("".join(json.dumps(char)[1:-1] if char not in " \n" and is_hidden(char) else char for char in text))


def warn_of(contradictions: Iterable[str]) -> None:
    """Say on standard error which records are not what their answers give."""
    from harness.text.visible import show

    for one in contradictions:
        click.echo(f"DO NOT RELY ON {show(one, blanks=False)}. To look closer: harness runs verify", err=True)
