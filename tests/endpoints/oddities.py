"""What endpoints have been reported to do: the address of the report, how to do it again, and what must become of it.

A row is tried against a real server over HTTP. `outcome` is that of the sample (`aligned`, `unscored(reason)`), or
`stops` where the run ends; `words` is a pattern of what is said on screen then.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.faulty_server.conftest import TARGET

Body = dict[str, Any]
Reply = tuple[int, str, bytes, dict[str, str]]


@dataclass(frozen=True, slots=True)
class Oddity:
    """One row."""

    name: str
    report: str
    reply: Callable[[Body], Reply]
    outcome: str = "aligned"
    words: str = ""
    settings: dict[str, Any] = field(default_factory=dict)
    requests: int | None = None
    reasoning: str | None = None
    """What must be kept as reasoning."""


def reply(value: Any, status: int = 200, **headers: str) -> Reply:
    """A whole answer in JSON; text stays as it is."""
    content = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    kind = "application/json" if not isinstance(value, str) else "text/plain"
    return status, kind, content.encode(), {name.replace("_", "-"): text for name, text in headers.items()}


def always(value: Any, status: int = 200, **headers: str) -> Callable[[Body], Reply]:
    return lambda _: reply(value, status, **headers)


def whole(content: Any = TARGET, finish: Any = "stop", *, beside: Any = None, **message: Any) -> Body:
    """A chat completion; `beside` is laid over its top level."""
    choice = {"index": 0, "finish_reason": finish, "message": {"role": "assistant", "content": content, **message}}
    return {"object": "chat.completion", "model": "m", "choices": [choice], **(beside or {})}


def answers(content: Any = TARGET, finish: Any = "stop", **message: Any) -> Callable[[Body], Reply]:
    return always(whole(content, finish, **message))


def chunk(delta: Any = None, finish: Any = None, **changes: Any) -> Body:
    choice: Body = {"index": 0, "delta": delta if delta is not None else {}, "finish_reason": finish}
    return {"object": "chat.completion.chunk", "model": "m", "choices": [choice], **changes}


def stream(*events: Any, done: bool = True) -> Callable[[Body], Reply]:
    """Events: a chunk, or a line as it is."""
    lines = [event if isinstance(event, str) else f"data: {json.dumps(event)}\n\n" for event in events]
    content = "".join(lines) + ("data: [DONE]\n\n" if done else "")
    return lambda _: (200, "text/event-stream", content.encode(), {})


def text(content: str) -> Body:
    return chunk({"content": content})


END = chunk(finish="stop")


def refuses(words: str, of: Callable[[Body], bool], *, status: int = 400, **error: Any) -> Callable[[Body], Reply]:
    """Refuses bodies in the words of the report, and answers all others."""

    def answer(body: Body) -> Reply:
        if of(body):
            return reply({"error": {"message": words, "type": "invalid_request_error", **error}}, status)
        return reply(whole())

    return answer


def has(name: str) -> Callable[[Body], bool]:
    return lambda body: name in body


def has_system(body: Body) -> bool:
    return any(message["role"] == "system" for message in body["messages"])


def error(message: str, status: int, **fields: Any) -> Callable[[Body], Reply]:
    return always({"error": {"message": message, **fields}}, status)


GITHUB = "https://github.com/"
SYSTEM = {"system": "Answer in English."}

REASONING = [
    Oddity("opening tag is in the prompt, so only the closing one comes",
           GITHUB + "nbramia/LifeOS/pull/568", answers(f"internal A-1\n</think>\n\n{TARGET}"),
           reasoning="internal A-1"),
    Oddity("the answer begins in reasoning without its tag", GITHUB + "perplexityai/api-discussion/issues/177",
           stream(text("Sika"), text(" so</think>"), text(TARGET), END), reasoning="Sika so"),
    Oddity("a parser that is on leaves the tags in the content", GITHUB + "vllm-project/vllm/issues/34625",
           stream(chunk({"role": "assistant", "content": "", "reasoning_content": None}), text("<think>The"),
                  text(" Sikalastic - 609</think>\n"), text(TARGET), END), reasoning="The Sikalastic - 609"),
    Oddity("the string is in the reasoning alone, and nothing is left", GITHUB + "sgl-project/sglang/issues/4711",
           answers(f"<think>I say {TARGET}"), "unscored(only_reasoning)", reasoning=f"I say {TARGET}"),
    Oddity("reasoning_content is full and content empty", GITHUB + "lmstudio-ai/lmstudio-bug-tracker/issues/1602",
           answers("", reasoning_content=f"Okay. {TARGET}"), "unscored(only_reasoning)", requests=1),
    Oddity("reasoning_content beside content", GITHUB + "BerriAI/litellm/pull/14121",
           answers(reasoning_content="Sikalastic - 609"), reasoning="Sikalastic - 609"),
    Oddity("reasoning beside content, as OpenRouter and vLLM name it", GITHUB + "vllm-project/vllm/issues/27755",
           stream(chunk({"reasoning": "Sikalastic - 609"}), text(TARGET), END), reasoning="Sikalastic - 609"),
    Oddity("content in parts, thinking as a list of parts", GITHUB + "vercel/ai/pull/8072",
           answers([{"type": "thinking", "thinking": [{"type": "text", "text": "Sikalastic - 609"}]},
                    {"type": "text", "text": TARGET}]), reasoning="Sikalastic - 609"),
    Oddity("the same in a stream", GITHUB + "agentjido/req_llm/issues/742",
           stream(chunk({"content": [{"type": "thinking", "thinking": [{"type": "text", "text": "Okay"}]}]}),
                  text(TARGET), END), reasoning="Okay"),
    Oddity("text, an empty thought, and more text", GITHUB + "mistralai/client-python/issues/252",
           answers([{"type": "text", "text": "Sikalastic"}, {"type": "thinking", "thinking": []},
                    {"type": "text", "text": "-609"}])),
    Oddity("a closing tag that the reasoning quotes", GITHUB + "ggml-org/llama.cpp/issues/27661",
           answers(f"<think>the tag `</think>` ends it</think>{TARGET}"), reasoning="the tag `` ends it"),
    Oddity("tags of another family, named in the settings", GITHUB + "isaiah-harville/Primer/issues/109",
           answers(f"<mm:think>Sikalastic - 609</mm:think>{TARGET}"),
           settings={"reasoning": {"tags": ["mm:think", "think"]}}, reasoning="Sikalastic - 609"),
]  # fmt: skip

STREAMS = [
    Oddity("finish_reason is empty until the end", GITHUB + "ollama/ollama/issues/4357",
           stream(chunk({"content": "Sikalastic"}, ""), chunk({"content": "-609"}, ""), END)),
    Oddity("finish_reason is the word null", GITHUB + "sgl-project/sglang/issues/3912",
           stream(chunk({"content": TARGET}, "null"), chunk(finish="null")), "unscored(unknown_end)",
           "unknown_end: the endpoint says: finish_reason 'null'"),
    Oddity("no [DONE] at the end", GITHUB + "oobabooga/textgen/issues/4778", stream(text(TARGET), END, done=False)),
    Oddity("[DONE] without any finish reason", GITHUB + "ranxianglei/billion-context-pi/issues/92",
           stream(text("Sikalastic")), "unscored(unknown_end)", "a stream without a finish reason"),
    Oddity("the stream is over without [DONE] and without a reason", GITHUB + "openclaw/openclaw/pull/108989",
           stream(text("Sikalastic"), done=False), "unscored(broken_stream)"),
    Oddity("an error in a stream of status 200", GITHUB + "apache/rocketmq-dashboard/issues/2178",
           stream({"error": {"message": "the worker is busy"}}), "unscored(error_in_body)", "the worker is busy"),
    Oddity("an error beside empty choices, after pieces", GITHUB + "diegosouzapw/OmniRoute/pull/8210",
           stream(text("Sika"), chunk(choices=[], error={"code": 502, "message": "Worker local total request limit"})),
           "unscored(error_in_body)", "Worker local total request limit"),
    Oddity("an error beside choices, with the finish reason error", GITHUB + "langchain-ai/langchainjs/pull/11579",
           stream(text("Sika"), chunk({"content": ""}, "error", error={"code": "server_error", "message": "gone"})),
           "unscored(error_in_body)", "gone"),
    Oddity("an event of the name error", GITHUB + "brekkylab/ailoy/pull/434",
           stream(text("Sika"), 'event: error\ndata: {"message": "overloaded"}\n\n'), "unscored(error_in_body)",
           "overloaded"),
    Oddity("an error and then [DONE]", GITHUB + "majiayu000/litellm-rs/pull/185",
           stream(text("Sika"), {"error": {"message": "no capacity", "type": "server_error", "code": "internal"}}),
           "unscored(error_in_body)", "no capacity"),
    Oddity("the first chunk has no choices, only filter results",
           GITHUB + "AbanteAI/archive-old-cli-mentat/issues/429",
           stream(chunk(choices=[], model="", prompt_filter_results=[{"prompt_index": 0}]), text(TARGET), END)),
    Oddity("a last chunk whose choice has no delta", GITHUB + "microsoft/autogen/issues/6465",
           stream(text(TARGET), END, chunk(choices=[{"finish_reason": None, "index": 0, "content_filter_offsets":
                                                     {"check_offset": 3329}}]))),
    Oddity("all tool calls have the index 0", GITHUB + "su-kaka/gcli2api/pull/406",
           stream(*(chunk({"tool_calls": [{"index": 0, "id": f"call_{n}", "function":
                           {"name": "find", "arguments": json.dumps({"code": code})}}]})
                    for n, code in enumerate((TARGET, "A-2"))), chunk(finish="tool_calls"))),
    Oddity("tool calls without an index", GITHUB + "THU-MAIC/OpenMAIC/issues/1556",
           stream(chunk({"tool_calls": [{"id": "call_297140", "type": "function", "function":
                         {"name": "read", "arguments": json.dumps({"path": TARGET})}}]}), chunk(finish="stop"))),
    Oddity("the name of the tool in every chunk", GITHUB + "NousResearch/hermes-agent/issues/8259",
           stream(*(chunk({"tool_calls": [{"index": 0, "function": {"name": "find", "arguments": piece}}]})
                    for piece in ('{"code": "Sika', 'lastic-609"}')), chunk(finish="tool_calls"))),
    Oddity("a finish reason on every piece", GITHUB + "BerriAI/litellm/issues/376",
           stream(chunk({"content": "Sikalastic"}, "stop"), chunk({"content": "-609"}, "stop"))),
]  # fmt: skip

_HARMONY = "<|channel|>analysis<|message|>Sikalastic - 609<|end|><|start|>assistant<|channel|>final<|message|>"
_CALL: Body = {"content": TARGET, "tool_calls": []}

FORMS = [
    Oddity("reasoning in brackets, as Mistral's models write it", GITHUB + "RooCodeInc/Roo-Code/issues/8522",
           answers(f"[THINK]Sikalastic - 609[/THINK]{TARGET}"), reasoning="Sikalastic - 609"),
    Oddity("brackets that a stream cuts", GITHUB + "ggml-org/llama.cpp/issues/16158",
           stream(text("[THI"), text("NK]Sika so[/TH"), text(f"INK]{TARGET}"), END), reasoning="Sika so"),
    Oddity("the channels of gpt-oss in the content", GITHUB + "kekzl/imp/pull/768",
           answers(_HARMONY + TARGET), reasoning="Sikalastic - 609<|end|><|start|>assistant"),
    Oddity("the same without an answer", GITHUB + "scouzi1966/maclocal-api/issues/121",
           answers(f"<|channel|>analysis<|message|>I say {TARGET}"), "unscored(only_reasoning)"),
    Oddity("channels without their marks", GITHUB + "Augustas11/macprovider/issues/743",
           answers(f"analysisWe need the code.assistantfinal {TARGET}")),
    Oddity("content absent beside reasoning_content", GITHUB + "BerriAI/litellm/issues/14917",
           always({"choices": [{"index": 0, "finish_reason": "stop", "message": {"reasoning_content": TARGET}}]}),
           "unscored(only_reasoning)"),
    Oddity("content null without reasoning, though the model stopped", GITHUB + "vllm-project/vllm/issues/45736",
           answers(None), "unscored(no_content)"),
    Oddity("delta null in the last chunk", GITHUB + "microsoft/agent-framework/pull/5734",
           stream(text(TARGET), chunk(choices=[{"index": 0, "delta": None, "finish_reason": "stop"}]))),
    Oddity("no delta in the last chunk", GITHUB + "smallmain/vscode-unify-chat-provider/pull/29",
           stream(text(TARGET), chunk(choices=[{"index": 0, "finish_reason": "stop"}]))),
    Oddity("an empty role in each chunk", GITHUB + "MiniMax-AI/MiniMax-M2.5/issues/2",
           stream(chunk({"role": "", "reasoning_content": ""}, input_sensitive=False, usage={"total_tokens": 0}),
                  chunk({"role": "", "content": TARGET}, output_sensitive=False), END)),
    Oddity("a message in the place of a delta", GITHUB + "Amm1rr/WebAI-to-API/issues/55",
           stream(chunk(choices=[{"index": 0, "finish_reason": "stop", "message": {"content": TARGET}}]))),
    Oddity("an empty list of tool calls beside text", GITHUB + "vllm-project/vllm/issues/44104",
           always(whole(**_CALL))),
    Oddity("finish_reason tool_calls without a call", GITHUB + "vllm-project/vllm/issues/53255",
           always(whole(finish="tool_calls", **_CALL))),
    Oddity("a stream that ends without its reason", GITHUB + "vllm-project/vllm/issues/27572",
           stream(text(TARGET), chunk({"content": ""})), "unscored(unknown_end)", "a stream without a finish reason"),
    Oddity("only the last chunk has a finish_reason at all", GITHUB + "Oaklight/llm-rosetta/pull/444",
           stream(chunk(choices=[{"index": 0, "delta": {"content": TARGET}}]), END)),
    Oddity("many nulls before the text", GITHUB + "spring-projects/spring-ai/issues/2473",
           stream(*[chunk({"content": None, "reasoning_content": None})] * 9, text("\n\n"), text(TARGET), END)),
    Oddity("comments that keep the connection alive", GITHUB + "tmc/langchaingo/issues/942",
           stream(": keep-alive\n\n", ": keep-alive\n\n", text(TARGET), ": keep-alive\n\n", END)),
    Oddity("comments without a blank line behind them", GITHUB + "qegj567-cloud/SullyOS/pull/427",
           stream(": OPENROUTER PROCESSING\n", text(TARGET), END)),
    Oddity("no blank behind data:", GITHUB + "karthink/gptel/pull/592",
           stream(*(f"data:{json.dumps(one)}\n\n" for one in (text(TARGET), END)))),
    Oddity("empty lines before the answer", GITHUB + "bespokelabsai/curator/issues/544",
           always("\n" * 40 + json.dumps(whole()))),
    Oddity("empty lines and no answer", GITHUB + "bespokelabsai/curator/pull/463", always("\n" * 40),
           "unscored(not_json)", "a body that is not JSON"),
    Oddity("an answer without choices", GITHUB + "etkecc/baibot/issues/9", always({"id": "x", "output": TARGET}),
           "unscored(no_choices)"),
    Oddity("an error as the only event of a stream", GITHUB + "anomalyco/opencode/issues/40770",
           stream({"error": {"code": "invalid_parameter_error", "param": None, "type": "invalid_request_error",
                             "message": "Range of max_tokens should be [1, 131072]"}, "id": "chatcmpl-4"}, done=False),
           "unscored(error_in_body)", r"Range of max_tokens should be \[1, 131072\]"),
    Oddity("an overload with status 200", GITHUB + "zhushanwen321/llm-simple-router/pull/95",
           always({"error": {"code": "1305", "message": "该模型当前访问量过大，请您稍后再试"}}),
           "unscored(error_in_body)", "该模型当前访问量过大"),
]  # fmt: skip
