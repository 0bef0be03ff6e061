"""Where the checker alone is installed (`pip install --no-deps`): plain tests run, and commands say what is missing."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
NEEDED = {
    "markupsafe",
    "numpy",
    "openai",
    "pydantic",
    "pydantic_core",
    "rich",
    "scipy",
    "vcr",
    "yaml",
    "jinja2",
    "click",
}
START = f"import sys; sys.modules.update(dict.fromkeys({sorted(NEEDED)}))\n"
PYTEST = (
    START
    + "import pytest; sys.exit(pytest.main(['-p', 'harness.pytest_plugin', '-p', 'no:cacheprovider', *sys.argv[1:]]))"
)
HARNESS = START + "from harness.cli import main; main()"


def _run(program: str, folder: Path, *arguments: str, lang: str = "en") -> subprocess.CompletedProcess[str]:
    environ = {
        "PYTHONPATH": str(ROOT),
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
        "HARNESS_LANG": lang,
        "PYTHONUTF8": "1",
    }
    command = [sys.executable, "-c", program, *arguments]
    return subprocess.run(
        command, cwd=folder, env=environ, capture_output=True, encoding="utf-8", check=False, timeout=120
    )


def test_plain_tests_run(tmp_path: Path) -> None:
    (tmp_path / "test_a.py").write_text("def test_a(): pass\n", "utf-8")
    done = _run(PYTEST, tmp_path, "-q")
    assert (done.returncode, "1 passed" in done.stdout) == (0, True), done.stdout + done.stderr


@pytest.mark.parametrize("arguments", [("--model=tuned",), ("--gate",)])
def test_a_model_cannot_be_judged_and_the_command_that_helps_is_named(
    tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    done = _run(PYTEST, tmp_path, *arguments)
    assert done.returncode == pytest.ExitCode.USAGE_ERROR
    assert "is not installed: without it only harness.text works; run: pip install pytest-verbatim" in done.stderr
    assert "Traceback" not in done.stdout + done.stderr


def test_the_fixture_and_an_empty_folder_say_so(tmp_path: Path) -> None:
    assert "only harness.text works" in _run(PYTEST, tmp_path).stdout
    (tmp_path / "test_a.py").write_text("def test_a(verbatim): verbatim('A-1', 'A-1')\n", "utf-8")
    done = _run(PYTEST, tmp_path)
    assert "only harness.text works" in done.stdout
    assert "INTERNALERROR" not in done.stdout


@pytest.mark.parametrize(("lang", "said"), [("en", "click is not installed"), ("zh", "未安装 click")])
def test_the_command_says_what_is_missing(tmp_path: Path, lang: str, said: str) -> None:
    done = _run(HARNESS, tmp_path, "--help", lang=lang)
    assert (done.returncode, done.stderr.startswith(f"harness: {said}")) == (3, True), done.stderr
