"""The texts that a model version was trained on, for the exposure of each case."""

from pathlib import Path

from harness.config import ModelConfig
from harness.records.case import texts_of
from harness.records.errors import ConfigError
from harness.records.reading import UnfitFileError, content_of, json_of

_LIMIT = 100_000_000
"""Bytes of a training file."""


def training_texts(root: Path, model: ModelConfig) -> tuple[str, ...]:
    """All message texts of the model's training files, those of its bases included.

    Raises:
        ConfigError: a file is missing or not in the chat format; it names the line.
    """
    texts: list[str] = []
    for name in model.training_data:
        path = root / name
        try:
            lines = content_of(path, limit=_LIMIT).split(b"\n")
        except (OSError, UnfitFileError) as error:
            raise ConfigError(f"model {model.name}: training_data: {path} cannot be read: {error}") from error
        for number, line in enumerate(lines, start=1):
            if not line.strip():
                continue
            try:
                texts += texts_of(tuple(json_of(line)["messages"]))
            except (ValueError, TypeError, KeyError, AttributeError) as error:
                raise ConfigError(
                    f"{path}:{number}: not a training sample ({type(error).__name__}); "
                    f"run: harness dataset validate {name}"
                ) from error
    return tuple(texts)
