"""The package for scripts and notebooks: what the commands do, as functions over values.

Nothing is printed. What a user can mend is raised as `harness.records.errors.HarnessError`.
"""

from harness.api.loading import load_suite
from harness.api.running import run
from harness.api.verdicts import compare, gate, words

__all__ = ["compare", "gate", "load_suite", "run", "words"]
