"""What a model is trained on and how: one training sample, and the recipe of a fine-tune."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, ValidationError, field_validator, model_validator

from harness.errors import HarnessError, explain, found
from harness.files import UnfitFileError, content_of
from harness.records import Record
from harness.records.case import Domain, texts_of

Provider = Literal["local", "ark", "siliconflow", "openai"]


class TrainingError(HarnessError):
    """A training file, a recipe or an adapter is wrong."""


class TrainingFunction(Record):
    """What an assistant turn calls; `arguments` is JSON, written as a text."""

    name: str = Field(min_length=1)
    arguments: str

    @field_validator("arguments")
    @classmethod
    def _is_an_object(cls, arguments: str) -> str:
        try:
            decoded = json.loads(arguments)
        except (ValueError, RecursionError):
            decoded = None
        if not isinstance(decoded, dict):
            raise ValueError(f"found {found(arguments)}; accepted: a JSON object, written as a text")
        return arguments


class TrainingCall(Record):
    """One tool call of an assistant turn, in the form of the chat-completions API."""

    id: str = Field(min_length=1)
    type: Literal["function"] = "function"
    function: TrainingFunction


class TrainingMessage(Record):
    """One message of a training sample. Calls and results of tools are accepted by Ark, OpenAI and `harness train`."""

    role: Literal["system", "user", "assistant", "tool"]
    content: Annotated[str, BeforeValidator(lambda value: "" if value is None else value)] = ""
    reasoning_content: str | None = None
    """Ark: what is thought before the answer."""
    tool_calls: tuple[TrainingCall, ...] | None = Field(default=None, min_length=1)
    tool_call_id: str | None = None
    name: str | None = None
    """OpenAI: who speaks, among several of one role."""
    loss_weight: float | None = Field(default=None, ge=0, le=1)
    """Ark: weight of an assistant turn in the loss; without it, 1 (0 for the other roles)."""
    weight: Literal[0, 1] | None = None
    """OpenAI: 0 leaves an assistant turn out of the loss."""

    @model_validator(mode="after")
    def _says_something(self) -> TrainingMessage:
        if not self.content and not self.tool_calls:
            raise ValueError("content: an empty text; accepted: a text, or tool_calls on an assistant turn")
        if self.tool_calls and self.role != "assistant":
            raise ValueError(f"tool_calls: on the role {self.role!r}; accepted: on assistant turns alone")
        return self

    @property
    def text(self) -> str:
        """What the turn says, the values of its tool calls included."""
        return "\n".join(
            part for part in texts_of((self.model_dump(include={"role", "content", "tool_calls"}),)) if part
        )


class TrainingSample(Record):
    """A conversation that ends with the answer the model is to learn."""

    messages: tuple[TrainingMessage, ...] = Field(min_length=2)
    tools: tuple[dict[str, Any], ...] | None = Field(default=None, min_length=1)
    """Functions that may be called, in the form of the chat-completions API."""
    parallel_tool_calls: bool | None = None
    """OpenAI: whether one turn may call several."""
    domain: Domain | None = None
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
        """The answer that is learnt: the last turn, the values of its tool calls included."""
        return self.messages[-1].text

    @property
    def source(self) -> str:
        """Everything that the model was given before the gold answer, one turn after another."""
        return "\n".join(turn.text for turn in self.messages[:-1])

    @property
    def text(self) -> str:
        """All turns, as the leak check and the exposure of a case see them."""
        return "\n".join(turn.text for turn in self.messages)


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
    general_share: float | None = Field(default=None, ge=0, le=1)
    """Share of the samples that was mixed in against one-sidedness."""
    validation: float | str | None = None
    """What the losses are watched on: a share of `data` that was held out, or a file of its own."""
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


class Origin(Record):
    """What a training file itself cannot say; it is kept beside it, in `<stem>.origin.json`."""

    domains: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    """Domain -> digests of its samples."""
    cases: tuple[str, ...] = ()
    """`suite/id` of each case that became a sample: it is no longer untrained for any version trained on this file."""
    runs: tuple[str, ...] = ()
    general_share: float | None = Field(default=None, ge=0, le=1, exclude_if=lambda value: value is None)
    """Share of samples that were mixed in against one-sidedness."""


_ORIGIN_LIMIT = 50_000_000
"""Bytes."""


def origin_path(data: Path) -> Path:
    """`set.jsonl` -> `set.origin.json`."""
    return data.with_suffix(".origin.json")


def read_origin(data: Path) -> Origin:
    """The origin file beside `data`; an empty one where there is none. Raises TrainingError if it is broken."""
    path = origin_path(data)
    if not path.is_file():
        return Origin()
    try:
        return Origin.model_validate_json(content_of(path, limit=_ORIGIN_LIMIT))
    except ValidationError as error:
        raise TrainingError(f"{path}: {explain(error, Origin)}") from error
    except OSError as error:
        raise TrainingError(f"{path}: cannot be read: {error.strerror or error}") from error
    except UnfitFileError as error:
        raise TrainingError(f"{path}: {error}") from error
