"""What became of each target in one answer: the mentions, which of them hold, and which count.

Which hold: what the source itself holds is nobody's damage, and each place has one owner. Which count: for a listed
target everything, for an extracted one what its kind allows for, since a target that nobody listed may be everyday
language (`and/or`, `10-20`).
"""

import re
from bisect import bisect_left, insort
from collections.abc import Iterable, Iterator, Mapping, Sequence
from operator import itemgetter
from types import MappingProxyType
from typing import NamedTuple

from harness.text.characters import SPACE_SET, is_cjk
from harness.text.explain import Change
from harness.text.find import Cover, Reading
from harness.text.fold import Damage, Page
from harness.text.keeping import later
from harness.text.other_things import LOST, WORDS, is_another_thing, is_in_other_words, is_no_markup, is_of_its_own
from harness.text.search import MANY, Source
from harness.text.style import is_before_a_word, is_of_style
from harness.text.sums import (
    is_a_value,
    is_calculated,
    is_formula,
    is_html,
    is_latex,
    is_reformatted,
    is_unescaped,
    is_worked_out,
)
from harness.text.symbols import ALTERED, CORRUPTED, LOOKALIKE, SPACED
from harness.text.targets import MEASURES, NUMBERED_NAME, STRICT_KINDS, Target

VERDICTS = ("verbatim", "spaced", "lookalike", "altered", "corrupted", "absent")
"""In order of rank; `absent` is not damage and is outside the order."""

DAMAGE_CODES = (
    *("space-left", "space-right", "cjk-boundary", "space-inside", "wide-space", "zero-width", "line-break"),
    *("hyphen-lookalike", "slash-lookalike", "quote-lookalike", "sign-lookalike", "fullwidth", "homoglyph"),
    *("normal-form", "space-kind"),
    *("dropped", "to-space", "swapped", "replaced", "doubled", "escaped", "markup", "case", "accents", "closed-up"),
    *("changed", "transposed", "truncated", "added"),
)
_ORDER = {code: place for place, code in enumerate(DAMAGE_CODES)}


class Mention(NamedTuple):
    """A target as it is in an answer.

    Attributes:
        start, end: code points of the answer, or of the decoded JSON string at `path`.
        text: the span itself.
        verdict: one of VERDICTS.
        damage: the codes, in the order of DAMAGE_CODES.
        path: a JSON Pointer; see `channels`.
        severity: `damage` or `note`; `damage` for a verbatim mention too, which has no codes. Notes count nowhere.
        reach: the wider span on which source and answer agree round a target with uncertain edges.
    """

    start: int
    end: int
    text: str
    verdict: str
    damage: tuple[str, ...]
    path: str | None = None
    severity: str = "damage"
    reach: tuple[int, int] | None = None

    @property
    def is_damage(self) -> bool:
        return self.verdict != "verbatim" and self.severity == "damage"


class CheckResult(NamedTuple):
    """Verdict and mentions by target, in the order in which the targets were given.

    Attributes:
        within: a target that is absent because a longer one covers its place -> that longer target. It is damaged
            there, and was not left out.
        unscored: nothing but reasoning came back.
        reasoning: the spans of the answer that are reasoning and were left out.
    """

    verdicts: dict[str, str]
    mentions: dict[str, tuple[Mention, ...]]
    within: Mapping[str, str] = MappingProxyType({})
    unscored: bool = False
    reasoning: tuple[tuple[int, int], ...] = ()


def worst(mentions: Sequence[Mention]) -> str:
    """The worst verdict of the mentions that count; `verbatim` where nothing but notes is left."""
    if len(mentions) == 1 and not mentions[0].damage:
        return "verbatim"
    ranks = [VERDICTS.index(verdict) for verdict, severity in set(map(_HOW, mentions)) if severity == "damage"]
    if ranks:
        return VERDICTS[max(ranks)]
    return "verbatim" if any("added" not in one.damage for one in mentions) else "absent"


_HOW = itemgetter(Mention._fields.index("verdict"), Mention._fields.index("severity"))


def in_order(codes: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(codes, key=_ORDER.__getitem__))


class Finding(NamedTuple):
    """A mention of a target. `wanted` is the text that was found: the target's own, or that of an alternate."""

    target: Target
    wanted: str
    start: int
    end: int
    damage: Damage
    severity: str = "damage"


def settle(
    damaged: list[Finding], whole: list[Finding], text: str, source: Source
) -> tuple[list[Finding], dict[str, str]]:
    """The damaged findings that hold, and the targets whose own findings lie in those of longer ones."""
    cover = Cover((one.start, one.end, one.wanted) for one in whole) if whole else None
    if len(damaged) >= MANY:
        source.learn(text[one.start : one.end] for one in damaged)
    kept: list[Finding] = []
    within: dict[str, str] = {}
    for rivals in _rivals(damaged):
        taken: list[tuple[int, int, Finding]] = []
        if len(rivals) > 1:
            rivals.sort(key=_mildest)
        for finding in rivals:
            target, wanted, start, end, _, _ = finding
            outer = _owner(taken, start, end) if taken else None
            if outer is not None:
                covered = outer.start <= start and end <= outer.end
                if covered and outer.severity == "damage" and len(outer.wanted) > len(wanted):
                    within.setdefault(target.text, outer.target.text)
                continue
            span = text[start:end]
            owned = source.holds_beside(span, wanted) if target.given else source.holds_in_some_case(span, wanted)
            if not owned and not (cover and cover.holds(start, end, wanted)):
                kept.append(finding)
                insort(taken, (start, end, finding))
    return kept, {text: outer for text, outer in within.items() if text != outer}


def _rivals(damaged: list[Finding]) -> Iterator[list[Finding]]:
    """The findings in groups, by place: what overlaps is in one group."""
    rivals: list[Finding] = []
    reach = 0
    for finding in sorted(damaged, key=start_of):
        _, _, start, end, _, _ = finding
        if start >= reach and rivals:
            yield rivals
            rivals = []
        rivals.append(finding)
        reach = max(reach, end)
    if rivals:
        yield rivals


start_of = itemgetter(Finding._fields.index("start"))


def rank(weight: int) -> int:
    """The place of a weight's verdict in VERDICTS."""
    return 4 if weight >= CORRUPTED else 3 if weight >= ALTERED else 2 if weight >= LOOKALIKE else 1 if weight else 0


def _mildest(finding: Finding) -> tuple[int, int, int, int, int, int]:
    damage = finding.damage
    return rank(damage.weight), -len(finding.wanted), damage.edits, damage.weight, finding.start, -finding.end


def _owner(taken: list[tuple[int, int, Finding]], start: int, end: int) -> Finding | None:
    """Whose place overlaps these; the places of `taken` are in order and apart."""
    place = bisect_left(taken, (end,))
    return taken[place - 1][2] if place and taken[place - 1][1] > start else None


_BROKEN_BY_A_LINE = frozenset({"path", "url", "file", "code"})
_CASED = frozenset({"unit", "placeholder", "option"})
"""Kinds in which the case of the first letter means something inside a sentence too: `mg`, `Mg`."""
_LETTER_AND_DIGIT = later("[A-Za-z]-?[0-9]")  # `A319-114` begins with no word
_NUMBERS, _BESIDE_WORDS = frozenset({"range", "date", "time", "number"}), frozenset({"space-inside", "cjk-boundary"})
_EVERYDAY_PAIR = frozenset({"replaced", "to-space", "dropped"})
_RANGE_SIGNS = frozenset("–~～")
_SOFT = frozenset({"to-space", "dropped", "case"})
_PROSE, _IN_BOLD = _SOFT | {"space-inside"}, frozenset({"to-space", "markup", "case"})
_CODE_AND_WORD = later(
    "(?<=[A-Za-z0-9])/(?=[\u3041-\u9fff\uac00-\ud7a3]{2}|第[0-9])|(?<=[\u3041-\u9fff\uac00-\ud7a3]{2})/(?=[A-Za-z0-9])"
    "|(?<=[\u3041-\u9fff])-(?=[0-9]{1,5}[人名个個件台套份张張只间間]\\Z)"
)
_OF_SPACING = later("(?<=[\u3041-\u9fff]) (?=[A-Za-z0-9])|(?<=[A-Za-z0-9]) (?=[\u3041-\u9fff])")
_CAPITALS = later("[A-Z]+(?:[-/&][A-Z]+)+")
_SUMMANDS = later(r"(?!.*\d{3}|.*\d.*\+.*\d)[^\W\d_][\w.]*(?:\+[^\W\d_][\w.]*)+")
"""Words and keys; what holds a longer number is a part number: `MAX3232EEPE+T`."""
_OF_TOKEN = later(r"[A-Za-z0-9_./\\#:@%~?=&+-]*")
_KEY_OF_A_VALUE = later(r"[A-Za-z_][\w.-]*=")
_TRAILING, _FARTHEST = ".,:;!?", 256  # so far a token is looked at: there may be thousands of mentions in it


def severity(reading: Reading, target: Target, page: Page, source: Source) -> str | None:
    """`damage`, `note`, or None where the reading is not a mention of an extracted target that its kind lets off."""
    if not reading.damage.weight:
        return "damage"
    text, changes = page.text, reading.damage.changes
    codes = {code for change in changes for code in change.codes}
    if reading.damage.weight >= ALTERED and _is_inside_token(text, reading, target, source):
        return None
    if _is_everyday(reading, target, codes, text):
        return None
    if target.kind in _NUMBERS and _EQUALS.match(text, reading.end):
        return None  # `12 / 4 = 3`: a sum that the answer works out is not a mention of `12/4`
    if _TAKEN_AWAY.match(text, reading.start):
        return None  # nor is `88 − 120` one of `-120`
    place = reading.start, reading.end, source.parts
    if codes <= _BESIDE_WORDS and is_before_a_word(page, *place, open_left=target.open_left):
        return "note"
    if codes == {"cjk-boundary"} and not is_of_style(target.kind, page, *place):
        return "damage"
    # each part of a longer one would ask for a look at all of it
    if len(target.text) <= _LONGEST_SPELLED and _is_another_spelling(reading, target, codes, page, source):
        return "note"
    if codes <= _OF_OPERANDS and (is_reformatted(target, text, *place) or is_worked_out(target, text, *place)):
        return "note"
    for change in changes:
        if not _is_note(change, reading, target, page):
            return "damage"
    return "note"


_OF_OPERANDS = frozenset({"space-left", "space-right", "space-inside", "sign-lookalike"})
_EQUALS, _TAKEN_AWAY = later(r"\s{0,3}[=＝≈]"), later(r"(?<=[0-9%)] )[-−–] (?=[£$€¥]?[0-9])")


def in_a_sentence(reading: Reading, target: Target, text: str) -> Reading:
    """The reading of an extracted target without what its sentence does to it, where there is other damage.

    That is the capital, or small letter, of an everyday name (`Client - side`), and what is between words of a
    pair: `带**二合一 / 防雨**外套` is `spaced`, and a repair leaves the emphasis.
    """
    changes = reading.damage.changes
    if len(changes) < 2:
        return reading
    own = [one for one in changes if _PARTING.issuperset(one.codes) and _is_between_words(one, reading, target, text)]
    if own and len(own) < len(changes):
        weight = sum((ALTERED if "markup" in one.codes else 0) + (one.codes != ("markup",)) * SPACED for one in own)
        rest = tuple(one for one in changes if one not in own)
        return reading._replace(damage=Damage(reading.damage.weight - weight, rest))
    first, *others = changes
    if target.kind == "name" and first.codes == ("case",) and (first.start, first.end) == (0, 1):
        return reading._replace(damage=Damage(reading.damage.weight - ALTERED, tuple(others)))
    return reading


def _is_another_spelling(reading: Reading, target: Target, codes: set[str], page: Page, source: Source) -> bool:
    """Whether a writer may spell the target like this on purpose: `created at`, `Ctrl + C`, `10 km/h`, `CDROM`."""
    text, wanted, kind = page.text, target.text, target.kind
    span = text[reading.start : reading.end]
    if wanted.endswith("()") and " " in span and "(" not in span:
        return True  # `Static Files` for `StaticFiles()`
    if kind == "identifier" and WORDS.fullmatch(wanted):
        if codes <= _SOFT and wanted.islower():
            return True
        is_of_words = not codes.isdisjoint(_SOFT) and codes <= _PROSE
        is_of_words |= codes == _IN_BOLD  # `**OpenAPI** examples`
        if codes == {"case"} and not wanted.isupper() and ("_" in wanted or wanted.count(".") > 1):
            return False  # `net_amt_GBP`, `com.acme.vo.UserVo`
        return is_of_words and (wanted.islower() or "case" in codes)  # `Hugging Face Hub`, `Polars DataFrame`
    if (
        (kind == "name" and codes == {"quote-lookalike"} and _APOSTROPHE.match(wanted))  # `l’e-mail`
        or (codes <= {"dropped", "case"} and _ENCODING.fullmatch(wanted))
        or (kind == "version" and _COMPARED.sub(r"\1", span)[1:] == wanted[1:])  # `Numpy >= 1.24, < 2.0`
        or (kind in _NUMBERED and _is_apart_from_its_name(reading, wanted, span, codes))
        or (codes == {"space-inside"} and _HALF_OF_A_DAY.fullmatch(span))
        or (kind in ("range", "date") and _SPAN_OF_YEARS.fullmatch(span))
        or ((wanted[0] == "§" or (wanted[0] in "€£$¥￥" and kind == "number")) and span == f"{wanted[0]} {wanted[1:]}")
        or is_calculated(wanted, span)
        or (_KEY_OF_A_VALUE.match(wanted) and span.replace(" = ", "=", 1) == wanted)  # `entry = scripts/main.lua`
        or ("\\" in wanted and is_unescaped(wanted, span))
        or (("&&" in wanted or "||" in wanted) and _COMMANDS.sub(r"\1", span) == wanted)  # as a script is formatted
    ):
        return True
    if codes == {"case"} and (
        wanted.startswith("0x")
        or (wanted[0] == "$" and wanted[2:] == span[2:])
        or kind == "email"
        or (kind == "code" and _in_small_letters(span) == _in_small_letters(wanted))
        or (kind in _TITLED and _is_heading(wanted, span, text, reading))
    ):
        return True
    if codes == {"cjk-boundary"} and _COUNTS.fullmatch(wanted):
        return True  # `14 核/20 线程`
    is_size = _OF_SIZES.search(wanted) is not None
    is_quantity = _FROM_TO.fullmatch(wanted) is not None
    if kind in ("unit", "range") or is_size or is_quantity:
        bare = _BEFORE_A_UNIT.sub("", _BESIDE_COUNTS.sub(r"\1", span) if is_quantity else span)
        is_apart = _QUANTITIES_APART.fullmatch(span) and bare.replace(" / ", "/") == wanted  # `10 kg / 25 lb`
        return bool(is_apart) or bare == wanted or (not is_size and bare.replace("–", "-") == wanted)
    if kind in ("name", "code"):
        if codes == {"dropped"}:
            return _CAPITALS.fullmatch(wanted) is not None
        is_sum = span.replace(" + ", "+") == wanted and _SUMMANDS.fullmatch(wanted) is not None
        is_sum = is_sum and not is_a_value(target, page, reading.start, reading.end, source.parts)
        apart = _CODE_AND_WORD.sub(" ", wanted)  # `user-center 订单`, `12J609 第 17 页`
        return is_sum or ("to-space" in codes and _OF_SPACING.sub("", apart) == _OF_SPACING.sub("", span))
    if kind == "option":  # `--model tuned`, `--format=FORMAT`
        name, _, value = wanted.partition("=")
        if codes == {"replaced"} and span == wanted.replace("_", "-"):
            return page.in_prose(reading.start, reading.end)
        return span == f"{name} {value}" or (
            codes == {"case"} and value.isalpha() and span.startswith(f"{name}=") and span.lower() == wanted.lower()
        )
    return False


def _is_heading(wanted: str, span: str, text: str, reading: Reading) -> bool:
    """Whether one of the two is written in capitals, as a heading is: `DEB-SYSTEMD-HELPER`."""
    if any(map(str.isdecimal, wanted)) or sum(map(str.isalpha, wanted)) < _LETTERS_OF_A_HEADING:
        return False
    if span.isupper():
        low, high = text.rfind("\n", 0, reading.start) + 1, text.find("\n", reading.end)
        in_capitals = text[low : high if high >= 0 else None].isupper() or text[reading.end : reading.end + 1] == "("
        return wanted.islower() and in_capitals
    return wanted.isupper() and (span.islower() or span.istitle())


_CAPITAL_OF_A_WORD = later("(?<![A-Za-z])[A-Z](?=[a-z]{3,}(?![A-Za-z]))")


def _in_small_letters(code: str) -> str:
    """A code with its words in small letters: `BSD-3-Clause` is also written `BSD-3-clause`."""
    return _CAPITAL_OF_A_WORD.sub(lambda found: found[0].lower(), code)


_LETTERS_OF_A_HEADING, _TITLED = 8, frozenset({"code", "name", "file", "path"})
_NUMBERED = frozenset({"code", "number", "range", "cas", "hash"})


def _is_apart_from_its_name(reading: Reading, wanted: str, span: str, codes: set[str]) -> bool:
    """`ISBN 978-7-111-40701-0`, and `ISBN**978-7-111-40701-0**`."""
    name = NUMBERED_NAME.match(wanted)
    if name is None:
        return False
    first, *others = reading.damage.changes
    in_bold = codes == {"markup"} and first.start == name.end() and not others
    return in_bold or span in (wanted[: name.end()] + blank + wanted[name.end() :] for blank in _THIN)


_APOSTROPHE = later(r"[a-z]|[^\W\d]['’]|[^\W_]+['’][^\W_]+\Z")
_ENCODING = later(r"(?:utf|ucs|sha|crc|md|cp|latin|base|iso|koi|windows)-\d+(?:-[0-9A-Z]+)?", re.IGNORECASE)
_HALF_OF_A_DAY = later(r"[0-9]{1,2}(?:[:.][0-9]{2})? ?[ap]\.?m\.?", re.IGNORECASE)  # `4:30 pm`
_SPAN_OF_YEARS = later("[12][0-9]{3}—[12][0-9]{3}")  # as GB/T 15834 sets it
_COMMANDS = later(r"(?<!\s)(?:\s{1,8}\\\n)?\s{1,16}(&&|\|\|) ")
_COMPARED = later(" ?([<>=!~]{1,3}|,) ?")
_LONGEST_SPELLED = 2000
_THIN = " \u00a0\u2009\u202f"
_BEFORE_A_UNIT = later(
    f"(?<=[0-9])(?:[{_THIN}]|[{_THIN}]?(?:[*]{{1,3}}|`)[{_THIN}]?)(?=[^\\W_]|[°%‰€£¥₽₫㎡])"
    "|(?<=[0-9],) (?=[0-9])|(?<=[€£$¥￥]) (?=[0-9])|(?<=[0-9]%) (?=[A-Z])| (?=±)|(?<=±) "
)
_QUANTITIES_APART = later(r"[0-9][0-9.,]* °?[^\W\d_]{1,4}(?: / [0-9][0-9.,]* °?[^\W\d_]{1,4})+")
_BESIDE_COUNTS = later(" ([+×]) ")
_COUNTS = later("[0-9.]+[一-鿿]{1,3}(?:/[0-9.]+[一-鿿]{1,3})+")
_OF_SIZES, _DAY = later("×|%±"), "(?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]*|Mo|Di|Mi|Do|Fr|Sa|So)"
_MONTH = "(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]*"
_QUANTITY_OF = (
    "[0-9][0-9.,]*(?:±[0-9.]+)?(?:[nμµmck]?[mgLVAWJN]|[kMG]?Hz|k?N·m|[kM]Pa|[kKMGT]?(?:bps|B/s)|[KMGT]B|°[CF]"
    "|k?cal|k?Wh|mmHg|mmol|㎡)"
)
_FROM_TO = later(
    f"A-Z|a-z|[0-9]{{0,2}}X?[SML]-[0-9]{{0,2}}X{{0,2}}[SML]|([A-Z])[0-9]+-\\1[0-9]+|{_DAY}-{_DAY}|{_MONTH}-{_MONTH}|[0-9.]+(?:%[A-Z][A-Za-z0-9]*|[A-Za-z]{{2,3}}\\.[ag])"
    f"|{_QUANTITY_OF}(?:[/+]{_QUANTITY_OF}|×[0-9]+)*"
)
"""`V2-V4` and `Mon-Fri` are also written with an en dash, `0.9%NaCl` and `16GB+1TB` with blanks."""


_WRAPPED = frozenset({"space-left", "space-inside", "wide-space", "line-break"})
_UNICODE_ESCAPES = later(r"(?:\\u[0-9A-Fa-f]{4})+")
_ENTITY = later("&(?:amp|lt|gt|quot);")
_ESCAPED_IN_LATEX = later(r"\\[_&%#$]")
_JSON_BEGINS = ("{", "[")  # an answer in JSON that is read as text: every letter beyond ASCII may be escaped

_SHAPING = frozenset("\u200c\u200d\ufe0e\ufe0f")  # joiners and selectors, which change how their neighbours are written


def _is_escape_of_its_text(page: Page, start: int, end: int) -> bool:
    """Whether JSON, code, HTML or LaTeX is escaped as it is written: each letter, `\\/`, `&amp;`, `\\_`."""
    text = page.text
    if _UNICODE_ESCAPES.fullmatch(text, start, end):
        return text.lstrip()[:1] in _JSON_BEGINS or page.in_code(start, end)
    if text.startswith("\\/", start):
        return text.lstrip()[:1] in _JSON_BEGINS  # some writers of JSON escape each slash
    if text.startswith("&", start):
        return _ENTITY.fullmatch(text, start, end) is not None and is_html(text)
    return _ESCAPED_IN_LATEX.match(text, start) is not None and is_latex(text)


def _is_note(change: Change, reading: Reading, target: Target, page: Page) -> bool:
    text = page.text
    codes = set(change.codes)
    if codes == {"space-right", "line-break"} or (
        codes == {"space-inside", "line-break"} and target.kind == "identifier"
    ):
        return target.kind not in _BROKEN_BY_A_LINE and page.in_prose(reading.start, reading.end)
    if codes <= _WRAPPED and "line-break" in codes and target.kind == "identifier":
        # `page⏎    ->render(`: a chain of calls as code is formatted
        return text.startswith("->", reading.start + change.end) and page.in_code(reading.start, reading.end)
    if codes == {"escaped"}:
        return _is_escape_of_its_text(page, reading.start + change.start, reading.start + change.end)
    if codes == {"zero-width"} and change.new and _SHAPING.isdisjoint(change.new):
        return True  # a zero-width space or a mark of direction got into the prompt with a copied text
    if codes == {"case"} and change.start == 0:
        # rule 3: the case of a first letter is the sentence's, at the start of one here or there
        is_cased = target.kind in _CASED or (target.kind == "code" and _LETTER_AND_DIGIT.match(target.text))
        return change.end == 1 and (not is_cased or _opens_sentence(text, reading.start))
    if target.kind == "cjk-pair" and codes == {"cjk-boundary"}:
        # `500 元/晚`, `5/12 号` are how a number is written; `GJ12 节点` and `东门-2 号/风向标` count nothing
        low, high = reading.start + change.start, reading.start + change.end
        letter = text[reading.start : low].rstrip("0123456789.,")[-1:]
        is_number = text[low - 1].isdecimal() and not (letter.isascii() and letter.isalpha())
        if is_number and text.startswith(MEASURES, high, reading.end):
            return True
    if codes <= _PARTING and _is_between_words(change, reading, target, text):
        return True
    if target.kind in _NUMBERS:  # `3–5 个` for `3-5个`
        if codes == {"cjk-boundary"}:
            return True
        if target.kind == "number" and target.text.count("-") > 1:
            return False  # `3-2-501` has no two ends, as a range has
        others = [one for one in reading.damage.changes if one.codes != ("cjk-boundary",)]
        return len(others) == 1 and text[reading.start + change.start : reading.start + change.end] in _RANGE_SIGNS
    return False


_PARTING = frozenset({"space-inside", "cjk-boundary", "wide-space", "line-break", "markup"})
_WHOLE_NAMES = frozenset({"path", "file", "url"})
_QUANTITY, _UNIT_OF_HAN = later(r"[^0-9-]+/[0-9]+(?:\.[0-9]+)?"), later("[\u4e00-\u9fff]{1,3}/.{1,3}")
_OF_A_PAPER = later("[〔［(（](?:19|20)[0-9]{2}[〕］)）]")


def _is_between_words(change: Change, reading: Reading, target: Target, text: str) -> bool:
    """Whether what was put in parts two words of Han that the target may have taken from its sentence.

    A pair may have such words at both ends, and what counts in it is beside its sign: `带**二合一/防雨**外套`. In
    another target the Han at an uncertain edge may be the sentence's from any place on.
    """
    low, high = reading.start + change.start, reading.start + change.end
    before, behind = text[reading.start : low], text[high : reading.end]
    if not (before and behind and is_cjk(behind[0])):
        return False
    is_counter = behind in MEASURES or (len(behind) == 1 and not (before[0].isascii() and before[0].isalpha()))
    is_counted = target.open_right or not any(map(str.isalpha, before)) or _QUANTITY.fullmatch(before) is not None
    if (
        target.kind == "code"
        and before[-1].isdecimal()
        and is_counter
        and is_counted
        and not _OF_A_PAPER.search(before)
    ):
        return True  # `3-2-1402 室`, `挂车/13 米`, but not `东-3 柜`
    is_unit = (target.open_left and "-" not in behind.partition("/")[0]) or _UNIT_OF_HAN.fullmatch(behind) is not None
    if target.kind == "code" and is_unit and before.replace(".", "", 1).isdecimal():
        return True  # `24 粒/盒`, but not `2 号楼-305`
    if not is_cjk(before[-1]):
        return False
    if target.kind == "cjk-pair" or (target.kind == "code" and "/" in target.text and all(map(is_cjk, before))):
        return True  # `凭证 记-0618/附5张`
    in_the_end = (target.open_right and all(map(is_cjk, behind))) or (target.open_left and all(map(is_cjk, before)))
    return in_the_end and target.kind not in _WHOLE_NAMES


def _opens_sentence(text: str, start: int) -> bool:
    """Whether a sentence, line, cell or title begins there."""
    line = text[max(0, start - 16) : start].rstrip(" \t\"'“‘(*_#`")
    return not line or line[-1] in "\n.!?:;|>-•。！？：；，【《「（"


def _is_everyday(reading: Reading, target: Target, codes: set[str], text: str) -> bool:
    """Whether such a reading is ordinary language, and no mention of a target of this kind."""
    is_altered = reading.damage.weight >= ALTERED
    span = text[reading.start : reading.end]
    is_listed = span.count("、") > 1 or _LISTED.fullmatch(span)
    if is_listed and span.replace("、", "/").replace(" ", "") == target.text:
        return True  # `USB-C、HDMI 2.1、RJ45`, `110a、110b`, `X、Y`
    if "、" in span and target.kind == "code" and _BESIDE_HAN.search(target.text):
        return True  # `190℃、下火 170℃`
    if "、" in span and target.kind != "code" and _SHORT_SIDES.fullmatch(target.text):
        return True  # `Java、Python、前端`
    if target.kind == "name":
        if not is_altered or is_of_its_own(target.text, codes):
            return False
        return "case" in codes or target.text[0].isdecimal() or not _is_among_cjk(text, reading)
    if target.kind == "cjk-pair":
        return not _EVERYDAY_PAIR.isdisjoint(codes)
    if target.kind in _NUMBERS:
        return is_altered and not all(
            text[reading.start + one.start : reading.start + one.end] in _RANGE_SIGNS or one.codes == ("cjk-boundary",)
            for one in reading.damage.changes
        )
    if target.kind == "placeholder" and target.text[0] == ":" and text[reading.start - 1 : reading.start].isalnum():
        return True  # `note: id`, where the colon is the sentence's
    if target.kind == "placeholder" and target.text[0] == "%" and codes <= _ANOTHER_SIGN:
        return len(reading.damage.changes) > 1 and _SIGNS.sub("", span) == _SIGNS.sub("", target.text)  # `%Y/%m/%d`
    if target.kind == "placeholder" and target.text[0] == "{" and _is_no_holder(reading, span, text):
        return True
    begins_a_path = span.endswith((" /", "\n/")) and text[reading.end : reading.end + 1].isalnum()
    if (
        _BULLET.search(span)
        or is_in_other_words(target.text, span)
        or (target.kind == "path" and (begins_a_path or _TREE.search(span)))
    ):
        return True
    return is_altered and (
        (span.startswith("# ") and not text[text.rfind("\n", 0, reading.start) + 1 : reading.start].strip("# "))
        or is_formula(target.text)  # `$X_1$` is another variable than `$x_1$`
        or is_another_thing(target, codes, span)
        or ("markup" in codes and is_no_markup(span, target.text))
        or (target.text.endswith("()") and (span.count("(") < span.count(")") or bool(codes & _OF_ANOTHER_CALL)))
        or _loses_a_small_sign(reading, target)
        or (target.kind == "code" and _ends_in_an_article(reading, target))
    )


_BESIDE_HAN = later("/[一-鿿]|[一-鿿]/")
_SHORT_SIDES = later(r"(?=.*[一-鿿])(?:[^/\\~_-]{1,6}/)+[^/\\~_-]{1,6}")
_TREE = later(r"/\n(?:\s+[^\s/]+/\n\s|\s*\t)")  # folders, each on a line of its own
_BULLET = later(r"\n\s*[*+•]\Z")  # rule 2 for `update-xml*`
_ANOTHER_SIGN, _SIGNS = frozenset({"swapped", "replaced"}), later("[-/.:_]")
_LISTED = later("[0-9]{1,4}[a-z]、[0-9]{1,4}[a-z]|[^/、.-]{1,2}、[^/、.-]{1,2}")


def _is_no_holder(reading: Reading, span: str, text: str) -> bool:
    """Whether it is of another language: `${error}`, or a name in `import { Buffer }`."""
    before = text[max(0, reading.start - 8) : reading.start]
    return before.endswith(("$", "#", "%")) or (
        span[1] + span[-2] == "  " and (span[2].isupper() or before.endswith(("import ", "export ", "const ", "let ")))
    )


_OF_ANOTHER_CALL = frozenset({"markup", "doubled"})  # `f<T>()`, `f(() => 1)`


def _is_among_cjk(text: str, reading: Reading) -> bool:
    """Whether there is CJK on one side at least: words of another script are not everyday language there."""
    before, behind = (
        text[max(0, reading.start - 8) : reading.start].rstrip()[-1:],
        text[reading.end : reading.end + 8].lstrip()[:1],
    )
    return any(char and is_cjk(char) for char in (before, behind))


def _loses_a_small_sign(reading: Reading, target: Target) -> bool:
    """`311 files` for `3.11`: below five letters or digits, a sign between digits that is lost."""
    if target.kind not in STRICT_KINDS or sum(map(str.isalnum, target.text)) >= 5:
        return False
    for change in reading.damage.changes:
        if LOST.isdisjoint(change.codes) or change.new.strip() in ("-", "/"):
            continue
        place = target.text.find(change.new)
        around = target.text[place - 1 : place] + target.text[place + len(change.new) : place + len(change.new) + 1]
        if len(around) == 2 and around.isdecimal():
            return True
    return False


def _ends_in_an_article(reading: Reading, target: Target) -> bool:
    """`AB-12 a better` for `AB-12-A`."""
    changes = reading.damage.changes
    if len(changes) < 2 or not target.text[-1:].isalpha() or target.text[-2:-1].isalnum():
        return False
    return "to-space" in changes[-2].codes and "case" in changes[-1].codes


def _is_inside_token(text: str, reading: Reading, target: Target, source: Source) -> bool:
    """Whether the span is part of a URL, slug, file name or identifier that the source does not hold.

    Where the source has the target between the same neighbours, the token is not another: `retry-max=5`.
    """
    start, end = reading.start, reading.end
    if any(char in SPACE_SET for char in text[start:end]):
        return False
    ahead = text[max(0, start - _FARTHEST) : start][::-1]
    low = start - _OF_TOKEN.match(ahead).end()  # type: ignore[union-attr]
    high = _OF_TOKEN.match(text, end, end + _FARTHEST).end()  # type: ignore[union-attr]
    while high > end and text[high - 1] in _TRAILING:
        high -= 1
    before, behind = text[low:start], text[end:high]
    if _KEY_OF_A_VALUE.fullmatch(before) and not any(map(str.isalnum, behind)):
        return False
    if not (any(map(str.isalnum, before)) or any(map(str.isalnum, behind)) or before.endswith("#")):
        return False
    if target.kind == "path" and not before and behind.startswith(":"):
        return False  # a place in a file, or where a folder is mounted
    if source.holds(text[low:high]) or source.holds(before + target.text + behind):
        return False
    return before != "" or behind[0] != "=" or not source.holds(target.text + "=")  # a key: `btn.submit_order=提交`
