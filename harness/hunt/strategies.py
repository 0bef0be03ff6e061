"""Hypothesis strategies for strings that hold `-` and `/`, and for the prompts round them.

They are public: a project can use them in property tests of its own, for example over an answer filter.

    from hypothesis import given
    from harness.hunt.strategies import codes

    @given(codes())
    def test_my_filter_keeps_codes(code):
        assert code.text in my_filter(f"see {code.text} for details")

All of them shrink towards `a-a` in a plain prompt.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache
from tempfile import TemporaryDirectory

from hypothesis import strategies as st

from harness.hunt.asking import Sighting
from harness.hunt.probe import ALPHABETS, LEVELS, STYLES, ZERO_LED, Code, Context, Probe, style_of_char

UNITS = ("kg", "m²", "m³", "µm", "kΩ", "°C", "mmol", "L", "h", "km")
INNER_SIGNS = ("–", "‐", "−", "／", "∕")
"""Look-alikes that belong in the string, beside its real symbols."""

LONGEST = 30
"""Code points of one part."""
_NESTING = (".", "_", ":", "+", "#")
_CHUNK = 10
"""Longer rounds fill up with mutations of a few examples, which are many strings and little news."""


@cache
def styled(style: str, longest: int = 12) -> st.SearchStrategy[str]:
    """A run of one of `scripts.STYLES`."""
    if style == ZERO_LED:
        return styled("digits", max(1, longest - 1)).map("0".__add__)
    return st.text(ALPHABETS[style], min_size=1, max_size=longest)


@cache
def units() -> st.SearchStrategy[str]:
    """Units, alone or behind a number: `kg`, `5m²`."""
    return st.builds(str.__add__, st.sampled_from(("", "5", "20", "1.5")), st.sampled_from(UNITS))


@cache
def nested() -> st.SearchStrategy[str]:
    """A part with signs of its own, as in `v2.4_rc:1`."""
    return st.builds(str.join, st.sampled_from(_NESTING), st.lists(_runs(4), min_size=2, max_size=3))


@cache
def with_lookalike() -> st.SearchStrategy[str]:
    """A part that may hold a look-alike of a symbol, as in `A–B`."""
    return st.builds(str.join, st.sampled_from(INNER_SIGNS), st.lists(_runs(3), min_size=2, max_size=2))


@cache
def mixed() -> st.SearchStrategy[str]:
    """Two styles without a sign between them, as in `HIT500` or `水A`."""
    return st.builds(str.__add__, _runs(5), _runs(5))


@cache
def parts(styles: tuple[str, ...] = STYLES, longest: int = 12) -> st.SearchStrategy[str]:
    """What is between symbols. Four in five are plain runs, since most real codes are made of them."""
    odd = st.one_of(mixed(), nested(), units(), with_lookalike())
    return st.integers(0, 9).flatmap(lambda drawn: odd if drawn > 7 else _runs(longest, styles))


@cache
def _runs(longest: int, styles: tuple[str, ...] = STYLES) -> st.SearchStrategy[str]:
    return st.one_of([styled(style, longest) for style in styles])


@st.composite
def codes(draw: st.DrawFn, most_symbols: int = 5) -> Code:
    """A string with 1 to `most_symbols` symbols.

    A string keeps to one or two styles, as real codes do: else two neighbours of one script would be rare.
    """
    count = draw(st.integers(1, most_symbols))
    palette = tuple(draw(_PALETTES))
    longest = draw(_LONGEST)
    kinds = draw(_KINDS)
    trap = draw(_TRAP)
    between = parts(palette, longest)
    return Code(
        parts=tuple(draw(between) for _ in range(count + 1)),
        symbols=tuple(draw(kinds) for _ in range(count)),
        spaced=tuple(trap and draw(st.booleans()) for _ in range(count)),
    )


_FREQUENT = ("lower", "digits", "digits", "han", "upper")
"""What real codes are made of comes up more often than the rest."""
_PALETTES = st.lists(st.sampled_from((*_FREQUENT, *STYLES)), min_size=1, max_size=2)
_LONGEST = st.sampled_from((1, 3, 5, 12, LONGEST))
_KINDS = st.sampled_from([st.sampled_from(kinds) for kinds in ("-", "/", "-/")])
_TRAP = st.sampled_from((False, False, False, False, True))


@st.composite
def contexts(draw: st.DrawFn) -> Context:
    """A prompt. Every factor but the task is plain half of the time, so that most prompts have few oddities."""
    levels: dict[str, str] = {}
    for factor, names in LEVELS.items():
        if factor in ("task", "language") or draw(st.booleans()):
            levels[factor] = draw(st.sampled_from(names))
    return Context(**levels)


def probes() -> st.SearchStrategy[Probe]:
    """A string in a prompt."""
    return st.builds(Probe, codes(), contexts())


def questions(seed: int) -> Iterator[Probe]:
    """Probes without end, each once; the same for one seed and one version of hypothesis.

    Hypothesis only generates here. Its own shrinking and its detection of flaky tests are of no use against a model
    that answers differently each time.
    """
    seen: set[str] = set()
    for chunk in range(1_000_000):
        for probe in _generated(seed * 1_000_003 + chunk):
            if probe.digest not in seen:
                seen.add(probe.digest)
                yield probe


def _generated(seed: int) -> list[Probe]:
    import hypothesis

    found: list[Probe] = []

    @hypothesis.seed(seed)
    @hypothesis.settings(
        database=None,
        deadline=None,
        max_examples=_CHUNK,
        phases=[hypothesis.Phase.generate],
        suppress_health_check=list(hypothesis.HealthCheck),
        derandomize=False,
    )
    @hypothesis.given(probes())
    def collect(probe: Probe) -> None:
        found.append(probe)

    with _nothing_left_behind():
        collect()
    return found


@contextmanager
def _nothing_left_behind() -> Iterator[None]:
    """Hypothesis keeps tables in `.hypothesis/` of the project that it runs in; here in a temporary folder."""
    from hypothesis import configuration

    home = configuration.storage_directory(intent_to_write=False).home_directory
    with TemporaryDirectory(prefix="harness-hunt-", ignore_cleanup_errors=True) as folder:
        configuration.set_hypothesis_home_dir(folder)
        try:
            yield
        finally:
            configuration.set_hypothesis_home_dir(home)


@dataclass(frozen=True, slots=True)
class Relation:
    """`changed` gives the other probe of the pair, or None where the relation does not apply."""

    name: str
    changed: Callable[[Probe], Probe | None]
    direction: bool = False
    """True: only getting worse breaks it. False: either way does."""


@dataclass(frozen=True, slots=True)
class RelatedPair:
    """A probe and its changed form, both answered."""

    relation: str
    before: Probe
    after: Probe
    sighting_before: Sighting
    sighting_after: Sighting

    @property
    def usable(self) -> bool:
        """Whether the string is in both answers."""
        return self.sighting_before.present and self.sighting_after.present

    @property
    def worse(self) -> bool:
        """Only the changed form is damaged."""
        return self.usable and self.sighting_before.outcome == "aligned" and self.sighting_after.outcome == "damaged"

    @property
    def better(self) -> bool:
        """Only the first form is damaged."""
        return self.usable and self.sighting_before.outcome == "damaged" and self.sighting_after.outcome == "aligned"


@dataclass(frozen=True, slots=True)
class RelationResult:
    """A relation over its usable pairs. `p_value` is McNemar's, exact: one-sided for a direction."""

    relation: str
    direction: bool
    pairs: int
    worse: int
    better: int
    p_value: float


def relations() -> tuple[Relation, ...]:
    """All relations."""
    return (
        Relation("other letters", _other_letters),
        Relation("the sentence moved", _moved),
        Relation("the other language", _other_language),
        Relation("asked for as a list", _in_a_list),
        Relation("said twice", lambda probe: _at(probe, "times", "twice")),
        Relation("exactness asked for", lambda probe: _at(probe, "care", "exactness asked for"), direction=True),
    )


def summarise(pairs: Sequence[RelatedPair]) -> tuple[RelationResult, ...]:
    """One result a relation, in their order."""
    from harness.statistics.paired import mcnemar_exact

    results = []
    for relation in relations():
        own = [pair for pair in pairs if pair.relation == relation.name and pair.usable]
        worse, better = sum(pair.worse for pair in own), sum(pair.better for pair in own)
        p_value = _one_sided(worse, better) if relation.direction else mcnemar_exact(better, worse)
        results.append(RelationResult(relation.name, relation.direction, len(own), worse, better, p_value))
    return tuple(results)


def _one_sided(worse: int, better: int) -> float:
    from math import comb

    total = worse + better
    return sum(comb(total, k) for k in range(worse, total + 1)) / 2**total if total else 1.0


def _at(probe: Probe, factor: str, level: str) -> Probe | None:
    context = probe.context.at(**{factor: level})
    return probe.with_context(context) if context != probe.context else None


def _other_letters(probe: Probe) -> Probe | None:
    """Each character becomes the next but one of its alphabet, so that shape and script stay. Zeros stay zeros."""
    parts = tuple("".join(map(_next_but_one, part)) for part in probe.code.parts)
    code = replace(probe.code, parts=parts)
    return probe.with_code(code) if code != probe.code else None


def _next_but_one(char: str) -> str:
    alphabet = ALPHABETS.get(style_of_char(char), "").replace("0", "")
    place = alphabet.find(char)
    return char if place < 0 else alphabet[(place + 2) % len(alphabet)]


def _moved(probe: Probe) -> Probe | None:
    middle = "in the middle of a long text"
    other = {"alone": middle, middle: "at the end of a long text"}.get(probe.context.place, "alone")
    return _at(probe, "place", other)


def _other_language(probe: Probe) -> Probe | None:
    return _at(probe, "language", "zh" if probe.context.language == "en" else "en")


def _in_a_list(probe: Probe) -> Probe | None:
    return _at(probe, "task", "list")
