"""One question of a hunt: a string in a context."""

import random
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, fields, replace
from functools import cached_property, lru_cache
from typing import Any

from harness.errors import SuiteError
from harness.records.case import Case

ALPHABETS: dict[str, str] = {
    "lower": "abcdefghkmnprstuvwxyz",
    "upper": "ABCDEFGHKMNPRSTUVWXYZ",
    "digits": "1234567890",
    "han": "一二山水木大小中上下口台图岛区",
    "kana": "アイカキサシタツナニハマヤラワ",
    "hangul": "가나다라마바사자차카타하",
    "cyrillic": "бгджзиклмнпфцчшэюя",
    "hebrew": "אבגדהחטלמנקש",
    "arabic": "بتثجحخدذرزسش",
    "thai": "กขคงจชซดตถทน",
    "accented": "éüñçøåßêõžł",
}
"""No character here looks like a symbol or like a letter of another alphabet, so that every damage has one name."""

ZERO_LED = "zero-led"
"""Digits with a zero in front, which a model may take for a number."""

STYLES = (*ALPHABETS, ZERO_LED)

SYMBOLS = (
    "-", "/", "_", ".", ":", "#", "&", "@", "+", "\\", "'", "’", "·", "‐", "‑", "–", "—", "－", "／",
    "--", "//", "__", "::",
)  # fmt: skip
"""What can be between two parts, the plainer first. Doubled signs are one symbol."""

FRONT_SIGNS = ("-", "/", "_", ".", "#", "@", "+", "--", "//", "__")
END_SIGNS = ("-", "/", "_", "#", "+", "__")
"""What can be before the first part and behind the last one, as in `--flag-a`, `/usr/bin/`. Signs that a reader would
take for the punctuation of the sentence are left out.
"""

INNER_SIGNS = ("−", "∕", "‒", "―", "⁄")
"""Look-alikes that belong in the string, beside its real symbols."""

_SCRIPTS = {
    "CJK": "han",
    "HIRAGANA": "kana",
    "KATAKANA": "kana",
    "HANGUL": "hangul",
    "CYRILLIC": "cyrillic",
    "HEBREW": "hebrew",
    "ARABIC": "arabic",
    "THAI": "thai",
}


@lru_cache(maxsize=4096)
def style_of_char(char: str) -> str:
    """One of ALPHABETS, or `other`."""
    if char.isdecimal():
        return "digits"
    name = unicodedata.name(char, "")
    if name.startswith("LATIN"):
        if not char.isascii():
            return "accented"
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


def some_run(rng: random.Random, style: str, length: int) -> str:
    """A string of a style, of `length` characters drawn from it; a zero in front is not counted."""
    if style == ZERO_LED:
        return "0" + "".join(rng.choices(ALPHABETS["digits"], k=length))
    return "".join(rng.choices(ALPHABETS[style], k=length))


def some_edges(rng: random.Random, share: float = 0.06) -> tuple[str, str]:
    """Signs at the edges of a string, each in `share` of the draws."""
    front = rng.choice(FRONT_SIGNS) if rng.random() < share else ""
    return front, rng.choice(END_SIGNS) if rng.random() < share else ""


_RANK = {style: rank for rank, style in enumerate(ALPHABETS)}


@dataclass(frozen=True, slots=True, init=False, repr=False)
class Code:
    """`parts` joined by `symbols`; where `spaced` is true the symbol has a legitimate space on either side.

    `edges` are signs before the first part and behind the last one, empty for none.
    `Code("a-0")` takes a text apart at `SYMBOLS`, longest symbols first; spaces on both sides of one belong to it.

    Raises:
        ValueError: parts and symbols do not go together, or no symbol of the text is between two parts.
    """

    parts: tuple[str, ...]
    symbols: tuple[str, ...]
    spaced: tuple[bool, ...]
    edges: tuple[str, str]

    def __init__(
        self,
        parts: str | tuple[str, ...],
        symbols: tuple[str, ...] | None = None,
        spaced: tuple[bool, ...] | None = None,
        edges: tuple[str, str] = ("", ""),
    ) -> None:
        if isinstance(parts, str):
            parts, symbols, spaced, edges = _taken_apart(parts, symbols or SYMBOLS)
        symbols = tuple(symbols or ())
        spaced = (False,) * len(symbols) if spaced is None else tuple(spaced)
        if len(parts) != len(symbols) + 1 or len(spaced) != len(symbols) or not symbols:
            raise ValueError(f"{len(parts)} parts do not go with {len(symbols)} symbols")
        if not all(parts):
            raise ValueError("a part is empty")
        first, last = edges
        values = {"parts": tuple(parts), "symbols": symbols, "spaced": spaced, "edges": (first, last)}
        for name, value in values.items():
            object.__setattr__(self, name, value)

    def __repr__(self) -> str:
        """As code that can be pasted."""
        if _taken_apart(self.text, SYMBOLS) == (self.parts, self.symbols, self.spaced, self.edges):
            return f"Code({self.text!r})"
        spaced = f", {self.spaced}" if any(self.spaced) else ""
        edges = f", edges={self.edges}" if any(self.edges) else ""
        return f"Code({self.parts}, {self.symbols}{spaced}{edges})"

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        """The same where hypothesis or IPython print it."""
        printer.text(repr(self))

    @property
    def text(self) -> str:
        """The string itself."""
        pieces = [self.parts[0]]
        for symbol, spaced, part in zip(self.symbols, self.spaced, self.parts[1:], strict=True):
            pieces += [f" {symbol} " if spaced else symbol, part]
        return "".join((self.edges[0], *pieces, self.edges[1]))

    @property
    def size(self) -> tuple[int, int, int]:
        """What "smaller" means: length, then symbols, then how far characters and spaces are from plain."""
        signs = (*self.symbols, *filter(None, self.edges))
        plain = sum(map(_rank, self.parts)) + sum(map(place_of, signs)) + sum(self.spaced)
        return len(self.text), len(signs), plain

    def window(self, first: int, count: int) -> "Code":
        """`count` symbols from the `first` (0-based), with the parts round them, between the same edges."""
        return replace(
            self,
            parts=self.parts[first : first + count + 1],
            symbols=self.symbols[first : first + count],
            spaced=self.spaced[first : first + count],
        )

    def with_part(self, place: int, part: str) -> "Code":
        """The same with another part."""
        return replace(self, parts=(*self.parts[:place], part, *self.parts[place + 1 :]))

    def with_symbol(self, place: int, symbol: str) -> "Code":
        """The same with another symbol."""
        return replace(self, symbols=(*self.symbols[:place], symbol, *self.symbols[place + 1 :]))

    def merged(self, kept: int) -> "Code":
        """The same length with one symbol: every other one becomes a letter."""
        before, after = [self.parts[0]], [self.parts[kept + 1]]
        for place, spaced in enumerate(self.spaced):
            if place != kept:
                letters = "aaa" if spaced else "a"
                (before if place < kept else after).extend((letters, self.parts[place + 1]))
        return replace(
            self,
            parts=("".join(before), "".join(after)),
            symbols=(self.symbols[kept],),
            spaced=(self.spaced[kept],),
        )


_Pieces = tuple[tuple[str, ...], tuple[str, ...], tuple[bool, ...], tuple[str, str]]


@lru_cache(maxsize=16)
def _patterns(symbols: tuple[str, ...]) -> tuple[re.Pattern[str], re.Pattern[str], re.Pattern[str]]:
    """A sign at the beginning, at the end, and with or without spaces on both sides."""
    known = "|".join(map(re.escape, sorted(set(symbols), key=lambda symbol: (-len(symbol), symbol))))
    between = f"(?P<gap> ?)(?P<symbol>{known})(?P=gap)"
    return re.compile(f"(?:{known})(?=[^ ])"), re.compile(f"(?<=[^ ])(?:{known})$"), re.compile(between)


def _taken_apart(text: str, symbols: Iterable[str]) -> _Pieces:
    first, last, between = _patterns(tuple(symbols))
    parts: list[str] = []
    found: list[str] = []
    spaced: list[bool] = []
    front = first.match(text)
    at = front.end() if front else 0
    # a sign before the last part is a symbol of the string, and only what is behind it an edge
    behind = last.search(text[at:])
    end = len(text) - len(behind[0]) if behind else len(text)
    edges = (text[:at], text[end:])
    for match in between.finditer(text, at, end):
        if match.start() > at and match.end() < end:
            parts.append(text[at : match.start()])
            found.append(match["symbol"])
            spaced.append(bool(match["gap"]))
            at = match.end()
    return (*parts, text[at:end]), tuple(found), tuple(spaced), edges


def other_letters(code: Code) -> Code:
    """Each character becomes the next but one of its alphabet, so that shape and script stay. Zeros stay zeros."""
    return replace(code, parts=tuple("".join(map(_next_but_one, part)) for part in code.parts))


def _next_but_one(char: str) -> str:
    alphabet = ALPHABETS.get(style_of_char(char), "").replace("0", "")
    place = alphabet.find(char)
    return char if place < 0 else alphabet[(place + 2) % len(alphabet)]


PLAIN_CODE = Code(("a", "a"), ("-",), (False,))


def place_of(symbol: str) -> int:
    """How far a sign is from plain; those that the list does not have come last."""
    return SYMBOLS.index(symbol) if symbol in SYMBOLS else len(SYMBOLS)


def _rank(part: str) -> int:
    total = 0
    for char in part:
        style = style_of_char(char)
        alphabet = ALPHABETS.get(style, "")
        place = alphabet.find(char)
        total += 100 * _RANK.get(style, len(_RANK)) + (place if place >= 0 else 99)
    return total


@dataclass(frozen=True, slots=True, repr=False)
class Context:
    """One level of each factor. LEVELS lists what is accepted."""

    task: str = "copy"
    language: str = "en"
    frame: str = "none"
    touching: str = "none"
    place: str = "alone"
    companion: str = "none"
    times: str = "once"
    care: str = "unsaid"
    system: str = "none"
    asked: str = "alone"
    template: str = ""
    """A prompt of the project's own with `{string}` in it, in place of the built-in task; empty for none."""

    def __post_init__(self) -> None:
        for factor, levels in LEVELS.items():
            if getattr(self, factor) not in levels:
                raise ValueError(f"{factor}: found {getattr(self, factor)!r}; accepted: {', '.join(levels)}")

    def __repr__(self) -> str:
        """As code that can be pasted: what is not plain."""
        return f"Context({', '.join(f'{factor}={self.level(factor)!r}' for factor in self.odd)})"

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        """The same where hypothesis or IPython print it."""
        printer.text(repr(self))

    def level(self, factor: str) -> str:
        """The level of a factor."""
        return str(getattr(self, factor))

    def at(self, **levels: str) -> "Context":
        """The same with other levels."""
        return replace(self, **levels)

    @property
    def odd(self) -> tuple[str, ...]:
        """Factors that are not at their plainest level."""
        own = ("template",) if self.template else ()
        return (*(factor for factor, levels in LEVELS.items() if self.level(factor) != levels[0]), *own)

    def as_dict(self) -> dict[str, str]:
        """Factor to level, as it is stored."""
        stored = {field.name: self.level(field.name) for field in fields(self)}
        return {name: level for name, level in stored.items() if name not in _LATER or level != _LATER[name]}


LEVELS: dict[str, tuple[str, ...]] = {
    "task": (
        "copy", "qa", "rewrite", "summarise", "translate", "list", "table", "json", "tool", "dialogue",
    ),
    "language": ("en", "zh"),
    "frame": ("none", "brackets", "quotes", "bold", "backticks"),
    "touching": ("none", "han before", "han after", "han on both sides"),
    "place": ("alone", "at the start of a long text", "in the middle of a long text", "at the end of a long text"),
    "companion": ("none", "a spaced sum", "a spaced twin", "a look-alike", "another code", "a code that begins alike"),
    "times": ("once", "twice"),
    "care": ("unsaid", "exactness asked for"),
    "system": ("none", "a system prompt"),
    "asked": ("alone", "with a second string"),
}  # fmt: skip
"""`companion` is what else the prompt holds; a spaced twin is a string of the same shape with spaces at its symbol.
A second string has the same shape and other letters, and is judged as well."""

_LATER = {"system": "none", "asked": "alone", "template": ""}
"""Factors that the first edition did not have, with the level that stands for it. They are stored where they differ."""

PLAIN_CONTEXT = Context()


_CARRIER = {
    "en": "The label on the shelf reads{gap}{code}{gap2}and it was printed today.",
    "zh": "货架上的标签写着{gap}{code}{gap2}今天刚刚打印。",
}
_AGAIN = {"en": "The same words, {code}, stand on the box.", "zh": "箱子上也写着同样的字：{code}。"}
_FILLER = {
    "en": (
        "The warehouse opens at seven in the morning.",
        "Three lorries were unloaded before noon.",
        "The lights in the second hall have been replaced.",
        "Nobody has found the missing ladder yet.",
        "The canteen serves soup on Fridays.",
        "Visitors leave their coats at the gate.",
    ),
    "zh": (
        "仓库早上七点开门。",
        "中午之前卸完了三辆卡车。",
        "二号厅的灯已经换过了。",
        "那架梯子到现在还没有找到。",
        "食堂每逢周五供应汤。",
        "访客把外套留在门口。",
    ),
}
_ASK = {
    "copy": (
        "Repeat this text word for word and add nothing:\n{text}",
        "把下面这段话一字不差地抄一遍，不要加别的：\n{text}",
    ),
    "qa": (
        "{text}\nWhat does the label read? Answer with that alone.",
        "{text}\n标签上写的是什么？只回答这一项。",
    ),
    "rewrite": (
        "Rewrite this in a friendlier tone and keep what the label says:\n{text}",
        "把下面的话改得亲切一些，标签内容要保留：\n{text}",
    ),
    "summarise": (
        "Summarise in one sentence that says what the label reads:\n{text}",
        "用一句话概括，要说出标签的内容：\n{text}",
    ),
    "translate": (
        "Translate into Chinese and keep what the label says:\n{text}",
        "翻译成英文，标签内容保持原样：\n{text}",
    ),
    "list": (
        "{text}\nMake a bulleted list of two items: what the label reads, and the word water.",
        "{text}\n列成两项的无序列表：第一项是标签内容，第二项是“水”。",
    ),
    "table": (
        "{text}\nMake a Markdown table with the columns label and hall; the label is in hall 3.",
        "{text}\n做一个 Markdown 表格，两列：标签、展厅；标签在3号厅。",
    ),
    "json": (
        '{text}\nAnswer with a JSON object alone: {{"label": what the label reads}}',
        '{text}\n只回答一个 JSON 对象：{{"label": 标签内容}}',
    ),
    "tool": ("{text}\nSave the label with the tool.", "{text}\n用工具保存标签内容。"),
    "dialogue": ("I was out of the room. What does the label read?", "我刚才不在。标签上写的是什么？"),
}
_FIRST_TURN = {
    "en": ("Note this down for me, please: {text}", "I have noted it down."),
    "zh": ("请帮我记一下：{text}", "记好了。"),
}
_COMPANION = {
    "a spaced sum": {"en": "The bill says 7 - 2 = 5.", "zh": "账单写着 7 - 2 = 5。"},
    "a spaced twin": {"en": "Beside it hangs {twin}.", "zh": "旁边挂着 {twin}。"},
    "a look-alike": {"en": "The shelf is marked Q–Z.", "zh": "货架标着 Q–Z。"},
    "another code": {"en": "The gate is numbered KX-73.", "zh": "大门编号是 KX-73。"},
    "a code that begins alike": {"en": "The spare box is marked {longer}.", "zh": "备用箱上标着 {longer}。"},
}
_SECOND = {"en": "The crate beside it reads {second}.", "zh": "旁边的木箱上写着：{second}。"}
_ASK_SECOND = {"en": "Do the same for what the crate reads.", "zh": "木箱上写的内容也照样处理。"}
_CARE = {
    "en": "Keep every character of codes and names as it is.",
    "zh": "编号和名称的每个字符都要保持原样。",
}
_SYSTEM = {
    "en": "You are the assistant of a warehouse. Be friendly and brief.",
    "zh": "你是仓库的助手，回答要亲切、简短。",
}
_FRAMES = {
    "none": ("", ""),
    "brackets": ("(", ")"),
    "quotes": ("“", "”"),
    "bold": ("**", "**"),
    "backticks": ("`", "`"),
}
_TOOL = {
    "type": "function",
    "function": {
        "name": "save_label",
        "description": "Save what a label reads.",
        "parameters": {
            "type": "object",
            "properties": {"label": {"type": "string"}},
            "required": ["label"],
        },
    },
}


def messages(code: Code, context: Context) -> tuple[dict[str, Any], ...]:
    """The conversation."""
    asked = _asked(code, context)
    if context.system == "none":
        return asked
    return ({"role": "system", "content": _SYSTEM[context.language]}, *asked)


def _asked(code: Code, context: Context) -> tuple[dict[str, Any], ...]:
    language = context.language
    if context.template:
        return ({"role": "user", "content": context.template.replace("{string}", code.text)},)
    text = _text(code, context)
    ask = _ASK[context.task][language == "zh"].format(text=text)
    if context.asked != "alone":
        ask = f"{ask}\n{_ASK_SECOND[language]}"
    if context.care != "unsaid":
        ask = f"{ask}\n{_CARE[language]}"
    if context.task != "dialogue":
        return ({"role": "user", "content": ask},)
    first, noted = _FIRST_TURN[language]
    return (
        {"role": "user", "content": first.format(text=text)},
        {"role": "assistant", "content": noted},
        {"role": "user", "content": ask},
    )


def tools(context: Context) -> tuple[dict[str, Any], ...]:
    """The tools offered: one for the task `tool`, else none."""
    return (_TOOL,) if context.task == "tool" and not context.template else ()


def _text(code: Code, context: Context) -> str:
    language = context.language
    left, right = _FRAMES[context.frame]
    before = "型" if context.touching in ("han before", "han on both sides") else ""
    after = "的" if context.touching in ("han after", "han on both sides") else ""
    # Chinese needs no space beside a string; punctuation is there unless Han is wanted
    opening, closing = (" ", " ") if language == "en" else ("：", "，")
    sentence = _CARRIER[language].format(
        gap=f"{opening}{before}{left}", code=code.text, gap2=f"{right}{after}{closing}"
    )
    sentences = [sentence]
    if context.times == "twice":
        sentences.append(_AGAIN[language].format(code=code.text))
    if context.asked != "alone":
        sentences.append(_SECOND[language].format(second=second_of(code).text))
    if context.companion != "none":
        sentences.append(_COMPANION[context.companion][language].format(twin=_twin(code), longer=code.text + "7"))
    filler = list(_FILLER[language])
    cut = {"alone": None, "at the start of a long text": 0, "in the middle of a long text": 3}.get(context.place, 6)
    if cut is not None:
        sentences = [*filler[:cut], *sentences, *filler[cut:]]
    return (" " if language == "en" else "").join(sentences)


def second_of(code: Code) -> Code:
    """What is asked for beside a string: the same shape, other letters."""
    other = other_letters(code)
    return other if other.text != code.text else replace(code, parts=("KX", *code.parts[1:]))


def _twin(code: Code) -> str:
    """Another string of the same symbol, with spaces: what a model may take for the house style."""
    return f"Q {code.symbols[0]} Z"


SUITE = "adversarial"


@dataclass(frozen=True)
class Probe:
    """A string in a context; `case` is what is asked."""

    code: Code
    context: Context

    @cached_property
    def case(self) -> Case:
        """The case of this probe; its id is derived from its content."""
        case = Case(
            suite=SUITE,
            id="probe",
            domain=SUITE,
            language=self.context.language,
            task=self.context.task,
            messages=messages(self.code, self.context),
            targets=self._targets,
            required=(self.code.text,),
            tools=tools(self.context),
        )
        return case.model_copy(update={"id": f"probe-{case.digest[:10]}"})

    @property
    def _targets(self) -> tuple[str, ...]:
        if self.context.asked == "alone" or self.context.template:
            return (self.code.text,)
        return self.code.text, second_of(self.code).text

    @property
    def digest(self) -> str:
        """Equal for two probes that ask the same."""
        return self.case.digest

    @property
    def size(self) -> tuple[int, ...]:
        """What "smaller" means: the string first, then how many factors of the context are not plain."""
        return *self.code.size, len(self.context.odd)

    def with_code(self, code: Code) -> "Probe":
        """Another string in the same context."""
        return replace(self, code=code)

    def with_context(self, context: Context) -> "Probe":
        """The same string in another context."""
        return replace(self, context=context)

    def as_dict(self) -> dict[str, Any]:
        """As it is stored."""
        code = self.code
        return {
            "parts": list(code.parts),
            "symbols": list(code.symbols),
            "spaced": list(code.spaced),
            **({"edges": list(code.edges)} if any(code.edges) else {}),
            "context": self.context.as_dict(),
        }

    @classmethod
    def from_dict(cls, value: dict[str, Any]) -> "Probe":
        """From its stored form.

        Raises:
            SuiteError: what does not fit.
        """
        try:
            edges = tuple(value.get("edges", ("", "")))
            code = Code(tuple(value["parts"]), tuple(value["symbols"]), tuple(value["spaced"]), edges)
            return cls(code, Context(**value["context"]))
        except (KeyError, TypeError, ValueError) as error:
            raise SuiteError(f"not a question of a hunt: {type(error).__name__}: {error}") from error


PLAIN = Probe(PLAIN_CODE, PLAIN_CONTEXT)
