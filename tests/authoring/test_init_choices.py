import pytest

from harness.authoring.init.choices import PROVIDERS, Choices, further_settings, name_for, provider_at
from harness.errors import ConfigError


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"name": "../x"}, "--name"),
        ({"model": " "}, "--model"),
        ({"model": "a\x1b[0m"}, "--model"),
        ({"base_url": "localhost:8000/v1"}, "--base-url"),
        ({"base_url": "http://host:port/v1"}, "--base-url"),
        ({"base_url": "file:///etc/passwd"}, "--base-url"),
        ({"languages": ("zn",)}, "found 'zn'; accepted: zh, en"),
        ({"languages": ()}, "--language"),
        ({"services": ("gitlub",)}, "accepted: github, gitlab, cron"),
    ],
)
def test_what_cannot_work_is_refused_with_the_option_and_what_is_accepted(wrong, said):
    with pytest.raises(ConfigError, match=said):
        Choices(**{"name": "mine", "model": "m", **wrong})


def test_a_key_in_place_of_its_variable_is_refused_and_not_repeated():
    with pytest.raises(ConfigError) as caught:
        Choices(name="mine", model="m", key_env="sk-proj-abc123")
    assert "sk-proj" not in str(caught.value)


@pytest.mark.parametrize("address", ["https://me:pw-secret@host/v1", "https://host/v1?api-key=pw-secret"])
def test_a_secret_in_the_address_is_refused_and_not_repeated(address):
    with pytest.raises(ConfigError, match="not the place for secrets") as caught:
        Choices(name="mine", model="m", base_url=address)
    assert "pw-secret" not in str(caught.value)


def test_names_are_made_of_model_names():
    assert name_for("Qwen/Qwen3-8B") == "qwen3-8b"
    assert name_for("qwen2.5:7b") == "qwen2.5-7b"
    assert name_for("模型") == "model"


def test_a_known_address_names_its_provider():
    for name, provider in PROVIDERS.items():
        if provider.base_url and name != "other":
            assert provider_at(provider.base_url) == name
    assert provider_at("http://10.0.0.7:9000/v1") == "other"


def test_reasoning_models_of_openai_get_the_parameters_they_accept():
    assert further_settings("openai", "gpt-5-mini")["temperature"] == "default"
    assert further_settings("openai", "gpt-4o") == {}
    assert further_settings("vllm", "o3-local") == {}
