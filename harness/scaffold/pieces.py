"""All files of a set-up, as text, worked out before the first one is written."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.resources import files
from pathlib import PurePosixPath

from harness import __version__
from harness.scaffold.choices import Choices
from harness.scaffold.first_cases import canary_suite, general_suite, starter_suite, symbol_suite

GITIGNORE = (
    ".env",
    ".venv/",
    "reports/**/*.html",
    "reports/**/*.live.jsonl",
    "reports/index.json",
    "build/verbatim/",
    "verbatim-history/",
)
_SHARED = ("pull-request.sh", "pull-request.toml", "promotion.sh", "nightly.sh", "alarm.py")
_WITH_HISTORY = ("history.sh",)


@dataclass(frozen=True, slots=True)
class Piece:
    """A file to create, relative to the project, with `/` between its parts."""

    path: PurePosixPath
    text: str


def pieces(choices: Choices) -> list[Piece]:
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
        Piece(PurePosixPath("suites", suite, name), text) for suite, texts in suites.items() for name, text in texts
    ]
    return found + [
        Piece(PurePosixPath(target), _filled(source, choices)) for source, target in _workflows(choices.services)
    ]


def _workflows(services: tuple[str, ...]) -> list[tuple[str, str]]:
    """Templates, and where they go. The shell is the same everywhere; a service only calls it."""
    if not services:
        return []
    scripts = [*_SHARED]
    if "github" in services or "gitlab" in services:
        scripts += _WITH_HISTORY
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
    text = files("harness.scaffold").joinpath("templates", template).read_text(encoding="utf-8")
    key = choices.key_env
    major, minor, *_ = __version__.split(".")
    bounds = f">={major}.{minor},<{major}.{int(minor) + 1}" if major == "0" else f">={major}.{minor},<{int(major) + 1}"
    marks = {
        "@{github_key}\n": f"          {key}: ${{{{ secrets.{key} }}}}\n" if key else "",
        "@{gitlab_key}": f"The key is the masked variable {key}." if key else "The endpoint wants no key.",
        "@{name}": choices.name,
        "@{requirement}": f"pytest-verbatim{bounds}",
        "@{requirement_mlflow}": f"pytest-verbatim[mlflow]{bounds}",
    }
    for mark, value in marks.items():
        text = text.replace(mark, value)
    return text
