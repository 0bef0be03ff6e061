"""The openai client, without the types of services that nobody asks.

`import openai` reads 520 modules, three quarters of them types: 0.3 s of each run that asks, and 9 MB. Here a package
of types is read when it is asked for one of its names. A module in it that is imported by name is read as ever, and so
is the client, which builds and sends the requests.
"""

from __future__ import annotations

import sys
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from threading import RLock
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

_TYPES = "openai.types."


class _ReadLater(Loader):
    def __init__(self, loader: Loader) -> None:
        self._loader = loader

    def __getattr__(self, name: str) -> Any:
        return getattr(self._loader, name)

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        return self._loader.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        lock, unread = RLock(), [module]

        def asked(name: str) -> Any:
            if not name.startswith("__") or name == "__all__":
                with lock:  # another thread waits until all is read
                    if unread:
                        self._loader.exec_module(unread.pop())
            if name not in vars(module):
                raise AttributeError(f"module {module.__name__!r} has no attribute {name!r}")
            return vars(module)[name]

        module.__getattr__ = asked  # type: ignore[method-assign]  # PEP 562


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
