"""What a judgement keeps beside right and wrong: notes, and the probability of each sign."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from pathlib import Path

import pytest

from harness.config import ModelConfig
from harness.decisions.compare import compare
from harness.decisions.metrics import mention_rate, search_hit_rate
from harness.endpoints.parse import parse
from harness.finetune.bad_cases import corrected
from harness.history import read_run
from harness.hunt.asking import sighting_of
from harness.records.answer import Completion, Token
from harness.records.case import Case
from harness.records.run import CaseResult, RunRecord
from harness.runs.judge import Judge, sign_probability
from harness.runs.record import fold
from harness.runs.requests import body_for
from harness.show.evidence import answers
from harness.show.export import samples_csv
from harness.show.html import run_page
from harness.show.markdown import run_markdown
from harness.show.rates import damage_codes, summarise
from harness.show.run import explain_case, run_lines
from tests.factory import suite_case

MakeCase = Callable[..., Case]
MODEL = ModelConfig(name="m")
LONGER = "CVE-2021-31560 <script>alert(1)</script>"


def judged(case: Case, text: str) -> CaseResult:
    judge = Judge(MODEL)
    return judge.case(case, [judge.sample(case, Completion(text=text, recorded_at="2026-11-20T00:00:00Z"), 0)])


def record_of(*cases: CaseResult) -> RunRecord:
    moment = "2026-11-20T00:00:00Z"
    return fold(
        MODEL, cases, mode="replay", started=moment, ended=moment, requests=0, partial_reason=None, git_commit=None
    )


def asking(make_case: MakeCase, *targets: str, number: int = 0) -> Case:
    messages = ({"role": "user", "content": f"Repeat: {', '.join(targets)}"},)
    return make_case(number, messages=messages, targets=targets, required=targets)


def test_a_note_is_kept_and_counts_nowhere(make_case: MakeCase, tmp_path: Path) -> None:
    case = asking(make_case, "CVE-2021-3156")
    result = judged(case, f"It is {LONGER}.")
    (sample,) = result.samples
    (mention,) = sample.mentions["CVE-2021-3156"]
    assert (result.outcome, sample.verdicts) == ("omitted", {"CVE-2021-3156": "absent"})
    assert (mention.severity, mention.damage, mention.is_damage, mention.is_note) == ("note", ("added",), False, True)
    assert damage_codes(result) == []
    assert summarise(record_of(result)).damage == ()
    assert (search_hit_rate([result]).n, mention_rate([result])) == (0, (0, 1))
    assert sighting_of(sample, "CVE-2021-3156", 1).mention == ""
    assert corrected(["Repeat: CVE-2021-3156"], "It is CVE-2021-31560.", case) is None  # type: ignore[arg-type]
    path = tmp_path / "run.json"
    path.write_text(json.dumps(record_of(result).model_dump(mode="json")), encoding="utf-8")
    assert read_run(path).cases == (result,)


def test_every_face_shows_a_note_as_a_note(make_case: MakeCase) -> None:
    result = judged(asking(make_case, "CVE-2021-3156"), f"It is {LONGER}.")
    run = record_of(result)
    assert "  note      CVE-2021-31560  [added], not counted" in explain_case(result)
    assert "(notes, not counted: 1)" in run_markdown(run)
    assert "CVE-2021-31560" not in "\n".join(run_lines(run)[2:])
    assert ",added," not in samples_csv(run)
    (answer,) = answers(result)
    assert [(one.verdict, one.codes) for one in answer.findings] == [("absent", ()), ("note", ("added",))]
    page = run_page(run)
    assert 'class="v v-note"' in page
    assert "<script>alert" not in page


def test_a_flip_is_told_by_the_damage_and_not_by_a_note(make_case: MakeCase) -> None:
    case = asking(make_case, "CVE-2021-3156", "AB-12/C")
    old = judged(case, "CVE-2021-3156 AB-12/C")
    new = judged(case, "CVE-2021-31560 AB-12 / C")
    (flip,) = compare(record_of(old), record_of(new)).flips
    assert (flip.target, flip.new_text, flip.damage) == ("AB-12/C", "AB-12 / C", ("space-left", "space-right"))


def test_a_target_within_a_damaged_longer_one_is_damaged_and_not_left_out(make_case: MakeCase) -> None:
    result = judged(asking(make_case, "北京/上海/广州", "上海/广州"), "北京 / 上海 / 广州")
    (sample,) = result.samples
    assert sample.within == {"上海/广州": "北京/上海/广州"}
    assert (result.outcome, mention_rate([result])) == ("damaged", (2, 2))
    assert "  within    北京/上海/广州, which is damaged" in explain_case(result)
    assert [one.verdict for one in answers(result)[0].findings] == ["spaced", "within"]


def test_records_without_notes_are_written_as_they_were(make_case: MakeCase) -> None:
    text = record_of(judged(asking(make_case, "A-1"), "A - 1")).model_dump_json()
    assert '"severity"' not in text
    assert '"within"' not in text


# The probability that a model gave to each sign that must survive.

CASE = suite_case("Say AB-1/编.", "AB-1/编")


def spelled(*tokens):
    return [Token(spelling=text.encode().hex(), log_probability=math.log(p)) for text, p in tokens]


def test_the_least_probability_of_a_sign_or_of_what_follows_it():
    tokens = spelled(("It is AB", 0.5), ("-", 0.9), ("1", 0.8), ("/", 0.95), ("编", 0.99), (".", 0.1))
    text = "It is AB-1/编."
    assert sign_probability(text, tokens, 6, 12) == pytest.approx(0.8)
    assert sign_probability(text, tokens, 6, 9) == pytest.approx(0.8)
    assert sign_probability(text, tokens, 6, 8) is None  # no sign in it


def test_a_token_may_hold_several_characters_or_a_part_of_one():
    halves = "编".encode()
    tokens = [
        Token(spelling=b"AB-1".hex(), log_probability=math.log(0.7)),
        Token(spelling=(b"/" + halves[:1]).hex(), log_probability=math.log(0.6)),
        Token(spelling=halves[1:].hex(), log_probability=math.log(0.2)),
    ]
    assert sign_probability("AB-1/编", tokens, 0, 6) == pytest.approx(0.6)


def test_what_the_server_cut_off_in_front_does_not_shift_it():
    tokens = spelled((" AB", 0.5), ("-", 0.25), ("1", 1.0))
    assert sign_probability("AB-1", tokens, 0, 4) == pytest.approx(0.25)


def test_tokens_that_spell_another_text_tell_nothing():
    assert sign_probability("AB-1", spelled(("XY", 0.5)), 0, 4) is None
    assert sign_probability("", (), 0, 0) is None


def entry(text, p, **more):
    return {"token": text, "logprob": math.log(p), "bytes": list(text.encode()), **more}


def answer(entries, text="AB-1/编"):
    choice = {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": text}}
    return json.dumps({"model": "m", "choices": [{**choice, "logprobs": {"content": entries}}]})


def judged_with_probabilities(body, **settings):
    model = ModelConfig(name="m", **settings)
    return Judge(model).sample(CASE, parse(body, "application/json"), 0)


def test_it_is_kept_with_each_mention_and_left_out_where_it_was_not_asked_for():
    entries = [entry("AB", 0.9), entry("-", 0.75), entry("1/编", 0.8)]
    [mention] = judged_with_probabilities(answer(entries)).mentions["AB-1/编"]
    assert mention.probability == pytest.approx(0.75)
    [plain] = judged_with_probabilities(answer(None)).mentions["AB-1/编"]
    assert plain.probability is None
    assert "probability" not in plain.model_dump(mode="json")


def test_a_stream_has_its_tokens_in_pieces():
    def chunk(text, p):
        return {"choices": [{"index": 0, "delta": {"content": text}, "logprobs": {"content": [entry(text, p)]}}]}

    events = [chunk("AB", 0.9), chunk("-", 0.4), chunk("1/编", 0.8)]
    events.append({"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]})
    body = "".join(f"data: {json.dumps(one)}\n\n" for one in events) + "data: [DONE]\n\n"
    [mention] = Judge(ModelConfig(name="m")).sample(CASE, parse(body, "text/event-stream"), 0).mentions["AB-1/编"]
    assert mention.probability == pytest.approx(0.4)


@pytest.mark.parametrize(
    "logprobs",
    [None, 3, [], {"content": None}, {"content": [None, 3, {"token": 1}, {"token": "AB", "logprob": "x"}]},
     {"content": [{"token": "AB-1/编", "logprob": -1e999, "bytes": [999]}]}],
)  # fmt: skip
def test_odd_forms_of_it_are_passed_over(logprobs):
    choice = {"index": 0, "finish_reason": "stop", "message": {"content": "AB-1/编"}, "logprobs": logprobs}
    sample = judged_with_probabilities(json.dumps({"choices": [choice]}))
    assert sample.outcome == "aligned"
    assert sample.mentions["AB-1/编"][0].probability is None


def test_what_repair_changed_has_no_probability():
    entries = [entry("AB", 0.9), entry(" -", 0.75), entry(" 1/编", 0.8)]
    [mention] = judged_with_probabilities(answer(entries, "AB - 1/编"), repair="restore").mentions["AB-1/编"]
    assert (mention.verdict, mention.probability) == ("verbatim", None)


def test_half_a_character_can_be_handed_to_another_process():
    halves = "编".encode()
    entries = [{"token": "?", "logprob": -0.1, "bytes": list(piece)} for piece in (b"AB-1/" + halves[:1], halves[1:])]
    completion = parse(answer(entries), "application/json")
    assert Completion.model_validate_json(completion.model_dump_json()) == completion
    assert sign_probability(completion.text, completion.tokens, 0, 6) == pytest.approx(math.exp(-0.1))


def test_it_is_asked_for_only_where_the_model_says_so():
    assert "logprobs" not in body_for(CASE, ModelConfig(name="m"))
    assert body_for(CASE, ModelConfig(name="m", logprobs=True))["logprobs"] is True
    assert "logprobs" not in ModelConfig(name="m").public()
