"""`harness runs publish`: a run, its verdict and its page in MLflow."""

from __future__ import annotations

import tempfile
from dataclasses import asdict
from pathlib import Path

import click

from harness.cli.stored_runs import open_stored, print_json, report_dir_option


@click.command("publish")
@click.argument("run", metavar="RUN")
@click.option(
    "--mlflow", "address", required=True, envvar="MLFLOW_TRACKING_URI", metavar="URI", help="The tracking server."
)
@click.option("--baseline", metavar="RUN", help="For the verdict. [default: see `harness runs baseline`]")
@click.option("--policy", type=click.Path(dir_okay=False, path_type=Path), help="For the verdict: policy in TOML.")
@click.option("--experiment", default="verbatim", show_default=True, help="Where the run goes.")
@click.option("--registered-model", metavar="NAME", help="In the model registry. [default: the model's name]")
@click.option("--alias", default="champion", show_default=True, help="Moved to this version by a GO, and by it alone.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@report_dir_option
def publish_run(
    *,
    run: str,
    address: str,
    baseline: str | None,
    policy: Path | None,
    experiment: str,
    registered_model: str | None,
    alias: str,
    as_json: bool,
    report_dir: Path | None,
) -> None:
    """Publish RUN to MLflow: settings, rates with intervals, the page, the verdict.

    On GO the alias of the registered model moves to this version; on NO-GO and INCONCLUSIVE it stays. The exit code
    says whether publishing worked, and not what the verdict was.

    \b
    $ harness runs publish tuned --baseline spaced --mlflow http://localhost:5000
    """
    from harness.api.verdicts import gate
    from harness.cli.report_page import write_run
    from harness.decisions.words.gate import gate_json, gate_markdown
    from harness.publishing.mlflow_tracking import Destination, publish

    to = Destination(address, experiment, registered_model, alias)
    record = open_stored(report_dir).resolve(run)
    verdict = gate(record, baseline, policy=policy, report_dir=report_dir)
    texts = {"verdict.md": gate_markdown(verdict), "verdict.json": json_text(gate_json(verdict))}
    with tempfile.TemporaryDirectory() as folder:
        page = write_run(record, Path(folder), "auto", (), index=False)
        done = publish(record, verdict, texts, page, to)
    if as_json:
        print_json({**asdict(done), "verdict": verdict.verdict})
        return
    moved = f"alias {alias} moved to it" if done.alias_moved else f"alias {alias} left where it is"
    click.echo(f"{record.label}: run {done.mlflow_run} of experiment {done.experiment}")
    click.echo(f"{verdict.verdict}: {done.registered_model} version {done.version}, {moved}")


def json_text(value: object) -> str:
    """JSON for a file."""
    import json

    return json.dumps(value, ensure_ascii=False, indent=1, allow_nan=False) + "\n"
