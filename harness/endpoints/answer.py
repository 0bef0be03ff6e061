"""What comes back from asking an endpoint, whatever its kind."""

from dataclasses import dataclass

from harness.records.completion import Completion
from harness.records.exchange import Exchange


@dataclass(frozen=True, slots=True)
class Attempt:
    """One request and what became of it."""

    completion: Completion
    exchange: Exchange | None = None
    """What to record; None if this is no answer."""
    retry: bool = False
    """Whether asking again may help."""
    retry_after_s: float | None = None
    """How long the endpoint wants to be left alone."""
    throttled: bool = False
    """Whether the endpoint said that it is asked too often."""
    unreachable: bool = False
    """Whether no connection came about."""
    said: str = ""
    """The endpoint's own words about an error: one line, without secrets."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A completion, the exchange to record (None if it must not be), and how many requests it took."""

    completion: Completion
    exchange: Exchange | None
    requests: int
    said: str = ""
