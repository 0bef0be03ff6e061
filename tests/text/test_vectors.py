"""The vector corpus: each line has its verdict, repair or targets, and the clause behind it.

The vectors were written from the specification alone, before the implementation was read.
"""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from harness.text import Edit, Mention, check, extract_targets, repair

VECTORS = Path(__file__).parent / "vectors"
SPACES = [0x9, 0xA, 0xB, 0xC, 0xD, 0x20, 0x85, 0xA0, 0x1680, *range(0x2000, 0x200B)]
SPACES += [0x2028, 0x2029, 0x202F, 0x205F, 0x3000]
ZERO_WIDTH = [*range(0x200B, 0x2010), 0x2060, 0xFEFF]
HYPHENS = [*range(0x2010, 0x2016), 0x2212, 0xFE58, 0xFE63, 0xFF0D, 0xAD, 0x30FC, 0xFF70]
HYPHENS += [0x2043, 0x2D7, 0x5BE, 0x2500]
SLASHES = [0xFF0F, 0x2044, 0x2215, 0x29F8, 0x2571, 0x27CB, 0x5C, 0xFF3C]
REPLACING = [ord(sign) for sign in "_~:.·、+"]


def load(pattern: str) -> list[dict[str, Any]]:
    files = sorted(VECTORS.glob(pattern))
    return [json.loads(line) for file in files for line in file.read_text("utf-8").split("\n") if line]


def by_id(pattern: str) -> list[Any]:
    return [pytest.param(vector, id=vector["id"]) for vector in load(pattern)]


def at_pointer(document: str, pointer: str) -> Any:
    """Follow an RFC 6901 pointer; a surrounding Markdown code fence is taken off first."""
    if document.startswith("```"):
        document = document.split("\n", 1)[1].rsplit("\n", 1)[0]
    try:
        value = json.loads(document)
    except json.JSONDecodeError:  # with prose before it, or cut off
        value = json.JSONDecoder().raw_decode(document[document.find("{") :] + "}")[0]
    for token in pointer.split("/")[1:]:
        key = token.replace("~1", "/").replace("~0", "~")
        value = value[int(key)] if isinstance(value, list) else value[key]
    return value


def described(mention: Mention, wanted: dict[str, Any]) -> dict[str, Any]:
    """The mention as a vector states it, with those keys alone that the vector gives."""
    found = {
        "start": mention.start,
        "end": mention.end,
        "text": mention.text,
        "verdict": mention.verdict,
        "damage": sorted(set(mention.damage)),
        "path": mention.path,
        "severity": mention.severity,
    }
    return {key: found[key] for key in wanted}


def applied(output: str, edits: tuple[Edit, ...]) -> str:
    for edit in sorted(edits, key=lambda edit: edit.start, reverse=True):
        assert output[edit.start : edit.end] == edit.old
        output = output[: edit.start] + edit.new + output[edit.end :]
    return output


@pytest.mark.parametrize("vector", by_id("check-*.jsonl"))
def test_check_gives_the_verdicts_and_mentions_of_the_vector(vector: dict[str, Any]) -> None:
    output = vector["output"]
    result = check(vector["source"], output, vector.get("targets"), channel=vector.get("channel", "text"))
    assert result.verdicts == vector["verdicts"], vector["reason"]
    for target, wanted in vector["mentions"].items():
        found = result.mentions.get(target, ())
        assert len(found) == len(wanted), (found, vector["reason"])
        for mention, expected in zip(found, wanted, strict=True):
            assert described(mention, expected) == expected, vector["reason"]
            text = output if mention.path is None else at_pointer(output, expected.get("path", ""))
            if isinstance(text, str):
                assert text[mention.start : mention.end] == mention.text, vector["reason"]


@pytest.mark.parametrize("vector", by_id("check-*.jsonl"))
def test_repair_leaves_no_spaced_or_lookalike_mention_of_a_lone_target(vector: dict[str, Any]) -> None:
    source, output, targets = vector["source"], vector["output"], vector.get("targets")
    channel = vector.get("channel", "text")
    repaired = repair(source, output, targets, channel=channel).text
    left = check(source, repaired, targets, channel=channel).mentions
    if len(left) == 1:
        (mentions,) = left.values()
        assert {mention.verdict for mention in mentions if mention.is_damage} <= {"altered", "corrupted"}
    wrong = {mention["verdict"] for found in vector["mentions"].values() for mention in found}
    wrong |= set(vector["verdicts"].values())
    assert (repaired == output) is not bool(wrong & {"spaced", "lookalike"})


@pytest.mark.parametrize("vector", by_id("repair*.jsonl"))
def test_repair_gives_the_text_of_the_vector(vector: dict[str, Any]) -> None:
    source, output, targets = vector["source"], vector["output"], vector.get("targets")
    options = {"channel": vector.get("channel", "text"), "strategy": vector.get("strategy", "restore")}
    result = repair(source, output, targets, **options)
    assert result.text == vector["repaired"], vector["reason"]
    assert applied(output, result.edits) == result.text
    again = repair(source, result.text, targets, **options)
    assert (again.text, again.edits) == (result.text, ())


@pytest.mark.parametrize("vector", by_id("extract.jsonl"))
def test_extract_targets_finds_the_strings_of_the_vector(vector: dict[str, Any]) -> None:
    source = vector["source"]
    found = extract_targets(source)
    texts = {target.text for target in found}
    if "targets" in vector:
        assert texts == set(vector["targets"]), vector["reason"]
    assert texts >= set(vector.get("include", [])), vector["reason"]
    assert not texts & set(vector.get("exclude", [])), vector["reason"]
    kinds = vector.get("kinds", {})
    assert {target.text: target.kind for target in found if target.text in kinds} == kinds
    if isinstance(source, str):
        assert all(source[target.start : target.end] == target.text for target in found)


def test_vector_ids_are_unique_and_each_has_a_reason() -> None:
    vectors = load("*.jsonl")
    assert [name for name, count in Counter(vector["id"] for vector in vectors).items() if count > 1] == []
    assert all(vector["reason"].strip() for vector in vectors)


def test_a_mention_of_every_listed_character_is_in_the_corpus() -> None:
    damaged = "".join(
        mention["text"]
        for vector in load("check-*.jsonl")
        for mentions in vector["mentions"].values()
        for mention in mentions
        if mention["verdict"] != "verbatim"
    )
    listed = [*SPACES, *ZERO_WIDTH, *HYPHENS, *SLASHES, *REPLACING]
    assert [f"U+{code:04X}" for code in listed if chr(code) not in damaged] == []


def test_the_page_says_how_many_there_are() -> None:
    page = (Path(__file__).parents[2] / "docs" / "checker.md").read_text(encoding="utf-8")
    assert f"holds {len(load('*.jsonl')):,} cases" in page
