"""Readers' rulings."""

import json
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.errors import RecordError
from harness.show import html
from harness.show.evidence import answer_digest, kappa, match, packed, read_labels
from harness.show.marked_text import CODE, GAP, SEVERITY, Span, is_invisible, marked, occurrences, pieces
from harness.show.rates import slices, summarise
from harness.statistics.rates import wilson
from tests.factory import case_result, mention, run_record, sample_result


def line(record, case, reader, ruling, at="2026-11-20T07:00:00Z", **other):
    digest = next(answer_digest(one.samples[0]) for one in record.cases if one.key == case)
    values = {
        "schema": 1,
        "run": record.run_id,
        "reader": reader,
        "case": case,
        "sample": 0,
        "answer": digest,
        "ruling": ruling,
        "at": at,
    }
    return json.dumps(values | other)


@pytest.fixture
def write(tmp_path):
    def write(*lines):
        path = tmp_path / "labels.jsonl"
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        return [path]

    return write


def test_kappa_of_a_textbook_table():
    # Fleiss, Levin & Paik: 20 yes/yes, 5 yes/no, 10 no/yes, 15 no/no
    pairs = [("good", "good")] * 20 + [("good", "bad")] * 5 + [("bad", "good")] * 10 + [("bad", "bad")] * 15
    assert kappa(pairs) == pytest.approx(0.4)


@pytest.mark.parametrize("pairs", [[], [("good", "good")] * 5])
def test_kappa_without_disagreement_to_expect_is_not_defined(pairs):
    assert kappa(pairs) is None


def test_two_readers_agreement_is_shown_apart_from_the_rate(mixed, write):
    labels = read_labels(
        write(
            line(mixed, "symbols/polite-1", "Ann", "bad"),
            line(mixed, "symbols/polite-2", "Ann", "good"),
            line(mixed, "symbols/polite-1", "Bo", "bad"),
            line(mixed, "symbols/polite-2", "Bo", "bad"),
        )
    )
    rulings = match(mixed, labels)
    assert [(p.both, p.agreed, p.kappa) for p in rulings.pairs] == [(2, 1, 0.0)]
    page = html.run_page(mixed, rulings=rulings)
    assert "Ann and Bo ruled on 2 answers alike in 1 of them." in page
    assert "kappa 0.00" in page
    assert "<strong>25.0%</strong>" in page


def test_a_reader_may_change_a_ruling(mixed, write):
    labels = read_labels(
        write(
            line(mixed, "symbols/polite-1", "Ann", "good", at="2026-11-20T09:00:00Z"),
            line(mixed, "symbols/polite-1", "Ann", "bad", at="2026-11-20T08:00:00Z"),
        )
    )
    assert match(mixed, labels).by_answer == {("symbols/polite-1", 0): {"Ann": "good"}}


def test_a_ruling_on_other_words_does_not_count(mixed, write):
    rulings = match(mixed, read_labels(write(line(mixed, "symbols/polite-1", "Ann", "bad", answer="0" * 16))))
    assert rulings.by_answer == {}
    assert rulings.other_answers == 1


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("{", "labels.jsonl:1"),
        ('{"schema": 2}', "schema"),
        (
            '{"schema": 1, "run": "r", "reader": "", "case": "c", "sample": 0, "answer": "a", "ruling": "good"}',
            "reader",
        ),
    ],
)
def test_a_line_that_is_no_ruling_is_named(write, text, told):
    with pytest.raises(RecordError, match=told):
        read_labels(write(text))


def test_a_reader_cannot_write_into_the_page(mixed, write):
    hostile = "</script><img src=x onerror=alert(1)>"
    labels = read_labels(write(*(line(mixed, "symbols/polite-1", name, "bad") for name in (hostile, "Bo"))))
    page = html.run_page(mixed, rulings=match(mixed, labels))
    assert "<img" not in page


# Text cut into pieces.


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


# A run folded.


def test_the_counts_of_a_mixed_run(mixed):
    summary = summarise(mixed)
    assert (summary.alignment.k, summary.alignment.n) == (2, 8)
    assert (summary.checks.k, summary.checks.n) == (1, 2)
    assert summary.outcomes == {"aligned": 2, "damaged": 5, "omitted": 1, "unscored": 1, "failed": 1, "passed": 1}
    assert summary.unscored_reasons == (("length", 1),)
    assert [(d.code, d.cases, d.mentions) for d in summary.damage][:2] == [("space-left", 3, 3), ("space-right", 1, 1)]


def test_the_mention_rate_of_strings_that_come_or_go_together_is_as_wide_as_one_of_cases(make_run):
    """Ten strings a case that are all said or all left out tell no more than one of them does."""
    ten = [f"AB-{number}" for number in range(10)]
    single = [case_result(f"case-{n}", "omitted" if n % 2 else "aligned") for n in range(100)]
    together = [case_result(f"case-{n}", "omitted" if n % 2 else "aligned", targets=ten) for n in range(100)]
    one, many = summarise(make_run(single)).mentions, summarise(make_run(together)).mentions
    assert (one.k, one.n, many.k, many.n) == (50, 100, 500, 1000)
    assert many.low == pytest.approx(one.low, abs=0.005)
    assert many.high == pytest.approx(one.high, abs=0.005)


def test_the_mention_rate_of_one_string_a_case_has_wilsons_interval_but_for_few_cases(make_run):
    cases = [case_result(f"case-{n}", "omitted" if n % 10 == 0 else "aligned") for n in range(2000)]
    mentions = summarise(make_run(cases)).mentions
    expected = wilson(1800, 2000)
    assert (mentions.low, mentions.high) == pytest.approx((expected.low, expected.high), abs=1e-4)


def test_the_gap_is_of_trained_and_untrained_cases(mixed):
    gap = summarise(mixed).gap
    assert (gap.trained.k, gap.trained.n) == (1, 2)
    assert (gap.untrained.k, gap.untrained.n) == (1, 6)
    assert gap.difference == 1 / 2 - 1 / 6


def test_the_gap_of_one_kind_alone_is_no_data(make_run, mixed):
    untrained = [case for case in mixed.cases if case.exposure == "untrained"]
    assert summarise(make_run(untrained)).gap.difference is None


def test_slices_stand_worst_first_and_those_without_a_rate_last(mixed):
    found = slices(mixed.cases, "task")
    assert [row.name for row in found] == ["qa", "style"]
    assert found[1].rate.value is None
    assert [row.name for row in slices(mixed.cases, "domain")] == ["security", "construction", "medicine"]


def test_an_empty_run_has_no_rates(make_run):
    summary = summarise(make_run([]))
    assert summary.alignment.value is None
    assert summary.resources.median_latency_s is None


def test_damage_codes_of_one_count_have_one_order_in_every_process():
    codes = ("space-right", "space-left", "hyphen-lookalike", "markup", "case")
    found = mention("A - 1", "A - 1", "spaced", *codes)
    sample = sample_result("damaged", output="A - 1", mentions={"A-1": [found]})
    record = run_record([case_result("a", "damaged", samples=[sample])])
    assert [one.code for one in summarise(record).damage] == list(codes)
