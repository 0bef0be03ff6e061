"""False alarms for each damage code and kind, on texts that no model wrote.

    python -m benchmarks.text.precision [FOLDER]

Each text is cut in two: the first half is the source, the second half the output. A person wrote both, so that nothing
in the output is damage, but for what the author wrote in two ways. The texts are the long descriptions of the installed
Python packages, and, where a folder is given, all its files: manual pages (`.gz` or plain) or text.
"""

import argparse
import gzip
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from importlib.metadata import distributions
from pathlib import Path

from harness.text import check, extract_targets, repair

LONGEST = 8_000
"""Characters of a half."""
_ROFF = re.compile(r"^[.'][A-Za-z\\]\S*|\\f(?:[BIRP]|\([A-Z]{2})|\\[&c|^]", re.MULTILINE)


@dataclass
class Alarms:
    """What was called damage in texts without damage."""

    texts: int = 0
    flagged: int = 0
    changed: int = 0
    codes: Counter[str] = field(default_factory=Counter)
    kinds: Counter[str] = field(default_factory=Counter)
    examples: list[tuple[str, str, str]] = field(default_factory=list)


def halves(texts: Iterable[tuple[str, str]]) -> Iterator[tuple[str, str, str]]:
    """Name, first and second half of each text that has four paragraphs at least."""
    for name, text in texts:
        paragraphs = [part for part in re.split(r"\n\s*\n", text) if len(part) > 80]
        if len(paragraphs) > 3:
            middle = len(paragraphs) // 2
            yield name, "\n\n".join(paragraphs[:middle])[:LONGEST], "\n\n".join(paragraphs[middle:])[:LONGEST]


def count(pairs: Iterable[tuple[str, str, str]]) -> Alarms:
    """Check each second half against its first one."""
    alarms = Alarms()
    for name, source, output in pairs:
        kinds = {target.text: target.kind for target in extract_targets(source)}
        result = check(source, output)
        wrong = [
            (target, mention)
            for target, mentions in result.mentions.items()
            for mention in mentions
            if mention.verdict != "verbatim" and mention.severity == "damage"
        ]
        alarms.texts += 1
        alarms.flagged += bool(wrong)
        alarms.changed += repair(source, output).text != output
        for target, mention in wrong:
            alarms.kinds[kinds[target]] += 1
            alarms.codes.update(mention.damage)
            alarms.examples.append((name, target, mention.text))
    return alarms


def descriptions() -> Iterator[tuple[str, str]]:
    """Name and long description of every installed package, by name."""
    found = {one.metadata["Name"]: one.metadata.get_payload() for one in distributions()}
    yield from sorted((name, text) for name, text in found.items() if name and isinstance(text, str))


def files(folder: Path) -> Iterator[tuple[str, str]]:
    """Name and text of every file in a folder; the macros of manual pages are taken out."""
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            raw = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
            text = _ROFF.sub("", raw.decode("utf-8", errors="replace"))
            yield path.name, text.replace("\\-", "-").replace("\\e", "\\").replace("\\\\", "\\")


def report(title: str, alarms: Alarms) -> str:
    lines = [
        f"{title}: {alarms.flagged} of {alarms.texts} texts flagged, {alarms.changed} changed by repair",
        "  by code: " + (", ".join(f"{code} {n}" for code, n in alarms.codes.most_common()) or "none"),
        "  by kind: " + (", ".join(f"{kind} {n}" for kind, n in alarms.kinds.most_common()) or "none"),
        *(f"  {name}: {target!r} in {text!r}" for name, target, text in alarms.examples),
    ]
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", nargs="?", type=Path, help="a folder of texts or manual pages")
    folder = parser.parse_args().folder
    print(report("descriptions of installed packages", count(halves(descriptions()))))
    if folder is not None:
        if not folder.is_dir():
            parser.error(f"{folder} is not a folder; give a folder of texts or manual pages")
        print(report(str(folder), count(halves(files(folder)))))


if __name__ == "__main__":
    main()
