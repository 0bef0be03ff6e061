"""The decisions of docs/checker.md about targets beside each other, one example a line."""

import pytest

from harness.text import check, repair


@pytest.mark.parametrize(
    ("source", "targets", "output", "verdicts"),
    [
        ("", ["A-B", "A-B-C"], "A - B - C", ["absent", "spaced"]),
        ("", ["A-B", "A-B-C"], "A-B - C", ["verbatim", "spaced"]),
        ("", ["A-B", "A-B-C"], "A-B-C", ["verbatim", "verbatim"]),
        ("", ["A-B", "B-C-D"], "A - B - C- D", ["absent", "spaced"]),
        ("", ["A-B-C", "C-D-E-F"], "A–B–C–D–E–F", ["absent", "lookalike"]),
        ("", ["A-B-C", "C-D-E-F"], "A/B/C/D/E/F", ["absent", "altered"]),
        ("", ["A-B", "B-C-D"], "A B/C/D", ["absent", "altered"]),
        ("", ["A-B", "B-C-D-E"], "A&#32;-B/C/D/E", ["absent", "altered"]),
        ("", ["A-B", "B-C-D"], "А-B–C–D", ["absent", "lookalike"]),
        ("", ["A-B", "B-C-D"], "Ａ-B–C–D", ["absent", "lookalike"]),
        ("", ["A-B", "B-C-D-E-F"], "A - - B/C/D/E/F", ["absent", "altered"]),
        ("", ["A-B-C", "C-D-E"], "A/B - C/D/E", ["absent", "altered"]),
        ("", ["A-B", "B-C", "C-D"], "A - B - C - D", ["spaced", "absent", "spaced"]),
        ("see GB/T\n5", ["GB/T 5"], "as GB/T\n5 says", ["verbatim"]),
        ("", ["CFM56-5B5", "CFM56-5B5/P"], "CFM56-5B5 /P", ["verbatim", "spaced"]),
        ("", ["TCP/IP", "TCP-IP"], "TCP-IP", ["absent", "verbatim"]),
        ("", ["x-y", "ax y b"], "ax y b", ["absent", "verbatim"]),
        ("", ["A-1", "A/1"], "A 1", ["altered", "absent"]),
        ("", ["A/1", "A-1"], "A 1", ["altered", "absent"]),
        ("", ["A-1", "a-1"], "A - 1", ["spaced", "absent"]),
        ("", ["出口-入口", "入口-大门"], "出口 - 入口-大门", ["spaced", "verbatim"]),
        ("入口/出口 入口 / 出口", ["入口/出口"], "入口 / 出口", ["absent"]),
        ("x入口 / 出口", ["TCP/IP"], "TCP / IP", ["spaced"]),
        ("TCP / IPv6", ["TCP/IP"], "TCP / IP", ["spaced"]),
        ("TCP / IPv6, TCP / IP", ["TCP/IP"], "TCP / IP", ["absent"]),
        ("TCP / IP, TCP / IPv6", ["TCP/IP"], "TCP / IP", ["absent"]),
        ("TCP / IPv4, TCP / IP, TCP / IPv6", ["TCP/IP"], "TCP / IP", ["absent"]),
        ("x\\usr/bin", ["/usr/bin"], "\\usr/bin", ["absent"]),
        ("usr - b/x", ["usr-b/"], "usr - b/", ["absent"]),
        (["TCP /", " IP"], ["TCP/IP"], "TCP / IP", ["spaced"]),
    ],
)
def test_stretches_belong_to_the_target_decided(
    source: str | list[str], targets: list[str], output: str, verdicts: list[str]
) -> None:
    assert list(check(source, output, targets).verdicts.values()) == verdicts


def test_the_worst_mention_gives_the_verdict() -> None:
    result = check("", "A-1, A – 1, A - 1", ["A-1"])
    assert [mention.verdict for mention in result.mentions["A-1"]] == ["verbatim", "lookalike", "spaced"]
    assert result.verdicts == {"A-1": "lookalike"}


def test_targets_keep_their_order_and_come_once() -> None:
    assert list(check("", "", ["b-1", "a-1", "b-1"]).verdicts) == ["b-1", "a-1"]
    assert check("a-1", "x", []).verdicts == {}


@pytest.mark.parametrize(
    ("target", "output", "mentions"),
    [
        ("1-1-1", "1-1-1-1 - 1", ["1-1-1 verbatim"]),
        ("1-1-1", "1/1-1 - 1", ["1-1 - 1 spaced"]),
        ("吧台/岛台", "吧台/岛台吧台 / 岛台", ["吧台/岛台 verbatim", "吧台 / 岛台 spaced"]),
        ("A-1 A-1", "A-1\nA-1 A - 1", ["A-1\nA-1 verbatim"]),
        ("GB/T 5", "GB/T\n5 GB/T\n5 GB/T  5", ["GB/T\n5 verbatim", "GB/T\n5 verbatim", "GB/T  5 spaced"]),
        ("GB/T 5", "GB/T  5 GB/T\n5", ["GB/T  5 spaced", "GB/T\n5 verbatim"]),
    ],
)
def test_mentions_of_one_target_do_not_overlap(target: str, output: str, mentions: list[str]) -> None:
    found = check("", output, [target]).mentions[target]
    assert [f"{mention.text} {mention.verdict}" for mention in found] == mentions


def test_edits_are_as_small_as_the_damage() -> None:
    assert [(edit.start, edit.old, edit.new) for edit in repair("A-1", "A – 1").edits] == [
        (1, " ", ""),
        (2, "–", "-"),
        (3, " ", ""),
    ]
