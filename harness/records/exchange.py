"""One HTTP exchange, between the endpoint that made it and the cassette that keeps it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Exchange:
    """A finished exchange. Times in seconds; bodies decoded from any compression; `recorded_at` ISO 8601 in UTC."""

    uri: str
    request_headers: tuple[tuple[str, str], ...]
    request_body: bytes
    status: int
    response_headers: tuple[tuple[str, str], ...]
    response_body: bytes
    latency_s: float
    first_token_s: float | None
    recorded_at: str
