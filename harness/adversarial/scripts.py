"""Kinds of characters that parts of a string are made of, the plainest first."""

import unicodedata

ALPHABETS: dict[str, str] = {
    "lower": "abcdefghkmnprstuvwxyz",
    "upper": "ABCDEFGHKMNPRSTUVWXYZ",
    "digits": "1234567890",
    "han": "一二山水木大小中上下口台图岛区",
    "kana": "アイカキサシタツナニハマヤラワ",
    "hangul": "가나다라마바사자차카타하",
    "cyrillic": "бгджзиклмнпфцчшэюя",
    "hebrew": "אבגדהחטלמנקש",
}
"""No character here looks like a symbol or like a letter of another alphabet, so that every damage has one name."""

ZERO_LED = "zero-led"
"""Digits with a zero in front, which a model may take for a number."""

STYLES = (*ALPHABETS, ZERO_LED)

_SCRIPTS = {
    "CJK": "han",
    "HIRAGANA": "kana",
    "KATAKANA": "kana",
    "HANGUL": "hangul",
    "CYRILLIC": "cyrillic",
    "HEBREW": "hebrew",
}


def style_of_char(char: str) -> str:
    """One of ALPHABETS, or `other`."""
    if char.isdecimal():
        return "digits"
    name = unicodedata.name(char, "")
    if name.startswith("LATIN"):
        return "upper" if char.isupper() else "lower"
    return _SCRIPTS.get(name.partition(" ")[0], "other")


def style_of(text: str) -> str:
    """One of STYLES, or `mixed` if it takes several."""
    styles = {style_of_char(char) for char in text}
    if len(styles) != 1:
        return "mixed"
    style = styles.pop()
    return ZERO_LED if style == "digits" and len(text) > 1 and text[0] == "0" else style


def plainest(style: str, length: int) -> str:
    """The least string of a style: `aaa`, `111`, `011`."""
    if style == ZERO_LED:
        return "0" + "1" * (length - 1)
    return ALPHABETS[style][0] * length
