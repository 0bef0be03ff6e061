"""The lint: every rule over some case files."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from harness.authoring.answerable import Judging, unfit_checks, unfit_targets
from harness.authoring.balance import Cell, cells
from harness.authoring.duplicates import duplicate_prompts, duplicate_targets
from harness.authoring.leakage import leaks
from harness.authoring.shelf import Finding, Level, files_under, read

RULES: dict[str, tuple[Level, str]] = {
    "bad-suite": ("error", "suite.toml cannot be read"),
    "bad-line": ("error", "a line is no case; pytest refuses the file"),
    "duplicate-id": ("error", "two cases of a suite have one id"),
    "not-in-source": ("error", "a target does not stand in the prompt, so that no model could copy it"),
    "never-found": ("error", "a target that the rules of the checker cannot find, even alone"),
    "contradiction": ("error", "checks and targets that no answer can satisfy at once"),
    "duplicate-prompt": ("error", "two cases ask the same"),
    "leaked": ("error", "a target stands in a training file"),
    "duplicate-target": ("warning", "one string is the target of two cases"),
    "near-duplicate-target": ("warning", "two targets are equal but for letter case, signs or blanks"),
    "near-duplicate-prompt": ("warning", "two prompts are nearly equal"),
    "edge-blank": ("warning", "a target begins or ends with a blank"),
    "toothless": ("warning", "an answer that says nothing passes"),
    "unproved": ("note", "no answer built from targets and checks passes; look at the case by eye"),
}
"""Every rule, its level, and what it finds."""


@dataclass(frozen=True, slots=True)
class LintResult:
    """What the lint found. `training_files` are those that were searched for leaks."""

    files: tuple[Path, ...]
    cases: int
    findings: tuple[Finding, ...]
    balance: tuple[Cell, ...]
    training_files: tuple[str, ...]

    def number(self, level: Level) -> int:
        """Findings of one level."""
        return sum(finding.level == level for finding in self.findings)


def lint(paths: Iterable[Path], judging: Judging, training: Mapping[str, Sequence[str]] | None = None) -> LintResult:
    """Run all rules; `training` is the texts of each training file by its name.

    Raises:
        SuiteError: a path holds no case file.
    """
    files = files_under(paths)
    shelf, findings = read(files)
    for placed in shelf:
        findings += unfit_targets(placed, judging)
        findings += unfit_checks(placed, judging)
    findings += duplicate_prompts(shelf)
    findings += duplicate_targets(shelf)
    findings += leaks(shelf, training or {})
    order = {path: number for number, path in enumerate(files)}
    findings.sort(key=lambda finding: (order.get(finding.path, -1), finding.line, finding.rule))
    balance = cells(placed.case for placed in shelf)
    return LintResult(tuple(files), len(shelf), tuple(findings), tuple(balance), tuple(training or ()))
