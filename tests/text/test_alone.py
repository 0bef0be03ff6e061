"""`pip install --no-deps pytest-verbatim` is enough for the checker: it needs the standard library alone."""

import subprocess
import sys
from pathlib import Path

import harness

PROGRAM = """
import sys
sys.path.insert(0, sys.argv[1])
from harness import check, repair
from harness.text import check as same, extract_targets, repair_stream
assert check is same
source = "Use Sikalastic-609 over TCP/IP."
assert check(source, "Use Sikalastic - 609.").verdicts["Sikalastic-609"] == "spaced"
assert repair(source, "Use Sikalastic - 609.").text == "Use Sikalastic-609."
assert "".join(repair_stream(source, ["Use Sika", "lastic -", " 609."])) == "Use Sikalastic-609."
targets = [f"AB-{number}" for number in range(100)]
assert check("", "AB - 7 and AB-12", targets).verdicts["AB-7"] == "spaced"
foreign = {name.partition(".")[0] for name in sys.modules} - set(sys.stdlib_module_names) - {"harness", "__main__"}
assert not foreign, foreign
"""


def test_the_checker_runs_without_any_other_package() -> None:
    root = str(Path(harness.__file__).parents[1])
    command = [sys.executable, "-I", "-S", "-c", PROGRAM, root]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
