"""How fast a model version answers: `pytest --model=NAME suites/latency --cassette-mode=live`.

The times are those of the requests on the wire, which `model_latency` has made; pytest-benchmark is given them round by
round, so that its tables, files, comparisons and limits (`--benchmark-compare-fail`) hold for them. All three tests of
a prompt share the same requests.
"""

import pytest


class Wire:
    """A clock that stands still but for the times that were measured."""

    def __init__(self):
        self.now_s = 0.0

    def read(self):
        return self.now_s

    def pass_by(self, seconds):
        self.now_s += seconds


WIRE = Wire()


def give(benchmark, times):
    rounds = iter(times)
    benchmark.pedantic(WIRE.pass_by, setup=lambda: ((next(rounds),), {}), rounds=len(times))


@pytest.mark.benchmark(group="time to first token", timer=WIRE.read)
def test_first_token(model_latency, benchmark):
    give(benchmark, model_latency.first_token_s)


@pytest.mark.benchmark(group="seconds a token (OPS: tokens a second)", timer=WIRE.read)
def test_tokens(model_latency, benchmark):
    give(benchmark, model_latency.seconds_per_token)


@pytest.mark.benchmark(group="whole answer", timer=WIRE.read)
def test_whole_answer(model_latency, benchmark):
    give(benchmark, model_latency.total_s)
