"""What comes back from asking an endpoint, whatever its kind."""

from dataclasses import dataclass

from harness.records.completion import Completion
from harness.records.exchange import Exchange


@dataclass(frozen=True, slots=True)
class Answer:
    """A completion, the exchange to record (None if it must not be), and how many requests it took."""

    completion: Completion
    exchange: Exchange | None
    requests: int
