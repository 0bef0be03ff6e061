"""What a service that runs for a year meets: threads, huge strings, caches that may not grow with the traffic."""

import base64
import random
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from harness.text import check, repair, repair_stream
from harness.text.keeping import kept, once
from harness.text.scan import forget

IMAGE = base64.b64encode(random.Random(1).randbytes(100_000)).decode()


@pytest.mark.parametrize(
    "source", [f"![x](data:image/png;base64,{IMAGE})", f"decode {IMAGE} now", f'{{"a":"{IMAGE}"}}']
)
def test_an_image_in_a_prompt_is_no_target_and_costs_little(source: str) -> None:
    begun = time.process_time()
    result = check(f"{source} Use AB-12/3.", "A picture of AB - 12/3.")
    assert time.process_time() - begun < 2  # it took eleven seconds
    assert result.verdicts["AB-12/3"] == "spaced"
    assert max(map(len, result.verdicts)) < 100


def test_a_listed_string_as_long_as_an_image_costs_little() -> None:
    begun = time.process_time()
    assert check("x", f"A picture: {IMAGE[:50]} {IMAGE[50:]}", [IMAGE]).verdicts == {IMAGE: "spaced"}
    assert (
        check("x", "A picture of AB-12/3.", [IMAGE, *(f"AB-{number}" for number in range(99))]).verdicts[IMAGE]
        == "absent"
    )
    assert time.process_time() - begun < 2


def test_few_large_keys_are_kept_and_many_small_ones() -> None:
    asked: list[str] = []

    @kept(4, few=1, small=3)
    def size(text: str) -> int:
        asked.append(text)
        return len(text)

    for text in ("a", "b", "a", "long1", "long1", "long2", "long1", "b"):
        assert size(text) == len(text)
    assert asked == ["a", "b", "long1", "long2", "long1"]


CASES = [
    (f"{source} 第{number}批", answer, targets)
    for number in range(6)
    for source, answer, targets in [
        (
            "读取 /data/home/XJ风机选型/样本资料，用 Sikalastic-609",
            "/data/home/XJ 风机选型/样本资料，Sikalastic – 609。",
            None,
        ),
        ("水吧台/岛台, GB/T 50081-2019\nuser_name", "水吧台 / 岛台 GB/T 50081 - 2019 user _name", None),
        ("TCP/IP and A&B-1", "TCP / IP, TCP &#47; IP and A & B-1 " * 9, ["TCP/IP", "A&B-1"]),
    ]
]


def _judged(case: tuple[str, str, list[str] | None]) -> tuple[object, ...]:
    source, answer, targets = case
    return check(*case), repair(*case), "".join(repair_stream(source, [answer[:9], "", answer[9:]], targets))


@pytest.fixture
def switching() -> Iterator[None]:
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


@pytest.mark.usefixtures("switching")
def test_threads_find_what_one_alone_finds(monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = [_judged(case) for case in CASES]
    forget()
    monkeypatch.setattr("harness.text.scan._MOST_KEPT", 2)  # what is kept is dropped while others read it
    monkeypatch.setattr("harness.text.find._KNOWN", 1)
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(_judged, CASES * 8)) == wanted * 8


class Escaping(str):
    """As `markupsafe.Markup`, which templates and web frameworks hand on as text."""

    __slots__ = ()

    def __radd__(self, other: str) -> str:
        return Escaping(other.replace("<", "&lt;") + str(self))

    def __add__(self, other: str) -> str:
        return Escaping(str(self) + other.replace("<", "&lt;"))


@pytest.mark.parametrize("size", [1, 7, 100])
def test_a_text_that_escapes_what_is_added_stays_as_it_is(size: int) -> None:
    source, answer = "Use <b>AB-12/3</b>", "<think>a<b</think>Use <b>AB - 12/3</b> <x>"
    pieces = [Escaping(answer[start : start + size]) for start in range(0, len(answer), size)]
    assert "".join(repair_stream(Escaping(source), pieces)) == repair(source, answer).text
    assert repair(Escaping(source), Escaping(answer)) == repair(source, answer)
    assert check(Escaping(source), Escaping(answer)) == check(source, answer)


@pytest.mark.parametrize("targets", [[None], [b"A-1"], b"A-1", [1]])
def test_targets_that_are_no_texts_are_named(targets: Any) -> None:
    for answer in ("A-1", "A - 1"):
        for judge in (check, repair):
            with pytest.raises(TypeError, match=r"found (NoneType|bytes|int); accepted: texts"):
                judge("A-1", answer, targets)


def test_one_kind_or_tag_may_be_given_as_a_text() -> None:
    assert check("3-5", "3–5", strict_kinds="range").verdicts == {"3-5": "lookalike"}
    answer = "<plan>A - 1</plan>A - 1"
    assert repair("A-1", answer, reasoning="plan").text == "<plan>A - 1</plan>A-1"
    assert "".join(repair_stream("A-1", answer, reasoning="plan")) == "<plan>A - 1</plan>A-1"


def test_what_is_worked_out_once_waits_for_no_other_thread() -> None:
    """A process that was forked meanwhile would wait for ever: five times in 25."""
    begun, may_end = threading.Event(), threading.Event()

    class Page:
        def __init__(self, text: str) -> None:
            self.text = text

        @once
        def size(self) -> int:
            if self.text == "slow":
                begun.set()
                may_end.wait(60)
            return len(self.text)

    with ThreadPoolExecutor(2) as pool:
        slow = pool.submit(lambda: Page("slow").size)
        assert begun.wait(60)
        other = pool.submit(lambda: Page("other").size)
        try:
            assert other.result(10) == 5
        finally:
            may_end.set()
        assert slow.result(60) == 4
