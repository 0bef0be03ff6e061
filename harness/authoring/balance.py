"""How many cases there are of what: the table that says whether a rate by domain or language can be trusted."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from harness.records.case import Case

SYMBOLS = ("-", "/", "both", "none")


@dataclass(frozen=True, slots=True)
class Cell:
    """Cases of one domain, kind of symbol, language and task."""

    suite: str
    domain: str
    symbols: str
    language: str
    task: str
    cases: int


def cells(cases: Iterable[Case]) -> list[Cell]:
    """All cells that are not empty, sorted."""
    counts = Counter((one.suite, one.domain, one.symbols, one.language, one.task) for one in cases)
    return [Cell(*key, cases=number) for key, number in sorted(counts.items())]


def table(found: Sequence[Cell]) -> list[str]:
    """One line a domain, under a line for its suite: cases, then by symbol, by language, by task."""
    languages = _by_size(found, "language")
    rows = [["", "cases", *SYMBOLS, *languages, "tasks"]]
    for suite, inside in _grouped(found, "suite").items():
        rows.append(_row(suite, inside, languages))
        rows += [_row(f"  {domain}", cells_, languages) for domain, cells_ in _grouped(inside, "domain").items()]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]) - 1)]
    return [
        "  ".join([row[0].ljust(widths[0]), *(cell.rjust(w) for cell, w in zip(row[1:], widths[1:], strict=False))])
        + f"  {row[-1]}"
        for row in rows
    ]


def _row(name: str, inside: Sequence[Cell], languages: Sequence[str]) -> list[str]:
    def number(field: str, value: str) -> str:
        count = sum(cell.cases for cell in inside if getattr(cell, field) == value)
        return str(count) if count else "."

    tasks = [f"{task} {number('task', task)}" for task in _by_size(inside, "task")]
    return [
        name,
        str(sum(cell.cases for cell in inside)),
        *(number("symbols", kind) for kind in SYMBOLS),
        *(number("language", language) for language in languages),
        ", ".join(tasks),
    ]


def _by_size(found: Iterable[Cell], field: str) -> list[str]:
    sizes: Counter[str] = Counter()
    for cell in found:
        sizes[getattr(cell, field)] += cell.cases
    return sorted(sizes, key=lambda name: (-sizes[name], name))


def _grouped(found: Iterable[Cell], field: str) -> dict[str, list[Cell]]:
    groups: defaultdict[str, list[Cell]] = defaultdict(list)
    for cell in found:
        groups[getattr(cell, field)].append(cell)
    return dict(groups)
