#!/usr/bin/env bash
# A change does not judge itself: puts the suites, scripts, policies and checks of the base branch in the place of its own.
#   git show BASE:ci/verbatim/base.sh | bash -s -- BASE
# What a change may bring: recordings, and the tables of [tool.harness.models]. Other settings are merged on their own.
set -euo pipefail
base=$(git rev-parse --verify --quiet "${1:?usage: base.sh COMMIT}^{commit}")
cd "$(git rev-parse --show-toplevel)"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

git show "$base:pyproject.toml" > "$work/base.toml"
# -I: without it Python would import modules of the change itself, such as a tomllib.py beside pyproject.toml
python3 -I - "$work/base.toml" "$base" > "$work/paths" << 'PYTHON'
import subprocess, sys, tomllib

def settings(path):
    with open(path, "rb") as file:
        tool = tomllib.load(file).get("tool", {})
    found = {f"tool.harness.{key}": value for key, value in tool.get("harness", {}).items() if key != "models"}
    return found | {"tool.pytest": tool.get("pytest")}

base, here = settings(sys.argv[1]), settings("pyproject.toml")
changed = sorted(key for key in base.keys() | here.keys() if base.get(key) != here.get(key))
if changed:
    sys.exit(f"pyproject.toml: {', '.join(changed)}: not as on the base branch. A change is not judged by its own "
             "settings: merge those by themselves, then this change. Models may change: [tool.harness.models]")
tracked = [["git", "ls-files", "-z"], ["git", "ls-tree", "-rz", "--name-only", sys.argv[2]]]
listed = "".join(subprocess.run(one, capture_output=True, check=True, text=True).stdout for one in tracked).split("\0")
conftests = {path for path in listed if path.endswith("/conftest.py")}
pytest_files = [*sorted(conftests), "conftest.py", "pytest.ini", ".pytest.ini", "pytest.toml", ".pytest.toml", "tox.ini", "setup.cfg"]
suites = base.get("tool.harness.suites", ["suites"])
print("\0".join(["ci/verbatim", *pytest_files, *suites, *base.get("tool.harness.checks", [])]), end="\0")
PYTHON
while IFS= read -r -d '' path; do
  if [ -n "$(git ls-files -- "$path")$(git ls-tree --name-only "$base" -- "$path")" ]; then
    git restore --source="$base" --staged --worktree -- "$path"
  fi
done < "$work/paths"
