"""One worker asks, others follow its file."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from harness.errors import EndpointError, HarnessError
from harness.records.answer import Completion
from harness.runs.fetching import AnswerFollower, AnswerSender, Broadcast, FetchJob

PLACE = ("m@v1", "s", "k")


def test_a_follower_hears_an_answer_and_then_the_end(tmp_path: Path) -> None:
    broadcast = Broadcast(tmp_path / "answers")
    teller = AnswerSender(broadcast, "m@v1")
    teller(FetchJob("k", "s", 0, {}), Completion(text="a\u2028b\nc"))
    listener = AnswerFollower(tmp_path / "answers")
    assert listener.wait(PLACE).text == "a\u2028b\nc"
    teller.ended("the key is refused")
    teller.ended(None)
    with pytest.raises(EndpointError, match="the key is refused"):
        listener.wait(("m@v1", "s", "other"))
    broadcast.close()


def test_half_a_line_waits_for_its_other_half(tmp_path: Path) -> None:
    path = tmp_path / "answers"
    line = b'{"place": ["m@v1", "s", "k"], "completion": {"text": "a"}}\n'
    path.write_bytes(line[:20])
    listener = AnswerFollower(path)
    with pytest.raises(HarnessError, match=r"has been silent for 0\.1 s"):
        listener.wait(PLACE, silence_s=0.1)
    path.write_bytes(line)
    assert listener.wait(PLACE).text == "a"


def test_a_slow_endpoint_is_told_from_a_dead_worker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("harness.runs.fetching._ALIVE_EVERY_S", 0.05)
    broadcast = Broadcast(tmp_path / "answers")
    listener = AnswerFollower(tmp_path / "answers")
    started = time.monotonic()
    _end_later(broadcast, 2.5)
    # signs of life keep the follower waiting for longer than its patience with silence
    with pytest.raises(EndpointError):
        listener.wait(PLACE, silence_s=1.5)
    assert time.monotonic() - started > 2
    broadcast.close()
    with pytest.raises(HarnessError, match=r"seems dead; what it recorded is kept"):
        AnswerFollower(tmp_path / "answers").wait(("other@v1", "s", "k"), silence_s=0.2)


def test_a_worker_that_seems_dead_is_waited_for_once(tmp_path: Path) -> None:
    listener = AnswerFollower(tmp_path / "answers")
    started = time.monotonic()
    for number in range(500):
        with pytest.raises(EndpointError, match="seems dead"):
            listener.wait(("m@v1", "s", str(number)), silence_s=0.5)
    assert time.monotonic() - started < 5


def test_a_death_that_is_known_is_not_waited_for_and_what_was_passed_on_is_read(tmp_path: Path) -> None:
    path, died = tmp_path / "answers", tmp_path / "died"
    path.write_bytes(b'{"place": ["m@v1", "s", "k"], "completion": {"text": "a"}}\n{"place": ["m@v1"')
    died.touch()
    listener = AnswerFollower(path, died)
    assert listener.wait(PLACE).text == "a"
    started = time.monotonic()
    with pytest.raises(EndpointError, match="the worker that asks has died"):
        listener.wait(("m@v1", "s", "other"))
    assert time.monotonic() - started < 5


def _end_later(broadcast: Broadcast, seconds: float) -> None:
    import threading

    threading.Timer(seconds, lambda: broadcast.end("m@v1", None)).start()
