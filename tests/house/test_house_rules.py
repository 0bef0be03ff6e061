"""The rules of the house, in the one command that contributors and CI share."""

import ast
import inspect
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from packaging.requirements import Requirement

from benchmarks.installed import MODULES
from benchmarks.replay.__main__ import make_project
from harness.cli import harness
from harness.cli.arguments import paragraphs
from harness.show.words import help_texts

ROOT = Path(__file__).parents[2]
SOURCES = ["harness", "tests", "conftest.py", "benchmarks", "suites", "examples"]


def run(*command: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", *command], cwd=ROOT, capture_output=True, text=True, encoding="utf-8", check=False
    )
    assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout}{done.stderr}"


def test_ruff_finds_nothing() -> None:
    run("ruff", "check", "--quiet", *[source for source in SOURCES if (ROOT / source).exists()])


def test_ruff_would_format_nothing() -> None:
    run("ruff", "format", "--check", "--quiet", *[source for source in SOURCES if (ROOT / source).exists()])


def test_types_are_strict() -> None:
    """`harness` strictly, `tests` and `benchmarks` as far as their functions are annotated (pyproject says why)."""
    run("mypy")


def test_imports_point_down() -> None:
    script = Path(sys.executable).parent / "lint-imports"
    done = subprocess.run([script], cwd=ROOT, capture_output=True, text=True, encoding="utf-8", check=False)
    assert done.returncode == 0, done.stdout


@pytest.mark.xdist_group("house")
def test_a_worker_knows_the_groups(request: pytest.FixtureRequest) -> None:
    """Its tests carry the group in their name; without it, each worker sets up what a group shares."""
    words = getattr(request.config, "workerinput", {}).get("mainargv", ["--dist"])
    if any(word.startswith(("--dist", "-d")) for word in words):
        pytest.skip("not a worker of a plain run")
    assert request.node.nodeid.endswith("@house")


def test_pytest_is_imported_by_the_plugin_alone() -> None:
    importing = [
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "harness").rglob("*.py")
        if "import pytest" in path.read_text(encoding="utf-8") or "from pytest" in path.read_text(encoding="utf-8")
    ]
    assert [path for path in importing if not path.startswith("harness/pytest_plugin/")] == []


@pytest.mark.parametrize("module", ["harness.pytest_plugin.session", "harness.cli"])
def test_heavy_libraries_stay_out_of_the_replay_path(module: str) -> None:
    heavy = "openai vcr scipy jinja2 numpy rich hypothesis httpx2 xllamacpp jsonschema re2"
    code = f"import sys, {module}; print([name for name in '{heavy}'.split() if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_pytest_without_a_model_loads_nothing_of_ours(tmp_path: Path) -> None:
    """Every pytest of the environment loads the plugin; settings, records and endpoints would be 0.15 s of each."""
    heavy = ("pydantic", "harness.config", "harness.suite", "harness.endpoints", "harness.history", "harness.text")
    names = [f"no:{name}" for name in ("cacheprovider", "langsmith_plugin")]  # the second imports pydantic itself
    (tmp_path / "test_it.py").write_text(
        f"import sys\n\ndef test_it():\n    assert not set({heavy!r}) & set(sys.modules)\n"
    )
    options = [word for name in names for word in ("-p", name)]
    command = [sys.executable, "-m", "pytest", "-q", *options, "test_it.py"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, encoding="utf-8", check=False)
    assert done.returncode == 0, done.stdout


def test_a_replay_loads_no_engine_and_no_library_that_it_does_not_use(tmp_path: Path) -> None:
    """Without a key or a proxy in the environment nothing is looked for in an answer."""
    make_project(tmp_path, 1)
    asks_the_system = sys.platform in ("darwin", "win32")  # for its proxies
    of_the_system = () if asks_the_system else ("urllib.request", "http.client")
    late = ("harness.endpoints.stream", "harness.text.repairing", "harness.decisions.evidence")
    unused = ("re2", "openai", "scipy", "asyncio", *late, *of_the_system)
    (tmp_path / "conftest.py").write_text(
        f"import sys\n\ndef pytest_unconfigure():\n    print('loaded', sorted(set({unused!r}) & set(sys.modules)))\n"
    )
    command = [sys.executable, "-m", "pytest", "-q", "-p", "harness.pytest_plugin", "--model=fake"]
    secret = re.compile("_proxy$|KEY|TOKEN|SECRET|PASS|CREDENTIAL", re.IGNORECASE)
    env = {name: value for name, value in os.environ.items() if not secret.search(name)}
    env |= {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, encoding="utf-8", env=env, check=False)
    assert "run record:" in done.stdout, done.stdout
    assert "loaded []" in done.stdout


UNDECLARED = {
    "httpx2": "the HTTP library of the installed openai, which is httpx with openai 2",
    "anyio": "comes with the installed openai, which reads its streams",
    "ahocorasick_rs": "used where it is there, and installed by nobody here",
    "pytest_base_url": "asked after, since its option has the name of ours",
}


def test_what_is_imported_is_declared() -> None:
    """A package that only comes with another one goes when that one no longer needs it."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    extras = [line for lines in project["optional-dependencies"].values() for line in lines]
    base, every = modules_of(project["dependencies"]), modules_of([*project["dependencies"], *extras])
    found = [(path, *one) for path in (ROOT / "harness").rglob("*.py") for one in imports_of(path)]
    wanted = [(path, name, at_once) for path, name, at_once in found if name not in ("harness", *UNDECLARED)]
    assert {(path.name, name) for path, name, _ in wanted if name not in every} == set()
    assert {(path.name, name) for path, name, at_once in wanted if at_once and name not in base} == set()
    assert base - {name for _, name, _ in wanted} <= {"pytest_benchmark"}, "declared and not imported"


def modules_of(requirements: list[str]) -> set[str]:
    names = [Requirement(line).name for line in requirements]
    return {MODULES.get(name, name.replace("-", "_")).partition(".")[0] for name in names}


def imports_of(path: Path) -> Iterator[tuple[str, bool]]:
    """Packages that a file imports, and whether as soon as it is imported itself. Templates are for other folders."""
    if "templates" in path.parts:
        return
    tree = ast.parse(path.read_text("utf-8"))
    at_once = {id(node) for node in tree.body}
    for node in ast.walk(tree):
        names = [one.name for one in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names = [node.module]
        if isinstance(node, ast.Call) and ast.unparse(node.func) in ("import_module", "find_spec"):
            names = [str(one.value) for one in node.args if isinstance(one, ast.Constant)]
        for name in names:
            package = name.partition(".")[0]
            if package not in sys.stdlib_module_names:
                yield package, id(node) in at_once


def test_no_gate_comparison_or_drift_waits_for_scipy_stats() -> None:
    """It takes a second to load, and scipy.special holds the same distributions."""
    importing = {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "harness").rglob("*.py")
        if "from scipy.stats import" in path.read_text(encoding="utf-8")
    }
    assert importing <= {"harness/hunt/report.py", "harness/statistics/sequential.py"}


def test_a_verdict_does_not_load_what_asks_models(tmp_path: Path) -> None:
    """Endpoints, recordings and asyncio take as long to load as eight records take to read."""
    said = "print([name for name in ('asyncio', 'harness.endpoints', 'harness.recording') if name in sys.modules])"
    env = {**os.environ, "HARNESS_CACHE": str(tmp_path)}  # where no record was judged before
    code = f"import sys; from harness.cli import run; run(['gate', '--candidate=tuned', '--baseline=spaced']); {said}"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, check=True, encoding="utf-8", env=env
    )
    assert done.stdout.splitlines()[-1] == "[]"


@pytest.mark.parametrize("module", ["harness.cli.check", "harness.cli.repair", "harness.cli.gate", "harness.cli.drift"])
def test_help_loads_neither_records_nor_the_checker(module: str) -> None:
    code = f"import sys, {module}; print([name for name in ('pydantic', 'harness.text') if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_no_file_names_a_machine_or_a_registry() -> None:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False)
    tracked = listed.stdout.split("\n")
    # answers of models and test strings hold paths of their own
    forbidden = [f"{Path.home()}/", f"{ROOT}/", "index-" + "url"]
    found = [
        f"{name}: {word}"
        for name in tracked
        if name and (ROOT / name).is_file() and (ROOT / name).suffix not in (".gguf", ".png")
        for word in forbidden
        if word in (ROOT / name).read_text(encoding="utf-8", errors="replace")
        and not name.endswith(".jsonl")
        and not name.startswith("reports/")
    ]
    assert found == []


def test_the_map_of_the_text_engine_has_each_of_its_files_once() -> None:
    section = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8").split("## The rooms of `text/`")[1].split("##")[0]
    named = re.findall(r"`(\w+\.py)`", section)
    assert sorted(named) == sorted(path.name for path in (ROOT / "harness/text").glob("[!_]*.py"))


def test_every_help_text_is_there_in_chinese() -> None:
    """A new option needs its line in harness/show/help.toml (`"English" = "中文"`); one that is gone leaves none."""
    shown, known = set(help_paragraphs(harness)), set(help_texts())
    frame = {"Options", "Commands", "default", "required", "env var", "Show this message and exit."}
    assert shown - known == set(), "no Chinese for these"
    assert known - shown - frame == set(), "no command says these"


def help_paragraphs(command: click.Command) -> Iterator[str]:
    for option in command.params:
        if isinstance(option, click.Option) and option.help and not option.hidden:
            yield " ".join(option.help.split())
    if command is not harness:
        yield from (text for text, as_it_is in paragraphs(inspect.cleandoc(command.help or "")) if not as_it_is)
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            child = command.get_command(context, name)
            assert child is not None
            yield from help_paragraphs(child)
