"""What is found in a prompt, where, and why."""

import pytest

from harness.text import DEFAULT_SYMBOLS, extract_targets
from harness.text.kinds import KINDS, kind_of
from harness.text.targets import Target


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("https://example.org/a-b", "url"),
        ("www.example.org/a", "url"),
        ("2024-05-01", "date"),
        ("2024/5/1", "date"),
        ("2024-05-01T10:00:00Z", "date"),
        ("31/12/2024", "date"),
        ("12-31-99", "date"),
        ("2024-13-01", "number"),
        ("7732-18-5", "cas"),
        ("GB/T", "standard"),
        ("GB/T 50081-2019", "standard"),
        ("ISO/IEC 27001-2", "standard"),
        ("EN-1090", "standard"),
        ("text/html", "mime"),
        ("application/vnd.api+json", "mime"),
        ("10.0.0.0/8", "cidr"),
        ("fe80::/10", "cidr"),
        ("km/h", "unit"),
        ("5 mg/mL", "unit"),
        ("W/m²", "unit"),
        ("/usr/local", "path"),
        ("./a-b", "path"),
        ("C:/a/b", "path"),
        ("src/a/b", "path"),
        ("a-b.tar.gz", "path"),
        ("10-20", "range"),
        ("10:00-12:30", "range"),
        ("3kg-5kg", "range"),
        ("24/7", "number"),
        ("+86-10-1234", "number"),
        ("Mon - Fri", "spaced"),
        ("入口 / 出口", "spaced"),
        ("入口/出口", "cjk-pair"),
        ("東京/大阪/京都", "cjk"),
        ("TCP/协议", "cjk"),
        ("Sikalastic-609", "code"),
        ("F/A-18", "code"),
        ("TCP/IP", "name"),
        ("N/A", "name"),
        ("A/B", "name"),
        ("24/7/365", "number"),
        ("a-b@c-d.org", "email"),
        ("Port-au-Prince", "name"),
    ],
)
def test_a_target_comes_with_its_class(text: str, kind: str) -> None:
    assert kind_of(text, DEFAULT_SYMBOLS) == kind
    assert kind in KINDS


def test_places_are_those_of_the_message_that_holds_the_target() -> None:
    found = extract_targets(["Use A-1.", "Then B/2 and A-1."])
    assert found == (Target("A-1", "code", 4, 7), Target("B/2", "code", 5, 8))


def test_no_target_crosses_two_messages() -> None:
    assert extract_targets(["TCP/", "IP"]) == ()
    assert [one.text for one in extract_targets(["GB/T", "50081-2019"])] == ["GB/T", "50081-2019"]


def test_a_run_of_cjk_is_taken_whole_and_at_its_nearest_two_characters() -> None:
    found = extract_targets("请看水吧台/岛台区域图。")
    assert [(one.text, one.start, one.end) for one in found] == [("请看水吧台/岛台区域图", 0, 11), ("吧台/岛台", 3, 8)]


def test_the_same_run_is_read_again_between_other_neighbours() -> None:
    assert [one.text for one in extract_targets("7-2=5 and 7-2, 进/出 and “进/出”")] == ["7-2", "进/出"]


@pytest.mark.parametrize(
    "source",
    [
        "- one\n- two",
        "a\n---\nb",
        "| a | b |\n|---|:-:|\n| c | d |",
        "5 - 3 = 2, x - y, 5-3=2 and 10/2 = 5",
        "run tool --dry-run -v -- now",
        "使用--model-name参数",
        "It was - as he said - over; and--well--done.",
        "Erd- und Freileitung, BSKA- SHOG",
        "是 进/出 吗",
        "",
    ],
)
def test_what_is_not_worth_protecting_is_left(source: str) -> None:
    assert extract_targets(source) == ()


def test_a_long_run_is_cut_at_the_stop_before_it_however_far() -> None:
    word = "w" * 5000
    assert [one.text for one in extract_targets(f"see ({word}-1) and x")] == [f"{word}-1"]
