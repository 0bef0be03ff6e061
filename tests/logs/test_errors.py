"""What came back in place of an answer, in the words of endpoints and gateways, and answers that look like it."""

from __future__ import annotations

from typing import Any

import pytest

from harness.logs.forms import is_error

ERRORS: list[dict[str, Any]] = [
    {"error": {"message": "no", "code": 429}},
    {"error_code": 336003, "error_msg": "the length", "id": "as-1"},  # Qianfan
    {"code": "DataInspectionFailed", "message": "Input data", "request_id": "r"},  # DashScope
    {"code": "Throttling.RateQuota", "message": "Requests rate limit exceeded", "request_id": "r"},
    {"status_code": 400, "request_id": "r", "code": "InvalidParameter", "message": "x", "output": None, "usage": None},
    {"choices": None, "base_resp": {"status_code": 1026, "status_msg": "input new_sensitive"}},  # MiniMax
    {"header": {"code": 10013, "message": "x", "sid": "s", "status": 2}},  # Spark
    {"object": "error", "message": "too long", "type": "BadRequestError", "param": None, "code": 400},  # vLLM
    {"detail": "Not Found"},
    {"statusCode": 429, "message": "Rate limit is exceeded. Try again in 3 seconds."},  # Azure API Management
    {"timestamp": "2026-11-18", "status": 500, "error": "Internal Server Error", "path": "/v1"},  # Spring
    {"code": 500, "msg": "系统繁忙", "data": None},
]
ANSWERS: list[Any] = [
    None, "error", [], {}, {"code": 0, "msg": "success", "data": {"answer": "A-1/B"}},
    {"code": "0", "message": "success", "data": "A-1/B"}, {"code": 200, "msg": "ok", "data": {"answer": "A"}},
    {"code": "ok", "message": "Use A-1/B"}, {"status": "completed", "message": "Use A-1/B", "id": "1"},
    {"error_code": 0, "error_msg": "success", "data": {"answer": "A-1/B"}}, {"code": "A-1", "message": "Use A-1/B"},
    {"choices": [{"message": {"content": "x"}}], "error": None}, {"header": {"code": "A-1/B"}, "body": "x"},
    {"choices": [{"message": {"content": "x"}}], "base_resp": {"status_code": 0, "status_msg": ""}},
    {"message": "Use A-1/B"}, {"type": "text", "text": "error"}, {"code": True, "message": "x"},
    {"code": "def f(): pass", "message": "a function that may fail", "language": "python"},
]  # fmt: skip


@pytest.mark.parametrize("value", ERRORS)
def test_an_error_is_no_answer_whatever_the_status(value: dict[str, Any]) -> None:
    assert is_error(value)


@pytest.mark.parametrize("value", ANSWERS)
def test_an_answer_is_not_taken_for_an_error(value: Any) -> None:
    assert not is_error(value)
