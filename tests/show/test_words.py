"""Both languages of the pages."""

import ast
import dataclasses
import json
import re
import string
import tomllib
from importlib import resources
from pathlib import Path
from typing import get_args

import pytest

from harness import errors
from harness.authoring.lint import Cell, table
from harness.decisions import drift, gate
from harness.decisions.bounds import Result
from harness.decisions.compare import options
from harness.decisions.metrics import METRICS
from harness.finetune.recipes import PROVIDERS, size_advice, starting_values
from harness.finetune.samples import SetStats
from harness.logs.tables import group_name
from harness.records.policy import Bound, Tier
from harness.records.run import Exposure, Outcome
from harness.show import figures
from harness.show.comparison import options_lines
from harness.show.index import Kind
from harness.show.rates import DIMENSIONS
from harness.show.run import CATEGORIES
from harness.show.words import (
    LANGUAGES,
    _lines,
    _pairs,
    _sentences,
    help_texts,
    say,
    speak,
    texts_of,
    translated,
    words,
)
from harness.text.mentions import DAMAGE_CODES
from tests import factory

COUNTED = ("case", "domain", "target-absent", "check-failed")
FOLDER = resources.files("harness.show")
PACKAGE = Path(errors.__file__).parent


def fields(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def source_of_the_pages() -> str:
    """And of the other faces that take their words from the catalogue."""
    faces = [resources.files(f"harness.{name}") for name in ("pytest_plugin", "cli", "logs", "publish")]
    folders = [FOLDER, FOLDER.joinpath("templates"), FOLDER.joinpath("static"), *faces]
    files = [file for folder in folders for file in folder.iterdir() if file.name.endswith((".py", ".j2", ".js"))]
    return "\n".join(file.read_text("utf-8") for file in files)


def keys_from_values() -> set[str]:
    """Keys that no page spells out, because they are values of a record or verdict."""
    plain = {*get_args(Outcome), *get_args(Exposure), *get_args(Tier), *get_args(Result), *get_args(Kind)}
    plain |= {*get_args(gate.Verdict), *get_args(drift.DriftVerdict), *METRICS, *DIMENSIONS}
    plain |= {"symbol"}  # as `compare` names the dimension that a run page calls `symbols`
    plain |= {f"newly {outcome}" for outcome in get_args(Outcome)} | {"fixed", "changed"}
    plain |= {f"kind-{kind}" for kind in get_args(Outcome)} | {f"category-{name}" for name in CATEGORIES}
    plain |= {f"count-{noun}{many}" for noun in COUNTED for many in ("", "-many")}
    plain |= {f"summary-{metric}" for metric in METRICS} - {"summary-delivered_rate"}
    plain |= {f"field-{name}" for name in re.findall(r"_field\(\s*['\"](\w+)['\"]", source_of_the_pages())}
    plain |= {f"stats-{one.name}" for one in dataclasses.fields(SetStats)}
    plain |= {"verbatim", "spaced", "lookalike", "altered", "absent"}
    return (
        plain
        | {f"{verdict}-{kind}" for verdict in get_args(gate.Verdict) for kind in ("note", "advice", "plain")}
        | {f"bound-{bound}" for bound in get_args(Bound)}
        | {f"code-{code}" for code in DAMAGE_CODES}
        | {f"symbol-{kind}" for kind in ("-", "/", "both", "none")}
        | {f"order-{order}" for order in ("worst", "name", "domain", "slowest")}
    )


def test_every_key_has_every_language_and_nothing_else():
    text = FOLDER.joinpath("words.toml").read_text("utf-8")
    for key, texts in tomllib.loads(text).items():
        assert set(texts) == set(LANGUAGES), key
        assert all(text.strip() for text in texts.values()), key


@pytest.mark.parametrize("name", ["sentences.toml", "help.toml"])
def test_pairs_are_read_as_toml_reads_them(name: str) -> None:
    whole = tomllib.loads(FOLDER.joinpath(name).read_text("utf-8"))
    assert list(_pairs(name).items()) == list(whole.items())


def test_the_line_of_a_key_says_what_the_whole_table_does():
    """So that a run decodes the lines that it needs: no sentence is written over two."""
    assert {key: texts_of(key) for key in _lines()} == words()


_HAN = "[\u4e00-\u9fff]"
FAULTS = {
    "a blank after a Chinese mark": r"[，。：；、（「《！？] ",
    "a blank before a Chinese mark": r" [，。：；、）」》！？]",
    "a half-width mark in a Chinese sentence": rf"{_HAN}[,;:!?](?!//)|{_HAN}\(|\){_HAN}",
    "corner brackets for quotation marks": r"[「」『』]",
    "a blank before the percent sign": r"\d %",
    "another word for 目标串, JSON Lines or 任务": r"目标字符串|JSON 行|JSON lines|作业",
}


def test_chinese_is_set_as_chinese_is():
    said = [one.chinese for one in _sentences()] + [*help_texts().values(), *(one["zh"] for one in words().values())]
    found = [
        f"{fault}: {text}"
        for text in said
        for fault, pattern in FAULTS.items()
        if re.search(pattern, text.replace("{command}  （", "{command}（").replace(", ; 制表符", ""))
    ]
    assert not found


def test_both_languages_take_the_same_values():
    for key, texts in words().items():
        assert len({frozenset(fields(text)) for text in texts.values()}) == 1, key


def test_every_word_that_a_page_asks_for_is_there():
    asked = set(re.findall(r"\b(?:say|both|word|phrase)\(['\"]([A-Za-z0-9 _-]+)['\"][,)]", source_of_the_pages()))
    assert len(asked) > 100
    assert asked - set(words()) == set()


def test_no_word_is_left_that_no_page_uses():
    spelled = set(re.findall(r"['\"]([A-Za-z0-9 _-]+)['\"]", source_of_the_pages()))
    assert set(words()) - spelled - keys_from_values() == set()


def test_every_value_that_a_page_can_show_has_a_word():
    unseen = {"newly aligned", "newly passed"}
    assert keys_from_values() - set(words()) - unseen == set()


def test_values_are_escaped():
    assert "<b>" not in say("judged-at", when="<b>", policy="<i>")


def texts(node: ast.expr) -> list[str]:
    """The texts that an expression can be, with a 7 for each value that is filled in."""
    match node:
        case ast.Constant(value=str(text)):
            return [text]
        case ast.IfExp():
            return [*texts(node.body), *texts(node.orelse)]
        case ast.JoinedStr():
            forms = [""]
            for part in node.values:
                inner = part.value if isinstance(part, ast.FormattedValue) else part
                pieces = (texts(inner) if isinstance(inner, ast.Constant | ast.IfExp) else []) or ["7"]
                forms = [form + piece for form in forms for piece in pieces]
            return forms
    return []


AT_ONCE = "at one time, others wait: set max_concurrency ="
WORDED = {
    "7: 77 tokens77": "set.jsonl: about 1,200 tokens x 3 epochs = 3,600, cost about 0.20 at 50 a million",
    "7: 7, 7 for 7": "set.jsonl: 42 samples, 3 problems, 1 warning for ark",
    "7: 7 for 7": "set.jsonl: 2 problems for ark",
    "7: 7 of 7 to 77": "set.jsonl: 1 sample of sharegpt to openai, 2 left out",
    "7: 7 7 (7 MB), 7 stay: 7": "tuned@v1: 2 to delete (1.0 MB), 3 stay: 2 the newest of its kind, 1 a baseline",
    "7: no such model7; known: 7": "tunde: no such model (did you mean 'tuned'?); known: tuned, spaced",
    "7: no run of that version7; see harness runs list": "tuned@v9: no run of that version; see harness runs list",
    "nothing of it can be carried over7": "nothing of it can be carried over: no assertion",
    "7: 7 sent": "langfuse: 1 result sent",
    "7: 7 7 lines": "tuned@v1/core.jsonl: would take out 3 lines",
    "no runs7 in 7; `pytest --model=NAME` makes one": "no runs of tuned in reports; `pytest --model=NAME` makes one",
    f"7 7 {AT_ONCE} 7 where you ask from, behind a gateway too (--parallel changes it)": (
        f"1 request {AT_ONCE} 1 where you ask from, behind a gateway too (--parallel changes it)"
    ),
    "7 7 and 7: 7": "validated on tuned@v1 and spaced@v1: 3 of 72 prompts",
    "7 7: unknown key7; accepted: 7": "[tool.harness] suite: unknown key (did you mean 'suites'?); accepted: suites",
    "7: unknown field7; accepted: 7": "targest: unknown field (did you mean 'targets'?); accepted: id, targets",
    "7: defaults.7: unknown field7; accepted: 7": "suite.toml, defaults.x: unknown field; accepted: domain, task",
    "7 not give the verdicts that are recorded: 7, sample 7: 7": (
        "2 answers do not give the verdicts that are recorded: core/a, sample 0: recorded spaced, its text gives absent"
    ),
    "7 prompt7 left out: only in one of the two, or changed since": (
        "2 prompts left out: only in one of the two, or changed since"
    ),
    "7 aligned 7 of 7  fidelity 77": "tuned@v1  aligned 3 of 7  fidelity 90.1%",
}
"""Where a value that is filled in is a word of the sentence: an example of the line."""


def worded(text: str) -> str:
    """The line, with nouns where a number of things is filled in."""
    return WORDED.get(text, text)


def test_every_line_of_a_command_has_a_chinese_form():
    folder = resources.files("harness.cli")
    told = [
        (file.name, text)
        for file in folder.iterdir()
        if file.name.endswith(".py")
        for node in ast.walk(ast.parse(file.read_text("utf-8")))
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "tell" and node.args
        for text in texts(node.args[0])
    ]
    assert len(told) > 80
    english = [one for one in told if not re.search("[\u4e00-\u9fff]", translated(worded(one[1]).strip(), "zh"))]
    assert [one for one in english if re.search("[A-Za-z]", one[1])] == []


ERRORS = {name for name in vars(errors) if name.endswith("Error")} | {"UsageError", "BadParameter"}
ALL_ERRORS = ERRORS | {"TrainingError", "ChangedRecordError", "JobRefusedError", "PublishError", "UnfitAnswerError"}
ALL_ERRORS |= {"UnsoundSuiteError", "BadLineError", "RowError", "ReadingError", "UnfitFileError", "BadInputError"}
ALL_ERRORS |= {"BatchRefusedError", "BatchGoneError", "SpentError", "_UnfitError", "_NotCarriedError", "Obstacle"}
AS_IT_CAME = {"7", "7: 7", "model 7: 7: 7", "7:7: 7", "7: 7: 7"}
"""Errors that only say where another one came up."""


def test_every_error_that_a_user_can_mend_has_a_chinese_form():
    raised = [
        (str(file.relative_to(PACKAGE)), text)
        for file in sorted(PACKAGE.rglob("*.py"))
        for node in ast.walk(ast.parse(file.read_text("utf-8")))
        if isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2] in ERRORS and node.args
        for text in texts(node.args[0])
    ]
    assert len(raised) > 300
    chinese = re.compile("[\u3000-\u303f\u4e00-\u9fff\uff00-\uffef]")
    english = [one for one in raised if not chinese.search(translated(worded(one[1]).strip(), "zh"))]
    assert [one for one in english if one[1] not in AS_IT_CAME and re.search("[A-Za-z]", one[1])] == []


LITERAL = re.compile(
    r"`[^`]*`|'[^']*'|\"[^\"]*\"|--[\w-]+|\[[^\]]*\]|frame\..*|general_settings.*"
    r"|(?:harness|pytest|pip|inspect|git) [^；。（）]*"
)
"""What stays as it is in any language: quoted names, options, commands, code, a setting."""
ENGLISH = re.compile(r"[A-Za-z]{2,}(?:[ ,;:7]+[a-z]{2,})+")


def test_a_chinese_error_is_chinese_as_a_whole():
    """`P：holds no epochs` has a Chinese colon, and nothing else for its reader."""
    said = {
        text
        for file in sorted(PACKAGE.rglob("*.py"))
        for node in ast.walk(ast.parse(file.read_text("utf-8")))
        for text in (
            [text for argument in node.args for text in texts(argument)]
            if isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2] in ALL_ERRORS
            else texts(node.value)
            if isinstance(node, ast.Yield) and node.value is not None and file.parent.name in ("runs", "decisions")
            else []
        )
        if re.search("[a-z]{2,} [a-z]", text)
    }
    assert len(said) > 400
    halves = {text: translated(worded(text).strip(), "zh") for text in said}
    left = {text: chinese for text, chinese in halves.items() if ENGLISH.search(LITERAL.sub("", chinese))}
    assert left == {}


def test_why_a_test_is_not_imported_or_a_case_is_skipped_is_chinese_as_a_whole():
    """Reasons that a command lists, one a line; they are values, and no `raise` of an error spells them out."""
    files = [*sorted((PACKAGE / "authoring").glob("*.py")), PACKAGE / "finetune" / "bad_cases.py"]
    said = [
        text
        for file in [*files, PACKAGE / "records" / "training.py"]
        for node in ast.walk(ast.parse(file.read_text("utf-8")))
        for text in _reasons(node)
        if re.search("[a-z]{2,} [a-z]", text)
    ]
    assert len(said) > 40
    left = {text: translated(text, "zh") for text in said}
    assert {text: zh for text, zh in left.items() if ENGLISH.search(LITERAL.sub("", zh))} == {}


def _reasons(node: ast.AST) -> list[str]:
    match node:
        case ast.Assign(targets=[ast.Subscript(value=where)]) if ast.unparse(where).endswith("skipped"):
            return texts(node.value)
        case ast.Call() if ast.unparse(node.func).rpartition(".")[2] in ("ValueError", "leave", "LeftOut"):
            return [text for argument in node.args for text in texts(argument)]
    return []


@pytest.mark.parametrize(
    ("english", "chinese"),
    [
        ("row 2: prompt: found 3; accepted: a text, or chat messages of text",
         "第 2 行：prompt：实际为 3；可接受：文本，或由文本组成的聊天消息"),
        ("row 3: a message: found {'a': 1}; accepted: texts of system, user and assistant",
         "第 3 行：消息：实际为 {'a': 1}；可接受：system、user、assistant 的文本"),
        ("row 4: its target is none of its choices", "第 4 行：目标不在选项之中"),
    ],
)  # fmt: skip
def test_a_row_that_is_not_imported_is_told_in_chinese_as_a_whole(english, chinese):
    assert translated(f"not carried over: {english}", "zh") == f"未导入：{chinese}"


NOT_RECORDED = "no answers of m1@v1 are recorded in cassettes/m1@v1 for {}. Run: pytest --model=m1 --cassette-mode=record (or live, to keep no cassette){}"  # noqa: E501


@pytest.mark.parametrize("suites", ["a (1 case)", "a, b, my suite (5 cases)"])
@pytest.mark.parametrize(
    ("recorded", "only"),
    [
        ("", ""),
        ("; recorded are m1@v0, m2@v1", ""),
        ("; recorded are starter", "; or name what is recorded: pytest --model=m1 --suites=starter"),
    ],
)
def test_a_first_run_without_recordings_is_told_in_chinese_as_a_whole(suites: str, recorded: str, only: str) -> None:
    """The first error of whoever runs pytest before anything is recorded."""
    chinese = translated(NOT_RECORDED.format(suites + recorded, only), "zh")
    assert chinese.startswith("cassettes/m1@v1 中没有 m1@v1 在 ")
    assert "请运行：pytest --model=m1 --cassette-mode=record（或用 live，不留录制）" in chinese
    assert not ENGLISH.search(LITERAL.sub("", chinese.replace("my suite", "")))


def test_a_case_of_no_run_is_told_in_chinese() -> None:
    assert (
        translated("a/b: no such case in any run; accepted: suite/id", "zh")
        == "任何运行中都没有用例 a/b；格式：suite/id"
    )


BROKEN_JSON = (
    *('{"a": tru}', '{"a":"x', '{"a" 1}', '{"a":1 "b":2}', "{a:1}", '{"a":1} x', '{"a":"\x01"}', '{"a":"\\q"}'),
    *('{"a":"\\u12"}', '{"a":1,}', "[1,]", ""),
)
BROKEN_TOML = (
    *(
        "a =",
        "[tool.harness",
        "[[a]",
        "a = v1",
        'a = "x\n',
        'a = """x',
        "[a]\n[a]\n",
        "a=1\na=2",
        "模型 = 1",
        "a = “x”",
    ),
    *("a = [1, 2", "a = 'x", 'a = "\\q"', "a = 2026-13", "a = 01", "a = {b=1,}", "a 1", "a={b=1}\na.c=2\nb=1", "= 3"),
    *("[a]\n[[a]]", "a={b=1,b=2}", 'a="\\uD800"', 'a="\\u12"', "a = {b=1", 'a="\x01"', "a=[]\n[a.b]", "a = {b=1 c=2}"),
)


def test_what_the_readers_of_json_and_toml_say_is_chinese_as_a_whole():
    """The error that whoever edits pyproject.toml meets first: a text without quotes, Chinese quotes, a key twice."""
    said = []
    for reader, texts_of_it, places in (
        (json.loads, BROKEN_JSON, ("x: not JSON: {0}", "not JSON at column 7: {0}")),
        (tomllib.loads, BROKEN_TOML, ("x/pyproject.toml: cannot be read as TOML: {0}", "{0}")),
    ):
        for text in texts_of_it:
            with pytest.raises((json.JSONDecodeError, tomllib.TOMLDecodeError)) as caught:
                reader(text)
            message = getattr(caught.value, "msg", None) or str(caught.value)
            said += [translated(place.format(message), "zh") for place in places]
    assert [one for one in said if ENGLISH.search(LITERAL.sub("", one))] == []


@pytest.mark.parametrize(
    ("reason", "chinese"),
    [
        ("not JSON at column 21: Unterminated string starting at", "第 21 列不是 JSON：字符串没有结束的引号"),
        (
            "17 bytes; accepted: 16 (--max-line); only the beginning is kept",
            "17 字节；最多 16 字节（--max-line）；只保留开头",
        ),
        ("found 'x'; accepted: one object a row", "实际为 'x'；应为每行一个 JSON 对象"),
        ("found 1 fields; the header has 2", "有 1 个字段；表头有 2 个"),
    ],
)
def test_the_first_row_of_a_log_that_is_rejected_is_told_in_chinese_as_a_whole(reason, chinese):
    english = f"harness: 50.0% of the rows are rejected. First in a.scored/rejected.jsonl: a.jsonl, row 9: {reason}"
    assert translated(english, "zh").endswith(f"首次出现在 a.scored/rejected.jsonl：a.jsonl 第 9 行：{chinese}")


def test_what_is_wrong_with_a_case_or_a_check_is_chinese_as_a_whole():
    """The first errors that a newcomer meets; they are made of values, and no `raise` spells them out."""
    trees = {name: ast.parse((PACKAGE / name).read_text("utf-8")) for name in ("suite/cases.py", "checks/registry.py")}
    called = [
        text
        for node in ast.walk(trees["suite/cases.py"])
        if isinstance(node, ast.Call) and ast.unparse(node.func) in ("_slip", "_must", "_or_else", "Problem")
        for text in (text for argument in node.args for text in texts(argument))
    ]
    returned = [
        text
        for function in ast.walk(trees["checks/registry.py"])
        if isinstance(function, ast.FunctionDef) and function.name in ("problem", "problem_with")
        for node in ast.walk(function)
        if isinstance(node, ast.Return) and node.value is not None
        for text in texts(node.value)
    ]
    said = {text for text in called + returned if re.search("[a-z]{2,} [a-z]", text)}
    assert len(said) > 30
    whole = {
        "7 is not one of the targets7": "'a' is not one of the targets (did you mean 'b'?)",
        "unknown check 77; accepted: 7": "unknown check 'numbr' (did you mean 'number'?); accepted: a, b",
        "7: unknown argument 77; accepted: 7": "number: unknown argument 'x'; accepted: a, b",
        "JSON over several lines; 7": "JSON over several lines; accepted: one JSON object a line",
    }
    left = {}
    for text in said:
        english = whole.get(text, text)
        shown = [translated(form, "zh") for form in (english, f"a: {english}", f"a: found 7; accepted: {english}")]
        if not any(re.search("[\u4e00-\u9fff]", one) and not ENGLISH.search(LITERAL.sub("", one)) for one in shown):
            left[text] = shown
    assert left == {}


@pytest.mark.parametrize("field", ["id", "prompt", "target", "language", "task", "version", "cases"])
def test_the_key_that_is_wrong_is_shown_as_it_is_typed(field: str) -> None:
    """`编号：缺少必填字段` names a key that no file has."""
    for problem in ("missing; it is required", "found 5; accepted: a string", "unknown field; accepted: id, prompt"):
        assert translated(f"{field}: {problem}", "zh").startswith(f"{field}：")
    assert translated("fidelity is better when higher: accepts the bounds min and max_drop, found max", "zh").endswith(
        "可用的界限为 min、max_drop，写的是 max"
    )


SET_AND_CHECK = "set model and base_url7, then run: harness models check"


def test_every_reason_why_an_endpoint_gives_no_answer_has_a_chinese_form():
    endpoints = PACKAGE / "endpoints"
    trees = [ast.parse((endpoints / name).read_text("utf-8")) for name in ("reaching.py", "refusals.py", "chat.py")]
    nodes = [node for tree in trees for node in ast.walk(tree)]
    given = [
        *(node.args[1] for node in nodes if isinstance(node, ast.Call) and ast.unparse(node.func) == "Obstacle"),
        *(node.value for node in nodes if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "sentence"),
        *(node.value for node in nodes if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "said"),
        *(
            one.value
            for node in nodes
            if isinstance(node, ast.FunctionDef) and node.name in ("_reason_to_stop", "words_of_answer")
            for one in ast.walk(node)
            if isinstance(one, ast.Return) and one.value is not None
        ),
    ]
    told = [text for node in given for text in texts(node) if " " in text]
    whole = {
        "7 does not speak HTTP7": "x does not speak HTTP; if it speaks TLS, set base_url to https://...",
        "7 does not speak TLS7; set base_url to http://...": "x does not speak TLS; set base_url to http://...",
        "no connection to 77 came about in time; is base_url right, is a firewall in between7?": (
            "no connection to x through the proxy p came about in time; is base_url right, is a firewall in between?"
        ),
        "no TLS connection to 77 (7)": "no TLS connection to x through the proxy p (why)",
        "7 refuses 7 (7)7": "x refuses the key in $KEY (401)",
        f"7 does not know 7 or has no chat completions there (7); {SET_AND_CHECK}": (
            "x does not know 'm' or has no chat completions there (404); set model and base_url (most servers answer "
            "at x/v1), then run: harness models check"
        ),
        "7; 7": "a stream without a finish reason; why",
    }
    assert len(told) > 20
    chinese = re.compile("[\u4e00-\u9fff]")
    assert [one for one in told if not chinese.search(translated(whole.get(one, one), "zh"))] == []


def test_the_words_of_an_endpoint_stay_as_they_came_in_a_chinese_sentence():
    said = "Incorrect API key provided: sk-1. You can find it at https://x"
    reason = "model m: https://x/v1 refuses the key in $KEY (401)"
    assert (
        translated(f"{reason}. It says: {said}", "zh")
        == f"模型 m：https://x/v1 拒绝了 $KEY 中的密钥（401）。端点的原话：{said}"
    )


def test_what_is_wrong_with_a_training_file_and_why_a_recipe_begins_so_has_a_chinese_form():
    said = []
    for name in ("validate.py", "recipes.py"):
        for node in ast.walk(ast.parse((PACKAGE / "finetune" / name).read_text("utf-8"))):
            match node:
                case ast.Yield(value=ast.expr() as value):
                    said += texts(value)
                case ast.Call(func=ast.Name(id="Problem"), args=[_, value]):
                    said += texts(value)
                case ast.Call(func=ast.Attribute(attr="append", value=ast.Name(id="problems")), args=[value]):
                    said += texts(value)
                case ast.FunctionDef(name="hint"):
                    said += [text for one in ast.walk(node) if isinstance(one, ast.Return) for text in texts(one.value)]
    values = [one for rules in PROVIDERS.values() for n in (20, 200, 20_000) for one in starting_values(n, rules)]
    values += [one for n in (20, 20_000) for one in size_advice(n)]
    said += [text for one in values for text in (one.reason, one.conflict)]
    assert len(said) > 80
    filled = {"missing7": "missing", "key7": "key", "answer is 7": "answer is spaced", "has 77": "has 7"}
    for form, example in filled.items():
        said = [one.replace(form, example) for one in said]
    english = [one for one in said if not re.search("[\u4e00-\u9fff]", translated(one, "zh"))]
    assert [one for one in english if re.search("[A-Za-z]", one)] == []


def test_names_within_a_chinese_sentence_are_divided_by_its_own_comma():
    assert translated("tunde: no such model; known: tuned, spaced", "zh").endswith("tuned、spaced")
    assert ", " not in translated("unknown model 'x'; accepted: a, b, or openai:NAME", "zh")
    assert translated("estimated from qwen@v1, tuned@v1 and 7 more", "zh").startswith("由 qwen@v1、tuned@v1，另有 7")


def test_a_list_of_names_is_not_taken_for_a_sentence():
    assert translated("tuned, spaced", "zh") == "tuned, spaced"
    long = " and ".join(f"name {number}, of" for number in range(400))
    assert translated(long, "zh") == long  # in linear time
    known = " and ".join(["3 cases"] * 400)
    assert len(translated(known, "zh")) > 1000  # without a recursion for each
    assert translated("3 cases and 1 pair", "zh") == "3 条用例、1 对用例"
    assert translated("init, suites, cassettes, models", "zh") == "init, suites, cassettes, models"
    assert translated("a1: this from that", "zh") == "a1: this from that"
    assert translated("3 problems, 1 warning", "zh") == "3 个问题，1 个警告"


@pytest.mark.parametrize(
    ("english", "chinese"),
    [
        (
            "harness compare a b  (no further attempt can be a GO; see what fails, and make a new version)",
            "harness compare a b  （再次尝试也不会给出 GO；请查看失败的用例，改进后作为新版本再试）",
        ),
        (
            "Left out: 57 cases only in the second (a), 72 cases only in the first (b).",
            "未计入：57 条用例只在第二个中（a），72 条用例只在第一个中（b）。",
        ),
        ("x:1: not UTF-8 at byte 1; run: harness v", "x:1：第 1 字节不是 UTF-8；请运行：harness v"),
    ],
)
def test_a_part_of_a_sentence_is_not_taken_for_a_number_of_cases(english, chinese):
    assert translated(english, "zh") == chinese


@pytest.mark.parametrize(
    ("english", "chinese"),
    [
        (
            "task=copy 4 of 9: core/a, core/b, core/c and 1 more",
            "任务 copy：9 条中 4 条，core/a、core/b、core/c，另有 1 条",
        ),
        ("domain=law 2 of 2: core/a-1, core/a-2", "领域 law：2 条中 2 条，core/a-1、core/a-2"),
        ("task=copy 1 of 3: core/a-1", "任务 copy：3 条中 1 条，core/a-1"),
        ("kind=both 2 of 29: team/a-1, team/a-2", "两种符号都有：29 条中 2 条，team/a-1、team/a-2"),
        ("kind=none 1 of 4: team/a-1", "没有符号：4 条中 1 条，team/a-1"),
        ("kind=-", "符号 -"),
        ("symbol=both", "两种符号都有"),
        ("reports/x.json: 3 of 4 of it: no", "reports/x.json: 3 of 4 of it: no"),
    ],
)
def test_a_slice_with_its_cases_is_chinese_as_a_whole(english, chinese):
    assert translated(english, "zh") == chinese


WORDS_OF_OURS = ("both", "text", "total", "all", "version", "suite", "no data", "none", "damaged")


@pytest.mark.parametrize("name", WORDS_OF_OURS)
def test_what_a_user_named_is_no_word_of_ours(name):
    case = factory.case_result("a", suite=name, domain=name)
    versions = [factory.run_record([case], model=model) for model in ("both", "all")]
    speak("zh")
    try:
        balance = table([Cell(name, name, "both", "zh", name, 1)])
        compared = options_lines(options(versions))
        scored = figures.table([["", "rows"], [group_name([name]), "all"]])
    finally:
        speak("en")
    assert [line.strip().startswith(name) for line in balance[1:]] == [True, True]
    assert balance[1].endswith(f"{name} 1")
    assert scored[1].split() == [*name.split(), "全部"]
    assert any("both@v1" in line and "all@v1" in line for line in compared)
    named = f"domain={name} 2 of 3: core/a, core/b"
    assert translated(named, "zh") == f"领域 {name}：3 条中 2 条，core/a、core/b"
