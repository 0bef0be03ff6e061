"""Suites on disk: what `suite.toml` says, which files hold cases, and selections (`suites/NAME.cases`)."""

import json
import os
import unicodedata
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from harness.errors import SuiteError, found, nearest
from harness.files import UnfitFileError, content_of, is_portable, toml_of, whole
from harness.records.case import NOT_IN_HEADLINE, Case
from harness.suite.cases import DEFAULT_FIELDS, BadLineError, Problem, build_case, numbered_objects

_TEXT_KEYS = ("title", "title_zh", "description", "description_zh", "contamination")
_SWITCHES = ("default", "keep_form", "headline")
_LATEST_VERSION = 1_000_000


@dataclass(frozen=True, slots=True)
class SuiteInfo:
    """What `suite.toml` says.

    Attributes:
        version: counts up with every change of a prompt, a target or a check; CHANGES.md beside it says what changed.
        default: a run that names no suite takes it.
        keep_form: each prompt says that strings are to be kept as they are written, and the lint sees to it.
        headline: false keeps its checks out of the check rate of a run that holds other suites with checks.
        contamination: a line that marks the files as evaluation data, so that who gathers training data can find them.
        defaults: fields that a line of the suite may leave out.
    """

    name: str
    title: str = ""
    title_zh: str = ""
    description: str = ""
    description_zh: str = ""
    version: int = 1
    default: bool = True
    keep_form: bool = False
    headline: bool = True
    contamination: str = ""
    defaults: dict[str, Any] = field(default_factory=dict)


_ACCEPTED = {*_TEXT_KEYS, *_SWITCHES, "version", "defaults"}


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
    for key, value in content.items():
        if key not in _ACCEPTED:
            raise SuiteError(
                f"{path}: unknown key {found(key)}{nearest(key, _ACCEPTED)}; accepted: {_listed(_ACCEPTED)}"
            )
        if key in _TEXT_KEYS and not isinstance(value, str):
            raise SuiteError(f"{path}: {key}: found {found(value)}; accepted: a string")
        if key in _SWITCHES and not isinstance(value, bool):
            raise SuiteError(f"{path}: {key}: found {found(value)}; accepted: true, false")
        if key == "version" and not _is_version(value):
            raise SuiteError(f"{path}: version: found {found(value)}; accepted: a whole number from 1")
        if key == "contamination" and not value.isprintable():
            raise SuiteError(f"{path}: contamination: found {found(value)}; accepted: one line of text")
    _check_defaults(path, content.get("defaults", {}))
    name = folder.resolve().name
    if not is_portable(name):  # cassettes are called by it
        raise SuiteError(
            f"{folder}: no folder on Windows can be called {found(name)}; accepted: a name without a dot or space at "
            "its end, without : ? * | < > and quotation marks, and not the name of a device there (CON, NUL, AUX.txt)"
        )
    if other := _same_elsewhere(folder.resolve()):
        raise SuiteError(
            f"{folder}: found {found(name)} and {found(other)}, which are one folder on Windows and macOS; accepted: "
            "names that differ in more than capitals"
        )
    return SuiteInfo(name=name, **content)


def _same_elsewhere(folder: Path) -> str:
    """Another suite beside this one that a file system without capitals puts into the same folder; empty if none."""
    try:
        names = [
            name for name in os.listdir(folder.parent) if name != folder.name and _folded(name) == _folded(folder.name)
        ]
    except OSError:  # a folder that may be entered and not listed
        return ""
    return next((name for name in names if (folder.parent / name / "suite.toml").is_file()), "")


def _folded(name: str) -> str:
    return unicodedata.normalize("NFC", name).casefold()


def _is_version(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= _LATEST_VERSION


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


_SHOWN_ERRORS = 20


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


def builtin_root() -> Path:
    """The suites that came with the package: in the wheel, or beside it in a checkout."""
    package = Path(__file__).parent.parent
    carried = package / "builtin_suites"
    return carried if carried.is_dir() else package.parent / "suites"


def is_case_file(path: Path) -> bool:
    """True for `*.jsonl` in a folder that holds a `suite.toml`; training sets and cassettes never are."""
    return path.suffix == ".jsonl" and path.name[0] != "." and (path.parent / "suite.toml").is_file()


def case_files(root: Path) -> list[Path]:
    """All case files under a suite root, sorted, so that two runs see one order.

    Raises:
        SuiteError: the name of one would command a terminal, where pytest prints it.
    """
    files = sorted(path for folder in _folders_below(root) for path in folder.glob("[!.]*.jsonl") if is_case_file(path))
    for path in files:
        if not str(path.relative_to(root)).isprintable():
            raise SuiteError(f"{path}: a name that cannot be printed; accepted: one that can")
    return files


def _folders_below(root: Path) -> Iterator[Path]:
    """`root` and what is below, as pytest finds it: through links too, but never round in a circle. Names that begin
    with a dot are none of a user's: drafts of a killed run, `.ipynb_checkpoints`.
    """
    above: dict[str, tuple[str, ...]] = {}
    for folder, folders, _ in os.walk(root, followlinks=True):
        here = (*above.pop(folder, ()), os.path.realpath(folder))
        for name in list(folders):
            below = os.path.join(folder, name)
            if name.startswith(".") or os.path.realpath(below) in here:
                folders.remove(name)
            else:
                above[below] = here
        yield Path(folder)


CORE = "core"
"""The selection that a run without names takes of the suites that it names; `core.cases` in a suite root."""


def core_ids(root: Path) -> dict[str, frozenset[str]]:
    """Ids by suite that `core.cases` of a suite root names; empty where there is no such file.

    Raises:
        SuiteError: as `read_selection`; or no suite has this name: the message offers the one that is most like it.
    """
    path = selection_file(root, CORE)
    if path is None:
        return {}
    chosen = read_selection(path)
    for suite in chosen:
        if not (root / suite / "suite.toml").is_file():
            known = [file.parent.name for file in root.glob("*/suite.toml")]
            raise SuiteError(f"{path}: no suite {root / suite}{nearest(suite, known)}")
    return {suite: frozenset(ids) for suite, ids in chosen.items()}


def default_files(root: Path) -> list[Path]:
    """The case files that a run without names reads, sorted: those of suites that `core.cases` names, and of others.

    A suite with `default = false` is left out where it is not `root` itself and not named in `core.cases`. A suite
    whose `suite.toml` cannot be read is among them, so that the run says what is wrong.

    Raises:
        SuiteError: as `case_files` and `core_ids`.
    """
    files = case_files(root)
    named = {root / suite for suite in core_ids(root)}
    passed_over = {
        folder for folder in {path.parent for path in files} - named if folder != root and not _is_default(folder)
    }
    return [path for path in files if path.parent not in passed_over]


def default_cases(root: Path) -> list[Case]:
    """The cases that a run without names asks: those that `core.cases` names, and all of the suites it does not name.

    Raises:
        SuiteError: as `load_suite`; or `core.cases` names a case that does not exist. The message suggests a
            similar id.
    """
    core = core_ids(root)
    cases: list[Case] = []
    for folder in sorted({path.parent for path in default_files(root)}):
        whole = load_suite(folder)
        wanted = core.get(folder.name) if folder.parent == root else None
        if wanted is not None:
            check_core(root, folder.name, wanted, {case.id for case in whole})
        cases += whole if wanted is None else [case for case in whole if case.id in wanted]
    return cases


def check_core(root: Path, suite: str, wanted: frozenset[str], known: Collection[str]) -> None:
    """Each id that `core.cases` names of a suite is one of its cases.

    Raises:
        SuiteError: one is not. The message suggests a similar id.
    """
    for name in sorted(wanted.difference(known)):
        raise SuiteError(f"{root / f'{CORE}.cases'}: no case {suite}/{name}{nearest(name, known)}")


def _is_default(folder: Path) -> bool:
    try:
        return load_info(folder).default
    except SuiteError:
        return True


def load_suite(folder: Path) -> list[Case]:
    """All cases of one suite folder, in file order. Two cases with one id are an error."""
    info = load_info(folder)
    seen: dict[str, str] = {}
    cases: list[Case] = []
    for path in sorted(folder.glob("[!.]*.jsonl")):
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
    for entry in numbered_objects(path, crlf=True):
        if isinstance(entry, Problem):
            problems.append(entry)
            continue
        number, fields = entry
        try:
            case = build_case(fields, info.defaults, info.name)
            if case.id in seen:
                raise BadLineError(f"id: {case.id!r} is also on line {seen[case.id]}; ids are unique in a suite")
            seen[case.id] = number
            if not info.headline:
                case = case.model_copy(update={"tags": (*case.tags, NOT_IN_HEADLINE)})
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


CANARY_HEADING = (
    "# Canaries: fixed prompts for a nightly run: pytest --model=NAME --suites=canary --cassette-mode=live\n"
    "# Adding, removing or changing one starts a new baseline (docs/drift.md).\n"
)


def add_to_selection(path: Path, key: str, heading: str) -> bool:
    """Add `suite/id` at the end of a selection, which is made with `heading` if it is not there. False if it has it.

    Raises:
        SuiteError: as `read_selection`.
        OSError: the file cannot be written.
    """
    suite, _, name = key.partition("/")
    before = path.read_bytes() if path.exists() else f"{heading}\n".encode()
    if path.exists() and name in read_selection(path).get(suite, ()):
        return False
    with whole(path) as file:
        file.write(before + (b"" if before.endswith(b"\n") else b"\n") + f"{key}\n".encode())
    return True


def read_selection(path: Path) -> dict[str, list[str]]:
    """Ids by suite, in the order of the file.

    Raises:
        SuiteError: the file cannot be read, a line is not `suite/id`, or is there twice.
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
        SuiteError: a case that is named does not exist. The message suggests a similar id.
    """
    cases: list[Case] = []
    for suite, ids in read_selection(path).items():
        known = {case.id: case for case in load_suite(path.parent / suite)}
        for case_id in ids:
            if case_id not in known:
                raise SuiteError(f"{path}: no case {suite}/{case_id}{nearest(case_id, known)}")
            cases.append(known[case_id].model_copy(update={"suite": path.stem, "id": f"{suite}.{case_id}"}))
    return cases
