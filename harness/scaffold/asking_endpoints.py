"""Which models an endpoint says it has: a hint while a project is set up, and never a reason to stop."""

from __future__ import annotations

import json
from dataclasses import dataclass

_SECONDS = 5
_LONGEST = 1_000_000
"""Bytes of the answer that are read."""


@dataclass(frozen=True, slots=True)
class Listing:
    """Names as the endpoint gives them, which is foreign text; or why there are none, without key or body."""

    models: tuple[str, ...] = ()
    problem: str = ""


def models_at(base_url: str | None, key: str | None = None) -> Listing:
    """Ask `GET {base_url}/models` once. The key goes to that host alone: a redirect is not followed."""
    if base_url is None:
        return Listing()
    import http.client
    import urllib.error
    import urllib.request

    class _Stay(urllib.request.HTTPRedirectHandler):
        def redirect_request(self, *_: object) -> None:
            return None

    headers = {"accept": "application/json"} | ({"authorization": f"Bearer {key}"} if key else {})
    request = urllib.request.Request(f"{base_url.rstrip('/')}/models", headers=headers)  # noqa: S310
    try:
        with urllib.request.build_opener(_Stay).open(request, timeout=_SECONDS) as response:
            content = response.read(_LONGEST)
    except urllib.error.HTTPError as error:
        return Listing(problem=_refused(error.code))
    except (OSError, http.client.HTTPException, ValueError):
        return Listing(problem="Nothing answers there now; the set-up goes on.")
    return Listing(_names(content))


def _refused(status: int) -> str:
    if status in (401, 403):
        return "The endpoint wants a key before it lists its models."
    if status == 404:
        return "There is no list of models at this address (404); most addresses end in /v1."
    return ""


def _names(content: bytes) -> tuple[str, ...]:
    try:
        entries = json.loads(content)["data"]
        return tuple(entry["id"] for entry in entries if isinstance(entry["id"], str) and entry["id"])
    except (ValueError, LookupError, TypeError, RecursionError):
        return ()
