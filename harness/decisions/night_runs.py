"""A run as nights read it: what it asked, once for all nights that asked the same, and what became of each prompt."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from hashlib import sha256
from typing import NamedTuple

from harness.decisions.metrics import mention_rate
from harness.decisions.run_summary import Order, order_from
from harness.records.case import NOT_IN_HEADLINE
from harness.records.run import CaseResult, Outcome, RunRecord

SIMULATION = "simulation"
"""The mode of simulated nights, and the name of the model that they are stored under."""

Way = tuple[str | None, str | None, str | None]
"""What an answer says of who gave it: the resolved model, the system fingerprint, the runtime."""


class Prompt(NamedTuple):
    """A case without its answers."""

    suite: str
    id: str
    digest: str
    samples: int
    domain: str
    language: str
    task: str
    tags: tuple[str, ...]
    targets: tuple[str, ...]
    required: tuple[str, ...]

    @property
    def key(self) -> str:
        """`suite/id`."""
        return f"{self.suite}/{self.id}"


class NightCase(NamedTuple):
    """A prompt and what became of it on one night."""

    domain: str
    language: str
    task: str
    targets: tuple[str, ...]
    outcome: Outcome


@dataclass(frozen=True)
class Prompts:
    """The prompts of a night, each key once; nights that asked the same share one of these."""

    each: tuple[Prompt, ...]

    @cached_property
    def keys(self) -> tuple[str, ...]:
        """In the order of all columns of a `NightRun`."""
        return tuple(one.key for one in self.each)

    @cached_property
    def suites(self) -> frozenset[str]:
        """Those that the prompts are of."""
        return frozenset(one.suite for one in self.each)

    @cached_property
    def contents(self) -> dict[str, str]:
        """By key; another number of samples is another prompt, since a case is right only if all are."""
        return {key: f"{one.digest} x {one.samples}" for key, one in zip(self.keys, self.each, strict=True)}

    @cached_property
    def with_targets(self) -> tuple[bool, ...]:
        """Of each prompt whether it has a part in the alignment rate."""
        return tuple(bool(one.targets) for one in self.each)

    @cached_property
    def with_required(self) -> tuple[bool, ...]:
        """Of each prompt whether it has a part in the mention rate."""
        return tuple(bool(one.required) for one in self.each)

    @cached_property
    def checked(self) -> tuple[bool, ...]:
        """Of each prompt whether it has a part in the check rate (`metrics.in_headline`)."""
        in_headline = tuple(not one.targets and NOT_IN_HEADLINE not in one.tags for one in self.each)
        return in_headline if any(in_headline) else tuple(not one.targets for one in self.each)


@dataclass(frozen=True)
class NightRun:
    """What nights are judged by, a tenth of a record or less: of an answer only whether it is the same as another.

    Of the columns, each has one entry a prompt, in the order of `prompts`.
    """

    label: str
    run_id: str
    mode: str
    partial: bool
    started: str
    oldest: str | None
    newest: str | None
    repeatable: bool
    """Asked at temperature 0, so that the same model gives the same text."""
    simulation: str | None
    """What a simulation says of itself."""
    prompts: Prompts
    outcomes: Sequence[Outcome]
    mentioned: Sequence[bool | None]
    """Whether all required targets are mentioned; None where no answer can say."""
    texts: Sequence[str | None]
    """Equal where the answers are; None where there is none."""
    ways: Sequence[Sequence[Way]]
    latencies: Sequence[Sequence[float]]
    """Seconds, one a sample that says."""
    sureness: Sequence[Sequence[float]]
    """Of each mention the least probability of a sign, where the model was asked for it."""

    @property
    def order(self) -> Order:
        """As `order_of` the whole run."""
        return order_from(self.newest, self.started, self.run_id)

    @cached_property
    def cases(self) -> Mapping[str, NightCase]:
        """By `suite/id`."""
        return {
            key: NightCase(one.domain, one.language, one.task, one.targets, outcome)
            for key, one, outcome in zip(self.prompts.keys, self.prompts.each, self.outcomes, strict=True)
        }

    def only(self, places: Sequence[int], prompts: Prompts) -> NightRun:
        """The same night of some of its prompts, which are given too."""
        return replace(
            self,
            prompts=prompts,
            outcomes=[self.outcomes[place] for place in places],
            mentioned=[self.mentioned[place] for place in places],
            texts=[self.texts[place] for place in places],
            ways=[self.ways[place] for place in places],
            latencies=[self.latencies[place] for place in places],
            sureness=[self.sureness[place] for place in places],
        )

    def of_suite(self, suite: str) -> NightRun:
        """The same night of the prompts of one suite."""
        places = [place for place, one in enumerate(self.prompts.each) if one.suite == suite]
        return self.only(places, Prompts(tuple(self.prompts.each[place] for place in places)))


def as_night(run: RunRecord) -> NightRun:
    """A run as nights read it. `drift` finds the same in it as in the whole run."""
    cases = list({case.key: case for case in run.cases}.values())  # of a key that is there twice, the last
    return NightRun(
        label=run.label,
        run_id=run.run_id,
        mode=run.mode,
        partial=run.partial,
        started=run.started,
        oldest=run.evidence.oldest,
        newest=run.evidence.newest,
        repeatable=run.configuration.get("temperature", 0.0) == 0,
        simulation=str(run.configuration.get(SIMULATION, "SIMULATION")) if run.mode == SIMULATION else None,
        prompts=Prompts(tuple(map(_prompt, cases))),
        outcomes=[case.outcome for case in cases],
        mentioned=list(map(_mentioned, cases)),
        texts=list(map(_text, cases)),
        ways=[list(dict.fromkeys(_ways(case))) for case in cases],
        latencies=[[one.latency_s for one in case.samples if one.latency_s is not None] for case in cases],
        sureness=[list(_sureness(case)) for case in cases],
    )


def _prompt(case: CaseResult) -> Prompt:
    kind = (case.domain, case.language, case.task, case.tags)
    return Prompt(case.suite, case.id, case.digest, len(case.samples), *kind, case.targets, case.required)


def _mentioned(case: CaseResult) -> bool | None:
    count = mention_rate((case,))
    return count.k == count.n if count.n else None


def _text(case: CaseResult) -> str | None:
    if case.outcome == "unscored" or not case.samples:
        return None
    seen = sha256()
    for sample in case.samples:
        text = sample.output if sample.raw_output is None else sample.raw_output
        content = text.encode("utf-8", "surrogatepass")
        seen.update(b"%d " % len(content))  # where one answer ends and the next begins
        seen.update(content)
    return seen.hexdigest()[:32]


def _ways(case: CaseResult) -> Iterator[Way]:
    for one in case.samples:
        yield one.resolved_model, one.system_fingerprint, one.runtime


def _sureness(case: CaseResult) -> Iterator[float]:
    for sample in case.samples:
        for spans in sample.mentions.values():
            for one in spans:
                if one.probability is not None:
                    yield one.probability
