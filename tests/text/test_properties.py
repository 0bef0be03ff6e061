"""What holds of check and repair whatever the text: damage put in is found as what it is, and nothing else is."""

import json
from collections.abc import Callable

from hypothesis import assume, given
from hypothesis import strategies as st

from harness.text import VERDICTS, CheckResult, check, extract_targets, repair

TARGETS = (
    "Sikalastic-609",
    "TCP/IP",
    "F/A-18",
    "7732-18-5",
    "America/Port-au-Prince",
    "10.0.0.0/8",
    "水吧台/岛台",
    "報告-終稿",
    "서울/부산",
    "ค่า/วัน",
    "Москва-1",
    "GB/T 50081-2019",
    "Mon - Fri",
)
WORDS = st.sampled_from(
    (
        *("see", "the", "用", "協議", "を", "를", "แล้ว", "שלום", "مرحبا", "12", "—", "\n"),
        *("🙂", "👩\u200d🔧", "⚠️", "(", "**", "“", "。"),
    )
)
PROSE = st.lists(WORDS, max_size=6).map(" ".join)
TARGET = st.sampled_from(TARGETS)
JOINED = st.sampled_from([target for target in TARGETS if " " not in target])
ANY_TEXT = st.text(st.characters(), max_size=60)
SIGNS = (*"-/ –／_*`\\&;%<>[]\n\u00a0\u200b\ud800\udc00", "&#45;", "%2F", "<br>")
MESSY = st.lists(st.one_of(TARGET, st.sampled_from(SIGNS)), max_size=10).map("".join)


def symbol_places(target: str) -> list[int]:
    return [place for place, char in enumerate(target) if char in "-/"]


@st.composite
def damaged(draw: st.DrawFn, put: Callable[[str, str], str], marks: str) -> tuple[str, str]:
    """A target, and the same with `put(symbol, mark)` in the place of one of its symbols."""
    target = draw(JOINED)
    place = draw(st.sampled_from(symbol_places(target)))
    return target, target[:place] + put(target[place], draw(st.sampled_from(tuple(marks)))) + target[place + 1 :]


def the_one(result: CheckResult, target: str) -> tuple[str, frozenset[str]]:
    (mention,) = result.mentions[target]
    return mention.verdict, frozenset(mention.damage)


@given(TARGET, PROSE, PROSE)
def test_a_target_put_in_whole_is_verbatim(target: str, before: str, after: str) -> None:
    output = f"{before} {target} {after}"
    result = check(target, output, [target])
    assert result.verdicts == {target: "verbatim"}
    assert [output[found.start : found.end] for found in result.mentions[target]] == [target]
    assert repair(target, output, [target]).edits == ()


@given(damaged(lambda symbol, mark: mark + symbol, " \u00a0\u2009\u202f\u3000\t"), PROSE, PROSE)
def test_a_space_before_a_symbol_is_spaced_and_mended(pair: tuple[str, str], before: str, after: str) -> None:
    target, form = pair
    output = f"{before} {form} {after}"
    verdict, damage = the_one(check(target, output, [target]), target)
    assert verdict == "spaced"
    assert damage == {"space-left"} | (set() if " " in form else {"wide-space"})
    assert repair(target, output, [target]).text == f"{before} {target} {after}"


@given(damaged(lambda symbol, mark: symbol + mark, " \n\u2028"))
def test_a_space_or_line_break_after_a_symbol_is_spaced(pair: tuple[str, str]) -> None:
    target, form = pair
    verdict, damage = the_one(check(target, form, [target]), target)
    assert verdict == "spaced"
    assert damage == {"space-right"} | (set() if " " in form else {"line-break"})


@given(damaged(lambda symbol, mark: mark + symbol + mark, "\u200b\u200c\u200d\u200e\u200f\u2060\ufeff"))
def test_zero_width_characters_are_spaced(pair: tuple[str, str]) -> None:
    target, form = pair
    assert the_one(check(target, form, [target]), target) == ("spaced", {"zero-width"})


@given(damaged(lambda symbol, mark: mark, "‐‑‒–—―−﹘﹣－\u00adーｰ⁃˗־─"), PROSE)
def test_a_dash_in_place_of_a_hyphen_is_a_lookalike_and_mended(pair: tuple[str, str], after: str) -> None:
    target, form = pair
    assume(target.count("-") > form.count("-"))
    output = f"{form} {after}"
    assert the_one(check(target, output, [target]), target) == ("lookalike", {"hyphen-lookalike"})
    assert repair(target, output, [target]).text == f"{target} {after}"


@given(damaged(lambda symbol, mark: mark, "／⁄∕⧸╱⟋\\＼"))
def test_another_slash_is_a_lookalike_and_mended(pair: tuple[str, str]) -> None:
    target, form = pair
    assume(target.count("/") > form.count("/"))
    assert the_one(check(target, form, [target]), target) == ("lookalike", {"slash-lookalike"})
    assert repair(target, form, [target]).text == target


@given(damaged(lambda symbol, mark: mark, "_~:.·、+"))
def test_a_replaced_symbol_is_altered_and_left(pair: tuple[str, str]) -> None:
    target, form = pair
    assert the_one(check(target, form, [target]), target) == ("altered", {"replaced"})
    assert repair(target, form, [target]).text == form


@given(damaged(lambda symbol, mark: {"-": "/", "/": "-"}[symbol], "x"))
def test_a_swapped_symbol_is_altered(pair: tuple[str, str]) -> None:
    target, form = pair
    assert the_one(check(target, form, [target]), target) == ("altered", {"swapped"})


@given(damaged(lambda symbol, mark: symbol * 2, "x"))
def test_a_doubled_symbol_is_altered(pair: tuple[str, str]) -> None:
    target, form = pair
    assert the_one(check(target, form, [target]), target) == ("altered", {"doubled"})


@given(damaged(lambda symbol, mark: "", "x"))
def test_a_dropped_symbol_is_altered(pair: tuple[str, str]) -> None:
    target, form = pair
    assert the_one(check(target, form, [target]), target) == ("altered", {"dropped"})


@given(damaged(lambda symbol, mark: mark, " \u00a0"))
def test_a_space_for_a_symbol_is_altered(pair: tuple[str, str]) -> None:
    target, form = pair
    wide = {"wide-space"} if "\u00a0" in form else set()
    assert the_one(check(target, form, [target]), target) == ("altered", {"to-space"} | wide)


@given(
    damaged(
        lambda symbol, mark: {
            "\\": "\\" + symbol,
            "#": f"&#{ord(symbol)};",
            "x": f"&#x{ord(symbol):x};",
            "%": f"%{ord(symbol):02X}",
            "u": f"\\u{ord(symbol):04x}",
            "n": {"-": "&hyphen;", "/": "&sol;"}[symbol],
        }[mark],
        "\\#x%un",
    )
)
def test_an_escaped_or_coded_symbol_is_altered(pair: tuple[str, str]) -> None:
    target, form = pair
    verdict, damage = the_one(check(target, form, [target]), target)
    assert verdict == "altered"
    assert damage - {"hyphen-lookalike"} == {"escaped"}


@given(damaged(lambda symbol, mark: mark + symbol, "*_`"))
def test_markup_inside_is_altered(pair: tuple[str, str]) -> None:
    target, form = pair
    assert the_one(check(target, form, [target]), target) == ("altered", {"markup"})


@given(TARGET)
def test_another_case_is_altered(target: str) -> None:
    assume(target != target.lower())
    assert the_one(check(target, target.lower(), [target]), target) == ("altered", {"case"})


@given(TARGET, st.text("abcdefgh ,.\n*", max_size=40), st.text("abcdefgh ,.\n*", max_size=40))
def test_text_that_holds_no_form_of_a_target_is_nobodys_business(target: str, before: str, after: str) -> None:
    output = before + "\n\n" + after
    assert check(target, output, [target]).verdicts == {target: "absent"}
    assert repair(target, output, [target]).text == output


@given(TARGET, MESSY, MESSY)
def test_offsets_slice_to_the_text_and_the_verdict_is_the_worst(target: str, source: str, output: str) -> None:
    result = check([source, target], output, [target])
    found = result.mentions[target]
    assert [output[one.start : one.end] for one in found] == [one.text for one in found]
    assert [one.start for one in found] == sorted(one.start for one in found)
    assert all((one.verdict == "verbatim") == (one.damage == ()) for one in found)
    ranks = [VERDICTS.index(one.verdict) for one in found if one.severity == "damage"]
    assert result.verdicts[target] == (VERDICTS[max(ranks)] if ranks else "absent")


@given(st.one_of(ANY_TEXT, MESSY), st.one_of(ANY_TEXT, MESSY), st.sampled_from(("text", "json", "tool")))
def test_nothing_crashes_and_repair_is_idempotent(source: str, output: str, channel: str) -> None:
    mended = repair(source, output, channel=channel)
    again = repair(source, mended.text, channel=channel)
    assert (again.text, again.edits) == (mended.text, ())
    mentions = check(source, mended.text, channel=channel).mentions.values()
    assert not {one.verdict for found in mentions for one in found if one.is_damage} & {"spaced", "lookalike"}


@given(st.lists(TARGET, min_size=1, max_size=4), MESSY)
def test_edits_make_the_repaired_text_and_touch_nothing_else(targets: list[str], output: str) -> None:
    mended = repair(targets, output, targets)
    place, pieces = 0, []
    for edit in mended.edits:
        assert edit.start >= place
        assert output[edit.start : edit.end] == edit.old != edit.new
        pieces += (output[place : edit.start], edit.new)
        place = edit.end
    assert "".join(pieces) + output[place:] == mended.text


@given(st.lists(TARGET, min_size=1, max_size=3), MESSY, MESSY, st.booleans())
def test_a_json_answer_is_mended_string_by_string(targets: list[str], one: str, other: str, plain: bool) -> None:
    answer = {"key " + one: [other, 1.0, None], "deep": {"a/b~c": one}}
    output = json.dumps(answer, ensure_ascii=plain, indent=2)
    assume(json.loads(output) == answer)  # two surrogates side by side are one character once they were JSON

    def mended(text: str) -> str:
        return repair(targets, text, targets).text

    wanted = {mended("key " + one): [mended(other), 1.0, None], "deep": {"a/b~c": mended(one)}}
    assert json.loads(repair(targets, output, targets, channel="json").text) == wanted


@given(MESSY, st.one_of(MESSY, ANY_TEXT))
def test_extracted_targets_stand_where_they_say_and_hold_a_sign_or_a_digit(head: str, tail: str) -> None:
    source = head + tail
    found = extract_targets(source)
    assert [source[one.start : one.end] for one in found] == [one.text for one in found]
    assert len({one.text for one in found}) == len(found)
    assert all(any(char.isdigit() or not char.isalnum() for char in one.text) for one in found)


@given(MESSY)
def test_a_source_given_back_is_never_damaged(source: str) -> None:
    verdicts = check(source, source).verdicts
    assert set(verdicts.values()) <= {"verbatim", "absent"}
    assert repair(source, source).edits == ()
