"""Selections: `suites/NAME.cases`, one `suite/id` a line, `#` for comments. `--suites=NAME` runs these cases alone.

A selection is a suite of its own: its cases carry its name, so a run of it never stands for a run of the whole.
"""

from pathlib import Path

from harness.records.case import Case
from harness.records.errors import SuiteError
from harness.records.explain import found, nearest
from harness.records.reading import content_of
from harness.suite.folders import load_suite

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
            raise SuiteError(f"{path}:{number}: {entry[:_LONGEST_SHOWN]} stands there twice; keep one")
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
