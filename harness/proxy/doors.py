"""Who may come in and what goes through: hosts, addresses and headers of a proxy on the loopback."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from harness.errors import ConfigError, found

Headers = list[tuple[bytes, bytes]]

_LOOPBACK = ("127.0.0.1", "::1", "localhost")
_OF_ONE_HOP = frozenset(
    b"connection keep-alive proxy-authenticate proxy-authorization proxy-connection te trailer transfer-encoding "
    b"upgrade".split()
)
"""RFC 9110, section 7.6.1."""
_NOT_TO_UPSTREAM = _OF_ONE_HOP | frozenset(b"host cookie origin referer expect".split())
"""Cookies of a browser belong to all servers of this machine, and to none outside it."""
_NOT_TO_CLIENT = _OF_ONE_HOP | frozenset(
    b"set-cookie alt-svc strict-transport-security clear-site-data server date access-control-allow-origin "
    b"access-control-allow-credentials access-control-allow-headers access-control-allow-methods "
    b"access-control-expose-headers access-control-max-age".split()
)
"""A stranger's server sets nothing for `localhost`, which all servers of this machine share, and does not say which
pages may read what comes from here."""


def listening_address(host: str, names: Iterable[str]) -> str:
    """The address to listen at.

    Args:
        names: what `--allow-host` named.

    Raises:
        ConfigError: it is not one of this machine alone, and nobody said under which name others may come.
    """
    if host in ("localhost", ""):
        return "127.0.0.1"
    try:
        address = ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        raise ConfigError(f"--host: found {found(host)}; accepted: an IP address such as 127.0.0.1 or ::1") from None
    if not address.is_loopback and not list(names):
        raise ConfigError(
            f"--host {host}: others could reach the proxy there, and send the upstream what they like; accepted: "
            "127.0.0.1 or ::1, or another address together with --allow-host NAME for each name under which clients "
            "call it"
        )
    return str(address)


def allowed_hosts(address: str, names: Iterable[str]) -> frozenset[str]:
    """Names in lower case that a request's `Host` may have. A page that rebinds its own name to this machine has none
    of them."""
    return frozenset([*_LOOPBACK, address, *(name.lower().strip("[]") for name in names)])


def is_allowed(headers: Headers, hosts: frozenset[str]) -> bool:
    """Whether a request calls this proxy by one of its names, and does not come from a page of another host."""
    if (b"sec-fetch-site", b"cross-site") in headers:
        return False  # a page asks without an Origin for what it only embeds
    named = [value for name, value in headers if name == b"host"]
    pages = [value for name, value in headers if name == b"origin"]
    if len(named) != 1:
        return False
    return _host(f"//{named[0].decode('latin-1')}") in hosts and all(
        _host(page.decode("latin-1")) in hosts for page in pages
    )


def for_pages(headers: Headers, hosts: frozenset[str]) -> Headers:
    """What lets a page of this machine read the answer to a request that is allowed; nothing for other clients.

    The upstream has not seen the page's origin, and cannot know what to answer it (CORS).
    """
    pages = [value for name, value in headers if name == b"origin"]
    if not pages or not is_allowed(headers, hosts):
        return []
    named = [value for name, value in headers if name == b"access-control-request-headers"]
    return [
        (b"access-control-allow-origin", pages[0]),
        (b"access-control-expose-headers", b"x-harness-proxy, x-harness-mended, x-harness-damaged, x-request-id"),
        (b"vary", b"origin"),
        *((b"access-control-allow-headers", value) for value in named[:1]),
    ]


def is_preflight(method: str, headers: Headers) -> bool:
    """Whether a browser asks if a page may send a request."""
    names = {name for name, _ in headers}
    return method == "OPTIONS" and {b"origin", b"access-control-request-method"} <= names


def _host(address: str) -> str:
    try:
        return (urlsplit(address).hostname or "").lower()
    except ValueError:
        return ""


class Upstream:
    """Where requests go.

    Raises:
        ConfigError: no request can go there, or a secret is in the address.
    """

    def __init__(self, address: str) -> None:
        try:
            parts = urlsplit(address)
            host, self.port = parts.hostname, parts.port
        except ValueError:
            host = None
        if host is None or parts.scheme not in ("http", "https") or not address.isprintable() or " " in address:
            raise ConfigError("--upstream: no address of an endpoint; accepted: https://HOST/v1 or http://HOST:PORT/v1")
        if parts.username or parts.password:
            raise ConfigError("--upstream: a user name or password is in the address; clients send their own key")
        self.host = host
        path = parts.path.rstrip("/").removesuffix("/chat/completions")
        self.base = urlunsplit((parts.scheme, parts.netloc, path, "", ""))
        self._query = parse_qsl(parts.query, keep_blank_values=True)

    def url(self, raw_path: str, query: str) -> str | None:
        """The address of a request: `/v1/...` here is `.../...` there. None for a path that leads elsewhere."""
        if not raw_path.startswith("/") or any(
            part in ("..", ".") for part in raw_path.lower().replace("%2e", ".").split("/")
        ):
            return None
        rest = raw_path.removeprefix("/v1") if raw_path.startswith("/v1/") else raw_path
        given = [] if not self._query else [pair for pair in self._query if f"{pair[0]}=" not in f"&{query}"]
        joined = "&".join(part for part in (query, urlencode(given)) if part)
        return f"{self.base}{rest}" + (f"?{joined}" if joined else "")


def to_upstream(headers: Headers, *, identity: bool) -> Headers:
    """The client's headers, its key included, without those that are for us alone.

    Args:
        identity: ask for an answer that is not compressed.
    """
    named = _named_in_connection(headers)
    kept = [
        (name, value)
        for name, value in headers
        if name not in _NOT_TO_UPSTREAM and name not in named and not name.startswith(b"x-harness-")
    ]
    if identity or not any(name == b"accept-encoding" for name, _ in kept):
        kept = [(name, value) for name, value in kept if name != b"accept-encoding"]
        kept.append((b"accept-encoding", b"identity"))
    return kept


def to_client(headers: Headers, *, decoded: bool) -> Headers:
    """The upstream's headers in lower case; `decoded`: the body is no longer compressed."""
    lowered = [(name.lower(), value) for name, value in headers]
    named = _named_in_connection(lowered)
    return [
        (name, value)
        for name, value in lowered
        if name not in _NOT_TO_CLIENT
        and name not in named
        and not name.startswith(b"x-harness-")
        and not (decoded and name in (b"content-encoding", b"content-length"))
    ]


def _named_in_connection(headers: Headers) -> set[bytes]:
    return {word.strip().lower() for name, value in headers if name == b"connection" for word in value.split(b",")}
