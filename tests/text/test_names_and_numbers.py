"""Names with `&` or an apostrophe, and numbers whose signs are brackets, commas, semicolons or a blank."""

import pytest

from harness.text import check, extract_targets, repair


@pytest.mark.parametrize(
    ("target", "damaged", "verdict"),
    [
        ("Ferro & Sons/Trustees", "Ferro & Sons / Trustees", "spaced"),
        ("Salt & Half-Light", "Salt &amp; Half-Light", "altered"),
        ("Marks&Spencer", "Marks&amp;Spencer", "altered"),
        ("N'Diaye", "N' Diaye", "spaced"),
        ("Zhar'eth", "Zhar 'eth", "spaced"),
        ("[2019] EWHC 1187 (Ch)", "[2019]EWHC 1187(Ch)", "altered"),
        ("(2019) 214 CLR 33", "(2019) 214 CLR33", "altered"),
        ("9.0.3(2210)", "9.0.3 (2210)", "spaced"),
        ("Server=tcp:db-1,1433;Database=crm_x", "Server=tcp:db-1,1433; Database=crm_x", "spaced"),
        ("51.5074,-0.1278", "51.5074,−0.1278", "lookalike"),
        ("40°26'46\"N", "40°26'46 \"N", "spaced"),
        ("log_2024-*.gz", "log_2024-\\*.gz", "altered"),
        ("\\d{3}-\\d{4}", "\\d{3} - \\d{4}", "spaced"),
        ("%MW100.4", "%MW100-4", "altered"),
        ("C₆H₁₂O₆", "C₆H₁₂ O₆", "spaced"),
        ("TGHU 660418-2", "TGHU660418-2", "altered"),
        ("Ouzo!24/7-blu", "Ouzo!24 / 7-blu", "spaced"),
        ("drive:/trips/a-25/", "drive: /trips/a-25/", "spaced"),
        ("PRM:44-q", "PRM: 44-q", "spaced"),
        ("Yr11-options(block C).pdf", "Yr11-options (block C).pdf", "spaced"),
        ("refs/heads/rel/3.4-lts@{1}", "refs/heads/rel/3.4-lts @{1}", "spaced"),
        ("v3.4.0-rc.2^{}", "v3.4.0 - rc.2^{}", "spaced"),
        ("T0304-②层", "T0304 - ②层", "spaced"),
        ("(128,-64,32)", "(128,−64,32)", "lookalike"),
        ("COM3:9600,8,N,1", "COM3: 9600,8,N,1", "spaced"),
        ("refund:{orderId}:v2", "refund: {orderId}:v2", "spaced"),
        ("build-{{ env }}-{{ ver }}", "build-{{ env }} - {{ ver }}", "spaced"),
        ("课表_高一(1)班_v3.xls", "课表_高一(1)班 _v3.xls", "spaced"),
        ("src/drv_*.c", "src/drv_ *.c", "spaced"),
        ("src/a-b.ts(12,7)", "src/a-b.ts (12,7)", "spaced"),
        ("rgba(12,34,56,0.5)", "rgba(12,34,56,0 .5)", "spaced"),
        ("4929-****-****-7731", "4929-**** -****-7731", "spaced"),
        ("CYP2D6*4/*10", "CYP2D6*4 / *10", "spaced"),
        ("box-17*R", "box-17 *R", "spaced"),
        ('12"x18"', '12" x18"', "spaced"),
        ("Heron/Quill-Press", "Heron/QuillPress", "altered"),
        ("Half-Past/Never", "**Half-Past**/Never", "altered"),
        ("+49 151/5550-172", "+49 151 / 5550-172", "spaced"),
        ("cn=svc-mail,ou=Apps/EU,dc=example", "cn=svc-mail, ou=Apps/EU, dc=example", "spaced"),
        ("out-%x.%j.log", "out-%x. %j.log", "spaced"),
        ("1234,56₽/м²", "1234,56₽ /м²", "spaced"),
        ("_sip._tcp.vo-1", "_sip. _tcp.vo-1", "spaced"),
    ],
)
def test_it_is_one_target(target: str, damaged: str, verdict: str) -> None:
    source = f"Please keep {target} in the reply."
    assert target in [one.text for one in extract_targets(source)]
    assert check(source, f"We keep {damaged} in it.").verdicts[target] == verdict
    if verdict == "spaced":
        assert repair(source, damaged).text == target


@pytest.mark.parametrize(
    ("target", "right"),
    [
        ("Salt & Half-Light", "Salt and Half-Light"),
        ("Ben & Co-Op", "the Co-Op alone"),
        ("O'Brien", "O’Brien"),
        ("O’Brien", "O'Brien"),
        ("51.5074,-0.1278", "51.5074, -0.1278"),
        ("40°26'46\"N", "40° 26' 46\" N"),
        ("TGHU 660418-2", "660418-2"),
        ("PRM:44-q", "44-q"),
        ("10kg/25lb", "10 kg / 25 lb"),
        ("20°C/68°F", "20 °C / 68 °F"),
        ("§4.2", "§ 4.2"),
        ("Wi-Fi/Bluetooth", "wifi/bluetooth"),
        ("Client-Side", "ClientSide"),
        ("(128,-64,32)", "(128, -64, 32)"),
        ("rgba(12,34,56,0.5)", "rgba(12, 34, 56, 0.5)"),
    ],
)
def test_another_way_to_write_it_is_not_damage(target: str, right: str) -> None:
    source = f"Please keep {target} in the reply."
    assert target in [one.text for one in extract_targets(source)]
    result = check(source, f"We keep {right} in it.")
    assert not any(
        one.severity == "damage" for found in result.mentions.values() for one in found if one.verdict != "verbatim"
    )


@pytest.mark.parametrize(
    "source",
    [
        "It's Rosa's, we'll don't know, aujourd'hui jusqu'au bout, dell'arte.",
        "Lots 12 & 14, this & that.",
        "See [2019] and (2021) in the list, fcntl(2).",
        "Call SKU 447120 now; H2O is fine.",
    ],
)
def test_words_of_a_sentence_are_not_names(source: str) -> None:
    assert extract_targets(source) == ()


def test_a_known_label_is_not_part_of_the_code() -> None:
    source = "Keep SN:AB-12/C and DTSTART;TZID=Europe/Dublin:20250914T093000 here."
    assert [one.text for one in extract_targets(source)] == ["AB-12/C", "Europe/Dublin", "20250914T093000"]
    assert not any(one.verdict != "verbatim" for one in check(source, "Keep SN: AB-12/C.").mentions["AB-12/C"])
    assert check("Give 10kg/25lb.", "Give 10kg / 25lb.").verdicts["10kg/25lb"] == "spaced"
