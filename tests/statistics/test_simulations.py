import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_the_drift_tables_of_the_documents_can_still_be_made():
    command = [sys.executable, "-m", "benchmarks.simulations.drift", "--runs", "2"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    documented = (ROOT / "docs" / "drift.md").read_text("utf-8")
    rows = [line.split("|")[1] for line in done.stdout.splitlines() if line.startswith("| ")]
    assert len(rows) > 20
    assert all(f"|{name}|" in documented for name in rows)
