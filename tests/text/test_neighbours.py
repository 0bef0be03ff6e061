"""Near misses among thousands of codes: what the index gives up is no near miss, and few tokens are looked at."""

import random
from collections.abc import Callable
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.text import check, near
from harness.text.neighbours import Neighbours

LETTERS = st.sampled_from("aB01-/σΣς\u0130\u03071x,#")
WANTED = st.one_of(st.text(LETTERS, min_size=5, max_size=12), st.text(LETTERS, min_size=16, max_size=20))


@st.composite
def beside(draw: st.DrawFn) -> tuple[str, str]:
    """A string, and what up to two edits make of it."""
    wanted = token = draw(WANTED)
    for _ in range(draw(st.integers(1, 2))):
        place = draw(st.integers(0, len(token) - 2))
        one, other, rest = token[place], token[place + 1], token[place + 2 :]
        made = (one + draw(LETTERS) + other, one, draw(LETTERS) + other, other + one, (one + other).swapcase())
        token = token[:place] + draw(st.sampled_from(made)) + rest
    return wanted, token


@given(beside(), st.lists(WANTED, max_size=8))
def test_no_near_miss_is_left_out(both: tuple[str, str], others: list[str]) -> None:
    wanted, token = both
    tokens = list(dict.fromkeys([*others, token]))
    given_up = set(range(len(tokens))) - Neighbours(tokens).of(wanted)
    for one, other in ((wanted, tokens), (wanted.lower(), [token.lower() for token in tokens])):
        most = 2 if len(one) >= 16 else 1
        assert not [
            other[number] for number in given_up if one != other[number] and near._edits(one, other[number], most)
        ]


def codes(number: int) -> list[str]:
    return [f"ZX{i:05d}-{i * 7919 % 100000:05d}" for i in range(number)]


def part_numbers(number: int) -> list[str]:
    return [f"SN-24-{i * 7919 % 100000:05d}-{i * 104729 % 100000:05d}-CN" for i in range(number)]


def contracts(number: int) -> list[str]:
    return [f"合同-{i * 7919 % 100000:05d}-甲{i * 104729 % 100000:05d}" for i in range(number)]


@pytest.mark.parametrize("made", [codes, part_numbers, contracts])
def test_few_tokens_are_looked_at(made: Callable[[int], list[str]], monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    how_near = near.how_near

    def counted(wanted: str, token: str, kind: str) -> tuple[str, ...]:
        asked.append(token)
        return how_near(wanted, token, kind)

    monkeypatch.setattr(near, "how_near", counted)
    each = []
    for number in (300, 1200):
        asked.clear()
        lost = made(number)
        answer = " ".join(f"{one[:6]}{9 - int(one[6])}{one[7:]}" for one in lost)
        result = check(" ".join(lost), answer, lost)
        assert set(result.verdicts.values()) == {"corrupted"}
        each.append(len(asked) / number)
    assert max(each) < 40, "of 1,200 tokens"


def test_shapes_are_asked_for_once(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    shape = near._shape

    def counted(code: str) -> str:
        asked.append(code)
        return shape(code)

    monkeypatch.setattr(near, "_shape", counted)
    made = random.Random(1)
    lost = [str(UUID(int=made.getrandbits(128))) for _ in range(200)]
    said = [f"{one[:20]}{15 - int(one[20], 16):x}{one[21:]}" for one in lost]
    result = check("\n".join(lost), "\n".join(said))
    assert list(result.verdicts.values()).count("corrupted") > 150
    assert len(asked) <= 4 * len(lost)


KINDS = (
    lambda r: f"{r.choice('ABZX')}{r.randrange(10**4)}-{r.choice('xyz')}{r.randrange(100)}",
    lambda r: f"SN-2024-CN-{r.randrange(10**7):07d}",
    lambda r: f"https://www.example.com/a{r.randrange(10**4)}/b{r.randrange(100)}",
    lambda r: f"合同-{r.randrange(10**5)}-{r.choice('甲乙丙')}{r.randrange(100)}",
    lambda r: f"{r.getrandbits(64):016x}",
    lambda r: f"_DSC{r.randrange(10**4):04d}{r.randrange(10**4):04d}.NEF",
    lambda r: f"#MRN-{r.randrange(10**4):04d}-{r.randrange(10**4):04d}",
)


@pytest.mark.parametrize("seed", range(8))
def test_many_are_judged_as_few_are(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    made = random.Random(seed)
    kinds = made.sample(KINDS, 2)
    lost = list(dict.fromkeys(made.choice(kinds)(made) for _ in range(80)))
    said = []
    for code in lost:
        token = list(code)
        for _ in range(made.choice((1, 1, 2, 3))):
            place = made.randrange(1, len(token) - 1)
            changed = made.choice("0123456789OlX,"), token[place].swapcase(), token[place] * 2, ""
            token[place] = made.choice(changed)
        said.append("".join(token)[: made.choice((None, None, -1, -2))])
    made.shuffle(said)
    results = []
    for least in (64, 10**9):
        monkeypatch.setattr(near, "_MANY_LOST", least)
        results.append(check("；".join(lost), "；".join(said), lost))
    assert results[0] == results[1]
    assert "corrupted" in results[0].verdicts.values()
