"""A run: every case with its samples and verdicts. Written once; `reports/` is made of these."""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import Any, Literal

from pydantic import ConfigDict, Field

from harness.errors import RecordError, found
from harness.records import Record, loose
from harness.records.answer import ToolCall
from harness.records.case import Domain


class PromptLatency(Record):
    """The timed requests of one prompt, in the order in which they were sent. Times are seconds from the request.

    `total_s` is None where no answer came, and `failures` counts why. `first_token_s` is None where an answer did not
    come as a stream, `completion_tokens` where the endpoint did not count.
    """

    prompt: str
    digest: str
    """SHA-256 of the prompt and its token limit: two measurements compare only if it is equal."""
    first_token_s: tuple[float | None, ...]
    total_s: tuple[float | None, ...]
    completion_tokens: tuple[int | None, ...]
    failures: dict[str, int] = Field(default_factory=dict)
    resent: int = 0
    """Requests that went out again, timed again: the endpoint wanted patience (429), or had closed the connection."""


class Latency(Record):
    """One measurement: one request at a time, each over the network, after `warm_up` requests that do not count."""

    warm_up: int
    max_tokens: int
    client: str
    """The machine that asked: its system, and for a model on this machine the cores and threads that it had."""
    resolved_model: str | None = None
    runtime: str | None = None
    prompts: tuple[PromptLatency, ...]


SCHEMA = 1
"""Version of the file format. A reader refuses newer ones and upgrades older ones."""

Outcome = Literal["aligned", "damaged", "omitted", "failed", "passed", "unscored"]
GOOD: tuple[Outcome, ...] = ("aligned", "passed")
"""What a version gets right: a case with targets, a case with checks alone."""
Exposure = Literal["seen", "trained", "untrained"]
Mode = Literal["replay", "record", "refresh", "live", "simulation"]
"""`simulation`: nights made of the answers of other runs (`harness runs simulate`); never evidence for a gate."""


class MentionRecord(Record):
    """A span of an answer that is a target, or a damaged one. Offsets are code points."""

    start: int
    end: int
    text: str
    verdict: str
    damage: tuple[str, ...] = ()
    path: str | None = None
    tool_call: int | None = None
    """Index of the tool call whose arguments hold it; None for the answer's text."""
    probability: float | None = Field(default=None, exclude_if=lambda value: value is None)
    """The least probability that the model gave to one of its signs; None where it was not asked for."""
    # written only where it is a note: records of runs before there were notes stay as they were
    severity: Literal["damage", "note"] = Field(default="damage", exclude_if=lambda value: value == "damage")

    @property
    def is_damage(self) -> bool:
        """Whether it counts: neither verbatim nor only a note."""
        return self.verdict != "verbatim" and self.severity == "damage"

    @property
    def is_note(self) -> bool:
        """Whether it is shown and counts nowhere."""
        return self.verdict != "verbatim" and self.severity == "note"


class CheckResult(Record):
    """What a named check said."""

    check: str
    passed: bool
    detail: str = ""


class SampleResult(Record):
    """One completion of one case, judged."""

    sample: int
    outcome: Outcome
    reason: str | None = None
    """Why it is `unscored`."""
    output: str = ""
    """The answer as it was judged: without calls that were read from it, and after `repair` if the model has one."""
    raw_output: str | None = None
    """The answer as it was received, without its reasoning, where `repair` changed it or a call was read from it."""
    reasoning: str | None = Field(default=None, exclude_if=lambda value: value is None)
    """What the model wrote before its answer; it is not judged."""
    tool_calls: tuple[ToolCall, ...] = ()
    # written only where it is true: the records of all other samples stay as they were
    call_in_text: bool = Field(default=False, exclude_if=lambda value: not value)
    """The server returned no call; `tool_calls` were read from the JSON in the answer's text."""
    verdicts: dict[str, str] = Field(default_factory=dict)
    mentions: dict[str, tuple[MentionRecord, ...]] = Field(default_factory=dict)
    within: dict[str, str] = Field(default_factory=dict, exclude_if=lambda value: not value)
    """A target that is absent because a damaged longer one covers its place -> that one. It counts as damaged."""
    checks: tuple[CheckResult, ...] = ()
    finish_reason: str | None = None
    resolved_model: str | None = None
    system_fingerprint: str | None = None
    recorded_at: str | None = None
    runtime: str | None = None
    latency_s: float | None = None
    first_token_s: float | None = None
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    cost: float | None = None


class CaseResult(Record):
    """A case with its samples; `outcome` is that of the case as a whole (aligned only if all samples are)."""

    suite: str
    id: str
    domain: Domain
    language: str
    task: str
    tags: tuple[str, ...] = ()
    symbols: str = "none"
    exposure: Exposure = "untrained"
    digest: str
    messages: tuple[dict[str, Any], ...]
    """The conversation as it was sent, the model's own system prompt included."""
    targets: tuple[str, ...] = ()
    required: tuple[str, ...] = ()
    channel: str = "text"
    outcome: Outcome
    samples: tuple[SampleResult, ...]

    @property
    def key(self) -> str:
        """`suite/id`: what pairs the case with the same case of another run."""
        return f"{self.suite}/{self.id}"


class Evidence(Record):
    """When the answers were made, which is not when they were judged. ISO 8601 UTC."""

    oldest: str | None = None
    newest: str | None = None


class Totals(Record):
    """Counts of cases by outcome; requests are those that went over the wire in this run."""

    cases: int = 0
    outcomes: dict[str, int] = Field(default_factory=dict)
    samples: int = 0
    requests: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cost: float | None = None


class Looks(Record):
    """How a run was asked whose verdict may come early: in random order, looked at after fixed numbers of cases."""

    seed: int
    planned: int
    """Cases that the whole run would have asked."""
    sizes: tuple[int, ...]
    """Numbers of cases after which it was to be looked at; the last is `planned`."""
    asked: tuple[str, ...]
    """Keys in the order in which they were asked, up to where it stopped."""


class RunRecord(Record):
    """One run of one model version."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True, serialize_by_alias=True)

    schema_version: int = Field(default=SCHEMA, alias="schema")
    run_id: str
    model: str
    version: str
    lineage: tuple[str, ...] = ()
    """`name@version` of the model this one is derived from, nearest first."""
    recipe: dict[str, Any] | None = None
    configuration: dict[str, Any] = Field(default_factory=dict)
    """The model's settings without anything secret."""
    configuration_digest: str
    suite_digests: dict[str, str] = Field(default_factory=dict)
    """Digest of each suite's cases as they were run."""
    suite_digest: str
    git_commit: str | None = None
    harness_version: str
    mode: Mode
    partial: bool = False
    partial_reason: str | None = None
    evidence: Evidence = Evidence()
    started: str
    ended: str
    totals: Totals
    currency: str | None = None
    # written only where there is one: the records of all other runs stay as they were
    latency: Latency | None = Field(default=None, exclude_if=lambda value: value is None)
    looks: Looks | None = Field(default=None, exclude_if=lambda value: value is None)
    cases: tuple[CaseResult, ...]

    @property
    def label(self) -> str:
        """`model@version`, the name of its folder."""
        return f"{self.model}@{self.version}"


def written_pieces(run: RunRecord) -> Iterator[bytes]:
    """A record as it is written, a case at a time: one of 10,000 cases took 84 MB as one text with its copies."""
    # pydantic's own writer: six times as fast as `json` with an indent, which is felt at 10,000 cases
    empty = run.model_copy(update={"cases": ()})
    head = empty.__pydantic_serializer__.to_json(empty, by_alias=True, indent=1)
    digest = sha256()
    piece = head.removesuffix(b"]\n}")  # the cases are the last field
    between, end = b"\n  ", b"]"
    for case in run.cases:
        digest.update(piece)
        yield piece
        text = case.__pydantic_serializer__.to_json(_to_write(case), by_alias=True, indent=1)
        piece = between + text.replace(b"\n", b"\n  ")
        between, end = b",\n  ", b"\n ]"
    piece += end
    digest.update(piece)
    yield piece + f',\n "digest": "{digest.hexdigest()}"\n}}'.encode()


def _to_write(case: CaseResult) -> CaseResult:
    samples = [
        loose(one, mentions={target: tuple(map(loose, found)) for target, found in one.mentions.items()})
        for one in case.samples
    ]
    return loose(case, samples=tuple(samples))


_SPACES = re.compile("[ \t\r\n]*")
_CASES = '\n "cases": ['


def before_cases(text: str) -> dict[str, Any]:
    """The fields of a record up to `cases`. Raises ValueError if the text lacks that field."""
    before, begins, _ = text.partition(_CASES)
    with suppress(ValueError):  # as records are written; where the same is inside of something, no object precedes it
        if begins and "cases" not in (head := json.loads(before.rstrip().removesuffix(",") + "}")):
            return dict(head)
    decode = json.JSONDecoder().raw_decode
    values: dict[str, Any] = {}
    place = _after(text, 0, "{")
    while True:
        name, place = decode(text, place)
        place = _after(text, place, ":")
        if name == "cases":
            return values
        values[name], place = decode(text, place)
        place = _after(text, place, ",")


def _after(text: str, place: int, sign: str) -> int:
    found = _SPACES.match(text, place)
    place = place if found is None else found.end()
    if text[place : place + 1] != sign:
        raise ValueError(f"no {sign!r} at {place}")
    following = _SPACES.match(text, place + 1)
    return place + 1 if following is None else following.end()


def run_schema() -> dict[str, Any]:
    """The JSON Schema of a record in the current form."""
    schema = RunRecord.model_json_schema(by_alias=True)
    what = "SHA-256 of the file up to the comma before it; records of an older harness have none."
    schema["properties"]["digest"] = {"type": "string", "pattern": "^[0-9a-f]{64}$", "description": what}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **schema,
        "title": "A run record: one file of reports/<model>@<version>/",
    }


Upgrade = Callable[[dict[str, Any]], dict[str, Any]]

UPGRADES: Mapping[int, Upgrade] = {}
"""From schema n to n + 1, by n.

Every change of the format adds one line, so that old nights stay readable.
"""


def upgraded(
    data: dict[str, Any],
    path: Path,
    *,
    upgrades: Mapping[int, Upgrade] = UPGRADES,
    current: int = SCHEMA,
) -> dict[str, Any]:
    """The content of a record in the current schema. The schema is looked at before anything else."""
    schema = data.get("schema")
    if not isinstance(schema, int) or isinstance(schema, bool):
        raise RecordError(f"{path}: no run record: `schema` is {found(schema)}, expected a number up to {current}")
    if schema > current:
        raise RecordError(
            f"{path}: written by a newer harness (schema {schema}; this one reads up to {current}). "
            "Run `pip install -U pytest-verbatim`."
        )
    while schema < current:
        if schema not in upgrades:
            raise RecordError(f"{path}: schema {schema} is too old to be read; run it again")
        data = upgrades[schema](data)
        schema += 1
    return {**data, "schema": current}
