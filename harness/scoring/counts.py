"""What rows add up to: one tally for all, one a group, and what was not scored and why."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from harness.scoring.columns import Columns
from harness.scoring.row import Row
from harness.scoring.tally import Tally

Key = tuple[str | None, ...]
"""The values that a group stands for; None where a row has no value."""

VERSION_BY_DAY = ("model", "version", "day")


def groupings(columns: Columns) -> tuple[tuple[str, ...], ...]:
    """The columns by which rows are grouped, each grouping for itself."""
    return (("model",), ("model", "version"), ("day",), VERSION_BY_DAY, *((path,) for path in columns.by))


def keys(row: Row) -> tuple[Key, ...]:
    """The groups of a row, in step with `groupings`."""
    return (
        (row.model,),
        (row.model, row.version),
        (row.day,),
        (row.model, row.version, row.day),
        *((value,) for value in row.by),
    )


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
        self.everything.add(tally)
        for grouping, key in zip(self.groupings, keys(row), strict=True):
            grouping.add(key, tally, None)
        self.present["targets given"] += row.targets is not None
        self.present["time unreadable"] += row.day_unreadable
        named = [(columns.id, row.id), (columns.model, row.model), (columns.version, row.version)]
        named += [(columns.time, row.day or row.day_unreadable or None), *zip(columns.by, row.by, strict=True)]
        self.present.update({path: 1 for path, value in named if value is not None})

    def fold(self, later: Counts, most: int) -> None:
        """Add the counts of the next chunk, keeping at most `most` groups a grouping."""
        self.everything.add(later.everything)
        self.rejected += later.rejected
        self.present += later.present
        for mine, theirs in zip(self.groupings, later.groupings, strict=True):
            for key, tally in theirs.groups.items():
                mine.add(key, tally, most)

    def plain(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "all": self.everything.plain(),
            "rejected": self.rejected,
            "present": self.present,
            "groupings": [
                [[list(key), tally.plain()] for key, tally in grouping.groups.items()] for grouping in self.groupings
            ],
        }

    @classmethod
    def read(cls, plain: dict[str, Any], columns: Columns) -> Counts:
        counts = cls.of(columns)
        counts.everything = Tally.read(plain["all"])
        counts.rejected, counts.present = Counter(plain["rejected"]), Counter(plain["present"])
        for grouping, groups in zip(counts.groupings, plain["groupings"], strict=True):
            grouping.groups = {tuple(key): Tally.read(tally) for key, tally in groups}
        return counts
