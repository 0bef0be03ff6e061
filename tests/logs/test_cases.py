"""Damaged rows become cases: redacted, one by one, once."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from harness.cli.score import score
from harness.logs.cases import redacted
from harness.suite import read_case_file
from harness.suite.folders import load_info, read_selection

CODES = "GB/T 50081-2019 and 10.0.0.0/8 and 4006-820-120 SKU-13912345 订单 20261128001234567 密码学 A-010-1234567"


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("mail li.si@corp.example.cn now", "mail name@example.com now"),
        ("电话13912345678。", "电话13800000000。"),
        ("call +86 139-1234-5678", None),
        ("身份证 11010519491231002X", "身份证 110101199003070000"),
        ("身份证：110105 19491231 002X", "身份证：110101199003070000"),
        ("手机 139 1234 5678、+86 139-1234-5678", "手机 13800000000、13800000000"),
        ("座机（021）6234-5678、0755-12345678转801", "座机010-55550000、010-55550000"),
        ("卡号 6222 0212 3456 7890 123 或 6222021234567890123", "卡号 6222222222222222 或 6222222222222222"),
        ("联系人：王小明，密码=Abc123!", "联系人：[removed]，密码=[removed]"),
        ("护照号码：G12345678，QQ: 123456789", "护照号码：[removed]，QQ: [removed]"),
        ("他开粤B·D12345和京A12345 去", "他开京A00000和京A00000 去"),
        ("手机１３９１２３４５６７８", "手机13800000000"),
        ("SSN 123-45-6789, CAS 7732-18-5", "SSN 000-00-0000, CAS 7732-18-5"),
        ('{"password": "hunter22", "n": "A-1"}', '{"password": "[removed]", "n": "A-1"}'),
        (CODES, CODES),
        ("x" * 20_000 + "@", "x" * 20_000 + "@"),
    ],
)  # fmt: skip
def test_what_names_a_person_by_its_form_is_replaced(text: str, clean: str | None) -> None:
    found = redacted(text, lambda one: one)
    assert found == clean if clean is not None else "1234" not in found
    assert redacted(found, lambda one: one) == found


def test_damaged_rows_are_reviewed_and_added_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    rows: list[dict[str, Any]] = [
        {"source": f"Mail zhang@corp.example: use A-{number}/B.", "output": f"A - {number}/B" if number % 2 else "A"}
        for number in range(8)
    ]
    rows.append({"source": "Use A-1/B", "output": [{"function": {"name": "f", "arguments": '{"a": "A - 1/B"}'}}]})
    Path("log.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    arguments = ["log.jsonl", "--out", "out", "--to-suite", "suites/from-logs"]
    alone = CliRunner().invoke(score, arguments)
    assert "not a terminal" in str(alone.exception)
    assert not Path("out").exists()
    monkeypatch.setattr("harness.cli.score._is_terminal", lambda: True)
    first = CliRunner().invoke(score, arguments, input="y\nn\ny\nq\n", catch_exceptions=False)
    assert "2 cases added of 4 reviewed" in first.output
    assert "A-1/B became A␣-␣1/B" in first.output
    # what was kept or left is not asked again: the review goes on where it was ended
    again = CliRunner().invoke(score, arguments, input="y\n", catch_exceptions=False)
    assert "1 case added of 1 reviewed" in again.output
    done = CliRunner().invoke(score, arguments, input="", catch_exceptions=False)
    assert "reviewed before; delete out/.reviewed" in done.output
    Path("out/.reviewed").unlink()
    left = CliRunner().invoke(score, arguments, input="y\n", catch_exceptions=False)
    assert "1 case added of 1 reviewed" in left.output
    content = read_case_file(Path("suites/from-logs/cases.jsonl"), load_info(Path("suites/from-logs")))
    assert not content.problems
    assert [one.case.targets for one in content.cases] == [("A-1/B",), ("A-5/B",), ("A-7/B",), ("A-3/B",)]
    assert "zhang" not in Path("suites/from-logs/cases.jsonl").read_text(encoding="utf-8")


def test_a_reviewed_row_may_become_a_canary_of_the_nightly_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    rows = [{"source": f"use A-{number}/B.", "output": f"A - {number}/B"} for number in range(3)]
    Path("log.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    monkeypatch.setattr("harness.cli.score._is_terminal", lambda: True)
    arguments = ["log.jsonl", "--out", "out", "--to-suite", "suites/from-logs"]
    done = CliRunner().invoke(score, arguments, input="c\ny\nc\n", catch_exceptions=False)
    assert "2 added as canaries" in done.output
    again = CliRunner().invoke(score, arguments, input="c\n", catch_exceptions=False)
    assert "0 cases added of 0 reviewed" in again.output
    chosen = read_selection(Path("suites/canary.cases"))
    content = read_case_file(Path("suites/from-logs/cases.jsonl"), load_info(Path("suites/from-logs")))
    assert chosen == {"from-logs": [content.cases[0].case.id, content.cases[2].case.id]}
    assert Path("suites/canary.cases").read_text(encoding="utf-8").startswith("# Canaries: fixed prompts")


def test_a_conversation_becomes_a_case_with_its_roles(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("harness.cli.score._is_terminal", lambda: True)
    system = {"role": "system", "content": "用 A-1/B。"}
    asked = {"role": "user", "content": "li.si@corp.example.cn 要哪个？"}
    before = [{"role": "user", "content": "早"}, {"role": "assistant", "content": "早。C-2/D 到了。"}]
    bad = {"role": "assistant", "content": "A - 1/B"}
    rows = [
        {"messages": [system, *before, asked, bad]},
        {"request": {"messages": [system, asked]}, "response": {"choices": [{"message": bad}]}},
        {"messages": [{"role": "user", "content": "A-1/B"}, bad]},
        {"messages": [{"role": "user", "content": [{"type": "text", "text": "x A-1/B"}]}, asked, bad]},
    ]
    Path("log.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    arguments = ["log.jsonl", "--out", "out", "--to-suite", "suites/kept"]
    done = CliRunner().invoke(score, arguments, input="x\ny\ny\ny\ny\n", catch_exceptions=False)
    assert "4 cases added of 4 reviewed" in done.output
    kept = [json.loads(line) for line in Path("suites/kept/cases.jsonl").read_text("utf-8").splitlines()]
    asked = {"role": "user", "content": "name@example.com 要哪个？"}
    assert [one.get("messages") for one in kept] == [[system, *before, asked], [system, asked], None, None]
    assert [one.get("prompt") for one in kept] == [None, None, "A-1/B", "x A-1/B\n\nname@example.com 要哪个？"]


def test_a_review_of_few_at_a_time_comes_to_the_end_of_the_log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    rows = [{"source": f"use A-{number}/B.", "output": f"A - {number}/B"} for number in range(30)]
    Path("log.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    monkeypatch.setattr("harness.cli.score._is_terminal", lambda: True)
    arguments = ["log.jsonl", "--out", "out", "--to-suite", "suites/from-logs", "--most-cases", "4"]
    seen = []
    for _ in range(9):
        done = CliRunner().invoke(score, arguments, input="n\nn\ny\nn\n", catch_exceptions=False)
        seen += re.findall(r"prompt: use (A-\d+)/B", done.output)
    assert seen == [f"A-{number}" for number in range(30)]
