"""The openai client, without the types of services that nobody asks.

`import openai` reads 520 modules, three quarters of them types: 0.3 s of each run that asks, and 9 MB. Here a package
of types is read when it is asked for one of its names. A module in it that is imported by name is read as ever, and so
is the client, which builds and sends the requests.
"""

from __future__ import annotations

import sys
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from threading import get_ident
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

_TYPES = "openai.types."
_reading: set[tuple[str, int]] = set()
"""Package and thread. Each thread that asks reads: a lock here and those of imports could wait for one another."""


class _Unread(ModuleType):
    """A package that becomes an ordinary module when it is asked for a name, for all names, or to take one."""

    def __getattr__(self, name: str) -> Any:
        if not name.startswith("__") or name == "__all__":  # the others are looked for in every module, as by pytest
            _read(self)
        return ModuleType.__getattribute__(self, name)

    def __setattr__(self, name: str, value: Any) -> None:
        if not name.startswith("__") and not isinstance(value, ModuleType):  # the import of a module in it sets those
            _read(self)
        ModuleType.__setattr__(self, name, value)

    def __delattr__(self, name: str) -> None:
        _read(self)
        ModuleType.__delattr__(self, name)

    def __dir__(self) -> list[str]:
        _read(self)
        return list(ModuleType.__dir__(self))

    @property
    def __dict__(self) -> dict[str, Any]:  # type: ignore[override]
        _read(self)
        return _NAMES.__get__(self)  # type: ignore[no-any-return]


_NAMES: Any = vars(ModuleType)["__dict__"]


def _read(module: ModuleType) -> None:
    """Does nothing within itself. What fails is tried again by the next who asks, as with an import."""
    place = (module.__name__, get_ident())
    spec = module.__spec__
    if type(module) is not _Unread or place in _reading or spec is None or spec.loader is None:
        return
    _reading.add(place)
    try:
        spec.loader.exec_module(module)
    finally:
        _reading.remove(place)
    module.__class__ = ModuleType  # type: ignore[assignment]


class _ReadLater(Loader):
    def __init__(self, usual: Loader) -> None:
        self._usual = usual

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        return self._usual.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        module.__loader__ = self._usual
        if module.__spec__ is not None:
            module.__spec__.loader = self._usual
        module.__class__ = _Unread


class _Finder(MetaPathFinder):
    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        spec = PathFinder.find_spec(fullname, path, target) if f"{fullname}.".startswith(_TYPES) else None
        if spec is None or spec.loader is None or not spec.submodule_search_locations:
            return None
        spec.loader = _ReadLater(spec.loader)
        return spec


def import_client() -> None:
    """Import `openai`, unless somebody has."""
    finder = _Finder()
    sys.meta_path.insert(0, finder)
    try:
        import openai  # noqa: F401
    finally:
        sys.meta_path.remove(finder)
