"""Where a key may go: a line of a pull request that changes an address must not carry a key to its author."""

import json
import os
from pathlib import Path
from urllib.parse import urlsplit

from harness.addresses import ALLOW, KEY_HOSTS, is_allowed, is_loopback, key_belongs
from harness.endpoints.access import Access
from harness.errors import EndpointError


def state_file() -> Path:
    """Which host each other variable has gone to: `key_hosts.json` in `HARNESS_STATE`, or the user's state folder."""
    given = os.environ.get("HARNESS_STATE")
    if given:
        return Path(given) / "key_hosts.json"
    root = os.environ.get("XDG_STATE_HOME") or os.environ.get("LOCALAPPDATA") or Path.home() / ".local" / "state"
    return Path(root) / "pytest-verbatim" / "key_hosts.json"


def check(variable: str, access: Access, label: str) -> None:
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
            f"https://..., or allow it: export {ALLOW}=http://{host}"
        )
    if not access.verify:
        raise EndpointError(
            f"model {label}: verify = false, and the key in ${variable} could go to anybody; set ca_bundle to the file "
            "with the certificate that is to be trusted"
        )
    if key_belongs(variable, access.address):
        return
    allow = f"export {ALLOW}={host}"
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
