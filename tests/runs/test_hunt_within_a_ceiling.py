"""`--max-cost` bounds a hunt and the cases of the same run together."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
APPLICATION = """
from pathlib import Path

def answer(body):
    with open("asked.txt", "a") as file:
        file.write("x")
    return "no idea"
"""
REQUEST_COSTS = 50 * 10_000 / 1e6
"""At most: `max_tokens` at the price of an output token; a function reports no usage, so it counts at its most."""


@pytest.mark.parametrize("requests", [3, 20])
def test_a_hunt_draws_from_the_purse_of_the_run(requests: int, pytester: pytest.Pytester) -> None:
    suite = pytester.path / "suites" / "adversarial"
    suite.mkdir(parents=True)
    for name in ("test_hunt.py", "conftest.py"):
        shutil.copy(ROOT / "suites" / "adversarial" / name, suite / name)
    (suite / "suite.toml").write_text('title = "Adversarial"\n')
    (pytester.path / "bounded_application.py").write_text(APPLICATION)
    pytester.makepyprojecttoml(
        """
        [tool.harness.models.m]
        version = "v1"
        kind = "callable"
        function = "bounded_application:answer"
        max_tokens = 50
        max_concurrency = 1
        price = { input = 0, output = 10000 }
        """
    )
    ceiling = requests * REQUEST_COSTS + 0.01
    pytester.runpytest_subprocess(
        "--model=m", "--cassette-mode=live", f"--max-cost={ceiling}", "--request-budget=60", "suites/adversarial"
    )
    asked = (pytester.path / "asked.txt").read_text()
    assert 0 < len(asked) <= requests
