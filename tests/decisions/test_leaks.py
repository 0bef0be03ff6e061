"""`find_leaks` and `exposure`: what a model has met in training."""

import sqlite3
import time
from contextlib import closing

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.decisions.exposure import Learnt, _Automaton, exposure, find_leaks, find_mentions
from harness.decisions.metrics import Count, finds, search_hit_rate
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
    began = time.process_time()
    assert find_leaks([text], [f"-{number}" for number in range(5_000)]) == set()
    assert time.process_time() - began < 5


def _case(**fields: object) -> Case:
    return Case.model_validate(
        {"suite": "s", "id": "a", "domain": "cars", "language": "en", "task": "qa", "messages": [], **fields}
    )


def test_exposure_is_seen_before_trained_before_untrained() -> None:
    case = _case(targets=["CR-V", "X-1"])
    assert exposure(case, Learnt(("the CR-V",), frozenset({"cars"}))) == "seen"
    assert exposure(case, Learnt(("the CR-Vs",), frozenset({"cars"}))) == "trained"
    assert exposure(case, Learnt((), frozenset({"law"}))) == "untrained"
    named = Learnt(cases=frozenset({f"{case.suite}/{case.id}"}))
    assert exposure(case, named) == "seen"
    selected = case.model_copy(update={"suite": "canary", "id": f"{case.suite}.{case.id}"})
    assert exposure(selected, named) == "seen"


# What a pasted mention finds.


@pytest.mark.parametrize(
    ("mention", "target", "found"),
    [
        ("Sikalastic-609", "Sikalastic-609", True),
        ("Sikalastic - 609", "Sikalastic-609", False),
        ("sikalastic-609", "Sikalastic-609", True),  # LIKE ignores the case of ASCII
        ("Sikalastic", "Sikalastic-609", True),
        ("Sikalastic-609 ", "Sikalastic-609", False),
        ("Sikalastic\u2011609", "Sikalastic-609", False),
        ("Sikalastic_609", "Sikalastic-609", True),  # `_` stands for any character in LIKE
        ("水吧台/岛台区域", "水吧台/岛台区域", True),
        ("水吧台 / 岛台区域", "水吧台/岛台区域", False),
        ("岛台区域", "水吧台/岛台区域", True),
        ("É-1", "é-1", False),  # only ASCII
        ("", "AB-1", False),
        ("\ud800", "AB-1", False),
        ("x" * 100_000, "AB-1", False),
    ],
)
def test_a_mention_finds_its_target(mention, target, found):
    assert finds(mention, target) is found


def test_it_is_what_a_table_of_targets_gives():
    with closing(sqlite3.connect(":memory:")) as table:
        table.execute("create table parts (name text)")
        table.execute("insert into parts values ('AB-1/C')")
        for mention in ("AB-1/C", "ab-1", "AB - 1/C", "AB–1", "%", "B_1", "AB-1 /C"):
            rows = table.execute(
                "select 1 from parts where name = ? or name like '%' || ? || '%'", (mention, mention)
            ).fetchall()
            assert finds(mention, "AB-1/C") is bool(rows), mention


def test_a_case_counts_if_every_mention_finds_its_target(case):
    cases = [case("a"), case("b", "damaged"), case("c", "omitted"), case("d", "unscored")]
    assert search_hit_rate(cases) == Count(1, 2)


def test_two_samples_are_one_case(case):
    assert search_hit_rate([case("a", "damaged", samples=3)]) == Count(0, 1)


def test_the_same_strings_in_another_text_are_not_linked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[object] = []
    link = _Automaton._link

    def linked(self: _Automaton) -> None:
        made.append(self)
        link(self)

    monkeypatch.setattr(_Automaton, "_link", linked)
    for text in ("Say KQ-7.", "Say KQ-8."):
        find_leaks([text], ["KQ-7", "KQ-8", "KQ-9"])
    assert len(made) == 1
