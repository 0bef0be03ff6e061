"""When a failure is believed: k of m for a model that answers differently each time."""

import math

from harness.adversarial.asking import Asker
from harness.adversarial.oracle import Sighting
from harness.adversarial.probe import Probe
from harness.statistics.proportion import wilson

STEADY_ASKS = 2
"""Further answers to a first hit. If they all fail too, one answer decides from then on."""

HIT_ASKS = 10
_MOST_ASKS = 40
_MISSED = 0.003


class Belief:
    """Whether a probe fails in the way of one hit: the same verdict, lest the shrinker slip to another defect.

    A steady failure is believed at the first answer. Otherwise `k` failing answers of at most `m` are wanted, with `m`
    so large that a probe that fails as often as the hit is missed in 0.3 % of cases.
    """

    def __init__(self, asker: Asker, hit: Probe, verdict: str) -> None:
        self.verdict = verdict
        self.steady = True
        self._asker = asker
        self._hit = hit
        self._failures = self._asks = 0

    def same(self, sighting: Sighting) -> bool:
        """Whether an answer shows the defect that is hunted."""
        outcome = "omitted" if self.verdict == "absent" else "damaged"
        return sighting.verdict == self.verdict and sighting.outcome == outcome

    async def confirm(self) -> bool:
        """Ask the hit again; False if it cannot be had a second time in HIT_ASKS answers."""
        for number in range(1, HIT_ASKS):
            self._count(self.same(await self._asker.ask(self._hit, number, "confirm")))
            if number == STEADY_ASKS and self._failures == number:
                return True
            if number >= STEADY_ASKS and self._failures >= 2:
                break
        self.steady = False
        return self._failures > 0

    async def fails(self, probe: Probe) -> bool:
        """Whether a probe fails: one answer for a steady model, two failing ones of m for another."""
        return await self._shows(probe, "shrink", 2) is True

    async def shows(self, probe: Probe) -> bool | None:
        """Whether a probe fails, for a rule: one failing answer is enough, since nothing is made smaller by it.

        None if no answer tells: the string is left out, or damaged in another way.
        """
        return await self._shows(probe, "explain", 1)

    async def _shows(self, probe: Probe, phase: str, wanted: int) -> bool | None:
        failures = 0
        sound = False
        most = 1 if self.steady else self.most_asks(wanted)
        wanted = min(wanted, most)
        for number in range(most):
            sighting = await self._asker.ask(probe, number, phase)
            failures += self.same(sighting)
            sound = sound or sighting.outcome == "aligned"
            if failures >= wanted:
                return True
            if failures + most - number - 1 < wanted:
                break
        return False if sound else None

    def most_asks(self, wanted: int) -> int:
        """The m of "k of m": how many answers a probe that fails as often as the hit needs to show it."""
        rate = self._cautious_rate()
        for most in range(wanted, _MOST_ASKS):
            missed = sum(math.comb(most, k) * rate**k * (1 - rate) ** (most - k) for k in range(wanted))
            if missed <= _MISSED:
                return most
        return _MOST_ASKS

    async def rate(self, probe: Probe, asks: int) -> None:
        """Count failures among fresh answers, which played no part in choosing the probe; `counts` has them so far."""
        self._failures = self._asks = 0
        for _ in range(asks):
            self._count(self.same(await self._asker.ask_again(probe, "rate")))

    @property
    def counts(self) -> tuple[int, int]:
        """Failures and answers that the model's failure rate is estimated from."""
        return self._failures, self._asks

    def unsettle(self) -> None:
        """Take the model for one that answers differently each time, as the last answers showed."""
        self.steady = False

    def _count(self, failed: bool) -> None:
        self._asks += 1
        self._failures += failed

    def _cautious_rate(self) -> float:
        interval = wilson(self._failures, self._asks, level=0.5)
        return max(0.1, interval.low) if interval else 0.1
