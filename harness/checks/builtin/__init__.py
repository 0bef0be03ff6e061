"""The checks that come with the package. Each says in its docstring what passes; importing this registers them."""

from harness.checks.builtin import (
    choices,
    json_schemas,
    json_values,
    numbers,
    patterns,
    sentences,
    texts,
    tools,
)

__all__ = ["choices", "json_schemas", "json_values", "numbers", "patterns", "sentences", "texts", "tools"]
