"""`check`: the verdict on every target of a case."""

from bisect import bisect_left
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import accumulate

from harness.text.channels import REASONING_TAGS, Passage, masked, passages, reasoning_spans
from harness.text.characters import is_cjk
from harness.text.find import Alike, Reading, are_apart, is_free, new, readings, whole_places
from harness.text.fold import SHORT, WHOLE, Damage, Page
from harness.text.joints import Joint, joints_apart, may_begin
from harness.text.keeping import kept, later
from harness.text.mentions import (
    VERDICTS,
    CheckResult,
    Finding,
    Mention,
    in_a_sentence,
    in_order,
    rank,
    settle,
    severity,
    start_of,
    worst,
)
from harness.text.near import (
    KINDS_BESIDE,
    has_near_misses,
    is_doubtful,
    may_have_misses_beside,
    near_misses,
    translated_placeholders,
)
from harness.text.search import MANY, Source
from harness.text.sums import is_formula
from harness.text.symbols import ALTERED, DEFAULT_SYMBOLS, SymbolTable
from harness.text.targets import STRICT_KINDS, Target, kind_of

_CONTINUES_PATH = frozenset("/\\")


def check(
    source: str | Sequence[str],
    output: str,
    targets: Sequence[str | Target] | None = None,
    *,
    channel: str = "text",
    symbols: SymbolTable = DEFAULT_SYMBOLS,
    strict_kinds: Collection[str] = (),
    reasoning: Sequence[str] = REASONING_TAGS,
) -> CheckResult:
    """What became of each target in `output`.

    Args:
        source: all that the model was given, as one text or one a message; a span never crosses two of them.
        output: the answer as it came.
        targets: the strings that must come back; those of `extract_targets(source)` where None. Listed strings are
            judged strictly, extracted ones by their kind.
        channel: `text`, `json` or `tool`; an answer of the last two that holds no JSON is checked as text.
        symbols: the table of symbols and look-alikes.
        strict_kinds: kinds of extracted targets for which everything is damage.
        reasoning: names of the tags round reasoning, which is not output.

    Raises:
        ValueError: for another channel.
        TypeError: the source or the output is not text.
    """
    if type(source) is not str or type(output) is not str:
        refuse_other_types(source, output)
    page: Page | None = None
    if channel == "text" and len(output) < SHORT and "<" not in output and "[" not in output:
        page = Page(output, symbols)
        whole = _all_whole(source, page, _extracted(source, symbols) if targets is None else targets)
        if whole is not None and (
            targets is not None or not may_begin(output) or not any(joints_apart(output, Source(source)))
        ):
            return whole
    judge = Judge(source, targets, symbols, strict_kinds)
    spans = [] if page else reasoning_spans(output, judge.source.parts, reasoning)
    visible = masked(output, spans) if spans else output
    is_lost = bool(spans) and not visible.strip()
    return judge.result(passages(visible, channel), channel, spans, unscored=is_lost, read=page)


def _extracted(source: str | Sequence[str], symbols: SymbolTable) -> tuple[Target, ...]:
    return _scanner()(source, symbols=symbols)


@lru_cache(maxsize=1)
def _scanner() -> Callable[..., tuple[Target, ...]]:
    from harness.text.scan import extract_targets  # here: its patterns take 30 ms, and cases list their targets

    return extract_targets


def _all_whole(source: str | Sequence[str], page: Page, targets: Sequence[str | Target]) -> CheckResult | None:
    """The result for targets that are all in a short answer, in whole mentions alone, or None.

    Three of four answers of a log are like that: this is `Judge` without what none of them needs.
    """
    if isinstance(targets, str) or not targets or not page.is_plain:
        return None
    parts: Sequence[str] = (source,) if isinstance(source, str) else source
    mentions: dict[str, tuple[Mention, ...]] = {}
    for one in targets:
        uncertain: Target | None = None
        if isinstance(one, Target):
            text, kind, _, _, open_left, open_right, _, alternates = one
            if alternates or kind in KINDS_BESIDE or (not kind and may_have_misses_beside(text)):
                return None
            uncertain = one if open_left or open_right else None
        elif type(one) is str and not may_have_misses_beside(one):
            text = one
        else:
            return None
        if text in mentions:
            continue
        places = whole_places(page, text)
        if not places:
            return None
        size = len(text)
        several: list[Mention] = []
        for at in places:
            reach = _reach(uncertain, at, at + size, page.text, parts) if uncertain else None
            several.append(new(Mention, (at, at + size, text, "verbatim", (), None, "damage", reach)))
        mentions[text] = tuple(several)
    return new(CheckResult, (dict.fromkeys(mentions, "verbatim"), mentions, {}, False, ()))


_HINTS = {"coroutine": "; await it first", "dict": "; json.dumps(answer) is the text of an object"}


def refuse_other_types(source: object, answer: object = "") -> None:
    """Raise TypeError for what applications have at hand instead of texts."""
    if not isinstance(answer, str):
        kind = type(answer).__name__
        raise TypeError(
            f"answer: found {kind}; accepted: text, such as response.choices[0].message.content, or the arguments of a "
            f"tool call with channel='tool'{_HINTS.get(kind, '')}"
        )
    # what can be read only once would be read for its targets, and hold none of the answer's spans
    parts: Iterable[object] = [source]
    if isinstance(source, Iterable) and not isinstance(source, str | bytes | dict | Iterator):
        parts = source
    other = next((type(part).__name__ for part in parts if not isinstance(part, str)), None)
    if other is not None:
        raise TypeError(
            f"source: found {other}; accepted: a text, or a list of texts, such as "
            "[message['content'] for message in messages]"
        )


class Judge:
    """The targets of a case, ready to be looked for in any number of texts."""

    def __init__(
        self,
        source: str | Sequence[str],
        targets: Sequence[str | Target] | None,
        symbols: SymbolTable,
        strict_kinds: Collection[str] = (),
    ) -> None:
        self.source = Source(source)
        self.symbols = symbols
        self.strict_kinds = frozenset([strict_kinds] if isinstance(strict_kinds, str) else strict_kinds)
        # a text is a sequence of texts to Python: its characters, of which any answer has some
        given = [targets] if isinstance(targets, str) else targets
        self.is_open = given is None
        if given is None:
            given = _extracted(source, symbols)
        self.targets, self.wanted, self._beside, self._texts, self._is_simple = _prepared(tuple(given))

    def result(
        self,
        texts: Sequence[Passage],
        channel: str,
        reasoning: Sequence[tuple[int, int]],
        *,
        unscored: bool,
        read: Page | None = None,
    ) -> CheckResult:
        """`read` is the page of the only passage, where there is one already."""
        mentions: dict[str, list[Mention]] = {target.text: [] for target in self.targets}
        samples: dict[str, list[Mention]] = {}
        """Of each target that is mentioned some mentions that have all its verdicts."""
        within: dict[str, str] = {}
        by_passage: list[list[Mention]] = []
        met: set[str] = set()
        for passage in texts:
            page = read or Page(passage.text, self.symbols, is_text=channel == "text")
            seen = readings(page, self._texts)
            met.update(seen)
            by_passage.append([])
            plain = self._of_themselves(page, seen)
            if plain is not None and not (self.is_open and self._apart(page, _places(plain))):
                for text, forms in plain.items():
                    listed = self._listed(self.wanted[text], forms, passage)
                    mentions[text] += listed
                    samples.setdefault(text, []).extend(listed[:1] if len(forms) == 1 else listed)
                    by_passage[-1] += listed
                continue
            found, inside = self._found(page, seen)
            for one in self._without_doubtful(found, passage.text):
                mention = self.mention(one, passage)
                mentions.setdefault(one.target.text, []).append(mention)
                samples.setdefault(one.target.text, []).append(mention)
                by_passage[-1].append(mention)
            within |= {text: outer for text, outer in inside.items() if text not in within}
        verdicts = {target: worst(samples[target]) if target in samples else "absent" for target in mentions}
        nearly: set[str] = set()
        if self._beside or "absent" in verdicts.values():
            for passage, among in zip(texts, by_passage, strict=True):
                for text, mention in self._near_misses(passage, among, mentions, met):
                    mentions[text].append(mention)
                    samples.setdefault(text, []).append(mention)
                    nearly.add(text)
            verdicts |= {text: worst(samples[text]) for text in nearly}
        order = {passage.path: number for number, passage in enumerate(texts)}
        for text in mentions if len(texts) > 1 else nearly:
            mentions[text].sort(key=lambda mention: (order[mention.path], mention.start))
        if within:
            within = {text: outer for text, outer in within.items() if verdicts[text] == "absent"}
        every = {target: tuple(listed) for target, listed in mentions.items()}
        return new(CheckResult, (verdicts, every, within, unscored, tuple(reasoning)))

    def findings(self, text: str, channel: str) -> list[Finding]:
        """The findings of all targets, by place."""
        page = Page(text, self.symbols, is_text=channel == "text")
        return self._found(page, readings(page, self._texts))[0]

    def candidates(self, page: Page) -> tuple[list[Finding], list[Finding]]:
        """The verbatim findings, and the damaged ones among which the place and the source have yet to decide."""
        whole, damaged = self._judged(page, readings(page, self._texts))
        return whole, damaged + self._joints(page, self._apart(page))

    def _apart(self, page: Page, taken: Sequence[tuple[int, int]] = ()) -> list[Joint]:
        if not self.is_open:
            return []
        return list(joints_apart(page.text, self.source, taken, is_value=not page.is_text))

    def _joints(self, page: Page, apart: list[Joint]) -> list[Finding]:
        """What is apart at a sign of the source, whatever the targets are."""
        if not apart:
            return []
        read = readings(page, tuple({one.wanted for one in apart}))
        forms = {
            (wanted, start, start + len(form)): damage
            for wanted, several in read.items()
            for form, damage, starts in several
            for start in starts
        }
        owners: dict[str, Target] = {}
        found = []
        for start, end, wanted, place in apart:
            damage = forms.get((wanted, start, end), WHOLE)
            target = owners.get(wanted) or owners.setdefault(wanted, self._owner(wanted, place))
            is_half = target.text != wanted and is_cjk(wanted[0]) and is_cjk(wanted[-1])  # of a pair: no mention
            is_half &= not _OF_ONE_TOKEN.search(wanted)
            is_other = 0 < damage.weight < ALTERED or [one.codes for one in damage.changes] == [("escaped",)]
            if is_other and not is_half and not is_formula(target.text):
                found.append(new(Finding, (target, wanted, start, end, damage, "damage")))
        return found

    def _owner(self, joint: str, place: int) -> Target:
        """The target that a joint is a part of, or itself."""
        own = Target(joint, "code", place, place + len(joint), is_cjk(joint[0]), is_cjk(joint[-1]))
        return next((one for one in self.targets if joint in one.text), own)

    def _of_themselves(self, page: Page, seen: dict[str, list[Alike]]) -> dict[str, list[Alike]] | None:
        """Those that hold; None where more than the form of each decides that, or of what it is a mention."""
        if not self._is_simple:
            return None
        for text, forms in seen.items():
            if len(forms) != 1 or forms[0].text != text:
                break
        else:
            return seen
        damaged = [text for text, forms in seen.items() if forms and (len(forms) > 1 or forms[0].text != text)]
        for text in damaged:
            if not self.wanted[text].given or any(not one.damage.weight and one.text != text for one in seen[text]):
                return None  # an ordinary wrap comes before other readings
        if not are_apart(page, seen):
            return None
        holds = self.source.holds_beside
        if len(damaged) >= MANY:
            self.source.learn(one.text for text in damaged for one in seen[text])
        kept = {
            text: [one for one in seen[text] if not (one.damage.weight and holds(one.text, text))] for text in damaged
        }
        return {**seen, **kept}

    def _found(self, page: Page, seen: dict[str, list[Alike]]) -> tuple[list[Finding], dict[str, str]]:
        """The findings by place, and the targets that lie in longer ones."""
        whole, damaged = self._judged(page, seen)
        within: dict[str, str] = {}
        if damaged:
            standing, within = settle(damaged, whole, page.text, self.source)
            whole += standing
        apart = self._apart(page, [(one.start, one.end) for one in whole if one.damage.weight])
        whole += self._joints(page, apart)
        whole.sort(key=start_of)
        return whole if self._is_simple and not apart else _without_alternates_inside(whole), within

    def _without_doubtful(self, found: list[Finding], text: str, among: Sequence[Mention] = ()) -> list[Finding]:
        """Without what may be another thing, if the text has strings of its own, as another document has."""
        doubts = [is_doubtful(one, text[one.start : one.end], self.strict_kinds) for one in found]
        if not any(doubts):
            return found
        known = sorted([(one.start, one.end) for some in (among, found) for one in some])
        starts, reach = [start for start, _ in known], [*accumulate([end for _, end in known], max)]
        own: set[str] = set()
        for one in _extracted(text, self.symbols)[:_MOST_ASKED]:
            before = bisect_left(starts, one.end)
            is_apart = not before or reach[before - 1] <= one.start
            if is_apart and one.kind in _OWN_KINDS and not self.source.holds(one.text):
                own.add(one.text)
        is_another = len(own) >= _OWN_STRINGS and not self._is_answered(found, text, among)
        return [one for one, doubt in zip(found, doubts, strict=True) if not (doubt and is_another)]

    def _is_answered(self, found: list[Finding], text: str, among: Sequence[Mention]) -> bool:
        """Whether the text says most strings of the source as they are: it speaks of them, not of another thing."""
        said = {one.text for one in among} | {text[one.start : one.end] for one in found}
        asked = [one.text for one in self.targets if one.kind in _OWN_KINDS]
        return len(asked) >= _FEW and 2 * sum(one in said for one in asked) > len(asked)

    def _listed(self, target: Target, forms: list[Alike], passage: Passage) -> list[Mention]:
        """The mentions of a target in order."""
        made: list[Mention] = []
        path, parts = passage.path, self.source.parts
        is_open = target.open_left or target.open_right
        for text, damage, starts in forms:
            size = len(text)
            verdict, codes = _said(damage)
            for at in starts:
                reach = _reach(target, at, at + size, passage.text, parts) if is_open else None
                made.append(new(Mention, (at, at + size, text, verdict, codes, path, "damage", reach)))
        if len(forms) > 1:
            made.sort()  # by place: no two begin at one
        return made

    def _judged(self, page: Page, seen: dict[str, list[Alike]]) -> tuple[list[Finding], list[Finding]]:
        text = page.text
        whole: list[Finding] = []
        damaged: list[Finding] = []
        for wanted, forms in seen.items():
            target = self.wanted[wanted]
            is_strict = target.given or target.kind in self.strict_kinds
            found = [
                new(Reading, (start, start + len(form), damage)) for form, damage, starts in forms for start in starts
            ]
            if any(not one.damage.weight and one.text != wanted for one in forms):
                found = _beside_wraps(found)
            for reading in found:
                one = reading if is_strict else in_a_sentence(reading, target, text)
                start, end, damage = one
                if (
                    wanted != target.text
                    and target.kind in ("path", "file", "code")
                    and _is_fragment(text, start, end, target, wanted)
                ):
                    continue
                if (
                    wanted[0] == "-"
                    and damage.weight
                    and not is_strict
                    and _is_of_another_number(text, start, target, wanted)
                ):
                    continue
                how = "damage" if is_strict else severity(one, target, page, self.source)
                if how is not None:
                    (damaged if damage.weight else whole).append(
                        new(Finding, (target, wanted, start, end, damage, how))
                    )
        return whole, _without_words_before(damaged, whole) if damaged else damaged

    def mention(self, finding: Finding, passage: Passage) -> Mention:
        target, wanted, start, end, damage, severity = finding
        reach = _reach(target, start, end, passage.text, self.source.parts) if wanted == target.text else None
        verdict, codes = _said(damage)
        return new(Mention, (start, end, passage.text[start:end], verdict, codes, passage.path, severity, reach))

    def _near_misses(
        self, passage: Passage, among: list[Mention], mentions: dict[str, list[Mention]], met: set[str]
    ) -> Iterator[tuple[str, Mention]]:
        """Each with the target that it is near. `among`: the other mentions in the passage."""
        lost = [_with_its_kind(one) for one in self.targets if _is_lost(mentions[one.text])]
        holders = [one for one in lost if one.kind == "placeholder" and not mentions[one.text]]
        lost = [one for one in lost if has_near_misses(one)]
        lost += [one for one in self._beside if not _is_lost(mentions[one.text])]
        owners = {one.text: one.text for one in lost}
        for target in tuple(lost):
            for part in _codes_of(target):
                if part.text not in passage.text and owners.setdefault(part.text, target.text) == target.text:
                    lost.append(part)
        found = list(near_misses(passage.text, lost, self.wanted, self.source, among=among, met=met)) if lost else []
        if holders:
            found += translated_placeholders(passage.text, holders, self.wanted, self.source)
        by_themselves = {one.target.text for one in found}
        for finding in self._without_doubtful(found, passage.text, among):
            text = owners.get(finding.target.text, finding.target.text)
            if text != finding.target.text and text in by_themselves:
                continue
            if finding.severity == "damage" or _is_lost(mentions[text]):
                yield text, self.mention(finding, passage)


def _reach(target: Target, start: int, end: int, text: str, parts: Sequence[str]) -> tuple[int, int] | None:
    """The wider span on which source and answer agree, where the target has an uncertain edge."""
    _, _, here, there, open_left, open_right, _, _ = target
    if here < 0 or not (open_left or open_right):
        return None
    for part in parts:
        if part.startswith(target.text, here):
            break
    else:
        return None
    span = start, end
    if open_left:
        while start and here and is_cjk(text[start - 1]) and text[start - 1] == part[here - 1]:
            start, here = start - 1, here - 1
    if open_right:
        while end < len(text) and there < len(part) and is_cjk(text[end]) and text[end] == part[there]:
            end, there = end + 1, there + 1
    return None if (start, end) == span else (start, end)


_OWN_STRINGS, _OWN_KINDS = 5, STRICT_KINDS - {"spaced"}
_FEW = 3  # strings of a source of which most must be there as they are
_MOST_ASKED = 500  # so many strings of an answer are looked for in the source


def _is_lost(mentions: list[Mention]) -> bool:
    return not mentions or mentions[0].verdict == "corrupted"  # near misses are put behind all others


@kept(256, few=8)
def _prepared(
    given: tuple[str | Target, ...],
) -> tuple[tuple[Target, ...], dict[str, Target], tuple[Target, ...], tuple[str, ...], bool]:
    """The targets, each text once; the same by their texts and by their alternates; those with misses beside them.

    And all texts that are looked for, and whether those are the targets' own.
    """
    wanted: dict[str, Target] = {}
    for one in given:
        if not isinstance(one, str | Target):
            raise TypeError(f"targets: found {type(one).__name__}; accepted: texts, and what extract_targets gives")
        target = one if isinstance(one, Target) else Target(one, "", given=True)
        wanted.setdefault(target.text, target)
    targets = tuple(wanted.values())
    for target in targets:
        for alternate in target.alternates:
            wanted.setdefault(alternate, target)
    is_simple = len(wanted) == len(targets) and "" not in wanted
    wanted.pop("", None)
    beside = [_with_its_kind(one) for one in targets if one.kind or may_have_misses_beside(one.text)]
    beside = [one for one in beside if one.kind in KINDS_BESIDE and has_near_misses(one)]
    return targets, wanted, tuple(beside), tuple(wanted), is_simple


@lru_cache(maxsize=8192)
def _codes_of(target: Target) -> tuple[Target, ...]:
    """The parts of a target that are codes by themselves, and may come back alone: `DS-K2604T/网口2`."""
    if target.kind == "path":
        name = Target(_LAST_PART.sub("", target.text), "file")
        return (name,) if name.text in target.alternates and has_near_misses(name) else ()
    if target.kind in ("file", "url"):
        return ()
    split = _SIDES.split(target.text) if target.kind == "code" else []
    texts = [one for one in target.alternates if 2 * len(one) >= len(target.text)]
    texts += [one for one in split if len(one) >= _LEAST_OF_A_PART and len(split) > 1 and one.isalnum()]
    parts = [Target(one, kind_of(one)) for one in dict.fromkeys(texts)]
    return tuple(one for one in parts if has_near_misses(one))


_LAST_PART = later(r".*[/\\]")
_SIDES, _LEAST_OF_A_PART = later("[/()（）]"), 8


@lru_cache(maxsize=8192)
def _with_its_kind(target: Target) -> Target:
    """A listed target gets its kind only where it is asked for: most are found whole."""
    return target if target.kind else target._replace(kind=kind_of(target.text))


@lru_cache(maxsize=4096)
def _said(damage: Damage) -> tuple[str, tuple[str, ...]]:
    """The verdict on a damage, and its codes; kept, since a model damages a string in one way again and again."""
    return VERDICTS[rank(damage.weight)], in_order({code for change in damage.changes for code in change.codes})


def _beside_wraps(found: list[Reading]) -> list[Reading]:
    """Without what overlaps a mention with an ordinary wrap, which is verbatim."""
    kept: list[Reading] = []
    for one in sorted(one for one in found if not one.damage.weight):
        if not kept or kept[-1].end <= one.start:
            kept.append(one)
    return kept + sorted(one for one in found if one.damage.weight and is_free(kept, one.start, one.end))


_OF_ONE_TOKEN = later("[_.()（）]")


def _is_fragment(text: str, start: int, end: int, target: Target, wanted: str) -> bool:
    """Whether a span is only a piece of a longer path, damaged or another: a fragment never vouches for the whole."""
    if target.kind == "code":  # `KJ-03/2027版` for `KJ-03/2023版`
        behind = target.text.removeprefix(wanted)[:1]
        return behind in ("/", "×") and text.startswith(behind, end) and text[end + 1 : end + 2].isalnum()
    if not _CONTINUES_PATH.isdisjoint((text[start - 1 : start], text[end : end + 1])):
        return True
    sign = target.text.removeprefix(wanted)[:1]
    if sign in ("#", "?", ":") and text.startswith(sign, end) and text[end + 1 : end + 2].isalnum():
        return True  # `setup.md#instal`
    rest = target.text.removesuffix(wanted)
    if rest == target.text or rest[-1] not in _CONTINUES_PATH:
        return False
    before = text[max(0, start - 24) : start]
    while before and not before[-1].isalnum():
        before = before[:-1]
    return before != "" and rest[:-1].endswith(before[-2:])  # `人事 / 2026/a.pdf`


def _is_of_another_number(text: str, start: int, target: Target, wanted: str) -> bool:
    """Whether the sign that a text begins with is behind a token: `6 - 12` is not a mention of the end of `用户-12`."""
    if text.startswith(("——", "––"), start - 1):
        return True  # `安排——1 月 8 日`
    ahead = target.text.removesuffix(wanted)
    is_end = ahead not in ("", target.text) and is_cjk(ahead[-1])
    if is_end and text[start - 1 : start].isspace() and text[start + 1 : start + 2].isspace():
        return True  # `第 55 单 - 55 元`
    if not (is_end or (wanted == target.text and wanted[1:2].isdecimal())):
        return False
    before = text[max(0, start - 8) : start].rstrip()[-1:]
    is_kept = text.startswith(wanted[:2], start)  # `to -2F / B2-015`
    return before.isdecimal() or (before.isalpha() and not is_kept and not is_cjk(before))


def _places(plain: dict[str, list[Alike]]) -> list[tuple[int, int]]:
    """Where the damaged forms are."""
    return [
        (at, at + len(text))
        for forms in plain.values()
        for text, damage, starts in forms
        if damage.weight
        for at in starts
    ]


def _without_words_before(damaged: list[Finding], whole: list[Finding]) -> list[Finding]:
    """Without the files that are damaged only where a word of the sentence may end: `对比 2024.xlsx`."""
    shorter = {(one.target, one.end) for one in whole if one.wanted != one.target.text and _is_without_words(one)}
    if not shorter:
        return damaged
    return [one for one in damaged if (one.target, one.end) not in shorter]


def _is_without_words(finding: Finding) -> bool:
    """Whether an alternate is the name of a file, a code, or a command with a slash, without the Han before it."""
    target = finding.target
    ahead = target.text.removesuffix(finding.wanted)
    if ahead == target.text or not is_cjk(ahead[-1]):
        return False
    return target.kind in ("file", "path", "code") or finding.wanted.startswith("/")


def _without_alternates_inside(findings: list[Finding]) -> list[Finding]:
    """Without the alternates of a target that lie in a mention of it, or in each other."""
    if all(one.wanted == one.target.text for one in findings):
        return findings
    kept: list[Finding] = []
    reach: dict[str, int] = {}
    for one in sorted(findings, key=lambda one: (one.start, -one.end)):
        if one.wanted != one.target.text and reach.get(one.target.text, -1) > one.start:
            continue
        reach[one.target.text] = max(one.end, reach.get(one.target.text, -1))
        kept.append(one)
    return kept
