"""What became of one row: the outcome of STATS, with every mention and where it stands."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from harness.scoring.row import Row
from harness.text import VERDICTS, CheckResult, Mention, SymbolTable, check

RowOutcome = Literal["aligned", "damaged", "omitted", "unscored", "untargeted"]
"""`untargeted`: nothing to protect was given or found. It counts in no rate."""


@dataclass(frozen=True, slots=True)
class RowVerdict:
    """`verdict` is the worst of the targets that are mentioned, `absent` if none is, None where nothing was judged."""

    outcome: RowOutcome
    verdict: str | None
    result: CheckResult
    damage: tuple[str, ...]

    @property
    def mentions(self) -> list[tuple[str, str, tuple[Mention, ...]]]:
        """(target, verdict, mentions) in the order of the targets."""
        return [(target, verdict, self.result.mentions[target]) for target, verdict in self.result.verdicts.items()]


def judge(row: Row, symbols: SymbolTable) -> RowVerdict:
    """One row is one sample with all its targets required."""
    if row.unusable is not None:
        return RowVerdict("unscored", None, CheckResult({}, {}), ())
    result = check(row.source, row.output, row.targets, channel=row.channel, symbols=symbols)
    if not result.verdicts:
        return RowVerdict("untargeted", None, result, ())
    found = set(result.verdicts.values())
    worst = max(found - {"absent"}, key=VERDICTS.index, default="absent")
    outcome: RowOutcome = "damaged" if worst not in ("verbatim", "absent") else "aligned"
    if outcome == "aligned" and "absent" in found:
        outcome = "omitted"
    codes = {code for spans in result.mentions.values() for mention in spans for code in mention.damage}
    return RowVerdict(outcome, worst, result, tuple(sorted(codes)))
