"""What each provider takes: limits of a training file and ranges of a recipe. Sources are in docs/fine-tuning.md."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field

from harness.records.training import Provider, Recipe

ARK_FORMAT = "https://www.volcengine.com/docs/82379/1099461"
ARK_JOB = "https://www.volcengine.com/docs/82379/1099459"
SILICONFLOW = "https://docs.siliconflow.cn/guides/fine-tune"
OPENAI = "https://platform.openai.com/docs/guides/supervised-fine-tuning"


@dataclass(frozen=True, slots=True)
class Range:
    """Accepted values of one number of a recipe, both ends included."""

    low: float
    high: float = math.inf

    def __str__(self) -> str:
        return f"{self.low:g} to {self.high:g}" if self.high < math.inf else f"at least {self.low:g}"


_CALL_KEYS = frozenset({"tool_calls", "tool_call_id"})


@dataclass(frozen=True, slots=True)
class ProviderRules:
    """One provider. A limit that the provider does not publish is None and is not checked."""

    name: Provider
    source: str
    max_bytes: int | None = None
    max_lines: int | None = None
    min_lines: int | None = None
    alternates: bool = False
    """user and assistant take turns, and the first turn after the system prompt is the user's."""
    message_keys: frozenset[str] = frozenset({"role", "content"})
    """Keys of a message that the provider reads; `loss_weight` and `weight` set the weight of a turn's loss."""
    sample_keys: frozenset[str] = frozenset({"messages"})
    """Keys of a sample; with `tools`, turns may call functions and the role `tool` gives their results."""
    ranges: dict[str, Range] = field(default_factory=dict)
    choices: dict[str, tuple[int, ...]] = field(default_factory=dict)
    task_name: str | None = None


ARK_RANGES = {
    "learning_rate": Range(0, 1),
    "epochs": Range(1),
    "batch_size": Range(1),
    "warmup": Range(0, 1),
    "lora_alpha": Range(1),
    "lora_dropout": Range(0, 1),
}
"""Ark publishes no range but those of the rank: its console shows narrower ones for each base model. What is outside of
these is a slip of the pen, such as a warm-up of 10 for 10 %."""


PROVIDERS: dict[str, ProviderRules] = {
    rules.name: rules
    for rules in (
        ProviderRules(
            name="ark",
            source=ARK_FORMAT,
            message_keys=frozenset({"role", "content", "loss_weight", "reasoning_content"}) | _CALL_KEYS,
            sample_keys=frozenset({"messages", "tools"}),
            ranges=ARK_RANGES,
            choices={"lora_rank": (32, 64)},
            task_name=r"[A-Za-z0-9_\-一-鿿㐀-䶿]{1,200}",
        ),
        ProviderRules(
            name="siliconflow",
            source=SILICONFLOW,
            max_bytes=10 * 1024 * 1024,
            max_lines=1000,
            alternates=True,
            ranges={
                "learning_rate": Range(0, 0.1),
                "epochs": Range(1, 10),
                "batch_size": Range(1, 32),
                "max_tokens": Range(0, 4096),
                "lora_rank": Range(1, 64),
                "lora_alpha": Range(1, 128),
                "lora_dropout": Range(0, 1),
            },
        ),
        ProviderRules(
            name="openai",
            source=OPENAI,
            max_bytes=512 * 1024 * 1024,
            min_lines=10,
            message_keys=frozenset({"role", "content", "name", "weight"}) | _CALL_KEYS,
            sample_keys=frozenset({"messages", "tools", "parallel_tool_calls"}),
        ),
        ProviderRules(
            name="local",
            source="harness train --help",
            min_lines=1,
            message_keys=frozenset({"role", "content"}) | _CALL_KEYS,
            sample_keys=frozenset({"messages", "tools"}),
        ),
    )
}


PRACTICE = "https://cloud.tencent.com.cn/developer/article/2554042"
LORA_PAPER = "https://arxiv.org/abs/2106.09685"
SHIPPED = "docs/fine-tuning.md"

_PRESET_FIELDS = ("learning_rate", "epochs", "batch_size", "lora_rank", "lora_alpha", "lora_dropout")
PRESETS: dict[str, dict[str, float]] = {
    "standard": dict(zip(_PRESET_FIELDS, (1e-4, 3, 8, 8, 32, 0.05), strict=True)),
    "quality": dict(zip(_PRESET_FIELDS, (1e-4, 5, 16, 16, 64, 0.1), strict=True)),
    "light": dict(zip(_PRESET_FIELDS, (1e-4, 2, 8, 4, 16, 0.05), strict=True)),
}
"""SiliconFlow's three presets: 标准, 效果优先, 轻量."""

GUIDE = "https://www.volcengine.com/docs/82379/1099459"
SIZES: dict[str, str] = {
    "copywriting": "2,000 to 3,000",
    "answers from a reference": "2,000 to 10,000",
    "classification": "1,000 to 3,000",
}
"""Samples by kind of task, as Ark's guide advises; more than 10,000 are seldom worth their cost."""


@dataclass(frozen=True, slots=True)
class StartingValue:
    """One number to begin with. `conflict` says what another source would have instead."""

    field: str
    value: object
    reason: str
    source: str
    conflict: str = ""


def recipe_problems(recipe: Recipe, rules: ProviderRules) -> list[str]:
    """What the provider would refuse, one line each."""
    problems = []
    for setting, accepted in rules.ranges.items():
        value = getattr(recipe, setting)
        if value is not None and not accepted.low <= value <= accepted.high:
            problems.append(f"{setting}: found {value:g}; {rules.name} accepts: {accepted} ({rules.source})")
    for setting, choices in rules.choices.items():
        value = getattr(recipe, setting)
        if value is not None and value not in choices:
            accepted_values = " or ".join(str(choice) for choice in choices)
            problems.append(f"{setting}: found {value:g}; {rules.name} accepts: {accepted_values} ({ARK_JOB})")
    name = recipe.task_name
    if name is not None and rules.task_name and not re.fullmatch(rules.task_name, name):
        problems.append(
            f"task_name: found {name[:40]!r} ({len(name)} characters); {rules.name} accepts: 1 to 200 letters, "
            f"Han characters, digits, '-' and '_' ({ARK_JOB})"
        )
    if rules.max_lines is not None and recipe.samples is not None and recipe.samples > rules.max_lines:
        problems.append(f"samples: found {recipe.samples}; {rules.name} accepts: at most {rules.max_lines}")
    if rules.min_lines is not None and recipe.samples is not None and recipe.samples < rules.min_lines:
        problems.append(f"samples: found {recipe.samples}; {rules.name} accepts: at least {rules.min_lines}")
    return problems


def starting_values(samples: int, rules: ProviderRules) -> list[StartingValue]:
    """Where to begin with `samples` samples at a provider. Only a run against the suites says whether they are good."""
    return {"ark": _ark, "siliconflow": _siliconflow, "openai": _openai}.get(rules.name, _local)(samples)


def size_advice(samples: int) -> list[StartingValue]:
    """What the sources say beside the numbers: it holds at every provider."""
    sizes = "; ".join(f"{task} {size}" for task, size in SIZES.items())
    few = f"{samples} samples: a format such as a space in a code needs far fewer (42 did it)" if samples < 1000 else ""
    many = "beyond 10,000 more samples seldom pay" if samples > 10_000 else ""
    return [
        StartingValue("samples", samples, f"advised by task: {sizes}; up to 10,000", GUIDE, few or many),
        StartingValue("base", "small", "try the small model first: it is cheap, and often enough", GUIDE),
        StartingValue("on", "last", "add samples later by training on top of the last version", GUIDE),
    ]


def _ark(samples: int) -> list[StartingValue]:
    alphas = "a general guide: alpha = rank; SiliconFlow: alpha = 4 x rank; the LoRA paper scales by alpha / rank"
    ranks = "a general guide: rank = alpha = 64 to 128 for simple tasks, 256 to 512 for hard ones"
    batch = 4 if samples < 100 else 8
    return [
        StartingValue(
            "epochs",
            3 if samples <= 200 else 2,
            "2 to 3 did it with 42",
            PRACTICE,
            "a general guide: 2 to 5, 5 to 10 for creative tasks",
        ),
        StartingValue("batch_size", batch, "4 or 8 did it with 42", PRACTICE),
        StartingValue("learning_rate", 5e-5, "3e-5 if the loss oscillates", PRACTICE, "a general guide: 1e-4 to 2e-4"),
        StartingValue("warmup", 0.1, "a tenth of the steps", PRACTICE),
        StartingValue("lora_rank", 32, "the smaller of the two ranks on offer", PRACTICE, ranks),
        StartingValue("lora_alpha", 8, "with scale = alpha / sqrt(rank) that is 1.41", PRACTICE, alphas),
        StartingValue("save_every_epoch", True, "each epoch can be judged as a version of its own", PRACTICE),
        StartingValue("dynamic_batch", True, "short samples share a step", PRACTICE),
    ]


def _siliconflow(samples: int) -> list[StartingValue]:
    name = "light" if samples < 100 else "standard"
    reason = {
        "light": "few samples: low rank and two epochs, before they are learnt by heart",
        "standard": "the provider's default; 'quality' has 5 epochs, batch 16, rank 16, alpha 64, dropout 0.1",
    }[name]
    advised = "" if 100 <= samples <= 1000 else f"{samples} samples are outside the advised 100 to 1,000"
    return [
        *(StartingValue(key, value, f"preset {name!r}: {reason}", SILICONFLOW) for key, value in PRESETS[name].items()),
        StartingValue("validation", 0.1, "the provider's default split", SILICONFLOW, advised),
    ]


def _openai(samples: int) -> list[StartingValue]:
    few = "improvements are seen from 50 to 100 samples" if samples < 50 else ""
    return [
        StartingValue("epochs", "auto", "chosen by the provider from the size of the set", OPENAI, few),
        StartingValue("batch_size", "auto", "chosen by the provider from the size of the set", OPENAI),
        StartingValue("learning_rate", "auto", "a multiplier, chosen by the provider", OPENAI),
    ]


def _local(samples: int) -> list[StartingValue]:
    guide = "a general guide for LoRA: 1e-4 to 2e-4"
    return [
        StartingValue("epochs", 4 if samples <= 200 else 2, "as the shipped adapters", SHIPPED),
        StartingValue("batch_size", 4, "11 steps an epoch with 42 samples", SHIPPED),
        StartingValue("learning_rate", 3e-4, "a small model needs larger steps than a large one", SHIPPED, guide),
        StartingValue("warmup", 0.1, "a tenth of the steps", PRACTICE),
        StartingValue("lora_rank", 8, "under 5 MB in half precision", SHIPPED),
        StartingValue("lora_alpha", 16, "scale = alpha / rank = 2", LORA_PAPER),
        StartingValue("lora_dropout", 0.0, "too few steps to need it", SHIPPED, "SiliconFlow's presets: 0.05 to 0.1"),
    ]
