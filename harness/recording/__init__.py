"""Cassettes: JSON lines in vcrpy's interaction form, appended as each answer ends, looked up by request."""

from harness.recording.cassette import Cassette, Problem
from harness.recording.interaction import Interaction
from harness.recording.recorder import Recorder

__all__ = ["Cassette", "Interaction", "Problem", "Recorder"]
