import asyncio
from itertools import islice

import pytest

from benchmarks.hunt.oracles import HiddenRuleOracle
from harness.hunt.search import Hunt, HuntSettings
from harness.hunt.strategies import questions

_DRAWN: dict[int, list[object]] = {}


@pytest.fixture
def wide():
    """The first 300 questions of a seed, drawn once for all tests."""

    def wide(seed):
        if seed not in _DRAWN:
            _DRAWN[seed] = list(islice(questions(seed), 300))
        return iter(_DRAWN[seed])

    return wide


@pytest.fixture
def hunt_for(wide):
    """Run a hunt for a hidden rule; returns the hunt and its oracle."""

    def hunt_for(rule, seed=1, **settings):
        oracle = HiddenRuleOracle(rule, seed)
        hunt = Hunt(oracle, wide(seed), HuntSettings(**{"budget": 300, "most_finds": 1} | settings))
        asyncio.run(hunt.run())
        return hunt, oracle

    return hunt_for
