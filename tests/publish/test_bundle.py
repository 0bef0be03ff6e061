"""A bundle for a provider's ticket holds the request and the damage, and nothing that must not leave."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from harness.cli.runs import bundle_case
from harness.history import History
from harness.publish.bundle import bundle
from harness.recording import Secrets
from harness.recording.cassette import to_line
from harness.recording.recorder import compact
from harness.records.run import RunRecord
from harness.text import DEFAULT_SYMBOLS
from tests.factory import case_result, exchange, run_record, sample_result

KEY = "k3yOfThisVeryEnvironment"
PROMPT = f"Mail li.si@corp.example about A-1/B, call 13912345678, key {KEY}."
ANSWER = "A - 1/B, said li.si@corp.example"


def damaged(**fields: Any) -> RunRecord:
    given = {"recorded_at": "2026-01-31T10:00:00Z", "targets": ("A-1/B",), "output": ANSWER} | fields
    sample = sample_result("damaged", **given)
    messages = ({"role": "user", "content": PROMPT},)
    case = case_result("a", "damaged", targets=("A-1/B",), samples=(sample,), messages=messages)
    return run_record([case], configuration={"base_url": "https://gateway.corp.example/v1"})


def record(folder: Path, run: RunRecord, body: dict[str, Any] | bytes, content_type: str = "application/json") -> None:
    request = {"model": "m", "messages": [{"role": "user", "content": PROMPT}], "user": "customer-7", "tools": []}
    sent = json.dumps(request).encode()
    got = body if isinstance(body, bytes) else json.dumps(body).encode()
    path = folder / run.label / f"{run.cases[0].suite}.jsonl"
    path.parent.mkdir(parents=True)
    made = exchange(request_body=sent, response_body=got, response_headers=(("content-type", content_type),))
    path.write_text(to_line(made, sample=0, model="m", runtime=None) + "\n", "utf-8")


def made_of(run: RunRecord, cassettes: Path) -> Any:
    return bundle(run, run.cases[0], cassettes, Secrets([KEY]), DEFAULT_SYMBOLS)


def test_the_request_is_the_recorded_one_without_what_must_not_leave(tmp_path: Path) -> None:
    run = damaged()
    message = {"role": "assistant", "content": ANSWER}
    record(tmp_path, run, {"model": "m", "choices": [{"message": message, "finish_reason": "stop"}]})
    made = made_of(run, tmp_path)
    everything = "\n".join(made.files.values())
    for hidden in (KEY, "li.si", "13912345678", "customer-7", "gateway.corp"):
        assert hidden not in everything, hidden
    request = json.loads(made.files["request.json"])
    assert request["tools"] == []  # of the recording: a run record has no tools
    assert "A-1/B" in request["messages"][0]["content"]
    assert json.loads(made.files["response.json"])["choices"][0]["message"]["content"].startswith("A - 1/B")
    assert made.redacted == {"field user": 1, "mail address": 1, "mobile number": 1, "secret": 1}
    (mention,) = json.loads(made.files["damage.json"])["mentions"]["A-1/B"]
    assert (mention["text"], mention["verdict"]) == ("A - 1/B", "spaced")
    assert "`A␣-␣1/B`" in made.files["README.md"]
    assert made.warnings == ()
    compact(tmp_path / run.label / f"{run.cases[0].suite}.jsonl")
    assert made_of(run, tmp_path) == made


@pytest.mark.parametrize(
    ("pieces", "hidden"),
    [
        (["A", " - 1/B", ", said li", ".si@corp", ".example"], ["li.si@corp.example"]),
        (["A - 1/B, ", KEY[:9], KEY[9:]], [KEY]),
        (["A", " - 1/B"], []),
    ],
)
def test_the_tokens_of_an_answer_do_not_spell_again_what_was_taken_out(
    pieces: list[str], hidden: list[str], tmp_path: Path
) -> None:
    run = damaged(output="".join(pieces))
    tokens = [{"token": piece, "bytes": [*piece.encode()], "logprob": -0.1, "top_logprobs": []} for piece in pieces]
    message = {"role": "assistant", "content": "".join(pieces)}
    record(tmp_path, run, {"choices": [{"message": message, "logprobs": {"content": tokens}, "finish_reason": "stop"}]})
    (choice,) = json.loads(made_of(run, tmp_path).files["response.json"])["choices"]
    assert choice["logprobs"] == ("[removed]" if hidden else {"content": tokens})
    for text in hidden:
        assert text not in choice["message"]["content"]


def test_a_stream_is_given_as_it_came_only_if_there_is_nothing_in_it_to_take_out(tmp_path: Path) -> None:
    def stream(*pieces: str) -> bytes:
        chunks = [{"choices": [{"delta": {"content": piece}}]} for piece in pieces]
        return "".join(f"data: {json.dumps(chunk)}\n\n" for chunk in chunks).encode() + b"data: [DONE]\n\n"

    clean = damaged(output="A - 1/B")
    record(tmp_path / "clean", clean, stream("A ", "- 1/B"), "text/event-stream")
    assert "data: [DONE]" in made_of(clean, tmp_path / "clean").files["response.txt"]
    personal = damaged()
    record(tmp_path / "personal", personal, stream("A - 1/B, said li.", "si@corp.example"), "text/event-stream")
    made = made_of(personal, tmp_path / "personal")
    assert "response.txt" not in made.files
    assert json.loads(made.files["response.json"])["content"] == "A - 1/B, said name@example.com"


def test_a_live_run_keeps_its_answers_beside_its_record(tmp_path: Path) -> None:
    run = damaged()
    record(tmp_path, run, {"model": "m", "choices": [{"message": {"role": "assistant", "content": ANSWER}}]})
    (path,) = (tmp_path / run.label).iterdir()
    live = path.rename(tmp_path / "run.live.jsonl")
    made = bundle(run, run.cases[0], tmp_path / "cassettes", Secrets([KEY]), DEFAULT_SYMBOLS, live=live)
    assert (json.loads(made.files["request.json"])["tools"], made.warnings) == ([], ())
    assert made.files["README.md"].startswith("# Strings of the prompt came back changed")


def test_strings_that_were_left_out_are_not_called_changed(tmp_path: Path) -> None:
    run = damaged()
    left_out = run.cases[0].samples[0].model_copy(update={"outcome": "omitted", "output": "No."})
    case = run.cases[0].model_copy(update={"outcome": "omitted", "samples": (left_out,)})
    made = bundle(run, case, tmp_path, Secrets([]), DEFAULT_SYMBOLS)
    assert made.files["README.md"].startswith("# Strings of the prompt were left out")


def test_without_a_recording_the_bundle_says_so(tmp_path: Path) -> None:
    made = made_of(damaged(), tmp_path)
    assert json.loads(made.files["request.json"])["messages"][0]["content"].startswith("Mail name@example.com")
    assert any("made up from the run record" in warning for warning in made.warnings)
    assert all(warning in made.files["README.md"] for warning in made.warnings)


def test_a_target_that_has_the_form_of_a_number_stays_and_one_inside_a_mail_address_is_named(tmp_path: Path) -> None:
    sample = sample_result("damaged", targets=("13912345678", "li.si"), output="139 1234 5678 li. si")
    messages = ({"role": "user", "content": "Say 13912345678 and li.si@corp.example"},)
    case = case_result("a", "damaged", targets=("13912345678", "li.si"), samples=(sample,), messages=messages)
    made = made_of(run_record([case]), tmp_path)
    assert "Say 13912345678 and name@example.com" in made.files["request.json"]
    assert any("`li.si` was inside something that was taken out" in warning for warning in made.warnings)


@pytest.mark.parametrize(
    ("case", "said"),
    [
        (case_result("a"), "nothing to report"),
        (case_result("a", "damaged", tags=("held-out",)), "is held out"),
    ],
)
def test_what_is_right_or_held_out_makes_no_bundle(case: Any, said: str, tmp_path: Path) -> None:
    from harness.errors import ConfigError

    with pytest.raises(ConfigError, match=said):
        made_of(run_record([case]), tmp_path)


def test_the_command_writes_a_new_folder_or_zip_and_overwrites_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    run = damaged(output="A - 1/B")
    History(tmp_path / "reports").write(run)
    name = f"{run.cases[0].suite}/a"
    assert CliRunner().invoke(bundle_case, [name, "--model", run.label]).exit_code == 0
    folder = tmp_path / f"bundle-{name.replace('/', '-')}-{run.label}"
    assert {path.name for path in folder.iterdir()} >= {"README.md", "request.json", "response.json", "damage.json"}
    for out in ("one.zip", "two.zip"):
        assert CliRunner().invoke(bundle_case, [name, "--model", run.label, "--out", out]).exit_code == 0
    archives = [zipfile.ZipFile(name) for name in ("one.zip", "two.zip")]
    assert [archive.testzip() for archive in archives] == [None, None]
    sums = [[(one.filename.partition("/")[2], one.CRC) for one in archive.filelist] for archive in archives]
    assert sums[0] == sums[1]
    for archive in archives:
        archive.close()
    again = CliRunner().invoke(bundle_case, [name, "--model", run.label, "--out", "one.zip"])
    assert "nothing is overwritten" in str(again.exception)
    assert sorted(path.name for path in tmp_path.iterdir()) == [folder.name, "one.zip", "reports", "two.zip"]
