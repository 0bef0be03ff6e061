"""On Ray the same function gives the same bytes."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from harness.errors import ConfigError
from harness.logs.processes import carry_on_ray as carry
from tests.logs.conftest import Score, content, job, log_row, write_log

COMMAND = "from harness.cli import main; main()"


def score(folder: Path, out: str, *options: str) -> None:
    """In a process of its own: Ray starts servers, and its libraries warn."""
    arguments = ["score", "logs", "--out", out, "--by", "region", *options]
    done = subprocess.run(
        [sys.executable, "-c", COMMAND, *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.skipif("sys.platform == 'win32'")
def test_a_local_ray_gives_the_same_bytes_as_processes_do(tmp_path: Path) -> None:
    pytest.importorskip("ray.data")
    logs = tmp_path / "logs"
    logs.mkdir()
    rows = [json.dumps({**log_row(number), "finish_reason": "length"}) for number in range(9000)]
    (logs / "large.jsonl").write_text("\n".join([*rows, "{bad"]))
    (logs / "padded.csv").write_text("source,output\n" + "Use TCP/IP.,TCP / IP\n" * 3000)
    for name in "abc":
        write_log(logs / f"{name}.jsonl", 20)
    score(tmp_path, "plain", "--workers", "1")
    expected = content(tmp_path / "plain")
    assert len(expected) > 5
    score(tmp_path, "on-ray", "--ray")
    assert content(tmp_path / "on-ray") == expected
    score(tmp_path, "on-ray", "--workers", "1")  # a finished run is only read, on whatever it ran
    assert content(tmp_path / "on-ray") == expected


def test_standard_input_is_refused(tmp_path: Path) -> None:
    work = job("-", out=tmp_path / "out")
    with pytest.raises(ConfigError, match="standard input"):
        next(carry([work.files], work.reading, work.scoring, frozenset(), None))


def test_an_address_where_nobody_listens_is_told_at_once(tmp_path: Path, scored: Score) -> None:
    pytest.importorskip("ray.data")
    write_log(tmp_path / "log.jsonl", 5)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
        for given in (address, f"ray://{address}"):
            with pytest.raises(ConfigError, match="nobody answers there"):
                scored("log.jsonl", ray=given)


def test_without_ray_the_command_that_installs_it_is_told(
    tmp_path: Path, scored: Score, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_log(tmp_path / "log.jsonl", 5)
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(ConfigError, match=r"pip install 'pytest-verbatim\[ray\]'"):
        scored("log.jsonl", ray="")
