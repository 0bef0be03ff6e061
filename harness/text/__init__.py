"""What became of each protected string in an answer, and how to put it right. Pure functions over text."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from harness.text.checking import check
    from harness.text.mentions import DAMAGE_CODES, VERDICTS, CheckResult, Mention
    from harness.text.repairing import Edit, RepairResult, repair, repair_stream
    from harness.text.scan import extract_targets
    from harness.text.symbols import DEFAULT_SYMBOLS, SymbolTable
    from harness.text.targets import Target
else:
    # looked up on first use: the checker compiles its patterns for 0.1 s, and `harness drift` or `runs list`, which
    # only make a name visible, need none of them
    _HOMES = {
        "checking": ("check",),
        "mentions": ("DAMAGE_CODES", "VERDICTS", "CheckResult", "Mention"),
        "repairing": ("Edit", "RepairResult", "repair", "repair_stream"),
        "scan": ("extract_targets",),
        "symbols": ("DEFAULT_SYMBOLS", "SymbolTable"),
        "targets": ("Target",),
    }

    def __getattr__(name: str) -> object:
        home = next((home for home, names in _HOMES.items() if name in names), None)
        if home is None:
            raise AttributeError(f"module 'harness.text' has no attribute {name!r}")
        from importlib import import_module

        value = globals()[name] = getattr(import_module(f"harness.text.{home}"), name)
        return value

    def __dir__() -> list[str]:
        return [*globals(), *__all__]


__all__ = [
    "DAMAGE_CODES",
    "DEFAULT_SYMBOLS",
    "VERDICTS",
    "CheckResult",
    "Edit",
    "Mention",
    "RepairResult",
    "SymbolTable",
    "Target",
    "check",
    "extract_targets",
    "repair",
    "repair_stream",
]
