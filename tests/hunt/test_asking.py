import asyncio

import pytest

from benchmarks.hunt.oracles import HiddenRuleOracle
from harness.hunt.asking import Asker, BudgetSpentError, Sighting
from harness.hunt.probe import PLAIN


def test_the_same_sample_is_asked_once():
    async def run():
        oracle = HiddenRuleOracle(None)
        asker = Asker(oracle, 10)
        first = await asker.ask(PLAIN, 0, "explore")
        assert await asker.ask(PLAIN, 0, "shrink") is first
        await asker.ask_again(PLAIN, "rate")
        assert oracle.asked == asker.spent == len(asker.known(PLAIN)) == 2

    asyncio.run(run())


def test_a_question_waits_for_those_in_flight_before_the_budget_is_called_spent(wide):
    class Slow:
        most_requests = 4

        async def ask(self, case, sample):
            await asyncio.sleep(0.01)
            return Sighting("aligned", "verbatim")

    async def run():
        asker = Asker(Slow(), 10)
        probes = list(wide(1))[:20]
        outcomes = await asyncio.gather(*(asker.ask(p, 0, "explore") for p in probes), return_exceptions=True)
        # 7 are answered at one request each; the eighth could take the 3 left and one more
        assert asker.spent == 7
        assert sum(isinstance(outcome, BudgetSpentError) for outcome in outcomes) == 13

    asyncio.run(run())


def test_no_more_questions_are_in_flight_than_allowed(wide):
    class Counting:
        most_requests = 1

        def __init__(self):
            self.now = self.most = 0

        async def ask(self, case, sample):
            self.now += 1
            self.most = max(self.most, self.now)
            await asyncio.sleep(0.001)
            self.now -= 1
            return Sighting("aligned", "verbatim")

    async def run():
        oracle = Counting()
        asker = Asker(oracle, 100, max_concurrency=3)
        await asyncio.gather(*(asker.ask(probe, 0, "explore") for probe in list(wide(1))[:30]))
        assert oracle.most == 3

    asyncio.run(run())


def test_a_question_that_was_cancelled_counts_with_all_its_retries():
    class Hanging:
        most_requests = 3

        async def ask(self, case, sample):
            await asyncio.sleep(60)

    async def run():
        asker = Asker(Hanging(), 10)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(asker.ask(PLAIN, 0, "explore"), 0.01)
        assert asker.spent == 3
        assert asker.ledger == []

    asyncio.run(run())
