"""Every reported oddity against a real server: outcome, what is kept, how many requests, and the words on screen."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from harness.cli.init import init
from harness.config import HarnessConfig, ModelConfig
from harness.endpoints.batch import form_at
from harness.endpoints.parse import RECORDABLE
from harness.endpoints.providers import RECIPES, EndpointRecipe
from harness.errors import EndpointError
from harness.recording import Cassette
from harness.runs.answers import Answers
from harness.runs.judge import Judge
from tests import processes
from tests.endpoints.oddities import FORMS, REASONING, STREAMS, Oddity, reply, whole
from tests.endpoints.oddities_refused import DECLINED, FINISHED, LEARNT, REFUSED
from tests.faulty_server.conftest import FAST, TARGET, case
from tests.faulty_server.server import FaultyServer

ODDITIES = [*REASONING, *STREAMS, *LEARNT, *REFUSED, *FINISHED, *FORMS, *DECLINED]


def test_there_are_a_hundred_and_each_has_the_address_of_its_report() -> None:
    assert len(ODDITIES) >= 110
    assert len({oddity.name for oddity in ODDITIES}) == len(ODDITIES)
    assert all(re.match(r"https://[a-z.-]+/.+", oddity.report) for oddity in ODDITIES)


@pytest.mark.parametrize("oddity", ODDITIES, ids=lambda oddity: oddity.name.replace(" ", "-")[:60])
def test_what_becomes_of_it(
    oddity: Oddity, server: FaultyServer, make_model: Callable[..., ModelConfig], tmp_path: Path
) -> None:
    server.reply = oddity.reply
    model = make_model(**oddity.settings)
    asked = case(f"Repeat: {TARGET}")
    answers = Answers(HarnessConfig(root=tmp_path), model, "record", live_file=tmp_path / "live", retrying=FAST)
    said = ""
    try:
        answers.start(answers.missing([asked], 1))
        completion = answers.completion(asked, 0, lambda future: future.result(timeout=60))
    except EndpointError as error:
        outcome, said = "stops", str(error)
    else:
        assert completion is not None
        sample = Judge(model).sample(asked, completion, 0)
        outcome = f"unscored({sample.reason})" if sample.outcome == "unscored" else sample.outcome
        if oddity.reasoning is not None:
            assert sample.reasoning == oddity.reasoning
    finally:
        answers.close()
    said += "\n".join(answers.notes)
    assert outcome == oddity.outcome, said
    assert re.search(oddity.words, said), said
    if oddity.requests is not None:
        assert server.total == oddity.requests
    reason = oddity.outcome.removeprefix("unscored(").removesuffix(")")
    is_answer = outcome == "aligned" or reason in RECORDABLE
    recorded = len(Cassette(tmp_path / "cassettes" / "m@v1" / "s.jsonl"))
    assert recorded == (outcome == "aligned" or (is_answer and oddity not in (*REFUSED, *DECLINED))), (
        "what is not an answer is never recorded"
    )
    if recorded:
        # the recording answers the same request again, to the same verdict, without the network
        again = Answers(HarnessConfig(root=tmp_path), model, "replay", live_file=tmp_path / "live")
        kept = again.completion(asked, 0)
        again.close()
        assert kept is not None
        replayed = Judge(model).sample(asked, kept, 0)
        assert (replayed.outcome, replayed.output) == (sample.outcome, sample.output)


def test_the_first_command_of_a_newcomer_ends_in_answers(
    server: FaultyServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def picky(body: dict[str, Any]) -> tuple[int, str, bytes, dict[str, str]]:
        for name, words in (
            ("max_tokens", "Unsupported parameter: 'max_tokens' is not supported with this model."),
            ("temperature", "Unsupported value: 'temperature' does not support 0 with this model."),
        ):
            if name in body:
                return reply({"error": {"message": words, "param": name, "code": "unsupported_value"}}, 400)
        if body["messages"][0]["role"] == "system":
            words = "Unsupported value: 'messages[0].role' does not support 'system' with this model."
            return reply({"error": {"message": words, "param": "messages[0].role", "code": "unsupported_value"}}, 400)
        return reply(whole(body["messages"][-1]["content"]))

    server.reply = picky
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    model = ("--model=openai:gpt-5-mini", f"--base-url={server.base_url}")
    options = ("--suites=builtin", "--cassette-mode=live", "-p", "no:cacheprovider", "-n0")
    done = processes.run("pytest", *model, *options, cwd=tmp_path)
    assert done.returncode in (0, 1), done.stdout + done.stderr
    assert "the endpoint refuses a part of the requests; sent max_tokens as max_completion_tokens" in done.stdout
    assert 'Set max_tokens = "default"' in done.stdout
    (record,) = (tmp_path / "reports").rglob("*.json")
    cases = json.loads(record.read_text(encoding="utf-8"))["cases"]
    assert len(cases) > 10
    unscored = [sample for one in cases for sample in one["samples"] if sample["outcome"] == "unscored"]
    assert unscored == []


# The table of providers: every entry is valid, every statement has a source, and the docs say the same.

ROOT = Path(__file__).parents[2]
ASKED_FOR = (
    "ark siliconflow dashscope deepseek openai azure vllm sglang ollama lmstudio llamacpp litellm"  # of the issue
)


def test_all_providers_are_there_and_init_offers_them() -> None:
    assert set(ASKED_FOR.split()) <= set(RECIPES)
    (option,) = [one for one in init.params if one.name == "provider"]
    assert list(option.type.choices) == list(RECIPES)  # type: ignore[attr-defined]


@pytest.mark.parametrize(("name", "recipe"), RECIPES.items(), ids=RECIPES)
def test_an_entry_is_valid_and_each_statement_has_a_source(name: str, recipe: EndpointRecipe) -> None:
    given = {"base_url": recipe.base_url, "model": recipe.model_hint, "api_key_env": recipe.key_env}
    ModelConfig.model_validate({"name": name, **given, **recipe.settings})
    sources = [*(oddity.source for oddity in recipe.oddities), *([recipe.source] if name != "other" else [])]
    for source in sources:
        assert urlsplit(source).scheme == "https"
        assert urlsplit(source).path.strip("/")
    assert len({oddity.what for oddity in recipe.oddities}) == len(recipe.oddities)
    if name != "other":
        assert recipe.oddities
    assert form_at(recipe.base_url) == ("ark" if name == "ark" else "openai")


def test_the_page_is_written_from_the_table() -> None:
    done = subprocess.run([sys.executable, "docs/recipes.py", "--check"], cwd=ROOT, check=False)
    assert done.returncode == 0, "run: python docs/recipes.py"
