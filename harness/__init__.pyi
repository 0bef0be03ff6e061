from harness.project import compare, gate, load_suite, run, words
from harness.text import check, repair

__version__: str
__all__ = ["check", "compare", "gate", "load_suite", "repair", "run", "words"]
