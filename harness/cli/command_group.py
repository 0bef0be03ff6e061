"""A command with commands of its own: its help lists each with its whole first sentence."""

from __future__ import annotations

import click


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
