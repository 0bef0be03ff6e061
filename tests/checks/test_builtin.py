"""Every shipped check: what passes, what fails, and that it fails rather than passes when an answer is hostile."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from harness import checks
from harness.checks import Reply, registry
from harness.checks.answers import calls_in_text
from harness.config import ModelConfig
from harness.decisions.metrics import alignment_rate, delivered_rate
from harness.records.answer import Completion, ToolCall
from harness.records.case import Case, CheckCall
from harness.runs.judge import Judge

OBJECT = {"type": "object", "required": ["name"], "properties": {"name": {"type": "string"}}}

CASES: dict[str, list[tuple[dict[str, Any], list[str], list[str]]]] = {
    "equals": [
        ({"value": "X-1"}, ["X-1", " X-1\n"], ["x-1", "X-1.", "X - 1", "", "X‑1"]),
        ({"value": "X-1", "strip": False}, ["X-1"], [" X-1", "X-1\n"]),
        ({"value": "Straße", "ignore_case": True}, ["STRASSE", "straße"], ["Strase"]),
        ({"value": "a/b", "field": "/path"}, ['{"path": "a/b"}', '```json\n{"path": "a\\/b"}\n```'], ['{"p": "a/b"}']),
        ({"value": "x", "field": "/a~1b/0"}, ['{"a/b": ["x"]}'], ['{"a/b": []}', '{"a/b": {"0": "y"}}']),
        ({"value": "true", "field": "/ok"}, ['{"ok": true}', '{"ok": "true"}'], ['{"ok": false}', "{}"]),
    ],
    "contains": [
        ({"value": "X-1"}, ["the X-1 is"], ["the X - 1 is", "x-1", ""]),
        ({"value": "oslo", "ignore_case": True}, ["OSLO!"], ["Bergen"]),
        ({"value": "a", "field": "/t"}, ['{"t": "cat"}'], ["cat", '{"t": "dog"}']),
    ],
    "not_contains": [
        ({"value": "X"}, ["x", ""], ["aXb"]),
        ({"value": "x", "ignore_case": True}, ["y"], ["X"]),
        ({"value": "a", "field": "/t"}, ['{"t": "dog"}'], ['{"t": "cat"}', "dog", "{}", ""]),
    ],
    "regex": [
        ({"pattern": r"(?i)^went\W*$"}, ["Went.", "went"], ["goed", "I went"]),
        ({"pattern": r"\p{Han}"}, ["好"], ["good", "かな"]),
        ({"pattern": "^a$", "field": "/t"}, ['{"t": "a"}'], ["a", '{"t": "b"}']),
    ],
    "not_regex": [
        ({"pattern": r"\p{Latin}"}, ["好", ""], ["好a"]),
        ({"pattern": "a", "field": "/t"}, ['{"t": "b"}'], ["b", "{}", '{"t": "a"}']),
    ],
    "json_equals": [
        ({"value": {"a": 1, "b": [True]}}, ['{"b": [true], "a": 1}', '```\n{"a": 1.0, "b": [true]}\n```'], ["{}", "a"]),
        ({"value": 1}, ["1", "1.0"], ["true", '"1"', "2"]),
        ({"value": True}, ["true"], ["1", '"true"']),
        ({"value": None}, ["null"], ["", "0", "false"]),
        ({"value": [1, 2]}, ["[1, 2]"], ["[2, 1]", "[1, 2, 2]"]),
        ({"value": ["x"], "field": "/l"}, ['{"l": ["x"]}'], ['{"l": "x"}']),
    ],
    "max_sentences": [
        ({"count": 1}, ["One.", "版本 1.2.3 已发布。", "Use example.com", ""], ["One. Two.", "一。二", "A! B?"]),
        ({"count": 2}, ["一。二。", "Wait… what?"], ["一。二。三。"]),
    ],
    "ends_with": [
        ({"value": "。"}, ["好。", "好。\n"], ["好", "好。”", ""]),
        ({"value": "x", "field": "/t"}, ['{"t": "ax"}'], ['{"t": "xa"}', "ax"]),
    ],
    "choice": [
        ({"options": ["positive", "negative"], "value": "negative"}, ["Negative.", "**negative**"],
         ["positive", "positive or negative", "not sure", "negatively", ""]),
        ({"options": ["同意", "不同意"], "value": "不同意"},
         ["不同意", "我不同意。"], ["同意", "同意还是不同意？", ""]),
        ({"options": ["同意", "不同意"], "value": "同意"}, ["我同意。"], ["不同意", "不同意，同意"]),
        ({"options": ["да", "нет"], "value": "да"}, ["Да."], ["Недаром", "нет"]),
        ({"options": ["New York", "York"], "value": "York"}, ["It is York."], ["New York", "New York, York"]),
    ],
    "number": [
        ({"value": 102}, ["102", "17 × 6 = 102.", "= 102,", "１０２", "102.0"],
         ["17", "1102", "102 or 103", "", "none"]),
        ({"value": 1234.5}, ["1,234.5", "1234.5 kg"], ["1,234", "12345"]),
        ({"value": -18}, ["-18 °C", "it is −18", "(-18)"], ["18", "5-18", "COVID-18"]),
        ({"value": 8}, ["10-8"], ["-8"]),
        ({"value": 0.3, "tolerance": 0.05}, ["0.33", "0.25"], ["0.36", "3"]),
        ({"value": 95, "field": "/s"}, ['{"s": 95}', '{"s": "95 s"}'], ['{"s": 94}', "95"]),
        ({"value": 95, "field": "/01"}, ['{"01": 95}'], ["[94, 95]"]),
        ({"value": 95, "field": "/\u0661"}, ['{"\u0661": 95}'], ["[94, 95]"]),
        ({"value": 95, "field": "/1"}, ["[94, 95]", '{"1": 95}'], ["[95]"]),
    ],
    "json_schema": [
        ({"schema": OBJECT}, ['{"name": "x"}', '```json\n{"name": "x"}\n```'], ['{"name": 1}', "{}", "name", "", "[]"]),
        ({"schema": {"type": "string", "pattern": r"^\p{Han}+$"}, "field": "/t"},
         ['{"t": "好"}'], ['{"t": "a"}', "{}"]),
        ({"schema": {"additionalProperties": False, "properties": {"a": {}},
                     "patternProperties": {"^x-": {"type": "null"}}}},
         ['{"a": 1, "x-b": null}'], ['{"b": 1}', '{"x-b": 1}']),
        ({"schema": {"additionalProperties": {"type": "string"}}}, ['{"a": "b"}'], ['{"a": 1}']),
        ({"schema": {"uniqueItems": True}}, ["[1, 2]", '[{"a": 1}, {"a": 2}]'], ["[1, 1]", '[{"a": 1}, {"a": 1}]']),
        ({"schema": {"$ref": "#/$defs/n", "$defs": {"n": {"type": "integer"}}}}, ["3"], ['"3"']),
    ],
    "tool_called": [({"name": "read"}, [], ["read", '{"name": "read"}', ""])],
}  # fmt: skip

FLAT = [(name, arguments, right, wrong) for name, rows in CASES.items() for arguments, right, wrong in rows]


def test_every_shipped_check_has_right_and_wrong_answers_here() -> None:
    shipped = {name for name, function in checks.known().items() if function.__module__.startswith("harness.checks")}
    assert shipped == set(CASES)


@pytest.mark.parametrize(("name", "arguments", "right", "wrong"), FLAT)
def test_right_answers_pass_and_wrong_ones_fail(
    name: str, arguments: dict[str, Any], right: list[str], wrong: list[str]
) -> None:
    assert checks.problem_with(name, arguments) is None
    assert {answer: checks.run(name, arguments, answer).passed for answer in right} == dict.fromkeys(right, True)
    assert {answer: checks.run(name, arguments, answer).passed for answer in wrong} == dict.fromkeys(wrong, False)


def test_a_failed_check_says_what_was_wrong() -> None:
    for name, arguments, _, wrong in FLAT:
        for answer in wrong:
            detail = checks.run(name, arguments, answer).detail
            assert detail
            assert detail.isprintable()


def called(*calls: tuple[str, str]) -> Reply:
    return Reply.of("", tuple(ToolCall(name=name, arguments=arguments) for name, arguments in calls))


def test_tools_are_seen_by_name_and_by_the_first_calls_arguments() -> None:
    reply = called(("read", '{"path": "a-b.md", "lines": 3}'), ("write", '{"path": "c"}'))
    assert checks.run("tool_called", {"name": "write"}, reply).passed
    assert not checks.run("tool_called", {"name": "delete"}, reply).passed
    assert checks.run("equals", {"field": "/path", "value": "a-b.md"}, reply).passed
    assert not checks.run("equals", {"field": "/path", "value": "c"}, reply).passed
    assert checks.run("number", {"field": "/lines", "value": 3}, reply).passed
    assert not checks.run(
        "equals", {"field": "/path", "value": "a-b.md"}, called(("read", "{'path': 'a-b.md'}"))
    ).passed


DEEP = "[" * 100_000 + "]" * 100_000
HOSTILE = {
    "empty": "",
    "nested 100,000 deep": DEEP,
    "objects nested deep": '{"t":' * 50_000 + "1" + "}" * 50_000,
    "unclosed": "{" * 200_000,
    "NaN": '{"t": NaN}',
    "infinite": '{"t": 1e999}',
    "5,000 digits": '{"t": ' + "9" * 5000 + "}",
    "key twice": '{"t": "x", "t": "y"}',
    "lone surrogate": '{"t": "\\ud800"}',
    "surrogate as text": "\ud800",
    "control characters": "\x00\x1b[31m\u202e",
    "not an object": "[]",
}
ON_A_FIELD: list[tuple[str, dict[str, Any]]] = [
    ("equals", {"value": "q"}),
    ("contains", {"value": "q"}),
    ("regex", {"pattern": "q"}),
    ("number", {"value": 7}),
    ("json_equals", {"value": "q"}),
    ("ends_with", {"value": "q"}),
    ("choice", {"options": ["q", "z"], "value": "q"}),
    ("json_schema", {"schema": {"const": "q"}}),
]


@pytest.mark.parametrize("kind", HOSTILE)
@pytest.mark.parametrize(("name", "arguments"), ON_A_FIELD)
@pytest.mark.parametrize("field", [None, "/t", "/t/0"])
def test_a_hostile_answer_fails_and_never_crashes(
    kind: str, name: str, arguments: dict[str, Any], field: str | None
) -> None:
    result = checks.run(name, arguments if field is None else {**arguments, "field": field}, HOSTILE[kind])
    assert not result.passed
    assert result.detail.isprintable()
    assert len(result.detail) <= 700


@pytest.mark.parametrize("kind", sorted(set(HOSTILE) - {"control characters", "surrogate as text", "lone surrogate"}))
@pytest.mark.parametrize("name", ["not_contains", "not_regex", "max_sentences"])
def test_a_check_that_forbids_fails_where_its_field_cannot_be_read(kind: str, name: str) -> None:
    arguments: dict[str, Any] = {
        "not_contains": {"value": "zz"}, "not_regex": {"pattern": "zz"}, "max_sentences": {"count": 1},
    }[name]  # fmt: skip
    result = checks.run(name, {**arguments, "field": "/t/0"}, HOSTILE[kind])
    assert not result.passed


@pytest.mark.parametrize(
    ("name", "arguments", "answer"),
    [
        ("regex", {"pattern": "(a+)+$"}, "a" * 100_000 + "b"),
        ("not_regex", {"pattern": "(x|xx)*y"}, "x" * 100_000),
        ("json_schema", {"schema": {"pattern": "^(a|aa)+$"}}, '"' + "a" * 100_000 + 'b"'),
        ("json_schema", {"schema": {"patternProperties": {"^(a+)+$": {}}}}, '{"' + "a" * 100_000 + 'b": 1}'),
        ("json_schema", {"schema": {"uniqueItems": True}}, "[" + ",".join(f'{{"a":{n}}}' for n in range(30_000)) + "]"),
        ("number", {"value": 1}, "1," * 100_000),
        ("max_sentences", {"count": 1}, "a. " * 100_000),
        ("choice", {"options": ["ab", "abab"], "value": "ab"}, "xabx" * 50_000),
        ("contains", {"value": "q"}, "p" * 5_000_000),
    ],
)
def test_no_answer_makes_a_check_hang(name: str, arguments: dict[str, Any], answer: str) -> None:
    started = time.process_time()
    checks.run(name, arguments, answer)
    assert time.process_time() - started < 5


@pytest.mark.parametrize(
    ("name", "arguments", "problem"),
    [
        ("contains", {"value": ""}, "contains.value: found ''; every text holds it; accepted: a non-empty string"),
        ("not_contains", {"value": ""}, "not_contains.value: found ''"),
        ("ends_with", {"value": ""}, "ends_with.value: found ''; accepted: a non-empty string without blanks"),
        ("ends_with", {"value": "x "}, "ends_with.value: found 'x '"),
        ("regex", {"pattern": ""}, "regex.pattern: found ''; every text matches it"),
        ("regex", {"pattern": r"(a)\1"}, r"regex.pattern: found '(a)\\1', which is not an RE2 pattern"),
        ("not_regex", {"pattern": "("}, "not_regex.pattern: found '(', which is not an RE2 pattern: missing )"),
        ("regex", {"pattern": "(a{999}){999}"}, "regex.pattern: found '(a{999}){999}', which is not an RE2 pattern"),
        ("max_sentences", {"count": 0}, "max_sentences.count: found 0; accepted: 1 or more"),
        ("max_sentences", {"count": 1.5}, "max_sentences.count: found 1.5; accepted: a whole number"),
        ("max_sentences", {"count": True}, "max_sentences.count: found True; accepted: a whole number"),
        ("number", {"value": True}, "number.value: found True; accepted: a number"),
        ("number", {"value": 1, "tolerance": -1}, "number.tolerance: found -1; accepted: 0 or more"),
        ("choice", {"options": [], "value": "a"}, "choice.options: found []; accepted: a list of non-blank strings"),
        ("choice", {"options": ["Yes", "yes"], "value": "yes"}, "choice.options: found ['Yes', 'yes']; two are equal"),
        ("choice", {"options": ["yes", "no"], "value": "yess"}, "choice.value: 'yess' is not one of the options (did"),
        ("equals", {"value": "x", "strip": "no"}, "equals.strip: found 'no'; accepted: true or false"),
        ("equals", {"value": "x", "field": 3}, "equals.field: found 3; accepted: a string or null"),
        ("equals", {"value": "x", "field": "name"}, "equals.field: found 'name'; accepted: a JSON Pointer"),
        ("tool_called", {"name": 3}, "tool_called.name: found 3; accepted: a string"),
        ("json_schema", {"schema": {"type": "strng"}}, "json_schema.schema: $.type: \"'strng' is not valid"),
        ("json_schema", {"schema": {"requird": ["a"]}}, "json_schema.schema: $: unknown or unsupported keyword"),
        ("json_schema", {"schema": {"properties": {"a": {"format": "date"}}}}, "json_schema.schema: $.properties.a: "),
        ("json_schema", {"schema": {"pattern": "(?=a)"}}, "json_schema.schema: $: pattern: found '(?=a)', which is no"),
        ("json_schema", {"schema": {"patternProperties": {"(": {}}}}, "json_schema.schema: $: pattern: found '('"),
        ("json_schema", {"schema": {"$ref": "http://example.com/x"}}, "json_schema.schema: $: $ref: 'http://ex"),
        ("json_schema", {"schema": {"$ref": "#/$defs/none"}}, "json_schema.schema: $: $ref: '#/$defs/no"),
    ],
)  # fmt: skip
def test_arguments_that_would_pass_or_fail_every_answer_are_refused(
    name: str, arguments: dict[str, Any], problem: str
) -> None:
    said = checks.problem_with(name, arguments)
    assert said is not None
    assert said.startswith(problem)


def test_a_property_may_have_the_name_of_a_keyword() -> None:
    schema = {"properties": {"pattern": {"type": "string"}, "format": {"enum": ["a("]}, "$ref": {}}}
    assert checks.problem_with("json_schema", {"schema": schema}) is None


@pytest.mark.skipif(sys.gettrace() is not None, reason="the frames of a tracer need stack of their own")
def test_a_schema_that_refers_to_itself_fails_an_answer_that_is_too_deep() -> None:
    schema = {"items": {"$ref": "#"}, "type": "array"}
    assert checks.problem_with("json_schema", {"schema": schema}) is None
    assert checks.run("json_schema", {"schema": schema}, "[[], [[]]]").passed
    assert not checks.run("json_schema", {"schema": schema}, "[" * 900 + "1" + "]" * 900).passed
    assert not checks.run("json_schema", {"schema": {"$ref": "#"}}, "1").passed


# A schema of a stranger's suite takes neither the memory nor the time of the machine.

MOST_CPU_S, MOST_MEGABYTES = 8, 300
SCRIPT = """
import json, resource, sys
from harness.checks import registry
schema, answer = json.load(sys.stdin)
problem = registry.problem_with("json_schema", {"schema": schema})
result = registry.run("json_schema", {"schema": schema}, answer)
used = resource.getrusage(resource.RUSAGE_SELF)
try:  # ru_maxrss holds what the process that forked this one had
    with open("/proc/self/status") as status:
        megabytes = next(int(line.split()[1]) for line in status if line.startswith("VmHWM")) / 1024
except (OSError, StopIteration):
    megabytes = used.ru_maxrss / 1024
print(json.dumps([problem, result.passed, result.detail, used.ru_utime + used.ru_stime, megabytes]))
"""


def doubling(keyword: str, depth: int = 28) -> dict[str, Any]:
    """Each definition refers twice to the next one."""
    refs = {f"d{n}": {keyword: [{"$ref": f"#/$defs/d{n + 1}"}] * 2} for n in range(depth)}
    return {"$defs": {**refs, f"d{depth}": {"type": "integer"}}, "$ref": "#/$defs/d0"}


def nested(keyword: str, depth: int = 60) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": "integer"}
    for _ in range(depth):
        schema = {keyword: schema}
    return schema


DEEP_SCHEMA = '{"a":' * 40 + "1" + "}" * 40
REFUSED = {
    **{keyword: (doubling(keyword), '"x"') for keyword in ("allOf", "anyOf", "oneOf")},
    "if": ({"$defs": {"a": {"if": {"$ref": "#/$defs/a"}}}, "$ref": "#/$defs/a"}, "1"),
    "a loop": ({"$ref": "#"}, "1"),
    "a loop of an anchor": ({"$anchor": "a", "allOf": [{"$ref": "#a"}]}, "1"),
    "dependentSchemas": ({"dependentSchemas": {"a": {"$ref": "#"}}}, '{"a": 1}'),
}
STOPPED = {
    "two ways into each level": ({"allOf": [{"properties": {"a": {"$ref": "#"}}}] * 2}, DEEP_SCHEMA),
    "two names into each level": ({"properties": {"a": {"anyOf": [{"$ref": "#"}] * 2}}, "type": "array"}, DEEP_SCHEMA),
    "false, many times": ({"anyOf": [False] * 900}, json.dumps("x" * 1_000_000)),
    "long messages": ({"anyOf": [{"type": "integer"}] * 900}, json.dumps(["x" * 1_000] * 1_000)),
    "many values": ({"items": {"enum": [["x" * 100] * 100] * 1_000}}, json.dumps([["x" * 100] * 100] * 1_000)),
    "many patterns": (
        {"patternProperties": {f"a{n}": {} for n in range(900)}},
        json.dumps(dict.fromkeys(map(str, range(9_000)))),
    ),
    "not in not": (nested("not"), "1"),
    "a large number": ({"items": {"multipleOf": 1e-300}}, json.dumps([10**300] * 1_000)),
}


def judged(schema: Any, answer: str) -> tuple[str | None, bool, str]:
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT],
        cwd=Path(__file__).parents[2],
        input=json.dumps([schema, answer]),
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    problem, passed, detail, cpu_s, megabytes = json.loads(done.stdout)
    assert cpu_s < MOST_CPU_S
    assert megabytes < MOST_MEGABYTES
    return problem, passed, detail


@pytest.mark.parametrize(("schema", "answer"), REFUSED.values(), ids=REFUSED)
def test_a_schema_that_cannot_end_soon_is_refused_with_the_suite(schema: dict[str, Any], answer: str) -> None:
    problem, passed, _ = judged(schema, answer)
    assert problem is not None
    assert problem.startswith("json_schema.schema: ")
    assert not passed


@pytest.mark.parametrize(("schema", "answer"), STOPPED.values(), ids=STOPPED)
def test_a_validation_that_takes_too_long_ends_and_passes_nothing(schema: dict[str, Any], answer: str) -> None:
    problem, passed, detail = judged(schema, answer)
    assert problem is None
    assert not passed or schema == nested("not")
    assert len(detail) <= 500


def test_a_long_honest_answer_is_judged() -> None:
    fields = {name: {"type": "string", "minLength": 1} for name in "abcde"}
    schema = {"items": {"type": "object", "required": [*fields], "properties": fields, "additionalProperties": False}}
    rows = [dict.fromkeys(fields, "水吧台") for _ in range(2_000)]
    assert registry.run("json_schema", {"schema": schema}, json.dumps(rows)).passed
    rows[-1]["e"] = ""
    assert not registry.run("json_schema", {"schema": schema}, json.dumps(rows)).passed


def test_false_in_a_list_says_the_same_as_before() -> None:
    schema = {"prefixItems": [True, False], "items": False}
    assert registry.run("json_schema", {"schema": schema}, "[1]").passed
    assert not registry.run("json_schema", {"schema": schema}, "[1, 2]").passed
    assert not registry.run("json_schema", {"schema": {"prefixItems": [True], "items": False}}, "[1, 2]").passed


# A tool call that a model wrote as text is read as one, and is not counted as delivered.

TOOL = {"type": "function", "function": {"name": "move", "parameters": {"type": "object"}}}
CASE = Case(
    suite="any",
    id="move-1",
    domain="d",
    language="en",
    task="tool",
    messages=({"role": "user", "content": "Move a-1/x.txt to b-2/y.txt."},),
    targets=("a-1/x.txt", "b-2/y.txt"),
    required=("a-1/x.txt", "b-2/y.txt"),
    tools=(TOOL,),
    checks=(
        CheckCall(check="tool_called", arguments={"name": "move"}),
        CheckCall(check="equals", arguments={"field": "/from", "value": "a-1/x.txt"}),
        CheckCall(check="equals", arguments={"field": "/to", "value": "b-2/y.txt"}),
    ),
)
ARGUMENTS = {"from": "a-1/x.txt", "to": "b-2/y.txt"}
CALL = json.dumps({"name": "move", "arguments": ARGUMENTS})
JUDGE = Judge(ModelConfig(name="any"))
WRITTEN = {
    "bare": CALL,
    "in a fence": f"```json\n{CALL}\n```",
    "in tags": f"<tool_call>\n{CALL}\n</tool_call>",
    "in a tag that is not closed": f"<tool_call>\n{CALL}",
    "parameters": json.dumps({"name": "move", "parameters": ARGUMENTS}),
    "function": json.dumps({"function": "move", "arguments": ARGUMENTS}),
    "as endpoints return it": json.dumps({"type": "function", "function": {"name": "move", "arguments": ARGUMENTS}}),
    "arguments as text": json.dumps({"name": "move", "arguments": json.dumps(ARGUMENTS)}),
    "in a list": f"[{CALL}]",
    "under tool_calls": json.dumps({"tool_calls": [{"id": "1", "function": json.loads(CALL)}]}),
    "after reasoning with another": '<think>{"name": "move", "arguments": {"from": "?"}}</think>\n' + CALL,
    "over several lines": json.dumps(json.loads(CALL), indent=2),
}


@pytest.mark.parametrize("form", WRITTEN)
def test_a_call_written_as_text_is_read(form: str) -> None:
    sample = JUDGE.sample(CASE, Completion(text=WRITTEN[form]), 0)
    assert sample.outcome == "aligned", sample.checks
    assert [call.name for call in sample.tool_calls] == ["move"]
    assert sample.call_in_text
    # reasoning is kept apart, and is not output
    assert sample.raw_output == WRITTEN[form].rpartition("</think>\n")[2]


def test_text_round_a_call_is_kept_and_judged() -> None:
    sample = JUDGE.sample(CASE, Completion(text=f"I move a - 1/x.txt now.\n{CALL}\nDone."), 0)
    assert sample.output == "I move a - 1/x.txt now.\nDone."
    assert sample.outcome == "damaged"


def test_a_damaged_string_in_such_a_call_is_damaged() -> None:
    sample = JUDGE.sample(CASE, Completion(text=CALL.replace("a-1", "a - 1")), 0)
    assert (sample.outcome, sample.verdicts["a-1/x.txt"]) == ("damaged", "spaced")


NO_CALLS = {
    "another tool": json.dumps({"name": "copy", "arguments": ARGUMENTS}),
    "no arguments": json.dumps({"name": "move"}),
    "arguments that are a list": json.dumps({"name": "move", "arguments": ["a-1/x.txt"]}),
    "a name that is a number": json.dumps({"name": 7, "arguments": ARGUMENTS}),
    "cut off": CALL[:-2],
    "a name twice": '{"name": "move", "arguments": {"to": "a", "to": "b"}}',
    "arguments alone": json.dumps(ARGUMENTS),
    "in reasoning alone": f"<think>{CALL}</think>",
    "prose": "I moved a-1/x.txt to b-2/y.txt.",
    "a lone surrogate": '{"name": "move", "arguments": "\\ud800"}',
}


@pytest.mark.parametrize("form", NO_CALLS)
def test_what_is_no_call_of_the_case_stays_text(form: str) -> None:
    assert calls_in_text(NO_CALLS[form], [TOOL]) == ((), NO_CALLS[form])


def test_a_lone_surrogate_in_a_call_is_judged_and_written() -> None:
    text = r'{"name": "move", "arguments": {"from": "\ud800", "to": "b-2/y.txt"}}'
    sample = JUDGE.sample(CASE, Completion(text=text), 0)
    assert sample.outcome == "omitted"
    assert r"\ud800" in json.loads(sample.model_dump_json())["tool_calls"][0]["arguments"]


def test_a_case_without_tools_is_left_alone() -> None:
    case = CASE.model_copy(update={"tools": (), "checks": ()})
    sample = JUDGE.sample(case, Completion(text=CALL), 0)
    assert (sample.tool_calls, sample.output, sample.call_in_text) == ((), CALL, False)


def test_the_flag_is_written_only_where_it_is_true() -> None:
    delivered = Completion(tool_calls=(ToolCall(name="move", arguments=json.dumps(ARGUMENTS)),))
    assert "call_in_text" not in JUDGE.sample(CASE, delivered, 0).model_dump()
    assert JUDGE.sample(CASE, Completion(text=CALL), 0).model_dump()["call_in_text"] is True


def test_delivered_and_right_are_two_figures() -> None:
    answers = [
        Completion(tool_calls=(ToolCall(name="move", arguments=json.dumps(ARGUMENTS)),)),
        Completion(text=CALL),
        Completion(text="I cannot do that."),
    ]
    cases = [JUDGE.case(CASE, [JUDGE.sample(CASE, answer, 0)]) for answer in answers]
    assert delivered_rate(cases) == (1, 3)
    assert alignment_rate(cases) == (2, 3)


@pytest.mark.parametrize("piece", ['{"name": ', '{"name": "move", "arguments": {', '{"a":', "[", '<tool_call>{"name"'])
def test_a_hostile_answer_takes_no_long_time(piece: str) -> None:
    text = piece * (90_000 // len(piece))
    begin = time.process_time()
    found: tuple[Any, str] = calls_in_text(text, [TOOL])
    assert time.process_time() - begin < 5
    assert found == ((), text)
