"""The decisions of docs/checker.md about damage, one example a line."""

import pytest

from harness.text import DAMAGE_CODES, DEFAULT_SYMBOLS, VERDICTS, check, repair
from harness.text.checking import Judge
from harness.text.repairing import Edit, applied

VERDICT_OF = VERDICTS[:5]
RANK_OF = {
    **dict.fromkeys(("space-left", "space-right", "cjk-boundary", "space-inside"), 1),
    **dict.fromkeys(("wide-space", "zero-width", "line-break"), 1),
    **dict.fromkeys(("hyphen-lookalike", "slash-lookalike", "fullwidth", "homoglyph", "space-kind"), 2),
    **dict.fromkeys(("quote-lookalike", "sign-lookalike", "normal-form"), 2),
    **dict.fromkeys(("dropped", "to-space", "swapped", "replaced", "doubled", "escaped", "markup"), 3),
    **dict.fromkeys(("case", "accents", "closed-up"), 3),
    **dict.fromkeys(("changed", "transposed", "truncated", "added"), 4),
}
"""A damage code says which verdict its mention has at least: the place of that in VERDICT_OF."""

DAMAGE = [
    # target, output, damage codes (none: no mention)
    ("Sikalastic-609", "Sikalastic-\n609", "space-right line-break"),
    ("Sikalastic-609", "Sikalastic-\r\n609", "space-right line-break"),
    ("Sikalastic-609", "Sikalastic-\x85609", "space-right line-break"),
    ("Sikalastic-609", "Sikalastic-\v609", "space-right line-break"),
    ("Sikalastic-609", "Sikalastic-\n\n609", ""),
    ("Sikalastic-609", "Sikalastic-\n\r609", ""),
    ("Sikalastic-609", "Sikalastic \n-\n 609", ""),
    ("Sikalastic-609", "Sikalastic\n-609", "space-left line-break"),
    ("Sikalastic-609", "Sikalastic-\\\n609", "space-right line-break markup"),
    ("TCP/IP", "TCP/\u200bIP", "zero-width"),
    ("TCP/IP", "TCP/\u200b IP", "space-right zero-width"),
    ("TCP/IP", "TCP/\u00a0 IP", "space-right wide-space"),
    ("TCP/IP", "TCP/\x1cIP", ""),
    ("CR-V", "CR－V", "hyphen-lookalike"),
    ("CR-V", "ＣR－V", "hyphen-lookalike fullwidth"),
    ("5 - 3", "5\u00a0- 3", "space-kind"),
    ("5 - 3", "5 -\n3", "space-kind line-break"),
    ("5 - 3", "5  - 3", "space-left"),
    ("5 - 3", "5 -\t 3", "space-right wide-space"),
    ("5 - 3", "5\u00a0\u00a0- 3", "space-left wide-space space-kind"),
    ("5 - 3", "5-3", "closed-up"),
    ("5 - 3", "5- 3", "closed-up"),
    ("5 - 3", "5\u200b - 3", "zero-width"),
    ("a  - b", "a - b", "closed-up"),
    ("a  - b", "a\u00a0- b", "closed-up space-kind"),
    ("a\u00a0- b", "a - b", "space-kind"),
    ("Mon - Fri", "Mon Fri", "dropped closed-up"),
    ("Mon - Fri", "Mon  Fri", "dropped"),
    ("Mon - Fri", "Mon   Fri", "to-space"),
    ("Mon - Fri", "Mon\u00a0\u00a0Fri", "dropped space-kind"),
    ("Mon - Fri", "Mon\nFri", ""),
    ("Mon - Fri", "Mon + Fri", ""),
    ("Mon - Fri", "Mon+Fri", "replaced closed-up"),
    ("GB/T 5", "GB/T\n5", "verbatim"),
    ("GB/T 5", "GB/T\r\n5", "verbatim"),
    ("GB/T 5", "GB/T \n5", "space-inside line-break"),
    ("GB/T 5", "GB/T\n\n5", ""),
    ("GB/T 5", "GB/T\u00a05", "space-kind"),
    ("GB/T 5", "GB/T5", "closed-up"),
    ("版 2", "版  2", "cjk-boundary"),
    ("版2-1", "版 2-1", "cjk-boundary"),
    ("ver2-1", "ver 2-1", "space-inside"),
    ("版本-1", "版 本-1", "space-inside"),
    ("2版-1", "2 版-1", "cjk-boundary"),
    ("TCP/IP", "TCP–IP", "hyphen-lookalike swapped"),
    ("TCP/IP", "TCP－IP", "hyphen-lookalike swapped"),
    ("TCP/IP", "TCP – IP", ""),
    ("TCP-IP", "TCP／ IP", ""),
    ("TCP/IP", "防水层应铺在干燥的基层上TCP/XP", ""),
    ("A-bcdef", "防水层应铺在干燥的基层上b、c、d：AXXXXef", ""),
    ("A-bcdef", "防水层应铺在干燥的基层上b、c、d、e：A-XXXXf", ""),
    ("蒲公/车", "蒲公 / 车XXXX", "space-left space-right"),
    ("蒲公英/车前子", "蒲公英 / 车前子XXXX", "space-left space-right"),
    ("ẞ-1", "ß-1", "case"),
    ("ǆ-1", "Ǆ-1", "case"),
    ("TCP/IP", "TCP——IP", ""),
    ("TCP-IP", "TCP——IP", "hyphen-lookalike doubled"),
    ("TCP-IP", "TCP-–IP", "hyphen-lookalike doubled"),
    ("TCP/IP", "TCP///IP", ""),
    ("TCP/IP", "TCP / / IP", "space-left space-right doubled"),
    ("TCP/IP", "TCP/\u200b/IP", "zero-width doubled"),
    ("TCP/IP", "TCP/\n/IP", ""),
    ("TCP/IP", "TCP\\\\IP", "slash-lookalike doubled"),
    ("TCP/IP", "TCP\\/IP", "escaped"),
    ("TCP/IP", "TCP\\\\/IP", "escaped"),
    ("TCP-IP", "TCP\\-\\-IP", "doubled escaped"),
    ("TCP/IP", "TCP&nbsp;/ IP", "space-left space-right wide-space escaped"),
    ("TCP/IP", "TCP&ZeroWidthSpace;/IP", "zero-width escaped"),
    ("TCP/IP", "TCP%20/%20IP", "space-left space-right escaped"),
    ("TCP/IP", "TCP\\ /IP", "space-left escaped"),
    ("TCP/IP", "TCP&amp;sol;IP", "escaped"),
    ("TCP/IP", "TCP\\u002FIP", "escaped"),
    ("TCP/IP", "TCP\\u{2f}IP", "escaped"),
    ("TCP/IP", "TCP\\x2fIP", "escaped"),
    ("TCP/IP", "TCP%EF%BC%8FIP", "slash-lookalike escaped"),
    ("TCP/IP", "&#84;CP/I&#x50;", "escaped"),
    ("TCP/IP", "TCP&#1114112;IP", ""),
    ("TCP-IP", "TCP&ndash;IP", "hyphen-lookalike escaped"),
    ("TCP-IP", "TCP&nosuch;IP", ""),
    ("版本-1", "%E7%89%88%E6%9C%AC-1", "escaped"),
    ("版本-1", "%E7%89%88%E6%9C-1", ""),
    ("R&D-7", "R&amp;D-7", "escaped"),
    ("a_b-c", "a\\_b-c", "escaped"),
    ("TCP/IP", "**TCP**IP", "dropped markup"),
    ("TCP/IP", "**TCP** IP", "to-space markup"),
    ("TCP/IP", "TCP*IP", ""),
    ("5-3", "5*3", ""),
    ("5-3", "5 * 3", ""),
    ("5-3", "5*\u200b3", ""),
    ("5-3", "5 &#43; 3", ""),
    ("TCP/IP", "TCP/**/IP", ""),
    ("5-3", "5*&#8203;3", ""),
    ("A-1", "A* -1", "space-left markup"),
    ("A-1", "\U0001d400-1", "homoglyph"),
    ("AX-1", "AX - 1", "space-left space-right"),
    ("TCP/IP", "100% R&D \\ <x ] TCP&#47;IP", "escaped"),
    ("5-3", "5\u200b*3", ""),
    ("5-3", "5 _ 3", ""),
    ("5-3", "5 ~~ 3", ""),
    ("5-3", "5_3", "replaced"),
    ("5-3", "5 +3", ""),
    ("5-3", "5+&nbsp;3", ""),
    ("5-3", "5+\u200b3", "zero-width replaced"),
    ("TCP/IP", "[TCP](http://a.b)/IP", "markup"),
    ("TCP/IP", "[TCP][1]/IP", "markup"),
    ("TCP/IP", "TCP/<br />\nIP", "space-right line-break markup"),
    ("TCP/IP", "TCP/<1>IP", ""),
    ("/usr/bin", "usr/bin", ""),
    ("/usr/bin", "_usr/bin", ""),
    ("/usr/bin", "\\usr/bin", "slash-lookalike"),
    ("/usr/bin", "//usr/bin", "verbatim"),
    ("--x-y", "-x-y", "dropped"),
    ("a--b-c", "a-b-c", "dropped"),
    ("a--b-c", "a b-c", "dropped to-space"),
    ("ΟΔΟΣ-1", "οδος-1", "case"),
    ("ß-1", "ẞ-1", "case"),
    ("ß-1", "SS-1", ""),
    ("TCP/IP", "tСp/IP", "homoglyph case"),
    ("TCP/IP", "ｔcp/IP", "fullwidth case"),
    ("10–20", "10-20", "hyphen-lookalike"),
    ("10–20", "10—20", "hyphen-lookalike"),
    ("10－20", "10-20", "hyphen-lookalike"),
    ("C:\\a-b", "C:＼a-b", "slash-lookalike"),
    ("10–20", "10 20", "to-space"),
    ("C:\\a-b", "C:/a-b", "replaced"),
    ("C:\\a-b", "C:\\\\a-b", "escaped"),
    ("C:\\a-b", "C:\\\\\\a-b", ""),
    ("TCP/IP", "T\\CP/IP", ""),
    ("A-1/", "A-1\\", "slash-lookalike"),
    ("A-1/", "A-1\\\\", "slash-lookalike"),
    ("/usr/bin", "\\\\/usr/bin", "verbatim"),
    ("/usr/bin", "x\\\\\\/usr/bin", "escaped"),
    ("a\U0010ffff-1", "a&#1114111;-1", "escaped"),
    ("a!b-1", "a！b-1", "fullwidth"),
    ("a~b-1", "a～b-1", "fullwidth"),
    ("a  b-1", "a  \t b-1", "space-inside wide-space"),
    ("a \tb-1", "a  \tb-1", "space-inside"),
    ("a \tb-1", "a\tb-1", "closed-up"),
    ("5 - 3", "5 -  \n3", "space-right line-break"),
    ("Mon - Fri", "Mon\u00a0Fri", "dropped closed-up"),
    ("TCP/IP", "TCP\u00a0IP", "to-space wide-space"),
    ("TCP/IP", "TCP\u200b IP", "to-space zero-width"),
    ("TCP/IP", "\ud800TCP/ IP\udc00", "space-right"),
    ("Ａ-１", "A-1", "fullwidth"),
    ("ТС-1", "TC-1", "homoglyph"),
    ("A-1", "A-I", ""),
    ("A-O", "A-0", ""),
    ("ad-1", "ɑd-1", ""),
    ("Île-1", "I\u0302le-1", "normal-form"),
    ("Île-1", "Ile-1", "accents"),
    ("Île-d’é", "Île-d’e", ""),
    ("TCP/IP", "⚠️TCP/IP", "verbatim"),
    ("TCP/IP", "1️⃣TCP/IP", "verbatim"),
    ("TCP/IP", "TCP/IP\u0301", ""),
    ("TCP/IP", "%20TCP/IP", ""),
    ("foo-bar", "foo\n- bar", ""),
    ("foo-bar", "foo\n\u00a0\t- bar", ""),
    ("foo-bar", "foo\n– bar", ""),
    ("foo-bar", "foo\n-\tbar", ""),
    ("foo-bar", "foo\n-bar", "space-left line-break"),
    ("TCP/IP", "TCP/\u200b**IP", "zero-width markup"),
    ("GB/T 5", "GB/T&#32;5", "escaped"),
    ("5 - 3", "5<b>\u00a0\u00a0- 3", "space-left wide-space space-kind markup"),
    ("BSKA- SHOG", "BSKA SHOG", "dropped"),
    ("a-- b", "a b", "dropped"),
    ("src/_", "src\\_", "slash-lookalike"),
    ("TCP/IP", "TCP \\_IP", "space-left slash-lookalike markup"),
    ("-x-y", "- x-y", ""),
    ("-x-y", " - x-y", ""),
    ("/usr/bin", "/usr / bin \\", "space-left space-right"),
    ("/usr/bin", "." * 80 + "\\/usr/bin", "escaped"),
    ("a！b-1", "a!b-1", "fullwidth"),
    ("a～b-1", "a~b-1", "fullwidth"),
    ("- x", "- x", ""),
    ("- x", "a - x", "verbatim"),
    ("", "anything", ""),
    (" a-b ", "x a-b y", "verbatim"),
    (" a-b ", "xa-b y", ""),
    (" a-b ", "x a - b y", "space-left space-right"),
    (" a-b ", "\u00a0a-b y", ""),
]


@pytest.mark.parametrize(("target", "output", "damage"), DAMAGE)
def test_damage_is_named_as_decided(target: str, output: str, damage: str) -> None:
    mentions = check("", output, [target]).mentions[target]
    assert len(mentions) == bool(damage)
    for mention in mentions:
        assert set(mention.damage) == set(damage.split()) - {"verbatim"}
        assert list(mention.damage) == sorted(mention.damage, key=DAMAGE_CODES.index)
        assert mention.verdict == VERDICT_OF[max(map(RANK_OF.__getitem__, mention.damage), default=0)]
        assert output[mention.start : mention.end] == mention.text


@pytest.mark.parametrize(("target", "output"), [row[:2] for row in DAMAGE if row[0]])
def test_a_long_text_is_read_as_a_short_one(target: str, output: str) -> None:
    filler = " The floor is dry, so go on." * 30
    short = check("", output + "\n“”", [target]).mentions[target]
    assert check("", output + "\n“”" + filler, [target]).mentions[target] == short


@pytest.mark.parametrize(("target", "output"), [row[:2] for row in DAMAGE if row[0] and row[2]])
def test_the_changes_of_a_mention_make_it_the_target_again(target: str, output: str) -> None:
    (found,) = Judge("", [target], DEFAULT_SYMBOLS).findings(output, "text")
    begin = found.start
    changes = [
        Edit(begin + low, begin + high, output[begin + low : begin + high], new)
        for low, high, new, _ in found.damage.changes
    ]
    mended = applied(output, changes)
    span = mended[found.start : found.end + len(mended) - len(output)]
    assert span.replace("\r\n", " ").replace("\n", " ") == target


@pytest.mark.parametrize(
    ("target", "output", "text"),
    [
        ("/usr/bin", "\\/usr/bin", "\\/usr/bin"),
        ("/usr/bin", "\\/usr \\/ bin", "\\/usr \\/ bin"),
        ("A-1/", "see A-1\\/", "A-1\\/"),
        ("TCP/IP", "**TCP**/IP**", "TCP**/IP"),
        ("TCP/IP", "x &#84;CP/IP", "&#84;CP/IP"),
        ("TCP/IP", "TCP/IP\u200b", "TCP/IP"),
        ("GB/T 5", "as GB/T\n5 says", "GB/T\n5"),
    ],
)
def test_a_mention_reaches_as_far_as_decided(target: str, output: str, text: str) -> None:
    assert [mention.text for mention in check("", output, [target]).mentions[target]] == [text]


# The decisions of docs/checker.md about targets beside each other, one example a line.


@pytest.mark.parametrize(
    ("source", "targets", "output", "verdicts"),
    [
        ("", ["A-B", "A-B-C"], "A - B - C", ["absent", "spaced"]),
        ("", ["A-B", "A-B-C"], "A-B - C", ["verbatim", "spaced"]),
        ("", ["A-B", "A-B-C"], "A-B-C", ["verbatim", "verbatim"]),
        ("", ["A-B", "B-C-D"], "A - B - C- D", ["absent", "spaced"]),
        ("", ["A-B-C", "C-D-E-F"], "A–B–C–D–E–F", ["absent", "lookalike"]),
        ("", ["A-B-C", "C-D-E-F"], "A/B/C/D/E/F", ["absent", "altered"]),
        ("", ["A-B", "B-C-D"], "A B/C/D", ["absent", "altered"]),
        ("", ["A-B", "B-C-D-E"], "A&#32;-B/C/D/E", ["absent", "altered"]),
        ("", ["A-B", "B-C-D"], "А-B–C–D", ["absent", "lookalike"]),
        ("", ["A-B", "B-C-D"], "Ａ-B–C–D", ["absent", "lookalike"]),
        ("", ["A-B", "B-C-D-E-F"], "A - - B/C/D/E/F", ["absent", "altered"]),
        ("", ["A-B-C", "C-D-E"], "A/B - C/D/E", ["absent", "altered"]),
        ("", ["A-B", "B-C", "C-D"], "A - B - C - D", ["spaced", "absent", "spaced"]),
        ("see GB/T\n5", ["GB/T 5"], "as GB/T\n5 says", ["verbatim"]),
        ("", ["CFM56-5B5", "CFM56-5B5/P"], "CFM56-5B5 /P", ["verbatim", "spaced"]),
        ("", ["TCP/IP", "TCP-IP"], "TCP-IP", ["absent", "verbatim"]),
        ("", ["x-y", "ax y b"], "ax y b", ["absent", "verbatim"]),
        ("", ["A-1", "A/1"], "A 1", ["altered", "absent"]),
        ("", ["A/1", "A-1"], "A 1", ["altered", "absent"]),
        ("", ["A-1", "a-1"], "A - 1", ["spaced", "absent"]),
        ("", ["出口-入口", "入口-大门"], "出口 - 入口-大门", ["spaced", "verbatim"]),
        ("入口/出口 入口 / 出口", ["入口/出口"], "入口 / 出口", ["absent"]),
        ("x入口 / 出口", ["TCP/IP"], "TCP / IP", ["spaced"]),
        ("TCP / IPv6", ["TCP/IP"], "TCP / IP", ["spaced"]),
        ("TCP / IPv6, TCP / IP", ["TCP/IP"], "TCP / IP", ["absent"]),
        ("TCP / IP, TCP / IPv6", ["TCP/IP"], "TCP / IP", ["absent"]),
        ("TCP / IPv4, TCP / IP, TCP / IPv6", ["TCP/IP"], "TCP / IP", ["absent"]),
        ("x\\usr/bin", ["/usr/bin"], "\\usr/bin", ["absent"]),
        ("usr - b/x", ["usr-b/"], "usr - b/", ["absent"]),
        (["TCP /", " IP"], ["TCP/IP"], "TCP / IP", ["spaced"]),
    ],
)
def test_stretches_belong_to_the_target_decided(
    source: str | list[str], targets: list[str], output: str, verdicts: list[str]
) -> None:
    assert list(check(source, output, targets).verdicts.values()) == verdicts


def test_the_worst_mention_gives_the_verdict() -> None:
    result = check("", "A-1, A – 1, A - 1", ["A-1"])
    assert [mention.verdict for mention in result.mentions["A-1"]] == ["verbatim", "lookalike", "spaced"]
    assert result.verdicts == {"A-1": "lookalike"}


def test_targets_keep_their_order_and_come_once() -> None:
    assert list(check("", "", ["b-1", "a-1", "b-1"]).verdicts) == ["b-1", "a-1"]
    assert check("a-1", "x", []).verdicts == {}


@pytest.mark.parametrize(
    ("target", "output", "mentions"),
    [
        ("1-1-1", "1-1-1-1 - 1", ["1-1-1 verbatim"]),
        ("1-1-1", "1/1-1 - 1", ["1-1 - 1 spaced"]),
        ("吧台/岛台", "吧台/岛台吧台 / 岛台", ["吧台/岛台 verbatim", "吧台 / 岛台 spaced"]),
        ("A-1 A-1", "A-1\nA-1 A - 1", ["A-1\nA-1 verbatim"]),
        ("GB/T 5", "GB/T\n5 GB/T\n5 GB/T  5", ["GB/T\n5 verbatim", "GB/T\n5 verbatim", "GB/T  5 spaced"]),
        ("GB/T 5", "GB/T  5 GB/T\n5", ["GB/T  5 spaced", "GB/T\n5 verbatim"]),
    ],
)
def test_mentions_of_one_target_do_not_overlap(target: str, output: str, mentions: list[str]) -> None:
    found = check("", output, [target]).mentions[target]
    assert [f"{mention.text} {mention.verdict}" for mention in found] == mentions


def test_edits_are_as_small_as_the_damage() -> None:
    assert [(edit.start, edit.old, edit.new) for edit in repair("A-1", "A – 1").edits] == [
        (1, " ", ""),
        (2, "–", "-"),
        (3, " ", ""),
    ]


@pytest.mark.parametrize(
    ("source", "damaged", "severity"),
    [
        ("查 沪深300/中证500 走势", "沪深 300/中证 500", "damage"),
        ("到 东门-2号/风向标 处", "东门-2 号/风向标", "damage"),
        ("用 OA-移动端/iOS版 登录", "OA-移动端/iOS 版", "damage"),
        ("住 500元/晚 的", "500 元/晚", "note"),
        ("坐 5/12号 线", "5/12 号", "note"),
    ],
)
def test_a_blank_between_scripts_in_a_pair_is_damage_but_for_a_number_and_its_measure_word(
    source: str, damaged: str, severity: str
) -> None:
    found = [one for several in check(source, f"见 {damaged} 处，共 3 处").mentions.values() for one in several]
    assert [one.severity for one in found if one.damage] == [severity]


@pytest.mark.parametrize(
    ("source", "damaged", "verdict"),
    [
        ("套餐代码 TJ-B2/女，空腹", "TJB2/女", "altered"),
        ("错误码 OA_5031 可忽略", "OA_5013", "corrupted"),
        ("the beam W12x26 is", "W12X26", "altered"),
        ("停在 G3-南门/桥下 处", "G3南门/桥下", "altered"),
        ("送到 科兴路9号-B座/1806 吧", "科兴路9 号-B座/1806", "spaced"),
        ("取 东侧-料棚/2区 的", "东侧-料棚/2 区", "spaced"),
    ],
)
def test_a_short_or_mixed_code_is_a_code_and_no_pair_or_name(source: str, damaged: str, verdict: str) -> None:
    assert [*check(source, f"代码是 {damaged} 。").verdicts.values()] == [verdict]


@pytest.mark.parametrize(
    ("source", "output"),
    [
        ("sound-check is at 4:30pm", "at 4:30 pm"),
        ("明代(1368-1644)，", "明代（1368—1644 年）"),
        ("Is a 10-kWh battery enough", "a battery of 10 kWh"),
        ("填 凭证记-0618/附5张 的", "凭证 记-0618/附5张"),
    ],
)
def test_a_time_a_span_a_size_and_a_word_before_a_code_may_be_written_otherwise(source: str, output: str) -> None:
    assert not any(
        one.severity == "damage" for several in check(source, output).mentions.values() for one in several if one.damage
    )
    assert repair(source, output).text == output


def test_where_a_folder_is_mounted_its_path_ends() -> None:
    source = "日志在 /data/充电桩/A07-直流/ 里"
    assert check(source, '- "/data/充电桩/A07_直流/:/log"').verdicts == {"/data/充电桩/A07-直流/": "altered"}
    assert check(source, '- "/data/充电桩/A07-直流/:/log"').verdicts == {"/data/充电桩/A07-直流/": "verbatim"}
