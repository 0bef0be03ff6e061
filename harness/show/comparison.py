"""Two or more versions side by side, as lines of a terminal and as JSON values."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

from harness.show import figures
from harness.show.figures import money, percent, points
from harness.show.words import Name, phrase, translated
from harness.text.visible import show

if TYPE_CHECKING:
    from harness.decisions.compare import Change, Comparison, Flip, Option, SliceChange
    from harness.decisions.latency import LatencyComparison, Speed, SpeedChange
    from harness.decisions.run_summary import RunSummary
    from harness.records.run import Latency
    from harness.statistics.quantile import Quantile

NAMES = {"first_token_s": "first token", "tokens_per_s": "tokens a second", "total_s": "whole answer"}
_LEGEND = (
    "p95 is the slow end: 95 % of the requests were as fast or faster. Intervals are 95 % and assume no distribution; "
    "an open one needs more requests."
)
_COMPARED = (
    "* the whole interval is faster, or the whole interval is slower. A dozen lines are a dozen looks: what matters "
    "should show again in a second measurement."
)


def latency_lines(latency: Latency) -> list[str]:
    """One measurement for a terminal of 80 columns."""
    from harness.decisions.latency import speeds

    requests = max((len(prompt.total_s) for prompt in latency.prompts), default=0)
    lines = figures.wrapped(
        f"latency: {figures.plural(requests, 'request')} a prompt, one at a time, at most {latency.max_tokens} tokens "
        f"an answer; {show(latency.runtime or latency.resolved_model or 'unknown server', blanks=False)}; asked from "
        f"{show(latency.client, blanks=False)}"
    )
    head = ["", "p50", "95% interval", "p95", "95% interval"]
    lines += ["", *figures.table([head, *_under_prompts((one.prompt, _speed_row(one)) for one in speeds(latency))])]
    for prompt in latency.prompts:
        if prompt.failures:
            reasons = ", ".join(f"{show(reason)} {count}" for reason, count in sorted(prompt.failures.items()))
            lines += figures.wrapped(f"without an answer to {show(prompt.prompt)}: {reasons} (counted as the slowest)")
        if prompt.resent:
            lines += figures.wrapped(
                f"{figures.plural(prompt.resent, 'request')} to {show(prompt.prompt)} sent again and timed again: "
                "the endpoint had closed the connection, or wanted fewer (429)"
            )
    return [*lines, *figures.wrapped(_LEGEND)]


def speed_cells(speed: Speed) -> list[str]:
    """p50, its interval, p95, its interval."""
    return _speed_row(speed)[1:]


def latency_change_lines(comparison: LatencyComparison) -> list[str]:
    """The comparison for a terminal of 80 columns."""
    lines = figures.wrapped(f"Latency, run {show(comparison.old_run)} to run {show(comparison.new_run)}", "")
    if comparison.changes:
        head = ["", "from", "to", "change", "95% interval", ""]
        rows = _under_prompts((one.prompt, _change_row(one)) for one in comparison.changes)
        lines += ["", *figures.table([head, *rows])]
        lines += figures.wrapped(_COMPARED)
    for caution in comparison.caution:
        lines += figures.wrapped(f"Caution: {show(caution, blanks=False)}.")
    return lines


def latency_change_json(comparison: LatencyComparison | None) -> Any:
    """JSON values; what is infinite is null."""
    return _finite(figures.plain(comparison))


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_finite(item) for item in value]
    return None if isinstance(value, float) and math.isinf(value) else value


def _under_prompts(rows: Iterable[tuple[str, list[str]]]) -> list[list[str]]:
    """Each prompt's rows, indented, under a row with its name."""
    shown: list[list[str]] = []
    before = None
    for prompt, row in rows:
        if prompt != before:
            shown.append([Name(show(prompt)), *[""] * (len(row) - 1)])
            before = prompt
        shown.append([f"  {row[0]}", *row[1:]])
    return shown


def _speed_row(speed: Speed) -> list[str]:
    said = _unit(speed.quantity)
    cells = [cell for one in (speed.p50, speed.p95) for cell in (said(one.estimate), _interval(one, said))]
    return [NAMES[speed.quantity], *cells]


def _change_row(one: SpeedChange) -> list[str]:
    return [f"{NAMES[one.quantity]}, p{one.percentile}", *change_cells(one), "*" if one.faster is not None else ""]


def change_cells(one: SpeedChange) -> list[str]:
    """From, to, the change and its interval."""
    said = _unit(one.quantity)
    change = one.change
    shown = "no data" if change.estimate is None else _signed(change.estimate, said)
    low = "..." if math.isinf(change.low) else _signed(change.low, said)
    high = "..." if math.isinf(change.high) else _signed(change.high, said)
    return [
        said(one.old.estimate),
        said(one.new.estimate),
        shown,
        f"{low} to {high}",
    ]


def _unit(quantity: str) -> Callable[[float], str]:
    return _rate if quantity == "tokens_per_s" else _time


def _time(seconds: float) -> str:
    if math.isinf(seconds):
        return "no answer"
    if abs(seconds) < 0.0995:
        return f"{1000 * seconds:.1f} ms"
    return f"{1000 * seconds:.0f} ms" if abs(seconds) < 9.995 else f"{seconds:.1f} s"


def _rate(value: float) -> str:
    return f"{value:.1f}"


def _signed(value: float, said: Callable[[float], str]) -> str:
    return f"{'+' if value > 0 else ''}{said(value)}"


def _interval(one: Quantile, said: Callable[[float], str]) -> str:
    low = "..." if math.isinf(one.low) and one.low < 0 else said(one.low)
    high = "..." if math.isinf(one.high) else said(one.high)
    return f"{low} to {high}"


_NAMES = {
    "alignment_rate": "alignment rate",
    "fidelity": "fidelity",
    "search_hit_rate": "found by search",
    "mention_rate": "mention rate (cases)",
    "over_correction_rate": "over-correction",
    "check_rate": "check rate (general)",
}


def compare_lines(comparison: Comparison, most: int = 20) -> list[str]:
    """The comparison for a terminal of 80 columns; at most `most` flips of each direction with their text."""
    if comparison.latency is not None and not comparison.pairing.keys:
        return latency_change_lines(comparison.latency)
    old, new = show(comparison.old.label), show(comparison.new.label)
    both = f"From {old} to {new}, {figures.plural(len(comparison.answered), 'case')} that both answered"
    lines = [translated(both)]
    lines += figures.wrapped(show(comparison.same, blanks=False)) if comparison.same else []
    lines += answered_lines([comparison.old, comparison.new])
    lines += figures.wrapped(_unpaired(comparison)) if not comparison.pairing.complete else []
    lines += figures.wrapped(phrase("renamed-cases", n=f"{comparison.renamed:,}")) if comparison.renamed else []
    if not comparison.pairing.keys:
        nothing = "Nothing to compare: the two have no case in common. Record the same suites for both."
        return [*lines, *figures.wrapped(nothing)]
    head = ["", "from", "to", "points", "95% interval", "p", "pairs"]
    lines += ["", *figures.table([head, *_with_data(_change_rows(comparison.changes))])]
    for sentence in disagreements(comparison.changes):
        lines += figures.wrapped(sentence)
    lines += ["", *figures.table([["", "from", "to"], *_with_data(_resource_rows(comparison))])]
    lines += ["", *_slice_lines(comparison.slices)] if comparison.slices else []
    if comparison.latency is not None:
        lines += ["", *latency_change_lines(comparison.latency)]
    ordered = in_reading_order(comparison.flips)
    for title, chosen in (
        ("Worse", [flip for flip in ordered if flip.worse and not is_quiet(flip)]),
        ("Fixed", [flip for flip in ordered if flip.kind == "fixed"]),
    ):
        lines += ["", translated(f"{title}: {figures.plural(len(chosen), 'case')}")] if chosen else []
        for flip in chosen[:most]:
            lines += _flip_lines(flip)
        if len(chosen) > most:
            lines.append(f"  {translated(f'... and {len(chosen) - most} more (--json lists all)')}")
    quiet = [flip for flip in ordered if is_quiet(flip)]
    if quiet:
        changed = f"{figures.plural(len(quiet), 'case')} changed from one failure to another (--json lists them)"
        lines += ["", *figures.wrapped(translated(changed), "")]
    return lines


_READING_ORDER = ("newly damaged", "newly omitted", "newly failed", "newly unscored", "fixed", "changed")


def in_reading_order(flips: Iterable[Flip]) -> list[Flip]:
    """What is worse first, damage before the rest; then what is fixed, and what changed from one failure to another.

    So on a terminal, on a page and in Markdown; within a kind as they were."""
    place = {kind: number for number, kind in enumerate(_READING_ORDER)}
    return sorted(flips, key=lambda flip: (is_quiet(flip), place.get(flip.kind, len(place))))


def is_quiet(flip: Flip) -> bool:
    """Whether a flip decides nothing: the case failed before too, in another way."""
    return flip.kind == "changed"


def answered_lines(runs: Sequence[RunSummary]) -> list[str]:
    """How much each version answered of what it was asked, where that differs or is too little to compare."""
    if all(run.answered.k == run.answered.n for run in runs):
        return []
    return [line for run in runs for line in figures.wrapped(_answered(run))]


def _answered(run: RunSummary) -> str:
    mark = "" if run.comparable else "; NOT COMPARABLE by its own rate: above 5% unscored"
    return f"{show(run.label)} answered {percent(run.answered.rate)} of {run.answered.n:,} cases with targets{mark}"


def _unpaired(comparison: Comparison) -> str:
    reason = comparison.pairing.reason.replace("the candidate", "the second").replace("the baseline", "the first")
    return f"Left out: {show(reason, blanks=False)}."


_FEW_CHANGED = (
    "An interval that leaves out 0 beside a p above 0.05: too few cases changed for the interval, which is then too "
    "narrow. p is exact: no difference is proven."
)
_BY_DOMAINS = (
    "An interval that holds 0 beside a p of at most 0.05: p counts each case alone, the interval counts cases of one "
    "domain together. Go by the interval: no difference is proven."
)


def disagreements(changes: Iterable[Change]) -> list[str]:
    """A sentence for each way in which interval and p-value of a row can contradict each other, if one does."""
    shown = list(changes)
    found = [_FEW_CHANGED] if any(one.few_changed for one in shown) else []
    return [*found, _BY_DOMAINS] if any(one.by_domains for one in shown) else found


def _interval_of_compare(change: Change) -> str:
    if change.low is None:
        return figures.NO_DATA
    return f"{points(change.low)} to {points(change.high)}"


def _change_rows(changes: Sequence[Change]) -> list[list[str]]:
    return [
        [
            _NAMES[change.metric],
            percent(change.old.rate),
            percent(change.new.rate),
            points(change.difference),
            _interval_of_compare(change),
            figures.p_value(change.p_value),
            str(change.pairs),
        ]
        for change in changes
    ]


def _resource_rows(comparison: Comparison) -> list[list[str]]:
    old, new = comparison.old_resources, comparison.new_resources
    return [
        ["median latency", seconds(old.median_latency_s), seconds(new.median_latency_s)],
        ["95th percentile", seconds(old.p95_latency_s), seconds(new.p95_latency_s)],
        ["prompt tokens", tokens(old.prompt_tokens), tokens(new.prompt_tokens)],
        ["completion tokens", tokens(old.completion_tokens), tokens(new.completion_tokens)],
        ["cost of 1,000 answers", money(old.cost_per_1000, old.currency), money(new.cost_per_1000, new.currency)],
    ]


def seconds(value: float | None) -> str:
    """A latency; milliseconds below one second."""
    if value is None:
        return figures.NO_DATA
    return f"{1000 * value:.0f} ms" if value < 1 else f"{value:.1f} s"


def tokens(value: float | None) -> str:
    return figures.NO_DATA if value is None else f"{value:,.1f}"


def _slice_rows(slices: Sequence[SliceChange]) -> list[list[str]]:
    from harness.decisions.compare import SIGNIFICANT

    return [
        [
            f"{one.dimension}={show(one.value)}",
            percent(one.change.old.rate),
            percent(one.change.new.rate),
            points(one.change.difference),
            str(one.change.pairs),
            figures.p_value(one.q_value) + ("*" if one.q_value is not None and one.q_value <= SIGNIFICANT else " "),
        ]
        for one in slices
    ]


def _slice_lines(slices: Sequence[SliceChange]) -> list[str]:
    from harness.decisions.compare import telling_slices

    shown = telling_slices(slices)
    if not shown:
        return figures.wrapped(f"None of {figures.plural(len(slices), 'slice')} stands out (--json lists all).")
    head = ["alignment rate of", "from", "to", "points", "pairs", "q "]
    lines = figures.table([head, *_slice_rows(shown)])
    if more := len(slices) - len(shown):
        lines.append(f"  {translated(f'... and {more} more (--json lists all)')}")
    return [*lines, *figures.wrapped("q: McNemar p adjusted for all slices; * at most 0.05.")]


def _with_data(rows: Iterable[list[str]]) -> list[list[str]]:
    """Without the rows that neither version has data for."""
    return [row for row in rows if row[1:3] != [figures.NO_DATA] * 2]


def _flip_lines(flip: Flip) -> list[str]:
    kind, exposure = translated(flip.kind), translated(flip.exposure)
    lines = figures.wrapped(f"{kind}: {show(flip.key)}  ({show(flip.domain)}, {exposure})")
    if flip.target:
        lines += figures.wrapped(f"{translated('target')} {show(flip.target)}", indent="      ")
        for name, text in (("from", flip.old_text), ("to", flip.new_text)):
            said = show(text) if text else translated("(not mentioned)")
            lines += figures.wrapped(f"{figures.pad(translated(name), 6)} {said}", indent="      ")
    return lines


def compare_json(comparison: Comparison) -> dict[str, Any]:
    value: dict[str, Any] = figures.plain(dataclasses.replace(comparison, latency=None))
    return {**value, "latency": latency_change_json(comparison.latency)}


_Row: TypeAlias = "tuple[str, str, Callable[[Option], str]]"

OPTION_ROWS: tuple[_Row, ...] = (
    ("alignment rate", "alignment_rate", lambda one: percent(one.alignment.rate)),
    ("  trained", "trained", lambda one: percent(one.gap.trained.rate)),
    ("  untrained", "untrained", lambda one: percent(one.gap.untrained.rate)),
    ("  gap", "gap", lambda one: points(one.gap.difference)),
    ("  gap of its base", "base-gap", lambda one: points(one.base_gap.difference if one.base_gap else None)),
    ("  gain, trained more", "gain-more", lambda one: points(one.gain.difference if one.gain else None)),
    ("  p by domains", "p-domains", lambda one: figures.p_value(one.gain.p_value if one.gain else None)),
    ("fidelity", "fidelity", lambda one: percent(one.rates["fidelity"].rate)),
    ("found by search", "search_hit_rate", lambda one: percent(one.rates["search_hit_rate"].rate)),
    ("mention rate", "mention_rate", lambda one: percent(one.rates["mention_rate"].rate)),
    ("over-correction", "over_correction_rate", lambda one: percent(one.rates["over_correction_rate"].rate)),
    ("check rate", "check_rate", lambda one: percent(one.rates["check_rate"].rate)),
    ("answered, of its own", "own-share", lambda one: percent(one.run.answered.rate)),
    (
        "  its own rate",
        "own-rate",
        lambda one: percent(one.run.alignment.rate) + ("" if one.run.comparable else " (!)"),
    ),
    ("  on so many cases", "own-cases", lambda one: f"{one.run.alignment.n:,}"),
    ("median latency", "latency", lambda one: seconds(one.resources.median_latency_s)),
    ("prompt tokens", "prompt-tokens", lambda one: tokens(one.resources.prompt_tokens)),
    ("answer tokens", "completion-tokens", lambda one: tokens(one.resources.completion_tokens)),
    ("cost of 1,000", "cost-per-1000", lambda one: money(one.resources.cost_per_1000, one.resources.currency)),
)
"""What a row is called in a terminal, the word for it in a document, and its cell."""


def options_lines(options: Sequence[Option], in_the_way: tuple[str, int] | None = None) -> list[str]:
    """The table in blocks of as many columns as a line holds, without the rows that no version has data for.

    Args:
        in_the_way: the version without which the others have answered cases in common, and how many.
    """
    rows: list[list[str]] = [["", *(Name(show(one.run.label)) for one in options)]]
    for name, _, cell in OPTION_ROWS:
        told = [cell(one) for one in options]
        if any(one != figures.NO_DATA for one in told):
            indent = " " * (len(name) - len(name.lstrip()))
            rows.append([indent + translated(name.lstrip()), *map(translated, told)])
    lines = [_options_title(options)] if options else []
    common = not options or options[0].answered
    if not common:
        lines += figures.wrapped(_nothing_shared(options, in_the_way))
    for columns in _blocks(rows):
        lines += ["", *figures.table([[row[0], *(row[i] for i in columns)] for row in rows])]
    return [*lines, "", *figures.wrapped(_OPTION_LEGEND)] if common else lines


def _nothing_shared(options: Sequence[Option], in_the_way: tuple[str, int] | None) -> str:
    if in_the_way is None:
        return "Nothing to compare: no case was answered by all of them. Record the same suites for all."
    label, number = in_the_way
    others = " ".join(show(one.run.label) for one in options if one.run.label != label)
    return f"Nothing to compare. Cases in common without {show(label)}: {number:,}. Run: harness compare {others}"


def _options_title(options: Sequence[Option]) -> str:
    one = options[0]
    all_of = {2: "both"}.get(len(options), f"all {len(options)}")
    return translated(
        f"{one.alignment.n:,} cases with targets that {all_of} answered ({one.answered:,} with the others)"
    )


_OPTION_LEGEND = (
    "gap: trained minus untrained, by what each version was trained on; below it the same difference of its base on "
    "the same cases, since domains differ in difficulty. gain, trained more: what it gained over its base on trained "
    "cases minus on untrained ones, within the suites that hold both; p by shuffling whole domains, which is how "
    "training is assigned. its own rate: over all that it answered itself; (!) marks more than 5% unscored, and is "
    "not comparable. Rates are without intervals here: compare two of them for those."
)


def _blocks(rows: Sequence[Sequence[str]]) -> list[list[int]]:
    widths = [max(figures.cells(row[i]) for row in rows) for i in range(len(rows[0]))]
    blocks: list[list[int]] = []
    room = used = figures.table_width()
    for column, width in enumerate(widths[1:], start=1):
        if used + 2 + width > room:
            blocks.append([])
            used = 2 + widths[0]
        blocks[-1].append(column)
        used += 2 + width
    return blocks


def options_json(options: Sequence[Option]) -> dict[str, Any]:
    """The table as JSON values, with the gaps that it shows."""
    columns = []
    for one in options:
        value: dict[str, Any] = figures.plain(one)
        value["gap"]["difference"] = one.gap.difference
        if one.base_gap is not None:
            value["base_gap"]["difference"] = one.base_gap.difference
        columns.append(value)
    return {"options": columns}
