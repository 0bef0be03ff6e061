"""The cases under some paths, each with its line, and what is wrong with the other lines."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from harness.errors import SuiteError
from harness.records.case import Case
from harness.suite import SuiteInfo, case_files, is_case_file, load_info, read_case_file

Level = Literal["error", "warning", "note"]


@dataclass(frozen=True, slots=True)
class Placed:
    """A case and its place (line 1-based)."""

    case: Case
    path: Path
    line: int

    def finding(self, rule: str, level: Level, message: str) -> "Finding":
        """A finding about this case."""
        return Finding(rule, level, message, self.path, self.line, self.case.id)


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that an author should look at. An `error` makes verdicts wrong, a `warning` makes them worth less."""

    rule: str
    level: Level
    message: str
    path: Path
    line: int
    case: str | None = None

    @property
    def place(self) -> str:
        """`file:line`, or the file alone where the file as a whole is meant."""
        return f"{self.path}:{self.line}" if self.line else str(self.path)


def files_under(paths: Iterable[Path]) -> list[Path]:
    """The case files that paths name, each once, in order.

    Raises:
        SuiteError: a path is not there, or holds no case file.
    """
    files: dict[Path, None] = {}
    for path in paths:
        given = [path] if path.is_file() and is_case_file(path) else []
        here = case_files(path) if path.is_dir() else given
        if not here:
            what = "no case file" if path.exists() else "no such file or folder"
            raise SuiteError(f"{path}: {what}; accepted: a *.jsonl beside a suite.toml, or a folder that holds some")
        files.update(dict.fromkeys(here))
    return list(files)


def read(files: Iterable[Path]) -> tuple[list[Placed], list[Finding]]:
    """Good cases, and the findings `bad-line`, `bad-suite` and `duplicate-id`."""
    shelf: list[Placed] = []
    findings: list[Finding] = []
    infos: dict[Path, SuiteInfo | None] = {}
    for path in files:
        if path.parent not in infos:
            try:
                infos[path.parent] = load_info(path.parent)
            except SuiteError as error:
                toml = path.parent / "suite.toml"
                infos[path.parent] = None
                findings.append(Finding("bad-suite", "error", str(error).removeprefix(f"{toml}: "), toml, 0))
        info = infos[path.parent]
        if info is None:
            continue
        content = read_case_file(path, info)
        shelf += [Placed(located.case, path, located.line) for located in content.cases]
        findings += [Finding("bad-line", "error", problem.message, path, problem.line) for problem in content.problems]
    return shelf, [*findings, *_duplicate_ids(shelf)]


def _duplicate_ids(shelf: Iterable[Placed]) -> Iterator[Finding]:
    seen: dict[tuple[Path, str], Placed] = {}
    for placed in shelf:
        first = seen.setdefault((placed.path.parent, placed.case.id), placed)
        if first is not placed:
            message = f"{placed.case.id!r} is also at {first.path}:{first.line}; ids are unique in a suite"
            yield placed.finding("duplicate-id", "error", message)
