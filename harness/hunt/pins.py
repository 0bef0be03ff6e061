"""Finds become cases of `pinned.jsonl`, with where they come from in their tags, and leave only with evidence."""

import json
import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.errors import SuiteError
from harness.files import content_of, json_of, reading, whole
from harness.hunt.asking import Asker
from harness.hunt.probe import ALPHABETS, SUITE, style_of_char
from harness.hunt.search import Find
from harness.records.case import Case
from harness.statistics.rates import exact_upper
from harness.suite import load_cases

PINNED = "pinned.jsonl"
RETIRED = "retired.json"
"""What was pinned and is fixed, each with its evidence. Not a case file."""

FIXED_RATE = 0.05
"""A pin retires when its failure rate is below this at 95 %: 59 clean answers and no damaged one."""

CLEAN_ANSWERS = 59
_MOST_ANSWERS = 90
_LIMIT = 100_000_000
"""Bytes of the archive."""


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where a find comes from."""

    label: str
    """`model@version`."""
    day: str
    seed: int
    hypothesis: str

    def tags(self, find: Find) -> tuple[str, ...]:
        """As tags of the case; `failed` counts fresh answers to this very prompt."""
        return (
            "pinned",
            f"found-in={self.label}",
            f"on={self.day}",
            f"seed={self.seed}",
            f"hypothesis={self.hypothesis}",
            f"failed={find.failures}/{find.asks}",
            f"verdict={find.verdict}",
        )


@dataclass(frozen=True, slots=True)
class PinEvidence:
    """Answers to a pin and to strings of its shape. `bound` is the upper 95 % bound of the failure rate."""

    model: str
    day: str
    clean: int
    damaged: int
    other: int
    """Answers that decide nothing: the string is left out, or there is no usable answer."""

    @property
    def bound(self) -> float:
        """Clopper–Pearson, one-sided."""
        return exact_upper(self.damaged, self.clean + self.damaged)

    @property
    def fixed(self) -> bool:
        """Whether the pin may retire."""
        return self.bound < FIXED_RATE


def pinned(folder: Path) -> list[Case]:
    """The pinned cases. Called before anything is asked: a file that nothing can be added to would cost all answers.

    Raises:
        SuiteError: what is wrong with them, or with the archive of retired ones.
    """
    _retired(folder)
    path = folder / PINNED
    return [located.case for located in load_cases(path)] if _lines(path) else []


def pin(folder: Path, find: Find, provenance: Provenance) -> str | None:
    """Append a find to the pinned cases; its id, or None if the same prompt is pinned already.

    Raises:
        SuiteError: the file of pinned cases is not one.
    """
    case = find.smallest.case
    name = f"pin-{case.digest[:10]}"
    path = folder / PINNED
    if any(known.id == name for known in pinned(folder)):
        return None
    lines = _lines(path)
    fields: dict[str, Any] = {"id": name, "domain": SUITE, "language": case.language, "task": case.task}
    if len(case.messages) == 1:
        fields["prompt"] = case.messages[0]["content"]
    else:
        fields["messages"] = list(case.messages)
    fields["targets"] = list(case.targets)
    if case.required != case.targets:
        fields["required"] = list(case.required)
    if case.tools:
        fields["tools"] = list(case.tools)
    fields["tags"] = list(provenance.tags(find))
    _write(path, [*lines, json.dumps(fields, ensure_ascii=False)])
    return name


def retire(folder: Path, case: Case, evidence: PinEvidence) -> None:
    """Move a pin to the retired ones.

    Raises:
        SuiteError: the evidence does not show that it is fixed, or there is no such pin.
    """
    if not evidence.fixed:
        raise SuiteError(
            f"{folder / PINNED}: {case.id}: failure rate below {evidence.bound:.1%} is not below {FIXED_RATE:.0%}; "
            f"it takes {CLEAN_ANSWERS} clean answers and no damaged one"
        )
    path = folder / PINNED
    lines = _lines(path)
    gone = [line for line in lines if json.loads(line)["id"] == case.id]
    if not gone:
        raise SuiteError(f"{path}: no pin {case.id!r}")
    facts = {
        "model": evidence.model,
        "on": evidence.day,
        "clean": evidence.clean,
        "damaged": evidence.damaged,
    }
    archive = folder / RETIRED
    kept = _retired(folder)
    kept.append({"case": json.loads(gone[0]), "evidence": facts | {"failure_rate_below": round(evidence.bound, 4)}})
    _replace(archive, json.dumps(kept, ensure_ascii=False, indent=1) + "\n")
    left = [line for line in lines if line not in gone]
    if left:
        _write(path, left)
    else:
        path.unlink()  # a case file without cases is an error


async def gather_evidence(asker: Asker, case: Case, label: str, day: str, seed: int) -> PinEvidence:
    """Ask the pin and strings of its shape until the verdict is clear.

    Asking one prompt again and again would prove nothing of a model at temperature 0.
    """
    clean = damaged = other = 0
    for sibling in siblings(case, seed):
        sighting = await asker.ask(sibling, 0, "evidence")
        clean += sighting.outcome == "aligned"
        damaged += sighting.outcome == "damaged"
        other += not sighting.present
        if damaged or clean >= CLEAN_ANSWERS:
            break
    return PinEvidence(label, day, clean, damaged, other)


@dataclass(frozen=True)
class Sibling:
    """A pin, or its prompt with another string of the same shape."""

    case: Case

    @property
    def digest(self) -> str:
        """Of the case."""
        return self.case.digest


def siblings(case: Case, seed: int) -> Iterator[Sibling]:
    """The case itself first, then others with each letter and digit drawn again from its own alphabet, each once.

    A leading zero stays a zero. A string with few letters has few siblings.
    """
    draw = random.Random(f"{seed} {case.digest}")  # noqa: S311
    seen: set[str] = set()
    target = case.targets[0]
    text = target
    for _ in range(_MOST_ANSWERS * 20):
        if text not in seen and len(seen) < _MOST_ANSWERS:
            seen.add(text)
            yield Sibling(case if text == target else _renamed(case, text))
        text = "".join(_redrawn(char, draw) for char in target)


def _redrawn(char: str, draw: random.Random) -> str:
    alphabet = ALPHABETS.get(style_of_char(char), "").replace("0", "")
    return draw.choice(alphabet) if alphabet and char != "0" else char


def _renamed(case: Case, text: str) -> Case:
    target = case.targets[0]
    messages = tuple(message | {"content": _replaced(message["content"], target, text)} for message in case.messages)
    targets = tuple(dict.fromkeys((text, *case.targets[1:])))
    # a copy would keep the digest of the original
    return Case(**case.model_dump() | {"messages": messages, "targets": targets, "required": (text,)})


def _replaced(content: Any, target: str, text: str) -> Any:
    return content.replace(target, text) if isinstance(content, str) else content


def _retired(folder: Path) -> list[Any]:
    path = folder / RETIRED
    if not path.is_file():
        return []
    with reading(path, SuiteError, form="JSON"):
        found = json_of(content_of(path, limit=_LIMIT))
    if not isinstance(found, list):
        raise SuiteError(f"{path}: found {type(found).__name__}; accepted: the list that --retire writes")
    return found


def _lines(path: Path) -> list[str]:
    if not path.is_file():
        return []
    with reading(path, SuiteError, hint="save it as UTF-8"):
        text = content_of(path, limit=_LIMIT).decode("utf-8")
    return [line for line in text.split("\n") if line.strip()]


def _write(path: Path, lines: list[str]) -> None:
    _replace(path, "".join(f"{line}\n" for line in lines))


def _replace(path: Path, text: str) -> None:
    with whole(path) as file:
        file.write(text.encode())
