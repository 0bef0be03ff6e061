"""`harness check`: verdicts and mentions for each line of answers."""

from __future__ import annotations

from typing import Any

import click

from harness.cli.json_lines import channel_of, output_of, process, sources_of, targets_of

_RANKS = ("spaced", "lookalike", "altered")


@click.command()
@click.argument("file", default="-")
@click.option("--fail-on", type=click.Choice(_RANKS), help="Exit 1 if a finding is of this rank or worse.")
@click.option("--json", "as_json", is_flag=True, help="Accepted for uniformity: the output is JSON lines anyway.")
def check(file: str, fail_on: str | None, as_json: bool) -> int:
    """Read JSON lines {"id"?, "source", "targets"?, "output", "channel"?} from FILE or - and add verdicts and mentions.

    Without targets, the strings worth protecting are found in the source.

    \b
    $ harness check answers.jsonl --fail-on spaced
    """
    from harness.project import Project
    from harness.text import check as check_text

    symbols = Project.open().symbols
    failing = _RANKS[_RANKS.index(fail_on) :] if fail_on else ()
    findings = 0

    def change(value: dict[str, Any]) -> None:
        nonlocal findings
        result = check_text(
            sources_of(value), output_of(value), targets_of(value), channel=channel_of(value), symbols=symbols
        )
        findings += sum(verdict in failing for verdict in result.verdicts.values())
        value["verdicts"] = result.verdicts
        if result.unscored:
            value["unscored"] = "only_reasoning"
        value["mentions"] = {
            target: [_mention_json(mention) for mention in mentions] for target, mentions in result.mentions.items()
        }

    if not process(file, change):
        return 3
    return 1 if findings else 0


def _mention_json(mention: Any) -> dict[str, Any]:
    plain = {
        "start": mention.start,
        "end": mention.end,
        "text": mention.text,
        "verdict": mention.verdict,
        "damage": list(mention.damage),
    }
    return plain if mention.path is None else {**plain, "path": mention.path}
