#!/usr/bin/env bash
# A change does not judge itself: puts all files of the base branch in the place of its own, but for what may be judged.
#   git show BASE:ci/verbatim/base.sh | bash -s -- BASE [PATH...]
# What a change may bring: recordings, the tables of [tool.harness.models], and the data files that these name. Not their
# function, record_http and allow_hosts, which say what code runs. PATH...: code of the change that is run all the same,
# such as an application that is tested (kind = "callable"); whoever may change it can write any verdict.
set -euo pipefail
base=$(git rev-parse --verify --quiet "${1:?usage: base.sh COMMIT [PATH...]}^{commit}")
shift
cd "$(git rev-parse --show-toplevel)"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

git show "$base:pyproject.toml" > "$work/base.toml"
# -I: without it Python would import modules of the change itself, such as a tomllib.py beside pyproject.toml
python3 -I - "$work/base.toml" "$base" "$@" > "$work/paths" << 'PYTHON'
import os, posixpath, subprocess, sys, tomllib

DATA = (".json", ".jsonl", ".jsonl.gz", ".csv", ".txt", ".gguf", ".safetensors")
RUN = ("function", "record_http", "allow_hosts")

def settings(path):
    with open(path, "rb") as file:
        tool = tomllib.load(file).get("tool", {})
    harness = tool.get("harness", {})
    models = harness.pop("models", {})
    found = {f"tool.harness.{key}": value for key, value in harness.items()} | {"tool.pytest": tool.get("pytest")}
    for name, model in models.items():
        found |= {f"tool.harness.models.{name}.{key}": model[key] for key in RUN if key in model}
    return found, models

(base, _), (here, models) = settings(sys.argv[1]), settings("pyproject.toml")
changed = sorted(key for key in base.keys() | here.keys() if base.get(key) != here.get(key))
if changed:
    sys.exit(f"pyproject.toml: {', '.join(changed)}: not as on the base branch. A change is not judged by its own "
             "settings: merge those by themselves, then this change. Models may change: [tool.harness.models]")

def git(*words):
    return subprocess.run(["git", *words], capture_output=True, check=True).stdout

named = [base.get("tool.harness.cassettes", "cassettes")]
for model in models.values():
    for key in ("training_data", "adapters", "weights", "outputs"):
        named += [model[key]] if isinstance(model.get(key), str) else model.get(key, [])
named = [os.fsencode(posixpath.normpath(one)) for one in named if isinstance(one, str)]
code = [os.fsencode(posixpath.normpath(one)) for one in sys.argv[3:]]
listed = git("ls-tree", "-rz", "--name-only", sys.argv[2]).split(b"\0")
suites = {posixpath.dirname(path) for path in listed if posixpath.basename(path) == b"suite.toml"}

def below(path, folders):
    return any(path == one or path.startswith(one + b"/") for one in folders)

def may_change(path, mode):
    if mode[:3] != b"100":  # a link, a submodule
        return mode == b"000000" and below(path, [*named, *code])
    if path == b"pyproject.toml" or below(path, code):
        return True
    is_data = path.endswith(tuple(os.fsencode(one) for one in DATA)) and posixpath.dirname(path) not in suites
    return is_data and below(path, named)

differing = iter(git("diff", "--cached", "--raw", "--no-renames", "-z", sys.argv[2]).split(b"\0"))
for line in differing:
    if line and not may_change(path := next(differing), line.split()[1]):
        sys.stdout.buffer.write(path + b"\0")
PYTHON
if [ -s "$work/paths" ]; then
  GIT_LITERAL_PATHSPECS=1 git restore --source="$base" --staged --worktree --pathspec-from-file="$work/paths" --pathspec-file-nul
fi
