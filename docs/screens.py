"""Pictures of the screens that the pages show: each is what its command prints, as SVG. `python docs/screens.py`.

`python docs/screens.py history` makes those of the index, with any Chromium, as PNG: the versions whose runs are in
`reports/`, and 30 nights that are simulated and say so.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from html import escape
from pathlib import Path
from tempfile import TemporaryDirectory

from rich.cells import cell_len

ROOT = Path(__file__).parent.parent
FOLDER = Path(__file__).with_name("screens")
COLUMNS, ROWS = 80, 34
CELL, LINE, MARGIN = 8.4, 19, 14
SCREENS = {
    "failures": "pytest --model=spaced suites/symbols/construction.jsonl -k construction-002",
    "failures-zh": "pytest --model=spaced suites/symbols/construction.jsonl -k construction-002 --lang=zh",
    "gate": "harness gate --candidate tuned --baseline spaced",
    "gate-zh": "harness gate --candidate tuned --baseline spaced --lang zh",
    "compare": "harness compare spaced tuned",
    "case": "harness show symbols/aviation-001 --models spaced,tuned,qwen",
    "drift": "harness drift --model simulation@tuned-v1-to-spaced-v1 --report-dir build/simulated",
    "drift-zh": "harness drift --model simulation@tuned-v1-to-spaced-v1 --report-dir build/simulated --lang zh",
    "lint": "harness suites lint suites/paths",
    "lint-zh": "harness suites lint suites/paths --lang zh",
    "help-zh": "harness gate --help --lang zh",
}
"""Name of the picture to the command."""
NIGHTS = "harness runs simulate tuned@v1 spaced --selection suites/canary.cases --out build/simulated --first"
"""Makes the nights that the pictures of drift are of, up to yesterday: of old ones `harness drift` says only that."""
HISTORY = {
    "history": ("en", ()),
    "history-dark": ("en", ("--blink-settings=preferredColorScheme=0",)),
    "history-zh": ("zh", ()),
    "history-zh-dark": ("zh", ("--blink-settings=preferredColorScheme=0",)),
}
"""Name of the picture to its language and what the browser is given beside."""
_SEEN = (1280, 1180)
_PROGRAMS = {"pytest": ["-m", "pytest", "-p", "no:cacheprovider", "-n0"], "harness": ["-m", "harness"]}


def printed(command: str) -> str:
    """The command and what it prints, cut to what a screen holds."""
    if command.startswith("harness drift"):
        simulate(ROOT / "build" / "simulated")
    program, *arguments = shlex.split(command)
    environment = {**os.environ, "COLUMNS": str(COLUMNS), "NO_COLOR": "1", "HARNESS_LANG": "en"}
    call = [sys.executable, *_PROGRAMS[program], *arguments]
    with TemporaryDirectory() as reports:
        # the run of a single case is a record too, which is not one of this project
        kept_apart = [f"--report-dir={reports}"] if program == "pytest" else []
        done = subprocess.run(
            [*call, *kept_apart], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
        )
    if done.returncode not in (0, 1, 2):  # a verdict is 0, 1 or 2; what is above is a refusal, and no page is about one
        raise SystemExit(f"{command}: ended with {done.returncode}: {done.stdout}{done.stderr}")
    said = f"{done.stdout}{done.stderr}".replace(str(ROOT) + os.sep, "").replace(f"--report-dir={reports} ", "")
    lines = f"$ {command}\n{said}".rstrip().splitlines()
    if program == "pytest":  # its head names this machine's Python and plugins
        collected = next(number for number, line in enumerate(lines) if line.startswith("collected "))
        lines = [lines[0], *lines[collected:]]
    lines = [row for line in lines for row in folded(line)]
    return "\n".join(lines if len(lines) <= ROWS else [*lines[: ROWS - 1], "..."])


def simulate(folder: Path) -> None:
    """The nights up to yesterday; what was in the folder goes."""
    shutil.rmtree(folder, ignore_errors=True)
    _harness(*shlex.split(NIGHTS)[1:], str(datetime.now(UTC).date() - timedelta(days=30)))


def _harness(*arguments: str) -> None:
    command = [sys.executable, *_PROGRAMS["harness"], *arguments]
    subprocess.run(command, cwd=ROOT, stdout=subprocess.DEVNULL, check=True)


def write_history() -> None:
    """Photograph the index over all runs of this project and the simulated nights, in each language and colour."""
    browser = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if browser is None:
        raise SystemExit("history: no Chromium; accepted: chromium, chromium-browser or google-chrome on the PATH")
    simulate(ROOT / "build" / "simulated")
    kept = "build/history"  # as the pages name it in their next steps
    shutil.rmtree(ROOT / kept, ignore_errors=True)
    shutil.copytree(ROOT / "reports", ROOT / kept, ignore=shutil.ignore_patterns("*.html", "index.json", "compare"))
    shutil.copytree(ROOT / "build" / "simulated", ROOT / kept, dirs_exist_ok=True)
    _harness("runs", "baseline", "tuned@v1", "--report-dir", kept)
    for lang in ("en", "zh"):
        pages = ROOT / "build" / f"history-{lang}"
        _harness("report", "--report-dir", kept, "--out", str(pages), "--lang", lang)
        for name, (of, options) in HISTORY.items():
            if of == lang:
                size = ",".join(map(str, _SEEN))
                fixed = ("--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", f"--window-size={size}")
                shot = f"--screenshot={FOLDER / name}.png"
                call = [browser, *fixed, *options, shot, (pages / "index.html").as_uri()]
                subprocess.run(call, stderr=subprocess.DEVNULL, check=True)  # it tells of buses that are not there


def folded(line: str) -> list[str]:
    """A line as a terminal has it: what is too long goes on in the next row."""
    rows, width = [""], 0
    for char in line:
        if width + cell_len(char) > COLUMNS:
            rows, width = [*rows, ""], 0
        rows[-1] += char
        width += cell_len(char)
    return rows


def picture(text: str, title: str) -> str:
    """The SVG, with the fonts of whoever reads it; each word is where a terminal has it."""
    lines = text.split("\n")
    width, height = round(COLUMNS * CELL + 2 * MARGIN), round(len(lines) * LINE + 2 * MARGIN)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img">',
        f"<title>{escape(title)}</title>",
        f'<rect width="{width}" height="{height}" rx="6" fill="#14171a"/>',
        '<g fill="#e6e8eb" font-size="14" font-family="ui-monospace, Menlo, Consolas, '
        "'DejaVu Sans Mono', 'Noto Sans Mono CJK SC', monospace\">",
    ]
    for number, line in enumerate(lines):
        y = MARGIN + (number + 0.8) * LINE
        for word in re.finditer(r"\S+", line):
            x, places = MARGIN + cell_len(line[: word.start()]) * CELL, []
            for char in word[0]:
                places.append(f"{x:g}")
                x += cell_len(char) * CELL
            where = places[0] if word[0].isascii() else " ".join(places)
            parts.append(f'<text x="{where}" y="{y:g}">{escape(word[0])}</text>')
    return "\n".join([*parts, "</g>", "</svg>", ""])


def main() -> None:
    """Write every picture, or those that are named."""
    FOLDER.mkdir(exist_ok=True)
    if sys.argv[1:] == ["history"]:
        write_history()
        return
    for name in sys.argv[1:] or SCREENS:
        (FOLDER / f"{name}.svg").write_text(picture(printed(SCREENS[name]), SCREENS[name]), encoding="utf-8")


if __name__ == "__main__":
    main()
