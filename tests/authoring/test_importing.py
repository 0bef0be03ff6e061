"""Tests of other tools become cases; what cannot be carried over is listed, and nothing is run or read outside."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest

from harness.authoring.importing import KINDS, ImportedSuite, csv_rows, plain_yaml, write_imported
from harness.authoring.lint import Judging
from harness.authoring.promptfoo import import_file
from harness.cli import run
from harness.errors import ConfigError
from harness.show.words import translated
from harness.suite import read_case_file
from harness.suite.folders import load_info

CONFIG = """
prompts:
  - 'Name the primer for {{ product }} in {{language}}.'
  - |-
    [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "What is {{product}} for?"}]
  - file://prompts/other.txt
  - file://generate.js
providers: [openai:gpt-5]
defaultTest:
  assert:
    - type: not-icontains
      value: as an AI
tests:
  - vars: {product: Sikalastic-609, language: [German, 中文]}
    assert:
      - {type: contains, value: '{{product}}'}
      - {type: icontains-any, value: [primer, a+b]}
      - {type: javascript, value: 'output.length < 10'}
      - {type: llm-rubric, value: is polite}
      - {type: regex, value: '609|\\d{3}'}
      - {type: is-json, value: {type: object, required: [code]}}
  - vars: {product: '{{ other }}', language: x}
    assert: [{type: equals, value: yes it is}]
  - vars: {product: file://../secret.txt, language: x}
    assert: [{type: contains, value: a}]
  - tests.csv
  - file://tests.py
"""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    (folder / "prompts").mkdir(parents=True)
    (folder / "promptfooconfig.yaml").write_text(CONFIG, encoding="utf-8")
    (folder / "prompts/other.txt").write_text("{% if product %}Say {{product}}{% endif %}", encoding="utf-8")
    (folder / "generate.js").write_text("process.exit(1)", encoding="utf-8")
    (folder / "tests.py").write_text("raise SystemExit", encoding="utf-8")
    (folder / "tests.csv").write_text("product,language,__expected\nA-1,English,contains: A-1\nB/2,de,B/2\n")
    (tmp_path / "secret.txt").write_text("TOP-SECRET", encoding="utf-8")
    return folder / "promptfooconfig.yaml"


def test_a_promptfoo_configuration_becomes_a_suite_and_the_rest_is_listed(
    config: Path, tmp_path: Path, judging: Judging
) -> None:
    made = import_file("promptfoo", config)
    reasons = {one.place: one.reason for one in made.left_out}
    assert "nothing is run" in reasons["prompts[3]"]
    assert "logic" in reasons["tests[0] with prompts[2]"]
    assert "no named check does the same" in reasons["tests[0].assert[2]"]
    assert "no named check does the same" in reasons["tests[0].assert[3]"]
    assert "a template itself" in reasons["tests[1].vars"]
    assert "outside the folder" in reasons["tests[2].vars"]
    assert "nothing is run" in reasons["tests[4]"]
    assert "TOP-SECRET" not in json.dumps(made.lines)
    first = made.lines[0]
    assert first["prompt"] == "Name the primer for Sikalastic-609 in German."
    assert first["targets"] == ["Sikalastic-609"]
    assert [one["check"] for one in first["checks"]] == [
        "not_contains", "contains", "regex", "regex", "json_schema"
    ]  # fmt: skip
    assert first["checks"][2]["pattern"] == "(?i:primer|a\\+b)"
    assert {"role": "user", "content": "What is Sikalastic-609 for?"} in made.lines[1]["messages"]
    result = write_imported(made, tmp_path / "suite", "x", judging)
    assert result.number("error") == 0
    content = read_case_file(tmp_path / "suite/cases.jsonl", load_info(tmp_path / "suite"))
    assert not content.problems
    assert len(content.cases) == result.cases == len(made.lines)


def test_the_command_lists_and_exits_1_and_writes_the_suite(
    config: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(["suites", "import", "promptfoo", str(config), "--out", "suites/mine"]) == 1
    shown = capsys.readouterr().out
    assert "not carried over: tests[0].assert[2]: javascript:" in shown
    assert "run: pytest --model=NAME suites/mine" in shown
    assert run(["suites", "lint", "suites/mine"]) == 0


PROMPTS = {
    "chat.yaml": "- role: system\n  content: Be brief.\n- role: user\n  content: 'Name {{ name | trim }} once.'\n",
    "chat.json": '[{"role": "user", "content": {{ name | dump }}}]',
    "two.txt": "Say {{ name }}.\r\n---\r\nWrite {{ name | upper }}.\r\n",
    "cells.csv": "prompt,label\nCopy {{ name }} out.,copy\n",
    "sub/a.md": "Tell me about {{ name }}.",
}
WHOLE = """
prompts: [file://chat.yaml, file://chat.json, two.txt, {id: file://cells.csv, label: copy}, 'file://sub/*.md']
providers: [openai:gpt-5]
defaultTest: file://default.yaml
assertionTemplates: {said: {type: contains, value: '{{name}}'}}
tests: ['tests/*.yaml', tests.csv, {path: file://make.py, config: {a: 1}}, {prompts: [copy], vars: {name: G-7}}]
scenarios:
  - config: [{vars: {name: H/8}}, {vars: {name: I-9}}]
    tests: [{assert: [{type: regex, value: '^[\\u0041-\\u005a]'}, {type: regex, value: '(?<!a)b'}]}]
"""
TESTS = {
    "default.yaml": "assert: [{$ref: '#/assertionTemplates/said'}, {type: contains, value: x, weight: 0}]",
    "tests/a.yaml": "- vars: {name: A-1}\n- vars: {name: B/2}\n  options: {transform: output.trim()}\n",
    "tests.csv": 'name,__expected,__expected2,__suffix,__metric\nC-3,is-json,"contains-any: x, C-3", please,m\n'
    'D/4,"https://D/4: no kind",,,\n',
    "make.py": "raise SystemExit",
}


def test_prompts_tests_and_scenarios_in_files_of_every_form_are_read(tmp_path: Path) -> None:
    for name, text in {**PROMPTS, **TESTS, "c.yaml": WHOLE}.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(text.encode())
    made = import_file("promptfoo", tmp_path / "c.yaml")
    asked = [line.get("prompt") or line["messages"][-1]["content"] for line in made.lines]
    assert [one for one in asked if "A-1" in one] == [
        "Name A-1 once.", "A-1", "Say A-1.", "Write A-1.", "Copy A-1 out.", "Tell me about A-1."
    ]  # fmt: skip
    assert made.lines[0]["messages"][0] == {"role": "system", "content": "Be brief."}
    assert [one for one in asked if "G-7" in one] == ["Copy G-7 out."]
    assert "Say C-3. please" in asked
    assert not any("B/2" in one for one in asked)
    checks = {line["prompt"]: line["checks"] for line in made.lines if "prompt" in line}
    said = {"check": "contains", "value": "D/4"}
    assert checks["Say D/4."] == [said, {"check": "equals", "value": "https://D/4: no kind", "strip": False}]
    assert [one["check"] for one in checks["Say C-3. please"]] == ["contains", "json_schema", "regex"]
    assert checks["Say H/8."][1] == {"check": "regex", "pattern": "^[\\x{0041}-\\x{005a}]"}
    reasons = {one.place: one.reason for one in made.left_out}
    assert len(made.left_out) == len(reasons)  # what all tests share is listed once
    assert "weight is 0" in reasons["defaultTest.assert[1]"]
    assert "transform" in reasons["tests/a.yaml[1]"]
    assert "nothing is run" in reasons["tests[2]"]
    assert "prefix or suffix of a chat" in reasons["tests.csv, row 2 with prompts[0]"]
    assert "not an RE2 pattern" in reasons["scenarios[0].tests[0] with scenarios[0].config[0].assert[1]"]
    assert made.notes == ["providers: not part of a suite; name the model with --model"]


BOMB = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{new}: &{new} [{', '.join([f'*{old}'] * 9)}]\n" for old, new in zip("abcdefgh", "bcdefghi", strict=True)
)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (BOMB, "stands for more than"),
        ("prompts: &p [*p]\n", "stands for more than"),
        ("prompts: !!python/object/apply:os.system ['true']\n", "not YAML"),
        ("[1, 2]", "accepted: a promptfoo configuration"),
        ("prompts: [a.js]\ntests: []\n", "no prompt that can be carried over"),
        ("prompts: [\n", "not YAML"),
        ("prompts: {a: {b: " + "{c: " * 200 + "1" + "}" * 202 + "\n", "stands for more"),
        ("\x00", "not YAML"),
    ],
)
def test_a_hostile_configuration_is_refused_at_once(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "c.yaml").write_text(text, encoding="utf-8")
    began = time.process_time()
    with pytest.raises(ConfigError, match=said):
        import_file("promptfoo", tmp_path / "c.yaml")
    assert time.process_time() - began < 5


def test_a_link_out_of_the_folder_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "secret.txt").write_text("TOP-SECRET")
    (tmp_path / "p").mkdir()
    (tmp_path / "p/inside.txt").symlink_to(tmp_path / "secret.txt")
    (tmp_path / "p/c.yaml").write_text(
        "prompts: ['file://inside.txt', 'Say A-1.']\ntests: [{assert: [{type: contains, value: A-1}]}]\n"
    )
    made = import_file("promptfoo", tmp_path / "p/c.yaml")
    assert "outside the folder" in made.left_out[0].reason
    assert len(made.lines) == 1


ROWS: dict[str, tuple[str, str, list[dict[str, Any]]]] = {
    "csv in GBK with quoted newlines": ("csv", "a.csv", []),
    "inspect": ("inspect", "a.jsonl", [
        {"input": "What is 2-1?", "target": "1", "id": 7},
        {"input": [{"role": "user", "content": "Say A-1"}], "target": ["A-1", "a1"]},
        {"input": "Pick", "choices": ["x", "y"], "target": "B"},
    ]),
    "inspect log": ("inspect", "log.json", [
        {"input": "Say A-1", "target": "A-1", "scores": {}}, {"input": "Pick", "choices": ["x", "y"], "target": "x"},
        {"input": "Say B/2", "target": "B/2"},
    ]),
    "openai-evals": ("openai-evals", "a.jsonl", [
        {"input": [{"role": "system", "content": "s"}, {"role": "user", "content": "Say A-1"}], "ideal": "A-1"},
        {"item": {"question": "Say B/2", "answer": "B/2"}},
        {"input": "Say C-3", "ideal": ["C-3", "C3"]},
    ]),
    "hf": ("hf", "rows.json", [
        {"row_idx": 0, "row": {"prompt": "Say A-1", "completion": "A-1"}},
        {"row_idx": 1, "row": {"messages": [
            {"role": "user", "content": "Say B/2"}, {"role": "assistant", "content": "B/2"}]}},
        {"row_idx": 2, "row": {"instruction": "Repeat", "input": "C-3", "output": "C-3"}},
    ]),
}  # fmt: skip


@pytest.mark.parametrize("name", ROWS)
def test_rows_of_data_sets_become_cases(name: str, tmp_path: Path, judging: Judging) -> None:
    kind, file, rows = ROWS[name]
    if kind == "csv":
        text = 'prompt;expected\r\n"第一行 A-1\r\n第二行, ""引号""";A-1\r\n型号 GB/T 50081-2019;\r\n'
        text += "只有文字;\r\n说 B/2;B/2\r\n"
        (tmp_path / file).write_bytes(text.encode("gbk"))
    elif file.endswith(".json"):
        (tmp_path / file).write_text(json.dumps({"samples" if kind == "inspect" else "rows": rows}), encoding="utf-8")
    else:
        (tmp_path / file).write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    made = import_file(kind, tmp_path / file)
    assert len(made.lines) == 3, made.left_out
    assert [one.reason for one in made.left_out] == (
        ["no assertion is carried over, and nothing is left to judge"] if kind == "csv" else []
    )
    assert write_imported(made, tmp_path / "suite", "x", judging).number("error") == 0


LONG = "A-1 is a primer. " * 20
DATA: dict[str, tuple[list[dict[str, Any]], list[tuple[str, Any]]]] = {
    "squad": (
        [{"id": "5733", "context": "Use C-3 here.", "question": "Which?", "answers": {"text": ["C-3", "C-3"]}}],
        [("Use C-3 here.\n\nWhich?", {"check": "contains", "value": "C-3"})],
    ),
    "arc": (
        [{"question": "Pick", "choices": {"text": ["x", "y"], "label": ["1", "2"]}, "answerKey": "2"}],
        [("Pick\n1) x\n2) y\nAnswer with the letter alone.", {"check": "choice", "options": ["1", "2"], "value": "2"})],
    ),
    "c-eval": (
        [{"question": "选", "A": "甲", "B": "乙", "C": "丙", "D": "丁", "answer": "B"}],
        [("选\nA) 甲\nB) 乙\nC) 丙\nD) 丁\nAnswer with the letter alone.",
          {"check": "choice", "options": ["A", "B", "C", "D"], "value": "B"})],
    ),
    "gsm8k": (
        [{"question": "2+3?", "answer": "2+3 is <<2+3=5>>5\n#### 5"}],
        [("2+3?", {"check": "contains", "value": "5"})],
    ),
    "content parts": (
        [{"input": [{"role": "user", "content": [{"type": "text", "text": "Say A-1"}]}], "target": "A-1"}],
        [("Say A-1", {"check": "contains", "value": "A-1"})],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", DATA)
def test_the_forms_of_well_known_data_sets_are_read(name: str, tmp_path: Path) -> None:
    rows, wanted = DATA[name]
    (tmp_path / "a.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    made = import_file("hf", tmp_path / "a.jsonl")
    assert [(line.get("prompt") or line["messages"][0]["content"], line["checks"][0]) for line in made.lines] == wanted
    assert not made.left_out
    assert made.lines[0]["id"] == rows[0].get("id", "hf-0001")


TURNS = [{"from": "human", "value": "Find A-1/B"}, {"from": "gpt", "value": "A-1/B"}]


@pytest.mark.parametrize(
    ("kind", "name", "value"),
    [
        ("csv", "a.csv", "用户提问,标准答案,批次\nFind A-1/B,A-1/B,7\n"),
        ("openai-evals", "a.jsonl", {"item": {"input": "Find A-1/B", "ground_truth": "A-1/B", "批次": 7}}),
        ("hf", "a.jsonl", {"conversations": TURNS, "批次": 1}),
    ],
)  # fmt: skip
def test_usual_names_of_questions_and_answers_are_known_and_the_rest_is_named(
    kind: str, name: str, value: Any, tmp_path: Path
) -> None:
    (tmp_path / name).write_text(value if isinstance(value, str) else json.dumps(value), encoding="utf-8")
    made = import_file(kind, tmp_path / name)
    (line,) = made.lines
    assert (line["targets"], line["checks"]) == (["A-1/B"], [{"check": "contains", "value": "A-1/B"}])
    assert made.notes == ["columns that are not used: 批次"]


def test_the_domain_and_the_tags_of_a_row_are_those_of_its_case(tmp_path: Path) -> None:
    """A team that sorts its cases by trade gets rates by trade: bounds are taken by domain."""
    table = "编号,提示词,目标字符串,领域,标签\nq-1,抄写 C35/45,C35/45,施工,夜班；送货单\nq-2,抄写 YJV-4,YJV-4,电气,\n"
    (tmp_path / "a.csv").write_text(table, encoding="gbk")
    made = import_file("csv", tmp_path / "a.csv")
    assert [(one["id"], one["domain"], one.get("tags")) for one in made.lines] == [
        ("q-1", "施工", ["夜班", "送货单"]),
        ("q-2", "电气", None),
    ]
    assert made.notes == []


def test_a_category_that_is_no_domain_costs_no_case(tmp_path: Path) -> None:
    """Data sets have columns of that name with anything in them; such a row had a case before, and has one still."""
    given: list[Any] = ["x" * 500, "a\nb", "\u202eabc", True, ["a"], 3, "法律, 合同"]
    rows = [{"prompt": f"抄写 A-{n}", "targets": f"A-{n}", "category": one} for n, one in enumerate(given)]
    (tmp_path / "a.json").write_text(json.dumps([*rows, {**rows[0], "prompt": "A-0", "tags": [None, 1, "t"]}]))
    made = import_file("hf", tmp_path / "a.json")
    assert not made.left_out
    domains = ["imported", "a b", "imported", "imported", "imported", "3", "法律, 合同", "imported"]
    assert [line["domain"] for line in made.lines] == domains
    assert made.lines[-1]["tags"] == ["t"]


def test_a_cell_that_lists_strings_of_the_prompt_holds_several_targets(tmp_path: Path) -> None:
    rows = [
        ("抄写 A-1/B 和 C-2", "A-1/B；C-2", ["A-1/B", "C-2"]),
        ("抄写 A-1;C-2", "A-1;C-2", ["A-1;C-2"]),
        ("抄写 A-1", '["A-1"]', ["A-1"]),
    ]
    lines = [json.dumps({"prompt": prompt, "targets": cell}) for prompt, cell, _ in rows]
    (tmp_path / "a.jsonl").write_text("\n".join(lines), encoding="utf-8")
    assert [one["targets"] for one in import_file("hf", tmp_path / "a.jsonl").lines] == [one[2] for one in rows]


def test_ids_that_no_case_can_have_are_named(tmp_path: Path) -> None:
    table = "id,prompt,targets\n用例一,Say A-1,A-1\nx,Say B-1,B-1\nx,Say C-1,C-1\n"
    (tmp_path / "a.csv").write_text(table, encoding="utf-8")
    made = import_file("csv", tmp_path / "a.csv")
    assert [one["id"] for one in made.lines] == ["csv-0001", "x", "csv-0002"]
    assert made.notes == [
        "ids that are not used: 2, the first '用例一'; accepted: ASCII letters, digits and . _ -, each id once"
    ]


def test_the_results_of_promptfoo_hold_the_configuration_that_was_run(tmp_path: Path) -> None:
    test = {"vars": {"x": "A-1/B"}, "assert": [{"type": "contains", "value": "{{x}}"}]}
    results = {"results": {"results": []}, "config": {"prompts": ["Find {{x}}"], "tests": [test]}}
    (tmp_path / "output.json").write_text(json.dumps(results), encoding="utf-8")
    (line,) = import_file("promptfoo", tmp_path / "output.json").lines
    assert (line["prompt"], line["targets"]) == ("Find A-1/B", ["A-1/B"])


def test_a_finding_names_the_file_that_was_written(tmp_path: Path, judging: Judging) -> None:
    test = {"vars": {"x": "A-1/B"}, "assert": [{"type": "is-json"}]}
    (tmp_path / "c.json").write_text(json.dumps({"prompts": ["Find {{x}}"], "tests": [test]}), encoding="utf-8")
    result = write_imported(import_file("promptfoo", tmp_path / "c.json"), tmp_path / "out", "t", judging)
    assert [one.path for one in result.findings] == [tmp_path / "out" / "cases.jsonl"]


def test_a_header_alone_is_said_to_be_one(tmp_path: Path, judging: Judging) -> None:
    (tmp_path / "a.csv").write_text("Find A-1/B,A-1/B\n", encoding="utf-8")
    with pytest.raises(ConfigError, match="the first line of a CSV file holds the names of its columns"):
        write_imported(import_file("csv", tmp_path / "a.csv"), tmp_path / "out", "t", judging)


def test_an_answer_that_is_an_example_protects_what_it_takes_from_the_prompt(tmp_path: Path) -> None:
    rows: list[dict[str, Any]] = [
        {"prompt": "What is A-1? Not B/2.", "output": LONG, "id": 7},
        {"messages": [{"role": "user", "content": "Hi"}, {"role": "tool", "content": "x"}]},
        {"text": "Good film, see D-4.", "label": 1},
        {"input": "Pick", "choices": ["x", "y"], "target": ["A", "B"]},
    ]
    (tmp_path / "a.json").write_text(json.dumps(rows), encoding="utf-8")
    made = import_file("hf", tmp_path / "a.json")
    assert [(line["id"], line["targets"]) for line in made.lines] == [("7", ["A-1"])]
    reasons = [one.reason for one in made.left_out]
    for said, reason in zip(
        ("an example", "a message: found", "by its number", "several of its"), reasons, strict=True
    ):
        assert said in reason


@pytest.mark.parametrize(
    ("content", "prompts"),
    [
        ("题目,参考答案\n说 A-1,A-1\n".encode("gbk"), ["说 A-1"]),
        (b"prompt\nSay A-1, please\nSay B/2\n", ["Say A-1, please", "Say B/2"]),
        (b'\xef\xbb\xbfprompt;expected;\r\n"Say A-1; now";A-1;\r\n', ["Say A-1; now"]),
    ],
)
def test_tables_of_spreadsheets_are_read(content: bytes, prompts: list[str], tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(content)
    made = import_file("csv", tmp_path / "a.csv")
    assert [line["prompt"] for line in made.lines] == prompts
    assert not made.left_out


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.csv", "prompt,expected,expected\nx,y,z\n", "two columns are named 'expected'"),
        ("a.csv", "prompt,expected\nSay A-1,A-1,too many\n", "row 2 has 3 cells"),
        ("a.eval", "PK", "inspect log convert"),
        ("a.yaml", "a: 1", "samples_jsonl"),
        ("a.xlsx", "PK", "save the sheet as CSV"),
        ("a.parquet", "no", "cannot be read as parquet"),
        ("a.jsonl.gz", "no", "cannot be read"),
    ],
)
def test_a_file_of_another_form_says_what_to_do(name: str, content: str, said: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text(content, encoding="utf-8")
    with pytest.raises(ConfigError, match=said):
        import_file("hf", tmp_path / name)


def test_a_data_set_on_disk_is_all_of_its_files(tmp_path: Path) -> None:
    import gzip

    arrow = pytest.importorskip("pyarrow")
    table = arrow.table({"prompt": ["Say A-1", " "], "answer": ["A-1", "B"]})
    (tmp_path / "set/train").mkdir(parents=True)
    with (
        arrow.OSFile(str(tmp_path / "set/train/data-00000-of-00001.arrow"), "wb") as file,
        arrow.ipc.new_stream(file, table.schema) as stream,
    ):
        stream.write_table(table)
    (tmp_path / "set/train/state.json").write_text("{}")
    (tmp_path / "set/test.jsonl.gz").write_bytes(gzip.compress(b'{"prompt": "Say C-3", "answer": "C-3"}\n'))
    made = import_file("hf", tmp_path / "set")
    assert [line["prompt"] for line in made.lines] == ["Say C-3", "Say A-1"]
    assert [one.place for one in made.left_out] == ["train/data-00000-of-00001.arrow, row 2"]
    (tmp_path / "empty").mkdir()
    with pytest.raises(ConfigError, match="no file of a data set"):
        import_file("hf", tmp_path / "empty")


def test_rows_that_are_nothing_are_listed_with_their_place(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text('{"input": "Say A-1", "ideal": "A-1"}\n[1]\n{"x": 1}\n{"input": "cut\n')
    made = import_file("openai-evals", tmp_path / "a.jsonl")
    assert [one.place for one in made.left_out] == ["line 2", "line 3", "line 4"]
    assert len(made.lines) == 1


def test_a_case_that_the_lint_refuses_is_left_out_and_the_others_are_written(tmp_path: Path, judging: Judging) -> None:
    rows = [{"prompt": "Say A-1", "expected": "A-1"}, {"prompt": "Say A-1", "expected": "A-1"}, {"prompt": "Say B/2"}]
    (tmp_path / "a.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    made = import_file("csv", tmp_path / "a.jsonl")
    assert write_imported(made, tmp_path / "suite", "x", judging).cases == 2
    assert f"asks the same as suite/csv-0001 at {tmp_path / 'suite' / 'cases.jsonl'}:1" in made.left_out[0].reason


def test_nothing_at_all_is_an_error_with_the_first_reason(tmp_path: Path, judging: Judging) -> None:
    with pytest.raises(ConfigError, match="nothing of it can be carried over"):
        write_imported(ImportedSuite(), tmp_path / "suite", "x", judging)
    for kind in KINDS:
        with pytest.raises(ConfigError, match="cannot be read"):
            import_file(kind, tmp_path / "missing.json")


@pytest.mark.parametrize(
    ("written", "value"),
    [
        *((text, text) for text in ("10:30", "12:30:45", "2026-01-02", "2026-13-45", "no", "on", "1_000", "0x1g", ".")),
        *(
            ("010", 10),
            ("0x1f", 31),
            ("0o17", 15),
            ("+5", 5),
            ("-1.5e3", -1500.0),
            (".5", 0.5),
            ("~", None),
            ("", None),
        ),
        *(("true", True), ("'007'", "007"), ("1:" * 200_000 + "1", "1:" * 200_000 + "1")),
    ],
    ids=lambda one: str(one)[:20],
)
def test_yaml_is_read_as_promptfoo_reads_it(written: str, value: object) -> None:
    assert plain_yaml(f"x: {written}") == {"x": value}


@pytest.mark.parametrize("text", ["!!timestamp 2026-01-02", "!!binary aGk=", "!!set {a, b}", "!!python/name:os.system"])
def test_no_tag_of_yaml_makes_other_values(text: str) -> None:
    with pytest.raises(ValueError, match="could not determine a constructor"):
        plain_yaml(f"x: {text}")


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("a.json", '{"prompts": ["x"], "tests": [' + "[]," * 1_500_000 + "1]}", "not JSON: too many values"),
        ("a.json", '{"a":' * 50_000, "not JSON: (nested too deeply|Expecting value)"),  # 3.14 reads it
        ("a.yaml", "prompts: [x]\ntests: [" + "[]," * 250_000 + "1]", "more than 200,000 values"),
    ],
    ids=["JSON of lists", "deep JSON", "YAML of lists"],
)
def test_a_small_file_of_many_values_is_refused(name: str, text: str, said: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(ConfigError, match=said):
        import_file("promptfoo", tmp_path / name)


def test_a_table_of_very_many_columns_is_read_in_time_that_grows_with_them(tmp_path: Path) -> None:
    names = ",".join(f"c{number}" for number in range(100_000))
    started = time.process_time()
    assert list(csv_rows(f"{names}\n{'1,' * 99_999}1\n"))
    assert time.process_time() - started < 5


def test_a_table_that_unpacks_to_much_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    arrow = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    monkeypatch.setattr("harness.authoring.importing._TABLE_LIMIT", 1_000_000)
    column = arrow.array(["x" * 100_000]).dictionary_encode()
    indices = arrow.array([0] * 600, arrow.int32())
    table = arrow.table({"prompt": arrow.DictionaryArray.from_arrays(indices, column.dictionary)})
    parquet.write_table(table, tmp_path / "a.parquet")
    assert (tmp_path / "a.parquet").stat().st_size < 100_000
    with pytest.raises(ConfigError, match="more than 1,000,000 rows or 1,000,000 bytes"):
        import_file("hf", tmp_path / "a.parquet")


TITLED = (
    "2024年产品目录,,,\r\n编制：张三,,,\r\n编号,问题,标准答案,领域\r\n"
    '="00001",请写出 KX-1/B ,KX-1/B ,阀门\r\n="00002",请写出 KX-2/B,KX-2/B,\r\n'
)


@pytest.mark.parametrize("name", ["a.csv", "a.xls", "a.xlsx"])
def test_a_sheet_with_a_title_is_read_from_the_names_of_its_columns_on(tmp_path, name):
    (tmp_path / name).write_text(TITLED, encoding="utf-8-sig")
    made = import_file("csv", tmp_path / name)
    assert [(one["targets"], one["domain"]) for one in made.lines] == [(["KX-1/B"], "阀门"), (["KX-2/B"], "imported")]
    assert [one["id"] for one in made.lines] == ["00001", "00002"]
    assert made.notes == [
        "row 3 holds the names of the columns; what is above it is not read",
        "no domain in 1 of 2 cases, which count as imported; where cells are merged, fill them down",
    ]
    assert [translated(f"note: {one}", "zh")[:3] for one in made.notes] == ["说明："] * 2


def test_a_sheet_of_a_workbook_is_imported_as_its_csv_would_be(tmp_path):
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    for row in [["2024年产品目录"], ["编号", "问题", "标准答案", "领域"], [1, "请写出 KX-1/B ;", "KX-1/B", "阀门"]]:
        book.active.append(row)
    book.active.append([2, "请写出 KX-2/B ;", '="KX-2"&"/B"', "阀门"])
    book.active["A3"].number_format = "00000"
    book.create_sheet("说明").append(["A-1"])
    book.save(tmp_path / "a.xlsx")
    made = import_file("csv", tmp_path / "a.xlsx", "Sheet")
    assert [(one["id"], one["targets"], one["domain"]) for one in made.lines] == [("00001", ["KX-1/B"], "阀门")]
    assert [one.place for one in made.left_out] == ["row 4"]
    assert "未导入：第 4 行：标准答案：公式没有计算结果" in translated(
        f"not carried over: {made.left_out[0].place}: {made.left_out[0].reason}", "zh"
    )
    (tmp_path / "a.jsonl").write_text("{}", encoding="utf-8")
    with pytest.raises(ConfigError, match="--sheet: only a workbook has sheets"):
        import_file("csv", tmp_path / "a.jsonl", "Sheet")


def test_a_title_is_looked_for_only_where_the_first_row_names_no_prompt(tmp_path):
    (tmp_path / "a.csv").write_text("prompt,expected\nquestion,answer\nSay A-1/B,A-1/B\n", encoding="utf-8")
    assert len(import_file("csv", tmp_path / "a.csv").lines) == 2
    (tmp_path / "b.csv").write_text("x,y\nquestion,other\nSay A-1/B,A-1/B\n", encoding="utf-8")
    assert "no prompt; its fields: x, y" in import_file("csv", tmp_path / "b.csv").left_out[0].reason


def test_what_a_spreadsheet_spoiled_is_listed_and_makes_no_case(tmp_path):
    rows = [
        "问题,标准答案,备注",
        "批号是？,1.23457E+14,x",
        "写出 A-1/B,#REF!,y",
        "#N/A,A-1/B,z",
        "写出 A-1/B,A-1/B,#N/A",
    ]
    (tmp_path / "a.csv").write_text("\n".join(rows), encoding="utf-8")
    made = import_file("csv", tmp_path / "a.csv")
    assert [one["prompt"] for one in made.lines] == ["写出 A-1/B"]
    assert [(one.place, one.reason.partition(",")[0].partition(" (")[0]) for one in made.left_out] == [
        ("row 2", "标准答案: a number that the spreadsheet has shortened"),
        ("row 3", "标准答案: #REF!"),
        ("row 4", "问题: #N/A"),
    ]
    chinese = [translated(f"not carried over: {one.place}: {one.reason}", "zh") for one in made.left_out]
    assert chinese[:2] == [
        "未导入：第 2 行：标准答案：被电子表格缩写的数字（请把该列设为文本格式，重新保存）",
        "未导入：第 3 行：标准答案：#REF!，电子表格中的错误值",
    ]
    (tmp_path / "a.jsonl").write_text(
        '{"prompt": "What is SUM of text A-1/B?", "expected": "#REF!"}\n', encoding="utf-8"
    )
    assert len(import_file("csv", tmp_path / "a.jsonl").lines) == 1


@pytest.mark.parametrize("name", ["a.csv", "a.xlsx", "a.xls"])
@pytest.mark.parametrize("content", [b"PK\x03\x04 a workbook", b"\xd0\xcf\x11\xe0 an old one", b"<html><table>"])
def test_a_workbook_is_known_by_its_content_whatever_its_name(tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ConfigError, match="save the sheet as CSV UTF-8 and name that file"):
        import_file("csv", tmp_path / name)
