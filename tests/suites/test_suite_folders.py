"""Loading suites: every kind of slip gives one clear line, and what is right comes through as it was written."""

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from harness.errors import SuiteError
from harness.show.words import translated
from harness.suite import (
    LINE_LIMIT,
    builtin_root,
    case_files,
    case_schema,
    is_case_file,
    load_cases,
    load_info,
    load_suite,
)
from tests import processes

GOOD: dict[str, Any] = {
    "id": "a-1",
    "domain": "parts",
    "language": "en",
    "task": "copy",
    "prompt": "Copy X-1/2.",
    "targets": ["X-1/2"],
}
CALL = {"id": "c1", "type": "function", "function": {"name": "read", "arguments": '{"path": "a-b.md"}'}}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An empty suite."""
    suite = tmp_path / "mine"
    suite.mkdir()
    (suite / "suite.toml").write_text('title = "Mine"\n')
    return suite


def without(*names: str) -> dict[str, Any]:
    return {name: value for name, value in GOOD.items() if name not in names}


def error_of(folder: Path, data: bytes) -> str:
    path = folder / "cases.jsonl"
    path.write_bytes(data)
    with pytest.raises(SuiteError) as caught:
        load_cases(path)
    return str(caught.value)


def asked(*messages: Any) -> dict[str, Any]:
    return {**without("prompt"), "messages": list(messages)}


CHECKS_ONLY = without("targets")
USER = {"role": "user", "content": "Copy X-1/2."}

BAD_LINES: dict[str, tuple[dict[str, Any], str]] = {
    "unknown field": (
        {**GOOD, "langage": "en"},
        "langage: unknown field (did you mean 'language'?); accepted: checks, ",
    ),
    "suite named": ({**GOOD, "suite": "x"}, "suite: unknown field; the folder's name is the suite"),
    "field with blanks": ({**GOOD, "my field": 1}, "'my field': unknown field; accepted: "),
    "no id": (without("id"), "id: missing; accepted: a string"),
    "id of a number": ({**GOOD, "id": 7}, "id: found 7; accepted: a non-empty string on one line"),
    "id with a slash": ({**GOOD, "id": "a/1"}, "id: found 'a/1'; accepted: letters, digits, '.', '_' and '-'"),
    "id with a line break": ({**GOOD, "id": "a\n"}, "id: found 'a\\n'; accepted: a non-empty string on one line"),
    "no domain": (without("domain"), "domain: missing; accepted: a string, here or under [defaults] of suite.toml"),
    "blank domain": ({**GOOD, "domain": " "}, "domain: found ' '; accepted: a non-empty string on one line"),
    "no language": (without("language"), "language: missing; accepted: a string, here or under [defaults]"),
    "language in words": ({**GOOD, "language": "Chinese"}, "language: found 'Chinese'; accepted: a code such as zh"),
    "no task": (without("task"), "task: missing; accepted: a string"),
    "task of a list": ({**GOOD, "task": ["copy"]}, "task: found ['copy']; accepted: a non-empty string on one line"),
    "no prompt": (without("prompt"), "prompt: missing; accepted: prompt or messages"),
    "blank prompt": ({**GOOD, "prompt": " \n"}, "prompt: found ' \\n'; accepted: a non-empty string"),
    "prompt of a number": ({**GOOD, "prompt": 3}, "prompt: found 3; accepted: a non-empty string"),
    "prompt and messages": ({**GOOD, "messages": [USER]}, "prompt: given together with messages; accepted: one of"),
    "no messages": (asked(), "messages: found []; accepted: a non-empty list of messages"),
    "message of a string": (asked("hello"), "messages[0]: found 'hello'; accepted: an object with role and content"),
    "unknown role": (
        asked({"role": "usr", "content": "x"}),
        "messages[0].role: found 'usr' (did you mean 'user'?); accepted: system, developer, user, assistant, tool",
    ),
    "no content": (asked({"role": "user"}), "messages[0].content: found None; accepted: a string, or a list of parts"),
    "part of a string": (
        asked({"role": "user", "content": ["x"]}),
        'messages[0].content[0]: found \'x\'; accepted: {"type": "text"',
    ),
    "part without text": (
        asked({"role": "user", "content": [{"type": "text"}]}),
        "messages[0].content[0].text: found None; accepted: a string",
    ),
    "answer last": (
        asked(USER, {"role": "assistant", "content": "X-1/2"}),
        "messages[1].role: found 'assistant', so nothing is asked; accepted: user or tool in the last message",
    ),
    "tool result of no call": (
        asked(USER, {"role": "tool", "content": "X-1/2"}),
        "messages[1].tool_call_id: found None; accepted: the id of the call that it answers",
    ),
    "call by the user": (
        asked({**USER, "tool_calls": [CALL]}),
        "messages[0].tool_calls: in a message of role 'user'; accepted: in role assistant alone",
    ),
    "call without arguments": (
        asked(USER, {"role": "assistant", "tool_calls": [{"id": "c1", "function": {"name": "read"}}]}, USER),
        "messages[1].tool_calls[0]: found {'id': 'c1'",
    ),
    "targets of a string": ({**GOOD, "targets": "X-1/2"}, "targets: found 'X-1/2'; accepted: a list of strings"),
    "target of a number": ({**GOOD, "targets": [12]}, "targets[0]: found 12; accepted: a non-blank string"),
    "blank target": ({**GOOD, "targets": ["X-1/2", " "]}, "targets[1]: found ' '; accepted: a non-blank string"),
    "target twice": ({**GOOD, "targets": ["X-1/2", "X-1/2"]}, "targets[1]: 'X-1/2' is there twice; keep one"),
    "nothing to judge": ({**GOOD, "targets": []}, "targets: empty, and no checks; a case needs one of the two"),
    "required alone": (
        {**GOOD, "required": ["X-1/3"]},
        "required: 'X-1/3' is not one of the targets (did you mean 'X-1/2'?)",
    ),
    "tags of a string": ({**GOOD, "tags": "new"}, "tags: found 'new'; accepted: a list of strings"),
    "stream in words": ({**GOOD, "stream": "yes"}, "stream: found 'yes'; accepted: true or false"),
    "stream of a number": ({**GOOD, "stream": 1}, "stream: found 1; accepted: true or false"),
    "tool without function": ({**GOOD, "tools": [{"name": "x"}]}, "tools[0]: found {'name': 'x'}; accepted: {\"type\""),
    "tool without name": (
        {**GOOD, "tools": [{"type": "function", "function": {}}]},
        "tools[0].function.name: found None; accepted: a non-empty string",
    ),
    "tool twice": (
        {**GOOD, "tools": [{"type": "function", "function": {"name": "x"}}] * 2},
        "tools[1].function.name: 'x' is there twice; keep one",
    ),
    "format in a word": ({**GOOD, "response_format": "json"}, "response_format: found 'json'; accepted: {\"type\""),
    "unknown format": (
        {**GOOD, "response_format": {"type": "json_objekt"}},
        "response_format.type: found 'json_objekt' (did you mean 'json_object'?); accepted: text, json_object",
    ),
    "format without schema": (
        {**GOOD, "response_format": {"type": "json_schema"}},
        'response_format.json_schema: found None; accepted: {"name": ..., "schema": {...}}',
    ),
    "checks of an object": ({**GOOD, "checks": {"check": "equals"}}, "checks: found {'check': 'equals'}; accepted: a"),
    "check by a bare name": ({**GOOD, "checks": ["equals"]}, "checks[0]: found 'equals'; accepted: {\"check\": NAME"),
    "unknown check": (
        {**CHECKS_ONLY, "checks": [{"check": "equal", "value": "x"}]},
        "checks[0]: unknown check 'equal' (did you mean 'equals'?); accepted: choice, contains, ",
    ),
    "unknown argument": (
        {**CHECKS_ONLY, "checks": [{"check": "equals", "valeu": "x"}]},
        "checks[0]: equals: unknown argument 'valeu' (did you mean 'value'?); accepted: value, ignore_case, ",
    ),
    "missing argument": ({**GOOD, "checks": [{"check": "number"}]}, "checks[0]: number: argument 'value' is missing"),
    "argument of another type": (
        {**GOOD, "checks": [{"check": "number", "value": "12"}]},
        "checks[0]: number.value: found '12'; accepted: a number",
    ),
    "pattern that RE2 refuses": (
        {**GOOD, "checks": [{"check": "regex", "pattern": "(?=a)"}]},
        "checks[0]: regex.pattern: found '(?=a)', which is not an RE2 pattern: invalid perl operator: (?=",
    ),
    "field that is not a pointer": (
        {**GOOD, "checks": [{"check": "equals", "field": "name", "value": "x"}]},
        "checks[0]: equals.field: found 'name'; accepted: a JSON Pointer, such as '/name'",
    ),
}

BAD_BYTES: dict[str, tuple[bytes, str]] = {
    "byte order mark": (
        b"\xef\xbb\xbf" + json.dumps(GOOD).encode(),
        ":1: there is a byte order mark at the start; save",
    ),
    "UTF-16": (
        json.dumps(GOOD).encode("utf-16"),
        ":1: starts with a byte order mark of UTF-16; save the file as UTF-8",
    ),
    "bare CR": (b'{"id": "a"}\r{"id": "b"}\n', ":1: holds a bare CR (old Macintosh line ends); save the file with LF"),
    "invalid UTF-8": (b'{"id": "\xff"}\n', ":1: not UTF-8 at byte 9; save the file as UTF-8"),
    "Latin-1": ('{"id": "é"}\n'.encode("latin-1"), ":1: not UTF-8 at byte 9; save the file as UTF-8"),
    "line of 10 MB": (
        b'{"id": "' + b"a" * 10_000_000 + b'"}\n',
        ":1: longer than 1,000,000 bytes; accepted: one shorter",
    ),
    "torn line": (json.dumps(GOOD).encode()[:-10], ":1: not JSON at column "),
    "Python quotes": (b"{'id': 'a'}\n", ":1: not JSON at column 2: Expecting property name enclosed in double quotes"),
    "trailing comma": (b'{"id": "a",}\n', ":1: not JSON at column 1"),  # 11 from Python 3.13 on
    "comment": (b"# cases\n", ":1: not JSON at column 1: Expecting value; accepted: one JSON object a line"),
    "two objects on a line": (b"{} {}\n", ":1: not JSON at column 4: Extra data; accepted: one JSON object a line"),
    "indented JSON": (json.dumps(GOOD, indent=2).encode(), ":1: JSON over several lines; accepted: one JSON"),
    "list": (b"[1, 2]\n", ":1: found [1, 2]; accepted: one JSON object a line"),
    "string": (b'"a"\n', ":1: found 'a'; accepted: one JSON object a line"),
    "null": (b"null\n", ":1: found None; accepted: one JSON object a line"),
    "NaN": (b'{"id": NaN}\n', ":1: NaN is not JSON; accepted: finite numbers"),
    "infinite by its exponent": (b'{"id": 1e999}\n', ":1: the number '1e999' is too large; accepted: finite numbers"),
    "number of 5,000 digits": (b'{"id": ' + b"1" * 5000 + b"}\n", ":1: a number of 5,000 digits; accepted: at most"),
    "key twice": (b'{"id": "a", "id": "b"}\n', ":1: 'id': is twice in one object; keep one"),
    "nested 100,000 deep": (b'{"id": ' + b"[" * 100_000, ":1: nested too deeply; accepted: at most 64 levels"),
    "nested 100 deep": (b'{"id": ' + b"[" * 100 + b"]" * 100 + b"}", ":1: nested too deeply; accepted: at most 64"),
    "lone surrogate": (
        json.dumps({**GOOD, "prompt": "X-1/2 \ud800"}).encode(),
        ":1: holds a lone surrogate, which no request can carry; accepted: whole characters",
    ),
    "no line": (b"", ": holds no case; accepted: one JSON object a line"),
    "blank lines alone": (b"\n \n\n", ": holds no case; accepted: one JSON object a line"),
}


@pytest.mark.parametrize("kind", BAD_LINES)
def test_a_bad_line_is_one_line_with_place_field_and_remedy(folder: Path, kind: str) -> None:
    fields, expected = BAD_LINES[kind]
    message = error_of(folder, b"\n" + json.dumps(fields).encode() + b"\n")
    assert message.startswith(f"{folder / 'cases.jsonl'}:2: {expected}")
    assert "\n" not in message


@pytest.mark.parametrize("kind", BAD_BYTES)
def test_a_bad_file_is_one_line_with_place_and_remedy(folder: Path, kind: str) -> None:
    data, expected = BAD_BYTES[kind]
    message = error_of(folder, data)
    assert message.startswith(f"{folder / 'cases.jsonl'}{expected}")
    assert "\n" not in message
    assert len(message) < 600


def test_a_message_never_carries_control_characters_of_the_file(folder: Path) -> None:
    message = error_of(folder, json.dumps({**GOOD, "\x1b[31mred\u202e": 1}).encode())
    assert message.isprintable()


def test_a_suite_that_git_checked_out_on_windows_holds_the_same_cases(folder: Path) -> None:
    lines = [json.dumps({**GOOD, "id": f"a-{number}"}).encode() for number in range(5)]
    (folder / "cases.jsonl").write_bytes(b"\n".join([*lines, b""]))
    cases = load_suite(folder)
    (folder / "cases.jsonl").write_bytes(b"\r\n".join([*lines, b""]))
    assert load_suite(folder) == cases


def test_a_line_may_be_as_long_as_the_limit(folder: Path) -> None:
    frame = len(json.dumps({**GOOD, "prompt": ""})) + 1
    line = json.dumps({**GOOD, "prompt": "X" * (LINE_LIMIT - frame)}) + "\n"
    assert len(line) == LINE_LIMIT
    (folder / "cases.jsonl").write_text(line)
    assert len(load_cases(folder / "cases.jsonl")) == 1


def test_all_bad_lines_are_told_up_to_twenty(folder: Path) -> None:
    message = error_of(folder, b"".join(b"{}\n" for _ in range(25)))
    assert message.count("id: missing") == 20
    assert message.endswith("\n... and 5 more")


def test_one_id_twice_in_a_file(folder: Path) -> None:
    line = json.dumps(GOOD).encode() + b"\n"
    assert error_of(folder, line + line).endswith(
        "cases.jsonl:2: id: 'a-1' is also on line 1; ids are unique in a suite"
    )


def test_one_id_in_two_files_of_a_suite(folder: Path) -> None:
    for name in ("one", "two"):
        (folder / f"{name}.jsonl").write_text(json.dumps(GOOD) + "\n")
    with pytest.raises(SuiteError, match=r"two\.jsonl:1: id: 'a-1' is also at .*one\.jsonl:1"):
        load_suite(folder)


def test_a_missing_file_and_a_folder_in_its_place(folder: Path) -> None:
    with pytest.raises(SuiteError, match=r"none\.jsonl: cannot be read: No such file or directory"):
        load_cases(folder / "none.jsonl")
    (folder / "dir.jsonl").mkdir()
    with pytest.raises(SuiteError, match=r"dir\.jsonl: cannot be read: Is a directory"):
        load_cases(folder / "dir.jsonl")


@pytest.mark.parametrize(
    ("toml", "expected"),
    [
        (b"title = ", "not TOML: Invalid value"),
        (b"\xff\xfe", "not UTF-8 at byte 1; save the file as UTF-8"),
        (b"titel = 'x'", "unknown key 'titel' (did you mean 'title'?); accepted: contamination, default"),
        (b"title = 3", "title: found 3; accepted: a string"),
        (b"version = 0", "version: found 0; accepted: a whole number from 1"),
        (b"version = true", "version: found True; accepted: a whole number from 1"),
        (b"version = '2'", "version: found '2'; accepted: a whole number from 1"),
        (b"default = 'no'", "default: found 'no'; accepted: true, false"),
        (b"keep_form = 1", "keep_form: found 1; accepted: true, false"),
        (b'contamination = "a\\nb"', "contamination: found "),
        (b"defaults = 3", "defaults: found 3; accepted: a table of case fields"),
        (b"[defaults]\ntasks = 'copy'", "defaults.tasks: unknown field (did you mean 'task'?); accepted: checks"),
        (b"[defaults]\nid = 'x'", "defaults.id: unknown field"),
        (b"[defaults]\ntask = 2024-01-01", "defaults: a date or an infinite number; accepted: values that JSON has"),
    ],
)
def test_a_bad_suite_toml_is_one_line(folder: Path, toml: bytes, expected: str) -> None:
    (folder / "suite.toml").write_bytes(toml)
    with pytest.raises(SuiteError) as caught:
        load_info(folder)
    assert str(caught.value).startswith(f"{folder / 'suite.toml'}: {expected}")


def test_all_keys_of_suite_toml_are_read(folder: Path) -> None:
    (folder / "suite.toml").write_text(
        'title = "T"\ntitle_zh = "题"\ndescription = "D"\ndescription_zh = "述"\n[defaults]\ntask = "qa"\n'
    )
    info = load_info(folder)
    assert (info.name, info.title_zh, info.description_zh, info.defaults) == ("mine", "题", "述", {"task": "qa"})


def test_defaults_fill_what_a_line_leaves_out(folder: Path) -> None:
    (folder / "suite.toml").write_text('[defaults]\nlanguage = "zh"\ntask = "qa"\nprompt = "Say X-1/2."\n')
    messages = [{"role": "user", "content": "X-1/2?"}]
    lines = [
        without("language", "task", "prompt"),
        {**without("language", "prompt"), "id": "a-2", "messages": messages},
    ]
    (folder / "cases.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    first, second = load_suite(folder)
    assert (first.language, first.task, first.messages[0]["content"]) == ("zh", "qa", "Say X-1/2.")
    assert (second.task, second.messages[0]["content"]) == ("copy", "X-1/2?")


def test_required_defaults_to_all_targets(folder: Path) -> None:
    lines = [GOOD, {**GOOD, "id": "a-2", "required": []}]
    (folder / "cases.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    assert [case.required for case in load_suite(folder)] == [("X-1/2",), ()]


def test_only_jsonl_beside_a_suite_toml_is_a_case_file(folder: Path) -> None:
    (folder / "cases.jsonl").write_text(json.dumps(GOOD) + "\n")
    training = folder.parent / "training"
    training.mkdir()
    (training / "set.jsonl").write_text("{}\n")
    assert case_files(folder.parent) == [folder / "cases.jsonl"]
    assert not is_case_file(training / "set.jsonl")


def test_a_suite_behind_a_link_is_one_as_it_is_for_pytest(folder: Path, tmp_path: Path) -> None:
    (folder / "cases.jsonl").write_text(json.dumps(GOOD) + "\n")
    root = tmp_path / "suites"
    (root / "team").mkdir(parents=True)
    (root / "team" / "shared").symlink_to(folder)
    (root / "team" / "again").symlink_to(root)  # round in a circle
    (folder / "itself").symlink_to(folder)
    (root / ".draft").symlink_to(folder)
    (root / "gone").symlink_to(tmp_path / "nothing")
    assert case_files(root) == [root / "team" / "shared" / "cases.jsonl"]


@pytest.mark.parametrize("copied", [".ipynb_checkpoints/cases-checkpoint.jsonl", "._cases.jsonl", "../.mine.x/y.jsonl"])
def test_what_begins_with_a_dot_is_no_case_file(folder: Path, copied: str) -> None:
    line = json.dumps(GOOD) + "\n"
    (folder / "cases.jsonl").write_text(line)
    before = case_files(folder.parent), load_suite(folder)
    (folder / copied).parent.mkdir(exist_ok=True)
    (folder / copied).write_text(line)
    if "/" in copied:
        shutil.copy(folder / "suite.toml", (folder / copied).parent)
    assert (case_files(folder.parent), load_suite(folder)) == before
    assert not is_case_file(folder / "._cases.jsonl")


def test_the_schema_accepts_what_the_loader_accepts_and_refuses_most_of_the_rest() -> None:
    from jsonschema import Draft202012Validator

    validator = Draft202012Validator(case_schema())
    for path in case_files(builtin_root()):
        for line in path.read_text(encoding="utf-8").splitlines():
            assert list(validator.iter_errors(json.loads(line))) == [], path
    # suite.toml may hold these three; the others need a look at another line or field, or at RE2
    beyond = {"no domain", "no language", "no task", "required alone", "tool twice", "answer last", "call by the user",
              "tool result of no call", "part without text", "format without schema",
              "pattern that RE2 refuses", "id with a line break", "no content"}  # fmt: skip
    for kind, (fields, _) in BAD_LINES.items():
        assert validator.is_valid(fields) == (kind in beyond), kind


def test_the_published_schema_is_the_one_that_the_code_has() -> None:
    published = Path(__file__).parents[2] / "docs" / "schema" / "case.schema.json"
    assert json.loads(published.read_text(encoding="utf-8")) == case_schema(), (
        "run: harness suites schema > docs/schema/case.schema.json"
    )


# The page on writing cases: its blocks are a project that loads, and its output is what the commands print.

PAGE = (Path(__file__).parents[2] / "docs" / "writing-cases.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w*)\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


def blocks(language: str) -> list[str]:
    return [text for name, text in BLOCKS if name == language]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """The project that the page describes, but for the lines that it calls broken."""
    suite, configuration = blocks("toml")
    orders, short, _ = blocks("jsonl")
    folder = tmp_path / "suites" / "pumps"
    folder.mkdir(parents=True)
    (folder / "suite.toml").write_text(suite)
    (folder / "orders.jsonl").write_text(orders)
    (folder / "short.jsonl").write_text(short)
    (tmp_path / "pyproject.toml").write_text(configuration)
    (tmp_path / "my_checks.py").write_text(blocks("python")[0])
    (tmp_path / "parts.csv").write_text(blocks("")[0])
    return tmp_path


def run(project: Path, command: str) -> tuple[int, str]:
    done = processes.run("harness", *command.split()[1:], cwd=project)
    return done.returncode, done.stdout + done.stderr


def told(beginning: str) -> tuple[str, str]:
    """The command of the page that begins so, and its output."""
    (block,) = [text for text in blocks("console") if text.startswith(f"$ {beginning}")]
    command, output = block.split("\n", 1)
    return command.removeprefix("$ "), output


def test_the_suite_of_the_page_is_sound(project: Path) -> None:
    code, output = run(project, "harness suites lint --strict")
    assert (code, output.splitlines()[-1]) == (0, "2 files, 5 cases: 0 errors, 0 warnings, 0 notes")


def test_make_prints_what_the_page_shows(project: Path) -> None:
    command, output = told("harness suites make")
    assert run(project, command) == (0, output)


def test_the_lint_prints_what_the_page_shows(project: Path) -> None:
    for path in (project / "suites" / "pumps").glob("*.jsonl"):
        path.unlink()
    (project / "suites" / "pumps" / "broken.jsonl").write_text(blocks("jsonl")[2])
    command, output = told("harness suites lint")
    assert run(project, command) == (1, output)


def test_the_page_names_every_check_and_every_rule_with_its_level() -> None:
    from harness import checks
    from harness.authoring.lint import RULES

    shipped = {name for name, function in checks.known().items() if function.__module__.startswith("harness.checks")}
    assert {name for name in shipped if f"`{name}`" not in PAGE} == set()
    rows = re.findall(r"^\| (`[a-z-]+`(?:, `[a-z-]+`)*) \| (error|warning|note) \|", PAGE, re.MULTILINE)
    levels = {rule: level for names, level in rows for rule in re.findall(r"`([a-z-]+)`", names)}
    assert levels == {rule: level for rule, (level, _) in RULES.items()}


@pytest.mark.parametrize(("one", "other"), [("Mine", "mine"), ("Caf\u00e9", "Cafe\u0301")])
def test_two_suites_that_are_one_folder_elsewhere_are_refused(tmp_path: Path, one: str, other: str) -> None:
    for name in (one, other):
        (tmp_path / name).mkdir()
        (tmp_path / name / "suite.toml").write_text('title = "x"\n')
    with pytest.raises(
        SuiteError, match="which are one folder on Windows and macOS; accepted: names that differ"
    ) as said:
        load_suite(tmp_path / one)
    assert "在 Windows 和 macOS 上是同一个文件夹" in translated(str(said.value), "zh")
    (tmp_path / other / "suite.toml").unlink()
    assert list(load_suite(tmp_path / one)) == []
