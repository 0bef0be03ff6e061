"""`harness repair`: a filter between a model and a user."""

from __future__ import annotations

from typing import Any

import click

from harness.cli.json_lines import AnswerLine, encoded, process
from harness.cli.plain_text import PlainAnswer, plain_answer, plain_text_options, write_bytes


@click.command()
@click.argument("file", default="-")
@plain_text_options
@click.option(
    "--strategy",
    type=click.Choice(["restore", "collapse"]),
    default="restore",
    show_default=True,
    help="restore: put back the targets alone. collapse: the plain two-line regex, to measure what it breaks.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON with --source; JSON lines give JSON lines anyway.")
def repair(
    *,
    file: str,
    sources: tuple[str, ...],
    targets: tuple[str, ...],
    channel: str | None,
    strategy: str,
    as_json: bool,
) -> int:
    """Put the damaged strings right in the answers of FILE or -; notes are left as they are.

    JSON lines {"id"?, "source" or "messages", "output", "targets"?, "channel"?} come back with repaired and edits. With
    --source, FILE is one answer as plain text, and comes back repaired; a clean one comes back byte for byte.

    \b
    $ harness repair answers.jsonl > repaired.jsonl
    $ harness repair answer.txt --source prompt.txt > repaired.txt
    """
    from harness.project import Project
    from harness.records.conversation import with_texts
    from harness.text import repair as repair_text

    symbols = Project.open().symbols
    answer = plain_answer(file, sources, targets, channel)
    if answer is not None:
        result = repair_text(
            answer.source,
            answer.decoded.text,
            answer.targets,
            strategy=strategy,
            channel=answer.channel,
            symbols=symbols,
            only=answer.pointers,
        )
        edits = [_edit_json(edit, "") for edit in result.edits]
        if as_json:
            write_bytes(encoded({"repaired": result.text, "edits": edits}) + b"\n")
        else:
            write_bytes(_repaired_bytes(answer, result.text))
        return 0

    def change(line: AnswerLine) -> dict[str, Any]:
        texts: list[str] = []
        edits: list[dict[str, Any]] = []
        for part in line.parts:
            result = repair_text(
                line.source, part.text, line.targets, strategy=strategy, channel=part.channel, symbols=symbols
            )
            texts.append(result.text)
            edits += [_edit_json(edit, part.pointer) for edit in result.edits]
        return {"repaired": with_texts(line.answer, line.parts, texts), "edits": edits}

    return 0 if process(file, change) else 3


def _repaired_bytes(answer: PlainAnswer, text: str) -> bytes:
    """In the encoding that the answer came in, byte order mark and line ends as they were."""
    return answer.content if text == answer.decoded.text else answer.decoded.encoded(text)


def _edit_json(edit: Any, part: str) -> dict[str, Any]:
    plain = {"start": edit.start, "end": edit.end, "old": edit.old, "new": edit.new}
    return {**plain, "part": part} if part else plain
