"""What each provider takes: limits of a training file and ranges of a recipe. Sources are in docs/fine-tuning.md."""

from __future__ import annotations

from dataclasses import dataclass, field

from harness.records.training import Provider

ARK_FORMAT = "https://www.volcengine.com/docs/82379/1099461"
ARK_JOB = "https://www.volcengine.com/docs/82379/1099459"
SILICONFLOW = "https://docs.siliconflow.cn/guides/fine-tune"
OPENAI = "https://platform.openai.com/docs/guides/supervised-fine-tuning"


@dataclass(frozen=True, slots=True)
class Range:
    """Accepted values of one number of a recipe, both ends included."""

    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.low:g} to {self.high:g}"


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
    ranges: dict[str, Range] = field(default_factory=dict)
    choices: dict[str, tuple[int, ...]] = field(default_factory=dict)
    task_name: str | None = None


PROVIDERS: dict[str, ProviderRules] = {
    rules.name: rules
    for rules in (
        ProviderRules(
            name="ark",
            source=ARK_FORMAT,
            message_keys=frozenset({"role", "content", "loss_weight"}),
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
            message_keys=frozenset({"role", "content", "name", "weight"}),
        ),
        ProviderRules(name="local", source="harness train --help", min_lines=1),
    )
}
