"""Markdown tables on standard output."""

from __future__ import annotations

from collections.abc import Iterable


def show(title: str, head: list[str], rows: Iterable[list[str]]) -> None:
    print(f"\n{title}\n")
    for row in [head, ["---"] * len(head), *rows]:
        print(f"| {' | '.join(row)} |", flush=True)


def percent(share: float, places: int = 1) -> str:
    return f"{100 * share:.{places}f}%"
