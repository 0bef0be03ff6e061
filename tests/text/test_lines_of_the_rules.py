"""Lines that a reader of the rules wrote who had not seen the code, where the two did not agree."""

import pytest

from harness.text import check, extract_targets, repair


@pytest.mark.parametrize(
    ("source", "target", "right", "damaged"),
    [
        # behind a request no verb need be known: the name may begin at each later character
        ("麻烦归档验收单2024.xlsx，", "验收单2024.xlsx", "归档 验收单2024.xlsx", "验收单 2024.xlsx"),
        ("请汇总数据_2024-05.csv", "数据_2024-05.csv", "汇总 数据_2024-05.csv", "数据_2024 - 05.csv"),
        ("帮我备份图集/5号楼.dwg", "图集/5号楼.dwg", "备份 图集/5号楼.dwg", "图集/5 号楼.dwg"),
        ("请确认样本B7.pdf", "样本B7.pdf", "样本B7.pdf 已确认", "样本 B7.pdf"),
        ("烦请确认样本B7.pdf", "样本B7.pdf", "样本B7.pdf 已确认", "样本 B7.pdf"),
        ("劳烦确认附图7.png", "附图7.png", "附图7.png 已确认", "附图 7.png"),
        ("上传照片IMG_0612.jpg", "IMG_0612.jpg", "照片 IMG_0612.jpg 已上传", "IMG _0612.jpg"),
        # so may a pair, there and where a clause begins
        ("选红色/蓝色，", "红色/蓝色", "选 红色/蓝色。", "红色 / 蓝色"),
        ("请评估入口/出口的流量", "入口/出口", "评估 入口/出口 的流量", "入口/ 出口"),
        ("比大号/中号/小号都贵", "大号/中号/小号", "比 大号/中号/小号 都贵", "大号 / 中号 / 小号"),
        ("請問收入/支出嗎", "收入/支出", "是 收入/支出。", "收入 / 支出"),
        # and what the sentence says of a token is no part of it
        ("型号CX-黑/白的", "CX-黑/白", "CX-黑/白 的", "CX - 黑/白"),
        ("型号CX-黑/白缺货", "CX-黑/白", "CX-黑/白 缺货", "CX-黑/ 白"),
        ("配10.0.0.0/8时报错", "10.0.0.0/8", "配 10.0.0.0/8 时", "10.0.0.0 / 8"),
        ("用KF-35GW/26時", "KF-35GW/26", "用 KF-35GW/26 時", "KF-35GW / 26"),
        ("查64-17-5嗎", "64-17-5", "查 64-17-5 嗎", "64 - 17-5"),
        # a path begins at `./`, and ends before a particle
        ("核验./脚本/清洗-v2.py，", "./脚本/清洗-v2.py", "核验 ./脚本/清洗-v2.py", "./脚本 / 清洗-v2.py"),
        ("/data/見積-一覧を確認", "/data/見積-一覧", "/data/見積-一覧 を確認しました", "/data/見積- 一覧"),
        ("ファイル部品表2024.xlsxを確認", "部品表2024.xlsx", "ファイル 部品表2024.xlsx です", "部品表 2024.xlsx"),
        ("부품표2024.xlsx를 확인", "부품표2024.xlsx", "부품표2024.xlsx 를", "부품표 2024.xlsx"),
        ("/srv/공유/도면-A1를 저장", "/srv/공유/도면-A1", "/srv/공유/도면-A1 를", "/srv/공유/도면 -A1"),
        ("/data/보고서-최종을 확인", "/data/보고서-최종", "/data/보고서-최종 은", "/data/보고서 -최종"),
        # emphasis, tags and the end of a sentence are round a string, and no part of it
        ("see **/data/x-y/z**.", "/data/x-y/z", "see */data/x-y/z*: **/data/x-y/z:**", "/data/x-y / z"),
        ("<b>/api/v2/user-list</b>", "/api/v2/user-list", "<b>/api/v2/user-list</b>", "/api/v2/user - list"),
        (
            "Use https://a-b.example/x-y's value",
            "https://a-b.example/x-y",
            "https://a-b.example/x-y is",
            "https: //a-b.example/x-y",
        ),
        # other forms
        ("用 foo::open() 打开", "foo::open()", "foo::open() 和 foo::open", "foo:: open()"),
        ("编号ZJ-GC[2024]-031。", "ZJ-GC[2024]-031", "编号 ZJ-GC[2024]-031 有效", "ZJ-GC[2024] - 031"),
        ("编号HB〔2023〕0456号为准", "HB〔2023〕0456号", "以编号 HB〔2023〕0456号 为准", "HB〔2023〕 0456号"),
        ("温漂 10 ppm/℃。", "ppm/℃", "温漂 10 ppm/℃。", "ppm / ℃"),
        ("room -2F/B2-015 here", "-2F/B2-015", "in -2F/B2-015 now", "-2F / B2-015"),
        ("单价 元/人·次 见表", "元/人·次", "单价为 元/人·次。", "元 / 人·次"),
        ("按T/CCSA 402-2022执行", "T/CCSA 402-2022", "按 T/CCSA 402-2022 执行", "T / CCSA 402-2022"),
    ],
)
def test_what_the_rules_protect(source: str, target: str, right: str, damaged: str) -> None:
    assert repair(source, right).text == right
    found = [one for each in check(source, right).mentions.values() for one in each]
    assert all(one.severity == "note" for one in found if one.damage)
    answer = f"See {damaged}, please."
    assert any(one.verdict == "spaced" for found in check(source, answer).mentions.values() for one in found)
    assert repair(source, answer).text == f"See {target}, please."


def test_a_number_below_zero_is_not_the_end_of_a_difference() -> None:
    assert check("room -2F/B2 here", "in 6 -2F/B2").verdicts == {"-2F/B2": "verbatim"}
    assert check("room -22/B2 here", "16 - 22 / B2").verdicts == {"-22/B2": "absent"}


@pytest.mark.parametrize(
    "text",
    [
        *("T/CCSA 402-2022", "DBJ 15-31-2016", "EJ/T 1027-1996", "PN-EN 1992-1-1", "UNE-EN 10255-2", "DS/EN 1990-1"),
        *("SNI 0225-2011", "ÖNORM B 1991-1-1", "VDI 2035-1", "СНиП 2.01.07-85", "ДСТУ 3008-95", "СТБ 1544-2005"),
    ],
)
def test_the_standard_of_a_country_is_one_target(text: str) -> None:
    assert [(one.text, one.kind) for one in extract_targets(f"see {text} there")] == [(text, "standard")]
    assert check(f"see {text} there", text.replace("-", "–")).verdicts[text] == "lookalike"


def test_two_letters_with_another_sign_are_no_mention() -> None:
    assert check("Tunnel A-B", "where a - b is the rest of A:B, or A/B").verdicts == {"A-B": "absent"}
    assert check("Tunnel A-B", "where A - B is").verdicts == {"A-B": "spaced"}


def test_a_dash_of_prose_before_a_number_is_no_sign_of_it() -> None:
    assert repair("差评-1（超时）", "监考安排——1 月 8 日").text == "监考安排——1 月 8 日"


def test_an_address_may_have_lost_its_only_digit() -> None:
    found = check("Write to li.wei7@port-hk.example", "Mail li.wei@port-hk.example today.")
    assert found.verdicts == {"li.wei7@port-hk.example": "corrupted"}


@pytest.mark.parametrize("target", ["mg/kg", "10-15", "foo-bar", "s.a-b/c"])
@pytest.mark.parametrize(
    "form", ["**{}**", "*{}* is", "<b>{}</b>", '<td class="a">{} mm</td>', "> {}", "+ {}", "{}; then"]
)
def test_emphasis_and_marks_of_a_line_are_no_operators(target: str, form: str) -> None:
    for source in (f"use **{target}**", f"{target}; next", f"<b>{target}</b>", f"<td>{target} mm</td>", f"> {target}"):
        apart = form.format(target.replace("-", " - ").replace("/", " / "))
        assert repair(source, apart).text == form.format(target)


@pytest.mark.parametrize(
    ("source", "answer"),
    [
        ("y=2*n-1;", "y = 2 * n - 1;"),
        ("if x>n-1:", "if x > n - 1:"),
        ("for(i=0;i<n-1;i++)", "for (i = 0; i < n - 1; i++)"),
        ("s+=a/b", "s += a / b"),
        ("return n-1;", "return n - 1;"),
    ],
)
def test_operators_are(source: str, answer: str) -> None:
    assert repair(source, answer).text == answer


@pytest.mark.parametrize("answer", ["**12.5** mg/L", "**12.5**mg/L", "12.5 *mg/L*", "`12.5` mg/L"])
def test_the_number_of_a_quantity_may_be_in_bold(answer: str) -> None:
    assert check("结果12.5mg/L。", f"结果为 {answer}。").verdicts == {"12.5mg/L": "verbatim"}


def test_what_is_broken_beside_a_number_in_bold_is_put_right_alone() -> None:
    assert repair("结果12.5mg/L。", "结果为 **12.5** mg / L。").text == "结果为 **12.5** mg/L。"
    assert check("结果12.5mg/L。", "结果为 12.5 m**g/L。").verdicts == {"12.5mg/L": "altered"}
