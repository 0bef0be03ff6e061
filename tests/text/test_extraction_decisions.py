"""The decisions of docs/extraction.md about `extract_targets`, one example a line."""

import pytest

from harness.text import extract_targets


@pytest.mark.parametrize(
    ("source", "targets"),
    [
        ("TCP/IP和CR-V", "TCP/IP|CR-V"),
        ("北京/上海/广州", "北京/上海/广州"),  # second edition: the pairs of a chain are alternates
        ("去北京站/上海/广州站", "去北京站/上海/广州站"),
        ("北京/上海/广州/深圳", "北京/上海/广州/深圳"),
        ("见 甲/乙丙/丁戊", "甲/乙丙/丁戊"),
        ("A/B/甲乙/丙丁", "A/B/甲乙/丙丁"),
        ("东/西/南", ""),
        ("“东/西/南”", "东/西/南"),
        ("“东/西", ""),
        ("东/西”", ""),
        ("x“东/西x”", "东/西x"),  # second edition: a quoted token is one target
        ("进/出口", "进/出口"),
        ("报告X版终稿.md，A-1", "报告X版终稿.md|A-1"),  # second edition: a file is a target, symbol or not
        ("Xen / Yam, Yam / Xen", "Xen / Yam|Yam / Xen"),
        ("甲乙 - 丙", "甲乙 - 丙"),
        ("甲乙 / 丙丁A / B2", "甲乙 / 丙丁|A / B2"),
        ("A2 / B2 / C2 and D2 / E2", "A2 / B2 / C2|D2 / E2"),
        ("well, - then Mon - Fri", "Mon - Fri"),
        ("Malcolm X Day, A-1", "A-1"),
        (" - Mon ", ""),
        ("Mon - ", ""),
        ("Mon\n - Fri", ""),
        ("End. - Then", ""),
        ("X.2 - C3", "X.2 - C3"),
        ("as A-1 or as A-1 or as A-1 or", "A-1"),
        (
            "，去甲乙丙/丁戊己吧" * 4,
            "去甲乙丙/丁戊己吧",
        ),  # second edition: a side of at most four Han whose edge is certain
        ("a/b, my-docs/", "my-docs/"),  # second edition: a token between blanks is one target as a whole
        ("co-op- and", "co-op"),
        ("40-85℃", "40-85"),  # second edition: a degree sign is written with and without a blank
        ("5-6㏿，5-6㌀", "5-6㏿|5-6㌀"),
        ("☀A-1", "A-1"),
        ("👩\u200d🔧A-1👩\u200d🔧", "A-1"),
        ("👍🏽A-1⚠️", "A-1"),
        ("+/+", ""),
        ("a-* b", ""),
        ("use -a-1 or 9a-1 or", "-a-1|9a-1"),  # second edition: options are targets
        ("see 5-3 = y, see 5-3 or", "5-3"),
        ("5-3=2.0", ""),
        ("5-3 ≈ 2", ""),
        ("-Ä/ö", "Ä/ö"),
        ("-4/85", "-4/85"),
        ("open ~/x-y or ~x-z", "~/x-y|x-z"),
        (
            "notes-1.md，报告2024版-终稿.md",
            "notes-1.md|报告2024版-终稿.md",
        ),  # second edition: a fragment never vouches for the whole
        ("A-1,B-2;C-3|D-4", "A-1|B-2|C-3|D-4"),
        ("1,000-2,000", "1,000-2,000"),
        ("**A-1**, *B-2*, ~~C-3~~ and `D-4`", "A-1|B-2|C-3|D-4"),
        ("🙂TCP/IP🙂", "TCP/IP"),
        ("see docs/api/ and docs/", "docs/api/"),
        ("GB/T 50081-2019", "GB/T 50081-2019"),
        ("GB/T  50081-2019", "GB/T|50081-2019"),
        ("ו-8 א-7", "ו-8|א-7"),
        ("tool --dry-run -v-1 A-1", "--dry-run|-v-1|A-1"),  # second edition: options are targets
        ("使用--dry-run", "--dry-run"),
        ("用--dry-run", "--dry-run"),
        ("-40/85 and -5", "-40/85"),
        ("word--word", ""),
        ("a-b--c", "a-b--c"),
        ("https://x", "https://x"),
        ("5-3=2, 5-3 = 2, 2*5-3, x-1=y", ""),
        ("ratio = 3/4, 甲醇/水=60/40", "3/4|甲醇/水|60/40"),
        ("**7-2**", "7-2"),
        ("pages 10-20", "10-20"),
        ("= 5-3", ""),
        ("Mon - Fri", "Mon - Fri"),
        ("A - B - C", "A - B - C"),
        ("x - y", ""),
        ("came - and went", ""),
        ("read / write", "read / write"),
        ("12 / 4", ""),
        ("12 - Mon", ""),
        ("9:00 - 17:00", "9:00 - 17:00"),
        ("well, - Then", ""),
        ("Mon -\nFri", ""),
        ("Mon\n- Fri", ""),
        ("请到入口 / 出口大厅", "入口 / 出口"),  # second edition: verbs are cut off; the nearest two of a long side
        ("Mon -  Fri.", "Mon -  Fri"),
        ("(Mon - Fri)", "Mon - Fri"),
        ("Mon - (Fri)", ""),
        ("Mon - ==", ""),
        ("== - Fri", ""),
        ("-a / b", ""),
        ("a / #b", ""),
        ("A - B", "A - B"),
        ("A - b", ""),
        ("a / B", ""),
        ("12 / Mon", ""),
        ("甲乙丙 / 丁戊己 / 庚辛壬", "甲乙丙 / 丁戊己 / 庚辛壬"),
        (
            "甲乙丙  /   丁戊己",
            "甲乙丙  /   丁戊己",
        ),  # second edition: a side of at most four Han whose edge is certain
    ],
)
def test_targets_are_found_as_decided(source: str, targets: str) -> None:
    assert [target.text for target in extract_targets(source)] == [one for one in targets.split("|") if one]
