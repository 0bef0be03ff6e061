"""What is slow and obvious says the same as the engine: every stretch of a text, one by one; and no cheap look."""

import sys
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.text import DEFAULT_SYMBOLS, check, checking, find, fold

LETTERS, SIGNS, BLANKS = "ab中", "-/_", " \u00a0\u200b"
LOOKALIKES = {"–": "-", "−": "-", "／": "/", "∕": "/"}
RANK = ("verbatim", "spaced", "lookalike")
TARGET = st.builds(
    lambda letters, signs: "".join(a + b for a, b in zip(letters, [*signs, ""], strict=True)),
    *(st.lists(st.sampled_from(chars), min_size=n, max_size=n) for chars, n in ((LETTERS, 3), (SIGNS, 2))),
)
PIECE = st.text(st.sampled_from(LETTERS + SIGNS + BLANKS + "".join(LOOKALIKES) + "，"), max_size=24)


def runs_on(output: str, start: int, end: int, target: str) -> bool:
    """Rule 1: letters and digits join; so does a point between digits, and a minus before the first digit."""
    before, behind = output[max(0, start - 2) : start], output[end : end + 2]
    if before and target[0] in "ab1" and before[-1] in "ab1":
        return True
    if behind and target[-1] in "ab1" and behind[0] in "ab1":
        return True
    if target[0] == "1" and (before == "1." or (before[-1:] in ("-", "−") and (before[0] in BLANKS or start == 1))):
        return True
    return target[-1] == "1" and behind == ".1"


def every_reading(output: str, target: str) -> Iterator[tuple[int, int, int]]:
    """Rank, start and end of each stretch that is the target, or is it but for blanks and look-alikes inside."""
    for start in range(len(output)):
        for end in range(start + 1, len(output) + 1):
            span = output[start:end]
            if span[0] in BLANKS or span[-1] in BLANKS:
                continue
            if runs_on(output, start, end, target):
                continue
            bare = "".join(char for char in span if char not in BLANKS)
            plain = "".join(LOOKALIKES.get(char, char) for char in bare)
            if plain == target:
                yield (0 if span == target else 1 if bare == target else 2), start, end


def mentions_of(output: str, target: str) -> list[tuple[int, int, str]]:
    """The readings that hold: none overlaps a milder one."""
    taken: list[tuple[int, int, str]] = []
    for rank, start, end in sorted(every_reading(output, target)):
        if all(end <= low or high <= start for low, high, _ in taken):
            taken.append((start, end, RANK[rank]))
    return sorted(taken)


@given(TARGET, st.lists(PIECE, max_size=3), st.lists(st.sampled_from(BLANKS), min_size=2, max_size=2))
def test_blanks_and_lookalikes_are_found_where_every_stretch_is_looked_at(
    target: str, pieces: list[str], blanks: list[str]
) -> None:
    spaced = target[0] + blanks[0] + target[1:3] + blanks[1] + target[3:]
    output = "，".join(["", *pieces, spaced, *pieces[:1]])
    found = check("", output, [target]).mentions[target]
    mild = [(one.start, one.end, one.verdict) for one in found if one.verdict in RANK]
    assert mild == mentions_of(output, target)


NUMBERS = "1a1"
NUMBER = st.builds(
    lambda letters, signs: "".join(a + b for a, b in zip(letters, [*signs, ""], strict=True)),
    *(st.lists(st.sampled_from(chars), min_size=n, max_size=n) for chars, n in ((NUMBERS, 3), (SIGNS, 2))),
)
AMONG_NUMBERS = st.text(st.sampled_from(NUMBERS + "..-/− 中，"), max_size=24)


@given(
    NUMBER,
    st.lists(AMONG_NUMBERS, max_size=3),
    st.sampled_from(("{}", "1.{}", "{}.1", " -{}", "a{}", "中{}，", "−{}.")),
)
def test_numbers_have_the_edges_that_every_stretch_shows(target: str, pieces: list[str], frame: str) -> None:
    spaced = target[:2] + " " + target[2:]
    output = "，".join(["", *pieces, frame.format(spaced), frame.format(target), *pieces[:1]])
    found = check("", output, [target]).mentions[target]
    mild = [(one.start, one.end, one.verdict) for one in found if one.verdict in RANK]
    assert mild == mentions_of(output, target)


ALPHABETS = (
    "abTCPIPs609 -/",
    "TCPIPтсріﬁ /-",
    "水吧台岛 /-，、",
    "가각파일한글 -",
    "ガカバハ /ー-",
    "éèe-/ ’“”",
    "６0６0-/ ²⁶",
    "&%2F\\<>- TCPIP/",
)
WANTED = [
    "TCP/IP",
    "Sika-609",
    "水吧台/岛台",
    "파일-한글",
    "ガド/バグ",
    "café-e",
    "１２-６0",
    "T%2F-C",
    "->",
    "б-тс",
    "H2O/CO2",
]


def read_one_by_one(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(checking, "_all_whole", lambda *_: None)
    patch.setattr(find, "_counted", lambda *_: None)
    patch.setattr(find, "_known_forms", lambda *_: ([], []))
    patch.setattr(checking.Judge, "_of_themselves", lambda *_: None)


@given(
    st.lists(st.sampled_from(ALPHABETS).flatmap(lambda chars: st.text(chars, max_size=30)), max_size=6),
    st.sampled_from(
        ("防水层应铺在干燥的基层上，", "The floor is dry and the edges are sealed. ", "가나다라 ", "かなひら")
    ),
    st.lists(st.sampled_from(WANTED), min_size=1, max_size=4, unique=True),
)
def test_a_cheap_look_changes_nothing(pieces: list[str], prose: str, targets: list[str]) -> None:
    spaced = [target.replace("/", " / ").replace("-", "- ") for target in targets[:1]]
    whole = " ".join(targets[-2:])
    for length, piece, damaged in ((3000, "", spaced), (3000, whole, spaced), (60, whole, spaced), (60, whole, [])):
        output = prose * (length // len(prose)) + " ".join([*pieces, *damaged, piece])
        if pieces:
            output = "，".join([output] * len(pieces))  # what was read once is counted
        quick = check("", output, targets)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(fold, "SHORT", 1 << 40)
            patch.setattr(fold.Fold, "levelled", lambda *_: None)
            read_one_by_one(patch)
            assert check("", output, targets) == quick


@given(
    st.lists(st.sampled_from([*WANTED, "ZX-9", "d41d8cd98f00b204", "附图7.png", "/a/b/c.d"]), min_size=1, max_size=4),
    st.sampled_from(("请读取{}的", "见{}，", "水{}区", "read {}. ", "`{}`")),
    st.sampled_from(("请读取{}文件", "见{}；", "水{}区", "read {} ", "x{} {}", "{} - ")),
)
def test_a_short_way_for_what_was_looked_for_changes_nothing(targets: list[str], given: str, said: str) -> None:
    source, output = (
        "".join([given.replace("{}", one) for one in targets]),
        "".join(said.replace("{}", one) for one in targets),
    )
    quick = check(source, output)
    with pytest.MonkeyPatch.context() as patch:
        read_one_by_one(patch)
        slow = check(source, output)
    assert slow == quick
    assert [*slow.mentions] == [*quick.mentions]


FORMS = ("Sika-609", "Sika - 609", "Sika–609", "Sika- 609", "Sika609", "Sika, 609", "Sika -\n609", "SIKA - 609")
AROUND = (" ", "，", "a", "1", ".", "\n- ", "的", "(", "/IP ", "TCP/")


@given(
    st.lists(st.tuples(st.sampled_from(FORMS), st.sampled_from(AROUND)), min_size=1, max_size=6),
    st.sampled_from((1, 3, 40)),
    st.sampled_from(("", "Sika - 609", "Sika–609")),
)
def test_what_is_counted_by_form_is_what_is_read_one_by_one(
    parts: list[tuple[str, str]], often: int, source: str
) -> None:
    output = "".join(form + around for form, around in parts) * often
    output += "x " * 2000 * (often > 3)  # long enough for all that is asked of long texts
    targets = ["Sika-609", "609/IP", "TCP/Sika"]
    counted = [check(source, output, targets[:number]) for number in (1, 2, 3)]
    with pytest.MonkeyPatch.context() as patch:
        read_one_by_one(patch)
        assert [check(source, output, targets[:number]) for number in (1, 2, 3)] == counted


@pytest.mark.parametrize(
    "piece", ["Sika - 609 on a dry floor. ", "水吧台 - 岛台 Sika - 609，", "Sika &#45; 609 <b>x</b> "]
)
def test_an_answer_of_many_megabytes_takes_few_bytes_a_letter_for_their_places(piece: str) -> None:
    page = fold.Page(piece * 500, DEFAULT_SYMBOLS)
    for skeleton in filter(None, (page.plain, page.decoded)):
        for places in filter(None, (skeleton.starts, skeleton.ends)):
            assert sys.getsizeof(places) < 6 * len(skeleton.letters)
