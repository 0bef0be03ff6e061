from harness.project import compare, gate, load_suite, run, words
from harness.text import check, repair, repair_stream
from harness.text.asserting import assert_verbatim

__version__: str
__all__ = ["assert_verbatim", "check", "compare", "gate", "load_suite", "repair", "repair_stream", "run", "words"]
