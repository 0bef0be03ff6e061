"""What a model is trained on and how: one training sample, and the recipe of a fine-tune."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from harness.errors import HarnessError
from harness.records import Record

Provider = Literal["local", "ark", "siliconflow", "openai"]


class TrainingError(HarnessError):
    """A training file, a recipe or an adapter is wrong."""


class TrainingMessage(Record):
    """One message of a training sample. Providers accept these three roles in fine-tuning data and no other."""

    role: Literal["system", "user", "assistant"]
    content: str = Field(min_length=1)
    loss_weight: float | None = Field(default=None, ge=0, le=1)
    """Ark: weight of an assistant turn in the loss; without it, 1 (0 for the other roles)."""
    weight: Literal[0, 1] | None = None
    """OpenAI: 0 leaves an assistant turn out of the loss."""


class TrainingSample(Record):
    """A conversation that ends with the answer the model is to learn."""

    messages: tuple[TrainingMessage, ...] = Field(min_length=2)
    domain: str | None = None
    """Subject matter, for stratified splits. Never uploaded: files for a provider hold `messages` alone."""

    @model_validator(mode="after")
    def _ends_with_the_answer(self) -> TrainingSample:
        if self.messages[-1].role != "assistant":
            raise ValueError(
                f"messages: the last role is {self.messages[-1].role!r}; accepted: 'assistant', the gold answer"
            )
        return self

    @property
    def gold(self) -> str:
        """The answer that is learnt: the last turn."""
        return self.messages[-1].content

    @property
    def source(self) -> str:
        """Everything that the model was given before the gold answer, one turn after another."""
        return "\n".join(turn.content for turn in self.messages[:-1])

    @property
    def text(self) -> str:
        """All turns, as the leak check and the exposure of a case see them."""
        return "\n".join(turn.content for turn in self.messages)


class Recipe(Record):
    """How one version was trained. `[tool.harness.models.<name>.training]` holds these fields."""

    provider: Provider = "local"
    base: str | None = None
    """The weights or the provider's model that the fine-tune starts from."""
    on: tuple[str, ...] = ()
    """Versions or adapters already applied to `base` when training began."""
    data: str | None = None
    data_digest: str | None = Field(default=None, pattern=r"^(sha256:)?[0-9a-f]{64}$")
    samples: int | None = Field(default=None, ge=1)
    epochs: int | None = Field(default=None, ge=0)
    batch_size: int | None = Field(default=None, ge=0)
    learning_rate: float | None = Field(default=None, ge=0)
    warmup: float | None = Field(default=None, ge=0, le=1)
    """Share of all steps over which the learning rate rises from 0."""
    lora_rank: int | None = Field(default=None, ge=0)
    lora_alpha: float | None = Field(default=None, ge=0)
    lora_dropout: float | None = Field(default=None, ge=0)
    modules: tuple[str, ...] | None = None
    """Matrices of each layer that are adapted; None for those of the provider, or all that `harness train` adapts."""
    max_tokens: int | None = Field(default=None, ge=0)
    """Longest sample, in tokens."""
    save_every_epoch: bool | None = None
    """Ark: `save_model_per_epoch`."""
    dynamic_batch: bool | None = None
    """Ark: `dyn_bsz`."""
    seed: int | None = None
    threads: int | None = Field(default=None, ge=1)
    task_name: str | None = None
    checkpoint: str | None = None
    """The epoch or file that became this version."""
    output: str | None = None
    output_digest: str | None = Field(default=None, pattern=r"^(sha256:)?[0-9a-f]{64}$")
    command: str | None = None
    duration_s: float | None = Field(default=None, ge=0)
    cost: float | None = Field(default=None, ge=0)
    currency: str | None = None
    loss: float | None = Field(default=None, ge=0)
    """Mean training loss of the last epoch, nats per token."""
