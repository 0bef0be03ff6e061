"""What rows add up to: one tally for all, one a group, and what was not scored and why."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any, Self

from harness.scoring.columns import Columns
from harness.scoring.row import Row
from harness.scoring.tally import Tally

Key = tuple[str | None, ...]
"""The values that a group stands for; None where a row has no value."""

VERSION_BY_DAY = ("model", "version", "day")
_COARSER = (("model",), ("model", "version"), ("day",))
"""Groupings that follow from the one by version and day, so that a row need not be added to each."""


def groupings(columns: Columns) -> tuple[tuple[str, ...], ...]:
    """The columns by which rows are grouped, each grouping for itself."""
    return (*_COARSER, VERSION_BY_DAY, *((path,) for path in columns.by))


@dataclass(slots=True)
class Grouping:
    """Tallies by group, at most `most` of them: groups that are met later are counted together in `other`."""

    columns: tuple[str, ...]
    groups: dict[Key, Tally] = field(default_factory=dict)
    other: Tally = field(default_factory=Tally)

    def add(self, key: Key, tally: Tally, most: int | None) -> None:
        mine = self.groups.get(key)
        if mine is None:
            if most is not None and len(self.groups) >= most:
                self.other.add(tally)
                return
            mine = self.groups[key] = Tally()
        mine.add(tally)


@dataclass(slots=True)
class Counts:
    """Of a chunk, or of all. Chunks are folded in the order of the rows: then the groups kept are always the same."""

    groupings: list[Grouping]
    everything: Tally = field(default_factory=Tally)
    rejected: Counter[str] = field(default_factory=Counter)
    """Rows that could not be scored, by kind."""
    present: Counter[str] = field(default_factory=Counter)
    """Rows that have a value in each of the mapped columns."""

    @classmethod
    def of(cls, columns: Columns) -> Counts:
        return cls([Grouping(names) for names in groupings(columns)])

    def add_row(self, row: Row, columns: Columns, tally: Tally) -> None:
        """One row. `complete` must follow the last."""
        finest, *others = self.groupings[len(_COARSER) :]
        finest.add((row.model, row.version, row.day), tally, None)
        for grouping, value in zip(others, row.by, strict=True):
            grouping.add((value,), tally, None)
        present = self.present
        present["targets given"] += row.targets is not None
        present["time unreadable"] += row.day_unreadable
        present[columns.model] += row.model is not None
        present[columns.version] += row.version is not None
        present[columns.time] += row.day is not None or row.day_unreadable
        for path, value in zip(columns.by, row.by, strict=True):
            present[path] += value is not None

    def complete(self) -> Self:
        """Add up what follows from the grouping by version and day; groups keep the order in which rows came."""
        for key, tally in self.groupings[len(_COARSER)].groups.items():
            self.everything.add(tally)
            for grouping in self.groupings[: len(_COARSER)]:
                coarser = tuple(key[VERSION_BY_DAY.index(column)] for column in grouping.columns)
                grouping.add(coarser, tally, None)
        return self

    def fold(self, later: Counts, most: int) -> None:
        """Add the counts of the next chunk, keeping at most `most` groups a grouping."""
        self.everything.add(later.everything)
        self.rejected += later.rejected
        self.present += later.present
        for mine, theirs in zip(self.groupings, later.groupings, strict=True):
            for key, tally in theirs.groups.items():
                mine.add(key, tally, most)

    def plain(self) -> dict[str, Any]:
        """For JSON: what the rest follows from."""
        return {
            "rejected": self.rejected,
            "present": self.present,
            "groupings": [
                [[list(key), tally.plain()] for key, tally in grouping.groups.items()]
                for grouping in self.groupings[len(_COARSER) :]
            ],
        }

    @classmethod
    def read(cls, plain: dict[str, Any], columns: Columns) -> Counts:
        counts = cls.of(columns)
        counts.rejected, counts.present = Counter(plain["rejected"]), Counter(plain["present"])
        for grouping, groups in zip(counts.groupings[len(_COARSER) :], plain["groupings"], strict=True):
            grouping.groups = {tuple(key): Tally.read(tally) for key, tally in groups}
        return counts.complete()
