"""The pages say what is true: their code runs, their settings load, their commands and links exist."""

from __future__ import annotations

import re
import runpy
import shlex
import subprocess
import sys
import tomllib
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import click
import pytest
import yaml

from harness.authoring.init.choices import PROVIDERS, SERVICES, Choices
from harness.authoring.init.files import write
from harness.config import HarnessConfig, ModelConfig

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = sorted(path.name for path in DOCS.glob("*.md"))


def read(name: str) -> str:
    return (DOCS / name).read_text(encoding="utf-8")


def blocks(name: str, language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", read(name), re.DOTALL)


def commands(name: str) -> list[str]:
    return [line[2:] for block in blocks(name, "console") for line in block.splitlines() if line.startswith("$ ")]


@pytest.mark.parametrize("name", ["python.md", "alternatives.md"])
def test_python_blocks_run(name: str) -> None:
    assert blocks(name, "python")
    for block in blocks(name, "python"):
        exec(compile(block, name, "exec"), {"__name__": "page"})


@pytest.mark.parametrize("page", ["SECURITY.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "docs/recording.md"])
def test_tests_that_a_page_names_are_there(page: str) -> None:
    """A promise that names its test holds only as long as there is that test."""
    named = set(re.findall(r"`((?:tests|benchmarks)/[\w./-]+)`", (ROOT / page).read_text("utf-8")))
    assert [name for name in sorted(named) if not (ROOT / name).exists()] == []


@pytest.mark.parametrize("name", ["local-model.md", "providers.md"])
def test_settings_load(name: str) -> None:
    for block in blocks(name, "toml"):
        table = tomllib.loads(block)["tool"]["harness"]
        HarnessConfig.model_validate(table)
        for model, settings in table["models"].items():
            ModelConfig.model_validate({**settings, "name": model})


def test_every_provider_that_init_knows_has_its_section() -> None:
    page = read("providers.md") + read("recipes.md")
    for name, provider in PROVIDERS.items():
        if name != "other":
            assert f"## {provider.title}" in page
            assert f"--provider {name}" in page


def test_both_languages_of_the_tutorial_give_the_same_commands() -> None:
    assert commands("tutorial.md") == commands("tutorial-zh.md")
    assert len(re.findall("^## ", read("tutorial.md"), re.M)) == len(re.findall("^## ", read("tutorial-zh.md"), re.M))


def known_options(words: list[str]) -> set[str]:
    """Options of the command that `words` begin with; the command must exist."""
    from harness.cli import harness

    command: click.Command = harness
    context = click.Context(harness)
    while isinstance(command, click.Group) and words and not words[0].startswith("-"):
        child = command.get_command(context, words[0])
        assert child is not None, words
        command, words = child, words[1:]
    return {name for option in command.params for name in (*option.opts, *option.secondary_opts)}


def pytest_options() -> set[str]:
    source = (ROOT / "harness/pytest_plugin/options.py").read_text(encoding="utf-8")
    return set(re.findall(r'"(--[a-z-]+)"', source)) | {"-q", "-k", "-n", "--junit-xml", "--collect-only"}


@pytest.mark.parametrize("name", [name for name in PAGES if name != "reference.md"])
def test_commands_and_options_exist(name: str) -> None:
    inline = re.findall(r"`((?:harness|pytest) [^`\n]+)`", read(name))
    for line in commands(name) + inline:
        for part in line.split(" | "):
            words = shlex.split(part.partition("   #")[0])
            given = {word.partition("=")[0] for word in words if word.startswith("--")}
            if words[0] == "harness" and len(words) > 1 and not words[1].isupper():
                assert given <= known_options(words[1:]) | {"--help"}, line
            elif words[0] == "pytest":
                assert given <= pytest_options(), line


@pytest.mark.parametrize("name", PAGES)
def test_links_lead_somewhere(name: str) -> None:
    text = re.sub(r"```.*?```", "", read(name), flags=re.DOTALL)
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if not target.startswith(("http", "#")):
            assert (DOCS / target.partition("#")[0]).is_file(), target


NAMED = re.compile(r"`((?:harness|tests|benchmarks|docs|examples|policies|\.github|\.ci)/[\w./@-]*\w/?)`")
"""A path of this repository; one with NAME in it is a pattern, and `suites/` may be the reader's own."""


@pytest.mark.parametrize("page", [*ROOT.glob("*.md"), *DOCS.glob("*.md")], ids=lambda page: page.name)
def test_paths_that_are_named_exist(page: Path) -> None:
    if page.name != "CHANGELOG.md":
        named = [name for name in NAMED.findall(page.read_text(encoding="utf-8")) if "NAME" not in name]
        assert [name for name in named if not (ROOT / name).exists()] == []


def test_every_page_stands_in_the_navigation() -> None:
    navigation = yaml.safe_load((ROOT / "mkdocs.yml").read_text(encoding="utf-8"))["nav"]
    listed = [page for entry in navigation if isinstance(entry, dict) for pages in entry.values() for page in pages]
    assert sorted(["index.md", *listed]) == PAGES


def test_the_reference_is_what_the_code_says() -> None:
    done = subprocess.run([sys.executable, str(DOCS / "reference.py"), "--check"], cwd=ROOT, check=False)
    assert done.returncode == 0, "run: python docs/reference.py"


@pytest.mark.skipif(find_spec("mkdocs") is None, reason="mkdocs is not installed")
@pytest.mark.timeout(300)
def test_the_site_builds_without_a_warning(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert not re.findall(r'(?:src|href)="https://(?:fonts|unpkg|cdn)', (tmp_path / "index.html").read_text("utf-8"))


def test_the_example_project_is_what_init_writes(tmp_path: Path) -> None:
    ark = PROVIDERS["ark"]
    choices = Choices(
        name="doubao",
        model=ark.model_hint,
        provider="ark",
        base_url=ark.base_url,
        key_env=ark.key_env,
        services=SERVICES,
    )
    write(tmp_path, choices)
    example = ROOT / "examples" / "project"
    shipped = ("canary", "symbols", "general")
    wanted = {
        path.relative_to(tmp_path): path.read_bytes()
        for path in tmp_path.rglob("*")
        if path.is_file()
        and not path.relative_to(tmp_path).as_posix().startswith(tuple(f"suites/{s}" for s in shipped))
    }
    found = {path.relative_to(example): path.read_bytes() for path in example.rglob("*") if path.is_file()}
    assert found == wanted, "run the command of examples/README.md in an empty folder, and copy what it writes"


def test_the_notebook_runs_on_the_recorded_answers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("pyproject.toml", "suites", "cassettes"):
        (tmp_path / name).symlink_to(ROOT / name)
    monkeypatch.chdir(tmp_path)
    values = runpy.run_path(str(ROOT / "examples" / "notebook.py"))
    assert values["verdict"].verdict == "INCONCLUSIVE"
    assert values["better"], "the cure is seen"
    assert "alignment rate" in capsys.readouterr().out


def test_functions_that_the_page_of_statistics_lists_exist() -> None:
    page = (ROOT / "docs" / "statistics.md").read_text("utf-8")
    listed = re.findall(
        r"`(\w+)\.(\w+|\*)(?:\([^`]*\))?`", page[page.index("## Functions") : page.index("## Planning")]
    )
    assert len(listed) > 10
    for module, name in listed:
        assert name == "*" or hasattr(import_module(f"harness.statistics.{module}"), name), f"{module}.{name}"
        import_module(f"harness.statistics.{module}")
