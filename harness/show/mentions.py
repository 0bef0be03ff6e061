"""What `check` found in one answer: as JSON, as lines for a terminal, as Markdown."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from harness.records.conversation import AnswerResult, Part
from harness.show.figures import cells, markdown_table, pad, plural
from harness.show.sinks import code
from harness.text import Mention
from harness.text.visible import show

_LONGEST = 120
"""Characters of a target or mention in a line."""


def answer_json(result: AnswerResult) -> dict[str, Any]:
    """`verdicts` and `mentions` by target; `within` and `unscored` where there is something to say."""
    found: dict[str, Any] = {
        "verdicts": result.verdicts,
        "mentions": {
            target: [mention_json(part, mention) for part, mention in mentions]
            for target, mentions in result.mentions.items()
        },
    }
    if result.within:
        found["within"] = result.within
    if result.unscored:
        found["unscored"] = "only_reasoning"
    return found


def mention_json(part: Part, mention: Mention) -> dict[str, Any]:
    """Offsets are code points of the part, or of the decoded JSON string at `path` in it."""
    plain: dict[str, Any] = {
        "start": mention.start,
        "end": mention.end,
        "text": mention.text,
        "verdict": mention.verdict,
        "severity": mention.severity if mention.damage else None,  # what is verbatim is neither
        "damage": list(mention.damage),
    }
    if mention.path is not None:
        plain["path"] = mention.path
    if mention.reach is not None:
        plain["reach"] = list(mention.reach)
    if part.place:
        plain["part"] = part.pointer
    return plain


def answer_lines(result: AnswerResult) -> list[str]:
    """One line a target, and under it what is not verbatim, with its severity and place."""
    if result.unscored:
        return ["unscored: the answer holds nothing but reasoning"]
    if not result.verdicts:
        return ["nothing to protect: no target was given, and the source holds none"]
    width = min(40, max(cells(_shown(target)) for target in result.verdicts))
    lines = []
    for target, verdict in result.verdicts.items():
        lines.append(f"{pad(_shown(target), width)}  {_verdict(result, target, verdict)}")
        for part, mention in result.mentions[target]:
            if mention.verdict != "verbatim":
                codes = ", ".join(mention.damage)
                where = " ".join([*map(show, _where(part, mention)), _place(part, mention)])
                lines.append(f"  {mention.severity:<6}  {_mention(mention)}  {codes}  {where}")
    return [*lines, "", summary(result)]


def answer_markdown(result: AnswerResult) -> str:
    """A table with one row a mention that is not verbatim, and one a target that has none."""
    rows = [["target", "verdict", "severity", "became", "codes", "where"]]
    for target, verdict in result.verdicts.items():
        shown = [(part, one) for part, one in result.mentions[target] if one.verdict != "verbatim"]
        if not shown:
            rows.append([code(target), _verdict(result, target, verdict), "", "", "", ""])
        for part, one in shown:
            codes = ", ".join(one.damage)
            where = " ".join([*map(code, _where(part, one)), _place(part, one)])
            rows.append([code(target), verdict, one.severity, code(one.text), codes, where])
    if len(rows) == 1:
        return "\n".join([*answer_lines(result), ""])
    return "\n".join([summary(result), "", *markdown_table(rows), ""])


def summary(result: AnswerResult) -> str:
    """How many targets are damaged, absent and verbatim, and how many notes there are."""
    damaged = sum(verdict not in ("verbatim", "absent") for verdict in result.verdicts.values()) + len(result.within)
    absent = sum(verdict == "absent" for verdict in result.verdicts.values()) - len(result.within)
    notes = sum(mention.severity == "note" for mention in _all(result))
    text = f"{plural(len(result.verdicts), 'target')}: {damaged} damaged, {absent} not mentioned"
    return f"{text}; {plural(notes, 'note')}, not counted" if notes else text


def _all(result: AnswerResult) -> Iterator[Mention]:
    return (mention for mentions in result.mentions.values() for _, mention in mentions)


def _verdict(result: AnswerResult, target: str, verdict: str) -> str:
    outer = result.within.get(target)
    return verdict if outer is None else f"damaged within {_shown(outer)}"


def _mention(mention: Mention) -> str:
    text = show(mention.text, lookalikes=True)
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"


def _shown(text: str) -> str:
    text = show(text).replace("␣", " ")
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"


def _where(part: Part, mention: Mention) -> list[str]:
    """The pointers to the text that holds it: foreign text, since keys of JSON are a model's."""
    return [place for place in (part.pointer, mention.path) if place]


def _place(part: Part, mention: Mention) -> str:
    """Where it is in that text: characters count from 1, as an editor has them."""
    if mention.path is not None:
        return f"characters {mention.start + 1}–{mention.end}"
    line = part.text.count("\n", 0, mention.start) + 1
    column = mention.start - (part.text.rfind("\n", 0, mention.start) + 1) + 1
    return f"line {line}, character {column}"
