"""Speed of the text layer, side by side with one `str.find` and with the two-line regex that people paste.

    python -m pytest benchmarks/text -q -s --benchmark-columns=min,median

prints pytest-benchmark's tables and then one of its own: characters a second, and the time as a multiple of the two.
"""

import re
import time
from collections.abc import Callable, Iterator

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from benchmarks.text.corpora import CLEAN, HOSTILE, HOSTILE_SOURCES, MANY, OTHER, SOURCE, TARGETS, filled, nested
from harness.text import check, extract_targets, repair
from harness.text.scan import forget

LENGTH = 200_000
SHORT = 20_000
"""Hostile texts are timed at this length and at twice it."""

_HYPHEN, _SLASH = re.compile(r"\s*-\s*"), re.compile(r"\s*/\s*")


def extract_anew(text: str) -> object:
    forget()
    return extract_targets(text)


OPERATIONS: dict[str, Callable[[str], object]] = {
    "str.find": lambda text: text.find("Sikalastic-610"),
    "two-line regex": lambda text: _SLASH.sub("/", _HYPHEN.sub("-", text)),
    "check, 1 target": lambda text: check(SOURCE, text, TARGETS[:1]),
    "check, 4 targets": lambda text: check(SOURCE, text, TARGETS),
    "check, 10 targets": lambda text: check(SOURCE, text, MANY[:10]),
    "check, 100 targets": lambda text: check(SOURCE, text, MANY[:100]),
    "check, 1,000 targets": lambda text: check(SOURCE, text, MANY),
    "extract_targets": extract_anew,
    "extract_targets, repeated prompt": extract_targets,
    "repair, restore": lambda text: repair(SOURCE, text, TARGETS[:1]),
    "repair, collapse": lambda text: repair(SOURCE, text, strategy="collapse"),
}
TEXTS = CLEAN | OTHER


@pytest.fixture(scope="module")
def times() -> Iterator[dict[tuple[str, str], float]]:
    """Least seconds by text and operation; printed as a table once all are known."""
    found: dict[tuple[str, str], float] = {}
    yield found
    print("\n\n| text | operation | Mchar/s | x str.find | x two-line regex |\n|---|---|---:|---:|---:|")
    for (text, operation), seconds in found.items():
        find, regex = found[text, "str.find"], found[text, "two-line regex"]
        speed = LENGTH / seconds / 1e6
        print(f"| {text} | {operation} | {speed:,.1f} | {seconds / find:,.1f} | {seconds / regex:.2f} |")


@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize("text", TEXTS)
def test_speed(text: str, operation: str, benchmark: BenchmarkFixture, times: dict[tuple[str, str], float]) -> None:
    benchmark.group = text
    body = TEXTS[text](LENGTH)
    benchmark.pedantic(OPERATIONS[operation], args=(body,), rounds=7, warmup_rounds=1)
    if benchmark.stats is not None:
        times[text, operation] = benchmark.stats.stats.min


@pytest.mark.parametrize("text", CLEAN)
def test_a_check_of_clean_prose_costs_at_most_twenty_finds(text: str) -> None:
    body = CLEAN[text](LENGTH)
    find = least(lambda: body.find("Sikalastic-610"), rounds=15)
    assert least(lambda: check(SOURCE, body, TARGETS[:1]), rounds=15) <= 20 * find


@pytest.mark.parametrize("operation", ["check, 4 targets", "extract_targets", "repair, restore", "repair, collapse"])
@pytest.mark.parametrize("text", [*OTHER, *HOSTILE])
def test_twice_the_text_takes_at_most_2_2_times_as_long(text: str, operation: str) -> None:
    _double((OTHER | HOSTILE)[text], OPERATIONS[operation])


@pytest.mark.parametrize("source", HOSTILE_SOURCES)
def test_twice_the_prompt_takes_at_most_2_2_times_as_long(source: str) -> None:
    _double(HOSTILE_SOURCES[source], extract_anew)


def test_four_times_the_nested_targets_take_at_most_twelve_times_as_long() -> None:
    """More than linear by nature, since every target may stand in every longer one."""
    once, four = (least(lambda n=n: check(nested("a/", n), nested("a/ ", n)), 3) for n in (4_000, 16_000))  # type: ignore[misc]
    assert four <= 12 * once


def test_twice_the_escapes_that_were_read_take_at_most_2_2_times_as_long() -> None:
    _double(lambda n: filled("A&B-1 A&amp;B-1 ", n), lambda text: check("", text, ["A&amp;B-1"]))


def _double(make: Callable[[int], str], run: Callable[[str], object]) -> None:
    once, twice = make(SHORT), make(2 * SHORT)
    for rounds in (3, 9, 27):  # a busy machine gets more tries, a quadratic one fails them all
        ratio = least(lambda: run(twice), rounds) / max(least(lambda: run(once), rounds), 1e-3)
        if ratio <= 2.2:
            return
    pytest.fail(f"{ratio:.2f} times as long")


def least(run: Callable[[], object], rounds: int) -> float:
    """Least processor seconds: what other processes do does not count."""
    seconds = []
    for _ in range(rounds):
        start = time.process_time()
        run()
        seconds.append(time.process_time() - start)
    return min(seconds)
