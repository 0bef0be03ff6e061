"""Two runs side by side: intervals of the difference, what stands out, and what is refused."""

from __future__ import annotations

import json
import random
import re
from pathlib import Path
from typing import Any

import click
import pytest

from harness.cli import run
from harness.cli.score import score
from harness.errors import HarnessError
from harness.logs.rates import differences, newcombe, read_rates
from harness.logs.tables import difference_lines
from harness.statistics.rates import wilson
from tests.logs.conftest import Score, write_log


def rate(k: int, n: int) -> dict[str, Any]:
    bounds = wilson(k, n)
    assert bounds is not None
    return {"k": k, "n": n, "rate": k / n, "low": bounds.low, "high": bounds.high, "effective_n": float(n)}


def test_the_interval_is_newcombes() -> None:
    """The example of Newcombe 1998, table II (56/70 against 48/80), method 10: 0.0524 to 0.3339."""
    low, high = newcombe(rate(48, 80), rate(56, 70))
    assert (round(low, 4), round(high, 4)) == (0.0524, 0.3339)


def test_two_spotless_rates_still_have_an_interval() -> None:
    low, high = newcombe(rate(300, 300), rate(50, 50))
    assert low < 0 < high


def made(rates_of: dict[str, tuple[int, int]]) -> dict[str, Any]:
    def group(k: int, n: int) -> dict[str, Any]:
        return {"rates": dict.fromkeys(("alignment_rate", "fidelity", "mention_rate"), rate(k, n))}

    regions = [{"group": [name], **group(k, n)} for name, (k, n) in rates_of.items()]
    by = [{"columns": ["region"], "groups": regions}, {"columns": ["day"], "groups": regions}]
    return {"schema": 1, "all": group(*rates_of["all"]), "by": by}


def test_a_fall_stands_out_and_noise_does_not() -> None:
    before = made({"all": (1000, 1100), "north": (480, 500), "south": (475, 500), "gone": (5, 5)})
    now = made({"all": (900, 1100), "north": (478, 500), "south": (390, 500), "new": (5, 5)})
    found = {(one.columns, one.group): one for one in differences(before, now) if one.metric == "fidelity"}
    assert set(found) == {((), ()), (("region",), ("all",)), (("region",), ("north",)), (("region",), ("south",))}
    south, north = found[("region",), ("south",)], found[("region",), ("north",)]
    assert (south.notable, north.notable) == (True, False)
    assert south.high < 0
    assert north.low < 0 < north.high
    lines = difference_lines(differences(before, now))
    assert any("south" in line and line.rstrip().endswith("*") for line in lines)


def test_quiet_pairs_seldom_stand_out() -> None:
    """200 pairs of logs with the same rate: the score test at 5 % reports about 5 % of them."""
    drawn = random.Random(7)
    told = 0
    for _ in range(200):
        old, new = (sum(drawn.random() < 0.95 for _ in range(400)) for _ in range(2))
        (one, *_) = differences(made({"all": (old, 400)}), made({"all": (new, 400)}))
        told += one.notable
    assert told <= 20


def test_a_baseline_is_a_file_or_a_folder(scored: Score, tmp_path: Path) -> None:
    write_log(tmp_path / "log.jsonl", 60)
    now = scored("log.jsonl")
    for path in (tmp_path / "out", tmp_path / "out" / "rates.json"):
        found = differences(read_rates(path), now)
        assert found
        assert all(one.difference == 0 and not one.notable for one in found)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "no rates of harness score"),
        ("[]", "no rates of harness score"),
        ('{"schema": 99, "all": {}, "by": []}', "schema 99"),
        (None, "cannot be read"),
    ],
)
def test_what_is_no_baseline_is_told(text: str | None, words: str, tmp_path: Path) -> None:
    path = tmp_path / "rates.json"
    if text is not None:
        path.write_text(text)
    with pytest.raises(HarnessError, match=words):
        read_rates(path)


def test_a_damaged_baseline_is_told() -> None:
    now = made({"all": (9, 10)})
    broken = json.loads(json.dumps(now))
    del broken["all"]["rates"]["fidelity"]["low"]
    with pytest.raises(HarnessError, match="the baseline is damaged"):
        differences(broken, now)


# The example of docs/score.md prints what the page says, and its other commands are known.

PAGE = Path(__file__).parents[2] / "docs" / "score.md"


def block(language: str) -> str:
    found = re.search(rf"```{language}\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    assert found
    return found[1]


def test_the_example_prints_what_the_page_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "answers.jsonl").write_text(block("json"), encoding="utf-8")
    program, *arguments = block("console").removeprefix("$ ").split()
    assert program == "harness"
    assert run(arguments) == 0
    assert capsys.readouterr().out == block("text")


def test_the_options_of_the_page_are_those_of_the_command() -> None:
    known = {name for parameter in score.params for name in parameter.opts if isinstance(parameter, click.Option)}
    named = set(re.findall(r"--[a-z][a-z-]*", PAGE.read_text(encoding="utf-8")))
    # every command takes --lang once the program itself is imported; the page on languages describes it
    assert named == known - {"--lang"}
