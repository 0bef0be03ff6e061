"""What counts as white space, as a letter or digit, and as a script that is written without spaces."""

import re
import sys
import unicodedata

import pytest

from harness.text.characters import (
    SPACES,
    ZERO_WIDTH,
    blocks_after,
    blocks_before,
    is_alphanumeric,
    is_cjk,
    is_joining,
    is_latin_or_digit,
)
from harness.text.unicode_data import are_homoglyphs, letter_places

EVERY = [chr(code) for code in range(sys.maxunicode + 1)]


def test_white_space_is_that_of_unicode() -> None:
    python_only = "\x1c\x1d\x1e\x1f"
    assert sorted(SPACES) == [char for char in EVERY if char.isspace() and char not in python_only]
    assert not set(SPACES) & set(ZERO_WIDTH)


def test_cjk_is_what_is_so_named() -> None:
    named = re.compile(
        "CJK (?:UNIFIED|COMPATIBILITY) IDEOGRAPH|(?:HIRA|KATA)KANA LETTER|HALFWIDTH KATAKANA LETT|HANGUL (?:SYLL|LETT)"
    )
    assert [char for char in EVERY if named.match(unicodedata.name(char, "")) and not is_cjk(char)] == []


@pytest.mark.parametrize("char", [*"漢々〇あアｱー가ㄱ", "𠮷", "㐀"])
def test_han_kana_and_hangul_never_join(char: str) -> None:
    assert is_cjk(char)
    assert not is_joining(char)


@pytest.mark.parametrize("char", [*"กาลາខក", "က", "ា", "\u0e31", "\ua9e0"])
def test_thai_lao_khmer_and_myanmar_never_join(char: str) -> None:
    assert not is_cjk(char)
    assert not is_joining(char)


@pytest.mark.parametrize("char", [*"aZ9éßЖΩא٣क९ابＡ９𝐀", "\u0301"])
def test_other_letters_digits_and_marks_join(char: str) -> None:
    assert is_alphanumeric(char)
    assert is_joining(char)


@pytest.mark.parametrize("char", [*"²½Ⅳ①_*-/.,。，「🙂©", " ", "\u200d", "\ud800"])
def test_signs_and_other_numbers_do_not_join(char: str) -> None:
    assert not is_joining(char)


@pytest.mark.parametrize(
    ("before", "blocks"),
    [
        ("a", True),
        ("9", True),
        ("e\u0301", True),
        ("क\u093f", True),
        ("\u0301", True),
        ("⚠\ufe0f", False),
        ("1\ufe0f\u20e3", False),
        ("漢\U000e0100", False),
        ("ก\u0e48", False),
        ("👍🏽", False),
        ("_", False),
        ("²", False),
        ("の", False),
    ],
)
def test_a_word_before_blocks_and_an_emoji_does_not(before: str, blocks: bool) -> None:
    text = f"{before}TCP"
    assert blocks_before(text, len(before), "T") is blocks
    assert not blocks_before(text, len(before), "漢")
    assert not blocks_before(text, len(before), "-")
    assert not blocks_before("TCP", 0, "T")


def test_a_word_or_mark_after_blocks() -> None:
    assert blocks_after("IPv6", 2, "P")
    assert blocks_after("IP\u0301", 2, "P")
    assert not blocks_after("IP", 2, "P")
    assert not blocks_after("IP協", 2, "P")
    assert not blocks_after("協v", 1, "協")


def test_a_stack_of_marks_is_not_climbed_for_ever() -> None:
    assert blocks_before("⚠" + "\u0301" * 1000 + "T", 1001, "T")


def test_latin_letters_and_digits_are_told_from_others() -> None:
    assert all(is_latin_or_digit(char) for char in "aZ9éÅ٣Ａ")
    assert not any(is_latin_or_digit(char) for char in "Ж漢-²א")


def test_homoglyphs_are_of_another_script_and_never_both_ascii() -> None:
    assert are_homoglyphs("C", "С")
    assert are_homoglyphs("С", "C")
    assert are_homoglyphs("口", "ロ")
    assert are_homoglyphs("6", "𝟔")
    assert are_homoglyphs("I", "І")
    assert not are_homoglyphs("I", "1")
    assert not are_homoglyphs("a", "ɑ")
    assert not are_homoglyphs("C", "C")


def test_homoglyphs_work_both_ways() -> None:
    letters = list(letter_places())[::7]
    for one in letters:
        for other in letters:
            assert are_homoglyphs(one, other) == are_homoglyphs(other, one)
