"""Foreign text on its way out: one function for each place that reads more into text than words.

Answers, names of models and of cases, and what an endpoint says of itself are hostile. Whatever shows them takes the
function of its sink from here: terminal, Markdown, JUnit, spreadsheet, chat. Pages escape in their templates.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import groupby
from typing import Any

from harness.text.keeping import later
from harness.text.visible import show

_LONGEST = 300
"""Characters of one code span."""
_PLAIN = later(r"\(?(?:[A-Za-z]+(?:['-][A-Za-z]+)*|[+-]?\d+(?:[.,-]\d+)*%?|–)?[.,:;)]*")
_HAN_PLAIN = later(
    r"(?:[\u3400-\u9fff，。：；、（）《》“”！？]|(?<![A-Za-z])[A-Za-z]+(?![A-Za-z.:@])"
    r"|[+-]?\d+(?:[.,]\d+)*%?(?![A-Za-z.:@]))+"
)
"""The same in a Chinese sentence, whose words are not apart."""
_FORMULA = tuple("=+-@＝＋－＠\t\r\n")
"""With these a spreadsheet takes a cell for a formula, the wide ones too where it is set to Chinese or Japanese.
Whatever shows nothing before them may be dropped when the file is opened."""
_BLANKS = " \u00a0\u3000\ufeff"
_ORDER = later(r"([\r\n]\s*)(?=::|##\[)")

CHATS = {"slack": 3000, "feishu": 3000, "dingtalk": 3000, "wecom": 2000}
"""Bytes of UTF-8 that a message may take. WeCom refuses more than 2,048."""
_CHAT_LINE = 500
_MENTION = later(r"(?<![A-Za-z0-9_-])@|@(?![a-z]{0,2}[0-9][0-9.]*(?![0-9.A-Za-z_-]))|＠")
"""Not the `@` of `tuned@v2`: a command with brackets in it could not be run."""


def code(text: str, *, blanks: bool = True) -> str:
    """Foreign text as a Markdown code span, in which no Markdown, HTML, address, `@mention` or `#issue` is read.

    One line, at most 300 characters, what is invisible in it visible (without `blanks`, U+0020 stays), its backticks
    inside a longer fence.
    """
    shown = show(text if len(text) <= _LONGEST else text[:_LONGEST] + "…", blanks=blanks, lookalikes=blanks) or "∅"
    runs = {len(run) for run in "".join(c if c == "`" else " " for c in shown).split()}
    fence = "`" * next(length for length in range(1, len(runs) + 2) if length not in runs)
    pad = " " if shown.startswith("`") or shown.endswith("`") else ""
    return f"{fence}{pad}{shown}{pad}{fence}"


def markdown_sentence(text: str, *, chinese: bool = False) -> str:
    """A sentence of ours that holds foreign names, for Markdown.

    Plain words and numbers stay as they are; anything else, and what is in backticks, is code. GitHub finds mentions,
    links and references in rendered text, so that escaping alone would not stop them. In a `chinese` sentence Han
    characters are words of ours too.
    """
    plain_word = _plain_in_chinese if chinese else _is_plain
    found = ""
    for at, piece in enumerate(text.split("`")):
        if at % 2 and piece.split():
            found += _gap(found, chinese) + code(" ".join(piece.split()), blanks=False)
        words = _words(piece, chinese=chinese) if at % 2 == 0 else ()
        for plain_words, group in groupby(words, key=lambda one: plain_word(one[1])):
            tokens = list(group)
            joined = "".join(gap + word for gap, word in tokens).strip()
            gap = tokens[0][0] and _gap(found, chinese)
            found += gap + (joined if plain_words else code(joined, blanks=False))
    return re.sub(r"` ([.,:;)]+)(?= |$)", r"`\1", found)


_MARKS = later("([，。：；、（）《》“”！？]+)")


def _words(piece: str, *, chinese: bool) -> Iterator[tuple[str, str]]:
    """The words of a piece, each with the blank before it.

    Marks divide a Chinese sentence, where no blanks do. In an English one they are apart from a name, which is code:
    `(a/b);` is `a/b` in brackets.
    """
    for word in piece.split():
        for number, part in enumerate(filter(None, _MARKS.split(word) if chinese else _apart(word))):
            yield "" if number or (chinese and _MARKS.fullmatch(part)) else " ", part


def _apart(word: str) -> tuple[str, str, str]:
    """What is before a name, the name, and what is after it; the brackets of `f(x)` are its own."""
    name = word.rstrip(".,:;")
    after = word[len(name) :]
    before = "(" if name.startswith("(") and (name.endswith(")") or ")" not in name) else ""
    if name.endswith(")") and (before or name.count("(") < name.count(")")):
        name, after = name[:-1], f"){after}"
    return before, name[len(before) :], after


def _gap(before: str, chinese: bool) -> str:
    """Of what comes next: Chinese has no blank after its marks."""
    return "" if not before or (chinese and _MARKS.fullmatch(before[-1])) else " "


def _is_plain(word: str) -> bool:
    return bool(_PLAIN.fullmatch(word))


def _plain_in_chinese(word: str) -> bool:
    return bool(_PLAIN.fullmatch(word) or (not word.isascii() and _HAN_PLAIN.fullmatch(word)))


def markdown_block(text: str) -> str:
    """Lines of a report as a block of code: the fence is longer than any run of backticks in it."""
    lines = [show(line, blanks=False) for line in re.split(r"\r\n?|\n", text.rstrip())]
    fence = "`" * max(3, 1 + max(len(run) for run in re.findall("`*", "\n".join(lines))))
    return "\n".join([f"{fence}text", *lines, fence])


def junit(text: str) -> str:
    """Text for a property or a message in JUnit XML: nothing that hides, turns the direction or is not XML."""
    return show(text, blanks=False)


def spreadsheet_cell(value: object) -> object:
    """A value for a CSV cell; text that a spreadsheet would run as a formula gets a `'` in front, and so does a line of
    it that the runner of a workflow would obey (`::error`) where the table is printed.
    """
    if not isinstance(value, str) or len(value) < 2:
        return value
    value = _ORDER.sub(r"\1'", value)
    seen = next((char for char in value if char.isprintable() and not char.isspace()), value[0])
    return f"'{value}" if value.lstrip(_BLANKS).startswith(_FORMULA) or seen in _FORMULA else value


_DOT_OF_A_NAME = later(
    r"(?<=[\w\-\]])[.\uff0e\uff61](?=[^\W\d_]{2}|xn--)|(?<=[A-Za-z0-9-])\u3002(?=[A-Za-z]{2})"
    r"|(?<=\d)\.(?=\d{1,3}(?:\.\d{1,3}){2}(?![.\d]))",
    re.IGNORECASE,
)
"""As in `evil.example`, which chats make a link of without a scheme too, and in `203.0.113.9`; not in `qwen2.5-7b`."""


def chat(form: str, text: str, *, page: str | None = None) -> str:
    """Lines for a chat: no mention, no link, no picture and no tag is read in them.

    What would act is put in brackets: `[@]all`, `https[:]//`, `evil[.]example`, `[<]at`. Slack decodes its three
    entities itself.

    Args:
        page: an address of the user's own, which stays a link where it is a word by itself.
    """
    shown = "\n".join(_chat_line(form, line) for line in text.splitlines())
    if page and page.isascii() and page.isprintable() and not re.search(r"[\s<>|`@]", page):
        word = re.compile(rf"(?<![^\s：]){re.escape(_chat_line(form, page))}(?!\S)")
        shown = word.sub(lambda _: page, shown)
    return shown


def _chat_line(form: str, line: str) -> str:
    shown = show(line if len(line) <= _CHAT_LINE else line[:_CHAT_LINE] + "…", blanks=False)
    if form == "slack":
        shown = shown.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    else:
        shown = shown.replace("<", "[<]")
    shown = _MENTION.sub(lambda found: f"[{found[0]}]", shown).replace("`", "'").replace("://", "[:]//")
    shown = _DOT_OF_A_NAME.sub(lambda found: f"[{found[0]}]", shown)
    shown = re.sub(r"\bwww\.", "www[.]", shown, flags=re.IGNORECASE)
    return re.sub(r"\](?=[(\[])", "] ", shown)


def chat_message(form: str, text: str, *, page: str | None = None) -> dict[str, Any]:
    """The body for the webhook of a chat (`slack`, `feishu`, `dingtalk`, `wecom`), cut at a line to what it takes.

    All are sent as plain text, and nobody is called: a mention would need a field of its own, which is left out.
    `page` is as in `chat`.
    """
    if form not in CHATS:
        raise ValueError(f"found {form!r}; accepted: {', '.join(CHATS)}")
    kept: list[str] = []
    room = CHATS[form] - len("\n…".encode())
    for line in chat(form, text, page=page).split("\n"):
        room -= len(line.encode("utf-8", "replace")) + 1
        if room < 0:
            kept.append("…")
            break
        kept.append(line)
    shown = "\n".join(kept)
    if form == "slack":
        return {"text": shown, "mrkdwn": False, "parse": "none", "unfurl_links": False, "unfurl_media": False}
    if form == "feishu":
        return {"msg_type": "text", "content": {"text": shown}}
    return {"msgtype": "text", "text": {"content": shown}}
