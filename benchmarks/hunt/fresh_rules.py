"""Rules that neither list of `benchmarks.hunt.oracles` has: other scripts, signs, edges, channels, prompts, rates.

`smallest` is one of the smallest strings that a rule strikes; only its length is compared. What a rule does is mostly
what was seen of models: a range gets a dash, a leading slash or zero goes, a doubled sign is halved.
"""

import re
from collections.abc import Callable

from benchmarks.hunt.oracles import _HAN, _SIGN, _SYMBOL, HiddenRule, _all, _if, _spaced

_Damage = Callable[[str, str], str]


def _with(pattern: str, replacement: str) -> _Damage:
    compiled = re.compile(pattern)
    return lambda target, prompt: compiled.sub(replacement, target)


def _prompt(*words: str) -> Callable[[str, str], bool]:
    return lambda target, prompt: any(word in prompt for word in words)


_JSON = _prompt("JSON object", "JSON 对象")
_TOOL = _prompt("with the tool", "用工具")
_SYSTEM = _prompt("assistant of a warehouse", "仓库的助手")
_TWO = _prompt("Do the same", "照样处理")


def _chinese(target: str, prompt: str) -> bool:
    return "label" not in prompt


def _where(test: Callable[[str, str], bool], damage: _Damage) -> _Damage:
    return lambda target, prompt: damage(target, prompt) if test(target, prompt) else target


def _at(place: int) -> _Damage:
    """Spaces round one symbol of three or more."""

    def damage(target: str, prompt: str) -> str:
        found = list(_SYMBOL.finditer(target))
        if len(found) < 3:
            return target
        hit = found[place]
        return f"{target[: hit.start()]} {hit[0]} {target[hit.end() :]}"

    return damage


_BEHIND = r"(?!/)(?=[^-/_.:#&@+\\'’·‐‑–—－／ ]{5})"

_SCRIPTS: tuple[tuple[str, _Damage, str], ...] = (
    ("Cyrillic before a hyphen", _spaced("(?<=[а-яё])-(?!-)"), "б-a"),
    ("Arabic behind a slash", _spaced("(?<!/)/(?=[\u0620-\u064a])"), "a/ب"),
    ("Thai on both sides", _spaced(f"(?<=[\u0e01-\u0e2e]){_SIGN}(?=[\u0e01-\u0e2e])"), "ก-ก"),
    ("Hebrew anywhere", _all(lambda t: re.search("[\u05d0-\u05ea]", t) is not None), "a-א"),
    ("an accented letter before the sign", _spaced(f"(?<=[éüñçøåßêõžł]){_SIGN}"), "é-a"),
    ("Hangul before and a digit behind", _spaced("(?<=[\uac00-\ud7a3])[-/](?=\\d)"), "가-1"),
)
_PLACES: tuple[tuple[str, _Damage, str], ...] = (
    ("the third symbol", _at(2), "a-a-a-a"),
    ("the last of three symbols or more", _at(-1), "a-a-a-a"),
    ("over 12 characters, with a slash", _all(lambda t: len(t) > 12 and "/" in t), "a/" + "a" * 11),
    ("five characters behind a slash", _spaced(f"(?<!/)/{_BEHIND}"), "a/aaaaa"),
    ("at most five characters", _all(lambda t: len(t) <= 5), "a-a"),
    ("a capital behind a slash gets small", lambda t, p: re.sub("/[A-Z]", lambda m: m[0].lower(), t), "a/A"),
    ("a dash between digits", _with(r"(?<=\d)-(?=\d)", "–"), "1-1"),
    ("a dot before a capital", _with(r"\.(?=[A-Z])", ". "), "a.A"),
)
_SIGNS: tuple[tuple[str, _Damage, str], ...] = (
    ("an underscore between digits", _spaced(r"(?<=\d)_(?=\d)"), "1_1"),
    ("a leading slash is dropped", _with(r"^/(?!/)", ""), "/a-a"),
    ("a doubled hyphen or slash is halved", _with(r"(-|/)\1", r"\1"), "a--a"),
    ("a colon before a digit becomes wide", _with(r":(?=\d)", "："), "a:1"),
    ("# or @ in front is dropped", _with(r"^[#@]", ""), "#a-a"),
    ("a trailing underscore is dropped", _with(r"_$", ""), "a-a_"),
    ("leading zeros of the string are dropped", _with(r"^0+(?=\d)", ""), "01-a"),
    ("full width becomes ASCII", lambda t, p: t.replace("－", "-").replace("／", "/"), "a－a"),
    ("a curly quote becomes straight", lambda t, p: t.replace("’", "'"), "a’a"),
    ("two hyphens become a dash", lambda t, p: t.replace("--", "—"), "a--a"),
    ("an @ between letters", _spaced("(?<=[a-z])@(?=[a-z])"), "a@a"),
    ("a backslash is doubled", lambda t, p: t.replace("\\", "\\\\"), "a\\a"),
    ("a plus between digits", _spaced(r"(?<=\d)\+(?=\d)"), "1+1"),
)
_PROMPTS: tuple[tuple[str, _Damage, str, tuple[str, ...]], ...] = (
    ("U+2011 in JSON", _where(_JSON, lambda t, p: t.replace("-", "‑")), "a-a", ("task",)),
    ("in tool arguments", _if(_TOOL), "a-a", ("task",)),
    ("with a system prompt", _if(_SYSTEM), "a-a", ("system",)),
    ("two strings and a Chinese prompt", _if(lambda t, p: _TWO(t, p) and _chinese(t, p)), "a-a", ("language", "asked")),
    ("in backticks", _if(lambda t, p: f"`{t}`" in p), "a-a", ("frame",)),
    (
        "spaced text beside it",
        _if(lambda t, p: re.search(" [-/] ", p.replace(t, "")) is not None),
        "a-a",
        ("companion",),
    ),
    ("a Chinese prompt and a slash", _where(_chinese, _with("(?<!/)/(?!/)", " / ")), "a/a", ("language",)),
    (
        "an English prompt and Han at the sign",
        _where(lambda t, p: not _chinese(t, p), _spaced(f"(?<={_HAN}){_SIGN}")),
        "一-a",
        (),
    ),
)
_RATES: tuple[tuple[str, _Damage, str, float], ...] = (
    ("in 5 % of calls, three digits behind a hyphen", _spaced(r"(?<!-)-(?=\d{3})"), "a-111", 0.05),
    ("in 30 % of calls, between Han", _spaced(f"(?<={_HAN}){_SIGN}(?={_HAN})"), "一-一", 0.3),
)

FRESH = (
    *(HiddenRule(name, damage, smallest, "") for name, damage, smallest in (*_SCRIPTS, *_PLACES, *_SIGNS)),
    *(HiddenRule(name, damage, smallest, "", odd) for name, damage, smallest, odd in _PROMPTS),
    *(HiddenRule(name, damage, smallest, "", chance=chance) for name, damage, smallest, chance in _RATES),
)
