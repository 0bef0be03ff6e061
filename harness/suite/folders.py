"""Suites on disk: which files hold cases, what `suite.toml` says, and selections (`suites/NAME.cases`)."""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from harness.errors import SuiteError, found, nearest
from harness.files import UnfitFileError, content_of, toml_of
from harness.records.case import Case
from harness.suite.cases import DEFAULT_FIELDS, BadLineError, Problem, build_case, numbered_objects

_SHOWN_ERRORS = 20
_TEXT_KEYS = ("title", "title_zh", "description", "description_zh")


@dataclass(frozen=True, slots=True)
class LocatedCase:
    """A case with the line (1-based) of the file."""

    case: Case
    line: int


@dataclass(frozen=True, slots=True)
class CaseFile:
    """What a case file holds: its good cases, and the problems of its other lines."""

    path: Path
    cases: tuple[LocatedCase, ...]
    problems: tuple[Problem, ...]


@dataclass(frozen=True, slots=True)
class SuiteInfo:
    """What `suite.toml` says."""

    name: str
    title: str = ""
    title_zh: str = ""
    description: str = ""
    description_zh: str = ""
    defaults: dict[str, Any] = field(default_factory=dict)


def builtin_root() -> Path:
    """The suites that came with the package: in the wheel, or beside it in a checkout."""
    package = Path(__file__).parent.parent
    carried = package / "builtin_suites"
    return carried if carried.is_dir() else package.parent / "suites"


def is_case_file(path: Path) -> bool:
    """True for `*.jsonl` in a folder that holds a `suite.toml`; training sets and cassettes never are."""
    return path.suffix == ".jsonl" and (path.parent / "suite.toml").is_file()


def case_files(root: Path) -> list[Path]:
    """All case files under a suite root, sorted, so that two runs see one order.

    Raises:
        SuiteError: the name of one would command a terminal, where pytest prints it.
    """
    files = sorted(path for path in root.rglob("*.jsonl") if is_case_file(path))
    for path in files:
        if not str(path.relative_to(root)).isprintable():
            raise SuiteError(f"{path}: a name that cannot be printed; accepted: one that can")
    return files


def load_info(folder: Path) -> SuiteInfo:
    """Read `suite.toml`.

    Raises:
        SuiteError: it cannot be read, or a key or a default is not accepted.
    """
    path = folder / "suite.toml"
    try:
        content = toml_of(path)
    except OSError as error:
        raise SuiteError(f"{path}: cannot be read: {error.strerror or error}") from error
    except UnfitFileError as error:
        raise SuiteError(f"{path}: {error}") from error
    accepted = {*_TEXT_KEYS, "defaults"}
    for key, value in content.items():
        if key not in accepted:
            raise SuiteError(f"{path}: unknown key {found(key)}{nearest(key, accepted)}; accepted: {_listed(accepted)}")
        if key in _TEXT_KEYS and not isinstance(value, str):
            raise SuiteError(f"{path}: {key}: found {found(value)}; accepted: a string")
    _check_defaults(path, content.get("defaults", {}))
    return SuiteInfo(name=folder.resolve().name, **content)


def _check_defaults(path: Path, defaults: Any) -> None:
    if not isinstance(defaults, dict):
        raise SuiteError(f"{path}: defaults: found {found(defaults)}; accepted: a table of case fields")
    for key in defaults:
        if key not in DEFAULT_FIELDS:
            raise SuiteError(
                f"{path}: defaults.{key}: unknown field{nearest(key, DEFAULT_FIELDS)}; "
                f"accepted: {_listed(DEFAULT_FIELDS)}"
            )
    try:
        json.dumps(defaults, allow_nan=False)
    except (TypeError, ValueError):
        raise SuiteError(f"{path}: defaults: a date or an infinite number; accepted: values that JSON has") from None


def _listed(names: set[str] | frozenset[str]) -> str:
    return ", ".join(sorted(names))


def load_suite(folder: Path) -> list[Case]:
    """All cases of one suite folder, in file order. Two cases with one id are an error."""
    info = load_info(folder)
    seen: dict[str, str] = {}
    cases: list[Case] = []
    for path in sorted(folder.glob("*.jsonl")):
        for located in load_cases(path, info):
            place = f"{path}:{located.line}"
            first = seen.setdefault(located.case.id, place)
            if first != place:
                raise SuiteError(f"{place}: id: {located.case.id!r} is also at {first}; ids are unique in a suite")
            cases.append(located.case)
    return cases


def load_cases(path: Path, info: SuiteInfo | None = None) -> list[LocatedCase]:
    """Cases of one file.

    Raises:
        SuiteError: one line for each bad line (the first 20), with file, line, field, what was found, what is accepted.
    """
    content = read_case_file(path, info)
    if content.problems:
        errors = [
            f"{path}:{problem.line}: {problem.message}" if problem.line else f"{path}: {problem.message}"
            for problem in content.problems[:_SHOWN_ERRORS]
        ]
        more = len(content.problems) - _SHOWN_ERRORS
        raise SuiteError("\n".join(errors) + (f"\n... and {more} more" if more > 0 else ""))
    return list(content.cases)


def read_case_file(path: Path, info: SuiteInfo | None = None) -> CaseFile:
    """Cases and problems of one file. Only a bad `suite.toml` raises."""
    info = info or load_info(path.parent)
    cases: list[LocatedCase] = []
    problems: list[Problem] = []
    seen: dict[str, int] = {}
    for entry in numbered_objects(path):
        if isinstance(entry, Problem):
            problems.append(entry)
            continue
        number, fields = entry
        try:
            case = build_case(fields, info.defaults, info.name)
            if case.id in seen:
                raise BadLineError(f"id: {case.id!r} is also on line {seen[case.id]}; ids are unique in a suite")
            seen[case.id] = number
            cases.append(LocatedCase(case, number))
        except BadLineError as error:
            problems.append(Problem(number, str(error)))
    if not cases and not problems:
        problems.append(Problem(0, "holds no case; accepted: one JSON object a line"))
    return CaseFile(path, tuple(cases), tuple(problems))


_SIZE_LIMIT = 10_000_000
"""Bytes: more lines than any suite has cases."""
_LONGEST_SHOWN = 100


def selection_file(root: Path, name: str) -> Path | None:
    """The file of a selection under a suite root, if there is one."""
    path = root / f"{name}.cases"
    return path if "/" not in name and path.is_file() else None


def read_selection(path: Path) -> dict[str, list[str]]:
    """Ids by suite, in the order of the file.

    Raises:
        SuiteError: the file cannot be read, a line is not `suite/id`, or stands there twice.
    """
    chosen: dict[str, dict[str, None]] = {}
    try:
        text = content_of(path, limit=_SIZE_LIMIT).decode("utf-8")
    except OSError as error:
        raise SuiteError(f"{path}: cannot be read: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise SuiteError(f"{path}: not UTF-8 at byte {error.start + 1}; save the file as UTF-8") from error
    except ValueError as error:
        raise SuiteError(f"{path}: {error}") from error
    for number, line in enumerate(text.split("\n"), start=1):
        entry = line.partition("#")[0].strip()
        if not entry:
            continue
        suite, slash, case = entry.partition("/")
        if not slash or not suite or not case or "/" in case or suite.startswith(".") or not entry.isprintable():
            raise SuiteError(f"{path}:{number}: found {found(entry)}; accepted: suite/id")
        if case in chosen.setdefault(suite, {}):
            raise SuiteError(f"{path}:{number}: {entry[:_LONGEST_SHOWN]} is there twice; keep one")
        chosen[suite][case] = None
    return {suite: list(ids) for suite, ids in chosen.items()}


def load_selection(path: Path) -> list[Case]:
    """The cases of a selection, renamed: suite NAME, id `suite.id`.

    Raises:
        SuiteError: a case that is named does not exist (with the nearest one).
    """
    cases: list[Case] = []
    for suite, ids in read_selection(path).items():
        known = {case.id: case for case in load_suite(path.parent / suite)}
        for case_id in ids:
            if case_id not in known:
                raise SuiteError(f"{path}: no case {suite}/{case_id}{nearest(case_id, known)}")
            cases.append(known[case_id].model_copy(update={"suite": path.stem, "id": f"{suite}.{case_id}"}))
    return cases
