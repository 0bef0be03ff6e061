"""What the commands over stored runs share: where the records lie, and how JSON is printed."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from harness.config import HarnessConfig
    from harness.history import History
    from harness.records.run import RunRecord

F = TypeVar("F", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class StoredRuns:
    """The history of a project, read with its configured versions."""

    settings: HarnessConfig
    history: History

    def resolve(self, reference: str) -> RunRecord:
        """The run that a name, version, id or file means here."""
        return self.history.resolve(reference, self.versions)

    @property
    def versions(self) -> dict[str, str]:
        """The version that each configured model stands at."""
        from harness import config

        return {name: config.model(self.settings, name).version for name in self.settings.models}


def open_stored(report_dir: Path | None) -> StoredRuns:
    """The records of the project in the working folder, or those in `report_dir`."""
    from harness import config
    from harness.history import History

    settings = config.load(Path.cwd())
    return StoredRuns(settings, History(report_dir or settings.root / settings.reports))


def report_dir_option(command: F) -> F:
    """`--report-dir`, the same on every command over stored runs."""
    return click.option(
        "--report-dir",
        type=click.Path(file_okay=False, path_type=Path),
        help="Folder of the run records. [default: reports]",
    )(command)


def print_json(value: object) -> None:
    """JSON on standard output.

    What would hide or command in a terminal is escaped; it stays the same JSON.
    """
    from harness.text.visible import is_hidden

    text = json.dumps(value, ensure_ascii=False, indent=1, allow_nan=False)
    click.echo("".join(json.dumps(char)[1:-1] if char not in " \n" and is_hidden(char) else char for char in text))
