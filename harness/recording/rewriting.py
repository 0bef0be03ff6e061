"""Taking lines out of a cassette: a new file in the place of the old one, or none at all."""

from collections.abc import Container
from pathlib import Path

from harness.recording.cassette import lines
from harness.recording.locking import locked_file
from harness.records.errors import CassetteError
from harness.records.writing import whole


def without(path: Path, numbers: Container[int], *, wait_s: float = 10.0) -> None:
    """Take lines out by their numbers; the others stay byte for byte.

    Raises:
        CassetteError: another recorder holds the cassette, or it cannot be written; then it is as it was.
    """
    try:
        with locked_file(path, wait_s=wait_s), whole(path) as file:
            for line in lines(path):
                if line.number not in numbers:
                    file.write(line.content + b"\n")
    except OSError as error:
        raise CassetteError(f"{path}: cannot be written: {error.strerror or error}") from error
