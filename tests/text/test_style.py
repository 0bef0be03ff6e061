"""Blanks between Han and digits: of the style of an answer, or in a string."""

import pytest

from harness.text import check, repair, repair_stream

_PLACES = "货在 3号楼/5号楼 和 8号楼，共3箱，第2批。"


def _flagged(source: str, answer: str, channel: str = "text") -> list[str]:
    found = check(source, answer, channel=channel).mentions.values()
    return [one.text for several in found for one in several if one.is_damage]


@pytest.mark.parametrize("form", ["3 号楼/5号楼", "3号楼/5 号楼"])
def test_a_string_that_is_apart_at_one_place_of_two_is_damaged(form: str) -> None:
    assert _flagged(_PLACES, f"货在 {form}，请查收。") == [form]


def test_all_places_apart_are_a_style_where_others_are_apart_too() -> None:
    assert _flagged(_PLACES, "货在 3 号楼/5 号楼，共 3 箱，第2批，共7种。") == []


def test_the_only_blanks_of_an_answer_are_no_style() -> None:
    assert _flagged(_PLACES, "货在：3 号楼/5 号楼，共3箱。") == ["3 号楼/5 号楼"]


def test_a_number_that_is_apart_on_one_side_alone_is_no_style() -> None:
    assert _flagged(_PLACES, "货在3 号楼/5 号楼。") == ["3 号楼/5 号楼"]


def test_without_other_places_a_style_may_be_meant() -> None:
    assert _flagged(_PLACES, "货在：3 号楼/5 号楼。") == []


def test_a_blank_that_the_source_has_is_no_style_of_the_answer() -> None:
    source = "站点 32010457 收 3号楼/5号楼，共3箱，第2批。"
    assert _flagged(source, "站点 32010457 收 3 号楼/5 号楼，共3箱。") == ["3 号楼/5 号楼"]


def test_the_value_of_a_slot_in_json_has_no_style() -> None:
    assert _flagged(_PLACES, '{"place": "3 号楼/5 号楼"}', "json") == ["3 号楼/5 号楼"]
    assert _flagged(_PLACES, '{"text": "放在：3 号楼/5 号楼"}', "json") == []


def test_a_number_and_its_measure_word_are_written_in_either_way() -> None:
    assert _flagged("分3-5个批次，共3箱，第2批。", "分3-5 个批次，共3箱，第2批。") == []


def test_a_word_one_blank_before_a_file_name_may_be_a_label() -> None:
    source = "公告：2号采区警戒，设计书 2采区爆破设计06-18.pdf，请看。"
    assert _flagged(source, "设计书为 2采区爆破设计06-18.pdf。") == []
    assert _flagged(source, "见 2采区爆破设计06 - 18.pdf。") == ["2采区爆破设计06 - 18.pdf"]
    assert _flagged(source, "设计书 2采区爆破设计06 - 18.pdf。") == ["设计书 2采区爆破设计06 - 18.pdf"]


@pytest.mark.parametrize("place", ["first", "last"])
def test_what_is_far_from_a_mention_tells_nothing_so_that_a_stream_is_mended_as_the_whole(place: str) -> None:
    source, mention, style = "看 3号楼/5号楼 的", "在“3 号楼/5 号楼”处。", "共 7 处，另有 8 处。"
    between = "这里是一段很长的说明，第1点和第2点都要注意。" * 120
    output = mention + between + style if place == "first" else style + between + mention
    pieces = [output[start : start + 50] for start in range(0, len(output), 50)]
    assert "".join(repair_stream(source, pieces)) == repair(source, output).text != output
