"""Damage at a sign that no target holds as it stands: a blank, or a look-alike, that the source has nowhere."""

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.text import check, joints, repair, repair_stream
from harness.text.joints import joints_apart
from harness.text.search import Source

APART = [
    ("开单 NO.ILCDUB-2024/0773 给跟单员", "单号 ILCDUB - 2024/0773", "ILCDUB - 2024", "单号 ILCDUB-2024/0773"),
    ("炮二平五/马8进7 是什么开局", "先走炮二平五 / 马8进7", "平五 / 马", "先走炮二平五/马8进7"),
    ("CROSS?=arm-linux-8, 报错", "前缀 linux - 8", "linux - 8", "前缀 linux-8"),
    ("06Cr19Ni10 / SUS304-2B 、1.4301", "用 SUS304–2B", "SUS304–2B", "用 SUS304-2B"),
    ("本题 2024·浙江·T19(3)", "2024 · 浙江 · T19(3)", "2024 · 浙江 · T19(3)", "2024·浙江·T19(3)"),
    (
        "see https://doi.org/doi:10.1093/ppath/pz0219.b",
        "doi 10.1093/ppath / pz0219.b",
        "ppath / pz0219",
        "doi 10.1093/ppath/pz0219.b",
    ),
    ("筛选 EU-%/B2B 没有结果", "条件 EU - %/B2B 有效", "EU - %/B2B", "条件 EU-%/B2B 有效"),
    ("CYP2C19 *2/*17, HLA", "CYP2C19 *2／*17 and", "2／*17", "CYP2C19 *2/*17 and"),
    ("基坑③-⑤轴", "检查③ - ⑤轴", "③ - ⑤", "检查③-⑤轴"),
    ("关注 @不二家 领券", "上新！@ 不二家", "@ 不二", "上新！@不二家"),
    ("删掉 ~$预算表0513.xlsx 吗", "`~ $预算表0513.xlsx` 是", "~ $预", "`~$预算表0513.xlsx` 是"),
    ("用0.9%氯化钠", "溶媒为 0. 9% 氯化钠", "0. 9%", "溶媒为 0.9% 氯化钠"),
    ("负荷31.5MVA偏高", "负荷 31 .5MVA", "31 .5MVA", "负荷 31.5MVA"),
    ("负荷31.5MVA偏高", "负荷 31．5MVA", "31．5MVA", "负荷 31.5MVA"),
    ("A12 鱼香肉丝", "点Ａ12", "Ａ12", "点A12"),
    ("国自然(面上)-2021资助", "国自然(面上) - 2021 资助", "面上) - 2021", "国自然(面上)-2021 资助"),
    ("毛血旺(小)/58元", "毛血旺(小)／58 元", "小)／58", "毛血旺(小)/58 元"),
    ("用苯甲·嘧菌酯防治", "用苯甲 ·嘧菌酯", "苯甲 ·嘧菌", "用苯甲·嘧菌酯"),
    ("借款人恒达（苏州）-材料，", "借款人恒达（苏州） - 材料", "达（苏州） - 材料", "借款人恒达（苏州）-材料"),
    ("课题《氓》-第2课时", "课题《氓》–第2课时", "氓》–第", "课题《氓》-第2课时"),
    ("结果OK/√，", "结果 OK / √", "OK / √", "结果 OK/√"),
    ("给第38'-黄牌", "第38' - 黄牌", "38' - 黄牌", "第38'-黄牌"),
    ("型号X100Pro+降价", "X100Pro＋ 降价", "X100Pro＋", "X100Pro+ 降价"),
    ("键common.btn.确认_ok没有", "键 common.btn . 确认_ok", "btn . 确认", "键 common.btn.确认_ok"),
    ("关联dim_区域.大区编码后", "按 dim_区域. 大区编码", "区域. 大区", "按 dim_区域.大区编码"),
    ("读lua/扣减库存.lua吧", "见扣减库存 . lua", "库存 . lua", "见扣减库存.lua"),
    ("写root.数仓.低优队列", "队列 root.数仓．低优", "数仓．低优", "队列 root.数仓.低优"),
    ("耗时rt=3021ms，查", "耗时 rt =3021ms", "rt =3021ms", "耗时 rt=3021ms"),
    ("跑到T+1才有", "要 T+ 1 才有", "T+ 1", "要 T+1 才有"),
    ("取ods_门店_日销表", "表 ods_门店 _日销", "门店 _日销", "表 ods_门店_日销"),
    ("字段拜访时长(分钟)类型", "字段拜访时长( 分钟)", "时长( 分钟", "字段拜访时长(分钟)"),
    ("字段拜访时长(分钟)类型", "字段拜访时长(分钟 )", "分钟 )", "字段拜访时长(分钟)"),
    ("字段拜访时长(分钟)类型", "字段拜访时长（分钟)", "时长（分钟)", "字段拜访时长(分钟)"),
    ("分区dt='20240630'跑", "分区 dt=‘20240630’", "=‘20240630’", "分区 dt='20240630'"),
    ("分区dt='20240630'跑", "分区 dt=' 20240630'", "=' 20240630'", "分区 dt='20240630'"),
    ("查校验文件md5sum-室温.txt吧", "见 md5sum-室温 .txt", "室温 .txt", "见 md5sum-室温.txt"),
    ("查校验文件md5sum-室温.txt吧", "见 md5sum-室温．txt", "室温．txt", "见 md5sum-室温.txt"),
    ("寄存器USART1->BRR写入", "写 USART1- >BRR", "USART1- >BRR", "写 USART1->BRR"),
    ("寄存器USART1->BRR写入", "写 USART1–>BRR", "USART1–>BRR", "写 USART1->BRR"),
    ("寄存器USART1->BRR写入", "写 USART1-> BRR", "USART1-> BRR", "写 USART1->BRR"),
    ("键hot:首页_推荐过大", "键 hot :首页_推荐", "hot :首页", "键 hot:首页_推荐"),
    ("药物 硝普钠(避光)/50mg，", "用硝普钠(避光)/\u200b50mg", "钠(避光)/\u200b50", "用硝普钠(避光)/50mg"),
    ("药物 硝普钠(避光)/50mg，", "用硝普钠(避光)∕50mg", "钠(避光)∕50", "用硝普钠(避光)/50mg"),
    ("call Mr O'Brien", "I called Mr O' Brien", "O' Brien", "I called Mr O'Brien"),
    ("the boss Zhar'eth is", "Now Zhar ' eth walks", "Zhar ' eth", "Now Zhar'eth walks"),
    ("标签 #周末，", '{"tag": "# 周末"}', "# 周末", '{"tag": "#周末"}'),
    ("写 N'Diaye 的", "是 N'\u200bDiaye 吧", "N'\u200bDiaye", "是 N'Diaye 吧"),
    ("歌手阿依·努尔唱", "歌手阿依‧努尔唱", "阿依‧努尔", "歌手阿依·努尔唱"),
    ("字段 `订单ID` 填 8", "`订单 ID`: 8", "订单 ID", "`订单ID`: 8"),
    ("创建文件夹 image图片", 'mkdir "image 图片"', "image 图片", 'mkdir "image图片"'),
    ("目录名叫DNF私服研究，进去", 'cd "DNF 私服研究"', "DNF 私服研究", 'cd "DNF私服研究"'),
    ("标签 P0&紧急。", '{"tag": "P0 & 紧急"}', "P0 & 紧急", '{"tag": "P0&紧急"}'),
    ("组名：B超(复查)组", "加入“B 超 (复查) 组”", "B 超 (复查) 组", "加入“B超(复查)组”"),
    (
        "看 /Users/wu/my work/招聘/AI产品组",
        'ls "/Users/wu/my work/招聘/AI 产品组"',
        "/Users/wu/my work/招聘/AI 产品组",
        'ls "/Users/wu/my work/招聘/AI产品组"',
    ),
    ("表DimDate[年月]缺列", "表 DimDate [年月]", "DimDate [年月", "表 DimDate[年月]"),
]


@pytest.mark.parametrize(("source", "output", "span", "mended"), APART)
def test_a_sign_that_stands_apart_is_damage_and_is_mended(source: str, output: str, span: str, mended: str) -> None:
    found = [one for several in check(source, output).mentions.values() for one in several if one.is_damage]
    assert any(span in one.text for one in found)
    assert repair(source, output).text == mended
    assert "".join(repair_stream(source, iter(output))) == mended


def test_an_escaped_underscore_is_damage_that_is_left_as_it_is() -> None:
    result = check("取ods_门店_日销取门店编码", "表 ods_门店\\_日销")
    assert "altered" in result.verdicts.values()
    assert repair("取ods_门店_日销取门店编码", "表 ods_门店\\_日销").text == "表 ods_门店\\_日销"
    assert set(check("取 a_b", "a\\_b").verdicts) == {"a_b"}


def test_the_damage_of_a_part_is_that_of_its_target() -> None:
    result = check("开单 NO.ILCDUB-2024/0773 给跟单员", "单号 ILCDUB - 2024/0773")
    assert result.verdicts == {"NO.ILCDUB-2024/0773": "spaced"}


def test_a_joint_of_no_target_is_one_of_its_own_with_the_span_that_both_texts_share() -> None:
    result = check("炮二平五/马8进7 是什么开局", "先走炮二平五 / 马8进7")
    assert result.verdicts == {"平五/马": "spaced"}
    (mention,) = result.mentions["平五/马"]
    assert mention.reach == (2, 10)


@pytest.mark.parametrize(
    ("source", "output"),
    [
        ("接口/v3报错", "接口 /v3 报错"),  # a token may end beside Han
        ("算一下 5-3 和 10-20", "5 - 3 = 2，区间 10–20"),
        ("周一|1-2节|高数", "| 周一 | 1-2节 | 高数 |"),
        ("写 a-b，也写 a - b", "a - b"),  # the source has both
        ("TCP/IPv6", "TCP / IP"),  # another word
        ("key=value", "key = value"),
        ("see tests/misc/cksum-a.sh", "run cksum -a now"),  # an option
        ("WT/DS267/AB/R 号", "WT / DS / 267 / AB / R 号"),  # of another code: half of a string is not put right
        ("id 5a367e2e-e62f-4396-af40-e58d5c70d9b9", "id 5a367e2e - 62f - 4396 - af40 - e58d5c70d9b9"),
        ("- ab\n- cd", "ab - cd"),
        ("加 1.5g 盐", "1. 5g 盐"),  # an item of a list
        ("版本 14.3 可用", "见第 14. 3 天后"),
        ("工单#101，误码-20017", "工单 #101，误码 -20017"),
        ("读 ABC", "ＡＢＣＤ"),
        ("码位 160-255，共 16 个", "第１６个"),
        ("A12 层", "Plan A 12 people"),
        ("1.打开设备 A.正确", "1. 打开设备\nA. 正确"),
        ("修改.env和公式=SUM(A1)，电话+8613", "修改 .env 和公式 =SUM(A1)，电话 +8613"),
        ("用Python.然后Pro+手机", "用 Python. 然后 Pro+ 手机"),
        ("拜访时长(分钟)", "拜访时长 (分钟)，即拜访时长（分钟）"),
        ("他说='好'", "他说：‘好’"),
        ("流程A1->B2->结束", "流程 A1 -> B2 -> 结束"),
        ("导出.csv和后缀:md", "导出 .csv 和后缀: md"),
        ("见文献Bert[1]和key:value", "见文献 Bert [1] 和 key: value"),
        ("看Foo[年]", "看 [Foo] [年](a.html)"),
    ],
)
def test_what_a_writer_may_do_is_none(source: str, output: str) -> None:
    damage = [one for several in check(source, output).mentions.values() for one in several if one.is_damage]
    assert damage == []
    assert repair(source, output).text == output


def test_listed_targets_are_all_that_is_looked_for() -> None:
    result = check("ILCDUB-2024/0773 A-1", "ILCDUB - 2024/0773", ["A-1"])
    assert result.verdicts == {"A-1": "absent"}
    assert repair("ILCDUB-2024/0773", "ILCDUB - 2024/0773", []).text == "ILCDUB - 2024/0773"


WORDS = ("AB12", "x", "Sikalastic609ToTheEndOfAVeryLongWord", "炮二", "马", "2024", "T19", "lib", "の", "第3")
SIGNS = ("-", "/", "·", "#", "_", "@", "--", ".", "=", "+", "(", ")", "='")
BLANKS = ("", " ", "  ", "\u3000", "\n", "\u00a0")


@st.composite
def sources_and_answers(draw: st.DrawFn) -> tuple[str, str]:
    words = draw(st.lists(st.sampled_from(WORDS), min_size=2, max_size=8))
    signs = draw(st.lists(st.sampled_from(SIGNS), min_size=8, max_size=8))
    source = "".join(word + sign for word, sign in zip(words, signs, strict=False))
    blanks = st.sampled_from(BLANKS)
    answer = "".join(
        draw(blanks) + word + draw(blanks) + draw(st.sampled_from((sign, sign, "–", "／", "（", "．", "=‘")))
        for word, sign in zip(words, signs, strict=False)
    )
    return f"写 {source}。", draw(st.sampled_from(("", "用", "see "))) + answer


@given(sources_and_answers(), st.lists(st.integers(1, 12), min_size=1, max_size=5))
def test_the_joined_stream_is_the_repair_of_the_whole(texts: tuple[str, str], sizes: list[int]) -> None:
    source, output = texts

    def in_chunks() -> Iterator[str]:
        place = number = 0
        while place < len(output):
            size = sizes[number % len(sizes)]
            yield output[place : place + size]
            place, number = place + size, number + 1

    whole = repair(source, output)
    assert "".join(repair_stream(source, in_chunks())) == whole.text
    assert repair(source, whole.text).text == whole.text


def test_what_is_held_back_is_bounded() -> None:
    for piece in ("A - ", "x" * 60 + " / ", "炮二 · ", "-", " ", "a" * 3000):
        fed = out = most = 0
        output = (piece * 3000)[:2300]

        def in_chunks(output: str = output) -> Iterator[str]:
            nonlocal fed
            for place in range(0, len(output), 20):
                fed += len(output[place : place + 20])
                yield output[place : place + 20]

        for ready in repair_stream("A-B x/y 炮二·马", in_chunks()):
            out += len(ready)
            most = max(most, fed - out)
        assert max(most, fed - out) <= 1024


@pytest.mark.parametrize(("source", "output", "span", "mended"), APART)
def test_what_is_mended_has_no_joint_apart(source: str, output: str, span: str, mended: str) -> None:
    assert list(joints_apart(output, Source(source)))
    assert not list(joints_apart(mended, Source(source)))


@pytest.mark.parametrize("apart", ["linux - 8", "SUS304–2B", "is 0. 9%", "is 0.9％"])
def test_a_whole_string_beside_it_hides_none(apart: str) -> None:
    source = "ZX-2000, CROSS?=arm-linux-8, 06Cr19Ni10 / SUS304-2B is 0.9%"
    result = check(source, f"ZX-2000: {apart}")
    assert [one for several in result.mentions.values() for one in several if one.is_damage]


def test_an_answer_without_a_blank_beside_a_sign_is_not_looked_through(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def noted(text: str, _: object) -> Iterator[tuple[int, int, str, tuple[int, int]]]:
        asked.append(text)
        return iter(())

    monkeypatch.setattr(joints, "_LOOKS", [(noted, signs) for _, signs in joints._LOOKS])
    check("ZX-2000, 5mg/kg @ops", "ZX-2000（5mg/kg），见@ops。See 3.5: `a/b`.")
    check("ZX-2000, 5mg/kg @ops", "ZX-2000, 5mg/kg as of 3-2019. 见（@ops）[1]")
    assert not asked
    source = Source("ZX-2000, 5mg/kg @ops")
    assert not list(joints_apart("ZX - 2000（5mg/kg）", source, [(0, 9)]))
    assert not asked, "it is taken"
    assert not list(joints_apart("ZX-2000（5mg/kg），@ ops", source))
    assert len(asked) == 2, "at signs, and at a mark"


def test_what_is_taken_is_not_read() -> None:
    asked: list[tuple[int, int]] = []

    def is_free(low: int, high: int) -> bool:
        asked.append((low, high))
        return False

    assert not [found for look, _ in joints._LOOKS for found in look("ZX - 2000 and A–7, @ ops", is_free)]
    assert asked == [(2, 5), (15, 16), (18, 21), (19, 24)]


@given(st.text(st.sampled_from("-/\\·@#–－／_ \u3000\u00a0.~$ab19A文０Ａ％．，\n%*μ"), min_size=2, max_size=12))
def test_a_look_is_asked_for_what_it_finds(text: str) -> None:
    for look, signs in joints._LOOKS:
        if any(True for _ in look(text, lambda low, high: True)):
            assert not joints.may_begin(text).isdisjoint(signs)


@pytest.mark.parametrize(
    ("source", "output", "mended"),
    [
        ("m^3\\bmod300", "3\\ ｂmod300\n|23<", "3\\bmod300\n|23<"),
        ("A_VISIBLE_DEVICES", "VISIBLE ＿DEVICES\r`\u200b`", "VISIBLE_DEVICES\r`\u200b`"),
        ("@٣~/bin", "٣~/ ｂin mm \u3000 anｄ", "٣~/bin mm \u3000 anｄ"),
        ("EU-%/B2B", "EU﹣％/B2B—- v2 .", "EU-%/B2B—- v2 ."),
    ],
)
def test_a_stream_waits_for_a_joint_that_comes_with_what_is_mended_first(source: str, output: str, mended: str) -> None:
    assert repair(source, output).text == mended
    assert "".join(repair_stream(source, output)) == mended


def test_a_stream_holds_back_a_string_in_full_width_with_all_its_signs() -> None:
    source, output = "500ml*2=2.5mg/kg", "5０0ｍl＊2=２.５ｍｇ/ｋg"
    assert {"".join(repair_stream(source, [output[:cut], output[cut:]])) for cut in range(len(output))} == {source}


def test_of_sentences_that_go_on_in_small_letters_none_is_looked_at_as_a_joint() -> None:
    asked: list[str] = []

    class Asked(Source):
        def holds(self, span: str) -> bool:
            asked.append(span)
            return super().holds(span)

    prose = "the roof is done. and so. it dries"
    assert [*joints_apart(prose, Asked("see done.sh, a.i and so.it"))] == [(22, 28, "so.it", 21)]
    assert asked == ["so.it"]


def test_a_blank_of_two_joints_is_one_edit() -> None:
    result = repair("cn+@王小", "cn+ @ 王小")
    assert result.text == "cn+@王小"
    assert [(edit.start, edit.end, edit.new) for edit in result.edits] == [(3, 4, ""), (5, 6, "")]


@pytest.mark.parametrize(
    ("source", "output"),
    [
        ("写一篇关于AI时代的文章", "以“AI 时代”为题"),
        ("他熟悉Python开发，做过3年", '{"skills": ["熟悉 Python 开发"]}'),
        ("搜一下Python教程", '{"query": "Python 教程"}'),
        ("润色：我们的App上线了", "改为“我们的 App 上线了”"),
        ("5G网络是什么", '"5G 网络"是第五代'),
        ("标题：前100名送枕头", "“前 100 名送枕头”"),
        ("字段“订单ID”填 8", "订单 ID 填 8"),
        ("the users' guide isn't there", "the users 'guide', users' guide"),
    ],
)
def test_a_word_of_a_sentence_in_quotes_has_the_blanks_of_its_writer(source: str, output: str) -> None:
    assert not any(one.severity == "damage" for found in check(source, output).mentions.values() for one in found)
    assert repair(source, output).text == output


def test_a_string_of_json_is_a_slot() -> None:
    source, output = "目录名叫DNF私服研究，进去", '{"path": "DNF 私服研究"}'
    assert check(source, output, channel="tool").verdicts == {"DNF私服研究": "spaced"}
    assert check(source, '{"note": "先看 DNF 私服研究 再说"}', channel="tool").verdicts == {}
    assert repair(source, output, channel="tool").text == '{"path": "DNF私服研究"}'
