"""`latency.toml` is read strictly, and every mistake is reported with its place."""

from pathlib import Path

import pytest

from harness.errors import SuiteError
from harness.runs.latency import load_latency_suite

GOOD = '[[prompts]]\nid = "a"\nprompt = "Go on."\n'


def write(folder: Path, text: str) -> Path:
    (folder / "latency.toml").write_text(text, encoding="utf-8")
    return folder


def test_rounds_bound_the_95th_percentile_unless_told_otherwise(tmp_path: Path) -> None:
    suite = load_latency_suite(write(tmp_path, GOOD))
    assert suite.rounds >= 72
    assert [prompt.id for prompt in suite.prompts] == ["a"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("rounds = ", "cannot be read as TOML"),
        (f"round = 5\n{GOOD}", "round: unknown field .did you mean 'rounds'"),
        (f"rounds = 0\n{GOOD}", "rounds: found 0; input should be greater than or equal to 1"),
        (f"max_tokens = 1\n{GOOD}", "max_tokens: found 1"),
        ("rounds = 5\n", "prompts: missing"),
        ("prompts = []\n", "prompts: found"),
        ('[[prompts]]\nid = "../x"\nprompt = "Go on."\n', r"prompts\[0\].id"),
        (GOOD + GOOD, "prompts: the id 'a' is there twice"),
    ],
)
def test_mistakes_are_told_with_their_place(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(SuiteError, match=said) as raised:
        load_latency_suite(write(tmp_path, text))
    assert str(tmp_path / "latency.toml") in str(raised.value)


def test_another_prompt_or_limit_does_not_compare(tmp_path: Path) -> None:
    suite = load_latency_suite(write(tmp_path, GOOD))
    other = load_latency_suite(write(tmp_path, f"max_tokens = 32\n{GOOD}"))
    third = load_latency_suite(write(tmp_path, GOOD.replace("Go on.", "Go on!")))
    digests = {one.digest(one.prompts[0]) for one in (suite, other, third)}
    assert len(digests) == 3


def test_the_shipped_suite_can_be_read() -> None:
    suite = load_latency_suite(Path(__file__).parents[2] / "suites" / "latency")
    assert suite.rounds >= 72
    assert len(suite.prompts) == 2
