"""Addresses of endpoints as they may be kept and shown, and the secrets that users put into them."""

import os
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


def host_of(address: str) -> str:
    """The host name of an address, in lower case; empty if it has none."""
    try:
        return (urlsplit(address).hostname or "").rstrip(".")
    except ValueError:
        return ""


def is_loopback(host: str) -> bool:
    """Whether a host name can only mean this machine."""
    import ipaddress

    if host in _LOOPBACK or host.endswith(".localhost"):
        return True
    try:
        number = ipaddress.ip_address(host)
    except ValueError:
        return False
    return (getattr(number, "ipv4_mapped", None) or number).is_loopback


_LOOPBACK = ("localhost", "::1")
ALLOW = "HARNESS_ALLOW_KEY_HOSTS"
"""Hosts that any key may go to, separated by commas; `http://HOST` for one that is asked without TLS."""

KEY_HOSTS: dict[str, str] = {
    "OPENAI_API_KEY": "api.openai.com *.api.openai.com",
    "AZURE_OPENAI_API_KEY": (
        "*.openai.azure.com *.cognitiveservices.azure.com *.services.ai.azure.com *.openai.azure.cn"
    ),
    "ANTHROPIC_API_KEY": "api.anthropic.com",
    "GEMINI_API_KEY": "generativelanguage.googleapis.com",
    "GOOGLE_API_KEY": "generativelanguage.googleapis.com aiplatform.googleapis.com *-aiplatform.googleapis.com",
    "ARK_API_KEY": "ark.*.volces.com ark.*.bytepluses.com",
    "VOLCENGINE_SECRET_KEY": "ark.*.volcengineapi.com ark.*.byteplusapi.com *.tos-*.volces.com *.tos-*.bytepluses.com",
    "DASHSCOPE_API_KEY": (
        "dashscope.aliyuncs.com dashscope-*.aliyuncs.com *.dashscope.aliyuncs.com *.*.maas.aliyuncs.com"
    ),
    "DEEPSEEK_API_KEY": "api.deepseek.com",
    "SILICONFLOW_API_KEY": "api.siliconflow.cn api-st.siliconflow.cn api.siliconflow.com",
    "MOONSHOT_API_KEY": "api.moonshot.cn api.moonshot.ai",
    "ZHIPUAI_API_KEY": "open.bigmodel.cn",
    "ZAI_API_KEY": "api.z.ai open.bigmodel.cn",
    "MINIMAX_API_KEY": "api.minimax.io api.minimaxi.com api.minimax.chat",
    "QIANFAN_API_KEY": "qianfan.baidubce.com aip.baidubce.com",
    "MISTRAL_API_KEY": "api.mistral.ai codestral.mistral.ai",
    "GROQ_API_KEY": "api.groq.com",
    "OPENROUTER_API_KEY": "openrouter.ai eu.openrouter.ai",
    "TOGETHER_API_KEY": "api.together.xyz api.together.ai",
    "FIREWORKS_API_KEY": "api.fireworks.ai",
    "XAI_API_KEY": "api.x.ai *.api.x.ai",
    "NVIDIA_API_KEY": "integrate.api.nvidia.com ai.api.nvidia.com",
    "HF_TOKEN": "huggingface.co router.huggingface.co api-inference.huggingface.co",
    "COHERE_API_KEY": "api.cohere.com api.cohere.ai",
    "PERPLEXITY_API_KEY": "api.perplexity.ai",
    "CEREBRAS_API_KEY": "api.cerebras.ai",
    "REPLICATE_API_TOKEN": "api.replicate.com",
    # what many machines hold for other work: no endpoint that a pull request names is to get it
    **dict.fromkeys(("GITHUB_TOKEN", "GH_TOKEN"), "models.github.ai models.inference.ai.azure.com"),
    **dict.fromkeys(
        ("AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_BEARER_TOKEN_BEDROCK"), "bedrock-runtime.*.amazonaws.com"
    ),
}
"""Variables of providers, and the hosts of each; `*` stands for letters, digits and `-` of one part of the name.

Hosts of their model API and no whole domain: under `aliyuncs.com`, `baidubce.com`, `nvidia.com` and others functions
and pages of their customers answer, and one of these would read the key.
"""


def is_providers_host(host: str, variable: str) -> bool:
    """Whether the provider whose key the variable holds answers at that host."""
    patterns = (re.escape(one).replace(r"\*", "[a-z0-9-]+") for one in KEY_HOSTS.get(variable, "").split())
    return any(re.fullmatch(one, host) for one in patterns)


def key_belongs(variable: str, address: str) -> bool:
    """Whether a key may go there without asking: this machine, its provider's own hosts, or an allowed host."""
    host = host_of(address)
    if is_loopback(host) or is_allowed(address):
        return True
    if variable == "OPENAI_API_KEY" and host_of(os.environ.get("OPENAI_BASE_URL", "")) == host:
        return True  # the two variables are set by the same person
    return is_providers_host(host, variable)


def is_allowed(address: str) -> bool:
    """Whether HARNESS_ALLOW_KEY_HOSTS names the host of an address."""
    scheme = urlsplit(address).scheme
    for entry in os.environ.get(ALLOW, "").split(","):
        name = entry.strip().lower()
        if scheme != "https":
            if name.startswith("http://") and host_of(name) == host_of(address):
                return True
        elif name and host_of(address) == (host_of(name) if "://" in name else name):
            return True
    return False
