"""The HTTP library of the installed openai: httpx2 for openai 3, httpx for openai 2. Both have the same names.

A client of one library is refused by the openai of the other, so the module that is imported here is openai's own.
"""

from importlib import import_module
from importlib.metadata import version
from typing import TYPE_CHECKING

LIBRARIES = ("httpx", "httpcore", "httpx2", "httpcore2")
"""First parts of the names of their modules."""

if TYPE_CHECKING:
    import httpx2
else:
    httpx2 = import_module("httpx" if version("openai").startswith("2.") else "httpx2")

__all__ = ["LIBRARIES", "httpx2"]
