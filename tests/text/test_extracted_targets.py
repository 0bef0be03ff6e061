"""How damage to a target counts that nobody listed: by its kind, and by the edges that the scanner was sure of."""

import tracemalloc

import pytest

from harness.text import Target, check, repair


def judged(target: Target, source: str, output: str) -> tuple[str, list[tuple[str, str]]]:
    result = check(source, output, [target])
    return result.verdicts[target.text], [(one.text, one.severity) for one in result.mentions[target.text]]


@pytest.mark.parametrize(
    ("kind", "text", "output", "verdict", "mentions"),
    [
        ("range", "10-20", "10–20 m", "verbatim", [("10–20", "note")]),
        ("range", "0600-0800", "0600–0800", "verbatim", [("0600–0800", "note")]),
        ("range", "3,3-5V", "3,3–5 V", "verbatim", [("3,3–5 V", "note")]),
        ("range", "3,3-5V", "3,3 - 5 V", "spaced", [("3,3 - 5 V", "damage")]),
        ("range", "10-20", "10～20 m", "verbatim", [("10～20", "note")]),
        ("range", "10-20", "10 – 20 m", "lookalike", [("10 – 20", "damage")]),
        ("range", "10-20", "10 - 20 m", "spaced", [("10 - 20", "damage")]),
        ("range", "10-20", "10 20, 1020, 10_20, 10/20", "absent", []),
        ("range", "3-5个", "3–5 个工作日", "verbatim", [("3–5 个", "note")]),
        ("range", "3-5个", "3 - 5 个工作日", "spaced", [("3 - 5 个", "damage")]),
        ("date", "2024-05-01", "2024/05/01", "absent", []),
        ("date", "2024-05-01", "2024 - 05 - 01", "spaced", [("2024 - 05 - 01", "damage")]),
        ("name", "and/or", "and or, and-or, And/Or, andor", "absent", []),
        ("name", "and/or", "and / or", "spaced", [("and / or", "damage")]),
        ("name", "top-level", "top–level", "lookalike", [("top–level", "damage")]),
        ("name", "startup-file", "打开 startup file。", "altered", [("startup file", "damage")]),
        ("name", "startup-file", "open the startup file", "absent", []),
        ("cjk-pair", "吧台/岛台", "吧台、岛台 吧台 岛台 吧台岛台", "absent", []),
        ("cjk-pair", "吧台/岛台", "吧台 / 岛台", "spaced", [("吧台 / 岛台", "damage")]),
        ("cjk-pair", "吧台/岛台", "吧台／岛台", "lookalike", [("吧台／岛台", "damage")]),
        ("identifier", "created_at", "it was created at noon", "verbatim", [("created at", "note")]),
        ("identifier", "user_id2", "the user id2", "altered", [("user id2", "damage")]),
        ("version", "3.11", "311 files, 3 11, 3_11", "absent", []),
        ("version", "3.11.20", "31120", "altered", [("31120", "damage")]),
        ("code", "AB-12-A", "AB-12 a better one", "absent", []),
        ("code", "AB-12-A", "AB 12 A", "altered", [("AB 12 A", "damage")]),
        ("code", "Sikalastic-609", "Sikalastic-\n609", "spaced", [("Sikalastic-\n609", "damage")]),
        ("cas", "CAS64-17-5", "CAS**64-17-5**", "verbatim", [("CAS**64-17-5", "note")]),
        ("cas", "CAS64-17-5", "CAS64**-17-5**", "altered", [("CAS64**-17-5", "damage")]),
        ("cas", "CAS64-17-5", "CAS**64**-17-5", "altered", [("CAS**64**-17-5", "damage")]),
        ("file", "年-报.md", '{"a": "\\u5e74-\\u62a5.md"}', "verbatim", [("\\u5e74-\\u62a5.md", "note")]),
        ("file", "年-报.md", "a \\u5e74-\\u62a5.md", "altered", [("\\u5e74-\\u62a5.md", "damage")]),
        ("file", "年-报.md", '{"a": "\\u5e74\\u002d\\u62a5.md"}', "verbatim", [("\\u5e74\\u002d\\u62a5.md", "note")]),
        ("identifier", "net_amt_GBP", "net_amt_gbp", "altered", [("net_amt_gbp", "damage")]),
        ("number", "5-2-601", "5-2–601", "lookalike", [("5-2–601", "damage")]),
        ("name", "A-Z", "A–Z", "verbatim", [("A–Z", "note")]),
        ("code", "3-2-1402室", "3-2-1402 室", "verbatim", [("3-2-1402 室", "note")]),
        ("code", "AB-C1/X台", "AB-C1/X 台", "spaced", [("AB-C1/X 台", "damage")]),
        ("code", "DEB-SYSTEMD-HELPER", "deb-systemd-helper", "verbatim", [("deb-systemd-helper", "note")]),
        ("code", "DEB-SYSTEMD-HELPER", "Deb-systemd-helper", "altered", [("Deb-systemd-helper", "damage")]),
        ("code", "DEB-SYSTEMD-7", "deb-systemd-7", "altered", [("deb-systemd-7", "damage")]),
        ("code", "TCP/IP", "tcp/ip", "altered", [("tcp/ip", "damage")]),
        ("unit", "12mm/ot", "12 mm/ot", "verbatim", [("12 mm/ot", "note")]),
        ("unit", "12mm/ot", "12mm / ot", "spaced", [("12mm / ot", "damage")]),
        ("range", "14-16°C", "14–16 °C", "verbatim", [("14–16 °C", "note")]),
        ("code", "V2-V4", "V2–V4", "verbatim", [("V2–V4", "note")]),
        ("code", "V2-X4", "V2–X4", "lookalike", [("V2–X4", "damage")]),
        ("name", "Mon-Thu", "Mon–Thu", "verbatim", [("Mon–Thu", "note")]),
        ("path", "/var/lib/data", "var lib data", "absent", []),
        ("path", "/proc/sys/", "in /proc/ sys/", "spaced", [("/proc/ sys/", "damage")]),
        ("code", "#Setup-Guide", "# Setup Guide", "absent", []),
        ("code", "#Setup-Guide", "see #Setup Guide", "altered", [("#Setup Guide", "damage")]),
        ("placeholder", "{Error}", "the ${error}", "absent", []),
        ("placeholder", "{Error}", "the {error}", "altered", [("{error}", "damage")]),
        ("placeholder", "{Buffer}", "import { Buffer } from", "absent", []),
        ("placeholder", "{name}", "Hello { name }", "spaced", [("{ name }", "damage")]),
        ("code", "HTTP/2", "pip install x[http2], http 2", "altered", [("http 2", "damage")]),
        ("code", "BSD-3-Clause", "BSD-3-clause", "verbatim", [("BSD-3-clause", "note")]),
        ("code", "BSD-3-Clause", "bsd-3-clause", "altered", [("bsd-3-clause", "damage")]),
        ("email", "ana.lopez@x.org", "Ana.Lopez@X.org", "verbatim", [("Ana.Lopez@X.org", "note")]),
        ("identifier", "uintN_t", "of type [u]intN_t", "absent", []),
        ("identifier", "s3.Object", "the S3 object", "verbatim", [("S3 object", "note")]),
        ("code", "DEVLINK-RESOURCE", "the devlink resource", "absent", []),
        ("path", "/etc/nsswitch.conf", "IN /ETC/NSSWITCH.CONF\nis", "verbatim", [("/ETC/NSSWITCH.CONF", "note")]),
        ("path", "/etc/nsswitch.conf", "in /ETC/NSSWITCH.CONF", "altered", [("/ETC/NSSWITCH.CONF", "damage")]),
        ("option", "--issue-file", "/issue file", "absent", []),
        ("unit", "kg/day", "kg/\nday", "verbatim", [("kg/\nday", "note")]),
        ("unit", "kg/day", "`kg/\nday`", "spaced", [("kg/\nday", "damage")]),
        ("unit", "kg/day", "Kg/day is", "verbatim", [("Kg/day", "note")]),
        ("unit", "kg/day", "in Kg/day", "altered", [("Kg/day", "damage")]),
        ("code", "TCP/IP", "https://x.org/tcp-ip-guide tcp-ip.md #tcp-ip tcp_ip_x", "absent", []),
        ("code", "TCP/IP", "see tcp-ip.", "altered", [("tcp-ip", "damage")]),
    ],
)
def test_damage_counts_by_kind(
    kind: str, text: str, output: str, verdict: str, mentions: list[tuple[str, str]]
) -> None:
    target = Target(text, kind, 0, len(text))
    assert judged(target, text, output) == (verdict, mentions)
    mended = repair(text, output, [target])
    assert bool(mended.edits) is (verdict in ("spaced", "lookalike"))


PAIR = "请带二合一/防雨外套。"
BRANCH = "执行feature/订单-导出旧稿后再跑"


@pytest.mark.parametrize(
    ("source", "output", "verdict", "repaired"),
    [
        (PAIR, "请带 二合一/防雨 外套。", "verbatim", None),
        (PAIR, "请带**二合一/防雨**外套。", "verbatim", None),
        (PAIR, "请带 **二合一/防雨** 外套。", "verbatim", None),
        (PAIR, "请带\n二合一/防雨外套。", "verbatim", None),
        (PAIR, "请带**二合一 / 防雨**外套。", "spaced", "请带**二合一/防雨**外套。"),
        (PAIR, "请带 二合一/ 防雨 外套。", "spaced", "请带 二合一/防雨 外套。"),
        (PAIR, "请带**二合一**/防雨外套。", "altered", None),
        ("打开 钢结构/GJ12节点详图 吧", "打开 钢结构/GJ12 节点详图 吧", "spaced", "打开 钢结构/GJ12节点详图 吧"),
        (BRANCH, "`feature/订单-导出`旧稿后", "verbatim", None),
        (BRANCH, "`feature/订单 - 导出`旧稿后", "spaced", "`feature/订单-导出`旧稿后"),
        (BRANCH, "feature/订 单-导出旧稿", "spaced", "feature/订单-导出旧稿"),  # not in the Han at the uncertain edge
        ("住3-2-1402室", "住 3-2-1402 室", "verbatim", None),
        ("住3-2-1402室", "住**3-2-1402**室", "verbatim", None),
        ("住3-2-1402室", "住 3-2 - 1402 室", "spaced", "住 3-2-1402 室"),
        ("看旧单据/新单据_a处", "看旧 单据/新单据_a处", "verbatim", None),
        ("读取/data/样本资料内容", "读取/data/样本 资料内容", "spaced", "读取/data/样本资料内容"),  # a path is a whole
    ],
)
def test_what_parts_words_that_a_target_took_from_its_sentence_is_the_writers(
    source: str, output: str, verdict: str, repaired: str | None
) -> None:
    assert set(check(source, output).verdicts.values()) == {verdict}
    assert repair(source, output).text == (repaired or output)


@pytest.mark.parametrize(
    ("target", "output", "verdict"),
    [
        (Target("导出旧稿-v2", "code", 0, 8, open_left=True), "导出 旧稿-v2", "verbatim"),
        (Target("导出旧稿-v2", "code", 0, 8, open_right=True), "导出 旧稿-v2", "spaced"),
        (Target("/data/样本资料内容", "path", 0, 12, open_right=True), "/data/样本资料 内容", "spaced"),
        (Target("样本资料内容/a.md", "file", 0, 11, open_left=True), "样本 资料内容/a.md", "spaced"),
    ],
)
def test_han_at_an_uncertain_edge_may_be_the_sentences_but_not_in_a_path(
    target: Target, output: str, verdict: str
) -> None:
    assert judged(target, target.text, output)[0] == verdict


def test_a_strict_kind_takes_nothing_for_the_writers() -> None:
    found = check(PAIR, "请带 二合一/防雨外套。", strict_kinds=["cjk-pair"]).mentions["带二合一/防雨"]
    assert [(one.damage, one.severity) for one in found] == [(("space-inside",), "damage")]


def test_one_backslash_may_be_two_before_a_sign() -> None:
    assert check("", "`C:\\\\_logs`", ["C:\\_logs"]).verdicts == {"C:\\_logs": "verbatim"}


@pytest.mark.parametrize(
    ("source", "output", "severities"),
    [
        ("use numpy>=1.24,<2.0", "numpy >= 1.24, < 2.0 numpy>=1. 24,<2.0", ["note", "damage"]),
        ("let $a_1-b$ be", "$a_1 - b$ $ a_1-b $ $A_1-b$ $a_ 1-b$", ["note", "note", "damage"]),
        ("let $a_{12}-b_{34}$ be", "$a_{12}-b_{35}$", []),
        ("ISBN978-7-111-40701-0", "ISBN 978-7-111-40701-0 或 978-7-111 - 40701-0", ["note", "damage"]),
        ("run --dry_run", "--dry-run or `--dry-run`", ["note", "damage"]),
        ("页面user-center/订单", "user-center 订单或 user-center / 订单", ["note", "damage"]),
        ("用0.9%NaCl冲洗", "0.9% NaCl 或 0.9%Na Cl", ["note", "damage"]),
        ("见12J609/第17页", "12J609 第 17 页或 12J609 / 第17页", ["note", "damage"]),
        ("坐标X/Y", "坐标 X、Y 或 X / Y", ["damage"]),
        ("今天 -31℃，", "今天 - 31℃", ["damage"]),
        ('{"话术": "前100名送颈椎枕*1"}', '"前 100 名送颈椎枕*1"', []),
        ("msg.cart-empty=空", "msg.cart_empty=Empty", ["damage"]),
        ("冷冻-18℃保存", "冷冻 -18 ℃保存，冷冻- 18℃", ["damage", "damage"]),
        ("run --config=/etc/app-x.conf", "in /etc/app -x.conf", ["damage"]),
        ("see docs/v2.md#install", "see docs/v2.md#instal", ["damage"]),
        ("at $12/mo, \\eqref{eq:a-bc}", "at $ 12/mo, \\eqref{eq:a - bc}", ["note", "damage"]),
        ("order #1002-4471", "order 1002-4471 or 1002 - 4471", ["damage", "damage"]),
        ("in UTF-8 with SHA-256", "UTF8, UTF 8, SHA256, SHA–256", ["note", "damage", "note", "damage"]),
        ("l'e-mail, don't-care/x", "l’e-mail, l'e - mail", ["note", "damage"]),
        ("=VLOOKUP(A2,B:C) in", "=VLOOKUP(A2, B:C) or =VLOOKUP(A2,B:C )", ["note", "damage"]),
        ('Split("a,b,c")', "a, b, c or a,b ,c", ["note", "damage"]),
        ("上火190℃/下火", "上火 190℃、下火和 190 ℃/下火", ["damage"]),
        ("4-(2,4-xylyl)but-2-ene", "4-(2, 4-xylyl)but-2-ene", ["damage"]),
        ("the A319-114 of", "an a319-114", ["damage"]),
        ("see timeout_method", "the timeout-method, the timeout method", ["damage", "note"]),
        ("import {map} of {name}", "import { map } and { name }", ["damage"]),
        ("as %Y-%m-%d only", "as %Y/%m/%d or %Y-%m/%d", ["damage"]),
        ("in src/app/models/user.py", "src/\n  app/\n    models/\n      user.py", []),
        ("in src/app/user.py", "src/ app/user.py", ["damage"]),
        ("`config.set(...)` sets", "`config.set()`", ["damage"]),
        ("<!--type=misc--> is", "<!-- type=misc -->", []),
        ("Contribution(s) are", "(Contributions)", []),
    ],
)
def test_what_a_writer_chooses_is_a_note_and_the_rest_is_damage(
    source: str, output: str, severities: list[str]
) -> None:
    result = check(source, output)
    assert [one.severity for found in result.mentions.values() for one in found] == severities


def test_a_project_can_be_strict_with_a_kind() -> None:
    target = Target("10-20", "range", 0, 5)
    assert check("10-20", "10–20", [target], strict_kinds=["range"]).verdicts == {"10-20": "lookalike"}
    assert check("10-20", "10–20", ["10-20"]).verdicts == {"10-20": "lookalike"}


def test_the_reach_is_where_source_and_answer_agree() -> None:
    target = Target("吧台/岛台", "cjk-pair", 1, 6, open_left=True, open_right=True)
    (mention,) = check("水吧台/岛台区域", "在水吧台 / 岛台区内", [target]).mentions[target.text]
    assert (mention.text, mention.reach) == ("吧台 / 岛台", (1, 10))
    (mention,) = check("水吧台/岛台区域", "酒吧台 / 岛台", [target]).mentions[target.text]
    assert mention.reach is None


PATH = "/data/home/XJ风机选型/样本资料"


@pytest.mark.parametrize(
    ("output", "verdict", "mentions"),
    [
        (PATH, "verbatim", [PATH]),
        ("/data/home/XJ 风机选型/样本资料", "spaced", ["/data/home/XJ 风机选型/样本资料"]),
        ("cd XJ 风机选型/样本资料", "spaced", ["XJ 风机选型/样本资料"]),
        ("cd XJ风机选型/样本资料", "verbatim", ["XJ风机选型/样本资料"]),
        ("/dat/home/XJ风机选型/样本资料", "absent", []),
        ("cd home/ XJ风机选型/样本资料", "absent", []),  # behind the damaged rest of the whole
        ("/data/home。XJ风机选型/样本资料", "absent", []),
        ("/data/home/XJ风机选型/样本 资料", "spaced", ["/data/home/XJ风机选型/样本 资料"]),
    ],
)
def test_a_fragment_never_vouches_for_the_whole_path(output: str, verdict: str, mentions: list[str]) -> None:
    target = Target(PATH, "path", 0, len(PATH), alternates=("XJ风机选型/样本资料",))
    result = check(PATH, output, [target])
    assert result.verdicts == {PATH: verdict}
    assert [mention.text for mention in result.mentions[PATH]] == mentions


@pytest.mark.parametrize(
    ("output", "verdict", "mentions"),
    [
        ("合同在人事/2026/a.pdf", "verbatim", ["合同在人事/2026/a.pdf"]),
        ("放在 人事/2026/a.pdf", "verbatim", ["人事/2026/a.pdf"]),
        ("人事 / 2026/a.pdf", "spaced", ["人事 / 2026/a.pdf"]),
        ("人事目录里的 2026/a.pdf", "verbatim", ["2026/a.pdf"]),
    ],
)
def test_words_before_the_first_folder_hide_no_damage(output: str, verdict: str, mentions: list[str]) -> None:
    result = check("合同在人事/2026/a.pdf", output)
    assert result.verdicts == {"合同在人事/2026/a.pdf": verdict}
    assert [mention.text for mention in result.mentions["合同在人事/2026/a.pdf"]] == mentions


def test_the_pairs_of_a_chain_are_not_counted_beside_it() -> None:
    chain = "北京/上海/广州"
    target = Target(chain, "cjk-pair", 0, 8, alternates=("北京/上海", "上海/广州"))
    assert check(chain, "北京 / 上海 / 广州", [target]).verdicts == {chain: "spaced"}
    assert check(chain, "北京 / 上海", [target]).verdicts == {chain: "spaced"}
    assert len(check(chain, "北京 / 上海 / 广州", [target]).mentions[chain]) == 1


def test_provenance_takes_the_first_letter_in_either_case() -> None:
    target = Target("entry/exit", "unit", 0, 10)
    source = "entry/exit and Entry / exit"
    assert check(source, "by entry / exit", [target]).verdicts == {"entry/exit": "absent"}
    assert check(source, "by entry / exit", ["entry/exit"]).verdicts == {"entry/exit": "spaced"}


@pytest.mark.parametrize(
    ("source", "output", "verdicts"),
    [
        ("see AB-1001 and AB-1002", "AB-1003", {"absent"}),
        ("see AB-1001 and CD-2002", "AB-1003", {"absent", "corrupted"}),
        ("https://x.org/pull/14136 https://x.org/pull/14250", "https://x.org/pull/14137", {"absent"}),
        ("https://x.org/pull/14136", "https://x.org/pull/14137", {"corrupted"}),
        ("needs libgmp3-dev", "needs libgmp4-dev", {"absent"}),
        ("unit LM-2041-B", "unit LM-2047-B", {"corrupted"}),
        ("PNG-1.2.15", "PNG-1.2.9", {"absent"}),
        ("PNG-1.2.15", "PNG-1.2.1S", {"corrupted"}),
        ("at 192.168.0.21", "at 192.168.0.12", {"corrupted"}),
        ("A8.01/3", "A8.02/3", {"corrupted"}),
        ("torch==2.3.1 with torch", "torch==2.3.2", {"corrupted"}),
        ("torch==2.3.1+cu121", "torch==2.3.1+cu211", {"corrupted"}),
        ("page-12.html", "page-13.html", {"absent"}),
        ("use nginx:1.25.3", "use nginx:1.25.4", {"corrupted"}),
        ("part KLM-2204-7-abc", "part KLM-2204-9-abc", {"corrupted"}),
        ("use getUser() of", "getUser<T>() and getUser(() => 1)", {"verbatim"}),
        ("use getUser() of", "use getUser ()", {"spaced"}),
        ("use RenderPass::Shadow()", "use RenderPass.Shadow()", {"altered"}),
        ("the $Name is", "the $name is", {"verbatim"}),
        ("zx-cli and zx-cli@1.9.0", "zx-cli or zx-cli@1.6.0", {"verbatim", "corrupted"}),
        ("kernel-devel-6.8.9-300.fc40", "kernel-devel-6.9.8-300.fc40", {"corrupted"}),
        ("kernel-devel-6.8.9-300.fc40", "kernel-devel-6.8.8-300.fc40", {"absent"}),
        ("order D22+L1Y", "order D22 + L1Y", {"spaced"}),
        ("VLAN 10-20,99", "VLAN 10-20, 99", {"verbatim"}),
        ("note-2024.html", "note-2023.html", {"corrupted"}),
        ("DEP0018 is", "DEP0019 is", {"absent"}),
        ("kernel-devel-6.8.9-300.fc40", "kernel-devel-6.4.9-300.fc40", {"corrupted"}),
        ("page-12.html", "page-72.html", {"corrupted"}),
        ("page-12.html", "page-15.html", {"absent"}),
        ("libxcb-xlib0", "libxcb-xlib", {"absent"}),
        ("host sw-core-03", "host sw-core-3", {"corrupted"}),
        ("account ACC_77120", "account ACC_77,120", {"corrupted"}),
        ("share \\\\srv-01\\data", "share \\srv-01\\data", {"altered"}),
        ("set retry_max=5", "set retry-max=5", {"altered"}),
        ("set retry_max=5", "set other-retry-max=5", {"absent"}),
        ("closes #701519", "closes #700519", {"corrupted"}),
        ("unit #LM-2041-B", "unit LM-2014-B", {"corrupted"}),
        ("a Ryzen 7-7840HS", "a Ryzen 7-7480HS", {"corrupted"}),
        ("PO 88-31906 of", "PO 8831906", {"altered"}),
        ("from 10-12000 rows", "1012000 rows", {"absent"}),
        ("cards MJ-E07a and MJ-E07b", "card MJ-E7a", {"absent", "corrupted"}),
        ("closes #701519", "closes #700519 and #695412", {"absent"}),
        ("closes #701519", "closes #701519, and #695412", {"verbatim"}),
        ("{user} has {n}", "{usuario} tiene {m}", {"corrupted"}),
        ("{user} has {n}", "{map} tiene {map}", {"absent"}),
        ("{Buffer} is", "{boolean}", {"absent"}),
        ("{user} is", "{usuario} es" + 100 * " lungo", {"absent"}),
    ],
)
def test_one_more_of_a_family_is_no_near_miss(source: str, output: str, verdicts: set[str]) -> None:
    assert set(check(source, output).verdicts.values()) == verdicts


def test_a_listed_string_that_lost_its_first_backslash_is_damage() -> None:
    text = r"see \\fs-02\share\notes.md"
    assert set(check(text, text.replace(r"\\", "\\"), [text[4:]]).verdicts.values()) == {"altered"}


def test_an_empty_target_is_absent_beside_others_and_their_alternates() -> None:
    whole = Target("入口/出口/通道", "cjk-pair", alternates=("入口/出口",))
    assert check("", "入口/出口/通道，入口/出口。", ["", whole]).verdicts == {"": "absent", whole.text: "verbatim"}
    assert check("", "A-1, A-1", ["A-1", ""]).verdicts == {"A-1": "verbatim", "": "absent"}


def test_a_sum_that_the_answer_works_out_is_not_a_mention_of_its_number() -> None:
    assert check("The ratio is 12/4 at peak.", "We get 12 / 4 = 3 here.").verdicts == {"12/4": "absent"}
    assert check("The ratio is 12/4 at peak.", "We get 12 / 4 here.").verdicts == {"12/4": "spaced"}


def test_a_text_that_is_one_token_is_not_kept_once_for_each_mention() -> None:
    source, output = "A/B/C；UTF-8", "a.b/c?" * 2_000
    tracemalloc.start()
    try:
        assert "altered" not in check(source, output).verdicts.values()
        assert tracemalloc.get_traced_memory()[1] < 20_000_000
    finally:
        tracemalloc.stop()
