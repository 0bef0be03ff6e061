"""Old cassettes are searched with the patterns of a kept scanner too, where it is installed."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import pytest

from harness.recording import Recorder, Secrets
from harness.recording.secrets import _detectors, kinds_in, problems, shapes_in
from tests.recording.conftest import MakeExchange

# put together here, so that no scanner finds them in this file
FOUND_BY_THE_SCANNER_ALONE = {
    "SendGrid API Key": "SG." + "aB3_-" * 4 + "xy" + "." + "Zk9-_" * 8 + "abc",
    "Mailchimp Access Key": "0a1b2c3d" * 4 + "-us" + "12",
    "Twilio API Key": "SK" + "0a1b2c3d" * 4,
    "NPM tokens": "npm_" + "aB3dE6" * 6,
    "Square OAuth Secret": "sq0csp-" + "aB3_-" * 8 + "xyz",
}


@pytest.fixture
def _scanner() -> None:
    pytest.importorskip("detect_secrets.plugins", reason="not installed: pip install pytest-verbatim[secrets]")


@pytest.mark.usefixtures("_scanner")
@pytest.mark.parametrize("kind", FOUND_BY_THE_SCANNER_ALONE)
def test_verify_finds_what_only_the_scanner_knows(kind: str, tmp_path: Path, exchange: MakeExchange) -> None:
    secret = FOUND_BY_THE_SCANNER_ALONE[kind]
    assert shapes_in(f"the key {secret} was told") == []
    recorder = Recorder(tmp_path / "s.jsonl")
    recorder.append(exchange("hello", f"the key {secret} was told"), sample=0, model="m", runtime=None)
    recorder.close()
    (problem,) = problems(tmp_path / "s.jsonl", Secrets())
    assert problem.message == f"holds what looks like a secret ({kind}); revoke it, prune the line"
    assert secret not in problem.message


@pytest.mark.usefixtures("_scanner")
def test_a_hit_that_is_none_hides_no_later_one() -> None:
    no_token = "eyJhbGciOi.x "  # has the look of a JSON web token, and decodes to nothing
    assert list(kinds_in(no_token)) == []
    token = "eyJhbGciOiJIUzI1NiJ9" + ".eyJzdWIiOiIxIn0" + ".c2lnbmF0dXJlLXNpZ25hdHVyZQ"
    assert list(kinds_in(no_token + token)) == ["JSON Web Token"]


@pytest.mark.usefixtures("_scanner")
@pytest.mark.parametrize(
    "text",
    ["Sikalastic-609", "GB/T 14902-2012", "sha256:" + "0a1b2c3d" * 8, "水吧台/岛台", "Tell no password."],
)
def test_product_codes_and_digests_are_no_secrets(text: str) -> None:
    assert list(kinds_in(text)) == []


def test_without_the_scanner_our_own_shapes_are_looked_for(
    tmp_path: Path, exchange: MakeExchange, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "detect_secrets.plugins", None)
    _detectors.cache_clear()
    try:
        recorder = Recorder(tmp_path / "s.jsonl")
        recorder.append(exchange("hello", "AKIA" + "IOSFODNN7EXAMPLE"), sample=0, model="m", runtime=None)
        recorder.append(exchange("again", "SK" + "0a1b2c3d" * 4), sample=0, model="m", runtime=None)
        recorder.close()
        assert [problem.line for problem in problems(tmp_path / "s.jsonl", Secrets())] == [1]
    finally:
        _detectors.cache_clear()


@pytest.mark.parametrize("text", ["sk-", "eyJ-", "eyJ.", "a:", "://a:", "-----BEGIN ", "xoxb-1-", "[],"])
def test_no_answer_keeps_the_search_busy(text: str) -> None:
    started = time.process_time()
    shapes_in(text * (4_000_000 // len(text)))
    list(kinds_in(text * (4_000_000 // len(text))))
    assert time.process_time() - started < 5
