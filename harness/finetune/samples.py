"""Training files: one JSON object a line, `{"messages": [{"role", "content"}, ...]}`."""

from __future__ import annotations

import hashlib
import json
import random
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import mean

from pydantic import ValidationError

from harness.errors import as_word, explain
from harness.files import LINE_LIMIT, json_lines, whole
from harness.finetune.lora import targets_of
from harness.records.case import domain_name
from harness.records.training import Origin, TrainingError, TrainingSample, origin_path, read_origin
from harness.text import check
from harness.text.characters import is_cjk


def sample_digest(sample: TrainingSample) -> str:
    """Short digest of the turns; it stays when lines are sorted or moved to another file."""
    text = json.dumps(
        [turn.model_dump(exclude_none=True) for turn in sample.messages], ensure_ascii=False, sort_keys=True
    )
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def with_domains(samples: Iterable[TrainingSample], origin: Origin) -> list[TrainingSample]:
    """The samples with the domains that the origin file gives them."""
    known = {digest: domain_name(domain) for domain, digests in origin.domains.items() for digest in digests}
    return [
        sample.model_copy(update={"domain": sample.domain or known.get(sample_digest(sample))}) for sample in samples
    ]


def write_origin(
    data: Path,
    samples: Iterable[TrainingSample],
    *,
    cases: Iterable[str] = (),
    runs: Iterable[str] = (),
    general_share: float | None = None,
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
        general_share=general_share,
    )
    path = origin_path(data)
    if origin == Origin():
        path.unlink(missing_ok=True)
        return
    with whole(path) as file:
        file.write(json.dumps(origin.model_dump(), ensure_ascii=False, indent=1).encode() + b"\n")


def read_samples(path: Path) -> list[TrainingSample]:
    """All samples of a file, in order, with the domains of the origin file beside it.

    Raises:
        TrainingError: the first bad line, with file and line; `harness dataset validate` lists all of them.
    """
    advice = f"run: harness dataset validate {as_word(path)}"
    samples = []
    for number, value in json_lines(path, TrainingError, limit=LINE_LIMIT, hint=advice):
        try:
            samples.append(TrainingSample.model_validate(value))
        except ValidationError as error:
            raise TrainingError(f"{path}:{number}: {explain(error, TrainingSample)} ({advice})") from error
    if not samples:
        raise TrainingError(f"{path}: no samples; {advice}")
    return with_domains(samples, read_origin(path))


def write_samples(path: Path, samples: Iterable[TrainingSample]) -> int:
    """Write `messages`, the form that every provider takes, and `tools` where there are any; returns the lines."""
    lines = [
        json.dumps(sample.model_dump(mode="json", exclude={"domain"}, exclude_none=True), ensure_ascii=False) + "\n"
        for sample in samples
    ]
    try:
        with whole(path) as file:
            file.writelines(line.encode() for line in lines)
    except OSError as error:
        raise TrainingError(f"{path}: cannot be written: {error.strerror or error}") from error
    return len(lines)


def file_digest(path: Path) -> str:
    """SHA-256 of the file's bytes: what a recipe pins its data and its adapter with."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


DEFAULT_SEED = 7


def split(
    samples: Sequence[TrainingSample], share: float, *, seed: int = DEFAULT_SEED
) -> tuple[list[TrainingSample], list[TrainingSample]]:
    """(training, validation), both in file order, validation holding `round(share * n)` samples, at least one.

    Places go to domains by largest remainder, so that no domain is more than one sample away from its fair part.

    Raises:
        TrainingError: `share` is not between 0 and 0.5, or a side would be empty.
    """
    if not 0 < share <= 0.5:
        raise TrainingError(f"validation share: found {share}; accepted: above 0 and at most 0.5")
    wanted = max(1, round(share * len(samples)))
    if wanted >= len(samples):
        raise TrainingError(f"{len(samples)} sample(s) cannot be split; accepted: at least 2")
    groups: dict[str, list[int]] = defaultdict(list)
    for place, sample in enumerate(samples):
        groups[sample.domain or ""].append(place)
    shuffler = random.Random(seed)  # noqa: S311 - reproducible draw, no secret
    order = sorted(groups)
    shuffler.shuffle(order)
    fair = {domain: wanted * len(groups[domain]) / len(samples) for domain in order}
    places = {domain: int(fair[domain]) for domain in order}
    by_remainder = sorted(order, key=lambda domain: places[domain] - fair[domain])
    for domain in by_remainder[: wanted - sum(places.values())]:
        places[domain] += 1
    held = {place for domain in order for place in shuffler.sample(groups[domain], places[domain])}
    return (
        [sample for place, sample in enumerate(samples) if place not in held],
        [sample for place, sample in enumerate(samples) if place in held],
    )


def take(samples: Sequence[TrainingSample], count: int, *, seed: int = DEFAULT_SEED) -> list[TrainingSample]:
    """`count` samples in file order, one of each domain by turns; a smaller count takes some of the same samples.

    Raises:
        TrainingError: there are fewer samples.
    """
    if count > len(samples):
        raise TrainingError(f"--samples: found {count}; accepted: at most {len(samples)}, the samples of the file")
    shuffler = random.Random(seed)  # noqa: S311 - reproducible draw, no secret
    groups: dict[str, list[int]] = defaultdict(list)
    for place in shuffler.sample(range(len(samples)), len(samples)):
        groups[samples[place].domain or ""].append(place)
    turns = sorted(
        (turn, order, place) for order, group in enumerate(groups.values()) for turn, place in enumerate(group)
    )
    taken = {place for _, _, place in turns[:count]}
    return [sample for place, sample in enumerate(samples) if place in taken]


ADVISED = (0.15, 0.30)
"""Share of general samples that is advised against one-sidedness."""


def mix(
    special: Sequence[TrainingSample], general: Sequence[TrainingSample], share: float, *, seed: int
) -> list[TrainingSample]:
    """All of `special` and as many drawn from `general` as make up `share` of the whole, in a seeded order.

    Raises:
        TrainingError: `share` is not between 0 and 0.9, or `general` is too small for it.
    """
    if not 0 < share <= 0.9:
        raise TrainingError(f"--share: found {share:g}; accepted: above 0 and at most 0.9 (advised: 0.15 to 0.3)")
    wanted = max(1, round(len(special) * share / (1 - share)))
    known = {sample.text for sample in special}
    fresh = [sample for sample in general if sample.text not in known]
    if len(fresh) < wanted:
        raise TrainingError(
            f"--share {share:g} of {len(special)} samples needs {wanted} general ones, found {len(fresh)}; "
            f"accepted: a larger --general file, or --share {len(fresh) / (len(fresh) + len(special)):.2f}"
        )
    drawer = random.Random(seed)  # noqa: S311 - reproducible draw, no secret
    mixed = [*special, *drawer.sample(fresh, wanted)]
    drawer.shuffle(mixed)
    return mixed


def advice(share: float) -> str | None:
    """A word on a share outside the advised range."""
    low, high = ADVISED
    if low <= share <= high:
        return None
    return f"a share of {share:g} is outside the advised {low:g} to {high:g}"


@dataclass(frozen=True, slots=True)
class SetStats:
    """Counts of samples; lengths are characters."""

    samples: int
    turns: int
    domains: dict[str, int]
    languages: dict[str, int]
    symbols: dict[str, int]
    """By the symbols in the strings that the gold answer gives back: `-`, `/`, `both`, `none`."""
    contrast: int
    """Samples whose question shows a damaged form beside the right one."""
    prompt_characters: float
    answer_characters: float
    longest: int


def stats(samples: Sequence[TrainingSample]) -> SetStats:
    """Figures of a set of at least one sample."""
    return SetStats(
        samples=len(samples),
        turns=sum(len(sample.messages) for sample in samples),
        domains=dict(Counter(sample.domain or "unknown" for sample in samples).most_common()),
        languages=dict(Counter(language_of(sample.source) for sample in samples).most_common()),
        symbols=dict(Counter(map(_symbols, samples)).most_common()),
        contrast=sum(map(is_contrast, samples)),
        prompt_characters=round(mean(len(sample.source) for sample in samples), 1),
        answer_characters=round(mean(len(sample.gold) for sample in samples), 1),
        longest=max(len(sample.text) for sample in samples),
    )


def language_of(text: str) -> str:
    """`zh`, `ja`, `ko`, `en` or `other`, by the script of most words; a guess for figures, never for a verdict."""
    kana = sum("\u3041" <= char <= "\u30ff" for char in text)
    hangul = sum("\uac00" <= char <= "\ud7a3" for char in text)
    cjk = sum(is_cjk(char) for char in text)
    latin = sum(char.isascii() and char.isalpha() for char in text)
    letters = sum(char.isalpha() for char in text)
    if 4 * cjk >= latin and cjk:  # a Chinese sentence full of product codes is still Chinese
        return "ja" if kana else "ko" if hangul else "zh"
    return "en" if 2 * latin >= letters else "other"


def estimated_tokens(text: str) -> int:
    """Tokens of a text, about, where no tokenizer is at hand: high for most, so that a limit is not missed.

    Counted are one token for a Han character, Kana or Hangul syllable, and one for three other characters.
    """
    wide = sum(is_cjk(char) or "\u3041" <= char <= "\u30ff" or "\uac00" <= char <= "\ud7a3" for char in text)
    return wide + -(-(len(text) - wide) // 3)


def is_contrast(sample: TrainingSample) -> bool:
    """Whether the question holds a damaged form of a string that the answer gives right."""
    shown = sample.source
    return any(
        check(right, shown, [right]).verdicts[right] in ("spaced", "lookalike", "altered")
        for right in targets_of(sample)
    )


def _symbols(sample: TrainingSample) -> str:
    joined = "".join(targets_of(sample))
    kinds = [symbol for symbol in "-/" if symbol in joined]
    return "both" if len(kinds) == 2 else (kinds[0] if kinds else "none")
