"""Texts to time the checker on: clean prose, dense damage, and what is written to make a checker or scanner slow."""

from collections.abc import Callable
from functools import partial

SOURCE = "Use Sikalastic-609 in the 水吧台/岛台 area over TCP/IP, as GB/T 50081-2019 says."
TARGETS = ("Sikalastic-609", "TCP/IP", "水吧台/岛台", "GB/T 50081-2019")

MANY = (
    *TARGETS,
    *(f"{'ABCDEFGHKM'[n % 10]}{'PQRSTUVWXY'[n // 10 % 10]}-{1000 + 7 * n}/{'KLM'[n % 3]}" for n in range(996)),
)
"""A catalogue: as many targets as a service may protect at once."""

ENGLISH = "The membrane is laid on a dry floor, and the edges are sealed before the next layer goes on. "
TYPOGRAPHIC = "The membrane is “laid” on a dry floor — and the edges aren’t sealed before the next layer. "
CHINESE = "防水层应铺在干燥的基层上，边缘须先封好、再做下一道。他说：“明天见！”"
MENTIONS = "Use Sikalastic-609 over TCP/IP as told. " + ENGLISH * 5
DAMAGE = "Use Sikalastic - 609 over TCP / IP in the 水吧台／岛台 area. "


def filled(piece: str, length: int) -> str:
    return (piece * (length // len(piece) + 1))[:length]


def repeated(piece: str, length: int) -> str:
    """Whole pieces alone: one cut short is another text, and two lengths would not be comparable."""
    return piece * (length // len(piece))


CLEAN: dict[str, Callable[[int], str]] = {
    "English prose": lambda n: filled(ENGLISH, n),
    "English with curly quotes": lambda n: filled(TYPOGRAPHIC, n),
    "Chinese prose": lambda n: filled(CHINESE, n),
}
OTHER: dict[str, Callable[[int], str]] = {
    "prose with whole mentions": lambda n: filled(MENTIONS, n),
    "dense damage": lambda n: filled(DAMAGE, n),
}
HOSTILE: dict[str, Callable[[int], str]] = {
    "hyphens": lambda n: "-" * n,
    "spaces in a target": lambda n: "Sikalastic" + " " * n + "- 609",
    "zero-width in a target": lambda n: "Sikalastic" + "\u200b" * n + "-609",
    "nested markers": lambda n: "Sikalastic" + filled("**_`~~[", n),
    "nested emphasis round words": lambda n: filled("**_Sika_**", n),
    "half targets": lambda n: filled("Sikalastic-60", n),
    "first letters and spaces": lambda n: filled("S - ", n),
    "open tags": lambda n: filled("TCP/<", n),
    "tags": lambda n: filled("TCP<a>", n),
    "open links": lambda n: filled("TCP](", n),
    "backslashes": lambda n: "\\" * n,
    "ampersands": lambda n: "TCP" + "&" * n,
    "percent codes": lambda n: filled("TCP%2F", n),
    "combining marks": lambda n: "TCP/IP" + "\u0301" * n + "TCP / IP",
    "list markers": lambda n: filled("\n - ", n),
    "one long word": lambda n: "a" * (n // 2) + "-" + "b" * (n // 2),
    "CJK runs": lambda n: filled("水吧台", n) + "/岛台",
    "near misses": lambda n: filled("Sikalastic-608 GB/T 50081-2018 ", n),
    "reasoning": lambda n: filled("<think>TCP / IP</think>", n),
    "fences": lambda n: filled("```TCP / IP\n", n),
    "competing targets": lambda n: filled("TCP / IP / ", n),
    "homoglyphs": lambda n: filled("Ѕіка ", n),
    "wraps": lambda n: filled("GB/T\n50081-2019 ", n),
}


def nested(piece: str, length: int) -> str:
    """Targets that are all beginnings of each other, about `length` characters in all."""
    count = round(length**0.5)
    return " ".join(piece * number + "b" for number in range(1, count + 1))


HOSTILE_SOURCES: dict[str, Callable[[int], str]] = {
    name: partial(repeated, piece)
    for name, piece in {
        "quotes": '"',
        "quoted letters": '"a ',
        "open quotes": "“",
        "slashes": "/",
        "path ends": "/a",
        "backslashes": "a\\",
        "standards": "GB/T ",
        "braces": "{",
        "open brackets in a path": "/(",
        "equals signs": "=",
        "keys": "a=",
        "colons": "a:",
        "units": "a/b ",
        "files": "a.md",
        "files behind Han": "中.md",
        "Han": "中",
        "Han pairs": "中/",
        "Han and Latin": "中a/",
        "hyphenated": "a-",
        "options": "--a-",
        "addresses": "a@",
        "spaced words": "A - B ",
        "emoji": "☀",
        "fields of a timetable": "* ",
        "Thai and codes": "ไทย-9",
        "addresses without a blank": "a@b.cn，",
    }.items()
}
"""Prompts that are written to make the scanner slow."""
