import asyncio

import pytest

from harness.hunt.asking import HIT_ASKS, Asker, Belief, Sighting
from harness.hunt.probe import PLAIN

SOUND, BROKEN, GONE = Sighting("aligned", "verbatim"), Sighting("damaged", "spaced"), Sighting("omitted")
OTHER = Sighting("damaged", "altered")


class Scripted:
    """Gives its answers in order, the last one for ever."""

    most_requests = 1

    def __init__(self, *answers):
        self._answers = answers

    async def ask(self, case, sample):
        return self._answers[min(sample, len(self._answers) - 1)]


def believed(*answers):
    async def run():
        asker = Asker(Scripted(*answers), 1000)
        await asker.ask(PLAIN, 0, "explore")
        belief = Belief(asker, PLAIN, "spaced")
        return await belief.confirm(), belief.steady, asker.spent

    return asyncio.run(run())


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        ((BROKEN,), (True, True, 3)),
        ((BROKEN, SOUND, BROKEN, BROKEN), (True, False, 4)),
        ((BROKEN, SOUND), (False, False, HIT_ASKS)),
        ((BROKEN, OTHER), (False, False, HIT_ASKS)),
    ],
)
def test_a_hit_is_asked_again_before_it_is_believed(answers, expected):
    assert believed(*answers) == expected


@pytest.mark.parametrize(
    ("answer", "shown"),
    [(BROKEN, True), (SOUND, False), (GONE, None), (OTHER, None), (Sighting("unscored"), None)],
)
def test_an_answer_that_does_not_tell_is_neither_a_failure_nor_a_pass(answer, shown):
    async def run():
        belief = Belief(Asker(Scripted(answer), 10), PLAIN, "spaced")
        return await belief.shows(PLAIN), await belief.fails(PLAIN)

    assert asyncio.run(run()) == (shown, shown is True)


def test_the_rarer_the_failure_the_more_answers_are_wanted():
    async def run(*answers):
        asker = Asker(Scripted(*answers), 1000)
        await asker.ask(PLAIN, 0, "explore")
        belief = Belief(asker, PLAIN, "spaced")
        await belief.rate(PLAIN, 20)
        return belief.counts, belief.most_asks(1)

    often = asyncio.run(run(*[BROKEN, BROKEN, SOUND] * 8))
    rarely = asyncio.run(run(*[BROKEN, SOUND, SOUND, SOUND] * 6))
    assert (often[0], rarely[0]) == ((13, 20), (5, 20))
    assert often[1] < rarely[1] <= 40
