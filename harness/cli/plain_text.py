"""Plain text for `check` and `repair`: the source is given, and the answer is a file or standard input."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import click

from harness.cli.json_lines import name_of, opened
from harness.errors import ConfigError, HarnessError
from harness.files import DecodedText, UnfitFileError, decoded_text

if TYPE_CHECKING:
    from harness.records.conversation import Part

CHANNELS = ("text", "json", "tool")
"""Those of `harness.text`, whose import costs what `--help` need not pay."""
TEXT_LIMIT = 128_000_000
"""Bytes of a source or an answer, which is held in memory several times over."""
_TEXT_FILES = (".txt", ".md", ".json", ".jsonl", ".log", ".csv", ".html", ".xml", ".yaml", ".yml")
"""A name with one of these endings that does not exist is a mistyped path, not the text of a source."""

F = TypeVar("F", bound=Callable[..., Any])


def plain_text_options(command: F) -> F:
    """`--source`, `--target` and `--channel`."""
    source = click.option(
        "--source",
        "sources",
        multiple=True,
        metavar="FILE|TEXT",
        help="What the model was given: a file, or the text itself; repeatable. FILE or - is then the answer as plain "
        "text, and not JSON lines.",
    )
    target = click.option(
        "--target",
        "targets",
        multiple=True,
        metavar="TEXT",
        help="A string that must come back, with --source; repeatable. [default: those found in the source]",
    )
    channel = click.option(
        "--channel",
        type=click.Choice(CHANNELS),
        help="How the answer is read, with --source. [default: json if it is a JSON document, else text]",
    )
    return source(target(channel(command)))


@dataclass(frozen=True, slots=True)
class PlainAnswer:
    """`content` is the answer as it came, byte for byte; `parts` are its texts."""

    source: list[str]
    targets: list[str] | None
    content: bytes
    decoded: DecodedText
    channel: str
    parts: list[Part]

    @property
    def pointers(self) -> list[str] | None:
        """Where the answer is in the saved response of an API; None where all of the text is the answer."""
        return [part.pointer for part in self.parts] if any(part.place for part in self.parts) else None


def plain_answer(
    file: str, sources: tuple[str, ...], targets: tuple[str, ...], channel: str | None
) -> PlainAnswer | None:
    """What `--source` and its options say; None without it, for JSON lines.

    Raises HarnessError for what cannot be read, and ConfigError for options that do not go together.
    """
    if not sources:
        if targets or channel:
            name = "--target" if targets else "--channel"
            raise ConfigError(f"{name} goes with --source; JSON lines say it in each line (targets, channel)")
        return None
    if [file, *sources].count("-") > 1:
        raise ConfigError(
            "standard input cannot be the source and the answer at once; accepted: a file for one of them"
        )
    blank = next((target for target in targets if not target.strip()), None)
    if blank is not None:
        raise ConfigError(f"--target: found {blank!r}; accepted: a text that is not blank")
    source = [text for given in sources for text in _source(given)]
    content = _content(file, "the answer as plain text")
    decoded = _decoded(content, file)
    document = _document(decoded.text)
    channel = channel or ("text" if document is None else "json")
    return PlainAnswer(
        source, list(targets) or None, content, decoded, channel, _parts(document, decoded.text, channel)
    )


def _source(given: str) -> list[str]:
    """A file, `-`, or the text itself; a file of chat messages gives their texts."""
    if given != "-" and not os.path.exists(given):
        if given.lower().endswith(_TEXT_FILES) and given.isascii() and not any(char.isspace() for char in given):
            raise ConfigError(
                f"--source: no file {given!r}; accepted: a file, or a text (for a text of that form put a blank behind)"
            )
        text = given
    else:
        text = _decoded(_content(given, "the source as plain text"), given).text
    from harness.records.conversation import source_texts

    document = _document(text)
    is_conversation = isinstance(document, dict) or (
        isinstance(document, list) and all(isinstance(one, dict) and "role" in one for one in document)
    )
    return (source_texts(document) if is_conversation else None) or [text]


def _content(file: str, waits_for: str) -> bytes:
    try:
        with opened(file, waits_for) as stream:
            content: bytes = stream.read(TEXT_LIMIT + 1)
    except OSError as error:
        raise HarnessError(f"{name_of(file)}: cannot be read: {error.strerror}; accepted: a file") from None
    if len(content) > TEXT_LIMIT:
        raise HarnessError(
            f"{name_of(file)}: longer than {TEXT_LIMIT:,} bytes; cut it, or run: harness score for a log of answers"
        )
    return content


def _decoded(content: bytes, file: str) -> DecodedText:
    try:
        return decoded_text(content)
    except UnfitFileError as error:
        raise HarnessError(f"{name_of(file)}: cannot be read as text: {error}") from None


def _document(text: str) -> Any:
    """The JSON object or list that the text is as a whole; None if it is none."""
    begin = text.lstrip()[:1]
    if begin not in ("{", "["):
        return None
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return value or None


def _parts(document: Any, text: str, channel: str) -> list[Part]:
    """A saved response of a chat API is read part by part; any other JSON is the answer itself."""
    from harness.records.conversation import Part, answer_parts

    parts = answer_parts(document) if _is_response(document) and channel == "json" else None
    return parts or [Part(text, channel)]


def _is_response(document: Any) -> bool:
    """Whether this is what an API sent, and not JSON that a model wrote."""
    if not isinstance(document, dict):
        return False
    if "choices" in document or "candidates" in document or document.get("role") == "assistant":
        return True
    message, output = document.get("message"), document.get("output")
    if isinstance(output, list):  # the Responses API
        return bool(output) and all(isinstance(one, dict) and "type" in one for one in output)
    if isinstance(output, dict):  # Bedrock
        message = output.get("message")
    return isinstance(message, dict) and "role" in message


def write_bytes(content: bytes) -> None:
    """To standard output as it is: no line end is added, and no encoding of a console changes it."""
    sys.stdout.flush()
    sys.stdout.buffer.write(content)
    sys.stdout.buffer.flush()
