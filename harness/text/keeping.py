"""What is made when it is first asked for and kept from then on: patterns, values of objects, answers of functions."""

import re
from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING, Any, TypeVar, cast

_METHODS = ("search", "match", "fullmatch", "finditer", "findall", "split", "sub", "subn")


class _Later:
    def __init__(self, pattern: str, flags: int) -> None:
        self.pattern = pattern
        self._flags = flags

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        compiled = re.compile(self.pattern, self._flags)
        self.__dict__.update((method, getattr(compiled, method)) for method in _METHODS)
        return getattr(compiled, name)


def later(pattern: str, flags: int = 0) -> re.Pattern[str]:
    """What `re.compile` gives, compiled when it is first used: of 260 patterns a plain answer uses fifty.

    To compile them all took 0.14 s of processor time in each process that checks anything.
    """
    return cast("re.Pattern[str]", _Later(pattern, flags))


_Function = TypeVar("_Function", bound=Callable[..., Any])


def kept(many: int, few: int, *, small: int = 256) -> Callable[[_Function], _Function]:
    """An `lru_cache` of many small keys and of few large ones, by the length of the first argument.

    So what is kept has a bound in bytes: caches that count their entries alone held gigabytes in a service whose rows
    have thousands of targets each.
    """

    def of(function: _Function) -> _Function:
        of_small, of_large = lru_cache(many)(function), lru_cache(few)(function)

        def ask(first: Any, *others: Any) -> Any:
            return (of_small if len(first) <= small else of_large)(first, *others)

        return cast("_Function", ask)

    return of


if TYPE_CHECKING:
    from functools import cached_property

    once = cached_property
else:

    class once:
        """A `cached_property` without the lock that it has in Python 3.11, one for all instances.

        A process that was forked while another thread held that lock waited for it for ever.
        """

        def __init__(self, work):
            self._work, self.__doc__ = work, work.__doc__

        def __set_name__(self, owner, name):
            self._name = name

        def __get__(self, one, owner=None):
            if one is None:
                return self
            found = one.__dict__[self._name] = self._work(one)
            return found
