"""Recorded answers of a model version: its own cassettes first, then those of the models it is derived from."""

from pathlib import Path

from harness.config import ModelConfig
from harness.endpoints.parse import parse
from harness.recording import Cassette, Interaction
from harness.records.completion import Completion


def cassette_path(folder: Path, label: str, suite: str) -> Path:
    """`cassettes/<model>@<version>/<suite>.jsonl`."""
    return folder / label / f"{suite}.jsonl"


class Replay:
    """Looks answers up. Each cassette file is read once, when a case of its suite first needs it."""

    def __init__(self, folder: Path, model: ModelConfig) -> None:
        self._folder = folder
        self._labels = (model.label, *model.lineage)
        self._cassettes: dict[tuple[str, str], Cassette] = {}

    def cassette(self, label: str, suite: str) -> Cassette:
        """The cassette of a model version for a suite; empty if there is no file."""
        place = (label, suite)
        if place not in self._cassettes:
            self._cassettes[place] = Cassette(cassette_path(self._folder, label, suite))
        return self._cassettes[place]

    def forget(self, suite: str) -> None:
        """Read the model's own cassette anew when it is next asked: another process may have added to it."""
        self._cassettes.pop((self._labels[0], suite), None)

    def get(self, suite: str, key: str) -> Completion | None:
        """The recorded answer to a request, or None."""
        for label in self._labels:
            interaction = self.cassette(label, suite).get(key)
            if interaction is not None:
                return completion_of(interaction)
        return None


def read_back(path: Path, key: str) -> Completion | None:
    """An answer that this run has recorded, read anew from its file; None if it is no longer there."""
    interaction = Cassette(path).get(key)
    return None if interaction is None else completion_of(interaction)


def completion_of(interaction: Interaction) -> Completion:
    """The stored body through the same parser as a live one."""
    return parse(interaction.body, interaction.content_type).model_copy(
        update={
            "latency_s": interaction.latency_s,
            "first_token_s": interaction.first_token_s,
            "recorded_at": interaction.recorded_at,
            "runtime": interaction.runtime,
        }
    )
