"""Which values count as secrets, and which texts look like one."""

from __future__ import annotations

import pytest

from harness.recording.secrets import Secrets, secret_fields, shapes_in


def test_named_variables_and_those_that_sound_like_secrets_are_looked_for() -> None:
    environment = {"ARK": "ark-value-0001", "MY_TOKEN": "token-value-0002", "HOME": "/home/somebody"}
    secrets = Secrets.of_environment(environment, ["ARK"], ["https://me:pass-word-0003@h/v1?key=query-value-0004"])
    for value in ("ark-value-0001", "token-value-0002", "pass-word-0003", "query-value-0004"):
        assert secrets.found_in(f"... {value} ...")
    assert not secrets.found_in("/home/somebody")


@pytest.mark.parametrize("value", ["EMPTY", "ollama", "x", "", "not-needed", "lm-studio"])
def test_stand_ins_for_a_key_spoil_no_answer(value: str) -> None:
    secrets = Secrets.of_environment({"OPENAI_API_KEY": value}, ["OPENAI_API_KEY"])
    assert not secrets.found_in(f"The drawer is {value}, says ollama, x.")


def test_redacting_leaves_the_rest() -> None:
    secrets = Secrets(["topsecretkey1"])
    assert secrets.redacted("you sent topsecretkey1, not sk-abcdefghijklmnopqrstuvwx") == (
        "you sent [secret removed], not [secret removed]"
    )


@pytest.mark.parametrize(
    "text",
    [
        "sk-proj-abcdefghij0123456789ABCD",
        "AKIAIOSFODNN7EXAMPLE",
        "ghp_0123456789abcdefghij0123456789abcdef",
        "Authorization: Bearer abcdef0123456789abcdef",
        "https://user:hunter22@example.org/v1",
        "-----BEGIN RSA PRIVATE KEY-----",
    ],
)
def test_shapes_of_keys_are_seen(text: str) -> None:
    assert shapes_in(f'{{"a": "{text}"}}')


@pytest.mark.parametrize(
    "text",
    [
        "Sikalastic-609",
        "SK-A-1234/水吧台",
        "sk-609",
        "http://127.0.0.1:8000/v1",
        "ISO/IEC 27001:2022",
        "GB/T 14902-2012",
    ],
)
def test_product_codes_are_no_secrets(text: str) -> None:
    assert shapes_in(text) == []


def test_fields_that_hold_a_secret_are_named_by_their_path() -> None:
    settings = {"a": [{"API-Key": "x"}], "max_tokens": 5, "stop": ["</s>"], "text": "gsk_" + "a" * 45}
    assert secret_fields({"extra_body": settings}) == ["extra_body.a[0].API-Key", "extra_body.text"]
