"""Messages, docstrings, comments and documents are plain English, without the words that no technical writer uses."""

import ast
import io
import re
import subprocess
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
INSTEAD = {
    r"(?<!\b[Tt]here )\bis no (?!longer\b|more\b|less\b|other\b|earlier\b|newer\b|one\b|way\b|room\b)": "is not a",
    r"\bstands?\b(?! for\b| out\b|-)": "is",
    r"\btold\b": "reported, called, distinguished",
    r"\bmends\b": "fixes, repairs",
    r"\bminds\b": "fails on",
    r"\banew\b": "again",
    r"\blest\b": "so that ... not",
    r"\bpurse\b": "cost limit",
    r"\bdearer\b": "more expensive",
    r"\bfor it has\b": "because it has",
    r"\bsent home\b": "unregistered",
    r"\bcan bear\b|\bbears\b": "allows, applies to",
    r"\bheard\b": "reported",
    r"\bpassed over\b": "skipped",
}
REAL_USES = {
    "harness/hunt/probe.py": "stand on the box",  # a prompt: another word would be another recording
    "harness/authoring/lint.py": "| stands?)|as",  # what prompts say
}


def _texts(path: Path) -> Iterator[tuple[int, str]]:
    """Comments and docstrings of Python (in `harness` every string), and other files as they are."""
    source = path.read_text(encoding="utf-8")
    if path.suffix != ".py":
        yield from enumerate(source.splitlines(), start=1)
        return
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            yield token.start[0], token.string
    tree = ast.parse(source)
    whole = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    sentences = path.is_relative_to(ROOT / "harness")
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Constant)
            and isinstance(node.value, str)
            and (id(node) in whole or (sentences and " " in node.value))
        ):
            yield node.lineno, node.value


def test_every_text_is_plain() -> None:
    listed = subprocess.run(
        ["git", "ls-files", "harness", "tests", "docs", "examples", "*.md"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if listed.returncode:
        pytest.skip("not a git checkout")
    odd = {}
    for name in listed.stdout.split():
        if not name.endswith((".py", ".md", ".toml", ".html", ".js", ".yml")) or name.startswith(
            ("suites/", "tests/text/")
        ):
            continue
        for line, text in _texts(ROOT / name):
            for pattern, instead in INSTEAD.items():
                hit = re.search(pattern, text)
                if hit and REAL_USES.get(name, "\0") not in text:
                    odd[f"{name}:{line}: {text[max(0, hit.start() - 30) : hit.end() + 30]!r}"] = instead
    assert odd == {}
