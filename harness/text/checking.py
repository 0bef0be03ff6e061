"""`check`: the verdict on every target of a case."""

from collections.abc import Collection, Sequence
from functools import lru_cache
from operator import itemgetter

from harness.text.channels import REASONING_TAGS, Passage, masked, passages, reasoning_spans
from harness.text.characters import is_cjk
from harness.text.explain import Change
from harness.text.find import Damage, Reading, at_a_glance, new, readings
from harness.text.fold import Page
from harness.text.mentions import (
    VERDICTS,
    CheckResult,
    Finding,
    Mention,
    Source,
    in_a_sentence,
    in_order,
    rank,
    settle,
    severity,
    start_of,
    worst,
)
from harness.text.near import (
    has_near_misses,
    may_have_misses_beside,
    misses_beside_a_mention,
    near_misses,
    translated_placeholders,
)
from harness.text.scan import extract_targets
from harness.text.symbols import DEFAULT_SYMBOLS, SymbolTable
from harness.text.targets import Target, kind_of

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
    """
    judge = Judge(source, targets, symbols, strict_kinds)
    spans = reasoning_spans(output, judge.source.parts, reasoning)
    visible = masked(output, spans)
    return judge.result(passages(visible, channel), channel, spans, unscored=bool(spans) and not visible.strip())


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
        self.strict_kinds = frozenset(strict_kinds)
        self._said: dict[int, tuple[Damage, str, tuple[str, ...]]] = {}
        # a text is a sequence of texts to Python: its characters, of which any answer has some
        given = [targets] if isinstance(targets, str) else targets
        found = extract_targets(source, symbols=symbols) if given is None else given
        self.targets, self.wanted, self._beside, self._texts = _prepared(tuple(found))

    def result(
        self, texts: Sequence[Passage], channel: str, reasoning: Sequence[tuple[int, int]], *, unscored: bool
    ) -> CheckResult:
        pages = [Page(passage.text, self.symbols) for passage in texts]
        glances = [at_a_glance(page, self._texts) for page in pages]
        seen = glances[0] if len(texts) == 1 and not self._beside else None
        if seen and len(seen) == len(self.targets) == len(self._texts):
            return self._all_said(seen, texts[0], reasoning, unscored)
        mentions: dict[str, list[Mention]] = {target.text: [] for target in self.targets}
        within: dict[str, str] = {}
        findings: list[list[Finding]] = []
        met: set[str] = set()
        for passage, page, seen in zip(texts, pages, glances, strict=True):
            found, inside = self._found(page, seen, channel, met)
            for finding in found:
                mentions[finding.target.text].append(self.mention(finding, passage))
            for text, outer in inside.items():
                within.setdefault(text, outer)
            findings.append(found)
        verdicts = {target: worst(found) for target, found in mentions.items()}
        if self._beside or "absent" in verdicts.values():
            for passage, found in zip(texts, findings, strict=True):
                self._add_near_misses(passage, found, mentions, met)
            verdicts = {target: worst(found) for target, found in mentions.items()}
        order = {passage.path: number for number, passage in enumerate(texts)} if len(texts) > 1 else {}
        for listed in mentions.values():
            if len(listed) > 1:
                listed.sort(key=_START)
            if order and len(listed) > 1:
                listed.sort(key=lambda mention: order[mention.path])
        if within:
            within = {text: outer for text, outer in within.items() if verdicts[text] == "absent"}
        every = {target: tuple(found) for target, found in mentions.items()}
        return CheckResult(verdicts, every, within, unscored, tuple(reasoning))

    def findings(self, text: str, channel: str, met: set[str] | None = None) -> tuple[list[Finding], dict[str, str]]:
        """The findings of all targets, by place, and the targets that lie in longer ones.

        `met` gets the texts whose letters are in `text` at all.
        """
        page = Page(text, self.symbols)
        return self._found(page, at_a_glance(page, self._texts), channel, met)

    def _found(
        self, page: Page, seen: dict[str, list[Reading]] | None, channel: str, met: set[str] | None
    ) -> tuple[list[Finding], dict[str, str]]:
        """The findings; `seen` are those of `at_a_glance`."""
        if seen is not None:
            if met is not None:
                met.update(seen)
            return self._whole(page, seen), {}
        whole, damaged = self.candidates(page, channel, met)
        within: dict[str, str] = {}
        if damaged:
            standing, within = settle(damaged, whole, page.text, self.source)
            whole += standing
        whole.sort(key=start_of)
        return _without_alternates_inside(whole), within

    def _all_said(
        self,
        seen: dict[str, list[Reading]],
        passage: Passage,
        reasoning: Sequence[tuple[int, int]],
        unscored: bool,
    ) -> CheckResult:
        """The result of a text that holds all targets, in whole mentions alone."""
        mentions: dict[str, tuple[Mention, ...]] = {}
        path = passage.path
        for target in self.targets:
            text = target.text
            if target.open_left or target.open_right:
                mentions[text] = tuple([self.mention(Finding(target, text, *one), passage) for one in seen[text]])
            else:
                said = (text, "verbatim", (), path, "damage", None)
                mentions[text] = tuple([new(Mention, (start, end, *said)) for start, end, _ in seen[text]])
        return CheckResult(dict.fromkeys(mentions, "verbatim"), mentions, {}, unscored, tuple(reasoning))

    def _whole(self, page: Page, met: dict[str, list[Reading]]) -> list[Finding]:
        """The findings of targets that are in the text in whole mentions alone."""
        found: list[Finding] = []
        has_alternates = False
        for wanted, places in met.items():
            target = self.wanted[wanted]
            is_alternate = wanted != target.text
            has_alternates |= is_alternate
            for one in places:
                if not (is_alternate and _is_fragment(page.text, one, target)):
                    found.append(Finding(target, wanted, *one))
        if len(found) > 1:
            found.sort(key=start_of)
        return _without_alternates_inside(found) if has_alternates else found

    def candidates(self, page: Page, channel: str, met: set[str] | None = None) -> tuple[list[Finding], list[Finding]]:
        """The verbatim findings, and the damaged ones among which the place and the source have yet to decide."""
        text = page.text
        whole: list[Finding] = []
        damaged: list[Finding] = []
        coded = channel != "text"
        for wanted, found, is_whole in readings(page, self.wanted, doubled_backslashes=coded, met=met):
            target = self.wanted[wanted]
            is_strict = target.given or target.kind in self.strict_kinds
            is_alternate = wanted != target.text
            if is_whole and not is_alternate:
                whole += [Finding(target, wanted, *one, "damage") for one in found]
                continue
            listed = _beside_wraps(found, text, wanted)
            if target.given:
                for start, end, damage in listed:
                    finding = new(Finding, (target, wanted, start, end, damage, "damage"))
                    (damaged if damage.weight else whole).append(finding)
                continue
            for one in listed:
                start, end, damage = one if is_strict else in_a_sentence(one, target, text)
                if is_alternate and _is_fragment(text, one, target):
                    continue
                reading = Reading(start, end, damage)
                strict = self.strict_kinds
                how = severity(reading, target, page, self.source, is_text=not coded, strict_kinds=strict)
                if how is not None:
                    (damaged if damage.weight else whole).append(Finding(target, wanted, start, end, damage, how))
        return whole, _without_words_before(damaged, whole) if damaged else damaged

    def mention(self, finding: Finding, passage: Passage) -> Mention:
        target, _, start, end, damage, severity = finding
        reach = self._reach(finding, passage.text) if target.open_left or target.open_right else None
        said = self._said.get(id(damage))
        if said is None:  # readings share their damage; this holds it, so that the number stays its own
            said = self._said[id(damage)] = damage, VERDICTS[rank(damage.weight)], _codes(damage.changes)
        _, verdict, codes = said
        return new(Mention, (start, end, passage.text[start:end], verdict, codes, passage.path, severity, reach))

    def _reach(self, finding: Finding, text: str) -> tuple[int, int] | None:
        """The wider span on which source and answer agree, where the target has an uncertain edge."""
        target = finding.target
        if target.start < 0 or finding.wanted != target.text:
            return None
        part = next((p for p in self.source.parts if p.startswith(target.text, target.start)), None)
        if part is None:
            return None
        start, end = finding.start, finding.end
        here, there = target.start, target.end
        if target.open_left:
            while start and here and is_cjk(text[start - 1]) and text[start - 1] == part[here - 1]:
                start, here = start - 1, here - 1
        if target.open_right:
            while end < len(text) and there < len(part) and is_cjk(text[end]) and text[end] == part[there]:
                end, there = end + 1, there + 1
        return None if (start, end) == (finding.start, finding.end) else (start, end)

    def _add_near_misses(
        self, passage: Passage, among: list[Finding], mentions: dict[str, list[Mention]], met: set[str]
    ) -> None:
        lost = [one for one in self.targets if _is_lost(mentions[one.text])]
        if not lost and not self._beside:
            return
        lost = [_with_its_kind(one) for one in lost]
        holders = [one for one in lost if one.kind == "placeholder" and not mentions[one.text]]
        lost = [one for one in lost if has_near_misses(one)]
        lost += [one for one in self._beside if not _is_lost(mentions[one.text])]
        taken = [(one.start, one.end) for one in among] if lost else []
        found = list(near_misses(passage.text, lost, self.wanted, self.source, taken=taken, met=met)) if lost else []
        if holders:
            found += translated_placeholders(passage.text, holders, self.wanted, self.source)
        for finding in found:
            listed = mentions[finding.target.text]
            if finding.severity == "damage" or not listed:
                listed.append(self.mention(finding, passage))


_START = itemgetter(Mention._fields.index("start"))


def _is_lost(mentions: list[Mention]) -> bool:
    return not mentions or all(one.verdict == "corrupted" for one in mentions)


@lru_cache(maxsize=256)
def _prepared(
    given: tuple[str | Target, ...],
) -> tuple[tuple[Target, ...], dict[str, Target], tuple[Target, ...], tuple[str, ...]]:
    """The targets, each text once; the same by their texts and by their alternates; those with misses beside them.

    And all texts that are looked for.
    """
    wanted: dict[str, Target] = {}
    for one in given:
        target = one if isinstance(one, Target) else Target(one, "", given=True)
        wanted.setdefault(target.text, target)
    targets = tuple(wanted.values())
    for target in targets:
        for alternate in target.alternates:
            wanted.setdefault(alternate, target)
    wanted.pop("", None)
    beside = [_with_its_kind(one) for one in targets if one.kind or may_have_misses_beside(one.text)]
    beside = [one for one in beside if misses_beside_a_mention(one) and has_near_misses(one)]
    return targets, wanted, tuple(beside), tuple(wanted)


@lru_cache(maxsize=8192)
def _with_its_kind(target: Target) -> Target:
    """A listed target gets its kind only where it is asked for: most are found whole."""
    return target if target.kind else target._replace(kind=kind_of(target.text))


@lru_cache(maxsize=4096)
def _codes(changes: tuple[Change, ...]) -> tuple[str, ...]:
    """Kept, since a model damages a string in one way again and again."""
    return in_order({code for change in changes for code in change.codes})


def _beside_wraps(found: list[Reading], text: str, wanted: str) -> list[Reading]:
    """Without what overlaps a mention with an ordinary wrap, which is verbatim."""
    whole = [one for one in found if not one.damage.weight]
    wraps = [one for one in whole if text[one.start : one.end] != wanted]
    if not wraps:
        return found
    taken = [one for one in whole if one not in wraps]
    end = -1
    for wrap in sorted(wraps):
        if wrap.start >= end:
            taken.append(wrap)
            end = wrap.end
    taken.sort()
    kept = taken[:]
    place = 0
    for one in sorted(one for one in found if one.damage.weight):
        while place < len(taken) and taken[place].end <= one.start:
            place += 1
        if place == len(taken) or one.end <= taken[place].start:
            kept.append(one)
    return kept


def _is_fragment(text: str, reading: Reading, target: Target) -> bool:
    """Whether an alternate is only a piece of a longer path: a fragment never vouches for the whole."""
    if target.kind != "path":
        return False
    before, behind = text[reading.start - 1 : reading.start], text[reading.end : reading.end + 1]
    return before in _CONTINUES_PATH or behind in _CONTINUES_PATH if before or behind else False


def _without_words_before(damaged: list[Finding], whole: list[Finding]) -> list[Finding]:
    """Without the files that are damaged only where a word of the sentence may end: `对比 2024.xlsx`."""
    shorter = {(one.target, one.end) for one in whole if one.wanted != one.target.text and _is_without_words(one)}
    if not shorter:
        return damaged
    return [one for one in damaged if (one.target, one.end) not in shorter]


def _is_without_words(finding: Finding) -> bool:
    """Whether an alternate is the name of a file, or a command with a slash, without the Han before it."""
    target = finding.target
    ahead = target.text.removesuffix(finding.wanted)
    if ahead == target.text or not is_cjk(ahead[-1]):
        return False
    return target.kind in ("file", "path") or finding.wanted.startswith("/")


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
