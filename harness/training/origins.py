"""Where samples come from: domain of each, and the cases and runs they were made of.

It lies beside the training file as `<stem>.origin.json`, because files for a provider hold `messages` alone.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path

from pydantic import Field, ValidationError

from harness.records.explain import explain
from harness.records.record import Record
from harness.records.training import TrainingError, TrainingSample
from harness.records.writing import whole


class Origin(Record):
    """What the training file itself cannot say."""

    domains: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    """Domain -> digests of its samples."""
    cases: tuple[str, ...] = ()
    """`suite/id` of each case that became a sample: it is no longer untrained for any version trained on this file."""
    runs: tuple[str, ...] = ()


def sample_digest(sample: TrainingSample) -> str:
    """Short digest of the turns; it stays when lines are sorted or moved to another file."""
    text = json.dumps(
        [turn.model_dump(exclude_none=True) for turn in sample.messages], ensure_ascii=False, sort_keys=True
    )
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def origin_path(data: Path) -> Path:
    """`set.jsonl` -> `set.origin.json`."""
    return data.with_suffix(".origin.json")


def read_origin(data: Path) -> Origin:
    """The origin file beside `data`; an empty one where there is none. Raises TrainingError if it is broken."""
    path = origin_path(data)
    if not path.is_file():
        return Origin()
    try:
        return Origin.model_validate_json(path.read_bytes())
    except ValidationError as error:
        raise TrainingError(f"{path}: {explain(error, Origin)}") from error


def with_domains(samples: Iterable[TrainingSample], origin: Origin) -> list[TrainingSample]:
    """The samples with the domains that the origin file gives them."""
    known = {digest: domain for domain, digests in origin.domains.items() for digest in digests}
    return [
        sample.model_copy(update={"domain": sample.domain or known.get(sample_digest(sample))}) for sample in samples
    ]


def write_origin(
    data: Path, samples: Iterable[TrainingSample], *, cases: Iterable[str] = (), runs: Iterable[str] = ()
) -> None:
    """Write the origin file of `data`, or take it away where there is nothing to say."""
    domains: dict[str, list[str]] = {}
    for sample in samples:
        if sample.domain:
            domains.setdefault(sample.domain, []).append(sample_digest(sample))
    origin = Origin(
        domains={domain: tuple(digests) for domain, digests in sorted(domains.items())},
        cases=tuple(sorted(set(cases))),
        runs=tuple(sorted(set(runs))),
    )
    path = origin_path(data)
    if origin == Origin():
        path.unlink(missing_ok=True)
        return
    with whole(path) as file:
        file.write(json.dumps(origin.model_dump(), ensure_ascii=False, indent=1).encode() + b"\n")
