"""Every reported oddity against a real server: outcome, what is kept, how many requests, and the words on screen."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from harness.config import HarnessConfig, ModelConfig
from harness.endpoints.parse import RECORDABLE
from harness.errors import EndpointError
from harness.recording import Cassette
from harness.runs.answers import Answers
from harness.runs.judge import Judge
from tests.endpoints.oddities import FORMS, REASONING, STREAMS, Oddity
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
