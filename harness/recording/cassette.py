"""Reading a cassette: an index of keys to places, and each answer read only when it is asked for."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from harness.recording.interaction import LINE_LIMIT, Interaction, from_line
from harness.records.errors import CassetteError
from harness.records.reading import UnfitFileError, opened

_KEY = re.compile(rb'\A\{"key":"([0-9a-f]{64})"')
_CONFLICT = (b"<<<<<<< ", b"=======\n", b"=======\r\n", b">>>>>>> ", b"||||||| ")


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a cassette file: its number (1-based), and its bytes without the line end.

    `torn`: it is the last, has no line end and is no interaction: the process that wrote it was killed.
    """

    number: int
    offset: int
    content: bytes
    torn: bool = False


def lines(path: Path) -> Iterator[Line]:
    """The lines that are not blank. A file that is not there has none.

    Raises:
        CassetteError: the file cannot be read, a line is too long, or a merge conflict was left in it.
    """
    try:
        with opened(path) as file:
            number = offset = 0
            while content := file.readline(LINE_LIMIT + 1):
                number += 1
                if len(content) > LINE_LIMIT:
                    raise CassetteError(f"{path}:{number}: longer than {LINE_LIMIT:,} bytes")
                if content.startswith(_CONFLICT):
                    raise CassetteError(
                        f"{path}:{number}: a merge conflict was left here; keep all lines of both sides, "
                        "take the markers out, then run: harness cassettes verify"
                    )
                stripped = content.strip()
                if stripped:
                    # an editor may have taken the last line end away: then the line is whole all the same
                    torn = not content.endswith(b"\n") and not _is_whole(stripped)
                    yield Line(number, offset, stripped, torn)
                offset += len(content)
    except FileNotFoundError:
        return
    except OSError as error:
        raise CassetteError(f"{path}: cannot be read: {error.strerror or error}") from error
    except UnfitFileError as error:
        raise CassetteError(f"{path}: {error}") from error


def _is_whole(content: bytes) -> bool:
    try:
        from_line(content)
    except CassetteError:
        return False
    return True


class Cassette:
    """The recorded answers of one model version for one suite.

    Opening reads the file once and keeps where each answer lies, not the answers. A later line with the same key
    wins: `refresh` appends, and nothing is ever rewritten in place.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.torn_line: int | None = None
        self._places: dict[str, tuple[int, int, int]] = {}
        for line in lines(path):
            if line.torn:
                self.torn_line = line.number
            else:
                self._places[self._key_of(line)] = (line.number, line.offset, len(line.content))

    def _key_of(self, line: Line) -> str:
        match = _KEY.match(line.content)
        if match:
            return match[1].decode("ascii")
        return self._interaction(line.number, line.content).key

    def _interaction(self, number: int, content: bytes) -> Interaction:
        try:
            return from_line(content)
        except CassetteError as error:
            raise CassetteError(f"{self.path}:{number}: {error}") from error

    def __contains__(self, key: str) -> bool:
        return key in self._places

    def __len__(self) -> int:
        return len(self._places)

    def keys(self) -> Iterator[str]:
        """Keys in the order of the file."""
        return iter(self._places)

    def get(self, key: str) -> Interaction | None:
        """The answer recorded under a key, or None.

        Raises:
            CassetteError: the line is damaged, or its content does not belong to its key.
        """
        place = self._places.get(key)
        if place is None:
            return None
        number, offset, length = place
        try:
            with self.path.open("rb") as file:
                file.seek(offset)
                content = file.read(length)
        except OSError as error:
            raise CassetteError(f"{self.path}: cannot be read: {error.strerror or error}") from error
        interaction = self._interaction(number, content)
        if interaction.key != key:
            raise CassetteError(f"{self.path}:{number}: key: does not belong to this request")
        return interaction
