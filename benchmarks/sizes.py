"""What is shipped and why, with its size on disk and in a clone: git keeps files packed, as differences of each other.

python -m benchmarks.sizes
"""

import subprocess
from pathlib import Path

from harness.show.figures import markdown_table

ROOT = Path(__file__).parent.parent
WHY = {
    "suites": "cases, right answers, training sets",
    "cassettes": "recorded answers: every verdict of the documents replays from them",
    "reports": "run records: comparison, gate and pages read them",
    "adapters": "LoRA adapters of the shipped versions",
}
MOST = 40
"""MB of all four together on disk."""


def main() -> None:
    """Print the table."""
    print("\n".join(markdown_table(rows())))


def rows() -> list[list[str]]:
    """Rows by folder, and their sum."""
    packed = _packed()
    sizes = {name: sum(path.stat().st_size for path in (ROOT / name).rglob("*") if path.is_file()) for name in WHY}
    table = [["folder", "on disk", "in a clone", "why"]]
    table += [[name, _mb(sizes[name]), _mb(packed.get(name, 0)), why] for name, why in WHY.items()]
    return [*table, ["together", _mb(sum(sizes.values())), _mb(sum(packed.values())), f"at most {MOST} MB on disk"]]


def _packed() -> dict[str, int]:
    listed = _git("ls-tree", "-r", "HEAD", *WHY).splitlines()
    folders = {line.split()[2]: line.split("\t")[1].partition("/")[0] for line in listed}
    objects = _git("cat-file", "--batch-check=%(objectname) %(objectsize:disk)", given="\n".join(folders))
    packed: dict[str, int] = {}
    for line in objects.splitlines():
        name, size = line.split()
        packed[folders[name]] = packed.get(folders[name], 0) + int(size)
    return packed


def _git(*arguments: str, given: str = "") -> str:
    done = subprocess.run(["git", *arguments], cwd=ROOT, input=given, capture_output=True, text=True, check=True)
    return done.stdout


def _mb(size: int) -> str:
    return f"{size / 1e6:.1f} MB"


if __name__ == "__main__":
    main()
