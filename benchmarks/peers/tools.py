"""How each tool is run, as its manual says: the command, its environment variables, and where its verdicts are.

The first run of a tool asks the server and stores what the tool stores; the second is the same command again, which
answers from the tool's own store. Concurrency is each tool's own setting for it; telemetry and updates are off.
"""

from __future__ import annotations

import json
import os
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree import ElementTree

from benchmarks.peers.environments import OPENAI, node_environment, python_environment
from harness.history import read_run

PROGRAMS = Path(__file__).with_name("programs")
Verdicts = dict[str, bool]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a tool runs: an own folder that begins with the cases alone, and what to ask."""

    folder: Path
    base_url: str
    concurrency: int


@dataclass(frozen=True, slots=True)
class Command:
    """A process to time. `ends_with` are the exit codes of a run that found failures, and no error."""

    arguments: list[str]
    variables: dict[str, str] = field(default_factory=dict)
    ends_with: tuple[int, ...] = (0,)


@dataclass(frozen=True, slots=True)
class Tool:
    """`again` is None for a tool that stores no answers of the model under test."""

    name: str
    version: str
    first: Callable[[Place], Command]
    again: Callable[[Place], Command] | None
    verdicts: Callable[[Path], Verdicts]
    note: str


def harness_command(place: Place, mode: str) -> Command:
    return Command(
        [
            *(sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--tb=no", "-r", "N"),
            *("--model=fake", f"--base-url={place.base_url}", f"--max-concurrency={place.concurrency}"),
            f"--cassette-mode={mode}",
        ],
        ends_with=(0, 1),
    )


def harness_verdicts(folder: Path) -> Verdicts:
    record = read_run(next((folder / "reports").glob("*@*/*.json")))
    return {case.id: case.outcome == "aligned" for case in record.cases}


def harness_outcomes(folder: Path, beginning: str) -> Counter[str]:
    """What a pass or a fail does not say, of the cases whose ids begin so."""
    record = read_run(next((folder / "reports").glob("*@*/*.json")))
    return Counter(case.outcome for case in record.cases if case.id.startswith(beginning))


def promptfoo_command(place: Place) -> Command:
    node, modules = node_environment("promptfoo", PROMPTFOO.version)
    rows = json.loads((place.folder / "cases.json").read_text(encoding="utf-8"))
    provider = {
        "id": "openai:chat:fake",
        "config": {"apiBaseUrl": place.base_url, "apiKey": "none", "temperature": 0, "max_tokens": 512},
    }
    tests = [
        {
            "description": row["id"],
            "vars": {"prompt": row["prompt"]},
            "assert": [{"type": "contains", "value": row["target"]}],
        }
        for row in rows
    ]
    config = {"prompts": ["{{prompt}}"], "providers": [provider], "tests": tests}
    (place.folder / "promptfooconfig.json").write_text(json.dumps(config, ensure_ascii=False), encoding="utf-8")
    arguments = [
        *(str(node), str(modules / "promptfoo" / "dist" / "src" / "entrypoint.js"), "eval"),
        *("-c", "promptfooconfig.json", "-o", "out.json", "-j", str(place.concurrency)),
        *("--no-table", "--no-progress-bar", "--no-share"),
    ]
    variables = {
        "PROMPTFOO_CONFIG_DIR": str(place.folder / "store"),
        "PROMPTFOO_DISABLE_TELEMETRY": "1",
        "PROMPTFOO_DISABLE_UPDATE": "1",
        "PROMPTFOO_DISABLE_REMOTE_GENERATION": "1",
    }
    return Command(arguments, variables, ends_with=(0, 100))


def promptfoo_verdicts(folder: Path) -> Verdicts:
    results = json.loads((folder / "out.json").read_text(encoding="utf-8"))["results"]["results"]
    return {result["testCase"]["description"]: result["success"] for result in results}


def _program(tool: str, version: str, program: str, place: Place, *packages: str) -> Command:
    python = python_environment(tool, version, (*packages, OPENAI))
    arguments = [str(python), str(PROGRAMS / program), "cases.json", str(place.concurrency), "verdicts.json"]
    variables = {
        "PEER_BASE_URL": place.base_url,
        "PEER_API_KEY": "none",
        "INSPECT_CACHE_DIR": str(place.folder / "store"),
        "INSPECT_LOG_DIR": str(place.folder / "logs"),
        "DEEPEVAL_TELEMETRY_OPT_OUT": "1",
    }
    return Command([*arguments, place.base_url], variables)


def program_verdicts(folder: Path) -> Verdicts:
    verdicts: Verdicts = json.loads((folder / "verdicts.json").read_text())
    return verdicts


def recording_command(place: Place, mode: str) -> Command:
    packages = ("pytest==9.2.0", "vcrpy==9.4.2", OPENAI)
    python = python_environment("pytest-recording", RECORDING.version, packages)
    (place.folder / "test_recorded.py").write_text((PROGRAMS / "recorded_contains.py").read_text())
    arguments = [str(python), "-m", "pytest", "-q", "-p", "no:cacheprovider", "--tb=no", "-r", "N"]
    arguments += ["--junit-xml=out.xml", f"--record-mode={mode}", "test_recorded.py"]
    return Command(arguments, {"PEER_BASE_URL": place.base_url}, ends_with=(0, 1))


def recording_verdicts(folder: Path) -> Verdicts:
    verdicts = {}
    for case in ElementTree.parse(folder / "out.xml").iter("testcase"):
        verdicts[case.attrib["name"].partition("[")[2].rstrip("]")] = case.find("failure") is None
    return verdicts


HARNESS = Tool(
    "pytest-verbatim",
    "this checkout",
    lambda place: harness_command(place, "record"),
    lambda place: harness_command(place, "replay"),
    harness_verdicts,
    "the whole verdict: damaged, omitted, where and how",
)
PROMPTFOO = Tool(
    "promptfoo",
    "0.123.1",
    promptfoo_command,
    promptfoo_command,
    promptfoo_verdicts,
    "`contains`; its disk cache",
)
INSPECT = Tool(
    "inspect-ai",
    "0.3.285",
    lambda place: _program("inspect-ai", "0.3.285", "inspect_contains.py", place),
    lambda place: _program("inspect-ai", "0.3.285", "inspect_contains.py", place),
    program_verdicts,
    "`includes(ignore_case=False)`; `generate(cache=True)`",
)
DEEPEVAL = Tool(
    "deepeval",
    "4.3.1",
    lambda place: _program("deepeval", "4.3.1", "deepeval_contains.py", place),
    None,
    program_verdicts,
    "a metric of one's own, `write_cache=False`; stores no answers",
)
PYDANTIC = Tool(
    "pydantic-evals",
    "2.62.0",
    lambda place: _program("pydantic-evals", "2.62.0", "pydantic_contains.py", place),
    None,
    program_verdicts,
    "`Contains`; stores no answers",
)
RECORDING = Tool(
    "pytest-recording",
    "0.14.1",
    lambda place: recording_command(place, "once"),
    lambda place: recording_command(place, "none"),
    recording_verdicts,
    "`in`; one cassette a case, one request at a time",
)
PEERS = (PROMPTFOO, INSPECT, DEEPEVAL, PYDANTIC, RECORDING)


def environment_of(command: Command) -> dict[str, str]:
    """The variables of this process without those that change pytest or Python, and the command's own."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "OPENAI_"))}
    return {**inherited, **command.variables}
