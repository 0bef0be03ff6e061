"""Codes as people write them between words: what belongs to them, and what may come back of them alone."""

import pytest

from harness.text import check, extract_targets, repair


@pytest.mark.parametrize(
    ("source", "target", "right", "damaged"),
    [
        ("预警〔粤-阳-2024-0615A〕,过去", "粤-阳-2024-0615A", "（粤-阳-2024-0615A）", "粤-阳 - 2024-0615A"),
        ("［SH-2/7］号", "SH-2/7", "[SH-2/7] 号", "SH - 2/7"),
        ("L/C NO.ILCD-2024/0773", "ILCD-2024/0773", "信用证号 ILCD-2024/0773", "ILCD - 2024/0773"),
        ("IS\n-A333/H-SDE3/LB1\n-ZGGG0030", "A333/H-SDE3/LB1", "机型 A333/H-SDE3/LB1", "A333 / H-SDE3/LB1"),
        ("errCode:-601034 errMsg", "-601034", "错误码 -601034 表示", "错误码 - 601034"),
        ("AppID wx8d21f0c9b3a47e5f 页面", "wx8d21f0c9b3a47e5f", "AppID：wx8d21f0c9b3a47e5f", "wx8d21f0c9 b3a47e5f"),
        ("代替 06Cr19Ni10 / SUS304-2B ，", "SUS304-2B", "也就是 SUS304-2B", "SUS304 - 2B"),
        (
            "取流rtsp://10.8.1.64:554/Channels/101,NVR通道",
            "rtsp://10.8.1.64:554/Channels/101",
            "rtsp://10.8.1.64:554/Channels/101，NVR 通道",
            "rtsp://10.8.1.64:554/Channels/ 101",
        ),
        (
            "在【04】/第07讲_不定积分[1080P].mp4.7z.003,解压",
            "第07讲_不定积分[1080P].mp4.7z.003",
            "第07讲_不定积分[1080P].mp4.7z.003 文件",
            "第07讲_不定积分 [1080P].mp4.7z.003",
        ),
        ("、JJG(交通)051-2009、", "JJG(交通)051-2009", "规程 JJG(交通)051-2009", "JJG(交通)051 - 2009"),
        ("对端是 汇聚_3#楼-5F/G0/0/49,", "汇聚_3#楼-5F/G0/0/49", "“汇聚_3#楼-5F/G0/0/49”", "汇聚_3#楼 - 5F/G0/0/49"),
        (";D6204/1次重联", "D6204/1", "D6204/1 次重联", "D6204 / 1"),
        ("主机Loop2/057回路屏蔽", "Loop2/057", "主机 Loop2/057 回路", "Loop2 / 057"),
        (
            "写的$.data.list[?(@.code=='TM_88-绿')].stock 返回",
            "$.data.list[?(@.code=='TM_88-绿')].stock",
            "写的 $.data.list[?(@.code=='TM_88-绿')].stock 返回",
            "$.data.list[? (@.code=='TM_88-绿')].stock",
        ),
    ],
)
def test_a_code_is_protected_as_it_is_said(source: str, target: str, right: str, damaged: str) -> None:
    assert any(target in (one.text, *one.alternates) for one in extract_targets(source))
    assert set(check(source, right).verdicts.values()) <= {"verbatim", "absent"}
    assert repair(source, right).text == right
    assert "spaced" in check(source, damaged).verdicts.values()
    assert repair(source, damaged).text.endswith(target)


@pytest.mark.parametrize(
    ("source", "answer", "miss"),
    [
        ("控制器DS-K2604T/网口2", "控制器 DS-K2064T（网口 2）", "DS-K2064T"),
        ("门禁卡E0-7F-91-2C×2；", "门禁卡 E0-7F-91-C2，2 张", "E0-7F-91-C2"),
        ("CAS1338-23-4, EC", "CAS：1338-23-5", "1338-23-5"),
        ("申请CN202310412786.X权", "申请 CN202310412768.X 权利", "CN202310412768.X"),
        ("品号\n国药准字H20193042\n", "|氨溴索|国药准字H20193024|", "国药准字H20193024"),
    ],
)
def test_a_wrong_character_of_a_part_is_seen(source: str, answer: str, miss: str) -> None:
    result = check(source, answer)
    assert [one.text for several in result.mentions.values() for one in several if one.verdict == "corrupted"] == [miss]


def test_the_next_string_of_a_path_is_not_a_near_miss_of_its_end() -> None:
    source, answer = "见 docs/setup/part-12a.md 文件", "再建一个 setup/part-13a.md"
    assert set(check(source, answer).verdicts.values()) <= {"absent"}


@pytest.mark.parametrize(
    ("target", "wrong"),
    [
        ("PCS_A01", "PCS_AO1"),
        ("Er.020", "Er.O20"),
        ("8-2-3047", "8-2-3407"),
        ("TGHU6152280/MSKU9970314", "TGHU6152208"),
    ],
)
def test_a_wrong_digit_of_a_short_code_is_seen(target: str, wrong: str) -> None:
    assert check(f"号{target}，", f"号：{wrong}").verdicts == {target: "corrupted"}


def test_an_identifier_with_another_number_is_not_a_near_miss() -> None:
    assert check("变量 PCS_A01", "变量 PCS_A02").verdicts == {"PCS_A01": "absent"}


def test_a_pair_of_flights_may_be_named_in_full() -> None:
    assert check("航班CA1831/1832次", "航班 CA1831 和 CA1832").verdicts == {"CA1831/1832": "absent"}


def test_the_sign_of_micro_is_like_a_small_u() -> None:
    mention = check("电容10μF/10V，", "电容 10uF/10V").mentions["10μF/10V"][0]
    assert (mention.verdict, mention.damage) == ("lookalike", ("homoglyph",))


def test_tags_in_a_row_are_protected_and_headings_are_not() -> None:
    source = "##任务\n#角色\n正文\n#早C晚A #空瓶记\n#研学2024#接龙"
    assert [one.text for one in extract_targets(source)][:2] == ["#早C晚A", "#空瓶记"]
    assert repair(source, "晚安 #早 C 晚 A # 空瓶记").text == "晚安 #早C晚A #空瓶记"
    assert repair(source, "# 角色\n## 任务").text == "# 角色\n## 任务"


@pytest.mark.parametrize(
    ("source", "right"),
    [
        ("患者张三 体温36.5\n", "体温 36.5"),
        ("| 单价12.5 | 净重3.5kg |", "单价 12.5，净重 3.5kg"),
        ("得分：语文98.5 数学87.5分", "语文 98.5、数学 87.5 分"),
        ("技能：Java/Python/前端 学历本科\n", "Java、Python、前端，本科学历"),
        ("周报 1.完成A项目 2.推进B项目\n", "1. 完成 A 项目\n2. 推进 B 项目"),
        ("请先 安装numpy1.26.4 再 用Claude3.5对比", "先安装 numpy 1.26.4，再用 Claude 3.5 对比"),
    ],
)
def test_a_word_and_its_number_may_have_a_blank_between(source: str, right: str) -> None:
    assert set(check(source, right).verdicts.values()) <= {"verbatim", "absent"}
    assert repair(source, right).text == right


@pytest.mark.parametrize(
    ("source", "target", "kind", "damaged"),
    [
        ("卡号6222****8817转账", "6222****8817", "code", "卡号 6222 **** 8817 转账"),
        ("身份证号3101**********4512，", "3101**********4512", "code", "身份证号：3101*********4512"),
        ("合计¥1,286,400.50元", "¥1,286,400.50", "number", "合计 ¥1, 286,400.50 元"),
        ("轴承6204-2RS 48只", "6204-2RS", "code", "轴承 6204-2rs 48 只"),
    ],
)
def test_masked_numbers_amounts_and_bearings_are_protected(source: str, target: str, kind: str, damaged: str) -> None:
    assert [(one.text, one.kind) for one in extract_targets(source)] == [(target, kind)]
    assert check(source, damaged).verdicts[target] not in ("verbatim", "absent")
    assert check(source, source).verdicts == {target: "verbatim"}


@pytest.mark.parametrize("source", ["重点**内容**在这里", "2**10**3", "**8817**", "满100-20元", "价格 100-120MB"])
def test_emphasis_powers_and_ranges_are_no_codes(source: str) -> None:
    assert not [one for one in extract_targets(source) if one.kind == "code"]


def test_how_a_dose_is_taken_belongs_to_the_sentence() -> None:
    source = "阿司匹林肠溶片100mg/日口服"
    assert [(one.text, one.kind) for one in extract_targets(source)] == [("100mg/日", "unit")]
    assert check(source, "给予阿司匹林 100mg/日 口服").verdicts == {"100mg/日": "verbatim"}
    assert repair(source, "阿司匹林 100mg / 日 口服").text == "阿司匹林 100mg/日 口服"


def test_what_is_taken_away_in_a_sum_is_no_negative_number() -> None:
    source = "| CN-24/0017 | -£120.00 | credit |"
    assert check(source, "Balance: 88.00 − 120.00 = −32.00").verdicts["-£120.00"] == "absent"
    assert check(source, "The credit is - £120.00.").verdicts["-£120.00"] == "spaced"
