"""The result in 80 columns: what was read, the rates of all rows, and the groups worth a line."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from harness.logs.cases import Example
from harness.logs.rates import VERSION_BY_DAY, RateDifference
from harness.show.figures import NO_DATA, cells, clipped, percent, plural, points, table, table_width, wrapped
from harness.show.words import Name, phrase, translated
from harness.text.visible import show

_MOST_GROUPS, _MOST_DAYS, _MOST_VERSIONS, _MOST_DAYS_OF_VERSION, _MOST_DIFFERENCES = 10, 14, 3, 4, 20
_HEAD = ["", "rows", "aligned", "95 %", "verbatim", "95 %", "mentioned"]
_HEAD_FOUND = ["", "rows", "verbatim of those said", "95 %", "mentioned"]
"""Where no targets were given: an answer need not name all that is found, so nothing is called aligned."""
_METRICS = {"alignment_rate": "aligned", "fidelity": "verbatim", "mention_rate": "mentioned"}


def rate_lines(rates: dict[str, Any], rejected_file: str) -> list[str]:
    """The terminal's view of `rates.json`; names from the logs are made safe."""
    rows = list(_rows(rates))
    if not rates["all"]["rates"]["alignment_rate"]["n"]:
        rows = [_HEAD_FOUND, *([*row[:2], *row[4:]] for row in rows[1:])]
    lines = table(rows, indent="")
    if max(map(cells, lines)) > table_width():  # millions of rows near 100 % have long bounds
        lines = table([row[:-1] for row in rows], indent="")
    return [*_summary(rates, rejected_file), "", *lines, *_legend(rates)]


def example_lines(examples: Sequence[Example]) -> list[str]:
    """What became of some strings, with the row; none where nothing is damaged."""
    if not examples:
        return []
    places = [phrase("log-row", file=show(one.file, blanks=False), row=one.line) for one in examples]
    became, colon = [became_words(one.target, one.became) for one in examples], phrase("colon")
    told = [f"  {place}{colon}{words}" for place, words in zip(places, became, strict=True)]
    return ["", phrase("log-examples"), *told]


_LONGEST_STRING = 100


def became_words(target: str, became: str) -> str:
    """What became of a string, in words, its blanks and look-alikes made visible."""
    found = clipped(show(became, lookalikes=True), _LONGEST_STRING)
    return phrase("log-became", target=clipped(show(target, blanks=False), _LONGEST_STRING), found=found)


def _summary(rates: dict[str, Any], rejected_file: str) -> Iterator[str]:
    everything = rates["all"]
    text = translated(f"{plural(rates['rows'], 'row')} of {plural(len(rates['inputs']), 'file')}")
    if rates["rejected"]:
        kinds = ", ".join(f"{kind} {number:,}" for kind, number in rates["rejected_by_kind"].items())
        kept = show(rejected_file, blanks=False)
        text += translated(f"; {rates['rejected']:,} rejected ({kinds}), kept in {kept}")
    yield from wrapped(text, indent="")
    given = rates["targets_given"]
    named = {"untargeted": "nothing to protect"}
    if not given:
        named |= {"aligned": "verbatim", "omitted": "not all named"}
    outcomes = [
        f"{translated(named.get(name, name))} {rows:,}" for name, rows in everything["outcomes"].items() if rows
    ]
    yield from wrapped(f"outcomes: {', '.join(outcomes) or NO_DATA}", indent="")
    if not given:
        yield translated("targets: not given, looked for in the source")
    elif given < everything["rows"]:
        yield from wrapped(
            f"targets: given in {plural(given, 'row')}, looked for in the source in {everything['rows'] - given:,}; an "
            "answer need not name all that is found: these rows count in the verbatim rate, not in the aligned one",
            indent="",
        )
    if rates["time_unreadable"]:
        yield from wrapped(f"times that cannot be read: {plural(rates['time_unreadable'], 'row')}", indent="")
    if everything["damage"]:
        yield from wrapped(f"damage, in rows: {_most(everything['damage'])}", indent="")
    if everything.get("notes"):
        yield from wrapped(f"notes, not counted, in rows: {_most(everything['notes'])}", indent="")


def _most(codes: dict[str, int]) -> str:
    most = sorted(codes.items(), key=lambda item: (-item[1], item[0]))[:6]
    return ", ".join(f"{code} {rows:,}" for code, rows in most)


def _rows(rates: dict[str, Any]) -> Iterator[list[str]]:
    yield _HEAD
    yield _row("all", rates["all"])
    for grouping in rates["by"]:
        columns, groups = grouping["columns"], grouping["groups"]
        if not _worth_showing(columns, groups, rates):
            continue
        yield [Name(", ".join(show(name, blanks=False) for name in columns)), *[""] * 6]
        shown = _chosen(columns, groups)
        yield from (_row(Name(f"  {group_name(group['group'])}"), group) for group in shown)
        if len(shown) < len(groups):
            yield [f"  {translated(f'{len(groups) - len(shown)} more')}", *[""] * 6]
        if "other" in grouping:
            yield _row(f"  {translated('(other)')}", grouping["other"])


def _worth_showing(columns: list[str], groups: list[dict[str, Any]], rates: dict[str, Any]) -> bool:
    """Not if no row has a value there, nor if another grouping shows the same rows."""
    if all(value is None for group in groups for value in group["group"]):
        return False
    if columns == ["model"]:  # the next grouping says the same if each model has one version
        return len(groups) != len(rates["by"][1]["groups"]) or all(
            group["group"][1] is None for group in rates["by"][1]["groups"]
        )
    if columns == ["model", "version"]:
        return any(group["group"][1] is not None for group in groups)
    if tuple(columns) == VERSION_BY_DAY:
        versions = {tuple(group["group"][:2]) for group in groups}
        return len(versions) > 1 and len({group["group"][2] for group in groups}) > 1
    return True


def _chosen(columns: list[str], groups: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The last days, of each version if by version; or the largest groups."""
    if columns == ["day"]:
        return groups[-_MOST_DAYS:]
    if tuple(columns) == VERSION_BY_DAY:
        return _last_days(groups)
    largest = sorted(range(len(groups)), key=lambda place: (-groups[place]["rows"], place))[:_MOST_GROUPS]
    return [groups[place] for place in sorted(largest)]


def _last_days(groups: list[dict[str, Any]]) -> list[dict[str, Any]]:
    rows = Counter[tuple[str | None, ...]]()
    days: dict[tuple[str | None, ...], list[dict[str, Any]]] = {}
    for group in groups:
        version = tuple(group["group"][:2])
        rows[version] += group["rows"]
        days.setdefault(version, []).append(group)
    largest = {version for version, _ in rows.most_common(_MOST_VERSIONS)}
    return [group for version in days if version in largest for group in days[version][-_MOST_DAYS_OF_VERSION:]]


def group_name(values: Sequence[str | None]) -> Name:
    """`model@version`, behind the day if there is one, safe for a terminal."""
    names = ["(none)" if value is None else show(value, blanks=False) for value in values]
    if len(names) == 1:
        return Name(names[0])
    version = names[0] if values[1] is None else "@".join(names[:2])
    return Name(" ".join([*names[2:], version]))


def _row(name: str, group: dict[str, Any]) -> list[str]:
    rates = group["rates"]
    aligned, verbatim = rates["alignment_rate"], rates["fidelity"]
    return [
        name,
        f"{group['rows']:,}",
        percent(aligned["rate"]),
        _bounds(aligned),
        percent(verbatim["rate"]),
        _bounds(verbatim),
        percent(rates["mention_rate"]["rate"]),
    ]


def _bounds(rate: dict[str, Any]) -> str:
    return "" if rate["low"] is None else f"{percent(rate['low'])[:-1]}–{percent(rate['high'])[:-1]}"


def _legend(rates: dict[str, Any]) -> list[str]:
    verbatim, mentioned = "of the rows that name any, those that name all verbatim", "mentioned: share of targets."
    text = f"aligned: every target that was given is named, all verbatim. verbatim: {verbatim}. {mentioned}"
    if not rates["all"]["rates"]["alignment_rate"]["n"]:
        text = f"verbatim of those said: {verbatim}. {mentioned}"
    lines = ["", *wrapped(text, indent="")]
    if "clusters" in rates["all"]:
        lines += wrapped("Intervals allow for rows of a cluster that hang together.", indent="")
    return lines


def difference_lines(found: list[RateDifference]) -> list[str]:
    """Against the baseline; the notable ones first to stay when there are many."""
    head = ["against the baseline", "", "before", "now", "points", "95 %", ""]
    ranked = sorted(range(len(found)), key=lambda place: (bool(found[place].columns), found[place].p_value, place))
    chosen = [found[place] for place in sorted(ranked[:_MOST_DIFFERENCES])]
    rows = [
        [
            group_name(one.group) if one.columns else "all",
            _METRICS[one.metric],
            percent(one.before),
            percent(one.now),
            points(one.difference),
            f"{points(one.low)} to {points(one.high)}",
            "*" if one.notable else "",
        ]
        for one in chosen
    ]
    lines = ["", *table([head, *rows], indent="")]
    if len(chosen) < len(found):
        lines.append(translated(f"{len(found) - len(chosen)} more with --json"))
    note = (
        "* stands out among all these differences (Benjamini–Hochberg, 5 %). Two times of real traffic are different "
        "rows: a difference may be a change of what was asked."
    )
    return [*lines, "", *wrapped(note, indent="")]
