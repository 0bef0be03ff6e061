"""The words of terminal, pages and alarms, English and Chinese, read from words.toml on first use."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from contextvars import ContextVar
from functools import cache, lru_cache
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from markupsafe import Markup

# markupsafe is imported where a page is made: a terminal, and every pytest of an environment, needs none of it

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
    import tomllib

    return tomllib.loads(_content("words.toml"))


@cache
def _lines() -> dict[str, str]:
    """Every key with its line of words.toml: a run needs thirty of them, and to decode all takes 10 ms."""
    entries = [line for line in _content("words.toml").split("\n") if line and not line.startswith("#")]
    return {entry.partition(" = ")[0].strip('"'): entry for entry in entries}


@cache
def texts_of(key: str) -> dict[str, str]:
    """The sentence of a key by language."""
    import tomllib

    found: dict[str, str] = tomllib.loads(_lines()[key])[key]
    return found


_PAIR = re.compile(r'"([^"\\]*)" = "([^"\\]*)"')


def _pairs(name: str) -> dict[str, str]:
    """A file of lines `"one text" = "another"`: tomllib, which takes ten times as long, reads those with escapes."""
    import tomllib

    found: dict[str, str] = {}
    for line in _content(name).split("\n"):
        plain = _PAIR.fullmatch(line)
        found |= {plain[1]: plain[2]} if plain else tomllib.loads(line)
    return found


def _content(name: str) -> str:
    from importlib import resources

    return resources.files(__package__).joinpath(name).read_text("utf-8")


def say(key: str, /, **values: object) -> Markup:
    """A sentence in both languages; the style sheet shows the one of the page. Values are escaped."""
    return _said(key, **values) if values else _bare(key)


def _said(key: str, /, **values: object) -> Markup:
    from markupsafe import Markup, escape

    return Markup("").join(
        Markup('<span class="t" lang="{}">{}</span>').format(tag, escape(words()[key][lang]).format(**values))
        for lang, tag in LANGUAGES.items()
    )


_bare = cache(_said)
"""A page has 170 of them, and a history thousands of pages."""


def word(key: str, lang: str, /, **values: object) -> str:
    """A sentence in one language, as plain text; `auto` is English, where there is no browser to ask."""
    return texts_of(key)["zh" if lang == "zh" else "en"].format(**values)


def known(key: str) -> Markup:
    """Like `say`, for a word that comes from a record: one that no page knows is shown as it is."""
    from markupsafe import escape

    return say(key) if key in words() else escape(key)


def told(key: str, facts: str) -> dict[str, str]:
    """A picture's text alternative, by language: what it shows, and then figures and names, which need no language."""
    return {lang: f"{words()[key][lang]}: {facts}" for lang in LANGUAGES}


@cache
def both(key: str, prefix: str = "data") -> Markup:
    """A word as attributes, for elements that can hold text alone; the page's script puts it in."""
    from markupsafe import Markup

    return Markup('{0}-en="{1}" {0}-zh="{2}"').format(Markup(prefix), words()[key]["en"], words()[key]["zh"])  # noqa: S704


def for_script(*keys: str) -> dict[str, tuple[str, str]]:
    """The words that a script builds rows with, English first."""
    return {key: (words()[key]["en"], words()[key]["zh"]) for key in keys}


@cache
def help_texts() -> dict[str, str]:
    """Paragraphs of the commands' help, in English and in Chinese."""
    return _pairs("help.toml")


def help_text(paragraph: str) -> str:
    """A paragraph of help in the language of the terminal; one that is not known stays English."""
    return paragraph if spoken() == "en" else help_texts().get(paragraph) or translated(paragraph)


class Name(str):
    """What a user named: it is shown as it is, whatever word of ours it is too."""

    __slots__ = ()


class _Sentence(NamedTuple):
    literals: tuple[str, ...]
    fields: tuple[str, ...]
    chinese: str


_FIELD = re.compile(r"\{(\w+)\}")
_DEEPEST = 6
_VALUE = "value_of_a_slice"
"""In `domain={value_of_a_slice}`, a name that may be several words."""
_NAMES = {
    _VALUE,
    "where",
    "place",
    "path",
    "name",
    "near",
    "label",
    "base",
    "folder",
    "run",
    "key",
    "option",
    "command",
    "found",
}
"""What a user named stays as it is: a folder `missing` is not a missing one."""


_ITEM = r"[\w@./:+*<>='\"|-]+(?: \d+)?"
_LIST = re.compile(rf"{_ITEM}(?:, {_ITEM})+(?:,? or {_ITEM})?")
"""Names within a sentence, which Chinese divides by its own comma; a list alone is a value, and stays as it is."""
_OR = re.compile(",? or ")
_BEFORE_A_NUMBER = re.compile(r" (?=\d)")
"""In `domain={value_of_a_slice} {n} of {m}`: a name may have blanks of its own."""
_NUMBERS = {"n", "k", "m"}
"""In `{n} cassettes, {problems}`: a list of names such as `suites, cassettes, models` is not that sentence."""


@cache
def _sentences() -> list[_Sentence]:
    """sentences.toml, those with most words of their own first: they say most exactly what they match."""
    found = []
    for english, chinese in _pairs("sentences.toml").items():
        parts = _FIELD.split(english)
        found.append(_Sentence(tuple(parts[::2]), tuple(parts[1::2]), chinese))
    return sorted(found, key=lambda one: -sum(map(len, one.literals)))


def translated(sentence: str, lang: str | None = None) -> str:
    """A sentence of a verdict, a reason or an error in the language of the terminal, or in `lang`.

    Sentences are made in English, by the rules that they belong to, with names and figures in them. What
    sentences.toml does not know stays as it is: a figure, a name, a command, a word of a server.
    """
    if isinstance(sentence, Name) or (lang or spoken()) != "zh":
        return sentence
    # several errors, one a line; what is behind a colon belongs to its sentence
    return "\n".join(_chinese(one, 0) for one in re.split(r"(?<!:)\n", sentence))


@lru_cache(maxsize=4096)
def _chinese(sentence: str, depth: int) -> str:
    """Kept, since a part is looked up to see whether a form fits, and again when it is filled in: twice as many at each
    `and` of a long list.
    """
    if depth > _DEEPEST:
        return sentence
    if depth and _LIST.fullmatch(sentence):
        return _OR.sub(" 或 ", sentence).replace(", ", "、")
    for known_one in _sentences():
        values = _values(known_one, sentence)
        if values is not None and _fits(known_one, values, depth):
            said = {
                name: value if name == _VALUE or (name in _NAMES and " " not in value) else _chinese(value, depth + 1)
                for name, value in values.items()
            }
            return _FIELD.sub(lambda found: said[found[1]], known_one.chinese)  # noqa: B023
    return sentence


def _fits(form: _Sentence, values: Mapping[str, str], depth: int) -> bool:
    """`{one} and {two}` joins names alone: in a sentence that is not known, `and` would be its only Chinese word."""
    if any(not _is_number(value) for name, value in values.items() if name in _NUMBERS):
        return False
    if not all(values.get(name, "0")[0].isdigit() for name in ("cases", "requests")):
        return False  # `Left out: 57 cases` is the beginning of another sentence
    own = "".join(form.literals).strip()
    if own not in ("and", "or", "to"):
        return True
    return not any(" " in value and _chinese(value, depth + 1) == value for value in values.values())


def _is_number(value: str) -> bool:
    return any(map(str.isdigit, value)) and not any(mark in value for mark in (", ", "; ", ": "))


def _values(form: _Sentence, sentence: str) -> dict[str, str] | None:
    """The text between the literals, each found where it comes first; no going back, so that no sentence is slow."""
    first, *rest = form.literals
    if not sentence.startswith(first):
        return None
    if not rest:
        return {} if sentence == first else None
    at, found = len(first), {}
    for number, literal in enumerate(rest):
        last = number == len(rest) - 1
        if last:
            end = len(sentence) - len(literal)
            if end < at or not sentence.endswith(literal):
                return None
        else:
            end = sentence.find(literal, at)
            if literal == " " and form.fields[number + 1] in _NUMBERS:
                near = _BEFORE_A_NUMBER.search(sentence, at)
                end = near.start() if near else -1
            if end < 0:
                return None
        found[form.fields[number]] = sentence[at:end]
        at = end + len(literal)
    return found if all(found.values()) else None


def said(sentence: str) -> Markup:
    """A sentence of a verdict in both languages, as `say`; a page shows the one of its own."""
    from markupsafe import Markup, escape

    chinese = translated(sentence, "zh")
    if chinese == sentence:
        return escape(sentence)
    return Markup("").join(
        Markup('<span class="t" lang="{}">{}</span>').format(tag, text)
        for tag, text in zip(LANGUAGES.values(), (sentence, chinese), strict=True)
    )
