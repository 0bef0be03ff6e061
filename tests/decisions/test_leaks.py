"""`find_leaks` and `exposure`: what a model has met in training."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.decisions.exposure import Learnt, exposure, find_leaks, find_mentions
from harness.records.case import Case
from harness.text.characters import blocks_after, blocks_before


def test_a_string_in_a_training_text_is_a_leak() -> None:
    assert find_leaks(["use SK-41 here", "水槽/台面"], ["SK-41", "水槽/台面", "SK-42"]) == {"SK-41", "水槽/台面"}


@pytest.mark.parametrize(
    ("text", "string"), [("TCP/IPv6", "TCP/IP"), ("Pantone-7527", "-7"), ("XSK-41", "SK-41"), ("SK-410", "SK-41")]
)
def test_part_of_a_longer_word_is_no_leak(text: str, string: str) -> None:
    assert find_leaks([text], [string]) == set()
    assert find_mentions([text], [string]) == set()


@pytest.mark.parametrize(
    ("text", "string"),
    [("ZX-2/B", "2/B"), ("TCP/IP-2", "TCP/IP"), ("/opt/acme/bin", "acme/bin"), ("a_b-c.d", "b-c"), ("x\\A-1", "A-1")],
)
def test_part_of_a_longer_token_is_a_mention_and_no_leak(text: str, string: str) -> None:
    assert find_leaks([text], [string]) == set()
    assert find_mentions([text], [string]) == {string}


@pytest.mark.parametrize(
    "text",
    ["2/B", "use 2/B.", "(2/B)", "2/B - 3", "型号2/B-说明", "用2/B型", "2/B/", "ZX-2/B 2/B", "'2/B'", "x 2/B: y"],
)
def test_a_token_of_its_own_is_a_leak(text: str) -> None:
    assert find_leaks([text], ["2/B"]) == {"2/B"}


def test_a_blocked_occurrence_does_not_hide_a_free_one() -> None:
    assert find_leaks(["SK-410 and SK-41."], ["SK-41"]) == {"SK-41"}


def test_strings_inside_strings_are_all_found() -> None:
    assert find_mentions(["a-b/c-d"], ["a-b/c-d", "b/c", "c-d", "a-b"]) == {"a-b/c-d", "b/c", "c-d", "a-b"}


def test_nothing_asked_or_given_is_no_leak() -> None:
    assert find_leaks([], ["a-b"]) == set()
    assert find_leaks(["a-b"], ["", "c-d"]) == set()


@given(
    st.lists(st.text(alphabet="ab-/中", max_size=12), max_size=4),
    st.lists(st.text(alphabet="ab-/中", max_size=4), max_size=6),
)
def test_one_pass_finds_what_a_search_for_each_string_finds(texts: list[str], strings: list[str]) -> None:
    def stands(string: str, text: str) -> bool:
        return bool(string) and any(
            text.startswith(string, at)
            and not blocks_before(text, at, string[0])
            and not blocks_after(text, at + len(string), string[-1])
            for at in range(len(text))
        )

    assert find_mentions(texts, strings) == {s for s in strings if any(stands(s, t) for t in texts)}


def test_many_strings_cost_no_more_than_few() -> None:
    text = "-" * 100_000
    began = time.perf_counter()
    assert find_leaks([text], [f"-{number}" for number in range(5_000)]) == set()
    assert time.perf_counter() - began < 5


def _case(**fields: object) -> Case:
    return Case.model_validate(
        {"suite": "s", "id": "a", "domain": "cars", "language": "en", "task": "qa", "messages": [], **fields}
    )


def test_exposure_is_seen_before_trained_before_untrained() -> None:
    case = _case(targets=["CR-V", "X-1"])
    assert exposure(case, Learnt(("the CR-V",), frozenset({"cars"}))) == "seen"
    assert exposure(case, Learnt(("the CR-Vs",), frozenset({"cars"}))) == "trained"
    assert exposure(case, Learnt((), frozenset({"law"}))) == "untrained"
    assert exposure(case, Learnt(cases=frozenset({f"{case.suite}/{case.id}"}))) == "seen"
