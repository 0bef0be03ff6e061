"""The sieve says no wherever it can, since a "maybe" costs an alignment. (test_shortcuts: it never says no wrongly.)"""

import pytest

from harness.text.sieve import Sieve
from harness.text.symbols import DEFAULT_SYMBOLS

CODE = "Sikalastic-609"
LETTERS = "Siberia lags plastic kits 0 6 9"
"""All the letters of CODE, but not side by side."""


@pytest.mark.parametrize(
    ("text", "target"),
    [
        ("Nothing of it.", CODE),
        (LETTERS, CODE),
        (f"“{LETTERS}” isn’t it", CODE),
        (f"{LETTERS} &amp; more", CODE),
        (f"{LETTERS} <b>and</b> %41 \\- more", CODE),
        (f"{LETTERS} [a][1] &amp;", CODE),
        (f"{LETTERS} a][b [x](u) &amp;", CODE),
        ("防水层应铺在干燥的基层上", "Q-7"),
        ("防水层 & 基层", "Q-7"),
        ("防水层应铺在干燥的基层上", "水吧台/岛台"),
    ],
)
def test_a_text_without_the_target_holds_nothing_to_look_for(text: str, target: str) -> None:
    assert not Sieve(text, [target], DEFAULT_SYMBOLS).may_hold(target)


@pytest.mark.parametrize(
    ("text", "target"),
    [
        (f"Use {CODE} here.", CODE),
        (f"Use {CODE}, {CODE}.", CODE),
        (f"“{CODE}” isn’t it", CODE),
        (f"Use <b>{CODE}</b> &amp; go", CODE),
        (f"<a title='{CODE}'>{CODE}</a>", CODE),
        (f"防水层用{CODE}施工", CODE),
        (f"防水层用{CODE}或{CODE}施工", CODE),
        ("防水层用X/X施工", "X/X"),
        ("去水吧台/岛台。", "水吧台/岛台"),
    ],
)
def test_a_text_with_whole_mentions_alone_holds_no_damage(text: str, target: str) -> None:
    sieve = Sieve(text, [target], DEFAULT_SYMBOLS)
    whole = []
    start = text.find(target)
    while start >= 0:
        whole.append((start, start + len(target)))
        start = text.find(target, start + 1)
    assert whole
    assert sieve.may_hold(target)
    assert not sieve.may_hold_damage(target, whole)


MANY = "“”…—éèêëàâäîïôöùûüçñ"
"""More kinds of foreign characters than are taken out one by one."""


@pytest.mark.parametrize(
    "text",
    [f"{MANY} {LETTERS * 5} ТCP/IP", "TCP / IP", "TCP&#47;IP", "100% R&D \\ <x ] TCP&#47;IP", "ТCP/IP", "用tcp/ip"],
)
def test_a_text_with_damage_is_looked_through(text: str) -> None:
    sieve = Sieve(text, ["TCP/IP"], DEFAULT_SYMBOLS)
    assert sieve.may_hold("TCP/IP")
    assert sieve.may_hold_damage("TCP/IP", [])
