"""`harness check`: verdicts and mentions of answers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from harness.cli.json_lines import AnswerLine, encoded, process
from harness.cli.plain_text import plain_answer, plain_text_options, write_bytes

if TYPE_CHECKING:
    from harness.records.conversation import AnswerResult

_RANKS = ("spaced", "lookalike", "altered", "corrupted")


@click.command()
@click.argument("file", default="-")
@plain_text_options
@click.option("--fail-on", type=click.Choice(_RANKS), help="Exit 1 if there is damage of this rank or worse.")
@click.option("--json", "form", flag_value="json", help="Print JSON with --source; JSON lines give JSON lines anyway.")
@click.option("--markdown", "form", flag_value="markdown", help="Print Markdown with --source.")
def check(
    *,
    file: str,
    sources: tuple[str, ...],
    targets: tuple[str, ...],
    channel: str | None,
    fail_on: str | None,
    form: str | None,
) -> int:
    """Say what became of each protected string in the answers of FILE or -.

    JSON lines {"id"?, "source" or "messages", "output", "targets"?, "channel"?} come back with verdicts and mentions.
    An output is a text, a chat message, tool calls, or the response of a chat API. With --source, FILE is one answer as
    plain text. Without targets, the strings worth protecting are found in the source.

    \b
    $ harness check answers.jsonl --fail-on spaced
    $ harness check answer.txt --source prompt.txt
    """
    from harness.errors import ConfigError
    from harness.project import Project
    from harness.records.conversation import check_answer
    from harness.show.marked_text import answer_json, answer_lines, answer_markdown

    symbols = Project.open().symbols
    failing = _RANKS[_RANKS.index(fail_on) :] if fail_on else ()
    findings = 0

    def counted(result: AnswerResult) -> AnswerResult:
        nonlocal findings
        findings += sum(verdict in failing for verdict in result.verdicts.values())
        return result

    answer = plain_answer(file, sources, targets, channel)
    if answer is not None:
        result = counted(check_answer(answer.source, answer.parts, answer.targets, symbols=symbols))
        if form == "json":
            write_bytes(encoded(answer_json(result)) + b"\n")
        else:
            click.echo(answer_markdown(result) if form == "markdown" else "\n".join(answer_lines(result)))
        return 1 if findings else 0
    if form == "markdown":
        raise ConfigError("--markdown goes with --source; JSON lines come back as JSON lines")

    def change(line: AnswerLine) -> dict[str, Any]:
        return answer_json(counted(check_answer(line.source, line.parts, line.targets, symbols=symbols)))

    if not process(file, change):
        return 3
    return 1 if findings else 0
