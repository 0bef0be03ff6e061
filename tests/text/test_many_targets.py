"""Many targets at once: the library that looks for all in one pass changes the speed alone."""

import pytest

from benchmarks.text.corpora import DAMAGE, MANY, MENTIONS, SOURCE, filled
from harness.text import check, find

TEXT = filled(DAMAGE, 400) + " ".join(f"{target} {target.replace('-', ' - ')}" for target in MANY[4:60]) + MENTIONS


def test_one_pass_finds_what_a_search_for_each_finds(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("ahocorasick_rs")
    at_once = check(SOURCE, TEXT, MANY)
    monkeypatch.setattr(find, "AhoCorasick", None)
    assert check(SOURCE, TEXT, MANY) == at_once


def test_each_of_many_is_judged_as_it_is_alone() -> None:
    together = check(SOURCE, TEXT, MANY)
    for target in MANY[4:60]:
        alone = check(SOURCE, TEXT, [target])
        assert alone.mentions[target] == together.mentions[target]
    assert {"spaced", "lookalike", "absent"} <= set(together.verdicts.values())
