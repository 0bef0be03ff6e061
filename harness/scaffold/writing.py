"""Putting a set-up on disk. A file that is there stays as it is, whoever made it."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from harness.records.errors import ConfigError
from harness.scaffold.choices import Choices
from harness.scaffold.pieces import GITIGNORE, Piece, pieces
from harness.scaffold.pyproject_section import added


@dataclass(slots=True)
class Written:
    """Paths relative to the project: new files, files that were added to, files left alone."""

    created: list[str] = field(default_factory=list)
    extended: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)


def write(root: Path, choices: Choices) -> Written:
    """Write the set-up for `choices` under `root`. A second call writes nothing.

    Raises:
        ConfigError: a file cannot be read or written. pyproject.toml is looked at first, so that a project whose
            settings cannot be added to is left as it was.
    """
    written = Written()
    try:
        _extend(root / "pyproject.toml", added(_text(root / "pyproject.toml"), choices), written)
        _extend(root / ".gitignore", _ignored(_text(root / ".gitignore")), written)
        for piece in pieces(choices):
            _create(root, piece, written)
    except OSError as error:
        raise ConfigError(
            f"{error.filename}: cannot be written: {error.strerror}; then run harness init again"
        ) from error
    return written


def _text(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8")
    except FileNotFoundError:
        return ""
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: not UTF-8 at byte {error.start + 1}; save the file as UTF-8") from error


def _extend(path: Path, addition: str | None, written: Written) -> None:
    if not addition:
        written.kept.append(path.name)
        return
    (written.extended if path.exists() else written.created).append(path.name)
    with path.open("a", encoding="utf-8", newline="") as file:
        file.write(addition)


def _ignored(content: str) -> str:
    present = {line.strip() for line in content.splitlines()}
    missing = [line for line in GITIGNORE if line not in present]
    gap = "\n" if content and not content.endswith("\n") else ""
    return gap + "".join(f"{line}\n" for line in missing) if missing else ""


def _create(root: Path, piece: Piece, written: Written) -> None:
    path = root / piece.path
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        # "x" refuses a file or link that is there, also one that came a moment ago
        with path.open("x", encoding="utf-8", newline="\n") as file:
            file.write(piece.text)
    except FileExistsError:
        written.kept.append(str(piece.path))
    else:
        written.created.append(str(piece.path))
