"""What is wrong with a mention."""

from typing import NamedTuple


class Change(NamedTuple):
    """One damaged place. `new` is what the target has there."""

    start: int
    end: int
    new: str
    codes: tuple[str, ...]


class Damage(NamedTuple):
    """All changes of a mention. `weight` sums the edits by kind (see `forms`); 0 is verbatim.

    The changes count from the start of the mention, so that all mentions that are damaged alike share one value.
    """

    weight: int
    edits: int
    codes: tuple[str, ...]
    changes: tuple[Change, ...]


WHOLE = Damage(0, 0, (), ())
