"""How damage to a target counts that nobody listed: by its kind, and by the edges that the scanner was sure of."""

import pytest

from harness.text import Target, check, repair


def judged(target: Target, source: str, output: str) -> tuple[str, list[tuple[str, str]]]:
    result = check(source, output, [target])
    return result.verdicts[target.text], [(one.text, one.severity) for one in result.mentions[target.text]]


@pytest.mark.parametrize(
    ("kind", "text", "output", "verdict", "mentions"),
    [
        ("range", "10-20", "10–20 m", "verbatim", [("10–20", "note")]),
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
        ("/data/home/XJ风机选型/样本 资料", "spaced", ["/data/home/XJ风机选型/样本 资料"]),
    ],
)
def test_a_fragment_never_vouches_for_the_whole_path(output: str, verdict: str, mentions: list[str]) -> None:
    target = Target(PATH, "path", 0, len(PATH), alternates=("XJ风机选型/样本资料",))
    result = check(PATH, output, [target])
    assert result.verdicts == {PATH: verdict}
    assert [mention.text for mention in result.mentions[PATH]] == mentions


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
    ],
)
def test_one_more_of_a_family_is_no_near_miss(source: str, output: str, verdicts: set[str]) -> None:
    assert set(check(source, output).verdicts.values()) == verdicts
