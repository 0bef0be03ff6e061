"""What became of each protected string in an answer, and how to put it right. Pure functions over text."""

from harness.text.checking import check
from harness.text.mentions import DAMAGE_CODES, VERDICTS, CheckResult, Mention
from harness.text.repairing import Edit, RepairResult, repair, repair_stream
from harness.text.scan import extract_targets
from harness.text.symbols import DEFAULT_SYMBOLS, SymbolTable
from harness.text.targets import Target

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
