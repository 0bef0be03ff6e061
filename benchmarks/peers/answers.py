"""The cases that all tools are given: questions of the shipped suites with answers that real models gave, and answers
that were written by hand to be judged wrongly."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from harness.history import read_run
from harness.records.run import CaseResult

VERSIONS = ("tuned", "qwen", "spaced")
"""One that is mostly right, one that leaves things out, one that damages them."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A prompt, the string that must come back, and what the server says to it."""

    id: str
    prompt: str
    target: str
    answer: str
    whole: bool | None = None
    """Whether the answer holds the string unharmed, where somebody worked that out by hand."""


def real_answers(reports: Path, most: int) -> list[Asked]:
    """Up to `most` answers, evenly from `VERSIONS`: one question, one string, no named check, plain text.

    Each prompt is numbered, so that three answers to one question are three cases.
    """
    by_version = [list(map(_asked, _cases(reports, version))) for version in VERSIONS]
    mixed = [asked for row in zip(*by_version, strict=False) for asked in row][:most]
    return [replace(one, id=f"real-{n}", prompt=f"{one.prompt}\n(Order {n})") for n, one in enumerate(mixed)]


def hand_written_answers(vectors: Path) -> list[Asked]:
    """The checker's examination set (tests/text/vectors/README.md), as far as it is plain text and one string.

    It was written from the specification by someone who had not seen the checker. Left out is what a template language
    would take for its own, and lone surrogates, which no endpoint can send.
    """
    rows = [json.loads(line) for line in vectors.read_text(encoding="utf-8").splitlines()]
    fit = [
        row
        for row in rows
        if row.get("channel", "text") == "text"
        and isinstance(row["source"], str)
        and len(row.get("targets", ())) == 1
        and row["output"].strip()
        and not any(sign in row["source"] + row["output"] for sign in ("{{", "{%", "{#"))
        and not any("\ud800" <= char <= "\udfff" for char in row["source"] + row["output"])
    ]
    return [
        Asked(
            id=f"hand-{n}",
            prompt=f"{row['source']}\n(Order {n})",
            target=row["targets"][0],
            answer=row["output"],
            whole=row["verdicts"][row["targets"][0]] == "verbatim",
        )
        for n, row in enumerate(fit)
    ]


def _cases(reports: Path, version: str) -> list[CaseResult]:
    paths = [path for path in sorted(reports.glob(f"{version}@*/*.json")) if not path.stem.endswith("-latency")]
    return [
        case
        for case in read_run(paths[-1]).cases
        if case.channel == "text"
        and len(case.targets) == len(case.required) == len(case.messages) == 1
        and isinstance(case.messages[0]["content"], str)
        and case.outcome != "unscored"
        and not case.samples[0].checks
    ]


def _asked(case: CaseResult) -> Asked:
    sample = case.samples[0]
    return Asked(case.id, case.messages[0]["content"], case.required[0], sample.raw_output or sample.output)


def write_cases(folder: Path, cases: Sequence[Asked]) -> None:
    """`cases.json` for the tools, `answers.json` for the server, and a project for the harness."""
    rows = [{"id": one.id, "prompt": one.prompt, "target": one.target} for one in cases]
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "cases.json").write_text(json.dumps(rows, ensure_ascii=False), encoding="utf-8")
    answers = {one.prompt: one.answer for one in cases}
    (folder / "answers.json").write_text(json.dumps(answers, ensure_ascii=False), encoding="utf-8")
    (folder / "pyproject.toml").write_text('[tool.harness.models.fake]\nversion = "1"\n')
    suite = folder / "suites" / "made"
    suite.mkdir(parents=True)
    (suite / "suite.toml").write_text('title = "Made for a benchmark"\n')
    fields = {"domain": "any", "language": "en", "task": "copy"}
    with (suite / "cases.jsonl").open("w", encoding="utf-8") as out:
        for one in cases:
            line = {"id": one.id, "prompt": one.prompt, "targets": [one.target], **fields}
            out.write(json.dumps(line, ensure_ascii=False) + "\n")
