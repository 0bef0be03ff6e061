"""The probability that a model gave to each sign that must survive."""

import json
import math

import pytest

from harness.config import ModelConfig
from harness.endpoints.parse import parse
from harness.records.answer import Completion, Token
from harness.runs.judge import Judge, sign_probability
from harness.runs.requests import body_for
from tests.factory import suite_case

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


def judged(body, **settings):
    model = ModelConfig(name="m", **settings)
    return Judge(model).sample(CASE, parse(body, "application/json"), 0)


def test_it_is_kept_with_each_mention_and_left_out_where_it_was_not_asked_for():
    entries = [entry("AB", 0.9), entry("-", 0.75), entry("1/编", 0.8)]
    [mention] = judged(answer(entries)).mentions["AB-1/编"]
    assert mention.probability == pytest.approx(0.75)
    [plain] = judged(answer(None)).mentions["AB-1/编"]
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
    sample = judged(json.dumps({"choices": [choice]}))
    assert sample.outcome == "aligned"
    assert sample.mentions["AB-1/编"][0].probability is None


def test_what_repair_changed_has_no_probability():
    entries = [entry("AB", 0.9), entry(" -", 0.75), entry(" 1/编", 0.8)]
    [mention] = judged(answer(entries, "AB - 1/编"), repair="restore").mentions["AB-1/编"]
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
