"""One line of a cassette: vcrpy's interaction with a few keys of ours."""

import json
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from harness.records.errors import CassetteError
from harness.records.exchange import Exchange
from harness.records.explain import found
from harness.records.request import request_key

_REQUEST_HEADERS = ("content-type", "accept")
_RESPONSE_HEADERS = ("content-type", "date")
"""Allow-lists: what is not named here is dropped before anything is kept."""


@dataclass(frozen=True, slots=True)
class Interaction:
    """A recorded answer. `body` is the response body as text; `request` the decoded JSON body of the request."""

    key: str
    sample: int
    request: dict[str, Any]
    body: str
    content_type: str
    recorded_at: str | None = None
    runtime: str | None = None
    model: str | None = None
    latency_s: float | None = None
    first_token_s: float | None = None


def to_line(exchange: Exchange, *, sample: int, model: str | None, runtime: str | None) -> str:
    """The cassette line of an exchange, without its line end."""
    request = json.loads(exchange.request_body)
    line = {
        "key": request_key(request, sample),
        "sample": sample,
        "recorded_at": exchange.recorded_at,
        "runtime": runtime,
        "model": model,
        "latency_s": round(exchange.latency_s, 4),
        "first_token_s": None if exchange.first_token_s is None else round(exchange.first_token_s, 4),
        "request": {
            "method": "POST",
            "uri": _bare(exchange.uri),
            "body": exchange.request_body.decode("utf-8"),
            "headers": _allowed(exchange.request_headers, _REQUEST_HEADERS),
        },
        "response": {
            "status": {"code": exchange.status, "message": HTTPStatus(exchange.status).phrase},
            "headers": _allowed(exchange.response_headers, _RESPONSE_HEADERS),
            "body": {"string": exchange.response_body.decode("utf-8")},
        },
    }
    return json.dumps(line, ensure_ascii=False, separators=(",", ":"))


def from_line(line: bytes | str) -> Interaction:
    """Read one line.

    Raises:
        CassetteError: what is wrong with it, without its place.
    """
    try:
        value = json.loads(line)
    except RecursionError as error:
        raise CassetteError("nested too deeply") from error
    except ValueError as error:
        raise CassetteError(f"not JSON: {error}") from error
    return from_value(value)


def from_value(value: Any) -> Interaction:
    """An interaction from decoded JSON: ours, or a plain one of vcrpy's without our keys."""
    try:
        request = json.loads(_text(value["request"]["body"]))
        if not isinstance(request, dict):
            raise CassetteError(f"request.body: found {found(request)}; accepted: a JSON object")
        sample = value.get("sample", 0)
        headers = {name.lower(): _first(values) for name, values in value["response"]["headers"].items()}
        status = value["response"]["status"]["code"]
        body = _text(value["response"]["body"]["string"])
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise CassetteError(f"not an interaction of vcrpy's form: {type(error).__name__}: {error}") from error
    if status != HTTPStatus.OK:
        raise CassetteError(f"status {status}: an error is no answer; accepted: 200")
    if not isinstance(sample, int) or isinstance(sample, bool) or sample < 0:
        raise CassetteError(f"sample: found {found(sample)}; accepted: a whole number from 0")
    key = request_key(request, sample)
    if value.get("key", key) != key:
        raise CassetteError("key: does not belong to this request; the line was edited (record it anew)")
    return Interaction(
        key=key,
        sample=sample,
        request=request,
        body=body,
        content_type=headers.get("content-type", ""),
        recorded_at=_optional(value, "recorded_at", str),
        runtime=_optional(value, "runtime", str),
        model=_optional(value, "model", str),
        latency_s=_optional(value, "latency_s", float),
        first_token_s=_optional(value, "first_token_s", float),
    )


def _text(value: Any) -> str:
    return value.decode("utf-8") if isinstance(value, bytes) else str(value)


def _first(values: Any) -> str:
    return str(values[0]) if isinstance(values, list) and values else str(values)


def _optional(value: dict[str, Any], name: str, kind: type[Any]) -> Any:
    content = value.get(name)
    if content is None:
        return None
    if kind is float and isinstance(content, int | float) and not isinstance(content, bool):
        return float(content)
    if isinstance(content, kind):
        return content
    raise CassetteError(f"{name}: found {found(content)}; accepted: {kind.__name__}")


def _allowed(headers: tuple[tuple[str, str], ...], names: tuple[str, ...]) -> dict[str, list[str]]:
    kept: dict[str, list[str]] = {}
    for name, value in headers:
        if name.lower() in names:
            kept.setdefault(name.lower(), []).append(value)
    return kept


def _bare(uri: str) -> str:
    """The address without user, password, query and fragment: keys are kept in all four."""
    parts = urlsplit(uri)
    host = parts.hostname or ""
    if ":" in host:
        host = f"[{host}]"
    return urlunsplit((parts.scheme, f"{host}:{parts.port}" if parts.port else host, parts.path, "", ""))
