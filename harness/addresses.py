"""Addresses of endpoints as they may be kept and shown, and the secrets that users put into them."""

import re
from collections.abc import Iterable
from urllib.parse import parse_qsl, quote, unquote, urlsplit, urlunsplit

_HIDDEN = "***"
_RUN = re.compile(r"[A-Za-z0-9]{16,}")
_PROVIDERS_KEY = re.compile(r"(?:sk|gsk|hf|xai|key|token|tok)[-_].{12,}", re.IGNORECASE)
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_TURNS = re.compile(r"(?<=[0-9])(?=[A-Za-z])|(?<=[A-Za-z])(?=[0-9])")
_FEWEST_TURNS = 4
"""From letters to digits or back: `qwen2instruct` has two, 20 random characters seldom fewer than four."""


def shown_address(address: str) -> str:
    """An address without user, password, query, fragment and what looks like a token in its path.

    Empty if it cannot be read. Other parts stay letter by letter; an IPv6 host keeps its brackets.
    """
    try:
        parts = urlsplit(address)
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return ""
    host = parts.hostname or ""
    host = f"[{host}]" if ":" in host else host
    path = "/".join(_HIDDEN if is_token(unquote(segment)) else segment for segment in parts.path.split("/"))
    return urlunsplit((parts.scheme, f"{host}{port}", path, "", ""))


def secrets_in(address: str, *, names: Iterable[str] = ()) -> list[str]:
    """The password, the values of the query, and the segments of the path that look like a token.

    Args:
        names: of models: gateways have them in the path, and every answer repeats them.
    """
    try:
        parts = urlsplit(address)
    except ValueError:
        return []
    password = unquote(parts.password or "")
    # the client sends both together, base64, as basic authentication
    both = f"{unquote(parts.username or '')}:{password}" if password else ""
    known = [name.lower() for name in names]
    segments = [unquote(segment) for segment in parts.path.split("/")]
    tokens = [s for s in segments if is_token(s) and not any(s.lower() in name or name in s.lower() for name in known)]
    return [password, both, *(value for _, value in parse_qsl(parts.query)), *tokens]


def is_token(segment: str) -> bool:
    """Whether a segment of a path looks random, or has the form of a provider's key."""
    if _UUID.fullmatch(segment) or _PROVIDERS_KEY.fullmatch(segment):
        return True
    return any(len(_TURNS.findall(run)) >= _FEWEST_TURNS for run in _RUN.findall(segment))


def in_address(secret: str) -> str:
    """A secret as an address spells it."""
    return quote(secret, safe="", errors="replace")
