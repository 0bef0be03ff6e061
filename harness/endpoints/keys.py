"""Where a key may go: a line of a pull request that changes an address must not carry a key to its author."""

import json
import os
from pathlib import Path
from urllib.parse import urlsplit

from harness.endpoints.access import Access, host_of, is_loopback
from harness.errors import EndpointError

ALLOW = "HARNESS_ALLOW_KEY_HOSTS"
"""Hosts that any key may go to, separated by commas; `http://HOST` for one that is asked without TLS."""

_HOSTS: dict[str, str] = {
    "OPENAI_API_KEY": "openai.com",
    "AZURE_OPENAI_API_KEY": "openai.azure.com cognitiveservices.azure.com services.ai.azure.com openai.azure.cn",
    "ANTHROPIC_API_KEY": "anthropic.com",
    "GEMINI_API_KEY": "googleapis.com",
    "GOOGLE_API_KEY": "googleapis.com",
    "ARK_API_KEY": "volces.com bytepluses.com",
    "DASHSCOPE_API_KEY": "aliyuncs.com",
    "DEEPSEEK_API_KEY": "deepseek.com",
    "SILICONFLOW_API_KEY": "siliconflow.cn siliconflow.com",
    "MOONSHOT_API_KEY": "moonshot.cn moonshot.ai",
    "ZHIPUAI_API_KEY": "bigmodel.cn",
    "ZAI_API_KEY": "z.ai bigmodel.cn",
    "MINIMAX_API_KEY": "minimax.io minimaxi.com minimax.chat",
    "QIANFAN_API_KEY": "baidubce.com",
    "MISTRAL_API_KEY": "mistral.ai",
    "GROQ_API_KEY": "groq.com",
    "OPENROUTER_API_KEY": "openrouter.ai",
    "TOGETHER_API_KEY": "together.xyz together.ai",
    "FIREWORKS_API_KEY": "fireworks.ai",
    "XAI_API_KEY": "x.ai",
    "NVIDIA_API_KEY": "nvidia.com",
    "HF_TOKEN": "huggingface.co",
}
"""Variables of providers, and the domains of each."""


def state_file() -> Path:
    """Which host each other variable has gone to: `key_hosts.json` in `HARNESS_STATE`, or the user's state folder."""
    given = os.environ.get("HARNESS_STATE")
    if given:
        return Path(given) / "key_hosts.json"
    root = os.environ.get("XDG_STATE_HOME") or os.environ.get("LOCALAPPDATA") or Path.home() / ".local" / "state"
    return Path(root) / "pytest-verbatim" / "key_hosts.json"


def belongs(variable: str, access: Access) -> bool:
    """Whether a key may go there without asking: this machine, its provider's own hosts, or an allowed host."""
    host = access.host
    if is_loopback(host) or _is_allowed(access):
        return True
    domains = _HOSTS.get(variable, "").split()
    if variable == "OPENAI_API_KEY" and host_of(os.environ.get("OPENAI_BASE_URL", "")) == host:
        return True  # the two variables are set by the same person
    return any(host == domain or host.endswith(f".{domain}") for domain in domains)


def check(variable: str, access: Access, label: str) -> None:
    """Remember the first host of a variable that no provider has.

    Raises:
        EndpointError: the key does not belong there; it names the command that allows it.
    """
    host = access.host
    if is_loopback(host) or not host:
        return
    if urlsplit(access.address).scheme != "https" and not _is_allowed(access):
        raise EndpointError(
            f"model {label}: the key in ${variable} would go to {access.shown} without encryption; set base_url to "
            f"https://..., or allow it: export {ALLOW}=http://{host}"
        )
    if not access.verify:
        raise EndpointError(
            f"model {label}: verify = false, and the key in ${variable} could go to anybody; set ca_bundle to the file "
            "with the certificate that is to be trusted"
        )
    if belongs(variable, access):
        return
    allow = f"export {ALLOW}={host}"
    if variable in _HOSTS:
        raise EndpointError(
            f"model {label}: the key in ${variable} belongs to {' or '.join(_HOSTS[variable].split())} and would go to "
            f"{host}; name another variable in api_key_env, or allow it: {allow}"
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


def _is_allowed(access: Access) -> bool:
    scheme = urlsplit(access.address).scheme
    for entry in os.environ.get(ALLOW, "").split(","):
        name = entry.strip().lower()
        if scheme != "https":
            if name.startswith("http://") and host_of(name) == access.host:
                return True
        elif name and access.host == (host_of(name) if "://" in name else name):
            return True
    return False
