"""A training set in numbers: what it is made of, and whether it is one-sided."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import mean

from harness.records.training import TrainingSample
from harness.text import check
from harness.text.characters import is_cjk
from harness.training.alignment import targets_of


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
