"""What the documents import is there."""

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


_IMPORT = re.compile(r"^ *(from harness\b[\w.]* import [\w, ]+|import harness[\w.]*(?: as \w+)?)$", re.M)


def test_each_import_in_a_document_works():
    documents = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
    lines = sorted({line for path in documents for line in _IMPORT.findall(path.read_text("utf-8"))})
    assert len(lines) > 5
    done = subprocess.run([sys.executable, "-c", "\n".join(lines)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
