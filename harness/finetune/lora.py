"""Training samples as token numbers: the prompt is read, the answer alone is learnt."""

from __future__ import annotations

import json
import math
import random
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from harness.finetune.gguf import PROJECTIONS, Adapter, gguf_name
from harness.records.training import TrainingError, TrainingMessage, TrainingSample
from harness.text import check, extract_targets


@dataclass(frozen=True, slots=True)
class EncodedSample:
    """Token numbers of a conversation; those from `answer_start` on carry the loss."""

    tokens: tuple[int, ...]
    answer_start: int


def encode(samples: Iterable[TrainingSample], tokenizer: Any, *, max_tokens: int) -> list[EncodedSample]:
    """Render with the chat template of the weights, so that training and serving see one prompt.

    The template puts in the default system prompt where a sample has none, as the server does. The answer ends with
    the end-of-turn token, so that the model learns to stop.

    Raises:
        TrainingError: a sample is longer than `max_tokens`; it would be cut, and a cut answer teaches cutting.
    """
    encoded = []
    for number, sample in enumerate(samples, start=1):
        prompt = rendered(sample, tokenizer)
        head = tokenizer(prompt, add_special_tokens=False).input_ids
        answer = _rendered_calls(sample, tokenizer, prompt, number) if sample.messages[-1].tool_calls else sample.gold
        tail = tokenizer(answer, add_special_tokens=False).input_ids
        tokens = (*head, *tail, tokenizer.eos_token_id)
        if len(tokens) > max_tokens:
            raise TrainingError(f"sample {number}: {len(tokens)} tokens; accepted: at most {max_tokens} (--max-tokens)")
        encoded.append(EncodedSample(tokens, len(head)))
    return encoded


def rendered(sample: TrainingSample, tokenizer: Any) -> str:
    """The prompt of a sample as the chat template of the weights has it."""
    prompt: str = tokenizer.apply_chat_template(
        _turns(sample.messages[:-1]), tokenize=False, add_generation_prompt=True, **_tools(sample)
    )
    return prompt


def _turns(messages: Iterable[TrainingMessage]) -> list[dict[str, Any]]:
    turns = []
    for message in messages:
        turn = message.model_dump(include={"role", "content", "tool_calls", "tool_call_id"}, exclude_none=True)
        for call in turn.get("tool_calls", ()):  # templates write the arguments as JSON themselves
            call["function"]["arguments"] = json.loads(call["function"]["arguments"])
        turns.append(turn)
    return turns


def _tools(sample: TrainingSample) -> dict[str, Any]:
    return {} if sample.tools is None else {"tools": list(sample.tools)}


def _rendered_calls(sample: TrainingSample, tokenizer: Any, prompt: str, number: int) -> str:
    """The last turn with its tool calls, as the template has it, without the end-of-turn token."""
    whole: str = tokenizer.apply_chat_template(_turns(sample.messages), tokenize=False, **_tools(sample))
    called = sample.messages[-1].tool_calls or ()
    answer = whole[len(prompt) :].partition(tokenizer.eos_token)[0]
    if not whole.startswith(prompt) or not all(call.function.name in answer for call in called):
        raise TrainingError(
            f"sample {number}: calls a tool, which the chat template of these weights cannot show; "
            "accepted: weights with tools in their template, such as Qwen2.5, or samples with text answers"
        )
    return answer


def batches(samples: Sequence[EncodedSample], order: Sequence[int], size: int) -> list[list[EncodedSample]]:
    """`order` cut into pieces of `size`; the last one may be shorter."""
    return [[samples[i] for i in order[at : at + size]] for at in range(0, len(order), size)]


_ANSWER_TOKENS = 96


def targets_of(sample: TrainingSample) -> tuple[str, ...]:
    """Strings of the source that the gold answer gives back, each the longest of its place."""
    sources = [turn.text for turn in sample.messages[:-1]]
    verdicts = check(sources, sample.gold).verdicts
    kept = [target.text for target in extract_targets(sources) if verdicts.get(target.text) == "verbatim"]
    return tuple(target for target in kept if not any(target != other and target in other for other in kept))


def is_aligned(sample: TrainingSample, answer: str) -> bool:
    """Every target of the sample is in the answer, and every mention of it is verbatim."""
    targets = targets_of(sample)
    verdicts = check([turn.text for turn in sample.messages[:-1]], answer, targets).verdicts
    return all(verdicts[target] == "verbatim" for target in targets)


def aligned_share(samples: Sequence[TrainingSample], model: Any, tokenizer: Any) -> tuple[int, int]:
    """(aligned, judged) over the samples that have targets; answers are greedy."""
    judged = [sample for sample in samples if targets_of(sample)]
    return sum(is_aligned(sample, answer(sample, model, tokenizer)) for sample in judged), len(judged)


def answer(sample: TrainingSample, model: Any, tokenizer: Any) -> str:
    """What the model says to the sample's prompt, decoded greedily."""
    import torch

    prompt = rendered(sample, tokenizer)
    tokens = tokenizer(prompt, add_special_tokens=False, return_tensors="pt")
    with torch.no_grad():
        output = model.generate(
            **tokens,
            max_new_tokens=_ANSWER_TOKENS,
            do_sample=False,
            eos_token_id=tokenizer.eos_token_id,
            pad_token_id=tokenizer.eos_token_id,
        )
    text: str = tokenizer.decode(output[0][tokens["input_ids"].shape[1] :], skip_special_tokens=True)
    return text


_CLIP = 1.0
"""Largest norm of a gradient; one odd sample among 42 may otherwise undo the rest."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Numbers of a fine-tune; the meaning is that of the fields of `Recipe`."""

    epochs: int = 4
    batch_size: int = 4
    learning_rate: float = 3e-4
    warmup: float = 0.1
    lora_rank: int = 8
    lora_alpha: int = 16
    lora_dropout: float = 0.0
    modules: tuple[str, ...] = tuple(PROJECTIONS)
    """Matrices of each layer that are adapted, by their names in transformers."""
    seed: int = 7
    threads: int = 1


@dataclass(frozen=True, slots=True)
class Epoch:
    """What one pass over the data gave. Losses are nats per answer token."""

    number: int
    training_loss: float
    validation_loss: float | None
    adapter: Adapter


def fit(
    model: Any,
    training: Sequence[EncodedSample],
    validation: Sequence[EncodedSample],
    settings: Settings,
    *,
    on_step: Callable[[int, int, float], None] = lambda step, steps, loss: None,
) -> Iterator[Epoch]:
    """Train new low-rank matrices on top of `model` and yield after each epoch.

    `on_step(step, steps, loss)` is called after each batch. The model that the caller holds carries the change while
    the iterator runs, so that it can be asked for answers between epochs.
    """
    import torch
    from peft import LoraConfig, inject_adapter_in_model

    torch.manual_seed(settings.seed)
    torch.set_num_threads(settings.threads)
    torch.use_deterministic_algorithms(True)
    config = LoraConfig(
        r=settings.lora_rank,
        lora_alpha=settings.lora_alpha,
        lora_dropout=settings.lora_dropout,
        target_modules=[name.rpartition(".")[2] for name in settings.modules],
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        inject_adapter_in_model(config, model)
    parameters = [parameter for parameter in model.parameters() if parameter.requires_grad]
    optimizer = torch.optim.AdamW(parameters, lr=settings.learning_rate, weight_decay=0.0)
    shuffler = random.Random(settings.seed)  # noqa: S311 - reproducible order, no secret
    steps = settings.epochs * math.ceil(len(training) / settings.batch_size)
    step = 0
    for number in range(1, settings.epochs + 1):
        order = list(range(len(training)))
        shuffler.shuffle(order)
        model.train()
        total, tokens = 0.0, 0
        for batch in batches(training, order, settings.batch_size):
            for group in optimizer.param_groups:
                group["lr"] = settings.learning_rate * rate_factor(step, steps, settings.warmup)
            loss, answer_tokens = _loss(model, batch)
            optimizer.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(parameters, _CLIP)
            optimizer.step()
            step += 1
            total += loss.item() * answer_tokens
            tokens += answer_tokens
            on_step(step, steps, loss.item())
        model.eval()
        yield Epoch(number, total / tokens, mean_loss(model, validation), _adapter(model, settings))


def save_memory(model: Any) -> None:
    """Let `fit` compute the inner values of a layer again on the way back, in place of keeping them."""
    with warnings.catch_warnings():  # it has another name from transformers 5.24 on, and the old one until 6
        warnings.simplefilter("ignore")
        model.gradient_checkpointing_enable({"use_reentrant": False})


def rate_factor(step: int, steps: int, warmup: float) -> float:
    """Share of the learning rate at 0-based `step`: a linear rise over the warm-up, then a linear fall to 0."""
    rise = max(1, math.floor(warmup * steps))
    if step < rise:
        return (step + 1) / rise
    return (steps - step) / max(1, steps - rise + 1)


def mean_loss(model: Any, samples: Sequence[EncodedSample]) -> float | None:
    """Loss per answer token without learning; None without samples."""
    import torch

    if not samples:
        return None
    with torch.no_grad():
        results = [_loss(model, [sample]) for sample in samples]
    total = float(sum(loss.item() * tokens for loss, tokens in results))
    return total / sum(tokens for _, tokens in results)


def _loss(model: Any, batch: Sequence[EncodedSample]) -> tuple[Any, int]:
    import torch

    width = max(len(sample.tokens) for sample in batch)
    tokens = torch.zeros(len(batch), width, dtype=torch.long)
    mask = torch.zeros(len(batch), width, dtype=torch.long)
    learnt = torch.zeros(len(batch), width, dtype=torch.bool)
    for row, sample in enumerate(batch):
        length = len(sample.tokens)
        tokens[row, :length] = torch.tensor(sample.tokens)
        mask[row, :length] = 1
        learnt[row, sample.answer_start : length] = True
    hidden = model.model(input_ids=tokens, attention_mask=mask).last_hidden_state
    # the vocabulary is the widest matrix of a small model: it is applied where an answer token is predicted, alone
    logits = model.lm_head(hidden[:, :-1][learnt[:, 1:]])
    loss = torch.nn.functional.cross_entropy(logits, tokens[:, 1:][learnt[:, 1:]])
    return loss, int(learnt.sum())


def _adapter(model: Any, settings: Settings) -> Adapter:
    matrices = {}
    for name, module in model.named_modules():
        halves = getattr(module, "lora_A", None)
        if halves is not None and len(halves):
            a, b = halves["default"].weight, module.lora_B["default"].weight
            matrices[gguf_name(name)] = (a.detach().numpy().copy(), b.detach().numpy().copy())
    return Adapter(alpha=settings.lora_alpha, matrices=matrices)
