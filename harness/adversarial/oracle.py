"""What the hunt asks: anything that puts a case to a model and says what became of the string."""

from dataclasses import dataclass
from typing import Protocol

from harness.records.case import Case
from harness.records.run import Outcome, SampleResult


@dataclass(frozen=True, slots=True)
class Sighting:
    """What one answer did to the string. `requests` counts what went over the wire for it, retries included."""

    outcome: Outcome
    verdict: str = "absent"
    damage: tuple[str, ...] = ()
    mention: str = ""
    output: str = ""
    reason: str | None = None
    requests: int = 1

    @property
    def told(self) -> bool:
        """Whether the string is in the answer, whole or damaged; only then does the answer say anything about it."""
        return self.outcome in ("aligned", "damaged")


class Oracle(Protocol):
    """A model behind an endpoint, a recording, or a function in a test."""

    most_requests: int
    """How many requests one call of `ask` can send at most."""

    async def ask(self, case: Case, sample: int) -> Sighting:
        """One answer, judged. Two samples of one case are two independent answers."""


def sighting_of(result: SampleResult, target: str, requests: int) -> Sighting:
    """The part of a judged sample that the hunt looks at: the worst mention of the target."""
    mentions = [m for m in result.mentions.get(target, ()) if m.verdict != "verbatim"]
    verdict = result.verdicts.get(target, "absent")
    worst = next((m for m in mentions if m.verdict == verdict), None)
    return Sighting(
        outcome=result.outcome,
        verdict=verdict,
        damage=worst.damage if worst else (),
        mention=worst.text if worst else "",
        output=result.output,
        reason=result.reason,
        requests=requests,
    )
