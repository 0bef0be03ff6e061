"""OpenAI's hosted Evals: what the documented script saves from a server of the published form becomes cases."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from harness.authoring.promptfoo import import_file
from harness.cli import run
from harness.errors import ConfigError
from tests.logs.conftest import verdicts

ROOT = Path(__file__).parents[2]
USAGE = {"cached_tokens": 0, "completion_tokens": 1, "prompt_tokens": 1, "total_tokens": 2}
GRADERS: list[dict[str, Any]] = [
    {"type": "string_check", "name": "same", "input": "{{ sample.output_text }}", "operation": "eq",
     "reference": "{{ item.correct_label }}"},
    {"type": "string_check", "name": "in", "input": "{{sample.output_text}}", "operation": "ilike",
     "reference": "{{item['correct_label']}}"},
    {"type": "string_check", "name": "not", "input": "{{sample.output_text}}", "operation": "ne", "reference": "n/a."},
    {"type": "string_check", "name": "of the item", "input": "{{item.x}}", "operation": "eq", "reference": "x"},
    {"type": "score_model", "name": "judge", "model": "m", "input": [], "range": [0, 1]},
]  # fmt: skip
TEMPLATE = [
    {"type": "message", "role": "developer", "content": "Be brief."},
    {"type": "message", "role": "user", "content": {"type": "input_text", "text": "Which is {{ item.question }}?"}},
]
ROWS = [
    {"question": "A-1/B", "correct_label": "A-1/B"},
    {"question": "GB/T 50081-2019", "correct_label": "GB/T 50081-2019"},
]


def an_eval(**more: Any) -> dict[str, Any]:
    config = {"type": "custom", "schema": {"type": "object"}}
    return {"object": "eval", "id": "eval_1", "name": "n", "created_at": 1, "data_source_config": config,
            "testing_criteria": GRADERS, "metadata": {}, **more}  # fmt: skip


def a_run(name: str = "run_1", source: dict[str, Any] | None = None) -> dict[str, Any]:
    source = source or {"type": "file_content", "content": [{"item": row} for row in ROWS]}
    messages = {"type": "template", "template": TEMPLATE}
    data = {"type": "completions", "model": "m", "input_messages": messages, "source": source}
    counts = {"errored": 0, "failed": 1, "passed": 1, "total": 2}
    return {"object": "eval.run", "id": name, "eval_id": "eval_1", "status": "completed", "model": "m", "name": "r",
            "created_at": 1, "data_source": data, "error": None, "metadata": {}, "per_model_usage": [],
            "per_testing_criteria_results": [], "report_url": "", "result_counts": counts}  # fmt: skip


def an_item(number: int, run_id: str = "run_1", **more: Any) -> dict[str, Any]:
    row = ROWS[number]
    asked = [{"role": "developer", "content": "Be brief."}, {"role": "user", "content": f"Which is {row['question']}?"}]
    said = [{"role": "assistant", "content": row["question"].replace("/", " / ") if number else row["question"]}]
    sample = {"input": asked, "output": said, "finish_reason": "stop", "model": "m", "seed": 1, "temperature": 1.0,
              "top_p": 1.0, "max_completion_tokens": 9, "usage": USAGE, "error": None}  # fmt: skip
    return {"object": "eval.run.output_item", "id": f"{run_id}-{number}", "created_at": 1764000000, "run_id": run_id,
            "eval_id": "eval_1", "status": "pass", "datasource_item_id": number, "datasource_item": row,
            "results": [{"name": "same", "passed": True, "score": 1.0}], "sample": sample, **more}  # fmt: skip


CHECKS = [
    {"check": "equals", "value": "A-1/B", "strip": False},
    {"check": "contains", "value": "A-1/B", "ignore_case": True},
    {"check": "not_regex", "pattern": r"\An/a\.\z"},
]
REASONS = [
    ("testing_criteria[3] of the item", "it grades '{{item.x}}'; accepted: {{ sample.output_text }}"),
    ("testing_criteria[4] judge", "score_model: no named check does the same; write one in Python"),
]


class Api(BaseHTTPRequestHandler):
    """GET /evals, its runs and their output items, two a page."""

    def do_GET(self) -> None:
        path, _, query = self.path.partition("?")
        lists = {
            "/v1/evals": [an_eval()],
            "/v1/evals/eval_1/runs": [a_run(), a_run("run_2")],
            "/v1/evals/eval_1/runs/run_1/output_items": [an_item(0), an_item(1)],
            "/v1/evals/eval_1/runs/run_2/output_items": [an_item(0, "run_2"), an_item(1, "run_2")],
        }
        found = lists[path]
        after = re.search(r"after=([\w-]+)", query)
        start = next((n + 1 for n, one in enumerate(found) if after and one["id"] == after[1]), 0)
        page = {"object": "list", "data": found[start : start + 1], "has_more": start + 1 < len(found)}
        body = json.dumps(page).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def server() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Api) as httpd:
        threading.Thread(target=httpd.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{httpd.server_address[1]}/v1"
        httpd.shutdown()


def test_what_the_documented_script_saves_is_imported_and_scored(
    server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    text = (ROOT / "docs" / "writing-cases.md").read_text("utf-8").partition("#### Before OpenAI Evals closes")[2]
    script = text.partition("```python\n")[2].partition("```")[0]
    monkeypatch.setenv("OPENAI_BASE_URL", server)
    monkeypatch.setenv("OPENAI_API_KEY", "k")
    monkeypatch.chdir(tmp_path)
    exec(compile(script, "writing-cases.md", "exec"), {})
    made = import_file("openai-evals", Path("openai-evals.jsonl"))
    assert [line["messages"][1]["content"] for line in made.lines] == ["Which is A-1/B?", "Which is GB/T 50081-2019?"]
    assert made.lines[0]["messages"][0] == {"role": "system", "content": "Be brief."}
    assert made.lines[0]["checks"] == CHECKS
    assert made.lines[0]["targets"] == ["A-1/B"]
    assert [(one.place, one.reason) for one in made.left_out] == REASONS
    # the eval itself holds no answer, and makes no row
    assert run(["score", "openai-evals.jsonl", "--preset", "evals", "--workers", "1"]) == 0, capsys.readouterr().err
    rows = verdicts(Path("openai-evals.scored"))
    assert [(row["outcome"], row["model"]) for row in rows] == [("aligned", "m"), ("damaged", "m")] * 2


@pytest.mark.parametrize(
    "document",
    [
        [an_eval(), a_run()],
        {"eval": an_eval(), "runs": [a_run()]},
        {"object": "list", "data": [an_eval(), a_run()]},
        [an_eval(), a_run(source={"type": "file_id", "id": "file-1"}), *({"item": row} for row in ROWS)],
        [an_eval(), a_run(source={"type": "file_id", "id": "file-1"}), an_item(0), an_item(1)],
    ],
)
def test_a_run_is_as_many_cases_as_it_has_rows(document: Any, tmp_path: Path) -> None:
    (tmp_path / "e.json").write_text(json.dumps(document), encoding="utf-8")
    made = import_file("openai-evals", tmp_path / "e.json")
    assert [line["targets"] for line in made.lines] == [["A-1/B"], ["GB/T 50081-2019"]]
    assert made.lines[0]["checks"] == CHECKS
    assert [(one.place, one.reason) for one in made.left_out] == REASONS


def test_without_its_eval_the_answer_beside_the_question_is_wanted_and_that_is_said(tmp_path: Path) -> None:
    (tmp_path / "e.jsonl").write_text("".join(json.dumps(an_item(number)) + "\n" for number in (0, 1, 0)))
    made = import_file("openai-evals", tmp_path / "e.jsonl")
    assert [line["checks"] for line in made.lines] == [
        [{"check": "contains", "value": row["question"]}] for row in ROWS
    ]
    assert "graders" in made.notes[0]


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        ([an_eval()], "eval: it has graders and no data"),
        ([an_eval(), a_run(source={"type": "file_id", "id": "file-1"})], "its data is elsewhere (file-1)"),
        ([an_eval(), an_item(0, sample=None)], "no input of its sample"),
        ([an_eval(), a_run(source={"type": "file_content", "content": [{"item": {"a": 1}}, 3]})], "item.question"),
        (
            [an_eval(), an_item(0, sample={"input": [{"role": "user", "content": [{"type": "input_image"}]}]})],
            "a message",
        ),
    ],
)
def test_what_an_export_lacks_is_said_with_its_place(
    document: Any, reason: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "e.json").write_text(json.dumps(document), encoding="utf-8")
    made = import_file("openai-evals", tmp_path / "e.json")
    assert made.lines == []
    assert reason in "\n".join(f"{one.place}: {one.reason}" for one in made.left_out)
    assert run(["suites", "import", "openai-evals", str(tmp_path / "e.json"), "--out", str(tmp_path / "out")]) == 3
    assert "nothing of it can be carried over" in capsys.readouterr().err


def test_results_of_promptfoo_without_their_configuration_are_the_prompts_that_were_sent(tmp_path: Path) -> None:
    test = {"vars": {"q": "A-1"}, "assert": [{"type": "contains", "value": "{{q}}"}, {"type": "python", "value": "1"}]}
    results = [{"prompt": {"raw": "Say A-1"}, "testCase": test}, {"prompt": {"raw": 3}, "testCase": test}]
    (tmp_path / "r.json").write_text(json.dumps({"results": {"results": results}, "config": {}}), encoding="utf-8")
    made = import_file("promptfoo", tmp_path / "r.json")
    assert [(line["prompt"], line["checks"]) for line in made.lines] == [
        ("Say A-1", [{"check": "contains", "value": "A-1"}])
    ]
    assert [one.place for one in made.left_out] == ["results[0].assert[1]", "results[1]"]


def test_a_name_in_brackets_is_a_variable_of_promptfoo(tmp_path: Path) -> None:
    config = {"prompts": ["Q: {{ item[\"a b\"][0] }} {{ item['c'].d | upper }}"],
              "tests": [{"vars": {"item": {"a b": ["A-1"], "c": {"d": "x"}}},
                         "assert": [{"type": "contains", "value": "{{ item['a b'][0] }}"}]}]}  # fmt: skip
    (tmp_path / "c.json").write_text(json.dumps(config), encoding="utf-8")
    made = import_file("promptfoo", tmp_path / "c.json")
    assert [(line["prompt"], line["checks"][0]["value"]) for line in made.lines] == [("Q: A-1 X", "A-1")]
    with pytest.raises(ConfigError):
        import_file("promptfoo", tmp_path / "none.json")
