"""Exit codes of the command as a whole."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from harness.cli import COMMANDS, harness, run

HARNESS = Path(sys.executable).parent / "harness"


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run([name, "--help"]) == 0
    assert "Usage: harness" in capsys.readouterr().out


def test_an_unknown_command_is_3_and_names_the_nearest(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["chek"]) == 3
    assert "did you mean 'check'?" in capsys.readouterr().err


def test_an_unknown_option_is_3(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["check", "--nope"]) == 3


def test_a_crash_is_70_and_says_that_it_is_a_bug(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("harness.config.load", lambda start: 1 / 0)
    assert run(["models", "list"]) == 70
    assert "this is a bug of ours" in capsys.readouterr().err


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGPIPE")
def test_a_reader_that_goes_away_is_no_verdict() -> None:
    line = '{"source":"AB-12","output":"AB - 12"}\n'
    pipe = subprocess.PIPE
    process = subprocess.Popen([HARNESS, "check"], stdin=pipe, stdout=pipe, stderr=pipe)
    assert process.stdin
    assert process.stdout
    assert process.stderr
    process.stdin.write(line.encode())
    process.stdin.flush()
    assert process.stdout.readline()
    process.stdout.close()
    process.stdin.write(line.encode() * 3)
    process.stdin.close()
    assert process.wait(timeout=30) == 0
    assert process.stderr.read() == b""
    process.stderr.close()


def _leaves(command: click.Command, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    if not isinstance(command, click.Group):
        yield path, command
        return
    context = click.Context(command)
    for name in command.list_commands(context):
        inner = command.get_command(context, name)
        assert inner
        yield from _leaves(inner, (*path, name))


def test_every_command_takes_json() -> None:
    leaves = dict(_leaves(harness, ()))
    assert len(leaves) > len(COMMANDS)
    lacking = [" ".join(path) for path, leaf in leaves.items() if not any("--json" in p.opts for p in leaf.params)]
    assert lacking == []
