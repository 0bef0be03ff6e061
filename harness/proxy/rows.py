"""The log of a proxy: one JSON line an answer, in the columns that `harness score` reads."""

import json
import os
import sys
from pathlib import Path
from typing import Any

from harness.errors import ConfigError
from harness.files import now
from harness.proxy.mending import ChatRequest, Report, Said
from harness.recording import Secrets

_PRIVATE = 0o600
"""Prompts and answers of others are in it."""


class RowLog:
    """Appends rows. The file is opened for each, so that it may be moved away (logrotate) at any time.

    Raises:
        ConfigError: it cannot be written.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.lost = 0
        """Rows that the disk refused. Answers go on meanwhile: they matter more to whoever waits for one."""
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._torn = self._is_torn()
            self._append(b"")
        except OSError as error:
            raise ConfigError(f"--log: {path}: cannot be written: {error.strerror or error}") from error

    def _is_torn(self) -> bool:
        """Whether the last line has no end, because a process was killed within it."""
        if self.path.is_symlink() or (self.path.exists() and not self.path.is_file()):
            raise ConfigError(f"--log: {self.path}: is a symlink or not a regular file; accepted: a file")
        if not self.path.exists() or not self.path.stat().st_size:
            return False
        with self.path.open("rb") as file:
            file.seek(-1, os.SEEK_END)
            return file.read(1) != b"\n"

    def _append(self, data: bytes) -> None:
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
        descriptor = os.open(self.path, flags, _PRIVATE)
        try:
            line = (b"\n" if self._torn and data else b"") + data
            written = os.write(descriptor, line) if line else 0
            self._torn = written < len(line) if written else self._torn
            if written < len(line):
                raise OSError(0, "the disk is full")
        finally:
            os.close(descriptor)

    def write(self, row: dict[str, Any]) -> None:
        """Append one row; a row that cannot be written is counted, and the first one reported."""
        data = json.dumps(row, ensure_ascii=False).encode("utf-8", "replace") + b"\n"
        try:
            self._append(data)
        except OSError as error:
            self.lost += 1
            if self.lost == 1:
                message = f"harness: --log: {self.path}: cannot be written: {error.strerror or error}; answers go on\n"
                sys.stderr.write(message)


def rows_of(
    question: ChatRequest,
    answers: dict[int, Said],
    report: Report,
    *,
    secrets: tuple[Secrets, ...],
    answer_id: str | None,
    model: str | None,
    repairs: bool,
    broken: bool,
    latency_s: float,
) -> list[dict[str, Any]]:
    """One row a choice. `output` is what the model wrote, and with `repairs` `repaired` what was passed on.

    Args:
        secrets: the client's key and those of the environment; they are taken out.
        broken: the answer ended before its end; such a row is unscored.
    """
    rows = []
    for number, said in sorted(answers.items()):
        output, repaired = _output(said, 0), _output(said, 1)
        row: dict[str, Any] = {
            "time": now(),
            "id": answer_id if answer_id is None or not number else f"{answer_id}#{number}",
            "model": model or question.model,
            "source": list(question.source),
            "output": output or None,
            "channel": "tool" if said.calls else question.channel,
            "finish_reason": "error" if broken else said.finish_reason,
            "latency_s": round(latency_s, 3),
        }
        if question.targets is not None:
            row["targets"] = list(question.targets)
        if repairs:
            row["repaired"] = repaired or None
        if report.mended:
            row["mended"] = report.mended
        rows.append(_without(row, secrets))
    return rows


def _output(said: Said, which: int) -> str:
    """The text; with tool calls a JSON list of it and their arguments, which the channel `tool` reads one by one."""
    text = said.text.both[which]
    calls = [written.both[which] for _, written in sorted(said.calls.items())]
    return json.dumps([text, *calls] if text else calls, ensure_ascii=False) if calls else text


def _without(value: Any, secrets: tuple[Secrets, ...]) -> Any:
    if isinstance(value, str):
        for known in secrets:
            value = known.redacted(value)
        return value
    if isinstance(value, list):
        return [_without(part, secrets) for part in value]
    if isinstance(value, dict):
        return {_without(name, secrets): _without(part, secrets) for name, part in value.items()}
    return value
