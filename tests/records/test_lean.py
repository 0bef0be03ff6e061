"""Values of which a run keeps thousands: equal to those of pydantic, and small."""

from __future__ import annotations

import copy
import gc
import pickle
import sys
import tracemalloc
from collections.abc import Callable

import pytest

from harness.config import ModelConfig
from harness.records import Record, lean
from harness.records.answer import Completion
from harness.records.run import MentionRecord, written_pieces
from harness.runs.judge import Judge
from harness.suite.cases import build_case
from tests.factory import case_result, mention, run_record, sample_result, suite_case

VALUES: list[Record] = [
    MentionRecord(start=0, end=3, text="A-1", verdict="verbatim"),
    sample_result(),
    case_result(),
    suite_case(),
    Completion(text="A-1", finish_reason="stop"),
]


@pytest.mark.parametrize("value", VALUES, ids=lambda value: type(value).__name__)
def test_a_lean_value_is_the_same_value(value: Record) -> None:
    small = lean(value)
    assert small == value
    assert small.model_dump_json() == value.model_dump_json()
    assert repr(small) == repr(value)
    assert small.model_fields_set == value.model_fields_set
    assert pickle.loads(pickle.dumps(small)) == value
    assert copy.deepcopy(small) == value
    assert small.model_copy() == value
    with pytest.raises(ValueError, match="frozen"):
        small.__setattr__(next(iter(type(value).model_fields)), "other")


@pytest.mark.skipif(sys.implementation.name != "cpython", reason="how CPython keeps attributes")
@pytest.mark.parametrize("value", VALUES, ids=lambda value: type(value).__name__)
def test_a_lean_value_is_small_however_many_others_there_were_before(value: Record) -> None:
    others = [value.model_copy() for _ in range(100)]
    # from Python 3.13 on there is room for thirty names in each, which is felt in a value of nine
    share = 0.6 if len(type(value).model_fields) > 10 else 0.8
    assert taken(lambda: lean(value)) < share * taken(value.model_copy)
    assert len(others) == 100


def taken(make: Callable[[], object], many: int = 500) -> float:
    """Bytes of one."""
    kept: list[object] = [None] * many
    gc.freeze()  # what the tests before have left is not looked through: that took half a minute in all
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        for number in range(many):
            kept[number] = make()
        after, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    return (after - before) / many


def test_what_a_field_was_given_is_held_again_in_place_of_a_copy() -> None:
    messages = ({"role": "user", "content": "Say A-1"},)
    given = case_result(messages=messages)
    assert given.messages is not messages
    assert lean(given, messages=messages).messages is messages


def test_a_value_that_was_written_or_of_which_the_digest_was_asked_has_not_grown() -> None:
    """But for the digest: a writer of pydantic looks at `__dict__`, of which Python makes a table that stays."""
    found = lean(mention("Say A-1.", "A-1", "verbatim"))
    sample = lean(sample_result(mentions={"A-1": (found,)}), mentions={"A-1": (found,)})
    results = [lean(case_result(), samples=(lean(sample),)) for _ in range(500)]
    run = run_record(cases=results)
    cases = [lean(suite_case()) for _ in range(500)]
    gc.freeze()
    tracemalloc.start()
    try:
        for _ in written_pieces(run.model_copy(update={"cases": tuple(results)})):
            pass
        written, _ = tracemalloc.get_traced_memory()
        for case in cases:
            assert case.digest is case.digest
        asked, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert written < 60 * len(results)  # of three values
    assert asked - written < (sys.getsizeof(cases[0].digest) + 30) * len(cases)


def test_what_the_values_of_a_case_have_in_common_is_kept_once() -> None:
    fields = {"id": "a", "domain": "d", "language": "en", "task": "copy", "prompt": "Say A-1.", "targets": ["A-1"]}
    case = build_case(fields, {}, "made")
    assert case.required is case.targets
    assert build_case({**fields, "targets": ["A-1", "A-2"], "required": ["A-1"]}, {}, "made").required == ("A-1",)
    judge = Judge(ModelConfig(name="m", base_url="http://127.0.0.1:9/v1"))
    one, other = (judge.sample(case, Completion(text=text, finish_reason="stop"), 0) for text in ("A-1", "B"))
    assert one.within is other.within
