"""Hypothesis strategies for strings that hold signs such as `-` and `/`, and for the prompts round them.

They are public: a project can use them in property tests of its own, for example over an answer filter.

    from hypothesis import given
    from harness.hunt import codes

    @given(codes(symbols="_"))
    def test_my_filter_keeps_codes(code):
        assert code.text in my_filter(f"see {code.text} for details")

All of them shrink towards `a-a` in a plain prompt. So that hypothesis' own shrinker ends in the smallest string, every
part of a string takes the same few choices, the first of each is the plainest, no choice changes what a later one may
be, and what makes a part odd does not change its length.
"""

import random
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import chain, pairwise
from tempfile import TemporaryDirectory
from typing import TypeVar

from hypothesis import strategies as st

from harness.hunt.probe import (
    ALPHABETS,
    END_SIGNS,
    FRONT_SIGNS,
    INNER_SIGNS,
    LEVELS,
    STYLES,
    SYMBOLS,
    ZERO_LED,
    Code,
    Context,
    Probe,
    some_run,
)

T = TypeVar("T")

LONGEST = 30
"""Code points of one part."""
_CHUNK = 10
"""Longer rounds fill up with mutations of a few examples, which are many strings and little news."""

_PLACES = "".join(map(chr, range(0xE000, 0xE000 + 42)))
"""The first, second ... character of any alphabet. Hypothesis mixes words of the modules that are loaded into texts;
none is made of these characters, so that a seed draws the same in every project.
"""
_RUN = st.text(_PLACES, min_size=1, max_size=LONGEST)
_CUT = st.sampled_from((LONGEST, 12, 5, 3, 1))


def _written(style: str, run: str) -> str:
    alphabet = sorted(ALPHABETS["digits"]) if style in ("digits", ZERO_LED) else ALPHABETS[style]
    text = "".join(alphabet[_PLACES.index(place) % len(alphabet)] for place in run)
    return f"0{text[1:]}" if style == ZERO_LED else text


_Form = Callable[[str, str], str]
"""Makes a part of a run and a style. It is as long as the run."""


def _holding(sign: str, front: str = "", end: str = "") -> _Form:
    """Two pieces, with a sign that is not a symbol between them: `v2~41`, `A−B`. A piece may have its own style."""

    def part(run: str, style: str) -> str:
        middle = len(run) // 2
        behind = run[middle + len(sign) :]
        if not middle or not behind:
            return _written(style, run)
        return _written(front or style, run[:middle]) + sign + _written(end or style, behind)

    return part


def _ending(unit: str) -> _Form:
    """A unit, alone or behind a number: `kg`, `5m²`."""
    return lambda run, style: (
        _written("digits", run[: -len(unit)]) + unit if len(run) >= len(unit) else _written(style, run)
    )


def _framed(left: str, right: str) -> _Form:
    """What a program fills in: `{name}`, `%s`, `<b>`."""

    def part(run: str, style: str) -> str:
        inner = run[len(left) : len(run) - len(right)]
        return left + _written("lower", inner) + right if inner else _written(style, run)

    return part


def _plain(run: str, style: str) -> str:
    return _written(style, run)


def _in_han(run: str, style: str) -> str:
    return _written("han", run)


_ODD: tuple[_Form, ...] = (
    *map(_holding, (*INNER_SIGNS, "×", "→", "🙂", "®")),
    *map(_ending, ("m²", "m³", "µm", "kω")),
    *(_framed(left, right) for left, right in ("“”", "«»", "{}", "<>", "[]", ("{{", "}}"), ("${", "}"), ("%", ""))),
    *map(_ending, ("kg", "mmol")),
    *map(_holding, ("~", "=", "%", "*")),
    *(_holding("", end=style) for style in ("digits", "lower")),
    *(_holding("", front=style) for style in ("digits", "lower")),
)
# whatever is odd is made of the style of the part, small letters, digits and signs, so that a shrinker that takes the
# plain form, the Han (for what is beyond ASCII), small letters or digits gets rid of it
_FORM = st.sampled_from((_plain, _in_han, *_ODD, *(_plain,) * 65))

_STYLES = ("lower", "digits", ZERO_LED, *(style for style in STYLES if style not in ("lower", "digits", ZERO_LED)))
_FREQUENT = ("lower", "digits", "digits", "han", "upper")
"""What real codes are made of comes up more often than the rest."""
_STYLE = st.sampled_from((*_STYLES, *_FREQUENT, *_FREQUENT))
_PICKED: st.SearchStrategy[str | int] = st.sampled_from(("lower", "digits", *(0,) * 15, *(1,) * 3))
"""A part is in small letters, in digits, or in one of the two styles of the string."""

_ANY_SIGN = [sign * times for sign in SYMBOLS if len(sign) == 1 for times in (1, 2) if sign * times in SYMBOLS]
_SIGN = st.sampled_from((*_ANY_SIGN, *"/" * 48, *"-" * 29))
_NO_MORE, _PLAINEST = None, 2
_NEXT = st.sampled_from((*(_NO_MORE,) * 7, _PLAINEST, *(0,) * 5, 1))
"""The string ends here, or goes on with the plainest sign or one of the two that it has."""
_FIRST = st.sampled_from((_PLAINEST, _PLAINEST, *(0,) * 11, 1))
"""As many as the others, so that a shrinker can leave out the first part with its sign."""
_GAP = st.sampled_from(("joined", *("tight",) * 18, "spaced", "spaced"))
"""Joined: one sign with the last one, if that is alike and there is such a doubled sign; the part between is gone."""
_EDGED = st.sampled_from((*("none",) * 15, "front", "end", "both"))
_FRONT, _END = st.sampled_from(FRONT_SIGNS), st.sampled_from(END_SIGNS)


def codes(
    symbols: str | Sequence[str] | None = None, most_symbols: int = 5, *, edges: bool = False
) -> st.SearchStrategy[Code]:
    """A string with 1 to `most_symbols` symbols.

    A string keeps to two styles and two signs in most of its parts, as real codes do: else two neighbours of one script
    would be rare.

    Args:
        symbols: the signs between the parts, the plainest first: a text of single signs, or a sequence. Without it
            `-` and `/` come up most often, and every other of `SYMBOLS` now and then.
        edges: whether one string in six has a sign before its first part, or behind its last one, as in `/a-b/`.
    """
    kinds = tuple(symbols) if symbols is not None else None
    if kinds is not None and not all(kinds):
        raise ValueError("symbols: found an empty one; accepted: a text of signs, or a sequence of them")
    if kinds == ():
        raise ValueError("symbols: found none; accepted: a text of signs such as '_', or a sequence of them")
    if most_symbols < 1:
        raise ValueError(f"most_symbols: found {most_symbols}; accepted: 1 or more")
    return _codes(kinds, most_symbols, edges)


@st.composite
def _codes(draw: st.DrawFn, symbols: tuple[str, ...] | None, most_symbols: int, edges: bool) -> Code:
    allowed = SYMBOLS if symbols is None else symbols
    sign = _SIGN if symbols is None else st.sampled_from(symbols)
    styles = draw(_STYLE), draw(_STYLE)
    own = draw(sign), draw(sign), allowed[0]
    drawn = [draw(_PART)]
    signs: list[str] = []
    gaps: list[str] = []
    for number in range(most_symbols):
        which = draw(_NEXT if number else _FIRST)
        if which is _NO_MORE:
            break
        signs.append(own[which])
        gaps.append(draw(_GAP))
        drawn.append(draw(_PART))
    front, end = _drawn_edges(draw, symbols) if edges else ("", "")
    longest = draw(_CUT)
    parts = [form(run[:longest], picked if isinstance(picked, str) else styles[picked]) for run, picked, form in drawn]
    for place in range(len(signs) - 1, 0, -1):
        both = signs[place - 1] + signs[place]
        if gaps[place] == "joined" and gaps[place - 1] != "spaced" and both == signs[place] * 2 and both in allowed:
            signs[place - 1 : place + 1] = [both]
            del parts[place], gaps[place]
    return Code(tuple(parts), tuple(signs), tuple(gap == "spaced" for gap in gaps), (front, end))


_PART = st.tuples(_RUN, _PICKED, _FORM)


def _drawn_edges(draw: st.DrawFn, symbols: tuple[str, ...] | None) -> tuple[str, str]:
    edged = draw(_EDGED)
    front = draw(_FRONT if symbols is None else st.sampled_from(symbols))
    end = draw(_END if symbols is None else st.sampled_from(symbols))
    return front if edged in ("front", "both") else "", end if edged in ("end", "both") else ""


def contexts() -> st.SearchStrategy[Context]:
    """A prompt. All but task and language are plain half of the time, so that most prompts have few oddities."""
    levels = {
        factor: st.sampled_from(names if factor in ("task", "language") else (names[0],) * len(names) + names)
        for factor, names in LEVELS.items()
    }
    return st.builds(Context, **levels)


def probes() -> st.SearchStrategy[Probe]:
    """A string in a prompt."""
    return st.builds(Probe, codes(edges=True), contexts())


def questions(
    seed: int, terms: Sequence[str] = (), templates: Sequence[str] = (), signs: Sequence[str] = ()
) -> Iterator[Probe]:
    """Probes without end, each once; the same for one seed and one version of hypothesis.

    Three sorts in turn: strings that hypothesis draws; strings built for combinations that have not come up (script,
    symbol, script, and each level of the prompt's factors); and, where there are any, strings of `terms`. Hypothesis
    only generates here. Its own shrinking and its detection of flaky tests are of no use against a model that answers
    differently each time.

    Args:
        terms: strings of the project's own. Those without a symbol between two parts are left out.
        templates: prompts of the project's own, each with `{string}` in it; every other string is put into one.
        signs: symbols of the project's own, beside `SYMBOLS`.
    """
    sources = [_drawn(seed), designed(seed, signs)]
    own = [code for term in terms if (code := parsed(term, signs)) is not None]
    if own:
        sources.append(_of_terms(seed, own))
    seen: set[str] = set()
    for number, drawn in enumerate(chain.from_iterable(zip(*sources, strict=False))):
        probe = drawn
        if templates and number % 2:
            probe = drawn.with_context(Context(template=templates[(number // 2) % len(templates)]))
        if probe.digest not in seen:
            seen.add(probe.digest)
            yield probe


def parsed(term: str, signs: Sequence[str] = ()) -> Code | None:
    """A string taken apart at `SYMBOLS` and `signs`; None if it has none of them between two parts."""
    try:
        return Code(term, (*SYMBOLS, *signs))
    except ValueError:
        return None


def _of_terms(seed: int, codes: list[Code]) -> Iterator[Probe]:
    rng = random.Random(f"terms {seed}")  # noqa: S311  # the same order again in a replay
    while True:
        for code in rng.sample(codes, len(codes)):
            yield Probe(code, _some_context(rng))


def _drawn(seed: int) -> Iterator[Probe]:
    for chunk in range(1_000_000):
        # each round begins with the simplest example, which would tie features together that have nothing in common
        yield from _generated(seed * 1_000_003 + chunk)[1:]


COMMON = ("lower", "upper", "digits", "han")
_TRIPLES = [(before, symbol, after) for symbol in ("-", "/") for before in STYLES for after in STYLES]
_RARE = SYMBOLS[2:]
_EDGES = (*((sign, "") for sign in FRONT_SIGNS), *(("", sign) for sign in END_SIGNS))
_EDGED_SHARE = 0.25
"""Of the designed strings, those with a sign at an edge; each such sign comes up before any does again."""


def designed(seed: int, signs: Sequence[str] = ()) -> Iterator[Probe]:
    """Probes that together hold every combination of script, symbol and script, and every level of every factor.

    Every other string is about `-` and `/` with any two scripts, and takes up to four combinations that have not come
    up. The strings between are about one of the other signs each, four combinations of COMMON at once: first between
    two digits, two letters and two Han. When all have come up it begins again in another order.
    """
    rng = random.Random(f"design {seed}")  # noqa: S311  # the same order again in a replay
    edges = _in_turn(rng, _EDGES)
    for triples in chain.from_iterable(zip(_common(rng), _rare(rng, (*_RARE, *signs)), strict=True)):
        parts = [_part(rng, triples[0][0]), *(_part(rng, after) for _, _, after in triples)]
        symbols = tuple(symbol for _, symbol, _ in triples)
        edge = next(edges) if rng.random() < _EDGED_SHARE else ("", "")
        yield Probe(Code(tuple(parts), symbols, (False,) * len(triples), edge), _some_context(rng))


_Triple = tuple[str, str, str]


def _common(rng: random.Random) -> Iterator[list[_Triple]]:
    """Chains of combinations with `-` and `/`, the commonest scripts first."""
    while True:
        waiting = rng.sample(_TRIPLES, len(_TRIPLES))
        waiting.sort(key=lambda triple: not {triple[0], triple[2]} <= set(COMMON))
        left = dict.fromkeys(waiting)
        while left:
            chained = [next(iter(left))]
            del left[chained[0]]
            for _ in range(rng.choice((0, 1, 2, 3))):
                following = next((triple for triple in left if triple[0] == chained[-1][2]), None)
                if following is None:
                    break
                chained.append(following)
                del left[following]
            yield chained


def _rare(rng: random.Random, signs: Sequence[str]) -> Iterator[list[_Triple]]:
    """Chains of four combinations with one other sign; four chains a sign hold all sixteen."""
    while True:
        orders = {sign: rng.sample(COMMON, len(COMMON)) for sign in signs}
        for walk in _WALKS:
            for sign in rng.sample(signs, len(signs)):
                styles = [orders[sign][step] for step in walk]
                yield [(before, sign, after) for before, after in pairwise(styles)]


_WALKS = ((0, 0, 1, 1, 2), (2, 2, 3, 3, 0), (0, 2, 0, 3, 1), (1, 3, 2, 1, 0))
"""Each ordered pair of four scripts once, equal ones in the first two walks."""


def _in_turn(rng: random.Random, values: Sequence[T]) -> Iterator[T]:
    while True:
        yield from rng.sample(values, len(values))


def _part(rng: random.Random, style: str) -> str:
    return some_run(rng, style, rng.choice((1, 2, 3, 3, 4, 6, 9)))


def _some_context(rng: random.Random) -> Context:
    odd = ["task", "language", *(factor for factor in LEVELS if rng.random() < 0.3)]
    return Context(**{factor: rng.choice(LEVELS[factor]) for factor in odd})


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
