"""What a user sees who pastes a mention into a search field: does the target come up?"""

from __future__ import annotations

from functools import cache, lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import sqlite3


@lru_cache(maxsize=4096)
def finds(mention: str, target: str) -> bool:
    """Whether SQLite finds the row of `target` by `mention`, with `=` or with `LIKE '%mention%'`.

    https://www.sqlite.org/lang_expr.html#like: it ignores the case of ASCII letters, and `_` and `%` stand for others,
    as in most search fields that were built on it.
    """
    if not mention:
        return False
    if mention == target:
        return True
    import sqlite3  # here, since a replay needs all other metrics and never this one

    try:
        row = _database().execute("SELECT ?1 = ?2 OR ?1 LIKE '%' || ?2 || '%'", (target, mention)).fetchone()
    except (sqlite3.Error, UnicodeEncodeError):  # too long a pattern, a lone surrogate: no search field takes it
        return False
    return bool(row[0])


@cache
def _database() -> sqlite3.Connection:
    import sqlite3

    return sqlite3.connect(":memory:", check_same_thread=False)
