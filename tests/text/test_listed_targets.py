"""Listed targets: every sign, wider edges of numbers, inflection, near misses, escapes, reasoning."""

import pickle
from collections.abc import Iterator
from typing import Any

import pytest

from benchmarks.text.corpora import DAMAGE, MANY, MENTIONS, SOURCE, filled
from harness.text import check, find, near, repair, search
from harness.text.fold import Page, Pattern, Skeleton
from harness.text.near import how_near

ROWS = [
    # target, output, verdict, damage codes
    ("user_name", "user name", "altered", "to-space"),
    ("user_name", "username", "altered", "dropped"),
    ("user_name", "user-name", "altered", "replaced"),
    ("user_name", "user＿name", "lookalike", "fullwidth"),
    ("user_name", "user __name", "altered", "space-inside doubled"),
    ("user_name", "user _ name", "spaced", "space-inside"),
    ("user_name", "user\\_name", "altered", "escaped"),
    ("3.11", "3。11", "lookalike", "sign-lookalike"),
    ("3.11", "3 .11", "spaced", "space-inside"),
    ("3.11", "3．11", "lookalike", "fullwidth"),
    ("3.11", "311", "altered", "dropped"),
    ("3.11", "3,11", "altered", "replaced"),
    ("v1.2.3", "v1.2. 3", "spaced", "space-inside"),
    ("v1.2.3", "v1.2.4", "absent", ""),
    ("v1.2.3", "V1.2.3", "altered", "case"),
    ("dB(A)", "dB（A）", "lookalike", "fullwidth"),
    ("dB(A)", "dB (A)", "spaced", "space-inside"),
    ("dB(A)", "dB[A]", "absent", ""),
    ("dB(A)", "dBA", "absent", ""),
    ("arr-12", "arr[12]", "absent", ""),
    ("user_id", "[user][id]", "absent", ""),
    ("CD-ROM", "CD {ROM}", "absent", ""),
    ("US-50", "US$50", "absent", ""),
    ("AB-12", "AB-[12](x)", "altered", "markup"),
    ("a@b.com", "a@ b.com", "spaced", "space-inside"),
    ("a@b.com", "a＠b.com", "lookalike", "fullwidth"),
    ("a@b.com", "a at b.com", "absent", ""),
    ("info@x-1.org", "info@x-l.org", "corrupted", "changed"),
    ("(212) 555-0147", "(212) 555-0174", "corrupted", "transposed"),
    ("AB1-C", "ABI-C", "corrupted", "changed"),
    ("ORD-2024-0010077", "ORD-2024-10077", "corrupted", "truncated"),
    ("10:30", "10：30", "lookalike", "fullwidth"),
    ("10:30", "10 : 30", "spaced", "space-inside"),
    ("10:30", "10.30", "altered", "replaced"),
    ("C++", "C ++", "spaced", "space-inside"),
    ("C#", "C♯", "lookalike", "sign-lookalike"),
    ("C#", "C #", "spaced", "space-inside"),
    ("C++17", "C+17", "altered", "dropped"),
    ("5*3=15", "5×3=15", "lookalike", "sign-lookalike"),
    ("{name}", "{ name }", "spaced", "space-inside"),
    ("{name}", "{nombre}", "corrupted", "changed"),
    ("{{user}}", "{{ user }}", "spaced", "space-inside"),
    ("{{user}}", "{user}", "altered", "dropped"),
    ("%(n)s", "% (n)s", "spaced", "space-inside"),
    ("${VAR}", "$ {VAR}", "spaced", "space-inside"),
    ("${VAR}", "${var}", "altered", "case"),
    ("<0/>", "< 0/>", "spaced", "space-inside"),
    ("<0/>", "<0 />", "spaced", "space-left"),
    (":id", ": id", "spaced", "space-inside"),
    ("%s", "% s", "spaced", "space-inside"),
    ('say "hi"-1', "say “hi”-1", "lookalike", "quote-lookalike"),
    ("L'Or-2", "L’Or-2", "lookalike", "quote-lookalike"),
    ("‘x’-1", "'x'-1", "lookalike", "quote-lookalike"),
    ("5'10\"", "5′10″", "lookalike", "quote-lookalike"),
    ("wait...1", "wait…1", "lookalike", "sign-lookalike"),
    ("a...b", "a…b", "lookalike", "sign-lookalike"),
    ("a…b", "a...b", "lookalike", "sign-lookalike"),
    ("等……A-1", "等 ......A-1", "lookalike", "space-inside sign-lookalike"),
    ("AB-1…", "AB-1..", "absent", ""),
    ("x²-1", "x2-1", "lookalike", "homoglyph"),
    ("H2O-1", "H₂O-1", "lookalike", "homoglyph"),
    ("10-20", "１０-20", "lookalike", "fullwidth"),
    ("12-34", "١٢-٣٤", "lookalike", "homoglyph"),
    ("TCP|IP", "TCP/IP", "altered", "replaced"),
    ("TCP/IP", "TCP｜IP", "altered", "replaced"),
    ("TCP/IP", "TCP|IP", "altered", "replaced"),
    ("TCP-IP", "TCP一IP", "lookalike", "hyphen-lookalike"),
    ("TCP/IP", "TCPノIP", "lookalike", "slash-lookalike"),
    ("吧台/岛台", "吧台一岛台", "absent", ""),
    ("吧台-岛台", "吧台一岛台", "absent", ""),
    ("一-一", "一 - 一", "spaced", "space-left space-right"),
    ("统一/一致", "统一 /一致", "spaced", "space-left"),
    ("A一B", "A-B", "lookalike", "hyphen-lookalike"),
    ("A-1", "A➖1", "lookalike", "hyphen-lookalike"),
    ("A-1", "A━1", "lookalike", "hyphen-lookalike"),
    ("A-1", "A᠆1", "lookalike", "hyphen-lookalike"),
    ("A-1", "A⸺1", "lookalike", "hyphen-lookalike"),
    ("A-1", "A‧1", "lookalike", "hyphen-lookalike"),
    ("Zürich-1", "Zu\u0308rich-1", "lookalike", "normal-form"),
    ("Zürich-1", "Zurich-1", "altered", "accents"),
    ("Crème-brûlée", "Creme-brulee", "altered", "accents"),
    ("Crème-brûlée", "Crème-brulée", "absent", ""),
    ("서울-1", "서울-1", "verbatim", ""),
    ("A-1", "A{-}1", "altered", "markup"),
    ("A-12", "A\\text{-}12", "altered", "markup"),
    ("AB-12", "\\text{AB}-12", "altered", "markup"),
    ("AB-12", "AB\\mbox{-}12", "altered", "markup"),
    ("AB-12", "AB-\n> 12", "altered", "space-right line-break markup"),
    ("AB-12", "AB-\\\n12", "altered", "space-right line-break markup"),
    ("Sikalastic-609", "Sika-\nlastic-609", "spaced", "line-break"),
    ("AB-12", "$AB$-$12$", "altered", "markup"),
    ("5mg/kg", "2.5mg/kg", "absent", ""),
    ("python3", "python3.11", "absent", "added"),
    ("AB-12", "AB-12.5", "absent", "added"),
    ("500U/kg", "1,500U/kg", "absent", ""),
    ("3-1", "3-1,3-2", "verbatim", ""),
    ("40-60", "-40-60", "absent", ""),
    ("40-60", "(-40-60)", "absent", ""),
    ("40-60", "温度-40-60", "verbatim", ""),
    ("-40", "x-40", "absent", ""),
    ("-40", "温-40", "verbatim", ""),
    ("4006188188", "+4006188188", "verbatim", ""),
    ("AB-1", "AB-1,500", "absent", ""),
    ("AB-1", "AB-1,5000", "verbatim", ""),
    ("3-2", "3-1,3-2", "verbatim", ""),
    ("2024-05", "2024-05-01", "verbatim", ""),
    ("CD-ROM", "two CD - ROMs", "spaced", "space-left space-right"),
    ("Mon-Fri", "Mon - Friday", "absent", ""),
    ("A-B", "Option A - But", "absent", ""),
    ("TCP/IP", "TCP / IPv6", "absent", ""),
    ("and/or", "pand / or", "spaced", "space-left space-right"),
    ("Москва-1", "в Москва - 1-м", "spaced", "space-left space-right"),
    ("on-call", "non - call", "spaced", "space-left space-right"),
    ("3f1c52aa-b519-4acc-9c4d-cc9eb8773a92", "3f1c52aa-b519-4acc-9c4d-cc9eb8773a29", "corrupted", "transposed"),
    ("3f1c52aa-b519-4acc-9c4d-cc9eb8773a92", "3F1C52AA-B519-4ACC-9C4D-CC9EB8773A92", "altered", "case"),
    ("AB-1234-X", "AB-1234-XL-2", "absent", "added"),
    ("CVE-2021-3156", "CVE-2021-31560", "absent", "added"),
    ("CVE-2021-3156", "CVE-2021-3165", "corrupted", "transposed"),
    ("CVE-2021-3156", "CVE-2O21-3156", "corrupted", "changed"),
    ("CVE-2021-3156", "CVE-221-3156", "corrupted", "truncated"),
    ("CVE-2021-3156", "CVE-20211-3156", "corrupted", "added"),
    ("CVE-2021-3156", "CWE-2021-3156", "corrupted", "changed"),
    ("CVE-2021-3156", "see CVE-2021-3157.", "corrupted", "changed"),
    ("CVE-2021-3156", "编号:CVE-2021-3157", "corrupted", "changed"),
    ("CVE-2021-3156", "\ufeffCVE-2021-3157\u200b", "corrupted", "changed"),
    ("CVE-2021-3156", "fixed—CVE-2021-3157→done", "corrupted", "changed"),
    ("CVE-2021-3156", "~~CVE-2021-3157~~ and $x$", "corrupted", "changed"),
    ("7732-18-5", "?cas=7732-18-6&page=2", "corrupted", "changed"),
    ("d41d8cd98f00b204e9800998ecf8427e", "md5:d41d8cd98f00b204e9800998ecf8427f", "corrupted", "changed"),
    ("GB/T 50081-2019", "GB/T 50081-2018", "corrupted", "changed"),
    ("GB/T 50081-2019", 'GB/T 50081-2018 "draft"', "corrupted", "changed"),
    ("GB/T 50081-2019", "GB/T 50081-2002", "absent", ""),
    ("7732-18-5", "7732-18-6", "corrupted", "changed"),
    ("7732-18-5", "7723-18-5", "corrupted", "transposed"),
    ("https://example.org/a/b", "https://example.org/a/c", "corrupted", "changed"),
    ("https://example.org/a/b", "http://www.example.org/a/b/", "absent", ""),
    ("https://example.org/guide/setup", "https://example.org/guide/step", "absent", ""),
    ("a.b@example.org", "a.b@exmaple.org", "absent", ""),
    ("138-1234-5678", "138-1234-5687", "corrupted", "transposed"),
    ("10.0.0.0/8", "10.0.0.1/8", "corrupted", "changed"),
    ("v1.20.3", "v1.2.3", "corrupted", "truncated"),
    ("/opt/app2/data", "/opt/app3/data", "corrupted", "changed"),
    ("report2024.xlsx", "report2023.xlsx", "corrupted", "changed"),
    ("2024-05-01", "2024-05-02", "absent", ""),
    ("d41d8cd98f00b204e9800998ecf8427e", "d41d8cd98f00b204e9800998ecf8427", "corrupted", "truncated"),
    ("d41d8cd98f00b204e9800998ecf8427e", "d41d8cd98f00b204e9800998ecf8427f", "corrupted", "changed"),
    ("C:\\new\\a1", "`C:\\\\new\\\\a1`", "verbatim", ""),
    ("C:\\new\\a1", "C:\\\\new\\\\a1", "altered", "escaped"),
    ("C:\\new\\a1", "C:/new/a1", "altered", "replaced"),
    ("C:\\new\\a1", '"C:\\\\\\\\new\\\\\\\\a1"', "verbatim", ""),
    ("a%20b-1", "a b-1", "altered", "escaped"),
    ("R&D-7", "R&amp;D-7", "altered", "escaped"),
    ("R&D-7", "R & D-7", "spaced", "space-inside"),
    ("Q&A", "Q and A", "absent", ""),
    ("GB/T 5", "GB/T\n5", "verbatim", ""),
    ("GB/T 5", "GB/T5", "altered", "closed-up"),
    ("TCP/IP", "TCP/\nIP", "spaced", "space-right line-break"),
    ("北京/上海/广州", "北京 / 上海 / 广州", "spaced", "space-left space-right"),
]


@pytest.mark.parametrize(("target", "output", "verdict", "codes"), ROWS)
def test_a_listed_target(target: str, output: str, verdict: str, codes: str) -> None:
    result = check("", output, [target])
    assert result.verdicts == {target: verdict}
    assert [" ".join(mention.damage) for mention in result.mentions[target]] == (
        [codes] if codes or verdict == "verbatim" else []
    )
    mended = repair("", output, [target])
    assert bool(mended.edits) is (verdict in ("spaced", "lookalike"))
    if mended.edits:
        assert target in mended.text or "\n" in mended.text
        assert repair("", mended.text, [target]).edits == ()


def test_a_longer_target_covers_a_shorter_one() -> None:
    result = check("", "北京 / 上海 / 广州", ["北京/上海/广州", "上海/广州", "北京/上海"])
    assert result.verdicts == {"北京/上海/广州": "spaced", "上海/广州": "absent", "北京/上海": "absent"}
    assert result.within == {"上海/广州": "北京/上海/广州", "北京/上海": "北京/上海/广州"}


@pytest.mark.parametrize("source", ["see CVE-2021-3157", "x CVE-2021-3157, CVE-2021-3156"])
def test_a_sibling_in_the_source_is_no_near_miss(source: str) -> None:
    assert check(source, "CVE-2021-3157", ["CVE-2021-3156"]).verdicts == {"CVE-2021-3156": "absent"}
    listed = ["CVE-2021-3156", "CVE-2021-3157"]
    assert set(check("", "CVE-2021-3157", listed).verdicts.values()) == {"absent", "verbatim"}


def test_a_near_miss_beside_a_whole_mention_counts_for_some_kinds_alone() -> None:
    code, uuid = "CVE-2021-3156", "3f1c52aa-b519-4acc-9c4d-cc9eb8773a92"
    assert check("", f"{code} and CVE-2021-3157", [code]).verdicts == {code: "verbatim"}
    assert check("", f"{uuid} and {uuid[:-1]}4", [uuid]).verdicts == {uuid: "corrupted"}


def test_each_longer_code_round_a_target_is_listed() -> None:
    result = check("", '{"a": "QD-12345a", "b": "QD-12345b, QD-12345a"}', ["QD-12345"], channel="json")
    assert result.verdicts == {"QD-12345": "absent"}
    listed = [(mention.path, mention.text, mention.severity) for mention in result.mentions["QD-12345"]]
    assert listed == [("/a", "QD-12345a", "note"), ("/b", "QD-12345b", "note"), ("/b", "QD-12345a", "note")]


@pytest.mark.parametrize(
    ("output", "verdict", "unscored"),
    [
        ("<think>TCP / IP</think>ok TCP/IP", "verbatim", False),
        ("TCP / IP</think>ok TCP/IP", "verbatim", False),
        ("TCP / IP <think>TCP/IP", "spaced", False),
        ("[THINK]TCP / IP[/THINK]ok TCP/IP", "verbatim", False),
        ("<think>TCP / IP", "absent", True),
        ("<Think>TCP / IP</Think>\n ", "absent", True),
    ],
)
def test_reasoning_is_no_output(output: str, verdict: str, unscored: bool) -> None:
    result = check("", output, ["TCP/IP"])
    assert (result.verdicts["TCP/IP"], result.unscored) == (verdict, unscored)
    assert result.reasoning
    assert all(output[mention.start : mention.end] == mention.text for mention in result.mentions["TCP/IP"])


def test_a_tag_that_the_source_holds_cuts_nothing() -> None:
    assert check("what is <think>?", "<think>TCP / IP", ["TCP/IP"]).verdicts == {"TCP/IP": "spaced"}
    assert check("", "<plan>TCP / IP</plan>TCP/IP", ["TCP/IP"]).verdicts == {"TCP/IP": "spaced"}
    assert check("", "<plan>TCP / IP</plan>TCP/IP", ["TCP/IP"], reasoning=["plan"]).verdicts == {"TCP/IP": "verbatim"}


def test_repair_leaves_reasoning_alone_where_the_answer_opens_with_it() -> None:
    assert repair("", "<think>TCP / IP</think>TCP / IP", ["TCP/IP"]).text == "<think>TCP / IP</think>TCP/IP"
    assert repair("", "TCP / IP</think>TCP / IP", ["TCP/IP"]).text == "TCP/IP</think>TCP/IP"


@pytest.mark.parametrize(
    ("target", "escaped"),
    [
        ("__init__", r"\_\_init\_\_"),
        ("**kwargs", r"\*\*kwargs"),
        ("{name}", r"\{name\}"),
        ("{{x}}", r"\{\{x\}\}"),
        ("(212) 555-0147", r"\(212\) 555\-0147"),
        ("C++", r"C\+\+"),
        ("C++", "C&#43;&#43;"),
        ("C++", "C%2B%2B"),
    ],
)
def test_the_escapes_at_the_edges_are_part_of_the_mention(target: str, escaped: str) -> None:
    (mention,) = check(target, f"use {escaped} now", [target]).mentions[target]
    assert (mention.text, mention.verdict, mention.damage) == (escaped, "altered", ("escaped",))
    assert repair(target, f"use {escaped} now", [target], escapes=True).text == f"use {target} now"


def test_escapes_of_a_sign_are_mended_by_option() -> None:
    output = "TCP\\/IP, TCP &#47;IP, **TCP**/IP"
    assert repair("", output, ["TCP/IP"]).edits == ()
    assert repair("", output, ["TCP/IP"], escapes=True).text == "TCP/IP, TCP/IP, **TCP**/IP"


@pytest.mark.parametrize("word", ["一等座", "一句话", "二〇二四", "ノート", "工口", "ー", "丨", "卜", "八一"])
def test_a_few_typographic_signs_do_not_move_the_places_of_letters(word: str) -> None:
    padding = "The answer in plain words is long enough that the few signs in it are replaced one by one. " * 3
    for target, damaged in ((f"{word}/静音", f"{word} / 静音"), ("VG-10", "VG - 10")):
        for text, verdict in ((target, "verbatim"), (damaged, "spaced")):
            output = f"{padding}“{word}”：{text} here."
            assert check(f"Say {target} now", output, [target]).verdicts == {target: verdict}, output


def test_a_comma_between_two_codes_groups_no_number() -> None:
    source = "filter 26300-35505, tyre 225/45R17"
    verdicts = check(source, "26300-35505,225/45R17", ["26300-35505", "225/45R17"]).verdicts
    assert verdicts == {"26300-35505": "verbatim", "225/45R17": "verbatim"}
    assert check("500U/kg", "1,500U/kg", ["500U/kg"]).verdicts == {"500U/kg": "absent"}


# Many targets at once: the library that looks for all in one pass changes the speed alone.

TEXT = filled(DAMAGE, 400) + " ".join(f"{target} {target.replace('-', ' - ')}" for target in MANY[4:60]) + MENTIONS


def test_one_pass_finds_what_a_search_for_each_finds(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("ahocorasick_rs")
    at_once = check(SOURCE, TEXT, MANY)
    monkeypatch.setattr(search, "AhoCorasick", None)
    assert check(SOURCE, TEXT, MANY) == at_once


class _OfUtf8:
    """In place of the library: it takes what is UTF-8, and leaves out the strings that are not."""

    def __init__(self, strings: tuple[str, ...]) -> None:
        self.strings = [one if one.isprintable() else None for one in strings]

    def find_matches_as_indexes(self, text: str, *, overlapping: bool) -> list[tuple[int, int, int]]:
        text.encode()
        found = [
            (number, search.all_places(text, one)) for number, one in enumerate(self.strings) if one and overlapping
        ]
        return [(number, place, 0) for number, places in found for place in places]


@pytest.mark.parametrize("library", [None, _OfUtf8])
@pytest.mark.parametrize("half", ["", "\ud83d"])
@pytest.mark.parametrize("number", [40, 400])
def test_half_an_emoji_and_the_end_of_a_text_hide_no_string(
    number: int, half: str, library: type | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search, "AhoCorasick", library)
    strings = (*(f"AB-{one}{half}" for one in range(number)), "dd", "dde", "d" + half + "-")
    text = f"{half} AB-7{half} d{half}-, AB-12{half} dd"
    wanted = {one: places for one in strings if (places := search.all_places(text, one))}
    assert search.places_of(text, strings) == wanted
    assert check(text, text, strings).verdicts["dd"] == "verbatim"


def test_each_of_many_is_judged_as_it_is_alone() -> None:
    together = check(SOURCE, TEXT, MANY)
    for target in MANY[4:60]:
        alone = check(SOURCE, TEXT, [target])
        assert alone.mentions[target] == together.mentions[target]
    assert {"spaced", "lookalike", "absent"} <= set(together.verdicts.values())


class _Walked(str):
    """A text that counts how many of its characters were looked through."""

    steps = 0

    def find(self, *asked: Any) -> int:
        place = super().find(*asked)
        _Walked.steps += (len(self) if place < 0 else place) - sum(asked[1:2])
        return place

    def __contains__(self, part: object) -> bool:
        _Walked.steps += len(self)
        return super().__contains__(part)  # type: ignore[operator]


@pytest.mark.parametrize("listed", [True, False])
@pytest.mark.parametrize("apart", [" - ", "-"])
def test_twice_as_many_different_strings_are_twice_the_work(
    listed: bool, apart: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    letters = search.all_places
    for module in (search, find):
        monkeypatch.setattr(module, "all_places", lambda text, one: letters(_Walked(text), one))
    steps = []
    for number in (500, 1000):
        _Walked.steps = 0
        codes = [f"ZX{one:05d}-{one * 7919 % 100_000:05d}" for one in range(number)]
        answer = _Walked("\n".join(codes).replace("-", apart))
        found = check(_Walked("\n".join(codes)), answer, codes if listed else None)
        assert set(found.verdicts.values()) == {"verbatim" if apart == "-" else "spaced"}
        steps.append(_Walked.steps)
    assert steps[1] < 2.2 * steps[0]  # a search of the whole text for each is four times as much


@pytest.mark.parametrize(
    ("target", "output"),
    [
        ("CVE-2021-3567", "CVE-2021-3501"),
        ("CVE-2021-3567", "CVE-2021-35"),
        ("XK-2345678901-ABCDEFGHIJ", "XK-2O45678901-ABCDEFGHIJ"),
        ("AB-1000", "AB-l000"),
        ("AB-23456", "AB-1"),
    ],
)
def test_a_near_miss_lacks_two_digits_of_its_target_at_most_or_a_fifth_at_its_end(target: str, output: str) -> None:
    found = check("", f"It is {output}.", [target]).verdicts[target]
    near = how_near(target, output, "code")
    assert found == ("corrupted" if near else "absent")


@pytest.mark.parametrize(
    ("targets", "output", "within"),
    [
        (["BB/CC/DD", "CC/DD"], "BB / CC / DD", {"CC/DD": "BB/CC/DD"}),
        (["BB/CC/DD", "AA/BB"], "AA / BB / CC / DD", {}),  # it begins before the longer one
        (["AA/BB/CC", "CC/DD"], "AA / BB / CC / DD", {}),  # it ends behind the longer one
        (["AB-12", "AB--12"], "AB - 12", {}),  # it is the longer one
    ],
)
def test_a_target_is_within_a_longer_one_that_covers_it(
    targets: list[str], output: str, within: dict[str, str]
) -> None:
    assert check("", output, targets).within == within


@pytest.mark.parametrize("others", [[], ["side-car"]])  # which overlaps, so that places are settled one by one
def test_the_source_owns_a_listed_string_in_its_own_case_alone(others: list[str]) -> None:
    output, targets = "client - side - car", ["client-side", *others]
    assert check("Client - side", output, targets).verdicts["client-side"] == "spaced"
    assert check("client - side", output, targets).verdicts["client-side"] == "absent"


@pytest.mark.parametrize("output", ["ZX-2000 fits", "ZX - 2000 fits"])
def test_a_result_goes_to_another_process_and_back(output: str) -> None:
    result = check("Use ZX-2000.", output)
    assert pickle.loads(pickle.dumps(result)) == result


@pytest.mark.parametrize(
    ("target", "text", "seen"),
    [
        ("--to", "a protocol, a store and a token – to be added – to; -- to; ‑‑to", {"spaced", "lookalike"}),
        ("I/O", "ratio, radio, audio, violin, iodine, I / O", {"spaced"}),
        ("C:\\", "CHECK, ACID, scope, c, C :\\", {"spaced"}),
        ("0/8", "108, 2080, 0800, 0 / 8", {"spaced"}),
        ("work-dir", "works-dirs, framework-dir, work - dirs", {"spaced"}),
    ],
)
def test_letters_in_the_middle_of_a_word_are_not_read(
    target: str, text: str, seen: set[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """There are thousands of them in a manual: 250,000 characters took 7 seconds."""
    read = find._read
    places: list[int] = []

    def noted(page: Page, pattern: Pattern, skeleton: Skeleton, place: int) -> find.Reading | None:
        places.append(place)
        return read(page, pattern, skeleton, place)

    monkeypatch.setattr(find, "_read", noted)
    found = check("", text, [target]).mentions[target]
    assert seen <= {one.verdict for one in found}
    check("", text + " protocols, ratios, rechecks, 1080s" * 50, [target])
    assert all(place < len(text) for place in places)


def test_words_of_prose_are_no_near_miss_of_a_code_in_capitals(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each `o` and `l` might stand for its 0 and 1: a clean text was walked through, word by word."""
    seen: list[tuple[int, int]] = []
    words = near._Tokens._words

    def noted(*given: Any) -> Iterator[tuple[int, int]]:
        for one in words(*given):
            seen.append(one)
            yield one

    monkeypatch.setattr(near._Tokens, "_words", noted)
    check("", "The old floor is laid, and all tools go into one pool. " * 20, ["AP-1000/K"])
    assert not seen
    assert check("", "see AP-IOOO/K", ["AP-1000/K"]).verdicts == {"AP-1000/K": "corrupted"}
    assert check("", "see X-lOl now", ["X-101"]).verdicts == {"X-101": "corrupted"}
