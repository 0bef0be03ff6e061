"""Hypothesis strategies for strings that hold signs such as `-` and `/`, and for the prompts round them.

They are public: a project can use them in property tests of its own, for example over an answer filter.

    from hypothesis import given
    from harness.hunt import codes

    @given(codes(symbols="_"))
    def test_my_filter_keeps_codes(code):
        assert code.text in my_filter(f"see {code.text} for details")

All of them shrink towards `a-a` in a plain prompt.
"""

import random
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
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

UNITS = ("kg", "m²", "m³", "µm", "kω", "ha", "mmol", "µ²", "h", "km")
LONGEST = 30
"""Code points of one part."""
_NESTING = ("~", "=", "%", "*", "×", "→", "🙂", "®")
"""Signs that are no symbol."""
_CHUNK = 10
"""Longer rounds fill up with mutations of a few examples, which are many strings and little news."""


@cache
def styled(style: str, longest: int = 12, least: int = 1) -> st.SearchStrategy[str]:
    """A run of one of `probe.STYLES`, of `least` to `longest` characters."""
    if style == ZERO_LED:
        return styled("digits", max(1, longest - 1), least).map("0".__add__)
    return st.text(ALPHABETS[style], min_size=least, max_size=longest)


@cache
def units() -> st.SearchStrategy[str]:
    """Units, alone or behind a number: `kg`, `5m²`."""
    return st.builds(str.__add__, st.sampled_from(("", "5", "20", "1.5")), st.sampled_from(UNITS))


@cache
def nested() -> st.SearchStrategy[str]:
    """A part with signs of its own, as in `v2~4×1`."""
    return st.builds(str.join, st.sampled_from(_NESTING), st.lists(_runs(4), min_size=1, max_size=3))


@cache
def with_lookalike() -> st.SearchStrategy[str]:
    """A part that may hold a look-alike of a symbol, as in `A−B`."""
    return st.builds(str.join, st.sampled_from(INNER_SIGNS), st.lists(_runs(3), min_size=1, max_size=2))


@cache
def placeholders() -> st.SearchStrategy[str]:
    """What a program fills in: `{name}`, `%s`, `<b>`."""
    return st.sampled_from(("{name}", "%s", "%d", "{0}", "${HOME}", "<b>", "{{id}}", "[x]", "“a”", "«a»"))


@cache
def mixed() -> st.SearchStrategy[str]:
    """Two styles without a sign between them, as in `HIT500` or `水A`."""
    # one of the two may shrink to nothing
    return st.builds(str.__add__, _runs(5, least=0), _runs(5, least=0)).filter(bool)


@cache
def parts(styles: tuple[str, ...] = STYLES, longest: int = 12) -> st.SearchStrategy[str]:
    """What is between symbols. Four in five are plain runs, since most real codes are made of them."""
    return _plain_or_odd(_runs(longest, styles))


@st.composite
def _plain_or_odd(draw: st.DrawFn, runs: st.SearchStrategy[str]) -> str:
    # the plain run is drawn in any case: a shrinker then gets rid of an odd part in one step
    plain = draw(runs)
    return draw(_odd_parts()) if draw(_ODD) else plain


@cache
def _odd_parts() -> st.SearchStrategy[str]:
    return st.one_of(mixed(), nested(), units(), with_lookalike(), placeholders())


@cache
def _runs(longest: int, styles: tuple[str, ...] = STYLES, least: int = 1) -> st.SearchStrategy[str]:
    return st.one_of([styled(style, longest, least) for style in styles])


def codes(
    symbols: str | Sequence[str] | None = None, most_symbols: int = 5, *, edges: bool = False
) -> st.SearchStrategy[Code]:
    """A string with 1 to `most_symbols` symbols.

    A string keeps to one or two styles, as real codes do: else two neighbours of one script would be rare.

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
    return _codes(kinds, most_symbols, edges)


@st.composite
def _codes(draw: st.DrawFn, symbols: tuple[str, ...] | None, most_symbols: int, edges: bool) -> Code:
    # the parts are drawn one by one until a draw says stop: a shrinker can then leave out any of them
    palette = tuple(draw(_PALETTES))
    between = parts(palette, draw(_LONGEST))
    kinds = draw(_KINDS) if symbols is None else st.sampled_from(symbols)
    trap = draw(_TRAP)
    drawn = [draw(between)]
    signs: list[str] = []
    spaced: list[bool] = []
    while not signs or (len(signs) < most_symbols and draw(st.booleans())):
        signs.append(draw(kinds))
        spaced.append(trap and draw(st.booleans()))
        drawn.append(draw(between))
    edged = draw(_EDGED) if edges else "none"
    front = draw(_FRONT if symbols is None else kinds) if edged in ("front", "both") else ""
    end = draw(_END if symbols is None else kinds) if edged in ("end", "both") else ""
    return Code(tuple(drawn), tuple(signs), tuple(spaced), (front, end))


_FREQUENT = ("lower", "digits", "digits", "han", "upper")
"""What real codes are made of comes up more often than the rest."""
_PALETTES = st.lists(st.sampled_from((*_FREQUENT, *STYLES)), min_size=1, max_size=2)
_LONGEST = st.sampled_from((1, 3, 5, 12, LONGEST))
_ODD = st.sampled_from((False, False, False, False, True))
_COMMON_KINDS = [st.sampled_from(kinds) for kinds in ("-", "-/", "-", "/", "-/", "/", "-/")]


def _said(sign: str, times: int) -> str:
    return sign * times if sign * times in SYMBOLS else sign


# a doubled sign is a sign and how often, so that a shrinker comes from `__` to `_`
_ANY_KIND = st.builds(_said, st.sampled_from([sign for sign in SYMBOLS if len(sign) == 1]), st.sampled_from((1, 2)))
_KINDS = st.sampled_from([*_COMMON_KINDS, _ANY_KIND])
_EDGED = st.sampled_from((*("none",) * 15, "front", "end", "both"))
_FRONT, _END = st.sampled_from(FRONT_SIGNS), st.sampled_from(END_SIGNS)
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
