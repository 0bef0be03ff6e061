"""One line of a cassette: vcrpy's interaction with a few keys of ours."""

import json
import math
import re
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from harness.records.errors import CassetteError
from harness.records.exchange import Exchange
from harness.records.explain import found
from harness.records.reading import UnfitFileError, json_of, loads
from harness.records.request import request_key

LINE_LIMIT = 64_000_000
"""Bytes. A longer line is neither written nor read into memory."""
_REQUEST_HEADERS = ("content-type", "accept")
_RESPONSE_HEADERS = ("content-type", "date")
"""Allow-lists: what is not named here is dropped before anything is kept."""
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?(Z|[+-]\d\d:\d\d)\Z", re.ASCII)
_LONGEST_NAME = 200


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


def from_line(line: bytes) -> Interaction:
    """Read one line.

    Raises:
        CassetteError: what is wrong with it, without its place.
    """
    try:
        value = json_of(line)
    except UnfitFileError as error:
        raise CassetteError(str(error)) from error
    return from_value(value)


def from_value(value: Any) -> Interaction:
    """An interaction from decoded JSON: ours, or a plain one of vcrpy's without our keys.

    A cassette may come from a stranger's pull request: every field is looked at before anybody uses it.
    """
    try:
        request = loads(_text(value["request"]["body"]))
        if not isinstance(request, dict):
            raise CassetteError(f"request.body: found {found(request)}; accepted: a JSON object")
        sample = value.get("sample", 0)
        headers = {name.lower(): _first(values) for name, values in value["response"]["headers"].items()}
        status = value["response"]["status"]["code"]
        body = _text(value["response"]["body"]["string"])
    except RecursionError as error:
        raise CassetteError("request.body: nested too deeply") from error
    except UnfitFileError as error:
        raise CassetteError(f"request.body: {error}") from error
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise CassetteError(f"not an interaction of vcrpy's form: {type(error).__name__}: {error}") from error
    if status != HTTPStatus.OK:
        raise CassetteError(f"status {found(status)}: an error is no answer; accepted: 200")
    if not isinstance(sample, int) or isinstance(sample, bool) or sample < 0:
        raise CassetteError(f"sample: found {found(sample)}; accepted: a whole number from 0")
    try:
        key = request_key(request, sample)
    except RecursionError as error:
        raise CassetteError("request.body: nested too deeply") from error
    if value.get("key", key) != key:
        raise CassetteError("key: does not belong to this request; the line was edited (record it anew)")
    return Interaction(
        key=key,
        sample=sample,
        request=request,
        body=body,
        content_type=headers.get("content-type", ""),
        recorded_at=_moment(value),
        runtime=_name(value, "runtime"),
        model=_name(value, "model"),
        latency_s=_seconds(value, "latency_s"),
        first_token_s=_seconds(value, "first_token_s"),
    )


def _text(value: Any) -> str:
    if isinstance(value, bytes):
        return value.decode("utf-8")
    if not isinstance(value, str):
        raise TypeError(f"found {found(value)} for a body; accepted: text")
    return value


def _first(values: Any) -> str:
    return str(values[0]) if isinstance(values, list) and values else str(values)


def _moment(value: dict[str, Any]) -> str | None:
    moment = value.get("recorded_at")
    if moment is not None and (not isinstance(moment, str) or not _MOMENT.match(moment)):
        raise CassetteError(f"recorded_at: found {found(moment)}; accepted: a time such as 2026-01-31T23:59:59Z")
    return moment


def _name(value: dict[str, Any], field: str) -> str | None:
    name = value.get(field)
    if name is None:
        return None
    if not isinstance(name, str) or len(name) > _LONGEST_NAME or not name.isprintable():
        raise CassetteError(f"{field}: found {found(name)}; accepted: a printable name of at most {_LONGEST_NAME}")
    return name


def _seconds(value: dict[str, Any], field: str) -> float | None:
    seconds = value.get(field)
    if seconds is None:
        return None
    if not isinstance(seconds, int | float) or isinstance(seconds, bool) or not 0 <= seconds < math.inf:
        raise CassetteError(f"{field}: found {found(seconds)}; accepted: seconds, from 0")
    return float(seconds)


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
