"""Text cut into pieces."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.show.evidence import packed
from harness.show.marked_text import CODE, GAP, SEVERITY, Span, is_invisible, marked, occurrences, pieces


def test_blanks_are_drawn_only_inside_damage():
    stretches = marked("a b - c", [Span(2, 7, "spaced")])
    assert packed(stretches) == ["a ", ["spaced", ["b", ["b", "␣"], "-", ["b", "␣"], "c"]]]


@pytest.mark.parametrize("character", ["\u00a0", "\u200b", "\u202e", "\u00ad", "\u3164", "\ufe0f", "\ud800", "\x1b"])
def test_what_cannot_be_seen_becomes_its_code_point(character):
    assert pieces(f"a{character}b")[1].kind == CODE
    assert pieces(f"a{character}b")[1].text == f"U+{ord(character):04X}"


def test_the_worst_mark_wins_where_two_overlap():
    stretches = marked("abcdef", [Span(0, 4, "verbatim"), Span(2, 6, "altered")])
    assert [(s.mark, s.pieces[0].text) for s in stretches] == [("verbatim", "ab"), ("altered", "cdef")]


def test_a_mark_inside_another_splits_it():
    stretches = marked("abcdef", [Span(0, 6, "verbatim"), Span(2, 3, "spaced")])
    assert [s.mark for s in stretches] == ["verbatim", "spaced", "verbatim"]


def test_spans_outside_the_text_do_no_harm():
    assert packed(marked("abc", [Span(-4, 99, "target"), Span(2, 1, "spaced")])) == [["target", ["abc"]]]


def test_a_huge_text_keeps_its_damage_and_says_how_much_is_left_out():
    text = "x" * 50_000 + "A - B" + "y" * 50_000
    stretches = marked(text, [Span(50_000, 50_005, "spaced")], limit=1000)
    gaps = [int(piece.text) for s in stretches for piece in s.pieces if piece.kind == GAP]
    kept = sum(len(piece.text) for s in stretches for piece in s.pieces if piece.kind != GAP)
    assert sum(gaps) + kept == len(text)
    assert kept < 3000
    assert [s.mark for s in stretches if s.mark] == ["spaced"]


def test_thousands_of_mentions_stay_within_the_limit():
    text = "A - B, " * 20_000
    spans = occurrences(text, ["A - B"], "spaced")
    kept = sum(len(piece.text) for s in marked(text, spans, limit=1000) for piece in s.pieces if piece.kind != GAP)
    assert kept < 10_000


@given(st.text(st.characters(), max_size=40), st.lists(st.tuples(st.integers(0, 40), st.integers(0, 40))))
def test_nothing_is_lost_and_nothing_unseen_is_left(text, places):
    spans = [Span(a, b, SEVERITY[(a + b) % len(SEVERITY)]) for a, b in places]
    back = ""
    for stretch in marked(text, spans):
        for piece in stretch.pieces:
            assert piece.kind or not any(is_invisible(c) for c in piece.text)
            if piece.kind == CODE:
                code = chr(int(piece.text[2:], 16))
                # behind a look-alike the code point explains, it does not stand for a character
                back += code if is_invisible(code) or code in "\t" else ""
            else:
                back += {"␣": " ", "⇥": "\t", "⏎": "\n"}.get(piece.text, piece.text) if piece.kind else piece.text
    assert back == text


def test_the_short_way_for_ascii_agrees_with_the_long_one():
    for character in map(chr, range(128)):
        hidden = any(piece.kind == CODE for piece in pieces(f"a{character}b"))
        assert hidden == is_invisible(character), hex(ord(character))


def test_every_format_and_control_character_is_invisible():
    hidden = [c for c in map(chr, range(0x3000)) if unicodedata.category(c) in {"Cc", "Cf", "Zl", "Zp"}]
    assert [c for c in hidden if not is_invisible(c) and c != "\n"] == []
