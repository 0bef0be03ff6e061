"""Strings of ordinary desks: volumes, standards with amendments, values of a configuration, rooms, photographs."""

import pytest

from harness.text import check, extract_targets, repair

STRINGS = [
    # source, target, the same with damage
    ("- /srv/in:/usr/src/consume:Z\n", "/srv/in:/usr/src/consume:Z", "/srv/in: /usr/src/consume:Z"),
    ("- ./r.conf:/etc/r.conf:ro,z\n", "./r.conf:/etc/r.conf:ro,z", "./r.conf:/etc/r.conf:ro, z"),
    ("docker run -v redis_data:/data redis", "redis_data:/data", "redis_data: /data"),
    ("see BS EN 1992-1-1:2004+A1:2014.", "BS EN 1992-1-1:2004+A1:2014", "BS EN 1992-1-1: 2004 + A1: 2014"),
    ("BS 7671:2018+A2:2022, UL", "BS 7671:2018+A2:2022", "BS 7671:2018 + A2:2022"),
    ("reg 0x1C[7:4] is set", "0x1C[7:4]", "0x1C [7:4]"),
    ("crash in client_x64.dll+0x1f3a today", "client_x64.dll+0x1f3a", "client_x64.dll + 0x1f3a"),
    ("key id_ed25519_jd(work).pub, ticket", "id_ed25519_jd(work).pub", "id_ed25519_jd (work).pub"),
    ("name {project}-{yyyy}_{seq:03d}.", "{project}-{yyyy}_{seq:03d}", "{project}-{yyyy}_ {seq:03d}"),
    ("CRON=*/15 6-22 * * 1-5", "*/15 6-22 * * 1-5", "*/15 6–22 * * 1-5"),
    ("ห้อง 5-12/อาคารB รหัส", "5-12/อาคารB", "ห้อง 5-12/อาคาร B"),
    ("장비: FW-SEO-02/A동 (S/N", "FW-SEO-02/A동", "FW-SEO-02/A 동"),
    ("geraet MX-9(kalibr.)", "MX-9(kalibr.)", "MX-9 (kalibr.)"),
    ("쿠폰 WELCOME-10K/1회 도", "WELCOME-10K/1회", "WELCOME-10K / 1회"),
]  # fmt: skip


@pytest.mark.parametrize(("source", "target", "damaged"), STRINGS)
def test_a_string_of_a_desk_is_protected_as_a_whole(source: str, target: str, damaged: str) -> None:
    assert target in [one.text for one in extract_targets(source)]
    verdicts = check(source, damaged).verdicts
    assert verdicts[target] in ("spaced", "lookalike")
    assert target in repair(source, damaged).text
    assert set(check(source, source).verdicts.values()) == {"verbatim"}


@pytest.mark.parametrize(
    ("source", "target", "wrong"),
    [
        ('{"f":"_DSC4417.NEF"},{"f":"_DSC4431.NEF"}', "_DSC4431.NEF", "_DSC4417.NEF, _DSC4413.NEF"),
        ("arXiv:2103.04417v2 is cited", "arXiv:2103.04417v2", "eprint = {2103.04471v2}"),
        ("part_no 5962-8776201EA, pkg", "5962-8776201EA", '{"part_no": "5962-8776021EA"}'),
        ("devis n°D24-0618, rue", "D24-0618", "devis n°D24-0681"),
    ],
)
def test_a_near_miss_is_seen_beside_its_siblings_and_behind_its_label(source: str, target: str, wrong: str) -> None:
    assert check(source, wrong).verdicts[target] == "corrupted"


def test_the_parts_of_a_volume_and_a_standard_without_its_amendment_are_said_alone() -> None:
    source = "- /srv/tank0/scans_in:/usr/src/consume:Z\nsee BS EN 1992-1-1:2004+A1:2014"
    assert check(source, "from /srv/tank0/scans_in by BS EN 1992-1-1:2004").verdicts == dict.fromkeys(
        ("/srv/tank0/scans_in:/usr/src/consume:Z", "BS EN 1992-1-1:2004+A1:2014"), "verbatim"
    )
    assert "spaced" in check(source, "from /srv/tank0/ scans_in").verdicts.values()


@pytest.mark.parametrize(
    ("output", "channel", "verdict"),
    [
        ("PAPERLESS_LANG=deu + eng", "text", "spaced"),
        ('{"lang": "deu + eng"}', "json", "spaced"),
        ('{"env": ["LANG=deu + eng"]}', "tool", "spaced"),
        ("```yaml\nlang: deu + eng\n```", "text", "spaced"),
        ("The languages are deu + eng.", "text", "verbatim"),
        ('{"note": "the languages deu + eng are set"}', "json", "verbatim"),
        ("```\nlang = deu + eng\n```", "text", "verbatim"),
    ],
)
def test_all_of_a_value_is_no_sum(output: str, channel: str, verdict: str) -> None:
    source = "environment:\n  LANG: deu+eng\n"
    assert check(source, output, channel=channel).verdicts == {"deu+eng": verdict}


def test_a_key_may_be_set_apart_from_its_value() -> None:
    source = "entry=lua/入口_main.lua，icon=art/图标_01.png"
    apart = "entry = lua/入口_main.lua\nicon = art/图标_01.png"
    assert [one.severity for one in check(source, apart).mentions["entry=lua/入口_main.lua"]] == ["note"]
    assert repair(source, apart).text == apart
    assert repair(source, "entry = lua/ 入口_main.lua").text == "entry=lua/入口_main.lua"


def test_quoted_keys_are_no_value() -> None:
    assert check('Press "Ctrl+C" twice.', 'Press "Ctrl + C" or `Ctrl + C`.').verdicts == {"Ctrl+C": "verbatim"}


def test_months_are_a_range_with_either_dash() -> None:
    assert check("Q1(Jan-Mar) and Q2(April-June)", "Q1 (Jan–Mar), Q2 (April–June)").verdicts == {
        "Jan-Mar": "verbatim",
        "April-June": "verbatim",
    }
    assert check("Q1(Jan-Mar)", "Q1 (Jan - Mar)").verdicts == {"Jan-Mar": "spaced"}
