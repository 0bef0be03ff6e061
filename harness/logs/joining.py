"""Rows that belong together: answers of batches and their requests, messages of a conversation that is a row each.

What is needed of the other rows is read first, into a file, since a log may be larger than memory."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Any

from harness.logs.files import InputFile
from harness.logs.forms import ChatRow, at, first, message_of, texts_in
from harness.logs.presets import BATCH_IDS, BATCHES, batch_side
from harness.logs.read import Block, RawRow, decoded, pieces
from harness.records.conversation import source_texts

JOINED = (*BATCHES, "messages")


def gather(
    preset: str, files: Sequence[InputFile], path: Path, *, longest: int, delimiter: str | None, encoding: str | None
) -> None:
    """Keep at `path` what the rows of `files` need of each other.

    Raises HarnessError for a file that cannot be read.
    """
    kept = Requests(path) if preset in BATCHES else Conversations(path)
    try:
        for file in files:
            found = pieces(file, None, longest, delimiter, encoding)
            if isinstance(kept, Requests):
                kept.add(raw for piece in found for raw in piece.raws)
            else:
                kept.add(found)
    finally:
        kept.close()


def joined(preset: str, found: Iterator[Block], path: Path) -> Iterator[Block]:
    """The pieces of a file, each answer with what it answers."""
    return _with_requests(found, path) if preset in BATCHES else _with_messages(found, path)


class Requests:
    """The requests of batches by `custom_id`, in a file: a log may be larger than memory."""

    def __init__(self, path: Path) -> None:
        self._database = sqlite3.connect(path, isolation_level=None)
        self._database.execute("PRAGMA synchronous = OFF")
        self._database.execute("CREATE TABLE IF NOT EXISTS requests (id TEXT PRIMARY KEY, line BLOB) WITHOUT ROWID")

    def add(self, lines: Iterator[bytes]) -> None:
        """Keep those of the lines that are requests. The first of two with the same id stays."""
        self._database.execute("BEGIN")
        for line in lines:
            value = _of_batch(line)
            if batch_side(value) != "request":
                continue
            inside = at(value, "requests")  # the body of Anthropic's call, as one document
            several = [(one, json.dumps(one).encode()) for one in inside] if isinstance(inside, list) else ()
            for one, text in several or ((value, line.strip()),):
                name = first(one, *BATCH_IDS)
                if isinstance(name, str):
                    self._database.execute("INSERT OR IGNORE INTO requests VALUES (?, ?)", (name, text))
        self._database.execute("COMMIT")

    def joined(self, line: bytes) -> bytes:
        """An answer with its request; any other line as it is."""
        value = _of_batch(line)
        name = first(value, *BATCH_IDS) if batch_side(value) == "answer" else None
        if not isinstance(name, str):
            return line
        kept = self._database.execute("SELECT line FROM requests WHERE id = ?", (name,)).fetchone()
        return b'{"asked": %b, "answer": %b}' % (kept[0], line.strip()) if kept else line

    def close(self) -> None:
        self._database.close()


def _with_requests(found: Iterator[Block], path: Path) -> Iterator[Block]:
    requests = Requests(path)
    try:
        for piece in found:
            yield replace(piece, raws=list(map(requests.joined, piece.raws)))
    finally:
        requests.close()


def _of_batch(line: bytes) -> Any:
    if not any(b'"%b"' % name.encode() in line for name in (*BATCH_IDS, "requests")):
        return None
    try:
        return json.loads(line)
    except (ValueError, RecursionError):
        return None


class Conversations:
    """Messages by conversation, in a file. In order of their times, or of their lines where they have none."""

    def __init__(self, path: Path) -> None:
        self._database = sqlite3.connect(path, isolation_level=None)
        self._database.execute("PRAGMA synchronous = OFF")
        self._database.execute(
            "CREATE TABLE IF NOT EXISTS messages (number INTEGER PRIMARY KEY, conversation TEXT, file TEXT, "
            "line INTEGER, moment REAL, said TEXT)"
        )
        self._database.execute("CREATE INDEX IF NOT EXISTS of_conversation ON messages (conversation)")
        self.of = lru_cache(maxsize=64)(self._of)

    def add(self, found: Iterator[Block]) -> None:
        """Keep the messages of the pieces of a file. `said` is the JSON of a user's texts, null of an answer's."""
        self._database.execute("BEGIN")
        for piece in found:
            for row in decoded(piece):
                message = message_of(row.value)
                if message is None:
                    continue
                texts = list(texts_in(source_texts(message.said) or message.said))
                said = None if message.is_answer else json.dumps(texts)
                values = (message.conversation, row.file, row.line, message.moment, said)
                self._database.execute(
                    "INSERT INTO messages (conversation, file, line, moment, said) VALUES (?, ?, ?, ?, ?)", values
                )
        self._database.execute("COMMIT")

    def _of(self, conversation: str) -> tuple[dict[tuple[str, int], int], list[str | None]]:
        """The places of its messages by file and line, and what users said. Of one moment, in the order of the log."""
        query = "SELECT file, line, moment, said FROM messages WHERE conversation = ? ORDER BY number LIMIT ?"
        listed = self._database.execute(query, (conversation, _MOST_MESSAGES)).fetchall()
        moments = [moment for _, _, moment, _ in listed if moment is not None]
        if len(moments) == len(listed):
            steps = [later - earlier for earlier, later in pairwise(moments)]
            if steps and max(steps) <= 0 > min(steps):  # the newest is first
                listed.reverse()
            listed.sort(key=lambda one: one[2])
        return {(file, line): place for place, (file, line, _, _) in enumerate(listed)}, [one[3] for one in listed]

    def before(self, message: ChatRow, file: str, line: int) -> list[str]:
        """What users said in a conversation before a message, the last texts of it.

        Raises KeyError for a message behind the most that a conversation may have.
        """
        places, said = self.of(message.conversation)
        texts: list[str] = []
        for one in reversed(said[: places[file, line]]):
            texts = (json.loads(one) if one is not None else []) + texts
            if len(texts) >= _MOST_BEFORE:
                break
        return texts

    def close(self) -> None:
        self.of.cache_clear()
        self._database.close()


_MOST_MESSAGES, _MOST_BEFORE = 20_000, 100
"""Of one conversation, and texts that are an answer's source."""


def _with_messages(found: Iterator[Block], path: Path) -> Iterator[Block]:
    """Each answer as a row that a preset reads; what is not an answer to somebody is not a row."""
    conversations = Conversations(path)
    try:
        for piece in found:
            records = []
            for row in decoded(piece):
                if row.error:
                    raw = row.raw if row.raw is not None else b""
                    records.append(RawRow(row.line, raw, (row.error.kind, str(row.error))))
                    continue
                message, value = message_of(row.value), {"message": row.value}
                if message is not None and not message.is_answer:
                    continue
                if message is not None:
                    try:
                        asked = conversations.before(message, row.file, row.line)
                    except KeyError:
                        value["too many"] = _MOST_MESSAGES
                    else:
                        if not asked:
                            continue  # a greeting
                        value |= {"asked": asked, "said": message.said}
                records.append(RawRow(row.line, json.dumps(value, default=str).encode()))
            if records:
                yield Block(piece.file, "jsonl").holding(records, piece.position)
    finally:
        conversations.close()
