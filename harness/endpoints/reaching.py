"""Why no answer came over a connection, each kind in a sentence of its own with its remedy."""

import ssl
from collections.abc import Iterator
from dataclasses import dataclass

from harness.endpoints.access import Access, HttpProxy

_HOST_MISMATCH = (62, 64)
_TOO_OLD, _TOO_NEW = 10, 9
"""Codes of OpenSSL's verification (x509_vfy.h)."""
_NO_TLS = ("WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE", "UNKNOWN_PROTOCOL", "HTTP_REQUEST", "PACKET_LENGTH_TOO_LONG")
_WANTS_CERTIFICATE = ("CERTIFICATE_REQUIRED", "BAD_CERTIFICATE", "HANDSHAKE_FAILURE", "UNKNOWN_CA")


@dataclass(frozen=True, slots=True)
class Obstacle:
    """`reason` is that of an unscored sample; `lasting`: the next request would meet it too."""

    reason: str
    sentence: str
    lasting: bool = False


def obstacle(error: BaseException, access: Access, proxy: HttpProxy | None) -> Obstacle | None:
    """What kept a connection from coming about; None if it had come about and broke later."""
    import socket

    from harness.endpoints.transport import httpx2

    where = access.shown
    chain = tuple(_causes(error))
    via = f" through the proxy {proxy.shown}" if proxy else ""
    for cause in chain:
        if isinstance(cause, httpx2.UnsupportedProtocol | httpx2.InvalidURL):
            return Obstacle(
                "address", f"base_url: {where or 'empty'}; accepted: http://... or https://...", lasting=True
            )
        if isinstance(cause, httpx2.ProxyError):
            return _by_proxy(cause, access, proxy)
        if isinstance(cause, ssl.SSLError) and not isinstance(cause, ssl.SSLWantReadError | ssl.SSLWantWriteError):
            return _by_tls(cause, access, via)
        if isinstance(cause, socket.gaierror):
            if proxy is not None:
                return Obstacle("proxy", f"the name of the proxy {proxy.shown} cannot be resolved")
            return Obstacle(
                "host_unknown",
                f"the host name {access.host!r} cannot be resolved; is base_url right, does this machine have a "
                "network, is a proxy needed (HTTPS_PROXY)?",
            )
    if any(isinstance(cause, httpx2.RemoteProtocolError) and "illegal request line" in str(cause) for cause in chain):
        # h11's words for an answer that begins with a control character, as a TLS alert does
        hint = "; if it speaks TLS, set base_url to https://..." if access.address.startswith("http:") else ""
        return Obstacle("connection", f"{where} does not speak HTTP{hint}", lasting=True)
    if any(isinstance(cause, httpx2.ConnectTimeout) for cause in chain):
        hint = "" if proxy else ", is a proxy needed (HTTPS_PROXY)"
        return Obstacle(
            "connect_timeout",
            f"no connection to {where}{via} came about in time; is base_url right, is a firewall in between{hint}?",
        )
    if any(isinstance(cause, httpx2.ConnectError) for cause in chain):
        if proxy is not None:
            return Obstacle("proxy", f"nothing answers at the proxy {proxy.shown}; correct or unset the variable")
        return Obstacle(
            "connection_refused",
            f"nothing answers at {where}; is the server running, is base_url right? run: harness models check",
        )
    return None


def _by_proxy(error: BaseException, access: Access, proxy: HttpProxy | None) -> Obstacle:
    said = str(error).strip()
    named = proxy.shown if proxy else "of this machine"
    if said.startswith("407"):
        return wants_login(proxy)
    return Obstacle("proxy", f"the proxy {named} opens no way to {access.host} ({said[:80]}); name {access.host} in "
                    "NO_PROXY if it can be reached directly", lasting=said.startswith("403"))  # fmt: skip


def wants_login(proxy: HttpProxy | None) -> Obstacle:
    """Status 407: for TLS the proxy says it to CONNECT, for plain http in the place of an answer."""
    named, variable = (proxy.shown, proxy.variable) if proxy else ("of this machine", "HTTPS_PROXY")
    return Obstacle(
        "proxy",
        f"the proxy {named} wants a user name and a password (407); set {variable}=http://USER:PASSWORD@HOST:PORT",
        lasting=True,
    )


def _by_tls(error: ssl.SSLError, access: Access, via: str) -> Obstacle:
    where = access.shown
    if isinstance(error, ssl.SSLCertVerificationError):
        said = error.verify_message or error.reason or "no reason given"
        if error.verify_code in _HOST_MISMATCH:
            sentence = f"the certificate of {where} is for another host name ({said}); set base_url to the name in it"
        elif error.verify_code in (_TOO_OLD, _TOO_NEW):
            sentence = f"the certificate of {where} is out of date ({said}); renew it, or set this machine's clock"
        else:
            sentence = (
                f"the certificate of {where} is not trusted ({said}); set ca_bundle of the model, or SSL_CERT_FILE, to "
                "the file with your organisation's certificates"
            )
        return Obstacle("tls", sentence, lasting=True)
    reason = (error.reason or str(error)).upper()
    if any(name in reason for name in _NO_TLS):
        return Obstacle("tls", f"{where} does not speak TLS{via}; set base_url to http://...", lasting=True)
    if any(name in reason for name in _WANTS_CERTIFICATE):
        return Obstacle(
            "tls",
            f"{where} refuses the TLS connection ({error.reason}); if it wants to know who asks, set "
            "client_certificate and client_key",
            lasting=True,
        )
    return Obstacle("tls", f"no TLS connection to {where}{via} ({error.reason or error})")


def _causes(error: BaseException) -> Iterator[BaseException]:
    seen: set[int] = set()
    cause: BaseException | None = error
    while cause is not None and id(cause) not in seen:
        seen.add(id(cause))
        yield cause
        if isinstance(cause, BaseExceptionGroup):
            yield from cause.exceptions
        cause = cause.__cause__ or cause.__context__
