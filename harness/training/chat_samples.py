"""Training samples as token numbers: the prompt is read, the answer alone is learnt."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from harness.records.training import TrainingError, TrainingSample


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
        turns = [turn.model_dump(include={"role", "content"}) for turn in sample.messages[:-1]]
        prompt: str = tokenizer.apply_chat_template(turns, tokenize=False, add_generation_prompt=True)
        head = tokenizer(prompt, add_special_tokens=False).input_ids
        tail = tokenizer(sample.gold, add_special_tokens=False).input_ids
        tokens = (*head, *tail, tokenizer.eos_token_id)
        if len(tokens) > max_tokens:
            raise TrainingError(f"sample {number}: {len(tokens)} tokens; accepted: at most {max_tokens} (--max-tokens)")
        encoded.append(EncodedSample(tokens, len(head)))
    return encoded


def batches(samples: Sequence[EncodedSample], order: Sequence[int], size: int) -> list[list[EncodedSample]]:
    """`order` cut into pieces of `size`; the last one may be shorter."""
    return [[samples[i] for i in order[at : at + size]] for at in range(0, len(order), size)]
