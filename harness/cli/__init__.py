"""The command `harness`. A command is one file here with a click command of its name, and one line in `COMMANDS`."""

from __future__ import annotations

import gc
import io
import sys
from importlib import import_module

import click

from harness import __version__
from harness.errors import HarnessError

COMMANDS = {
    "init": "Set a project up: settings, a first suite, workflows.",
    "check": "Say what became of each protected string in answers.",
    "repair": "Put damaged strings right in answers.",
    "proxy": "Repair or check the answers of any client on their way: a proxy on this machine.",
    "score": "Score production logs at scale: verdicts of every row, rates by model, version and day.",
    "models": "The configured models: list, check, pull, serve.",
    "suites": "Suites: lint them, make one from your own strings, import another tool's tests, choose canaries.",
    "cassettes": "Recorded answers: status, verify, prune, import, export.",
    "runs": "The history of runs: list, show, verify, baseline, publish, schema.",
    "compare": "What changed between versions.",
    "gate": "May this version be promoted?",
    "drift": "Has the model changed since the baseline nights?",
    "report": "Build the pages.",
    "hunt": "Search for strings that break the model, and make them small.",
    "dataset": "Training sets: validate, convert, split, mix, build, bad cases, distill, recipes, checkpoints.",
    "train": "Fine-tune the packaged small model on the CPU.",
}
"""Name to one line of help. The module is imported only when the command runs."""

EXIT_YES, EXIT_NO, EXIT_INCONCLUSIVE, EXIT_USAGE, EXIT_CRASH, EXIT_INTERRUPTED = 0, 1, 2, 3, 70, 130
"""Yes or GO; no, NO-GO or drift; inconclusive; usage, configuration or unreadable input; crash; Ctrl-C."""


class _LazyGroup(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        command = getattr(import_module(f"harness.cli.{cmd_name}"), cmd_name)
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        from harness.errors import nearest

        if args and not args[0].startswith("-") and args[0] not in COMMANDS:
            raise click.UsageError(
                f"no command {args[0]!r}{nearest(args[0], COMMANDS)}; accepted: {', '.join(COMMANDS)}", ctx
            )
        return super().resolve_command(ctx, args)


@click.group(cls=_LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="harness")
def harness() -> None:
    """Does a model give back the strings it was given, code point for code point?"""


def main(arguments: list[str] | None = None) -> None:
    """Run the command line in a process of its own; the one place where exit codes are decided."""
    # run records are large and live until the end: rounds of the garbage collector found nothing in them and took
    # a third of the time of a page of 20,000 cases
    gc.set_threshold(50_000, *gc.get_threshold()[1:])
    for stream in (sys.stdout, sys.stderr):
        # a console of another encoding (GBK, cp1252, ASCII) shows an escape where it lacks a character
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    sys.exit(run(arguments))


def run(arguments: list[str] | None = None) -> int:
    """Like `main`, but return the exit code."""
    try:
        code = harness.main(args=arguments, prog_name="harness", standalone_mode=False)
        _flush()
        return code if isinstance(code, int) else EXIT_YES
    except click.exceptions.Exit as error:
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        click.echo("stopped", err=True)
        return EXIT_INTERRUPTED
    except click.ClickException as error:
        error.show()
        return EXIT_USAGE
    except HarnessError as error:
        click.echo(f"harness: {error}", err=True)
        return EXIT_USAGE
    except SystemExit:
        # click ends so, and only so, when the reader went away (`harness ... | head`); that is not a "no"
        return EXIT_YES
    except Exception:
        import traceback

        traceback.print_exc()
        click.echo("harness: this is a bug of ours; please report it with the lines above", err=True)
        return EXIT_CRASH


def _flush() -> None:
    sys.stdout.flush()
