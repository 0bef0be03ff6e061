"""Does a model give back the strings it was given, code point for code point?

For scripts and notebooks:
`from harness import check, repair, repair_stream, assert_verbatim, load_suite, run, compare, gate, words`.
"""

# Types are in __init__.pyi. The names are looked up on first use, so that the command and the plugin, which import
# this package first, load nothing that they do not need.

__version__ = "0.1.0"

__all__ = ["assert_verbatim", "check", "compare", "gate", "load_suite", "repair", "repair_stream", "run", "words"]

_HOMES = {
    "assert_verbatim": "harness.text.asserting",
    **dict.fromkeys(("check", "repair", "repair_stream"), "harness.text"),
}


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module 'harness' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_HOMES.get(name, "harness.project")), name)


def __dir__() -> list[str]:
    return [*globals(), *__all__]
