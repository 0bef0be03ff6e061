"""Training sets in the forms of the trainers: read, checked, written, and read back to see that nothing was lost.

Forms from the sources of LLaMA-Factory 0.9.5 (`data/converter.py`, `data/parser.py`) and ms-swift 4.6
(`dataset/preprocessor/core.py`, `template/template_inputs.py`).
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from harness.errors import explain, found
from harness.files import UnfitFileError, content_of, decoded_text, whole
from harness.finetune.validate import sample_problems
from harness.records.training import Recipe, TrainingError, TrainingMessage, TrainingSample

KINDS = ("chat", "alpaca", "sharegpt", "ms-swift", "llama-factory")
_LIMIT = 1 << 30
TEMPLATES = {
    "qwen3": "qwen3",
    "qwen2": "qwen",
    "qwen": "qwen",
    "llama-3": "llama3",
    "glm-4": "glm4",
    "gemma-3": "gemma3",
}
"""Part of a model's name, in small letters, to LLaMA-Factory's name of its chat template."""


@dataclass(frozen=True, slots=True)
class Converted:
    """Values to write, and `(place, reason)` of each sample that is not among them."""

    values: tuple[dict[str, Any], ...]
    left_out: tuple[tuple[str, str], ...]


def convert(path: Path, source: str, target: str) -> Converted:
    """The samples of a file of one of KINDS in the form of another. Nothing is written.

    A sample is left out if its gold answer damages a string of its question, if its turns or tool calls are wrong, or
    if the other form cannot hold it.

    Raises:
        TrainingError: the file cannot be read, or holds no sample.
    """
    values: list[dict[str, Any]] = []
    left_out: list[tuple[str, str]] = []
    for place, value in _values(path):
        try:
            sample = _sample(_FROM[source](value))
            problem = next(sample_problems(sample), None)
            if problem:
                raise _UnfitError(problem)
            written = _TO[target](sample)
            if target != "chat" and any(turn.reasoning_content for turn in sample.messages):
                raise _UnfitError(f"reasoning, which {target} has no field for; put it into the answer, or take it out")
            if target not in ("chat", "ms-swift") and any(_weight(turn) != 1 for turn in sample.messages):
                raise _UnfitError(f"a turn with a weight of its loss, which {target} does not take; ms-swift does")
            if not _same(sample, _sample(_FROM[target](written))):
                raise _UnfitError(f"the form {target} cannot hold all of it")
        except _UnfitError as error:
            left_out.append((place, str(error)))
        else:
            values.append(written)
    if not values and not left_out:
        raise TrainingError(f"{path}: no sample; accepted: a JSON list or JSON lines of {source} samples")
    return Converted(tuple(values), tuple(left_out))


class _UnfitError(Exception):
    """Why a sample is left out."""


def _values(path: Path) -> Iterator[tuple[str, Any]]:
    try:
        text = decoded_text(content_of(path, limit=_LIMIT)).text.removeprefix("\ufeff")
    except (OSError, UnfitFileError) as error:
        raise TrainingError(f"{path}: cannot be read: {getattr(error, 'strerror', None) or error}") from None
    if text.lstrip().startswith("["):
        try:
            yield from ((f"sample {number}", value) for number, value in enumerate(json.loads(text), start=1))
        except (ValueError, RecursionError) as error:
            raise TrainingError(f"{path}: not JSON: {error}") from None
        return
    for number, line in enumerate(text.split("\n"), start=1):
        if line.strip():
            try:
                yield f"line {number}", json.loads(line)
            except (ValueError, RecursionError) as error:
                raise TrainingError(f"{path}:{number}: not JSON: {error}; accepted: one sample a line") from None


def _sample(value: dict[str, Any]) -> TrainingSample:
    try:
        return TrainingSample.model_validate_json(json.dumps(value))
    except ValidationError as error:
        raise _UnfitError(explain(error, TrainingSample)) from None


def _same(one: TrainingSample, other: TrainingSample) -> bool:
    return bool(_essence(one) == _essence(other))


def _essence(sample: TrainingSample) -> Any:
    """What a model learns from: the texts, the calls with their arguments as values, the weights, the tools."""
    turns = [
        (
            turn.role,
            turn.name,
            turn.content,
            [(call.function.name, _loaded(call.function.arguments)) for call in turn.tool_calls or ()],
            _weight(turn),
        )
        for turn in sample.messages
    ]
    return turns, [tool.get("function", tool) for tool in sample.tools or ()]


def _weight(turn: TrainingMessage) -> float:
    """Of the turn in the loss, beside the others of its role: Ark's, or OpenAI's 0 or 1."""
    given = turn.loss_weight if turn.loss_weight is not None else turn.weight
    return 1.0 if given is None else float(given)


def _loaded(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def _object(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise _UnfitError(f"found {found(value)}; accepted: one object a sample")
    return value


def _dumped(value: Any) -> str:
    try:
        return json.dumps(value, ensure_ascii=False, allow_nan=False)
    except ValueError:
        raise _UnfitError("a number that is not one of JSON, such as NaN or 1e400") from None


# --- reading

_ROLES = {
    **dict.fromkeys(("human", "user"), "user"),
    **dict.fromkeys(("gpt", "assistant", "chatgpt", "model", "bing"), "assistant"),
    **dict.fromkeys(("system", "developer"), "system"),
    **dict.fromkeys(("function_call", "tool_call"), "function_call"),
    **dict.fromkeys(("observation", "tool", "tool_response", "function_response"), "tool"),
}


def _from_chat(value: Any) -> dict[str, Any]:
    value = _object(value)
    kept = {name: value[name] for name in ("messages", "tools", "domain") if value.get(name)}
    if isinstance(kept.get("tools"), str):
        kept["tools"] = _tools(kept["tools"])
    if value.get("functions") and "tools" not in kept:
        kept["tools"] = _tools(value["functions"])
    if isinstance(kept.get("messages"), list):
        turns = list(kept["messages"])
        kept["messages"] = [
            _turn(number, turn) if isinstance(turn, dict) else turn for number, turn in enumerate(turns)
        ]
    return kept


_CHAT_ROLES = {"developer": "system", "function": "tool"}


def _turn(number: int, turn: dict[str, Any]) -> dict[str, Any]:
    """A message with its text in one piece, the roles that the trainers have, and tools in place of functions."""
    role = _CHAT_ROLES.get(str(turn.get("role")), turn.get("role"))
    made = {**turn, "role": role}
    if isinstance(turn.get("content"), list):
        given = [one.get("text") if isinstance(one, dict) else one for one in turn["content"]]
        texts = [one for one in given if isinstance(one, str)]
        if len(texts) != len(given):
            raise _UnfitError(f"messages[{number}].content: holds more than text, such as an image; accepted: text")
        made["content"] = "\n".join(texts)
    if turn.get("role") == "function":
        made |= {"tool_call_id": f"call_{number}"}
        made.pop("name", None)
    called = made.pop("function_call", None)
    if called is not None and not turn.get("tool_calls"):
        made["tool_calls"] = [{**one, "id": f"call_{number + 1}"} for one in _calls(called, number)]
    return made


def _from_alpaca(value: Any) -> dict[str, Any]:
    value = _object(value)
    if not isinstance(value.get("instruction"), str) or not isinstance(value.get("output"), str):
        raise _UnfitError("no instruction and output; accepted: texts, with input, system and history as well")
    asked = "\n".join(part for part in (value["instruction"], value.get("input")) if part)
    messages = [{"role": "system", "content": value["system"]}] if value.get("system") else []
    for pair in value.get("history") or ():
        if not isinstance(pair, list) or len(pair) != 2:
            raise _UnfitError(f"history: found {found(pair)}; accepted: pairs of question and answer")
        messages += [{"role": "user", "content": pair[0]}, {"role": "assistant", "content": pair[1]}]
    messages += [{"role": "user", "content": asked}, {"role": "assistant", "content": value["output"]}]
    return {"messages": messages}


def _from_sharegpt(value: Any) -> dict[str, Any]:
    value = _object(value)
    turns = value.get("conversations", value.get("messages"))
    if not isinstance(turns, list):
        raise _UnfitError("no conversations; accepted: a list of turns with from and value")
    messages: list[dict[str, Any]] = []
    if value.get("system"):
        messages.append({"role": "system", "content": value["system"]})
    pending: list[str] = []  # calls whose results are still to come
    calls = 0
    for turn in map(_object, turns):
        said = turn.get("from", turn.get("role"))
        content = turn.get("value", turn.get("content"))
        role = _ROLES.get(str(said))
        if role is None:
            raise _UnfitError(f"role {found(said)}; accepted: {', '.join(_ROLES)}")
        if role == "function_call":
            made = _calls(content, calls)
            calls += len(made)
            pending += [call["id"] for call in made]
            before = messages[-1] if messages and messages[-1]["role"] == "assistant" else None
            if before is not None and turn.get("role") == "tool_call":
                # ms-swift: a call has a turn of its own, also behind the text and the calls of the same answer
                before["tool_calls"] = [*before.get("tool_calls", ()), *made]
            else:
                messages.append({"role": "assistant", "content": "", "tool_calls": made, **_weighed(turn)})
        elif role == "tool":
            messages.append({"role": "tool", "content": content, "tool_call_id": pending.pop(0) if pending else ""})
        else:
            messages.append({"role": role, "content": content, **_calls_beside(turn), **_weighed(turn)})
    tools = _tools(value.get("tools"))
    return {"messages": messages, **({"tools": tools} if tools else {})}


def _calls_beside(turn: dict[str, Any]) -> dict[str, Any]:
    return {"tool_calls": turn["tool_calls"]} if turn.get("tool_calls") else {}


def _weighed(turn: dict[str, Any]) -> dict[str, Any]:
    """ms-swift: `loss` false leaves a turn out of the loss, `loss_scale` is its weight."""
    given = turn.get("loss_scale") if turn.get("loss_scale") is not None else turn.get("loss")
    return {} if given is None or given is True else {"loss_weight": float(given)}


def _calls(content: Any, first: int) -> list[dict[str, Any]]:
    value = _loaded(content) if isinstance(content, str) else content
    made = []
    for number, call in enumerate(value if isinstance(value, list) else [value], start=first + 1):
        if not isinstance(call, dict) or not isinstance(call.get("name"), str):
            raise _UnfitError(f"a tool call: found {found(content)}; accepted: JSON with name and arguments")
        arguments = call.get("arguments", {})
        text = arguments if isinstance(arguments, str) else _dumped(arguments)
        made.append({"id": f"call_{number}", "type": "function", "function": {"name": call["name"], "arguments": text}})
    return made


def _tools(given: Any) -> list[dict[str, Any]]:
    value = _loaded(given) if isinstance(given, str) and given.strip() else given
    if not value:
        return []
    if not isinstance(value, list) or not all(isinstance(tool, dict) for tool in value):
        raise _UnfitError(f"tools: found {found(given)}; accepted: a JSON list of functions")
    return [tool if "function" in tool else {"type": "function", "function": tool} for tool in value]


# --- writing


def _to_chat(sample: TrainingSample) -> dict[str, Any]:
    value: dict[str, Any] = json.loads(sample.model_dump_json(exclude_none=True))
    return value


def _to_alpaca(sample: TrainingSample) -> dict[str, Any]:
    turns = list(sample.messages)
    if sample.tools or any(turn.role == "tool" or turn.tool_calls for turn in turns):
        raise _UnfitError("alpaca has no tools; convert to sharegpt, ms-swift or llama-factory")
    value: dict[str, Any] = {"instruction": "", "input": "", "output": turns[-1].content}
    if turns[0].role == "system":
        value["system"] = turns.pop(0).content
    asked = [turn.content for turn in turns[:-1:2]]
    answered = [turn.content for turn in turns[1::2]]
    if [turn.role for turn in turns] != ["user", "assistant"] * (len(turns) // 2):
        raise _UnfitError("alpaca takes turns of user and assistant alone")
    value["instruction"] = asked[-1]
    if len(asked) > 1:
        value["history"] = [list(pair) for pair in zip(asked[:-1], answered[:-1], strict=True)]
    return value


def _call_value(call: Any) -> dict[str, Any]:
    return {"name": call.function.name, "arguments": _loaded(call.function.arguments)}


def _to_sharegpt(sample: TrainingSample) -> dict[str, Any]:
    """Of LLaMA-Factory: turns alternate, a call has no text beside it, one result follows it."""
    turns: list[dict[str, str]] = []
    value: dict[str, Any] = {"conversations": turns}
    for number, turn in enumerate(sample.messages):
        if turn.role == "system":
            if number:
                raise _UnfitError("a system prompt behind the first turn")
            value["system"] = turn.content
        elif turn.tool_calls:
            if turn.content:
                raise _UnfitError("a text beside a tool call, which LLaMA-Factory does not learn; ms-swift does")
            made = [_call_value(call) for call in turn.tool_calls]
            turns.append({"from": "function_call", "value": _dumped(made[0] if len(made) == 1 else made)})
        else:
            name = {"user": "human", "assistant": "gpt", "tool": "observation"}[turn.role]
            turns.append({"from": name, "value": turn.content})
    for number, one in enumerate(turns):
        accepted = ("gpt", "function_call") if number % 2 else ("human", "observation")
        if one["from"] not in accepted:
            raise _UnfitError(
                f"turn {number + 1} is of {one['from']}; LLaMA-Factory takes {' or '.join(accepted)} there"
            )
    if sample.tools:
        value["tools"] = _dumped([tool.get("function", tool) for tool in sample.tools])
    return value


def _to_swift(sample: TrainingSample) -> dict[str, Any]:
    messages: list[dict[str, Any]] = []
    for turn in sample.messages:
        weight = _weight(turn)
        weighed: dict[str, Any] = {} if weight == 1 else {"loss": False} if weight == 0 else {"loss_scale": weight}
        if turn.content or not turn.tool_calls:
            role = "tool_response" if turn.role == "tool" else turn.role
            messages.append({"role": role, "content": turn.content, **weighed})
        messages += [
            {"role": "tool_call", "content": _dumped(_call_value(call)), **weighed} for call in turn.tool_calls or ()
        ]
    return {"messages": messages, **({"tools": _dumped(list(sample.tools))} if sample.tools else {})}


_FROM: dict[str, Callable[[Any], dict[str, Any]]] = {
    "chat": _from_chat,
    "alpaca": _from_alpaca,
    "sharegpt": _from_sharegpt,
    "ms-swift": _from_sharegpt,
    "llama-factory": _from_sharegpt,
}
_TO: dict[str, Callable[[TrainingSample], dict[str, Any]]] = {
    "chat": _to_chat,
    "alpaca": _to_alpaca,
    "sharegpt": _to_sharegpt,
    "ms-swift": _to_swift,
    "llama-factory": _to_sharegpt,
}


# --- files


def write(converted: Converted, out: Path, target: str, recipe: Recipe, template: str | None) -> list[Path]:
    """The set at `out` and, for a trainer, the files that it needs beside it. Gives all that was written.

    Raises:
        TrainingError: a file is there already or cannot be written, or the chat template of the base is not known.
    """
    lines = out.suffix.lower() == ".jsonl" or target in ("chat", "ms-swift")
    texts = {out: _set_text(converted.values, lines=lines)}
    if target == "llama-factory":
        texts[out.parent / "dataset_info.json"] = _dumped_info(out, converted.values)
        if recipe.base:
            name = f"{out.stem}.llama-factory.yaml"
            texts[out.parent / name] = _yaml(
                _llama_factory(out, recipe, template or _template(recipe.base), len(converted.values))
            )
    elif target == "ms-swift" and recipe.base:
        texts[out.parent / f"{out.stem}.ms-swift.yaml"] = _yaml(_swift(out, recipe, len(converted.values)))
    for path in texts:
        if path.exists() or path.is_symlink():
            raise TrainingError(f"{path}: is there already, and nothing is overwritten; accepted: a new name for --out")
    for path, text in texts.items():
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with whole(path) as file:
                file.write(text.encode("utf-8"))
        except OSError as error:
            raise TrainingError(f"{path}: cannot be written: {error.strerror or error}") from None
    return list(texts)


def _set_text(values: Sequence[dict[str, Any]], *, lines: bool) -> str:
    if lines:
        return "".join(_dumped(value) + "\n" for value in values)
    return json.dumps(values, ensure_ascii=False, indent=2) + "\n"


def _dumped_info(out: Path, values: Sequence[dict[str, Any]]) -> str:
    tags = {
        "role_tag": "from",
        "content_tag": "value",
        "user_tag": "human",
        "assistant_tag": "gpt",
        "observation_tag": "observation",
        "function_tag": "function_call",
        "system_tag": "system",
    }
    # LLaMA-Factory's loader ends with a KeyError where a column is named that no sample has
    used = [name for name in ("system", "tools") if any(name in value for value in values)]
    columns = {"messages": "conversations", **{name: name for name in used}}
    entry = {"file_name": out.name, "formatting": "sharegpt", "columns": columns, "tags": tags}
    return json.dumps({out.stem: entry}, ensure_ascii=False, indent=2) + "\n"


def _template(base: str) -> str:
    for part, name in TEMPLATES.items():
        if part in base.lower():
            return name
    raise TrainingError(f"{base}: its chat template is not known here; name LLaMA-Factory's with --template")


def _llama_factory(out: Path, recipe: Recipe, template: str, samples: int) -> dict[str, Any]:
    return {
        "model_name_or_path": recipe.base,
        "stage": "sft",
        "do_train": True,
        "finetuning_type": "lora",
        "lora_target": ",".join(recipe.modules) if recipe.modules else "all",
        **_numbers(recipe, {"lora_rank": "lora_rank", "lora_alpha": "lora_alpha", "lora_dropout": "lora_dropout"}),
        "dataset_dir": ".",
        "dataset": out.stem,
        "template": template,
        **_numbers(recipe, {"max_tokens": "cutoff_len"}),
        "output_dir": f"{out.stem}.lora",
        **_numbers(recipe, _SHARED),
        **_steps(recipe, samples),
        "lr_scheduler_type": "cosine",
        "save_strategy": "epoch",
    }


def _swift(out: Path, recipe: Recipe, samples: int) -> dict[str, Any]:
    return {
        "model": recipe.base,
        "tuner_type": "lora",
        "target_modules": list(recipe.modules) if recipe.modules else ["all-linear"],
        **_numbers(recipe, {"lora_rank": "lora_rank", "lora_alpha": "lora_alpha", "lora_dropout": "lora_dropout"}),
        "dataset": [out.name],
        **_numbers(recipe, {"max_tokens": "max_length"}),
        "output_dir": f"{out.stem}.lora",
        **_numbers(recipe, _SHARED),
        **_steps(recipe, samples),
        "lr_scheduler_type": "cosine",
        "save_strategy": "epoch",
    }


_SHARED = {
    "batch_size": "per_device_train_batch_size",
    "learning_rate": "learning_rate",
    "epochs": "num_train_epochs",
    "seed": "seed",
}


def _steps(recipe: Recipe, samples: int) -> dict[str, Any]:
    """What makes a step the same everywhere: one batch of the recipe, on one device.

    ms-swift fills a step up to 16 samples by itself. The warm-up is a number of steps: transformers 5
    has no `warmup_ratio` any more, and transformers 4 takes no share as `warmup_steps`.
    """
    steps: dict[str, Any] = {"gradient_accumulation_steps": 1} if recipe.batch_size else {}
    if recipe.warmup is None:
        return steps
    if not recipe.batch_size or not recipe.epochs:
        raise TrainingError("the recipe: its warm-up is a share of the steps; accepted with batch_size and epochs")
    in_all = math.ceil(math.ceil(samples / recipe.batch_size) * recipe.epochs)
    return {**steps, "warmup_steps": math.ceil(in_all * recipe.warmup)}


def _numbers(recipe: Recipe, names: dict[str, str]) -> dict[str, Any]:
    """Fields of the recipe under the trainer's names; what is not set stays the trainer's own default."""
    found_values = {name: getattr(recipe, field) for field, name in names.items()}
    whole_ones = {
        name: int(value) for name, value in found_values.items() if name == "lora_alpha" and value is not None
    }
    return {name: value for name, value in found_values.items() if value is not None} | whole_ones


def _yaml(values: dict[str, Any]) -> str:
    import yaml

    # 1e-4 without a dot is a text to YAML 1.1; the dumper writes 0.0001
    text: str = yaml.safe_dump(values, sort_keys=False, allow_unicode=True)
    return text
