"""Does a model in training give the strings of a sample back? The checker of the product, on fresh answers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from harness.records.training import TrainingSample
from harness.text import check, extract_targets

_ANSWER_TOKENS = 96


def targets_of(sample: TrainingSample) -> tuple[str, ...]:
    """Strings of the source that the gold answer gives back, each the longest of its place."""
    sources = [turn.content for turn in sample.messages[:-1]]
    verdicts = check(sources, sample.gold).verdicts
    kept = [target.text for target in extract_targets(sources) if verdicts.get(target.text) == "verbatim"]
    return tuple(target for target in kept if not any(target != other and target in other for other in kept))


def is_aligned(sample: TrainingSample, answer: str) -> bool:
    """Every target of the sample is in the answer, and every mention of it is verbatim."""
    targets = targets_of(sample)
    verdicts = check([turn.content for turn in sample.messages[:-1]], answer, targets).verdicts
    return all(verdicts[target] == "verbatim" for target in targets)


def aligned_share(samples: Sequence[TrainingSample], model: Any, tokenizer: Any) -> tuple[int, int]:
    """(aligned, judged) over the samples that have targets; answers are greedy."""
    judged = [sample for sample in samples if targets_of(sample)]
    return sum(is_aligned(sample, answer(sample, model, tokenizer)) for sample in judged), len(judged)


def answer(sample: TrainingSample, model: Any, tokenizer: Any) -> str:
    """What the model says to the sample's prompt, decoded greedily."""
    import torch

    turns = [turn.model_dump(include={"role", "content"}) for turn in sample.messages[:-1]]
    prompt = tokenizer.apply_chat_template(turns, tokenize=False, add_generation_prompt=True)
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
