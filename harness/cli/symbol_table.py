"""The symbols that the project configures, for commands that check text."""

from __future__ import annotations

from pathlib import Path

from harness.config import load
from harness.records.errors import ConfigError
from harness.text import DEFAULT_SYMBOLS, SymbolTable


def configured_symbols() -> SymbolTable:
    """`[tool.harness.symbols]` of the nearest pyproject.toml, over the built-in table."""
    config = load(Path.cwd())
    if not config.symbols:
        return DEFAULT_SYMBOLS
    try:
        return SymbolTable.from_mapping(config.symbols)
    except ValueError as error:
        raise ConfigError(f"{config.root / 'pyproject.toml'}: [tool.harness] {error}") from error
