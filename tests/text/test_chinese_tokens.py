"""Strings of Chinese prompts that nobody listed: addresses, versions, names, and the words beside them."""

import pytest

from harness.text import check, extract_targets, repair


def _flagged(source: str, answer: str) -> list[str]:
    found = check(source, answer).mentions.values()
    return [one.text for several in found for one in several if one.is_damage]


@pytest.mark.parametrize(
    ("source", "target", "right", "damaged"),
    [
        (
            "资料在 https://wiki.demo.example/p/退款V2#重试，请看。",
            "https://wiki.demo.example/p/退款V2#重试",
            "资料：https://wiki.demo.example/p/退款V2#重试 ，请看",
            "https://wiki.demo.example/p/退款V2# 重试",
        ),
        (
            "板书放 smb://nas-edu/生物组/2025春，学案",
            "smb://nas-edu/生物组/2025春",
            "板书放在 smb://nas-edu/生物组/2025春 。",
            "smb://nas-edu/生物组/2025 春",
        ),
        (
            "打开 http://x.example/a#部署，",
            "http://x.example/a#部署",
            "http://x.example/a#部署",
            "http://x.example/a# 部署",
        ),
        ("版本 7.3.1(2206) 闪退", "7.3.1(2206)", "版本7.3.1(2206)闪退", "7.3.1（2206）"),
        ("车牌 粤B·77K3Q/新能源 备案", "粤B·77K3Q/新能源", "车牌：粤B·77K3Q/新能源", "粤 B·77K3Q/新能源"),
        ("冷藏车 豫A·3F771/挂，温区", "豫A·3F771/挂", "冷藏车豫A·3F771/挂", "豫A·3F771 挂"),
        ("另有川A·D2233/绿牌。", "川A·D2233/绿牌", "另有 川A·D2233/绿牌。", "川 A·D2233/绿牌"),
        ("箱号 TGHU 660418-2，", "TGHU 660418-2", "箱号为 TGHU 660418-2", "TGHU660418-2"),
        ("专利ZL 2021 1 0356612.X，", "ZL 2021 1 0356612.X", "专利 ZL 2021 1 0356612.X", "ZL202110356612.X"),
        ("幂等键 pay:{orderId}:v3，", "pay:{orderId}:v3", "幂等键为 pay:{orderId}:v3。", "pay : {orderId} : v3"),
        ("回滚看 wiki/发布/手册#3.2，", "wiki/发布/手册#3.2", "回滚看 wiki/发布/手册#3.2 。", "wiki/发布/手册 #3.2"),
        ("匹配 data/报表-2025*.xlsx ，", "data/报表-2025*.xlsx", "data/报表-2025*.xlsx 等", "data/报表-2025 *.xlsx"),
        (
            "见《存储切换预案(2025版).docx》",
            "存储切换预案(2025版).docx",
            "存储切换预案(2025版).docx",
            "存储切换预案 (2025版).docx",
        ),
        ("女声由阿依·努尔-K唱", "阿依·努尔-K", "女声由 阿依·努尔-K 唱", "阿依.努尔-K"),
        (
            "首件照片在首件/317A_0120白班.jpg，",
            "首件/317A_0120白班.jpg",
            "照片在 首件/317A_0120白班.jpg",
            "首件/317A_0120 白班.jpg",
        ),
        (
            "节目册PDF叫茶馆节目册2025(繁).pdf。",
            "茶馆节目册2025(繁).pdf",
            "叫 茶馆节目册2025(繁).pdf",
            "茶馆节目册 2025(繁).pdf",
        ),
        ("工单BP-0123/京N·6X88Q，完工", "BP-0123/京N·6X88Q", "工单 BP-0123/京N·6X88Q", "BP-0123/京 N·6X88Q"),
        ("另见项目B/阶段1/初稿v2。", "项目B/阶段1/初稿v2", "另见 项目B/阶段1/初稿v2 。", "项目B/阶段1/初稿 v2"),
    ],
)
def test_a_string_is_whole_and_its_damage_is_found(source: str, target: str, right: str, damaged: str) -> None:
    assert target in [one.text for one in extract_targets(source)]
    assert _flagged(source, right) == []
    assert repair(source, right).text == right
    assert _flagged(source, damaged)


@pytest.mark.parametrize(
    ("source", "answer"),
    [
        # the Han behind the blank begins a word of the answer that goes on
        ("滴灌阀门FV-03/西已换，控制器", "滴灌阀门 FV-03/西 已经换好"),
        ("周五在B1-琴房/2排《夏夜》", "周五在 B1-琴房/2 排练"),
        ("联系人周·安-Marie。", "联系人 周·安-Marie。"),
        ("联系人周·安-Marie。", "联系人是安-Marie。"),
        ("访问https://a.example/help/返回首页即可", "访问 https://a.example/help/ 返回首页即可"),
        ("打开 http://x.example/查询并导出", "打开 http://x.example/ 查询并导出"),
    ],
)
def test_a_word_of_the_sentence_is_no_part_of_a_string(source: str, answer: str) -> None:
    assert _flagged(source, answer) == []
    assert repair(source, answer).text == answer


@pytest.mark.parametrize("answer", ["放在 3#/2 座的柜子", "放在 3#/2 座，请取"])
def test_a_blank_before_the_last_word_of_a_string_is_damage_where_the_word_ends(answer: str) -> None:
    assert _flagged("放在 3#/2座，请取", answer)


@pytest.mark.parametrize(
    ("source", "target", "right", "damaged"),
    [
        ("浮漂 BX-7目，渔轮", "BX-7目", "浮漂BX-7目，渔轮", "浮漂 BX-7 目，渔轮3个，共2盒"),
        ("照片夹 养护照/桥南_0715上午，", "养护照/桥南_0715上午", "在养护照/桥南_0715上午里", "养护照/桥南_0715 上午"),
        ("记录到“疵点日报0901起”，", "", "记到“疵点日报0901起”。", "记到“疵点日报 0901 起”。"),
        ("缺少列 `近30天消费额`，", "", "缺少 `近30天消费额`", "缺少 `近 30 天消费额`"),
        (
            "见 https://a.example/xk/2025春?code=XX-2G ，",
            "https://a.example/xk/2025春?code=XX-2G",
            "见 https://a.example/xk/2025春?code=XX-2G",
            "https://a.example/xk/2025 春?code=XX-2G",
        ),
        (
            "传到 ftp://10.0.0.1/作业区/第1周 ，",
            "ftp://10.0.0.1/作业区/第1周",
            "ftp://10.0.0.1/作业区/第1周",
            "ftp://10.0.0.1/作业区/第 1 周",
        ),
        ("归到 归档/2024秋/ 下", "归档/2024秋/", "归到 归档/2024秋/ 。", "归档/2024 秋/"),
        ("暗号 WG1931#六人。", "WG1931#六人", "暗号是 WG1931#六人 。", "WG1931# 六人"),
        ("打开 课表_高一(1)班_v3.xls 吧", "课表_高一(1)班_v3.xls", "课表_高一(1)班_v3.xls", "课表_高一(1)班 _v3.xls"),
        ("用 p-AKT(S473)/总AKT 归一", "p-AKT(S473)/总AKT", "用 p-AKT(S473)/总AKT", "p-AKT(S473) / 总AKT"),
        ("单证 装箱单PL_0714-改.xls，", "装箱单PL_0714-改.xls", "装箱单 PL_0714-改.xls", "装箱单PL_0714 - 改.xls"),
        (
            "数据 列控LKJ_V5.3.1_沪昆.dat 。",
            "列控LKJ_V5.3.1_沪昆.dat",
            "列控LKJ_V5.3.1_沪昆.dat",
            "列控 LKJ_V5.3.1_沪昆.dat",
        ),
    ],
)
def test_a_string_that_its_writer_set_off_is_whole(source: str, target: str, right: str, damaged: str) -> None:
    if target:
        assert target in [one.text for one in extract_targets(source)]
    assert _flagged(source, right) == []
    assert _flagged(source, damaged)


@pytest.mark.parametrize(
    ("source", "answer"),
    [
        ("检查 型号MV-CS050 的相机", "检查 型号 MV-CS050 的相机"),
        ("靠泊的轮 航次V.0825E/W，", "靠泊的轮 航次 V.0825E/W"),
        ("线路 B302/B303区间 首末班", "B302/B303 区间今晚末班，司机"),
        ("均重118.6kg 单价15.2元/kg 车牌", "单价 15.2元/kg ，检疫票"),
        ("灯坏 地库B2/C区 三个", "地库 B2、C 区共坏三个灯"),
        ("统计：A组-12人，B组-15人", "A 组 12 人、B 组 15 人。"),
        # a word before a code is a label, behind blanks too
        ("藏书在 总馆3F-A区，读者", "藏书在总馆 3F-A区。"),
        ("已换 光幕SFT-917B ，另", "已换光幕 SFT-917B。"),
        ("您的 帕萨特330TSI 豪华版", "您的帕萨特 330TSI 豪华版"),
        ("水泵 XX-12漏，备件", "水泵 XX-12 漏，备件1个"),
        ("照片夹 养护照/桥南_0715上传，", "照片夹 养护照/桥南_0715 上传，"),
        ("凭 替班单TB-06-23 上岗", "凭替班单 TB-06-23 上岗"),
        ("快递单备注：放驿站Y-12柜", "备注：请放到 Y-12 柜，谢谢师傅。"),
        ("下一个合同编号是多少？上一个是HT2025-086", "按顺序是 HT2025-087。"),
        ("前100名和“2024年报”在 A3#楼 ", "“前 100 名”、“2024 年报”，A3# 楼"),
    ],
)
def test_what_a_writer_may_set_apart_is_no_damage(source: str, answer: str) -> None:
    assert _flagged(source, answer) == []


@pytest.mark.parametrize("answer", ["合同 HT2025-088 归档", "合同 HT2024-086 归档"])
def test_only_the_next_number_is_no_near_miss_where_it_is_asked_for(answer: str) -> None:
    assert _flagged("下一个合同编号是多少？上一个是HT2025-086", answer)


def test_a_blank_behind_the_sign_of_a_group_is_damage_and_one_before_it_a_call() -> None:
    source = "联系小周@科普组，集合。"
    assert _flagged(source, "联系小周@ 科普组。")
    assert _flagged(source, "联系小周 @科普组。") == []
    assert _flagged(source, "请 @科普组 的小周。") == []
