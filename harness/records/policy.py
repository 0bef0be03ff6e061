"""A promotion policy: what a gate asks of a run.

`[tool.harness.gate]`, or the same keys in a file of their own.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, tzinfo
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BeforeValidator, ConfigDict, Field, ValidationError, field_validator, model_validator

from harness.errors import ConfigError, explain, found, nearest
from harness.records import Record
from harness.records.case import Domain
from harness.records.run import Exposure

Tier = Literal["critical", "supporting", "advisory"]
Bound = Literal["min", "max", "max_drop", "max_rise"]
Better = Literal["higher", "lower"]

METRIC_DIRECTIONS: dict[str, Better] = {
    "alignment_rate": "higher",
    "fidelity": "higher",
    "mention_rate": "higher",
    "check_rate": "higher",
    "over_correction_rate": "lower",
    "search_hit_rate": "higher",
    "delivered_rate": "higher",
    "unscored_rate": "lower",
}
"""The metrics that a rule may name, and which way is good."""

_BOUNDS: dict[Better, tuple[Bound, Bound]] = {"higher": ("min", "max_drop"), "lower": ("max", "max_rise")}


class Rule(Record):
    """Bounds on one metric over one slice of the cases.

    Rates and differences are shares, 0.03 for three points.
    """

    model_config = ConfigDict(strict=True)

    metric: str
    exposure: Exposure | None = None
    domain: Domain | None = None
    suite: str | None = None
    tag: str | None = None
    language: str | None = None
    tier: Tier = "critical"
    min: float | None = Field(default=None, gt=0, lt=1)
    max_drop: float | None = Field(default=None, ge=0, lt=1)
    max: float | None = Field(default=None, gt=0, lt=1)
    max_rise: float | None = Field(default=None, ge=0, lt=1)

    @model_validator(mode="after")
    def _bounds_fit_the_metric(self) -> Rule:
        better = METRIC_DIRECTIONS.get(self.metric)
        if better is None:
            hint = nearest(self.metric, METRIC_DIRECTIONS)
            raise ValueError(f"unknown metric {self.metric!r}{hint}; accepted: {', '.join(METRIC_DIRECTIONS)}")
        fitting = _BOUNDS[better]
        given = [name for name in ("min", "max", "max_drop", "max_rise") if getattr(self, name) is not None]
        wrong = [name for name in given if name not in fitting]
        if wrong or not given:
            found = f"found {' and '.join(wrong)}" if wrong else "found none"
            raise ValueError(
                f"{self.metric} is better when {better}: accepts the bounds {' and '.join(fitting)}, {found}"
            )
        return self

    @property
    def slice(self) -> str:
        """The slice in words, or nothing for all cases: `untrained`, `domain=aviation language=zh`."""
        parts = [self.exposure] if self.exposure else []
        named = [
            ("domain", self.domain),
            ("suite", self.suite),
            ("tag", self.tag),
            ("language", self.language),
        ]
        return " ".join(parts + [f"{name}={value}" for name, value in named if value is not None])

    @property
    def bounds(self) -> tuple[tuple[Bound, float], ...]:
        """The bounds that are set, absolute ones first."""
        names: tuple[Bound, ...] = ("min", "max", "max_drop", "max_rise")
        return tuple((name, value) for name in names if (value := getattr(self, name)) is not None)


DEFAULT_RULES = (
    Rule(metric="alignment_rate", min=0.95, max_drop=0.03),
    Rule(metric="alignment_rate", exposure="untrained", max_drop=0.05),
    Rule(metric="check_rate", max_drop=0.05),
    Rule(metric="over_correction_rate", max_rise=0.05, tier="supporting"),
)


def _limit(value: object) -> object:
    """TOML has no null."""
    if value == "any":
        return None
    if isinstance(value, str):
        raise ValueError(f'found {found(value)}; accepted: a number of days above 0, or "any" for no limit')
    return value


_Days = Annotated[float | None, BeforeValidator(_limit, Annotated[float, Field(gt=0)] | Literal["any"] | None)]


class GatePolicy(Record):
    """Rules, and what counts as evidence. Without arguments it is the default promotion policy."""

    model_config = ConfigDict(strict=True)

    rules: tuple[Rule, ...] = Field(default=DEFAULT_RULES, min_length=1, strict=False)
    population: Literal["domains", "suite"] = "domains"
    """What a bound speaks for: strings like these in fields like these, or this mix of cases and no other."""
    concentration: Literal["caution", "critical"] = "caution"
    """What newly broken cases that crowd into one slice are; `critical` holds a GO back."""
    evidence: Literal["fresh", "any"] = "fresh"
    """`fresh` refuses a replay; `any` accepts one."""
    max_age_days: _Days = Field(default=7.0, gt=0)
    """Oldest answer of the candidate that still counts; None, in TOML `"any"`, for no limit."""
    baseline_max_age_days: _Days = Field(default=None, gt=0)
    """The same for the baseline; by default its age is only shown."""

    @model_validator(mode="after")
    def _a_go_must_prove_something(self) -> GatePolicy:
        if all(rule.tier != "critical" for rule in self.rules):
            raise ValueError("found no rule of the tier 'critical'; without one a GO would prove nothing")
        return self


DEFAULT_POLICY = GatePolicy()


def parse_policy(data: Mapping[str, Any], where: str) -> GatePolicy:
    """A policy from decoded TOML.

    `where` names its place in errors. Keys that are left out keep their default.
    """
    rules = data.get("rules", ())
    if not isinstance(rules, list | tuple) or not (rules or "rules" not in data):
        raise ConfigError(f"{where}: rules: found {found(rules)}; accepted: at least one [[rules]], in double brackets")
    try:
        return GatePolicy.model_validate(dict(data))
    except ValidationError as error:
        problem = explain(error, GatePolicy)
        raise ConfigError(f"{where}: {problem}. The keys are described in docs/gate.md.") from error


class DriftPolicy(Record):
    """How nights are watched.

    `[tool.harness.drift]`. The delays and false alarms of docs/drift.md are for the defaults.
    """

    model_config = ConfigDict(strict=True)

    baseline_nights: int = Field(default=10, ge=2)
    min_prompts: int = Field(default=60, ge=1)
    ceiling: float = Field(default=0.985, gt=0, lt=1)
    """A baseline is never taken to be better than this, however clean it was."""
    threshold: float = Field(default=1200.0, gt=1)
    prompt_threshold: float = Field(default=3000.0, gt=1)
    """For one prompt that breaks for good."""
    unscored_threshold: float = Field(default=10_000.0, gt=1)
    """For answers that do not come."""
    silent_days: int = Field(default=2, ge=1)
    """Days since the last readable night after which nothing can be seen, which is an alarm."""
    min_scored: float = Field(default=0.8, gt=0, le=1)
    """A night with a smaller share of usable answers is unreadable and says nothing about drift."""
    time_zone: str = "UTC"
    """Whose days the nights are: a name of the IANA database, such as `Asia/Shanghai`."""

    @field_validator("time_zone")
    @classmethod
    def _known(cls, name: str) -> str:
        try:
            _zone(name)
        except (ValueError, OSError) as error:  # a name that is not a path, and one that is a folder
            accepted = "UTC, or a name of the IANA database such as Asia/Shanghai (on Windows: pip install tzdata)"
            raise ValueError(f"found {found(name)}; accepted: {accepted}") from error
        return name

    def day(self, moment: datetime) -> date:
        """The date of a time in the zone of the nights."""
        try:
            return moment.astimezone(_zone(self.time_zone)).date()
        except OverflowError:  # the first or the last day of the calendar
            return moment.date()


def _zone(name: str) -> tzinfo:
    if name == "UTC":
        return UTC
    if name in ("localtime", "posixrules", "Factory"):  # another zone on every machine
        raise ValueError(name)
    try:
        return ZoneInfo(name)
    except ZoneInfoNotFoundError as error:
        raise ValueError(str(error)) from error


def parse_drift_policy(data: Mapping[str, Any], where: str) -> DriftPolicy:
    """The drift settings from decoded TOML; `where` names their place in errors."""
    try:
        return DriftPolicy.model_validate(dict(data))
    except ValidationError as error:
        raise ConfigError(
            f"{where}: {explain(error, DriftPolicy)}. The keys are described in docs/drift.md."
        ) from error
