"""How fast a model version answered: every request that was timed, so that any quantile can be worked out later."""

from pydantic import Field

from harness.records.record import Record


class PromptLatency(Record):
    """The timed requests of one prompt, in the order in which they were sent. Times are seconds from the request.

    `total_s` is None where no answer came, and `failures` counts why. `first_token_s` is None where an answer did not
    come as a stream, `completion_tokens` where the endpoint did not count.
    """

    prompt: str
    digest: str
    """SHA-256 of the prompt and its token limit: two measurements compare only if it is equal."""
    first_token_s: tuple[float | None, ...]
    total_s: tuple[float | None, ...]
    completion_tokens: tuple[int | None, ...]
    failures: dict[str, int] = Field(default_factory=dict)
    resent: int = 0
    """Requests that went out again, timed anew: the endpoint wanted patience (429), or had closed the connection."""


class Latency(Record):
    """One measurement: one request at a time, each over the network, after `warm_up` requests that do not count."""

    warm_up: int
    max_tokens: int
    client: str
    """The machine that asked: its system, and for a model on this machine the cores and threads that it had."""
    resolved_model: str | None = None
    runtime: str | None = None
    prompts: tuple[PromptLatency, ...]
