"""How a page speaks: a sentence in both languages, of which the style sheet shows one."""

from __future__ import annotations

from markupsafe import Markup, escape

from harness.reporting.vocabulary import WORDS


def say(key: str, /, **values: object) -> Markup:
    """A sentence in both languages; the style sheet shows the one of the page. Values are escaped."""
    return Markup("").join(
        Markup('<span class="t" lang="{}">{}</span>').format(tag, escape(text).format(**values))
        for tag, text in zip(("en", "zh-CN"), WORDS[key], strict=True)
    )


def word(key: str, lang: str, /, **values: object) -> str:
    """A sentence in one language, as plain text; `auto` is English, where there is no browser to ask."""
    english, chinese = WORDS[key]
    return (chinese if lang == "zh" else english).format(**values)


def known(key: str) -> Markup:
    """Like `say`, for a word that comes from a record: one that no page knows is shown as it is."""
    return say(key) if key in WORDS else escape(key)


def both(key: str, prefix: str = "data") -> Markup:
    """A word as attributes, for elements that can hold text alone; the page's script puts it in."""
    english, chinese = WORDS[key]
    return Markup('{0}-en="{1}" {0}-zh="{2}"').format(Markup(prefix), english, chinese)  # noqa: S704


def for_script(*keys: str) -> dict[str, tuple[str, str]]:
    """The words that a script builds rows with."""
    return {key: WORDS[key] for key in keys}
