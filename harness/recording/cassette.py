"""Reading a cassette: an index of keys to lines, and each answer parsed only when it is asked for."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from harness.recording.interaction import Interaction, from_line
from harness.records.errors import CassetteError

LINE_LIMIT = 64_000_000
"""Bytes. A longer line is refused before it is read into memory."""
_KEY = re.compile(rb'\A\{"key":"([0-9a-f]{64})"')
_CONFLICT = (b"<<<<<<< ", b"=======\n", b">>>>>>> ", b"||||||| ")


@dataclass(frozen=True, slots=True)
class Problem:
    """A line that cannot be used: its number (1-based) and why."""

    line: int
    message: str


class Cassette:
    """The recorded answers of one model version for one suite.

    Opening reads the file once and keeps its lines as bytes; a line is decoded when its key is looked up.
    A later line with the same key wins: `refresh` appends, and nothing is ever rewritten in place.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.torn: Problem | None = None
        self._lines: dict[str, tuple[int, bytes]] = {}
        for number, line in self._read():
            self._lines[self._key_of(number, line)] = (number, line)

    def _read(self) -> Iterator[tuple[int, bytes]]:
        try:
            with self.path.open("rb") as file:
                number = 0
                while line := file.readline(LINE_LIMIT + 1):
                    number += 1
                    if len(line) > LINE_LIMIT:
                        raise CassetteError(f"{self.path}:{number}: longer than {LINE_LIMIT:,} bytes")
                    if line.startswith(_CONFLICT):
                        raise CassetteError(
                            f"{self.path}:{number}: a merge conflict was left here; keep all lines of both sides, "
                            "take the markers out, then run: harness cassettes verify"
                        )
                    if not line.endswith(b"\n"):
                        # the process that wrote it was killed: the answer is lost, the lines before it are not
                        self.torn = Problem(number, f"torn after {len(line)} bytes")
                        return
                    if line.strip():
                        yield number, line
        except FileNotFoundError:
            return
        except OSError as error:
            raise CassetteError(f"{self.path}: cannot be read: {error.strerror or error}") from error

    def _key_of(self, number: int, line: bytes) -> str:
        match = _KEY.match(line)
        if match:
            return match[1].decode("ascii")
        return self._interaction(number, line).key

    def _interaction(self, number: int, line: bytes) -> Interaction:
        try:
            return from_line(line)
        except CassetteError as error:
            raise CassetteError(f"{self.path}:{number}: {error}") from error

    def __contains__(self, key: str) -> bool:
        return key in self._lines

    def __len__(self) -> int:
        return len(self._lines)

    def keys(self) -> Iterator[str]:
        """Keys in the order of the file."""
        return iter(self._lines)

    def get(self, key: str) -> Interaction | None:
        """The answer recorded under a key, or None.

        Raises:
            CassetteError: the line is damaged, or its content does not belong to its key.
        """
        place = self._lines.get(key)
        if place is None:
            return None
        interaction = self._interaction(*place)
        if interaction.key != key:
            raise CassetteError(f"{self.path}:{place[0]}: key: does not belong to this request")
        return interaction

    def problems(self) -> Iterator[Problem]:
        """Every line that could not be replayed, for `harness cassettes verify`."""
        for number, line in self._lines.values():
            try:
                from_line(line)
            except CassetteError as error:
                yield Problem(number, str(error))
        if self.torn:
            yield self.torn


def read_vcr(text: str) -> list[Interaction]:
    """Interactions of a stock vcrpy cassette in JSON (`serializer="json"`)."""
    from harness.recording.interaction import from_value

    try:
        content = json.loads(text)
        return [from_value(value) for value in content["interactions"]]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise CassetteError(f"not a vcrpy cassette in JSON: {type(error).__name__}: {error}") from error
