"""Looking at every line of a cassette: can it be replayed, and does it hold something secret?"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from harness.recording.cassette import lines
from harness.recording.interaction import from_line
from harness.recording.scanning import kinds_in
from harness.recording.secrets import Secrets, shapes_in
from harness.records.errors import CassetteError


@dataclass(frozen=True, slots=True)
class Problem:
    """A line that must not stay as it is: its number (1-based; 0 for the file as a whole) and why."""

    line: int
    message: str


def problems(path: Path, secrets: Secrets) -> Iterator[Problem]:
    """All problems of a cassette, in the order of its lines. What was found is named, never shown."""
    try:
        for line in lines(path):
            if line.torn:
                yield Problem(
                    line.number,
                    f"torn after {len(line.content)} bytes; --cassette-mode=record takes it away and asks again",
                )
                continue
            try:
                from_line(line.content)
            except CassetteError as error:
                yield Problem(line.number, str(error))
            text = line.content.decode("utf-8", "replace")
            if secrets.found_in(text):
                yield Problem(line.number, "holds the value of a key of this environment; revoke the key")
            # the scanner has names of its own for what ours found already
            for shape in shapes_in(text) or kinds_in(text):
                yield Problem(line.number, f"holds what looks like a secret ({shape}); revoke it, prune the line")
    except CassetteError as error:
        yield Problem(0, str(error).removeprefix(f"{path}:").lstrip())
