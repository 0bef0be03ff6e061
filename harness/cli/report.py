"""`harness report`: pages, Markdown and tables made of the run records under `reports/`."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import click

from harness.records.errors import RecordError
from harness.records.run import RunRecord


@click.command("report")
@click.argument("run", required=False)
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder for the pages (default: beside the records).",
)
@click.option(
    "--lang", type=click.Choice(["auto", "en", "zh"]), default="auto", help="Language a page opens in."
)
def report(run: str | None, out: Path | None, lang: str) -> None:
    """Build the page of RUN, or of every run."""
    from harness.reporting import run_page

    root = Path("reports")
    paths = [Path(run)] if run else sorted(root.glob("*@*/*.json"))
    for path in paths:
        record = _read(path)
        target = (out or root) / record.label / f"{record.run_id}.html"
        write(target, run_page.render(record, lang=lang))
        click.echo(str(target))


def _read(path: Path) -> RunRecord:
    try:
        return RunRecord.model_validate_json(path.read_bytes())
    except (OSError, ValueError) as error:
        raise RecordError(f"{path}: cannot be read as a run record: {error}") from error


def write(path: Path, text: str) -> None:
    """Replace `path` in one step, so that a reader never sees half a page."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".page-")
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as stream:
            stream.write(text)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
