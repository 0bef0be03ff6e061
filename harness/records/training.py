"""What a model is trained on and how: one training sample, and the recipe of a fine-tune."""

from __future__ import annotations

from harness.records.errors import HarnessError


class TrainingError(HarnessError):
    """A training file, a recipe or an adapter is wrong."""
