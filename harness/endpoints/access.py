"""How an endpoint is reached: its address, what is sent with each request, whom TLS trusts, and which proxy.

And where a key may go: a line of a pull request that changes an address must not carry a key to its author."""

import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlsplit, urlunsplit

from harness.addresses import ALLOW, KEY_HOSTS, host_of, is_allowed, is_loopback, key_belongs, shown_address
from harness.errors import ConfigError, EndpointError, found, set_variable

if TYPE_CHECKING:
    import ssl

    import httpx2


DEFAULT_ADDRESS = "https://api.openai.com/v1"
_OPERATIONS = ("/chat/completions", "/completions", "/responses", "/embeddings", "/models")
"""What users copy from a console or from curl together with the address."""


@dataclass(frozen=True, slots=True)
class Access:
    """How requests reach one endpoint. `headers` and `query` go with every request.

    Args:
        base_url: None means OPENAI_BASE_URL, or else OpenAI.
        api_key_env: the name of the environment variable that holds the key; None for an endpoint without keys.
        api_key_header: the header that carries the key as it is. [default: `Authorization: Bearer KEY`]
        ca_bundle: certificates in PEM that are trusted beside those of the system.
        verify: False accepts any certificate; a key is not sent then.
        client_certificate, client_key: PEM files for servers that want to know who asks.
    """

    base_url: str | None = None
    api_key_env: str | None = None
    api_key_header: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    ca_bundle: Path | None = None
    verify: bool = True
    client_certificate: Path | None = None
    client_key: Path | None = None

    @property
    def address(self) -> str:
        """Where requests go, without the name of an operation and without a query."""
        given = self.base_url or os.environ.get("OPENAI_BASE_URL") or DEFAULT_ADDRESS
        parts = urlsplit(given.strip())
        path = parts.path.rstrip("/")
        for operation in _OPERATIONS:
            if path.endswith(operation):
                path = path.removesuffix(operation)
                break
        return urlunsplit((parts.scheme, parts.netloc, path, "", ""))

    @property
    def parameters(self) -> dict[str, str]:
        """The query of every request: that of the address, overridden by `query`."""
        given = self.base_url or os.environ.get("OPENAI_BASE_URL") or ""
        return {**dict(parse_qsl(urlsplit(given.strip()).query)), **self.query}

    @property
    def host(self) -> str:
        """The host name, in lower case; empty if the address has none."""
        return host_of(self.address)

    @property
    def shown(self) -> str:
        """The address as messages show it: keys are kept in user, password, query and fragment."""
        return shown_address(self.address)


@dataclass(frozen=True, slots=True)
class HttpProxy:
    """A proxy, and the variable that names it."""

    url: str
    variable: str

    @property
    def shown(self) -> str:
        """Address and variable, without user and password."""
        return f"{shown_address(self.url)} (from {self.variable})"


def proxy_for(address: str) -> HttpProxy | None:
    """The proxy of the usual variables, or of the system's settings on macOS and Windows; None for the direct way.

    HTTPS_PROXY, HTTP_PROXY and ALL_PROXY in upper or lower case; NO_PROXY holds hosts, domains with all below them,
    addresses and networks (`10.0.0.0/8`), or `*`. This machine is always reached directly, as Go and browsers do it.

    Raises:
        ConfigError: the variable holds what is not the address of a proxy.
    """
    from urllib.request import getproxies

    proxies = getproxies()
    parts = urlsplit(address)
    host = host_of(address)
    if is_loopback(host) or _is_exempt(host, parts.port, proxies.get("no", "")):
        return None
    kind = parts.scheme if proxies.get(parts.scheme) else "all"
    url = proxies.get(kind, "").strip()
    if not url:
        return None
    name = f"{kind.upper()}_PROXY"
    variable = name if name in os.environ else name.lower() if name.lower() in os.environ else "the system's settings"
    url = url if "://" in url else f"http://{url}"
    if urlsplit(url).scheme not in ("http", "https", "socks5", "socks5h") or not host_of(url):
        raise ConfigError(
            f"{variable}: found {found(shown_address(url))}; accepted: http://HOST:PORT, https://HOST:PORT or "
            "socks5://HOST:PORT"
        )
    return HttpProxy(url, variable)


def _is_exempt(host: str, port: int | None, no_proxy: str) -> bool:
    import ipaddress

    try:
        number = ipaddress.ip_address(host)
    except ValueError:
        number = None
    for entry in (part.strip().lower() for part in no_proxy.split(",")):
        if entry == "*":
            return True
        name, _, wanted_port = entry.rpartition(":") if entry.count(":") == 1 else (entry, "", "")
        if not name or (wanted_port and wanted_port != str(port)):
            continue
        if number is not None:
            try:
                if number in ipaddress.ip_network(name.strip("[]"), strict=False):
                    return True
            except ValueError:
                continue
        domain = name.removeprefix("*").lstrip(".")
        if domain and (host == domain or host.endswith(f".{domain}")):
            return True
    return False


def ssl_context(access: Access) -> "ssl.SSLContext":
    """Trusts the system's store (or SSL_CERT_FILE, SSL_CERT_DIR), and `ca_bundle` beside it.

    Raises:
        ConfigError: a file of certificates is missing or holds none.
    """
    import ssl

    from harness.endpoints.transport import httpx2

    for variable in ("SSL_CERT_FILE", "SSL_CERT_DIR"):
        place = os.environ.get(variable)
        if place and not Path(place).exists():
            raise ConfigError(f"{variable}: no file {found(place)}; set it to certificates in PEM, or unset it")
    try:
        context = httpx2.create_ssl_context(verify=access.verify)
    except (OSError, ssl.SSLError) as error:
        named = next((name for name in ("SSL_CERT_FILE", "SSL_CERT_DIR") if os.environ.get(name)), "the system's store")
        raise ConfigError(f"{named}: holds no certificates that can be read ({_reason(error)})") from error
    if access.ca_bundle is not None:
        _load(context, access.ca_bundle)
    if access.client_certificate is not None:
        _identify(context, access.client_certificate, access.client_key)
    return context


def _load(context: "ssl.SSLContext", bundle: Path) -> None:
    try:
        if bundle.is_dir():
            context.load_verify_locations(capath=bundle)
        else:
            context.load_verify_locations(cafile=bundle)
    except OSError as error:  # ssl.SSLError is one
        raise ConfigError(
            f"ca_bundle: {bundle} cannot be read as certificates ({_reason(error)}); accepted: a PEM file with the "
            "certificates of the authorities to trust"
        ) from error


def _identify(context: "ssl.SSLContext", certificate: Path, key: Path | None) -> None:
    def no_password() -> str:
        # without this, OpenSSL would ask at the terminal, and a workflow would hang
        raise ConfigError(
            f"client_key: {key or certificate} wants a password; accepted: a key without one, readable by you alone"
        )

    try:
        context.load_cert_chain(certificate, key, password=no_password)
    except OSError as error:
        raise ConfigError(
            f"client_certificate: {certificate}{f' with {key}' if key else ''} cannot be used ({_reason(error)}); "
            "accepted: a PEM certificate, and its key in the same file or in client_key"
        ) from error


def _reason(error: OSError) -> str:
    return str(getattr(error, "reason", None) or error.strerror or error)


def transports(access: Access, proxy: HttpProxy | None) -> "Callable[[], httpx2.AsyncBaseTransport]":
    """What makes transports to the endpoint of one connection each, through `proxy` if there is one.

    Raises:
        ConfigError: certificates cannot be read, or a package for the kind of proxy is missing.
    """
    from harness.endpoints.transport import httpx2

    limits = httpx2.Limits(max_connections=1, max_keepalive_connections=1)
    context = ssl_context(access) if _may_speak_tls(access, proxy) else _without_authorities()
    make = partial(httpx2.AsyncHTTPTransport, verify=context, limits=limits, proxy=proxy.url if proxy else None)
    try:
        make()
    except ImportError:
        assert proxy is not None
        raise ConfigError(f"{proxy.shown} is a SOCKS proxy; run: pip install socksio") from None
    except (ValueError, httpx2.InvalidURL):
        assert proxy is not None
        raise ConfigError(f"{proxy.variable}: not the address of a proxy; accepted: http://HOST:PORT") from None
    return make


def _may_speak_tls(access: Access, proxy: HttpProxy | None) -> bool:
    """Whether certificates are needed, or the user has named some, which are looked at whatever the address."""
    named = (access.ca_bundle, access.client_certificate, *map(os.environ.get, ("SSL_CERT_FILE", "SSL_CERT_DIR")))
    return any(named) or proxy is not None or urlsplit(access.address).scheme != "http"


def _without_authorities() -> "ssl.SSLContext":
    """It trusts nobody, and is never used: the system's store takes 50 ms to be read."""
    import ssl

    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


def state_file() -> Path:
    """Which host each other variable has gone to: `key_hosts.json` in `HARNESS_STATE`, or the user's state folder."""
    given = os.environ.get("HARNESS_STATE")
    if given:
        return Path(given) / "key_hosts.json"
    root = os.environ.get("XDG_STATE_HOME") or os.environ.get("LOCALAPPDATA") or Path.home() / ".local" / "state"
    return Path(root) / "pytest-verbatim" / "key_hosts.json"


def check_key(variable: str, access: Access, label: str) -> None:
    """Remember the first host of a variable that no provider has.

    Raises:
        EndpointError: the key does not belong there; it names the command that allows it.
    """
    host = access.host
    if is_loopback(host) or not host:
        return
    if urlsplit(access.address).scheme != "https" and not is_allowed(access.address):
        raise EndpointError(
            f"model {label}: the key in ${variable} would go to {access.shown} without encryption; set base_url to "
            f"https://..., or allow it: {set_variable(ALLOW, f'http://{host}')}"
        )
    if not access.verify:
        raise EndpointError(
            f"model {label}: verify = false, and the key in ${variable} could go to anybody; set ca_bundle to the file "
            "with the certificate that is to be trusted"
        )
    if key_belongs(variable, access.address):
        return
    allow = set_variable(ALLOW, host)
    if variable in KEY_HOSTS:
        owner = " or ".join(KEY_HOSTS[variable].split())
        raise EndpointError(
            f"model {label}: the key in ${variable} belongs to {owner} and would go to {host}; name "
            f"another variable in api_key_env, or allow it: {allow}"
        )
    if os.environ.get("CI"):
        raise EndpointError(
            f"model {label}: the key in ${variable} would go to {host}, which {ALLOW} does not name; in a workflow set "
            f"{ALLOW}: {host}"
        )
    known = _remembered()
    if host not in known.get(variable, ()):
        if known.get(variable):
            raise EndpointError(
                f"model {label}: the key in ${variable} went to {' and '.join(known[variable])} before and would go to "
                f"{host} now; if that is right, run: harness models check {label} --allow-key-host {host}"
            )
        remember(variable, host)


def remember(variable: str, host: str) -> None:
    """Let a variable's key go to a host from now on. A folder that cannot be written remembers nothing."""
    from harness.files import whole

    known = _remembered()
    known[variable] = sorted({*known.get(variable, ()), host})
    path = state_file()
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with whole(path) as file:
            file.write(json.dumps(known, indent=1).encode())
    except OSError:
        return


def _remembered() -> dict[str, list[str]]:
    try:
        value = json.loads(state_file().read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    if not isinstance(value, dict):
        return {}
    return {
        str(name): [host for host in hosts if isinstance(host, str)]
        for name, hosts in value.items()
        if isinstance(hosts, list)
    }
