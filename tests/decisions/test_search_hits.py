"""What a pasted mention finds."""

import sqlite3

import pytest

from harness.decisions.metrics import Count, finds, search_hit_rate


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
    table = sqlite3.connect(":memory:")
    table.execute("create table parts (name text)")
    table.execute("insert into parts values ('AB-1/C')")
    for mention in ("AB-1/C", "ab-1", "AB - 1/C", "AB–1", "%", "B_1", "AB-1 /C"):
        rows = table.execute("select 1 from parts where name = ?1 or name like '%' || ?1 || '%'", (mention,)).fetchall()
        assert finds(mention, "AB-1/C") is bool(rows), mention


def test_a_case_counts_if_every_mention_finds_its_target(case):
    cases = [case("a"), case("b", "damaged"), case("c", "omitted"), case("d", "unscored")]
    assert search_hit_rate(cases) == Count(1, 2)


def test_two_samples_are_one_case(case):
    assert search_hit_rate([case("a", "damaged", samples=3)]) == Count(0, 1)
