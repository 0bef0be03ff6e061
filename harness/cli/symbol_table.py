"""The symbols of the project in the working folder, for commands that check text."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from harness import config as configuration

if TYPE_CHECKING:
    from harness.text import SymbolTable


def configured_symbols() -> SymbolTable:
    """Of the nearest pyproject.toml."""
    return configuration.symbols(configuration.load(Path.cwd()))
