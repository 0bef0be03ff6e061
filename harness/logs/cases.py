"""Damaged rows of a log as cases: personal data taken out, reviewed one by one, added to a suite that is kept."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

from harness.errors import ConfigError, SuiteError
from harness.files import whole
from harness.logs.joining import JOINED
from harness.logs.judge import chunks, groups, rows_of
from harness.logs.read import Decoded
from harness.logs.rows import RowError, judge, lookup, read_row
from harness.logs.run import ScoringJob
from harness.recording.secrets import without_personal
from harness.records.conversation import last_answer
from harness.suite import case_from
from harness.suite.folders import CANARY_HEADING, add_to_selection
from harness.text.characters import is_cjk

Redact = Callable[[str], str]

_MOST_PROMPT = 8000


@dataclass(frozen=True, slots=True)
class Candidate:
    """A case that could be made, and what became of its strings in the log."""

    line: dict[str, Any]
    file: str
    row: int
    prompt: str
    became: tuple[tuple[str, str], ...]


def redacted(text: str, redact: Redact) -> str:
    """Without mail addresses, telephone and identity numbers, and what `redact` knows as a secret."""
    return redact(without_personal(text))


_REVIEWED = ".reviewed"


def reviewed(out: Path, suite: Path) -> set[str]:
    """The ids of the cases that were decided on before, or that the suite has."""
    known = out / _REVIEWED
    found = set(known.read_text("utf-8").split()) if known.exists() else set()
    cases = suite / "cases.jsonl"
    if cases.exists():
        found |= set(re.findall(r'"id": "(log-[0-9a-f]{12})"', cases.read_text("utf-8", "replace")))
    return found


def note_reviewed(out: Path, name: str) -> None:
    """Keep that a case was decided on: the next review goes on behind it."""
    with (out / _REVIEWED).open("a", encoding="utf-8") as file:
        file.write(f"{name}\n")


def candidates(job: ScoringJob, redact: Redact, most: int, known: Collection[str] = ()) -> Iterator[Candidate]:
    """Cases of the first damaged rows of a finished run, each prompt once and none of the `known` ids, at most `most`.

    Raises:
        ConfigError: the verdicts are Parquet, or answers are apart from what they answer.
    """
    if job.scoring.verdict_format != "jsonl" or job.reading.preset in JOINED:
        raise ConfigError(
            "--to-suite: accepted: verdicts in JSON lines, and any preset but messages and those of batches"
        )
    wanted = _damaged(job.out, (most + len(known)) * 4)
    seen: set[str] = set()
    for number, group in enumerate(groups(job.files)):
        if not wanted:
            return
        for chunk in chunks(number, group, job.reading):
            for piece in chunk.pieces:
                for row in rows_of(piece, job.scoring):
                    if (row.file, row.line) not in wanted or row.error:
                        continue
                    found = _candidate(row, job, redact)
                    if found and found.line["id"] not in seen and found.line["id"] not in known:
                        seen.add(found.line["id"])
                        yield found
                        if len(seen) >= most:
                            return


def _damaged(out: Path, most: int) -> set[tuple[str, int]]:
    wanted: set[tuple[str, int]] = set()
    for line in _verdict_lines(out):
        if '"outcome": "damaged"' in line:
            verdict = json.loads(line)
            wanted.add((verdict["file"], verdict["line"]))
            if len(wanted) >= most:
                break
    return wanted


def _verdict_lines(out: Path) -> Iterator[str]:
    """Verdicts in JSON lines; none where they are Parquet."""
    for path in sorted((out / "verdicts").glob("*.jsonl")):
        with path.open(encoding="utf-8") as file:
            yield from file


def _candidate(given: Decoded, job: ScoringJob, redact: Redact) -> Candidate | None:
    """None for a row that makes no case: damage in a tool call, whose tools no log holds, or in a secret."""
    try:
        row = read_row(given.value, job.scoring.columns)
        verdict = judge(row, job.scoring.symbols)
    except RowError:
        return None
    prompt = redacted("\n\n".join(text for text in row.source if text.strip()), redact)
    damaged = {
        target: next(one.text for one in mentions if one.is_damage)
        for target, _, mentions in verdict.mentions
        if any(one.is_damage for one in mentions)
    }
    targets = [target for target in damaged if redacted(target, redact) == target and target in prompt]
    if not targets or len(prompt) > _MOST_PROMPT or any(part.channel == "tool" for part in row.parts):
        return None
    line: dict[str, Any] = {
        "id": f"log-{hashlib.sha256(prompt.encode('utf-8', 'replace')).hexdigest()[:12]}",
        "domain": "from-logs",
        "language": "zh" if any(map(is_cjk, prompt)) else "en",
        "task": "qa",
        **_asked(given.value, job, redact, prompt),
        "targets": targets,
        "tags": ["from-logs", *([f"on={row.day}"] if row.day else [])],
    }
    try:
        case_from(line, "from-logs")
    except SuiteError:
        return None
    return Candidate(line, given.file, given.line, prompt, tuple((target, damaged[target]) for target in targets))


_ROLES = ("system", "user", "assistant")


def _asked(value: Any, job: ScoringJob, redact: Redact, prompt: str) -> dict[str, Any]:
    """`messages` as they were sent, where the row has plain ones of several roles; else all texts as one `prompt`."""
    columns = job.scoring.columns.source
    given = lookup(value, columns[0]) if len(columns) == 1 else None
    given = given.get("messages") if isinstance(given, dict) else given
    if not isinstance(given, list) or not all(isinstance(one, dict) for one in given):
        return {"prompt": prompt}
    given = given[: len(given) - last_answer(given)]
    kept = [{"role": one.get("role"), "content": one.get("content")} for one in given]
    if not all(one["role"] in _ROLES and isinstance(one["content"], str) for one in kept) or len(kept) < 2:
        return {"prompt": prompt}
    kept = [one | {"content": redacted(one["content"], redact)} for one in kept if one["content"].strip()]
    whole = "\n\n".join(one["content"] for one in kept)
    return {"messages": kept} if whole == prompt and kept[-1]["role"] == "user" else {"prompt": prompt}


class Example(NamedTuple):
    """What became of a string in a row of a log."""

    file: str
    line: int
    target: str
    became: str


_ROWS_LOOKED_AT = 50_000


def examples(out: Path, redact: Redact, most: int = 3) -> list[Example]:
    """Damage of the first rows whose damage is of another kind than that of the examples before.

    A screen may be the log of a CI job: strings that name a person, or hold a secret, are none.
    """
    found: dict[tuple[str, ...], Example] = {}
    for line in islice(_verdict_lines(out), _ROWS_LOOKED_AT):
        if '"outcome": "damaged"' not in line:
            continue
        row = json.loads(line)
        for target in row["targets"]:
            if redacted(target["target"], redact) != target["target"]:
                continue
            for mention in target["mentions"]:
                if mention["severity"] == "damage" and mention["damage"]:
                    one = Example(row["file"], row["line"], target["target"], mention["text"])
                    found.setdefault(tuple(sorted(mention["damage"])), one)
        if len(found) >= most:
            break
    return list(found.values())[:most]


_TOML = 'title = {title}\ndescription = "Damage of production logs, reviewed one by one."\n'


def add_case(folder: Path, line: dict[str, Any]) -> bool:
    """Add a case to the suite at `folder`, which is made if it is not there. False if it has the case already.

    Raises ConfigError if the folder cannot be written.
    """
    cases, settings = folder / "cases.jsonl", folder / "suite.toml"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if not settings.exists():
            with whole(settings) as file:
                file.write(_TOML.format(title=json.dumps(folder.name, ensure_ascii=False)).encode("utf-8"))
        before = cases.read_bytes() if cases.exists() else b""
        if f'"id": "{line["id"]}"'.encode() in before:
            return False
        with whole(cases) as file:
            file.write(before + (b"" if not before or before.endswith(b"\n") else b"\n"))
            file.write(json.dumps(line, ensure_ascii=False).encode("utf-8") + b"\n")
    except OSError as error:
        raise ConfigError(f"--to-suite: {folder} cannot be written: {error.strerror or error}") from None
    return True


def add_canary(folder: Path, line: dict[str, Any]) -> Path:
    """Add a case of the suite at `folder` to the selection `canary` beside it, and give the selection's file.

    Raises ConfigError if it cannot be written.
    """
    path = folder.parent / "canary.cases"
    try:
        add_to_selection(path, f"{folder.name}/{line['id']}", CANARY_HEADING)
    except OSError as error:
        raise ConfigError(f"--to-suite: {path} cannot be written: {error.strerror or error}") from None
    return path
