"""What is particular to each provider, with the source of each statement: one table for `harness init` and the docs.

`python docs/recipes.py` writes docs/recipes.md from it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any


@dataclass(frozen=True, slots=True)
class Oddity:
    """Something that surprises. `remedy`: what to set or run; `source`: the address of a report or of the docs."""

    what: str
    remedy: str
    source: str


@dataclass(frozen=True, slots=True)
class EndpointRecipe:
    """How a provider is asked.

    Attributes:
        base_url: None for the client's own default.
        key_env: the variable that holds the key, as the provider's own docs name it; None where no key is wanted.
        model_hint: what a model name looks like there.
        settings: further keys of the entry in pyproject.toml.
        source: the provider's page about address, key and model.
    """

    title: str
    base_url: str | None
    key_env: str | None
    model_hint: str
    source: str
    settings: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    oddities: tuple[Oddity, ...] = ()


REASONING = MappingProxyType(
    {"temperature": "default", "max_tokens": "default", "extra_body": {"max_completion_tokens": 2000}}
)
"""For models of OpenAI that reason: they refuse `temperature` and `max_tokens`."""
_NO_MAX_TOKENS = (
    "Models that reason refuse `max_tokens`: `Use 'max_completion_tokens' instead`",
    '`max_tokens = "default"` and `extra_body = { max_completion_tokens = 2000 }`',
)

RECIPES: Mapping[str, EndpointRecipe] = MappingProxyType(
    {
        "openai": EndpointRecipe(
            title="OpenAI",
            base_url=None,
            key_env="OPENAI_API_KEY",
            model_hint="gpt-5-mini",
            source="https://developers.openai.com/api/reference/resources/chat",
            settings=REASONING,
            oddities=(
                Oddity(*_NO_MAX_TOKENS, "https://github.com/griptape-ai/ComfyUI-Griptape/issues/312"),
                Oddity(
                    "Newer models are at home in the Responses API",
                    '`kind = "responses"`',
                    "https://developers.openai.com/api/reference/resources/responses",
                ),
                Oddity(
                    "Half the price for answers within a day",
                    "`pytest --model=NAME --cassette-mode=record --batch`",
                    "https://developers.openai.com/api/docs/guides/batch",
                ),
            ),
        ),
        "ark": EndpointRecipe(
            title="Volcano Ark (Doubao)",
            base_url="https://ark.cn-beijing.volces.com/api/v3",
            key_env="ARK_API_KEY",
            model_hint="ep-20250101000000-abcde",
            source="https://www.volcengine.com/docs/82379/1449576",
            oddities=(
                Oddity(
                    "A fine-tune is addressed by the id of its endpoint (`ep-...`)",
                    "an entry of its own for each version",
                    "https://www.volcengine.com/docs/82379/1449576",
                ),
                Oddity(
                    "Doubao-Seed models reason before they answer unless reasoning is switched off",
                    '`extra_body = { thinking = { type = "disabled" } }`',
                    "https://www.volcengine.com/docs/6492/2192000",
                ),
                Oddity(
                    "Batches are chat completions at a path of their own, for an endpoint `ep-bi-...`",
                    "`--batch` knows the form by the address",
                    "https://www.volcengine.com/docs/82379/1399519",
                ),
            ),
        ),
        "siliconflow": EndpointRecipe(
            title="SiliconFlow",
            base_url="https://api.siliconflow.cn/v1",
            key_env="SILICONFLOW_API_KEY",
            model_hint="Qwen/Qwen3-8B",
            source="https://docs.siliconflow.cn/cn/api-reference/chat-completions/chat-completions",
            oddities=(
                Oddity(
                    "Only some models take `enable_thinking`; others answer 400 with code 20015",
                    "take it out of `extra_body` for those",
                    "https://github.com/immersive-translate/immersive-translate/issues/3569",
                ),
            ),
        ),
        "dashscope": EndpointRecipe(
            title="Alibaba Cloud Model Studio (DashScope)",
            base_url="https://dashscope.aliyuncs.com/compatible-mode/v1",
            key_env="DASHSCOPE_API_KEY",
            model_hint="qwen-plus",
            source="https://help.aliyun.com/document_detail/2712576.html",
            oddities=(
                Oddity(
                    "Qwen3 models refuse requests that are not streamed: `parameter.enable_thinking must be set to "
                    "false for non-streaming calls`",
                    "`extra_body = { enable_thinking = false }`, or `stream = true`",
                    "https://github.com/infiniflow/ragflow/issues/8972",
                ),
                Oddity(
                    "`enable_thinking` is a top-level field of the body here, not part of `chat_template_kwargs`",
                    "`extra_body = { enable_thinking = false }`",
                    "https://github.com/cloudwego/eino-ext/issues/375",
                ),
            ),
        ),
        "deepseek": EndpointRecipe(
            title="DeepSeek",
            base_url="https://api.deepseek.com/v1",
            key_env="DEEPSEEK_API_KEY",
            model_hint="deepseek-chat",
            source="https://share.apidog.com/apidoc/docs-site/747793",
            oddities=(
                Oddity(
                    "The reasoning model takes `temperature` and does nothing with it; `logprobs` is an error",
                    "`logprobs = false`; more `--samples`",
                    "https://apifox.com/apidoc/docs-site/5435161/%E6%8E%A8%E7%90%86%E6%A8%A1%E5%9E%8B-deepseek-reasoner-5903960m0",
                ),
                Oddity(
                    "Its reasoning comes in `reasoning_content`, beside the answer",
                    "nothing: it is not part of the answer",
                    "https://apifox.com/apidoc/docs-site/5435161/%E6%8E%A8%E7%90%86%E6%A8%A1%E5%9E%8B-deepseek-reasoner-5903960m0",
                ),
            ),
        ),
        "azure": EndpointRecipe(
            title="Azure OpenAI",
            base_url="https://NAME.openai.azure.com/openai/v1",
            key_env="AZURE_OPENAI_API_KEY",
            model_hint="name-of-the-deployment",
            source="https://learn.microsoft.com/azure/ai-services/openai/api-version-lifecycle",
            oddities=(
                Oddity(
                    "`model` is the name of the deployment, not of the model",
                    "`model = 'name-of-the-deployment'`",
                    "https://v03.api.js.langchain.com/interfaces/_langchain_openai.AzureOpenAIInput.html",
                ),
                Oddity(*_NO_MAX_TOKENS, "https://github.com/anomalyco/opencode/issues/37964"),
            ),
        ),
        "vllm": EndpointRecipe(
            title="vLLM",
            base_url="http://localhost:8000/v1",
            key_env=None,
            model_hint="Qwen/Qwen2.5-7B-Instruct",
            source="https://docs.vllm.ai/en/latest/serving/openai_compatible_server/",
            oddities=(
                Oddity(
                    "At temperature 0 an answer can still depend on the batch that a request falls into",
                    "`VLLM_BATCH_INVARIANT=1 vllm serve ...`, or `--samples`",
                    "https://docs.vllm.ai/en/stable/features/batch_invariance/",
                ),
            ),
        ),
        "sglang": EndpointRecipe(
            title="SGLang",
            base_url="http://localhost:30000/v1",
            key_env=None,
            model_hint="Qwen/Qwen2.5-7B-Instruct",
            source="https://docs.sglang.io/docs/advanced_features/separate_reasoning",
            oddities=(
                Oddity(
                    "At temperature 0 an answer can still depend on batch and prefix cache",
                    "`--enable-deterministic-inference`, or `--samples`",
                    "https://docs.sglang.io/docs/advanced_features/deterministic_inference",
                ),
                Oddity(
                    "DeepSeek-R1 writes no opening `<think>`",
                    "start the server with `--reasoning-parser`",
                    "https://docs.sglang.io/docs/advanced_features/separate_reasoning",
                ),
            ),
        ),
        "ollama": EndpointRecipe(
            title="Ollama",
            base_url="http://localhost:11434/v1",
            key_env=None,
            model_hint="qwen2.5:7b",
            source="https://github.com/ollama/ollama/blob/main/docs/openai.md",
            settings=MappingProxyType({"max_concurrency": 1}),
            oddities=(
                Oddity(
                    "A prompt that is longer than the context is cut without a word in the answer",
                    "`OLLAMA_CONTEXT_LENGTH=16384 ollama serve`",
                    "https://github.com/ollama/ollama/issues/3839",
                ),
                Oddity(
                    "The OpenAI-compatible address takes no notice of `num_ctx` in a request",
                    "a Modelfile with `PARAMETER num_ctx 16384`",
                    "https://github.com/ralphgrewe/TradingAgents/issues/168",
                ),
            ),
        ),
        "lmstudio": EndpointRecipe(
            title="LM Studio",
            base_url="http://localhost:1234/v1",
            key_env=None,
            model_hint="openai/gpt-oss-20b",
            source="https://lmstudio.ai/docs/api/openai-api",
            settings=MappingProxyType({"max_concurrency": 1}),
            oddities=(
                Oddity(
                    "The first request loads the model and waits for that",
                    "a longer `timeout_s`, or `lms load` before",
                    "https://lmstudio.ai/docs/developer",
                ),
            ),
        ),
        "llamacpp": EndpointRecipe(
            title="llama.cpp (llama-server)",
            base_url="http://localhost:8080/v1",
            key_env=None,
            model_hint="my-model",
            source="https://github.com/ggml-org/llama.cpp/blob/master/tools/server/README.md",
            oddities=(
                Oddity(
                    "With the prompt cache the same prompt can give two answers at temperature 0",
                    "`llama-server --no-cache-prompt`, or `extra_body = { cache_prompt = false }`",
                    "https://github.com/ggml-org/llama.cpp/pull/18776",
                ),
            ),
        ),
        "litellm": EndpointRecipe(
            title="LiteLLM (a gateway)",
            base_url="http://localhost:4000/v1",
            key_env="LITELLM_API_KEY",
            model_hint="name-in-model_list",
            source="https://docs.litellm.ai/docs/simple_proxy",
            settings=MappingProxyType({"headers": {"x-litellm-timeout": "110", "x-litellm-num-retries": "0"}}),
            oddities=(
                Oddity(
                    "A request that was given up here goes on at the model behind it, where it holds a place",
                    "the header `x-litellm-timeout`, lower than `timeout_s`; or `general_settings: "
                    "cancel_on_disconnect: true` there",
                    "https://github.com/BerriAI/litellm/issues/37140",
                ),
                Oddity(
                    "It asks again by itself, twice by default, beside the attempts of a run",
                    "the header `x-litellm-num-retries`",
                    "https://docs.litellm.ai/docs/proxy/request_headers",
                ),
                Oddity(
                    "A parameter that the provider behind it does not take is an error of the gateway",
                    "`litellm_settings: drop_params: true` there, or take it out here",
                    "https://docs.litellm.ai/docs/completion/drop_params",
                ),
                Oddity(
                    'Without a gateway: `kind = "litellm"` asks Anthropic, Gemini and others from this process',
                    "`pip install 'pytest-verbatim[litellm]'`",
                    "https://docs.litellm.ai/docs/completion/input",
                ),
            ),
        ),
        "other": EndpointRecipe(
            title="any other chat-completions endpoint",
            base_url="http://localhost:8080/v1",
            key_env=None,
            model_hint="my-model",
            source="",
        ),
    }
)
"""By the name that `harness init --provider` takes. `openai` without its settings for models that do not reason."""
