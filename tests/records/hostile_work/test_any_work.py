"""Well-formed files that ask for much, by size, by depth, by what grows with both: each in a child, measured."""

from __future__ import annotations

import gzip
import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from harness.records.answer import request_key
from tests.house.hostile_files.conftest import Run
from tests.house.hostile_files.contents import INTERACTION, RECORD

FULL = bool(os.environ.get("HARNESS_FULL_WORK"))
"""The sizes that the names of the tests give; else a fifth of them, in less time. CONTRIBUTING.md has the command."""
MOST_CPU_S = 15 if FULL else 4
MOST_MEGABYTES = 800
LONGEST_OUTPUT = 20_000
WORDS = "The part A-1 is in store. "


def part(size: int) -> int:
    """Of something wide: what is deep is as deep in every run."""
    return size if FULL else size // 5


def case(prompt: str | None = "Repeat: A-1", **fields: Any) -> dict[str, Any]:
    """A line of a case file."""
    return {"id": "c-1", "prompt": prompt, "targets": ["A-1"]} | fields


def nested(depth: int, *, inside: str = "1") -> str:
    return '{"a":' * depth + inside + "}" * depth


def branching(depth: int) -> dict[str, Any]:
    """A schema of which each definition names the next one twice."""
    definitions: dict[str, Any] = {
        f"d{n}": {
            "type": "object",
            "properties": {"x": {"$ref": f"#/$defs/d{n + 1}"}, "y": {"$ref": f"#/$defs/d{n + 1}"}},
        }
        for n in range(depth)
    }
    definitions[f"d{depth}"] = {"type": "string"}
    return {"$defs": definitions, "$ref": "#/$defs/d0"}


def check(name: str, **arguments: Any) -> list[dict[str, Any]]:
    return [{"check": name, **arguments}]


def schema(value: Any) -> dict[str, Any]:
    return {"checks": check("json_schema", schema=value), "targets": [], "task": "json"}


CASES: dict[str, tuple[dict[str, Any], str]] = {
    # what: (the case, the answer to it)
    "a long answer": (case(), WORDS * part(40_000)),
    "a long answer of one sign": (case(), "-" * part(1_000_000)),
    "a long answer of signs and blanks": (case(), "- " * part(500_000)),
    "a long answer of near misses": (case(), "A - 1 A–1 A-\u200b1 " * part(5_000)),
    "a long answer of marks": (case(), "A" + "\u0301" * part(1_000_000)),
    "a long answer of brackets": (case(), "(" * part(1_000_000)),
    "a long answer of backslashes": (case(), "\\" * part(1_000_000) + "A-1"),
    "a long answer of fences": (case(), "```\n" * part(200_000)),
    "a long answer of open reasoning": (case(), "<think>" * part(100_000)),
    "a long answer of reasoning": (case(), "<think>A-1</think>" * part(50_000)),
    "ten thousand targets": (
        case(" ".join(f"A-{n}" for n in range(part(10_000))), targets=[f"A-{n}" for n in range(part(10_000))]),
        " ".join(f"A - {n}" for n in range(part(10_000))),
    ),
    "ten thousand targets that hold each other": (
        case("-".join(["A"] * part(1_500)), targets=["-".join(["A"] * n) for n in range(2, part(700))]),
        "-".join(["A"] * part(1_500)),
    ),
    "a target of half a megabyte": (case("A-" * part(250_000), targets=["A-" * part(250_000)]), "A -" * part(250_000)),
    "a target of hyphens": (case("-" * part(100_000), targets=["-" * part(100_000)]), "–" * part(300_000)),
    "JSON, deep": (case(task="json"), nested(5_000, inside='"A-1"')),
    "JSON, wide": (case(task="json"), json.dumps(["A - 1"] * part(20_000))),
    "JSON in JSON in JSON": (case(task="json"), json.dumps(json.dumps(json.dumps({"a": "A - 1" * part(1_000)})))),
    "JSON of brackets": (case(task="json"), "[" * part(1_000_000)),
    "a schema that branches": (case(**schema(branching(28))), nested(30)),
    "a schema of many schemas": (
        case(**schema({"properties": {f"k{n}": {"allOf": [{}, {}]} for n in range(part(50_000))}})),
        "{}",
    ),
    "a schema that branches in itself": (
        case(
            **schema({"$defs": {"d": {"anyOf": [{"$ref": "#/$defs/d"}, {"$ref": "#/$defs/d"}]}}, "$ref": "#/$defs/d"})
        ),
        "1",
    ),
    "a schema of many choices": (
        case(**schema({"enum": list(range(part(50_000)))})),
        json.dumps("x" * part(100_000)),
    ),
    "a schema of unlike items": (
        case(**schema({"type": "array", "uniqueItems": True})),
        json.dumps([{"a": n} for n in range(part(30_000))]),
    ),
    "a schema with a pattern that goes back": (
        case(**schema({"type": "string", "pattern": "^(a+)+$"})),
        json.dumps("a" * part(5_000) + "!"),
    ),
    "a schema of patterns of names": (
        case(**schema({"patternProperties": {f"^{'(x*)*' * 3}{n}$": {} for n in range(300)}})),
        json.dumps({"x" * 200 + str(n): 1 for n in range(part(2_000))}),
    ),
    "a schema, deep": (
        case(**schema(json.loads('{"items":' * 50 + "{}" + "}" * 50))),
        "[" * 900 + "]" * 900,
    ),
    "a pattern that goes back": (case(checks=check("regex", pattern="(a+)+$")), "a" * part(50_000) + "!"),
    "a pattern of alternatives": (case(checks=check("regex", pattern="(a|a|aa|a?)*b")), "a" * part(50_000)),
    "a pattern of counts": (case(checks=check("regex", pattern="(x{1,900}){1,900}y")), "x" * 100_000),
    "a pattern of many counts": (case(checks=check("regex", pattern="((((x{1,99}){1,99}){1,99}){1,99}){1,99}")), "x"),
    "a number of many digits": (case(checks=check("number", value=1)), "1" * part(1_000_000)),
    "many numbers": (case(checks=check("number", value=1)), "1 " * part(500_000)),
    "many choices": (
        case(checks=check("choice", options=[f"o{n}" for n in range(part(5_000))], value="o1")),
        " ".join(f"o{n}" for n in range(part(50_000))),
    ),
    "many sentences": (case(checks=check("max_sentences", count=1)), "a. " * part(300_000)),
    "much to be equal to": (
        case(checks=check("equals", value="é" * part(200_000), ignore_case=True)),
        "E\u0301" * part(300_000),
    ),
    "much to be in it": (case(checks=check("contains", value="a" * part(100_000) + "b")), "a" * part(1_000_000)),
    "JSON to be equal to": (case(checks=check("json_equals", value=json.loads(nested(50)))), nested(20_000)),
    "a tool of many calls": (
        case(tools=[{"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}}]),
        json.dumps([{"name": "f", "arguments": {"a": "A - 1"}}] * part(20_000)),
    ),
    "calls written as text": (
        case(tools=[{"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}}]),
        '<tool_call>{"name": "f", "arguments": {}}</tool_call>' * part(20_000)
        + "<tool_call>" * part(20_000)
        + "{" * part(100_000),
    ),
    "a long conversation": (
        case(messages=[{"role": "user", "content": "A-1 " * 10}] * part(10_000), prompt=None) | {},
        "A - 1",
    ),
}


def told(
    run: Run, *command: str, accepted: tuple[int, ...], program: str = "harness", longest: int = LONGEST_OUTPUT
) -> None:
    done = run(*command, program=program)
    said = f"{' '.join(command)}: exit {done.code}, {done.cpu_s:.1f} s, {done.megabytes:.0f} MB: {done.output}"[:3_000]
    print(f"{' '.join(command)}: exit {done.code}, {done.cpu_s:.1f} s, {done.megabytes:.0f} MB")
    assert "Traceback" not in done.output, said
    assert "INTERNALERROR" not in done.output, said
    assert "a bug of ours" not in done.output, said
    assert done.code in accepted, said
    assert done.cpu_s < MOST_CPU_S, said
    assert done.megabytes < MOST_MEGABYTES, said
    assert len(done.output) < longest, said


@pytest.mark.parametrize("what", CASES)
def test_an_answer_is_judged_in_bounded_time_whatever_case_and_answer_are(what: str, run: Run, project: Path) -> None:
    line, answer = CASES[what]
    (project / "suites/s/cases.jsonl").write_text(json.dumps({k: v for k, v in line.items() if v is not None}) + "\n")
    (project / "outputs.jsonl").write_text(json.dumps({"id": "c-1", "output": answer}) + "\n")
    told(run, "suites", "lint", accepted=(0, 1), longest=LONGEST_OUTPUT + 5 * len(json.dumps(line)))
    told(run, "--model=kept", "-q", accepted=(0, 1, 2), program="pytest", longest=LONGEST_OUTPUT + 5 * len(answer))


def record(**changes: Any) -> dict[str, Any]:
    """A record whose id no harness gave, so that only what the test is about is wrong with it."""
    return RECORD | {"run_id": "20260101-big"} | changes


def result(index: int = 0, output: str = "A-1", **fields: Any) -> dict[str, Any]:
    first: dict[str, Any] = RECORD["cases"][0]  # type: ignore[index]
    sample = first["samples"][0] | {"output": output}
    return first | {"id": f"c-{index}", "samples": [sample]} | fields


def _samples(count: int) -> list[dict[str, Any]]:
    return [{"sample": n, "outcome": "aligned", "output": "A-1", "verdicts": {"A-1": "verbatim"}} for n in range(count)]


def _damaged(count: int) -> dict[str, Any]:
    found = [{"start": 6 * n, "end": 6 * n + 5, "text": "A - 1", "verdict": "spaced"} for n in range(count)]
    answer = {"sample": 0, "outcome": "damaged", "output": "A - 1 " * count, "verdicts": {"A-1": "spaced"}}
    return answer | {"mentions": {"A-1": found}}


RECORDS: dict[str, Callable[[], dict[str, Any]]] = {
    "ten thousand cases": lambda: record(cases=[result(n) for n in range(part(10_000))]),
    "thirty thousand samples": lambda: record(cases=[result(samples=_samples(part(30_000)))]),
    "an answer of ten megabytes": lambda: record(cases=[result(output=WORDS * part(400_000))]),
    "many targets and a long answer": lambda: record(
        cases=[result(output=WORDS * part(40_000), targets=[f"A-{n}" for n in range(part(20_000))], required=[])]
    ),
    "an hour of targets": lambda: record(
        cases=[
            result(n, output="- " * part(50_000), targets=[f"A-{k}-" * 3 for k in range(part(3_000))], required=[])
            for n in range(50)
        ]
    ),
    "fifty thousand targets": lambda: record(
        cases=[result(targets=[f"A-{n}" for n in range(part(50_000))], required=[])]
    ),
    "empty targets": lambda: record(cases=[result(targets=["", " ", "\n"], required=[""])]),
    "a target of a megabyte": lambda: record(cases=[result(targets=["A-" * part(500_000)], required=[])]),
    "a channel that is none": lambda: record(cases=[result(channel="\x1b[2J")]),
    "messages that are none": lambda: record(cases=[result(messages=[{"content": {"text": {"content": 5}}}])]),
    "a long conversation": lambda: record(
        cases=[result(messages=[{"role": "user", "content": "A-1"}] * part(200_000))]
    ),
    "parts in parts": lambda: record(
        cases=[result(messages=[{"role": "user", "content": json.loads('[{"content":' * 25 + "[]" + "}]" * 25)}])]
    ),
    "many mentions": lambda: record(
        cases=[
            result(
                samples=[
                    {
                        **_samples(1)[0],
                        "mentions": {
                            "A-1": [{"start": 0, "end": 3, "text": "A-1", "verdict": "verbatim"}] * part(100_000)
                        },
                    }
                ]
            )
        ]
    ),
    "many damaged mentions": lambda: record(cases=[result(n, samples=[_damaged(part(1_000))]) for n in range(150)]),
    "a long name": lambda: record(cases=[result(domain="d" * part(1_000_000))]),
    "many domains": lambda: record(cases=[result(n, domain=f"d{n}", language=f"l{n}") for n in range(part(3_000))]),
    "many tool calls": lambda: record(
        cases=[
            result(
                samples=[
                    {**_samples(1)[0], "tool_calls": [{"name": "f", "arguments": '{"a": "A - 1"}'}] * part(20_000)}
                ]
            )
        ]
    ),
    "deep arguments": lambda: record(
        cases=[result(samples=[{**_samples(1)[0], "tool_calls": [{"name": "f", "arguments": nested(50_000)}]}])]
    ),
    "a long lineage": lambda: record(lineage=[f"m{n}@v" for n in range(part(100_000))]),
    "wide settings": lambda: record(configuration={f"k{n}": n for n in range(part(200_000))}),
    "a year 9999": lambda: record(evidence={"oldest": "9999-12-31T23:59:59Z", "newest": "9999-12-31T23:59:59Z"}),
}


@pytest.mark.parametrize("what", RECORDS)
def test_a_record_is_read_judged_and_shown_in_bounded_time(what: str, run: Run, project: Path) -> None:
    path = project / "reports/m@v1/20260101-big.json"
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps(RECORDS[what]()))
    told(run, "runs", "verify", accepted=(1,))
    told(run, "gate", "--candidate", "m", accepted=(3,))
    told(run, "compare", "m", "m", accepted=(0, 3))
    told(run, "drift", "--model", "m", accepted=(1, 2, 3))
    told(run, "runs", "show", "m", accepted=(0, 3))
    told(run, "report", accepted=(0, 3))
    for page in project.rglob("*.html"):
        assert page.stat().st_size < 2_000_000 + 3 * path.stat().st_size, page.name


def _interaction(answer: dict[str, Any] | str, content_type: str = "application/json") -> str:
    value = json.loads(json.dumps(INTERACTION))
    request = json.loads(value["request"]["body"]) | {"temperature": 0.0}  # as a replay asks for it
    value["request"]["body"] = json.dumps(request)
    value["response"]["body"]["string"] = answer if isinstance(answer, str) else json.dumps(answer)
    value["response"]["headers"]["content-type"] = [content_type]
    return json.dumps({"key": request_key(request, 0), "sample": 0, **value}) + "\n"


def _said(content: Any, **fields: Any) -> dict[str, Any]:
    return {
        "model": "m",
        "choices": [{"message": {"role": "assistant", "content": content}, "finish_reason": "stop"} | fields],
    }


def _events(deltas: Iterator[str]) -> str:
    lines = (json.dumps({"choices": [{"index": 0, "delta": {"content": one}}]}) for one in deltas)
    end = json.dumps({"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]})
    return "".join(f"data: {line}\n\n" for line in [*lines, end]) + "data: [DONE]\n\n"


CASSETTES: dict[str, Callable[[], str]] = {
    "many choices": lambda: _interaction({"model": "m", "choices": _said("A-1")["choices"] * part(100_000)}),
    "a stream of many chunks": lambda: _interaction(_events("A-1" for _ in range(part(100_000))), "text/event-stream"),
    "a stream of one letter": lambda: _interaction(_events("-" for _ in range(part(150_000))), "text/event-stream"),
    "a stream of empty lines": lambda: _interaction("\n" * part(10_000_000), "text/event-stream"),
    "a stream of comments": lambda: _interaction(": x\n" * part(2_000_000), "text/event-stream"),
    "many parts of content": lambda: _interaction(_said([{"type": "text", "text": "A-1 "}] * part(100_000))),
    "many tokens": lambda: _interaction(
        _said(
            "A-1" * part(50_000),
            logprobs={"content": [{"token": "A-1", "logprob": -0.1, "bytes": [65, 45, 49]}] * part(50_000)},
        )
    ),
    "many tool calls": lambda: _interaction(
        {
            "choices": [
                {
                    "message": {
                        "tool_calls": [{"id": "x", "function": {"name": "f", "arguments": "{}"}}] * part(50_000)
                    },
                    "finish_reason": "tool_calls",
                }
            ]
        }
    ),
    "an answer of a deep object": lambda: _interaction(nested(100_000)),
    "an answer of thirty megabytes": lambda: _interaction(_said("A - 1 " * part(5_000_000))),
    "three thousand lines": lambda: _interaction(_said("A-1")) * part(3_000),
    "a name of a megabyte": lambda: _interaction(_said("A-1") | {"model": "m" * part(1_000_000)}),
}


@pytest.mark.parametrize("what", CASSETTES)
def test_a_cassette_is_read_searched_and_replayed_in_bounded_time(what: str, run: Run, project: Path) -> None:
    path = project / "cassettes/m@v1/s.jsonl"
    path.parent.mkdir(parents=True)
    path.write_text(CASSETTES[what]())
    told(run, "cassettes", "status", accepted=(0, 1, 3))
    told(run, "cassettes", "verify", accepted=(0, 1, 3))
    told(run, "--model=m", "-q", accepted=(0, 1), program="pytest", longest=LONGEST_OUTPUT + path.stat().st_size)


PACKED: dict[str, Callable[[], str]] = {
    "blank lines": lambda: "\n" * 250_000_000,
    "keys": lambda: "".join(f'{{"key":"{n:064x}"\n' for n in range(3_000_000)),
    "one line": lambda: "x" * 250_000_000,
}


@pytest.mark.parametrize("what", PACKED)
def test_a_packed_cassette_that_unpacks_to_much_is_refused_in_bounded_time(what: str, run: Run, project: Path) -> None:
    path = project / "cassettes/m@v1/s.jsonl.gz"
    path.parent.mkdir(parents=True)
    path.write_bytes(gzip.compress(PACKED[what]().encode(), 1))
    told(run, "cassettes", "status", accepted=(0, 1, 3))
    told(run, "cassettes", "verify", accepted=(0, 1, 3))
    told(run, "--model=m", "-q", accepted=(4,), program="pytest")


def _rules(count: int) -> str:
    return "".join(f'[[rules]]\nname = "r{n}"\nmetric = "alignment_rate"\nmin = 0.5\n' for n in range(count))


OTHERS: dict[str, tuple[str, Callable[[], str], list[tuple[str, ...]]]] = {
    # what: (path, content, commands)
    "a policy of three thousand rules": (
        "policy.toml",
        lambda: _rules(part(3_000)),
        [("gate", "--plan", "--policy", "policy.toml")],
    ),
    "labels of a million lines": (
        "labels.jsonl",
        lambda: (
            '{"schema": 1, "run": "r", "reader": "x", "case": "s/c-1", "sample": 0, "answer": "0", '
            '"ruling": "good", "at": "2026-01-01"}\n' * part(100_000)
        ),
        [("report", "m", "--labels", "labels.jsonl")],
    ),
    "labels of many readers": (
        "labels.jsonl",
        lambda: "".join(
            f'{{"schema": 1, "run": "r", "reader": "x{n}", "case": "s/c-1", "sample": 0, "answer": "0", '
            f'"ruling": "good", "at": "2026-01-01"}}\n'
            for n in range(part(20_000))
        ),
        [("report", "m", "--labels", "labels.jsonl")],
    ),
    "right answers without end": (
        "suites/s/cases.answers.json",
        lambda: json.dumps({"contamination": "x", "answers": {"c-1": ["A-1 " * part(10_000)] * 200}}),
        [("suites", "lint")],
    ),
    "right answers, deep": (
        "suites/s/cases.answers.json",
        lambda: '{"contamination": "x", "answers": ' + nested(200_000) + "}",
        [("suites", "lint")],
    ),
    "a selection of a million lines": (
        "suites/few.cases",
        lambda: "s/c-1\n" * part(1_000_000),
        [("suites", "lint", "suites"), ("pytest", "--model=kept", "--suites=few")],
    ),
    "a selection of unlike lines": (
        "suites/few.cases",
        lambda: "".join(f"s/c-{n}\n" for n in range(part(200_000))),
        [("pytest", "--model=kept", "--suites=few")],
    ),
    "five thousand cases that are nearly equal": (
        "suites/s/cases.jsonl",
        lambda: "".join(json.dumps(case(f"Repeat: A-1 {n}", id=f"c-{n}")) + "\n" for n in range(part(5_000))),
        [("suites", "lint")],
    ),
    "fifty thousand cases with one id": (
        "suites/s/cases.jsonl",
        lambda: (json.dumps(case()) + "\n") * part(50_000),
        [("suites", "lint"), ("gate", "--plan"), ("pytest", "--model=kept")],
    ),
    "a training set of a hundred thousand samples": (
        "train.jsonl",
        lambda: (
            '{"messages": [{"role": "user", "content": "A-1"}, {"role": "assistant", "content": "A-1"}]}\n'
            * part(50_000)
        ),
        [("dataset", "validate", "train.jsonl")],
    ),
    "a training set of long texts": (
        "train.jsonl",
        lambda: (
            (
                json.dumps(
                    {
                        "messages": [
                            {"role": "user", "content": "A-1 " * part(100_000)},
                            {"role": "assistant", "content": "x"},
                        ]
                    }
                )
                + "\n"
            )
            * 20
        ),
        [("dataset", "validate", "train.jsonl")],
    ),
}


@pytest.mark.parametrize("what", OTHERS)
def test_any_other_file_is_read_in_bounded_time(what: str, run: Run, project: Path) -> None:
    name, content, commands = OTHERS[what]
    path = project / "reports/m@v1/20260101-big.json"
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps(record()))
    (project / "outputs.jsonl").write_text('{"id": "c-1", "output": "A-1"}\n')
    path = project / name
    path.write_text(content())
    for command in commands:
        by_pytest = command[0] == "pytest"
        told(
            run,
            *(command[1:] if by_pytest else command),
            accepted=(0, 1, 2, 3, 4),
            program="pytest" if by_pytest else "harness",
            longest=LONGEST_OUTPUT + 9 * path.stat().st_size,  # a line for each bad line
        )
