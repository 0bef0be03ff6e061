"""What the product reads and writes: cases, answers, run records, policies."""

from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import BaseModel, ConfigDict

_set = object.__setattr__


_T = TypeVar("_T")


class kept_property(cached_property[_T]):  # as the one of functools
    """Worked out once and kept as an ordinary attribute.

    `cached_property` keeps it by way of `__dict__`: see `loose`.
    """

    if not TYPE_CHECKING:

        def __get__(self, value, owner=None):
            if value is None:
                return self
            found = self.func(value)
            _set(value, self.attrname, found)
            return found


class Record(BaseModel):
    """A frozen value that refuses fields it does not know: the configuration that every stored type shares."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, ignored_types=(kept_property,))

    @classmethod
    def __pydantic_init_subclass__(cls, **given: Any) -> None:
        # Python keeps the names of attributes once a class as long as they come with its first few objects: see `lean`
        super().__pydantic_init_subclass__(**given)
        first = object.__new__(cls)
        made_later = [name for name, value in vars(cls).items() if isinstance(value, cached_property)]
        for name in (*cls.model_fields, *made_later):
            _set(first, name, None)


_R = TypeVar("_R", bound=Record)
_GIVEN: dict[frozenset[str], set[str]] = {}


def lean(value: _R, **same: Any) -> _R:
    """An equal value, a fifth of its size. For values of which a run keeps thousands.

    `same` is what fields were given and hold again, in place of the copies that pydantic makes of it.

    The set of the fields that were given is shared by all that were given them; pydantic copies such a set before it
    changes one. The fields are set one by one, as those of an ordinary object are: then Python keeps their names once
    a class, and in each value no table of its own, which is what pydantic gives it.
    """
    small = object.__new__(type(value))
    given = value.__pydantic_fields_set__
    _set(small, "__pydantic_fields_set__", _GIVEN.setdefault(frozenset(given), given))
    _set(small, "__pydantic_extra__", None)
    _set(small, "__pydantic_private__", None)
    for name, content in value.__dict__.items():
        _set(small, name, content)
    for name, content in same.items():
        _set(small, name, content)
    return small


def loose(value: _R, **other: Any) -> _R:
    """An equal value to be written and thrown away, with `other` in its fields.

    Whoever looks at `__dict__`, as pydantic's writer does, has Python make a table that the value keeps: 64 bytes
    for each of the four that a run holds of a case.
    """
    made = object.__new__(type(value))
    _set(made, "__pydantic_fields_set__", value.__pydantic_fields_set__)
    _set(made, "__pydantic_extra__", None)
    _set(made, "__pydantic_private__", None)
    made.__dict__.update({name: getattr(value, name) for name in type(value).model_fields} | other)
    return made
