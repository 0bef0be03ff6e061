"""What every page shares: templates that escape all they get, and a policy that lets nothing in or out."""

from __future__ import annotations

import hashlib
import json
import re
from base64 import b64encode
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from harness.reporting import figures
from harness.reporting.marks import plain
from harness.reporting.words import both, known, say

if TYPE_CHECKING:
    from jinja2 import Environment

_PACKAGE = "harness.reporting"
_SURROGATES = re.compile("[\ud800-\udfff]")
_JSON_ESCAPES = {c: f"\\u{ord(c):04x}" for c in "<>&'\u2028\u2029"}


@cache
def environment() -> Environment:
    """Jinja with autoescape always on and undefined names refused."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    jinja = Environment(
        loader=PackageLoader(_PACKAGE),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    jinja.globals.update(say=say, known=known, both=both, figures=figures, visible=_visible)
    jinja.filters.update(plain=_plain, percent=figures.percent, moment=figures.moment, number=figures.number)
    return jinja


def render(template: str, *, styles: tuple[str, ...], scripts: tuple[str, ...] = (), **values: Any) -> str:
    """Fill a template. Style sheets and scripts are put into the page and named in its policy by hash."""
    style = "".join(asset(name) for name in styles)
    script = "".join(asset(name) for name in scripts)
    page = (
        environment()
        .get_template(template)
        .render(
            style=Markup(style),  # noqa: S704 - package data, never a run's content
            script=Markup(script),  # noqa: S704
            policy=content_policy(style, script),
            **values,
        )
    )
    return page.encode("utf-8", "replace").decode("utf-8")


@cache
def asset(name: str) -> str:
    """A style sheet or script of the package."""
    return resources.files(_PACKAGE).joinpath("static", name).read_text("utf-8")


@cache
def templates_digest() -> str:
    """Changes whenever the look of a page does."""
    found = hashlib.sha256()
    package = resources.files(_PACKAGE)
    for folder in (package, package.joinpath("templates"), package.joinpath("static")):
        for file in sorted(folder.iterdir(), key=lambda one: one.name):
            if file.is_file():
                found.update(file.read_bytes())
    return found.hexdigest()[:16]


def content_policy(style: str, script: str) -> str:
    """Nothing may be fetched, sent, framed or run but the very style and script that the page carries."""
    rules = ["default-src 'none'", f"style-src '{_hash(style)}'", "base-uri 'none'", "form-action 'none'"]
    if script:
        rules.insert(1, f"script-src '{_hash(script)}'")
    return "; ".join(rules)


def data_block(value: Any) -> Markup:
    """JSON that is safe inside a script element: no `<`, no line separators, no lone surrogates."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    for character, escape in _JSON_ESCAPES.items():
        text = text.replace(character, escape)  # six searches are many times faster than one `translate`
    safe = _SURROGATES.sub(lambda found: f"\\u{ord(found[0]):04x}", text)
    return Markup(safe)  # noqa: S704 - escaped on the lines above


def _hash(content: str) -> str:
    return f"sha256-{b64encode(hashlib.sha256(content.encode()).digest()).decode()}"


def _visible(text: str) -> str:
    return plain(text, blanks=True)


def _plain(value: object) -> str:
    return plain(str(value))
