"""All files of a set-up, as text, worked out before the first one is written."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path, PurePosixPath
from typing import Any

from harness import __version__
from harness.addresses import ALLOW, key_belongs
from harness.authoring.init.choices import Choices, further_settings
from harness.endpoints.access import Access
from harness.errors import ConfigError, syntax_error
from harness.suite import builtin_root

CANARIES_A_DOMAIN = 4
"""Times 21 domains: clear of the 60 prompts that a drift verdict wants, also if some answers are unusable."""

_NO_KEY = "The endpoint wants no key."
_STARTER = """\
title = "Our own strings"
description = "Replace these by prompts and strings of your own. `harness suites lint` looks them over."
"""
_CANARY = """\
title = "Canaries"
description = "Asked live every night. Change nothing here: other prompts start a new baseline of ten nights."
"""


def starter_suite(languages: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """File names and texts of `suites/starter/`."""
    lines = (
        files("harness.authoring.init").joinpath("templates", "starter.jsonl").read_text(encoding="utf-8").splitlines()
    )
    yield "suite.toml", _STARTER
    yield "cases.jsonl", "".join(line + "\n" for line in lines if json.loads(line)["language"] in languages)


def canary_suite(languages: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """File names and texts of `suites/canary/`: the first cases of each domain of the shipped symbol suite."""
    yield "suite.toml", _CANARY
    chosen = [line for lines in _by_domain(languages).values() for line in lines[:CANARIES_A_DOMAIN]]
    yield "cases.jsonl", "".join(line + "\n" for line in chosen)


def symbol_suite(languages: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """File names and texts of `suites/symbols/`: the cases that are not canaries, so that none counts twice."""
    yield "suite.toml", (builtin_root() / "symbols" / "suite.toml").read_text(encoding="utf-8")
    for name, lines in _by_domain(languages).items():
        yield name, "".join(line + "\n" for line in lines[CANARIES_A_DOMAIN:])


def _by_domain(languages: tuple[str, ...]) -> dict[str, list[str]]:
    found = {}
    for path in sorted((builtin_root() / "symbols").glob("*.jsonl")):
        lines = path.read_text(encoding="utf-8").splitlines()
        found[path.name] = [line for line in lines if json.loads(line)["language"] in languages]
    return found


def general_suite() -> Iterator[tuple[str, str]]:
    """File names and texts of `suites/general/`, as shipped: the default policy gives no GO without such cases."""
    for path in sorted((builtin_root() / "general").iterdir()):
        if path.suffix in (".toml", ".jsonl"):
            yield path.name, path.read_text(encoding="utf-8")


GITIGNORE = (
    ".env",
    ".venv/",
    "reports/**/*.html",
    "reports/**/*.live.jsonl",
    "reports/index.json",
    "build/verbatim/",
    "verbatim-history/",
    "cassettes/**/.*.lock",
)
_SHARED = ("pull-request.sh", "pull-request.toml", "promotion.sh", "nightly.sh", "alarm.py")
_ON_SERVERS = ("history.sh", "base.sh")


@dataclass(frozen=True, slots=True)
class NewFile:
    """A file to create, relative to the project, with `/` between its parts."""

    path: PurePosixPath
    text: str


def new_files(choices: Choices) -> list[NewFile]:
    """Everything but pyproject.toml and .gitignore, which may be there already and are added to."""
    suites = {"starter": starter_suite(choices.languages)}
    if choices.services:
        # a gate needs some 300 cases with strings and 50 without: with fewer, the default policy gives no GO
        suites |= {
            "canary": canary_suite(choices.languages),
            "symbols": symbol_suite(choices.languages),
            "general": general_suite(),
        }
    found = [
        NewFile(PurePosixPath("suites", suite, name), text) for suite, texts in suites.items() for name, text in texts
    ]
    return found + [
        NewFile(PurePosixPath(target), _filled(source, choices)) for source, target in _workflows(choices.services)
    ]


def _workflows(services: tuple[str, ...]) -> list[tuple[str, str]]:
    """Templates, and where they go. The shell is the same everywhere; a service only calls it."""
    if not services:
        return []
    scripts = [*_SHARED]
    if "github" in services or "gitlab" in services:
        scripts += _ON_SERVERS
    if "cron" in services:
        scripts += ["cron.sh"]
    chosen = [(f"ci/{name}", f"ci/verbatim/{name}") for name in scripts]
    if "github" in services:
        names = ("verbatim-pull-request.yml", "verbatim-promotion.yml", "verbatim-nightly.yml")
        chosen += [(f"github/{name}", f".github/workflows/{name}") for name in names]
    if "gitlab" in services:
        chosen += [("gitlab/verbatim.yml", ".gitlab/verbatim.yml"), ("gitlab/gitlab-ci.yml", ".gitlab-ci.yml")]
    return chosen


def _filled(template: str, choices: Choices) -> str:
    """The marks are not those of the shell, of GitHub or of Jinja, so that nothing else in a template is touched."""
    text = files("harness.authoring.init").joinpath("templates", template).read_text(encoding="utf-8")
    key = choices.key_env
    access = Access(base_url=choices.base_url)
    # in a workflow a key of one's own goes only to the hosts that are named there
    is_own = key is not None and not key_belongs(key, access.address)
    host = f"http://{access.host}" if access.address.startswith("http:") else access.host
    allow = f"          {ALLOW}: {host}\n" if is_own else ""
    also = f", and the variable {ALLOW} is {host}" if is_own else ""
    major, minor, *_ = __version__.split(".")
    bounds = f">={major}.{minor},<{major}.{int(minor) + 1}" if major == "0" else f">={major}.{minor},<{int(major) + 1}"
    marks = {
        "@{github_key}\n": f"          {key}: ${{{{ secrets.{key} }}}}\n{allow}" if key else "",
        "@{gitlab_key}": f"The key is the masked, protected variable {key}{also}." if key else _NO_KEY,
        "@{name}": choices.name,
        "@{requirement}": f"pytest-verbatim{bounds}",
        "@{requirement_mlflow}": f"pytest-verbatim[mlflow]{bounds}",
    }
    for mark, value in marks.items():
        text = text.replace(mark, value)
    return text


def section(choices: Choices) -> str:
    """The table as text."""
    settings: dict[str, object] = {"base_url": choices.base_url} if choices.base_url else {}
    settings["model"] = choices.model
    if choices.key_env:
        settings["api_key_env"] = choices.key_env
    settings |= {"version": "v1", **further_settings(choices.provider, choices.model)}
    lines = [f"{key} = {_toml(value)}" for key, value in settings.items()]
    return "\n".join([f"[tool.harness.models.{_key(choices.name)}]", *lines]) + "\n"


def added(content: str, choices: Choices) -> str | None:
    """What is to be put after `content`, the text of pyproject.toml; None if the model is configured already.

    Raises:
        ConfigError: the file is not TOML, the model is configured for another endpoint, or the entry cannot be added at
            the end; the entry is in the message.
    """
    try:
        before = tomllib.loads(content)
    except tomllib.TOMLDecodeError as error:
        why = syntax_error("TOML", error, content.encode("utf-8", "replace")).removeprefix("not TOML: ")
        raise ConfigError(f"pyproject.toml: cannot be read as TOML: {why}; fix it, then run harness init") from error
    if choices.name in _models(before):
        _check_same(_models(before)[choices.name], choices)
        return None
    newline = "\r\n" if "\r\n" in content else "\n"
    gap = "" if not content else "\n" if content.endswith("\n") else "\n\n"
    addition = (gap + section(choices)).replace("\n", newline)
    try:
        tomllib.loads(content + addition)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(
            f"pyproject.toml: the entry cannot be added at its end ({error}); add it by hand:\n{section(choices)}"
        ) from error
    return addition


def _check_same(entry: object, choices: Choices) -> None:
    """What is there is not repeated: it may hold a secret."""
    wanted = {"base_url": choices.base_url, "model": choices.model, "api_key_env": choices.key_env}
    there = entry if isinstance(entry, dict) else {}
    other = [key for key, value in wanted.items() if there.get(key) != value]
    if other:
        raise ConfigError(
            f"pyproject.toml: [tool.harness.models.{_key(choices.name)}] is there already, with another "
            f"{' and '.join(other)}; change it there, or take another name with --name"
        )


def _models(content: dict[str, Any]) -> dict[str, Any]:
    value: Any = content
    for key in ("tool", "harness", "models"):
        value = value.get(key, {}) if isinstance(value, dict) else {}
    return value if isinstance(value, dict) else {}


def _key(name: str) -> str:
    return name if re.match(r"[A-Za-z0-9_-]+\Z", name) else json.dumps(name)


def _toml(value: object) -> str:
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key} = {_toml(inner)}" for key, inner in value.items()) + " }"
    return json.dumps(value, ensure_ascii=False)


@dataclass(slots=True)
class Written:
    """Paths relative to the project: new files, files that were added to, files left alone."""

    created: list[str] = field(default_factory=list)
    extended: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)


def write(root: Path, choices: Choices) -> Written:
    """Write the set-up for `choices` under `root`. A second call writes nothing.

    Raises:
        ConfigError: a file cannot be read or written. pyproject.toml is looked at first, so that a project whose
            settings cannot be added to is left as it was.
    """
    written = Written()
    try:
        _extend(root / "pyproject.toml", added(_text(root / "pyproject.toml"), choices), written)
        _extend(root / ".gitignore", _ignored(_text(root / ".gitignore")), written)
        for piece in new_files(choices):
            _create(root, piece, written)
    except OSError as error:
        raise ConfigError(
            f"{error.filename}: cannot be written: {error.strerror}; then run harness init again"
        ) from error
    return written


def _text(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8")
    except FileNotFoundError:
        return ""
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: not UTF-8 at byte {error.start + 1}; save the file as UTF-8") from error


def _extend(path: Path, addition: str | None, written: Written) -> None:
    if not addition:
        written.kept.append(path.name)
        return
    (written.extended if path.exists() else written.created).append(path.name)
    with path.open("a", encoding="utf-8", newline="") as file:
        file.write(addition)


def _ignored(content: str) -> str:
    present = {line.strip() for line in content.splitlines()}
    missing = [line for line in GITIGNORE if line not in present]
    gap = "\n" if content and not content.endswith("\n") else ""
    return gap + "".join(f"{line}\n" for line in missing) if missing else ""


def _create(root: Path, piece: NewFile, written: Written) -> None:
    path = root / piece.path
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        # "x" refuses a file or link that is there, also one that came a moment ago
        with path.open("x", encoding="utf-8", newline="\n") as file:
            file.write(piece.text)
    except FileExistsError:
        written.kept.append(str(piece.path))
    else:
        written.created.append(str(piece.path))
