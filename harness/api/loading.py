"""Cases from a file, a suite, or a folder of suites."""

from __future__ import annotations

from pathlib import Path

from harness.records.case import Case
from harness.records.errors import SuiteError
from harness.suite import builtin_root, case_files, is_case_file, load_cases
from harness.suite import load_suite as load_folder


def load_suite(path: str | Path) -> list[Case]:
    """The cases of a `.jsonl` file, of a folder with a `suite.toml`, or of all suites below a folder.

    `"builtin"` means the suites that come with the package.

    Raises:
        SuiteError: there is no case, or a line is wrong; the message names file, line and field.
    """
    place = builtin_root() if str(path) == "builtin" else Path(path)
    if is_case_file(place) and place.is_file():
        return [located.case for located in load_cases(place)]
    cases = [case for folder in sorted({file.parent for file in case_files(place)}) for case in load_folder(folder)]
    if not cases:
        raise SuiteError(
            f"{place}: no cases; accepted: builtin, a .jsonl file beside a suite.toml, a folder with a suite.toml, or "
            "a folder of such folders"
        )
    return cases
