"""A repaired stream is the repair of the whole answer, and text is not held back for long."""

import asyncio
from collections.abc import AsyncIterator, Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.text import Target, repair, repair_stream

TARGETS = (
    "Sikalastic-609",
    "TCP/IP",
    "--dry-run",
    "水吧台/岛台",
    "GB/T 50081-2019",
    "A-B",
    "B-C-D",
    "C:\\a-b",
    "Mon - Fri",
)
PIECES = (
    *(
        "see ",
        "用",
        "。",
        "\n- ",
        "\n",
        " (",
        ", ",
        "12",
        "x",
        "“",
        "```",
        "`",
        '"',
        "The floor is dry. ",
        "<think>",
        "</think>",
        "[THINK]",
        "[/THINK]",
        "[think]",
        "<|channel|>analysis<|message|>",
        "<|channel|>final<|message|>",
        "\u0130",
    ),
    *(
        "Sikalastic - 609",
        "Sikalastic – 609",
        "Sika",
        "lastic",
        "-609",
        "TCP",
        " / ",
        "／",
        "IP",
        "IPv6",
        "-- dry - run",
    ),
    *(
        "水吧台 / 岛台",
        "GB / T 50081\n2019",
        "A - B - C- D",
        "A -",
        " B",
        "C:\\\\a - b",
        "\u200b",
        "\u00a0",
        "Mon  -  Fri",
    ),
)


def in_chunks(text: str, sizes: list[int]) -> Iterator[str]:
    place = number = 0
    while place < len(text):
        size = sizes[number % len(sizes)]
        yield text[place : place + size]
        place, number = place + size, number + 1


@given(
    st.lists(st.sampled_from(PIECES), max_size=30).map("".join),
    st.lists(st.integers(1, 12), min_size=1, max_size=5),
    st.lists(st.sampled_from(TARGETS), max_size=5),
    st.booleans(),
)
def test_the_joined_stream_is_the_repair_of_the_whole(
    output: str, sizes: list[int], targets: list[str], listed: bool
) -> None:
    given_targets: list[str | Target] = list(targets) if listed else [Target(text, "code") for text in targets]
    source = targets[:1]
    joined = "".join(repair_stream(source, in_chunks(output, sizes), given_targets))
    assert joined == repair(source, output, given_targets).text


def held_back(output: str, targets: list[str]) -> int:
    """The most characters that were in and not yet out, fed one by one."""
    fed = out = most = 0

    def one_by_one() -> Iterator[str]:
        nonlocal fed
        for char in output:
            fed += 1
            yield char

    for piece in repair_stream("", one_by_one(), targets):
        out += len(piece)
        most = max(most, fed - out)
    return max(most, 0)


def test_clean_prose_is_passed_on_at_once() -> None:
    assert held_back("The membrane is laid on a dry floor, and the edges are sealed. " * 30, ["Sikalastic-609"]) < 40
    assert held_back("防水层应铺在干燥的基层上，边缘须先封好。" * 30, ["Sikalastic-609", "水吧台/岛台"]) < 40


@pytest.mark.parametrize(
    "output",
    [
        "A - B" * 2000,
        "A" + " " * 6000 + "- B",
        "-" * 6000,
        "A - " * 2000,
        "\u200b" * 6000,
        "A" + "\u200b" * 6000 + "-B",
    ],
)
def test_what_is_held_back_is_bounded(output: str) -> None:
    targets = ["A-B", "B-A", "--x"]
    assert held_back(output[:2600], targets) <= 6 * 3 + 2048


def test_reasoning_goes_through_unchanged() -> None:
    output = " <think>TCP / IP</think>TCP / IP"
    assert "".join(repair_stream("", iter(output), ["TCP/IP"])) == " <think>TCP / IP</think>TCP/IP"
    assert "".join(repair_stream("", iter("<think>TCP / IP"), ["TCP/IP"])) == "<think>TCP / IP"
    for opening, closing in (
        ("[THINK]", "[/THINK]"),
        ("<|channel|>analysis<|message|>", "<|end|><|start|>assistant<|channel|>final<|message|>"),
        ("<THINK>\u0130\u0130\u0130\u0130", "</Think>"),
    ):
        output = f"{opening}TCP / IP{closing}TCP / IP"
        mended = f"{opening}TCP / IP{closing}TCP/IP"
        assert "".join(repair_stream("", iter(output), ["TCP/IP"])) == mended
        assert repair("", output, ["TCP/IP"]).text == mended
    assert "".join(repair_stream("", iter("[think]TCP / IP[/think]"), ["TCP/IP"])) == "[think]TCP/IP[/think]"
    assert "".join(repair_stream("", iter("<thing>TCP / IP"), ["TCP/IP"])) == "<thing>TCP/IP"


def test_nothing_to_protect_passes_everything_on() -> None:
    assert list(repair_stream("", ["a ", "- b"], [])) == ["a ", "- b"]


PROMPT = "Use Sikalastic-609 on the roof."
PIECES_OF_ANSWER = ["Use Sika", "lastic ", "- ", "609 on", " the roof."]


def test_a_plain_generator() -> None:
    assert "".join(repair_stream(PROMPT, iter(PIECES_OF_ANSWER))) == PROMPT


def test_an_asynchronous_generator() -> None:
    async def answer() -> AsyncIterator[str]:
        for piece in PIECES_OF_ANSWER:
            yield piece

    async def joined() -> str:
        return "".join([piece async for piece in repair_stream(PROMPT, answer())])

    assert asyncio.run(joined()) == PROMPT
