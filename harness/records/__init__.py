"""What the product reads and writes: cases, answers, run records, policies."""

from typing import TypeVar

from pydantic import BaseModel, ConfigDict


class Record(BaseModel):
    """A frozen value that refuses fields it does not know: the configuration that every stored type shares."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


_R = TypeVar("_R", bound=Record)
_GIVEN: dict[frozenset[str], set[str]] = {}


def lean(value: _R) -> _R:
    """The same value, a third of its size: the set of the fields that were given is shared by all that were given them.

    For values of which a run keeps thousands. pydantic copies such a set before it changes one.
    """
    given = value.__pydantic_fields_set__
    object.__setattr__(value, "__pydantic_fields_set__", _GIVEN.setdefault(frozenset(given), given))
    return value
