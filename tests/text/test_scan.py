"""The scanner: kinds, edges and alternates of what it finds, and what holds for any text."""

import json
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.text import check, repair
from harness.text.scan import extract_targets, forget
from harness.text.targets import KINDS, Target

LINES = Path(__file__).with_name("vectors").joinpath("scan.jsonl").read_text(encoding="utf-8").splitlines()
VECTORS = [json.loads(line) for line in LINES]
TOKENS = (
    *(
        "接口",
        "/api/list",
        "报错",
        "打开",
        "验收单2024.xlsx",
        "水吧台/岛台",
        "AB-12",
        "（终版）",
        "“",
        "”",
        "'",
        "`",
        "=",
        ":",
    ),
    *("https://a.cn/b-c", "{name}", "%s", "--dry-run", "C:\\数据\\表1", "/", "-", "_", ".", "和", "हिन्दी", "ガイド"),
    *("파일", "1,500", "e\u0301", "\u200b", "🙂", " ", " ", "\n", "，", "。", "a", "中", "7"),
)
PIECES = st.lists(st.sampled_from(TOKENS) | st.text(max_size=3), max_size=12).map("".join)


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["id"])
def test_targets_have_the_kind_and_the_edges_of_the_vector(vector: dict) -> None:
    wanted = [
        (one["text"], one["kind"], one.get("open_left", False), one.get("open_right", False))
        for one in vector["targets"]
    ]
    found = extract_targets(vector["source"])
    assert [(one.text, one.kind, one.open_left, one.open_right) for one in found] == wanted, vector["reason"]
    for target, one in zip(found, vector["targets"], strict=True):
        assert list(target.alternates) == one.get("alternates", list(target.alternates)), vector["reason"]


@pytest.mark.parametrize(
    "vector",
    [one for one in VECTORS if any("open_left" in t or "open_right" in t for t in one["targets"])],
    ids=lambda vector: vector["id"],
)
def test_a_blank_exactly_at_an_uncertain_edge_is_no_damage_and_stays(vector: dict) -> None:
    source = vector["source"]
    places = {one.start for one in extract_targets(source) if one.open_left} | {
        one.end for one in extract_targets(source) if one.open_right
    }
    output = "".join((" " if place in places else "") + char for place, char in enumerate(source))
    assert set(check(source, output).verdicts.values()) == {"verbatim"}
    assert repair(source, output).text == output


@given(PIECES)
def test_a_target_is_where_it_says_and_of_a_known_kind(source: str) -> None:
    end = 0
    for target in extract_targets(source):
        assert source[target.start : target.end] == target.text
        assert target.kind in KINDS
        assert not target.given
        assert target.start >= end
        assert all(alternate in target.text for alternate in target.alternates)
        end = target.start + 1


@given(PIECES)
def test_a_source_given_back_is_never_damaged(source: str) -> None:
    assert set(check(source, source).verdicts.values()) <= {"verbatim"}


@given(PIECES, PIECES)
def test_what_is_kept_of_other_texts_changes_nothing(one: str, other: str) -> None:
    forget()
    fresh = extract_targets(one)
    extract_targets(other)
    assert extract_targets(one) == fresh
    assert {target.text for target in extract_targets([other, one])} == {
        target.text for target in (*extract_targets(other), *fresh)
    }


def test_targets_of_messages_are_those_of_each() -> None:
    assert extract_targets(["见 AB-12", "AB-12 与 CD/3"]) == (
        Target("AB-12", "code", 2, 7),
        Target("CD/3", "code", 8, 12),
    )


@pytest.mark.parametrize(
    "piece", ["A1", "1", "a)", "/(", "中/", "/data/x移到", "a.md", "“/", "{", "C:\\", "a@", "中a.b"]
)
def test_a_hostile_source_takes_no_more_than_its_length(piece: str) -> None:
    def seconds(length: int) -> float:
        text = (piece * length)[:length]
        forget()
        start = time.process_time()
        extract_targets(text)
        return time.process_time() - start

    short = min(seconds(4_000) for _ in range(3))
    long = min(seconds(32_000) for _ in range(2))
    assert long <= 8 * 3 * max(short, 0.004)
