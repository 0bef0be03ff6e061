"""The words of terminal, pages and alarms, English and Chinese, read from words.toml on first use."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from contextvars import ContextVar
from functools import cache
from importlib import resources

from markupsafe import Markup, escape

LANGUAGES = {"en": "en", "zh": "zh-CN"}
"""Each language of words.toml with its tag in HTML."""

_SPOKEN: ContextVar[str] = ContextVar("language of the terminal", default="en")


def language_of(environ: Mapping[str, str] = os.environ) -> str:
    """The language of a terminal: HARNESS_LANG, or else the locale (LC_ALL, LC_MESSAGES, LANG), or else English.

    A value of HARNESS_LANG that is not a language of ours counts as unset, so that a typing error hides no output.
    """
    given = (environ.get("HARNESS_LANG") or "").strip().lower()
    if given[:2] in LANGUAGES:
        return given[:2]
    # the first that is set decides, as for every program of a POSIX system
    locale = next((found for name in ("LC_ALL", "LC_MESSAGES", "LANG") if (found := environ.get(name))), "")
    return "zh" if locale.lower().startswith("zh") else "en"


def speak(lang: str) -> None:
    """Set the language of all phrases for the terminal that this context writes from now on."""
    _SPOKEN.set(lang if lang in LANGUAGES else "en")


def spoken() -> str:
    """The language of the terminal; English until `speak` says otherwise."""
    return _SPOKEN.get()


def phrase(key: str, /, **values: object) -> str:
    """A sentence for the terminal in its language, as plain text."""
    return word(key, spoken(), **values)


@cache
def words() -> dict[str, dict[str, str]]:
    """Every key with its sentence by language."""
    return tomllib.loads(resources.files(__package__).joinpath("words.toml").read_text("utf-8"))


def say(key: str, /, **values: object) -> Markup:
    """A sentence in both languages; the style sheet shows the one of the page. Values are escaped."""
    return Markup("").join(
        Markup('<span class="t" lang="{}">{}</span>').format(tag, escape(words()[key][lang]).format(**values))
        for lang, tag in LANGUAGES.items()
    )


def word(key: str, lang: str, /, **values: object) -> str:
    """A sentence in one language, as plain text; `auto` is English, where there is no browser to ask."""
    return words()[key]["zh" if lang == "zh" else "en"].format(**values)


def known(key: str) -> Markup:
    """Like `say`, for a word that comes from a record: one that no page knows is shown as it is."""
    return say(key) if key in words() else escape(key)


def both(key: str, prefix: str = "data") -> Markup:
    """A word as attributes, for elements that can hold text alone; the page's script puts it in."""
    return Markup('{0}-en="{1}" {0}-zh="{2}"').format(Markup(prefix), words()[key]["en"], words()[key]["zh"])  # noqa: S704


def for_script(*keys: str) -> dict[str, tuple[str, str]]:
    """The words that a script builds rows with, English first."""
    return {key: (words()[key]["en"], words()[key]["zh"]) for key in keys}
