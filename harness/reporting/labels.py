"""Readers' rulings on answers that no check can judge: read, matched to a run, and how far two readers agree."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Literal

from pydantic import Field, ValidationError

from harness.records.errors import RecordError
from harness.records.record import Record
from harness.records.run import RunRecord
from harness.reporting.evidence import answer_digest

SCHEMA = 1


class Label(Record):
    """One line of `labels.jsonl`, as a page exports it."""

    schema_version: Literal[1] = Field(alias="schema")
    run: str
    reader: str = Field(min_length=1, max_length=80)
    case: str
    sample: int
    answer: str
    """First 16 hex digits of the answer's digest: a ruling counts only for the words that were read."""
    ruling: Literal["good", "bad"]
    at: str


@dataclass(frozen=True, slots=True)
class Pair:
    """Two readers over the answers that both ruled on. `kappa` is None where chance alone would agree."""

    first: str
    second: str
    both: int
    agreed: int
    kappa: float | None


@dataclass(frozen=True, slots=True)
class Rulings:
    """All rulings on the answers of one run: by (case key, sample), then by reader."""

    by_answer: dict[tuple[str, int], dict[str, str]]
    other_answers: int
    """Rulings given on other words than this run holds, and left out."""

    @property
    def readers(self) -> list[tuple[str, int, int]]:
        """Each reader with the numbers of good and bad."""
        given = [pair for rulings in self.by_answer.values() for pair in rulings.items()]
        return [
            (name, given.count((name, "good")), given.count((name, "bad")))
            for name in sorted({name for name, _ in given})
        ]

    @property
    def pairs(self) -> list[Pair]:
        """Every two readers who share an answer."""
        names = [name for name, _, _ in self.readers]
        return [pair for a, b in combinations(names, 2) if (pair := self._pair(a, b)).both]

    def _pair(self, first: str, second: str) -> Pair:
        shared = [(r[first], r[second]) for r in self.by_answer.values() if first in r and second in r]
        return Pair(first, second, len(shared), sum(a == b for a, b in shared), kappa(shared))


def kappa(rulings: list[tuple[str, str]]) -> float | None:
    """Cohen's kappa (1960): agreement beyond chance, (po - pe) / (1 - pe). None if it is not defined."""
    if not rulings:
        return None
    n = len(rulings)
    observed = sum(a == b for a, b in rulings) / n
    expected = sum(
        sum(a == word for a, _ in rulings) * sum(b == word for _, b in rulings) for word in ("good", "bad")
    ) / (n * n)
    return None if expected >= 1 else (observed - expected) / (1 - expected)


def read_labels(paths: Iterable[Path]) -> list[Label]:
    """All lines of all files. A line that is no ruling is an error with file, line and field."""
    found: list[Label] = []
    for path in paths:
        try:
            lines = path.read_text("utf-8").split("\n")
        except OSError as error:
            why = f"{error.strerror or error}; accepted: a labels.jsonl that a run page exported"
            raise RecordError(f"{path}: cannot be read as labels: {why}") from error
        except UnicodeDecodeError as error:
            raise RecordError(f"{path}: cannot be read as labels: not UTF-8 at byte {error.start + 1}") from error
        for number, line in enumerate(lines, start=1):
            if line.strip():
                found.append(_label(path, number, line))
    return found


def match(record: RunRecord, labels: Iterable[Label]) -> Rulings:
    """The labels that belong to this run's answers; a reader's latest ruling on an answer counts."""
    digests = {(case.key, sample.sample): answer_digest(sample) for case in record.cases for sample in case.samples}
    by_answer: dict[tuple[str, int], dict[str, str]] = {}
    other = 0
    for label in sorted(labels, key=lambda one: one.at):
        place = (label.case, label.sample)
        if digests.get(place) == label.answer:
            by_answer.setdefault(place, {})[label.reader] = label.ruling
        elif label.run == record.run_id:
            other += 1
    return Rulings(by_answer, other)


def _label(path: Path, number: int, line: str) -> Label:
    try:
        return Label.model_validate_json(line)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        field = ".".join(map(str, first["loc"])) or "the line"
        raise RecordError(
            f"{path}:{number}: {field}: {first['msg']}. A line is as a run page exports it: schema, run, reader, "
            "case, sample, answer, ruling (good or bad) and at."
        ) from error
