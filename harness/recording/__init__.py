"""Cassettes: JSON lines in vcrpy's interaction form, appended as each answer ends, looked up by request."""

from harness.recording.cassette import Cassette, Interaction, from_line, lines
from harness.recording.recorder import Recorder, UnfitAnswerError
from harness.recording.secrets import Secrets

__all__ = ["Cassette", "Interaction", "Recorder", "Secrets", "UnfitAnswerError", "from_line", "lines"]
