"""`harness repair`: a filter that stands between a model and a user."""

from __future__ import annotations

from typing import Any

import click

from harness.cli.json_lines import channel_of, output_of, process, sources_of, targets_of


@click.command()
@click.argument("file", default="-")
@click.option(
    "--strategy",
    type=click.Choice(["restore", "collapse"]),
    default="restore",
    show_default=True,
    help="restore: put back the targets alone. collapse: the plain two-line regex, to measure what it breaks.",
)
@click.option("--json", "as_json", is_flag=True, help="Accepted for uniformity: the output is JSON lines anyway.")
def repair(file: str, strategy: str, as_json: bool) -> int:
    """Read JSON lines {"id"?, "source", "targets"?, "output", "channel"?} from FILE or - and add repaired and edits.

    \b
    $ harness repair answers.jsonl > repaired.jsonl
    """
    from harness.project import Project
    from harness.text import repair as repair_text

    symbols = Project.open().symbols

    def change(value: dict[str, Any]) -> None:
        result = repair_text(
            sources_of(value),
            output_of(value),
            targets_of(value),
            strategy=strategy,
            channel=channel_of(value),
            symbols=symbols,
        )
        value["repaired"] = result.text
        value["edits"] = [
            {"start": edit.start, "end": edit.end, "old": edit.old, "new": edit.new} for edit in result.edits
        ]

    return 0 if process(file, change) else 3
