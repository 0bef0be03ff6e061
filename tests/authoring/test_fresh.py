"""Fresh strings: right check digits, different by seed, and a suite of them passes the lint."""

import json
from pathlib import Path

import pytest

from harness.authoring.fresh import GRAMMARS, cas_number, container, fresh_terms, isbn13, luhn_number
from harness.cli import run


def test_check_digits_follow_the_published_rules() -> None:
    class Fixed:
        """Gives the digits of a code that is published with its check digit."""

        def __init__(self, *given: object) -> None:
            self.given = list(given)

        def __getattr__(self, name: str) -> object:
            return lambda *args, **kwargs: self.given.pop(0)

    assert isbn13(Fixed(3, "161", "48410")) == "978-3-161-48410-0"  # type: ignore[arg-type]
    assert cas_number(Fixed(7732, "18")) == "7732-18-5"  # type: ignore[arg-type]
    assert container(Fixed("CSQ", "305438")) == "CSQU305438-3"  # type: ignore[arg-type]
    # the Canadian social insurance number of the textbooks, 046 454 286, behind a zero
    assert luhn_number(Fixed("004645428")) == "PO-0046-4542-86"  # type: ignore[arg-type]


def test_same_seed_same_strings_another_seed_others() -> None:
    one, again, other = (fresh_terms(300, seed) for seed in (1, 1, 2))
    assert one == again
    assert len({term.text for term in one}) == 300
    assert len({term.text for term in one} & {term.text for term in other}) < 60  # Han pairs are few
    assert {term.domain for term in one} == set(GRAMMARS)


@pytest.mark.parametrize("seed", [1, 20261128])
def test_a_fresh_suite_is_linted_and_holds_both_languages(
    seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(["suites", "make", "--fresh", "--seed", str(seed), "--cases", "80", "--out", "suites/f"]) == 0
    assert f"fresh strings (seed {seed})" in capsys.readouterr().out
    lines = [json.loads(line) for line in (tmp_path / "suites/f/cases.jsonl").read_text(encoding="utf-8").splitlines()]
    assert len(lines) >= 70
    assert {line["language"] for line in lines} == {"zh", "en"}


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ([], "accepted: one of --terms FILE and --fresh"),
        (["--fresh", "--terms", "a.csv"], "accepted: one of --terms FILE and --fresh"),
        (["--fresh", "--column", "sku"], "--column: reads the file of --terms"),
    ],
)
def test_fresh_and_terms_exclude_each_other(
    given: list[str],
    words: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(["suites", "make", *given, "--out", "suites/f"]) == 3
    assert words in capsys.readouterr().err
