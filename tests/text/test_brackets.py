"""Brackets that belong to a code or to the name of a file, at a blank or without one."""

import pytest

from harness.text import check, extract_targets, repair

TOUCHING = [
    ("设备CAK-6150(2#)，程序", "CAK-6150(2#)", "CAK-6150 (2#)"),
    ("色谱柱BEH-C18(2.1×100mm)，流速", "BEH-C18(2.1×100mm)", "BEH-C18 (2.1×100mm)"),
    ("detail shows W12x26-A(3/4) today", "W12x26-A(3/4)", "W12x26-A (3/4)"),
    # source, target, the same with damage
    ("検査値 HbA1c(NGSP) 7.2%", "HbA1c(NGSP)", "HbA1c (NGSP) は 7.2%"),
    ("상품코드 KS-PT204(기모). 쿠폰", "KS-PT204(기모)", "상품 KS-PT204 (기모)는"),
    ("品番 NEX-5T(シルバー)、", "NEX-5T(シルバー)", "品番 NEX-5T (シルバー) を"),
    ("เลขที่ PO67-0412(แก้ไข) ไฟล์", "PO67-0412(แก้ไข)", "เลขที่ PO67-0412 (แก้ไข)"),
    ("رمز القطعة KD-440/B(أسود)، الملف", "KD-440/B(أسود)", "KD-440/B (أسود)"),
    ("Art.-Nr. 7700-148/W(verz.), Maß", "7700-148/W(verz.)", "Art. 7700-148/W (verz.)"),
    ("anti-TPO(IgG) 340", "anti-TPO(IgG)", "anti-TPO (IgG): 340"),
    ("form DS-160(AA00C1K9T7).", "DS-160(AA00C1K9T7)", "DS-160 (AA00C1K9T7)"),
    ("is the TPS62130A(RGTR) obsolete?", "TPS62130A(RGTR)", "TPS62130A (RGTR)"),
    ("footprint SOT-23-5(L1.6), EN", "SOT-23-5(L1.6)", "SOT-23-5 (L1.6)"),
    ("progression Bbmaj7(#11) - A7", "Bbmaj7(#11)", "Bbmaj7 (#11)"),
]


@pytest.mark.parametrize(("source", "target", "damaged"), TOUCHING)
def test_a_short_bracket_that_touches_a_code_belongs_to_it(source: str, target: str, damaged: str) -> None:
    assert target in [one.text for one in extract_targets(source)]
    assert check(source, damaged).verdicts[target] == "spaced"
    assert target in repair(source, damaged).text
    assert check(source, source).verdicts[target] == "verbatim"
    alone = target.partition("(")[0]
    assert check(source, f"{alone} is in stock.").verdicts[target] in ("verbatim", "absent")


@pytest.mark.parametrize(
    "source",
    [
        "Use sha256(data) and get_user2(KEY).",
        "The COVID-19(pandemic) hit T-shirt(sic) and e-book(old).",
        "Give 50mg(ORAL) twice.",
        "np.float32(ABC) and self.conv1(INPUT) are calls.",
        "H0(null) against H1(alt)",
    ],
)
def test_a_call_a_plural_and_a_remark_are_no_part_of_a_code(source: str) -> None:
    apart = source.replace("(", " (")
    assert repair(source, apart).text == apart
    assert not any(one.is_damage for mentions in check(source, apart).mentions.values() for one in mentions)


NAMES = [
    ('Attach "2025-01-17 Opp. to MTD (final).docx" now', "2025-01-17 Opp. to MTD (final).docx"),
    ("Datei 'Stückliste Rev. C (geprüft).xlsx', Lager", "Stückliste Rev. C (geprüft).xlsx"),
    ("Attach: Report Rev B (final).docx now", "Report Rev B (final).docx"),
    ("Please read the invoice (2024).pdf first", "invoice (2024).pdf"),
    ("See Site Survey (draft) v2.docx", "Site Survey (draft) v2.docx"),
    ("Enclose CMR (copy 2).pdf too", "CMR (copy 2).pdf"),
    ("添付は 見積書 (改訂版).xlsx です", "見積書 (改訂版).xlsx"),
    ("파일 양식 (최종).hwp 참고", "양식 (최종).hwp"),
    ("файл заявление (июнь).docx", "заявление (июнь).docx"),
]


@pytest.mark.parametrize(("source", "name"), NAMES)
def test_a_bracket_behind_a_blank_belongs_to_the_name_of_a_file(source: str, name: str) -> None:
    assert name in [one.text for one in extract_targets(source)]
    assert check(source, f"It is {name.replace(' (', '(')}.").verdicts[name] == "altered"
    assert check(source, f"It is {name}.").verdicts[name] == "verbatim"
    assert check(source, f"It is {name.replace('.', ' .')}").verdicts[name] == "spaced"


@pytest.mark.parametrize("source", ["I read it. See “I did it. See notes.txt”", "Send the files (all).zip"])
def test_a_sentence_is_no_name(source: str) -> None:
    assert not any("(" in one.text or " " in one.text for one in extract_targets(source))
