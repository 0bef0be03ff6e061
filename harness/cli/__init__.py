"""The command `harness`. A command is one file here with a click command of its name, and one line in `GROUPS`."""

from __future__ import annotations

import atexit
import errno
import gc
import io
import os
import sys
from importlib import import_module

from harness import __version__
from harness.errors import HarnessError, nearest, without_packages
from harness.show.words import LANGUAGES, language_of, speak, spoken, translated

try:
    import click
except ModuleNotFoundError as error:  # installed for `harness.text` alone, by --no-deps
    sys.stderr.write(f"harness: {translated(without_packages(error), language_of())}\n")
    sys.exit(3)

from harness.cli.arguments import HelpContext, tell, with_language

GROUPS = {
    "Every day": {
        "init": "Set a project up: settings, a first suite, workflows.",
        "run": "Judge a model: `pytest --model=NAME` in fewer words.",
        "report": "Build the pages.",
        "compare": "What changed between versions.",
        "gate": "May this version be promoted?",
        "repair": "Put damaged strings right in answers.",
    },
    "Look at answers": {
        "show": "One case in several versions, with its history.",
        "bundle": "A redacted reproduction of one case for a provider's ticket.",
        "check": "Say what became of each protected string in answers.",
        "score": "Score production logs at scale: verdicts of every row, rates by model, version and day.",
        "runs": "The history of runs: list, show, verify, baseline, publish, schema.",
        "drift": "Has the model changed since the baseline nights?",
        "hunt": "Search for strings that break the model, and make them small.",
    },
    "Suites, recordings, models": {
        "suites": "Suites: lint them, make one from your own strings, import another tool's tests, choose canaries.",
        "cassettes": "Recorded answers: status, verify, compact, prune, import, export.",
        "models": "The configured models: list, check, pull, serve.",
        "config": "The settings: their JSON Schema for editors.",
        "proxy": "Repair or check the answers of any client on their way: a proxy on this machine.",
    },
    "Fine-tuning": {
        "dataset": "Training sets: validate, convert, split, mix, build, bad cases, distill, recipes, checkpoints.",
        "finetune": "Versions that a provider trains: submit, status, register.",
        "train": "Fine-tune the packaged small model on the CPU.",
    },
}
COMMANDS = {name: text for group in GROUPS.values() for name, text in group.items()}
"""Name to one line of help. The module is imported only when the command runs."""
_ROOMS = {
    "run": ("runs", "run"),
    "show": ("runs", "show_case"),
    "bundle": ("runs", "bundle_case"),
    "config": ("models", "config"),
}
"""The module and the function of a command, where they are not called as it is."""

EXIT_YES, EXIT_NO, EXIT_INCONCLUSIVE, EXIT_USAGE, EXIT_CRASH, EXIT_INTERRUPTED = 0, 1, 2, 3, 70, 130
"""Yes or GO; no, NO-GO or drift; inconclusive; usage, configuration or unreadable input; crash; Ctrl-C."""
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO}
"""What the system says where a redirected output finds no room."""


class _LazyGroup(click.Group):
    context_class = HelpContext

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """The language first: help and errors are written while the rest is being parsed."""
        given = [args[at + 1] for at, one in enumerate(args[:-1]) if one == "--lang"]
        given += [one.partition("=")[2] for one in args if one.startswith("--lang=")]
        speak(next((one for one in given if one in LANGUAGES), language_of()))
        if args[:1] == ["help"]:  # as git and go have it
            args = [*args[1:], "--help"]
        return super().parse_args(ctx, args)

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module, function = _ROOMS.get(cmd_name, (cmd_name, cmd_name))
        command = getattr(import_module(f"harness.cli.{module}"), function)
        assert isinstance(command, click.Command)
        return with_language(command)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        for title, commands in GROUPS.items():
            with formatter.section(title):
                formatter.write_dl(list(commands.items()))

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        formatter.write_paragraph()
        for hint in ("harness COMMAND --help says more.", "Chinese: --lang zh, or HARNESS_LANG=zh."):
            formatter.write_text(hint)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and not args[0].startswith("-") and args[0] not in COMMANDS:
            raise click.UsageError(
                f"no command {args[0]!r}{nearest(args[0], COMMANDS)}; accepted: {', '.join(COMMANDS)}", ctx
            )
        return super().resolve_command(ctx, args)


@click.group(cls=_LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="harness")
@click.option(
    "--lang",
    type=click.Choice(list(LANGUAGES)),
    expose_value=False,
    help="Language of the screen. [default: HARNESS_LANG, or else that of the locale]",
)
def harness() -> None:
    """Does a model give back the strings it was given, code point for code point?"""


def main(arguments: list[str] | None = None) -> None:
    """Run the command line in a process of its own; the one place where exit codes are decided."""
    # run records are large and live until the end: rounds of the garbage collector over all that is there found nothing
    # and took a sixth of the time of drift and gate; those over what is new stay. When the process ends, Python looks
    # through everything once more before it throws it all away
    gc.set_threshold(50_000, 1000, 1000)
    atexit.register(gc.freeze)
    _open_what_is_closed()
    for stream in (sys.stdout, sys.stderr):
        # a console of another encoding (GBK, cp1252, ASCII) shows an escape where it lacks a character
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    code = run(arguments)
    try:
        sys.stdout.flush()
    except OSError:  # reported by `run`; Python would try once more at its end, and exit with a code of its own
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    sys.exit(code)


def _open_what_is_closed() -> None:
    """A parent that closes the standard streams (`>&-`, pythonw.exe) leaves None in their place: nothing is shown then,
    nothing is read, and the exit code still says what came of it.
    """
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: SIM115


def run(arguments: list[str] | None = None) -> int:
    """Like `main`, but return the exit code."""
    try:
        code = harness.main(args=arguments, prog_name="harness", standalone_mode=False)
        sys.stdout.flush()
        return code if isinstance(code, int) else EXIT_YES
    except click.exceptions.Exit as error:
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        tell("stopped", err=True)
        return EXIT_INTERRUPTED
    except click.ClickException as error:
        _show(error)
        return EXIT_USAGE
    except HarnessError as error:
        click.echo(f"harness: {translated(str(error))}", err=True)
        return EXIT_USAGE
    except SystemExit:
        # click ends so, and only so, when the reader went away (`harness ... | head`); that is not a "no"
        return EXIT_YES
    except Exception as error:
        if isinstance(error, FileNotFoundError) and not _is_anywhere():
            tell("harness: the current folder was deleted or moved; run: cd FOLDER", err=True)
            return EXIT_USAGE
        if isinstance(error, OSError) and error.errno in _FULL and error.filename is None:
            click.echo(f"harness: {translated(f'standard output: cannot be written: {error.strerror}')}", err=True)
            return EXIT_USAGE
        import traceback

        traceback.print_exc()
        tell("harness: this is a bug of ours; please report it with the lines above", err=True)
        return EXIT_CRASH


def _is_anywhere() -> bool:
    """Whether the current folder is there: another terminal, or a checkout, may have deleted it."""
    try:
        os.getcwd()
    except FileNotFoundError:
        return False
    return True


def _show(error: click.ClickException) -> None:
    if spoken() == "en" or isinstance(error, click.exceptions.NoArgsIsHelpError):  # whose message is the help itself
        error.show()
    else:
        context = getattr(error, "ctx", None)
        if context is not None:
            click.echo(context.get_usage(), err=True)
        click.echo(f"错误：{translated(' '.join(error.format_message().split()))}", err=True)
    if example := _example(error):
        tell(f"For example: {example}", err=True)


def _example(error: click.ClickException) -> str:
    """The first example of the command's help, for who gave it too much or too little."""
    context = getattr(error, "ctx", None)
    is_of_shape = isinstance(error, click.MissingParameter) or "unexpected extra argument" in error.format_message()
    if context is None or not is_of_shape:
        return ""
    examples = (line.strip() for line in (context.command.help or "").splitlines())
    return next((line.removeprefix("$ ") for line in examples if line.startswith("$ ")), "")
