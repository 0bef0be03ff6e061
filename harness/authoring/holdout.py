"""A share of the cases that no training set may hold: what a version does on them says how it generalises."""

from __future__ import annotations

import json
import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from harness.errors import SuiteError
from harness.files import whole
from harness.records.case import HELD_OUT, domain_name
from harness.suite import LocatedCase, load_cases


@dataclass(frozen=True, slots=True)
class Split:
    """What was marked: keys of the cases held out, of how many, by domain, and the files that were changed."""

    held_out: tuple[str, ...]
    cases: int
    domains: dict[str, tuple[int, int]]
    """(held out, all) by domain."""
    changed: tuple[Path, ...]


def split(files: Sequence[Path], share: float, seed: int) -> Split:
    """Tag a share of the cases of every domain as held out, and take the tag from all others.

    The choice depends on the seed and the ids alone: the same call again changes nothing, and a case that is added
    later moves few others. A domain of two cases or more holds out at least one. Nothing but the `tags` of a line
    changes, so that recordings and earlier runs stay comparable.

    Raises:
        SuiteError: a line is wrong; no file is changed then.
    """
    located = {path: load_cases(path) for path in files}
    chosen = _chosen([one for cases in located.values() for one in cases], share, seed)
    changed = [path for path, cases in located.items() if _rewrite(path, cases, chosen)]
    domains: dict[str, tuple[int, int]] = {}
    for cases in located.values():
        for one in cases:
            name = domain_name(one.case.domain)
            held, total = domains.get(name, (0, 0))
            domains[name] = (held + (one.case.key in chosen), total + 1)
    return Split(tuple(sorted(chosen)), sum(map(len, located.values())), dict(sorted(domains.items())), tuple(changed))


def _chosen(cases: Iterable[LocatedCase], share: float, seed: int) -> frozenset[str]:
    by_domain: dict[str, list[str]] = {}
    for one in cases:
        by_domain.setdefault(domain_name(one.case.domain), []).append(one.case.key)
    chosen: set[str] = set()
    for keys in by_domain.values():
        # a number of its own for each case, so that another case in the domain does not deal all again
        order = sorted(keys, key=lambda key: random.Random(f"{seed} {key}").random())  # noqa: S311
        least = 1 if share > 0 and len(keys) > 1 else 0
        chosen.update(order[: max(least, round(share * len(keys)))])
    return frozenset(chosen)


def _rewrite(path: Path, cases: Sequence[LocatedCase], chosen: frozenset[str]) -> bool:
    """Whether a line of the file had to change; the others stay as they are, byte for byte."""
    wanted = {
        one.line: (*(tag for tag in one.case.tags if tag != HELD_OUT), *([HELD_OUT] if one.case.key in chosen else []))
        for one in cases
        if (HELD_OUT in one.case.tags) != (one.case.key in chosen)
    }
    if not wanted:
        return False
    lines = path.read_bytes().split(b"\n")
    for number, tags in wanted.items():
        line = lines[number - 1]
        lines[number - 1] = _tagged(line, tags) + (b"\r" if line.endswith(b"\r") else b"")
    try:
        with whole(path) as file:
            file.write(b"\n".join(lines))
    except OSError as error:
        raise SuiteError(f"{path}: cannot be written: {error.strerror or error}") from error
    return True


def _tagged(line: bytes, tags: Sequence[str]) -> bytes:
    fields = json.loads(line)
    had_tags = "tags" in fields
    spaced = b'": ' in line
    separators = (", ", ": ") if spaced else (",", ":")
    text = json.dumps(list(tags), ensure_ascii=False, separators=separators)
    if not had_tags and line.rstrip().endswith(b"}"):
        # everything else stays as it was written
        head = line.rstrip()[:-1].rstrip()
        return head + f'{separators[0]}"tags"{separators[1]}{text}}}'.encode()
    fields["tags"] = list(tags)
    return json.dumps(fields, ensure_ascii=False, separators=separators).encode()
