"""Readers' rulings."""

import json

import pytest

from harness.errors import RecordError
from harness.show import html
from harness.show.evidence import answer_digest, kappa, match, read_labels


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
