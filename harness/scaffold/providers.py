"""Endpoints that people start with, and what each wants in its entry of pyproject.toml."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import urlsplit


@dataclass(frozen=True, slots=True)
class Provider:
    """Defaults of an endpoint. `model_hint` says what a model name looks like there."""

    title: str
    base_url: str | None
    key_env: str | None
    model_hint: str


PROVIDERS: dict[str, Provider] = {
    "openai": Provider("OpenAI", None, "OPENAI_API_KEY", "gpt-5-mini"),
    "ark": Provider(
        "Volcano Ark (Doubao)", "https://ark.cn-beijing.volces.com/api/v3", "ARK_API_KEY", "ep-20250101000000-abcde"
    ),
    "siliconflow": Provider("SiliconFlow", "https://api.siliconflow.cn/v1", "SILICONFLOW_API_KEY", "Qwen/Qwen3-8B"),
    "vllm": Provider("vLLM", "http://localhost:8000/v1", None, "Qwen/Qwen2.5-7B-Instruct"),
    "ollama": Provider("Ollama", "http://localhost:11434/v1", None, "qwen2.5:7b"),
    "other": Provider("any other chat-completions endpoint", "http://localhost:8080/v1", None, "my-model"),
}

_REASONING = re.compile(r"(gpt-5|o\d)")


def provider_at(base_url: str) -> str:
    """The provider whose host and port an address has; `other` if none has."""
    place = urlsplit(base_url).netloc
    for name, provider in PROVIDERS.items():
        if provider.base_url and urlsplit(provider.base_url).netloc == place:
            return name
    return "other"


def further_settings(provider: str, model: str) -> dict[str, object]:
    """OpenAI's reasoning models refuse `temperature` and `max_tokens`."""
    if provider == "openai" and _REASONING.match(model):
        return {"temperature": "default", "max_tokens": "default", "extra_body": {"max_completion_tokens": 2000}}
    return {}
