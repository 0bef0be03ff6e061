"""What several commands share: help in two languages, sub-commands, `--report-dir`, JSON on standard output."""

from __future__ import annotations

import json
import re
import shutil
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from harness.show.words import LANGUAGES, help_text, phrase, spoken, translated

if TYPE_CHECKING:
    from harness.config import ModelConfig


def paragraphs(text: str) -> Iterator[tuple[str, bool]]:
    """Paragraphs of a help text, each on one line, and whether it is to be shown as it is (`\\b`, as click has it)."""
    for part in re.split(r"\n\s*\n", text.strip("\n")):
        if part.lstrip().startswith("\b"):
            yield part.replace("\b\n", "", 1), True
        elif part.strip():
            yield " ".join(part.split()), False


_NARROWEST = 50
"""Columns of help as click writes it, which does without a line end at any narrower terminal's edge."""


class _Help(click.HelpFormatter):
    """Help as click writes it; in Chinese, with lines that may end between two characters."""

    def __init__(self, indent_increment: int = 2, width: int | None = None, max_width: int | None = None) -> None:
        columns = shutil.get_terminal_size().columns - 2
        super().__init__(indent_increment, max(columns, 20) if columns < _NARROWEST else width, max_width)

    def write_usage(self, prog: str, args: str = "", prefix: str | None = None) -> None:
        """The line `Usage:`."""
        super().write_usage(prog, args, prefix if spoken() == "en" else "用法：")

    def write_heading(self, heading: str) -> None:
        """The title of a list."""
        if spoken() == "en":
            super().write_heading(heading)
        else:
            self.write(f"{' ' * self.current_indent}{help_text(heading)}：\n")

    def write_text(self, text: str) -> None:
        """Paragraphs."""
        if spoken() == "en":
            super().write_text(text)
            return
        from harness.show.figures import wrapped

        indent = " " * self.current_indent
        for number, (part, as_it_is) in enumerate(paragraphs(text)):
            lines = part.split("\n") if as_it_is else wrapped(help_text(part), "", self.width - len(indent))
            self.write("\n" * bool(number) + "".join(f"{indent}{line.strip()}\n" for line in lines))

    def write_dl(self, rows: Iterable[tuple[str, str]], col_max: int = 30, col_spacing: int = 2) -> None:
        """Names and what they mean."""
        col_max = min(col_max, self.width // 2)
        if spoken() == "en":
            super().write_dl(rows, col_max, col_spacing)
            return
        from harness.show.figures import cells, wrapped

        listed = list(rows)
        first = min(max(cells(name) for name, _ in listed), col_max) + col_spacing
        for name, text in listed:
            lead = " " * self.current_indent + name
            indent = " " * (self.current_indent + first)
            lines = [indent + line for line in wrapped(_option_help(text), "", self.width - len(indent))]
            if lines and cells(lead) + col_spacing <= len(indent):
                lines[0] = lead + lines[0][cells(lead) :]
            else:
                lines.insert(0, lead)
            self.write("".join(f"{line}\n" for line in lines))


def _option_help(text: str) -> str:
    """Help of an option, with what click puts behind it: `  [default: 8; x>=1]`."""
    if (whole := help_text(text)) != text:
        return whole
    found = re.fullmatch(r"(|.*?  )\[([^\]]*)\]", text, re.DOTALL)
    said, facts = found.groups() if found else (text, "")
    known = []
    for fact in filter(None, facts.split("; ")):
        name, colon, value = fact.partition(": ")
        known.append(f"{help_text(name)}：{value}" if colon else help_text(fact))
    return help_text(" ".join(said.split())) + (f"[{'；'.join(known)}]" if known else "")


class HelpContext(click.Context):
    """A command whose help is written by `_Help`."""

    formatter_class = _Help


class CommandGroup(click.Group):
    """Where click would cut a sentence off at the end of the line, the next line takes the rest."""

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Name and first sentence of each command."""
        rows = []
        for name in self.list_commands(ctx):
            command = self.get_command(ctx, name)
            assert command is not None
            paragraph, _ = next(paragraphs(command.help or ""), ("", False))
            full_stop = ". " if spoken() == "en" else "。"
            first, stop, _ = help_text(paragraph).partition(full_stop)
            rows.append((name, first + stop.strip()))
        with formatter.section("Commands"):
            formatter.write_dl(rows)


def with_language(command: click.Command) -> click.Command:
    """`--lang` on a command and all below it, whether it is written before the command's name or behind it."""
    command.context_class = HelpContext
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


def tell(text: str, *, err: bool = False) -> None:
    """A line for a person in the language of the terminal; a line of several is translated one by one."""
    lines = ((line, line.strip()) for line in text.split("\n"))
    tell_lines((line.replace(said, translated(said), 1) if said else line for line, said in lines), err=err)


def tell_lines(lines: Iterable[str], *, err: bool = False) -> None:
    """Lines as they are, and those that the terminal is too narrow for as several."""
    stream = sys.stderr if err else sys.stdout
    if stream is None or not stream.isatty():  # a pipe or a file, whose lines other programs read
        click.echo("\n".join(lines), err=err)
        return
    from harness.show.figures import fitted

    click.echo("\n".join(part for line in lines for part in fitted(line)), err=err)


_MOST_TOLD = 20


def tell_some(warnings: Iterable[str], command: str) -> None:
    """Warnings on standard error, at most 20: more would push what was asked for off the screen.

    Args:
        command: lists all of them.
    """
    every = list(warnings)
    for one in every[:_MOST_TOLD]:
        tell(one, err=True)
    if len(every) > _MOST_TOLD:
        tell(f"... and {len(every) - _MOST_TOLD:,} more: {command}", err=True)


def tell_of_loading(model: ModelConfig) -> None:
    """A local model answers only after half a minute of silence."""
    if model.kind == "local":
        tell_lines([phrase("loading", label=model.label)], err=True)


def warn_of(contradictions: Iterable[str]) -> None:
    """Say on standard error which records are not what their answers give."""
    from harness.text.visible import show

    warnings = (
        f"DO NOT RELY ON {show(one, blanks=False)}. To look closer: harness runs verify" for one in contradictions
    )
    tell_some(warnings, "harness runs verify")
