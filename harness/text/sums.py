"""Mathematics and code in an answer: what is written apart there on purpose."""

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Protocol

from harness.text.keeping import later
from harness.text.targets import Target


def is_formula(text: str) -> bool:
    """Whether the text is mathematics in LaTeX: `$x_1$`, `\\frac{a}{b}`; `\\ref{a-1}` holds a key."""
    return len(text) > 2 and (
        (text[0] == text[-1] == "$")
        or (text[0] == "\\" and text[1].isalpha() and re.search("[{_^]", text) is not None and not _KEYED.match(text))
    )


_KEYED = later(
    r"\\[dwsDWS]\{"
    r"|\\(?:[a-zA-Z]*(?:ref|cite[a-z]*)|label|input|include\w*|usepackage|begin|end|url|href|gls\w*)\b"
)


def is_unescaped(wanted: str, span: str) -> bool:
    """Whether a string of JSON, as JSON escapes it, came back as it is: `C:\\\\a-b` as `C:\\a-b`, `a\\/b` as `a/b`."""
    if wanted.count("\\") == 2 * wanted.count("\\\\") and wanted[:2] != "\\\\":
        return span == wanted.replace("\\\\", "\\")
    return span == wanted.replace("\\/", "/")


@lru_cache(maxsize=1)
def is_latex(text: str) -> bool:
    """Whether the text has a command of LaTeX with an argument: signs are escaped there."""
    return _COMMAND.search(text) is not None


@lru_cache(maxsize=1)
def is_html(text: str) -> bool:
    """Whether the text has a row, paragraph or the like of HTML: `&` is written `&amp;` there."""
    return _CLOSED.search(text) is not None


_CLOSED = later("</(?:t[dhr]|p|li|div|span|a|h[1-6]|title|option)>")
_COMMAND = later(r"\\[a-z]{3,20}\{|[0-9]\\%")
_CALCULATED = later(r" ([-+*/=<>]) |(?<=[,{$]) | (?=[$}])")  # blanks that mathematics in LaTeX has as its writer likes
_CALLED, _BETWEEN_VALUES = later(r"=?[A-Za-z_$][\w.]*[(\[](?!.*\d-[a-z])"), later("(,) | (=|(?<![A-Z0-9][0-9] ):) ")
"""`tert-butyl(2,4-dioxo...` is a substance, in which no blank is."""
_ABBREVIATED, _OF_ONE_LETTER = later(r"[A-Za-z]{1,5}\.(?:[0-9]{1,4}[a-z]?|[A-Z])"), later("[a-z][-+][0-9]")
_MOVE = later(r"[1-9][0-9]?\.(?:O-O(?:-O)?|[KQRBN]?[a-h]?[1-8]?x?[a-h][1-8](?:=[QRBN])?)[+#]?")
"""Of a game of chess: `2. Nf3`."""
_DIMENSIONS = later(r"[Φφ]?[0-9.]+(?:×[0-9.]+)+(?:[a-z]{1,3}|@[0-9]+Hz)?|[0-9.]+×10\^?[0-9⁰¹²³⁴-⁹].*")
_BESIDE_TIMES = later("(?<=[×@{]) | (?=[×@}])|(?<=[:,]) ")
_CITED = later(r"\w[\w.+-]*\[[0-9]{1,3}(?:[,-][0-9]{1,3})*\]")
_NUMBER = r"-?[0-9]+(?:\.[0-9]+)?"
_VARIABLES = later(rf"[A-Za-z](?:,[A-Za-z])+|-?[0-9]+\.[0-9]+,-?[0-9]+\.[0-9]+|\({_NUMBER}(?:,{_NUMBER})+\)")
_DEGREES = later(r"[0-9]+°.*[NSEW]")
_BEHIND_DEGREES = later("(?<=[°'′’\"″”])")
_HAS_NO_SIGN = later(r"[^.×,$\\(\[°]{4,}")


def is_calculated(wanted: str, span: str) -> bool:
    """Whether only blanks were set as mathematics and code allow: `VLOOKUP(A2, B:C, 2, 0)`, `$a - b$`, `a, b, c`.

    Or as prose allows: `n - 1`, `1920 × 1080 @ 60Hz`, `Fig. 2`, `{ count: 1 }`.
    """
    if _HAS_NO_SIGN.fullmatch(wanted) and span[:2] != "{ ":
        return False  # most codes: none of what follows takes them
    if _ABBREVIATED.fullmatch(wanted) or _OF_ONE_LETTER.fullmatch(wanted):
        return span in (wanted.replace(".", ". "), " ".join(wanted))
    if _MOVE.fullmatch(wanted):
        return span == wanted.replace(".", ". ", 1)
    if _DIMENSIONS.fullmatch(wanted) or (span[:2] == "{ " and ": " in span):
        return _BESIDE_TIMES.sub("", span) == wanted
    if _CITED.fullmatch(wanted):
        return span.replace(" [", "[") == wanted  # `BERT [1]`
    if _DEGREES.fullmatch(wanted):
        return span == _BEHIND_DEGREES.sub(" ", wanted)  # `40° 26' 46" N`
    if _VARIABLES.fullmatch(wanted):
        return span.replace(", ", ",") == wanted
    if is_formula(wanted):
        return _CALCULATED.sub(lambda found: found[1] or "", span) == wanted
    return _CALLED.match(wanted) is not None and _BETWEEN_VALUES.sub(r"\1\2", span) == wanted


_OPERAND = (
    r"(?>[A-Za-z_][\w.]{0,40}+\([\w.]{0,20}\)|[a-z_]+\d?(?:\.[a-z_]+\d?)*|\$\w{1,20}"
    r"|[A-Z]{1,2}[1-9]\d{0,2}|(?:0|[1-9]\d{0,2})(?:[a-z]{1,2}(?<=px|em|vh|vw)|rem|[a-z]|%)?(?:\^\d)?)"
)
_OPERATOR = r"(?:[-+*/%]|&&|\|\|)"
_OPERANDS, _APART_OPERANDS = later(rf"{_OPERAND}(?:{_OPERATOR}{_OPERAND})+"), later(f" ({_OPERATOR}) ")
_BEFORE_OPERANDS = later(
    r"(?:[=<]|\S ?[+>]|[A-Za-z0-9_(][(]|\w\[|\b(?:return|SELECT|WHERE|select|where|if)) ?\Z|[\w)\]](?: \* |\*)\Z"
)
_BEHIND_A_TAG = later(r"</?[a-z][a-z0-9]*(?: [a-z-]+=[^<>]*)?>\Z")
_BEHIND_OPERANDS = later(r" ?(?:[+>]|<(?!/)|;(?! [A-Za-z])|==? ?\d|/[\w(]|\) ?[-*/+;:])|(?:\*| \* )[\w(]")


_PROPERTY = later(r"[a-z]+(?:-[a-z]+)*:[^:]+")
_OF_A_RULE, _TO_ITS_END = later(r"[{;\n]\s*\Z"), later(r"[^\n;{}:\"'`]{0,80}[;}]")
"""Of a style sheet: `{ margin: 0 auto; }`"""


def _home(target: Target, parts: Sequence[str]) -> str:
    """The text of the source that holds the target, or an empty one."""
    return next((part for part in parts if part.startswith(target.text, target.start)), "")


def is_reformatted(target: Target, text: str, start: int, end: int, parts: Sequence[str]) -> bool:
    """Whether operands are set apart as in formatted code: `x = width / 2`; in `key=order - items` nothing else is."""
    wanted = target.text
    if _PROPERTY.fullmatch(wanted) and text[start:end] == wanted.replace(":", ": "):
        part = _home(target, parts)
        both = (part, target.start, target.end), (text, start, end)
        return all(
            _OF_A_RULE.search(whole, max(0, low - 8), low) and _TO_ITS_END.match(whole, high)
            for whole, low, high in both
        )
    if (
        not _OPERANDS.fullmatch(wanted)
        or _APART_OPERANDS.sub(r"\1", text[start:end]) != wanted
        or text[start - 1 : start] == "="
    ):
        return False
    part = _home(target, parts)
    return all(
        not _BEHIND_A_TAG.search(whole, max(0, low - 60), low)  # `<b>10 - 15</b>`
        and (_BEFORE_OPERANDS.search(whole, max(0, low - 8), low) or _BEHIND_OPERANDS.match(whole, high))
        for whole, low, high in ((part, target.start, target.end), (text, start, end))
    )


_TERM = (
    r"(?:(?:0|[1-9][0-9]{0,6})(?:\.[0-9]+)?%?[A-Za-zа-я]?|[A-Za-zа-я][0-9\u0300-\u0338]?"
    r"|sin|cos|tan|log(?:2|10)?|lg|ln|exp|sqrt|max|min)[)²³]*+"
)
_SUM = later(rf"[(×÷]*{_TERM}(?:[-+*/×÷^(%]++{_TERM})+")
_OF_SUM, _TIMES = later(r" ([-+*/×÷−%]) |(?<=\A[×÷]) "), str.maketrans("×÷−", "*/-")
_EQUALS, _POWERS = later(r"[)²³]{0,3} {0,3}[=＝≈≠≤≥^]|\)[²³]? [*/×÷]"), later(r"[)²³]{1,2} ?[-+*/×÷=]|[²³]")
_DIVISOR = later(r"/(?:[0-9.]+|[A-Z]\([A-Z]\))")
_GOES_ON, _WENT_BEFORE = later(r"[)²³]{0,3} [-+*/×÷−] \(?[0-9]"), later(r"[0-9)²³%] [-+*/×÷−] \(?\Z")


def is_worked_out(target: Target, text: str, start: int, end: int, parts: Sequence[str]) -> bool:
    """Whether a sum is set apart where the answer works it out: `15 - 8 / 2 = 11`, `(售价 - 成本) / 售价`.

    In `key = 3 / 4` it is a value. Words of Han are a sum where a bracket or a power is behind them, here and there.
    """
    wanted, span = target.text, text[start:end]
    if _DIVISOR.fullmatch(wanted):  # `(b-a)/1000.0`
        is_behind = text[start - 2 : start] == ") " and _home(target, parts)[target.start - 1 : target.start] == ")"
        return is_behind and span == f"/ {wanted[1:]}"
    is_sum = _SUM.fullmatch(wanted) is not None
    if not is_sum and not (target.kind == "cjk-pair" and _POWERS.match(text, end)):
        return False
    if _OF_SUM.sub(lambda found: found[1] or "", span).translate(_TIMES) != wanted.translate(_TIMES):
        return False
    if is_sum:
        if _EQUALS.match(text, end):
            return True
        if not any(map(str.isdecimal, wanted)):
            return False  # `I / O - 2`
        return bool(_GOES_ON.match(text, end) or _WENT_BEFORE.search(text, max(0, start - 8), start))
    return _POWERS.match(_home(target, parts), target.end) is not None


class _Text(Protocol):
    text: str

    def in_prose(self, start: int, end: int) -> bool: ...


def is_a_value(target: Target, page: _Text, start: int, end: int, parts: Sequence[str]) -> bool:
    """Whether it is all of a value, in the source as in code, or behind its key: `LANG=deu + eng`."""
    low, high = target.start, target.end
    part = next((part for part in parts if part.startswith(target.text, low)), "")
    if not (_BEFORE_A_VALUE.search(part, max(0, low - 4), low) and _BEHIND_A_VALUE.match(part, high)):
        return False
    if page.text[start - 1 : start] == "=":
        return True
    return (
        not page.in_prose(start, end)
        and _BEHIND_A_VALUE.match(page.text, end) is not None
        and (start == 0 or _BEFORE_A_VALUE.search(page.text, max(0, start - 4), start) is not None)
    )


_BEFORE_A_VALUE = later("(?:=|[:=] ?[\"']|: {0,2})\\Z")
_BEHIND_A_VALUE = later("[\"'`,;，；。、)}\n]|\\s*\\Z| *(?:#|\n)")
