"""Fill the figures of docs/case-study.md and its Chinese version: each is what the command above it prints.

python docs/case_study.py
python docs/case_study.py --check

A figure is between `<!-- figure: COMMAND -->` and `<!-- end -->`; of `FIRST && COMMAND` it is what the second prints.
Where a version is not recorded, the page says so.
"""

from __future__ import annotations

import argparse
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

PAGES = tuple(Path(__file__).with_name(name) for name in ("case-study.md", "case-study-zh.md"))
ROOT = Path(__file__).parent.parent
FIGURE = re.compile(r"<!-- figure: (?P<command>[^\n]+) -->\n.*?<!-- end -->", re.DOTALL)
_VERDICTS = (0, 1, 2)
"""Exit codes of a gate; all else is a version that is not there, or a mistake in the page."""


def printed(command: str, lang: str = "en") -> str:
    """What a command prints in that language, as Markdown: tables as they are, all else in a block."""
    first, _, last = command.rpartition(" && ")
    if first:
        printed(first, lang)
    words = shlex.split(last)
    if words[0] not in ("harness", "python"):
        raise ValueError(f"{command}: accepted: harness ..., python -m benchmarks....")
    call = [sys.executable, *(["-m", "harness"] if words[0] == "harness" else []), *words[1:]]
    spoken = {**os.environ, "HARNESS_LANG": lang, "PYTHONIOENCODING": "utf-8"}
    done = subprocess.run(call, cwd=ROOT, env=spoken, capture_output=True, encoding="utf-8", check=False)
    gate = words[:2] in (["harness", "gate"], ["harness", "drift"])
    if done.returncode not in (_VERDICTS if gate else (0,)) or not done.stdout.strip():
        said = (done.stderr.strip().splitlines() or ["nothing"])[-1]
        return f"*Not recorded yet* (`{command}`: {said.replace(str(ROOT) + '/', '')})"
    text = done.stdout.strip().replace(str(ROOT) + "/", "")
    return text if text.startswith(("|", "#")) else f"```text\n{text}\n```"


def filled(page: str, known: dict[str, str], lang: str = "en") -> str:
    """The page with all figures printed again, but for those of `known`, by their commands."""

    def figure(found: re.Match[str]) -> str:
        command = found["command"]
        known[command] = known.get(command) or printed(command, lang)
        return f"<!-- figure: {command} -->\n\n{known[command]}\n\n<!-- end -->"

    return FIGURE.sub(figure, page)


def main() -> None:
    """Write the pages, or say whether they are as the commands print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--check", action="store_true", help="exit 1 if a page would change")
    given = parser.parse_args()
    changed = []
    for path in PAGES:
        before = path.read_text(encoding="utf-8")
        after = filled(before, {}, "zh" if path.stem.endswith("-zh") else "en")
        if after != before:
            changed.append(path.name)
            if not given.check:
                path.write_text(after, encoding="utf-8")
    sys.stdout.write("\n".join(changed or ["nothing to change"]) + "\n")
    sys.exit(1 if given.check and changed else 0)


if __name__ == "__main__":
    main()
