"""A schema of a stranger's suite takes neither the memory nor the time of the machine."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from harness.checks import registry

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


DEEP = '{"a":' * 40 + "1" + "}" * 40
REFUSED = {
    **{keyword: (doubling(keyword), '"x"') for keyword in ("allOf", "anyOf", "oneOf")},
    "if": ({"$defs": {"a": {"if": {"$ref": "#/$defs/a"}}}, "$ref": "#/$defs/a"}, "1"),
    "a loop": ({"$ref": "#"}, "1"),
    "a loop of an anchor": ({"$anchor": "a", "allOf": [{"$ref": "#a"}]}, "1"),
    "dependentSchemas": ({"dependentSchemas": {"a": {"$ref": "#"}}}, '{"a": 1}'),
}
STOPPED = {
    "two ways into each level": ({"allOf": [{"properties": {"a": {"$ref": "#"}}}] * 2}, DEEP),
    "two names into each level": ({"properties": {"a": {"anyOf": [{"$ref": "#"}] * 2}}, "type": "array"}, DEEP),
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
