"""What is wrong with one sample: its shape, its turns, and gold answers that the checker finds damaged."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

from harness.records.explain import found, nearest
from harness.text import check
from harness.training.providers import ProviderRules

ROLES = ("system", "user", "assistant")
_OTHER_FORMS = {
    "prompt": "the old completion form (prompt, completion)",
    "conversations": "the ShareGPT form (conversations, from, value)",
    "instruction": "the Alpaca form (instruction, input, output)",
    "query": "a question-and-answer form",
    "text": "plain text for further pre-training",
}
_ACCEPTED = 'accepted: {"messages": [{"role": ..., "content": ...}, ...]}'
_UNWANTED = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffd\u200b\u2060\ufeff]")
"""Control characters, the mark of a lost character, and invisible ones: all of them would be learnt."""
_SURROGATE = re.compile("[\ud800-\udfff]")


def shape_problems(value: dict[str, Any], rules: ProviderRules) -> Iterator[str]:
    """Problems of the JSON object of one line, each as `field: found ..., accepted ...`."""
    messages = value.get("messages")
    if "messages" not in value:
        form = next((text for key, text in _OTHER_FORMS.items() if key in value), "")
        hint = nearest("messages", value) if not form else f" (this looks like {form})"
        yield f"messages: missing{hint}; {_ACCEPTED}"
        return
    for key in value:
        if key == "domain":
            yield "domain: kept beside the file, not in it; run: harness dataset split FILE (it moves it)"
        elif key != "messages":
            yield f"{found(key)}: unknown key{nearest(key, ['messages'])}; accepted: messages alone"
    if not isinstance(messages, list):
        yield f"messages: found {found(messages)}; accepted: a list of messages"
    elif not messages:
        yield f"messages: an empty list; {_ACCEPTED}"
    else:
        for place, message in enumerate(messages):
            yield from _message_problems(f"messages[{place}]", message, rules)


def _message_problems(place: str, message: Any, rules: ProviderRules) -> Iterator[str]:
    if not isinstance(message, dict):
        yield f'{place}: found {found(message)}; accepted: an object {{"role", "content"}}'
        return
    for key in message:
        if key not in rules.message_keys:
            yield (
                f"{place}.{key}: unknown key{nearest(key, rules.message_keys)}; "
                f"{rules.name} accepts: {', '.join(sorted(rules.message_keys))}"
            )
    role = message.get("role")
    if "role" not in message:
        yield f"{place}.role: missing; accepted: {', '.join(ROLES)}"
    elif role not in ROLES:
        guess = nearest(role.lower(), ROLES) if isinstance(role, str) else ""
        yield f"{place}.role: found {found(role)}{guess}; accepted: {', '.join(ROLES)}"
    yield from _content_problems(f"{place}.content", message)
    for key in ("loss_weight", "weight"):
        if key in message and key in rules.message_keys:
            yield from _weight_problems(f"{place}.{key}", message[key], role, whole=key == "weight")


def _content_problems(place: str, message: dict[str, Any]) -> Iterator[str]:
    content = message.get("content")
    if "content" not in message:
        yield f"{place}: missing; accepted: a text that is not empty"
    elif not isinstance(content, str):
        yield f"{place}: found {found(content)}; accepted: a text (one string)"
    elif not content.strip():
        yield f"{place}: found {found(content)}; accepted: a text that is not empty"
    elif _SURROGATE.search(content):
        yield f"{place}: holds half of a surrogate pair, which is no character; write the character itself"
    elif unwanted := _UNWANTED.search(content):
        yield f"{place}: holds U+{ord(unwanted[0]):04X} at character {unwanted.start() + 1}; the model would learn it"


def _weight_problems(place: str, weight: Any, role: Any, *, whole: bool) -> Iterator[str]:
    accepted = "0 or 1" if whole else "a number from 0 to 1"
    valid = isinstance(weight, int | float) and not isinstance(weight, bool) and 0 <= weight <= 1
    if not valid or (whole and weight not in (0, 1)):
        yield f"{place}: found {found(weight)}; accepted: {accepted}"
    elif role != "assistant" and weight:
        yield f"{place}: found {found(weight)} on the role {found(role)}; accepted: on assistant turns alone"


def turn_problems(messages: list[dict[str, Any]], rules: ProviderRules) -> Iterator[str]:
    """Problems with the order of the turns; each message has passed `shape_problems`."""
    roles = [message["role"] for message in messages]
    for place, role in enumerate(roles):
        if role == "system" and place:
            yield f"messages[{place}].role: 'system' after other turns; accepted: as the first message alone"
    spoken = [role for role in roles if role != "system"]
    if "user" not in spoken:
        yield "messages: no user turn; a sample is a question and its answer"
    if not spoken or spoken[-1] != "assistant":
        yield f"messages: the last role is {roles[-1]!r}; accepted: 'assistant', the gold answer"
    if not rules.alternates or not spoken:
        return
    if spoken[0] != "user":
        yield f"messages: the first role after the system prompt is {spoken[0]!r}; {rules.name} accepts: 'user'"
    for role, following in pairwise(spoken):
        if role == following:
            yield f"messages: two {role} turns in a row; {rules.name} accepts: user and assistant by turns"
            break


def gold_problems(messages: list[dict[str, Any]]) -> Iterator[str]:
    """Assistant turns in which a string of the turns before is damaged: the fine-tune would learn the damage."""
    for place, message in enumerate(messages):
        weight = message.get("loss_weight", message.get("weight", 1))
        before = [earlier["content"] for earlier in messages[:place]]
        if message["role"] != "assistant" or not before or weight == 0:
            continue
        result = check(before, message["content"])
        for target, mentions in result.mentions.items():
            damaged = next((mention for mention in mentions if mention.verdict != "verbatim"), None)
            if damaged is not None:
                advice = "" if place == len(messages) - 1 else "; providers learn every answer: show it in a user turn"
                yield (
                    f"messages[{place}].content: gold answer is {damaged.verdict}: found {found(damaged.text)}, "
                    f"the source has {found(target)}{advice}"
                )
                break
