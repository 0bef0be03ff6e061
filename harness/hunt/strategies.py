"""Hypothesis strategies for strings that hold `-` and `/`, and for the prompts round them.

They are public: a project can use them in property tests of its own, for example over an answer filter.

    from hypothesis import given
    from harness.hunt.strategies import codes

    @given(codes())
    def test_my_filter_keeps_codes(code):
        assert code.text in my_filter(f"see {code.text} for details")

All of them shrink towards `a-a` in a plain prompt.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from tempfile import TemporaryDirectory

from hypothesis import strategies as st

from harness.hunt.probe import ALPHABETS, LEVELS, STYLES, ZERO_LED, Code, Context, Probe

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
