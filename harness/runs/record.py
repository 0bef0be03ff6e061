"""From judged cases to one run record, and back: whether a record is what its answers give."""

from __future__ import annotations

import hashlib
import json
import math
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from functools import cache
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness import __version__
from harness.decisions.run_summary import utc
from harness.errors import RecordError, found
from harness.files import UnfitFileError, content_of, json_of, keep, kept_at
from harness.records.case import HELD_OUT, Case, domain_name, texts_of, too_many, with_system
from harness.records.run import CaseResult, Evidence, MentionRecord, Mode, RunRecord, SampleResult, Totals

if TYPE_CHECKING:
    from harness.config import ModelConfig
    from harness.text import SymbolTable

# what judges is imported where it is used: a record that was found to be what its answers give is not judged again


def fold(
    model: ModelConfig,
    cases: Sequence[CaseResult],
    *,
    mode: Mode,
    started: str,
    ended: str,
    requests: int,
    partial_reason: str | None,
    git_commit: str | None,
) -> RunRecord:
    """One run of one model version.

    The run id is the date of the newest answer and a digest of answers and configuration: replaying the same answers
    gives the same id, and never looks like another night.
    """
    ordered = sorted(cases, key=lambda case: case.key)
    samples = [sample for case in ordered for sample in case.samples]
    dates = sorted(sample.recorded_at for sample in samples if sample.recorded_at)
    evidence = Evidence(oldest=dates[0], newest=dates[-1]) if dates else Evidence()
    costs = [sample.cost for sample in samples if sample.cost is not None]
    return RunRecord(
        run_id=_run_id(
            model.label, model.digest, ordered, evidence.newest or started, partial=partial_reason is not None
        ),
        model=model.name,
        version=model.version,
        lineage=model.lineage,
        recipe=model.training,
        configuration=model.public(),
        configuration_digest=model.digest,
        suite_digests=_suite_digests(ordered),
        suite_digest=_digest(f"{case.key} {case.digest}" for case in ordered),
        git_commit=git_commit,
        harness_version=__version__,
        mode=mode,
        partial=partial_reason is not None,
        partial_reason=partial_reason,
        evidence=evidence,
        started=started,
        ended=ended,
        totals=Totals(
            cases=len(ordered),
            outcomes=dict(sorted(Counter(case.outcome for case in ordered).items())),
            samples=len(samples),
            requests=requests,
            prompt_tokens=sum(sample.prompt_tokens or 0 for sample in samples),
            completion_tokens=sum(sample.completion_tokens or 0 for sample in samples),
            cost=sum(costs) if costs else None,
        ),
        currency=model.price.currency if model.price else None,
        cases=tuple(ordered),
    )


_compact = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def _run_id(label: str, configuration: str, cases: Sequence[CaseResult], moment: str, *, partial: bool) -> str:
    # as one list, of which each case is a piece: the whole text of 10,000 cases takes 15 MB
    seen = hashlib.sha256(f"[{_compact(label)},{_compact(configuration)},[".encode("utf-8", "surrogatepass"))
    for number, case in enumerate(cases):
        samples = [[s.sample, s.raw_output or s.output, s.reason, s.recorded_at] for s in case.samples]
        piece = _compact([case.key, case.digest, samples])
        seen.update(f"{',' if number else ''}{piece}".encode("utf-8", "surrogatepass"))
    seen.update(b"]]")
    digest = seen.hexdigest()[:10]
    day = moment[:10].replace("-", "")
    # a part of a suite has an id of its own anyway; the mark lets a reader of the folder tell
    return f"{day}-{digest}-partial" if partial else f"{day}-{digest}"


_GIVEN_ID = re.compile(r"\d{8}-[0-9a-f]{10}(-partial)?\Z")
_DIGEST = re.compile(r"[0-9a-f]{64}\Z")
_LONGEST = 80
_KEPT_LIMIT = 100_000
"""Bytes of a kept result."""
_MOST_WORK = 4_000_000_000
"""Of a record. Ten thousand answers of a page each take a hundredth of it."""


def rejudged(run: RunRecord, symbols: SymbolTable) -> RunRecord:
    """The run with the verdicts that this checker gives its answers. What named checks said stays as it is recorded.

    Raises:
        RecordError: a case cannot be judged, or judging would take hours.
    """
    from harness.runs.judge import MOST_WORK, work_of

    total = 0
    for case in run.cases:
        work = max((work_of(case, one.output, one.tool_calls) for one in case.samples), default=0)
        total += work * len(case.samples)
        if too_many(case.targets) or work > MOST_WORK or total > _MOST_WORK:
            raise RecordError(f"case {found(case.key)}: has more targets, or longer answers, than a run can have")
    cases = tuple(_rejudged_case(case, symbols) for case in run.cases)
    outcomes = dict(sorted(Counter(case.outcome for case in cases).items()))
    totals = run.totals.model_copy(update={"outcomes": outcomes})
    return run.model_copy(update={"cases": cases, "totals": totals})


def _rejudged_case(case: CaseResult, symbols: SymbolTable) -> CaseResult:
    from harness.runs.judge import worst

    try:
        sources = texts_of(case.messages) if case.targets else ()
        samples = tuple(_rejudged_sample(case, sample, sources, symbols) for sample in case.samples)
        outcome = worst(sample.outcome for sample in samples) if samples else "unscored"
    except (AttributeError, TypeError, ValueError) as error:
        raise RecordError(f"case {found(case.key)}: cannot be judged: {type(error).__name__}: {error}") from error
    return case.model_copy(update={"samples": samples, "outcome": outcome})


def _rejudged_sample(
    case: CaseResult, sample: SampleResult, sources: Sequence[str], symbols: SymbolTable
) -> SampleResult:
    from harness.runs.judge import outcome_of

    if sample.outcome == "unscored":
        return sample.model_copy(update={"verdicts": {}, "mentions": {}, "within": {}})
    verdicts, mentions, within = _verdicts_of(case, sample, sources, symbols)
    if _counted(mentions) == _counted(sample.mentions):
        kept: Mapping[str, Sequence[MentionRecord]] = sample.mentions  # with their probabilities
    else:
        kept = mentions
    return sample.model_copy(
        update={
            "verdicts": verdicts,
            "within": within,
            "mentions": {target: tuple(mentioned) for target, mentioned in kept.items()},
            "outcome": outcome_of(case, verdicts, sample.checks),
        }
    )


_KNOWN: dict[Any, tuple[dict[str, str], dict[str, list[MentionRecord]], dict[str, str]]] = {}
"""What the checker said of answers: a model that repeats itself gives many nights the same ones."""
_MOST_KNOWN = 512
_LONGEST_KNOWN = 20_000
"""Characters of an answer and of its sources."""


def _verdicts_of(
    case: CaseResult, sample: SampleResult, sources: Sequence[str], symbols: SymbolTable
) -> tuple[dict[str, str], dict[str, list[MentionRecord]], dict[str, str]]:
    from harness.runs.judge import verdicts_of

    calls = tuple((call.name, call.arguments) for call in sample.tool_calls)
    key = (case.targets, case.channel, sample.output, calls, tuple(sources), symbols)
    known = _KNOWN.get(key)
    if known is None:
        known = verdicts_of(case, sample.output, sample.tool_calls, sources, symbols)
        if len(sample.output) + sum(map(len, sources)) + sum(len(said) for _, said in calls) <= _LONGEST_KNOWN:
            if len(_KNOWN) >= _MOST_KNOWN:
                _KNOWN.clear()
            _KNOWN[key] = known
    verdicts, mentions, within = known
    return dict(verdicts), {target: list(found) for target, found in mentions.items()}, dict(within)


def _counted(mentions: Mapping[str, Sequence[MentionRecord]]) -> dict[str, Counter[tuple[str, str]]]:
    return {
        target: Counter((one.verdict, one.severity) for one in spans) for target, spans in mentions.items() if spans
    }


@cache
def _rules() -> str:
    """Changes with what judges: the checker, its tables, and these files; and with the form of what is kept."""
    seen = hashlib.sha256(unicodedata.unidata_version.encode())
    for name in ("nights.py", "metrics.py"):
        seen.update((resources.files("harness.decisions") / name).read_bytes())
    for package in ("harness.text", "harness.checks", "harness.records", "harness.runs"):
        for file in sorted(resources.files(package).iterdir(), key=lambda one: one.name):
            if file.is_file():
                seen.update(file.read_bytes())
    return seen.hexdigest()


def judged_by(symbols: SymbolTable) -> str:
    """The name of the folder for what rests on the rules of today with these symbols."""
    return hashlib.sha256(f"{_rules()} {symbols.symbols!r}".encode("utf-8", "surrogatepass")).hexdigest()[:32]


def verified(run: RunRecord, symbols: SymbolTable) -> tuple[str, ...]:
    """`contradictions`, kept in the user's cache folder under a digest of the record and of what judges it."""
    return verified_again(run, symbols)[0]


def verified_again(run: RunRecord, symbols: SymbolTable) -> tuple[tuple[str, ...], RunRecord | None]:
    """`verified`, and the run with the verdicts of today's rules where its answers had to be judged for it."""
    from harness.history import digest_of

    # writing a record of full size in order to make its digest takes as long as all else here
    digest = digest_of(run)
    seen = hashlib.sha256(digest.encode() if digest else run.__pydantic_serializer__.to_json(run, by_alias=True))
    kept = kept_at("verified", f"{judged_by(symbols)}/{seen.hexdigest()}.json")
    with suppress(OSError, ValueError, UnfitFileError):
        known = json_of(content_of(kept, limit=_KEPT_LIMIT))
        if isinstance(known, list) and all(isinstance(one, str) for one in known):
            return tuple(known), None
    found, judged = _contradictions(run, symbols)
    # one that was cut off half-way cannot be decoded, and is made again: to wait for the disk, record by record, took a
    # minute for the nights of some years
    keep(kept, json.dumps(found).encode())
    return found, judged


def contradictions_of(runs: Sequence[RunRecord], symbols: SymbolTable) -> tuple[str, ...]:
    """What `verified` finds in some runs, each sentence with the name of its run."""
    return tuple(one for run in runs for one in sentences_of(run, verified(run, symbols)))


def sentences_of(run: RunRecord, found: Sequence[str]) -> tuple[str, ...]:
    """What was found in a run with its name before each sentence."""
    return tuple(f"{run.label}, run {run.run_id}: {one}" for one in found)


def differences(run: RunRecord, cases: Mapping[str, Case]) -> Iterator[str]:
    """Where a record is not about the cases of the suites that are at hand, and where their checks say otherwise.

    Args:
        cases: by digest. What is not among them is skipped, and so are checks that are not registered.
    """
    from harness import checks
    from harness.checks.answers import calls_in_text

    for result in run.cases:
        case = cases.get(result.digest)
        if case is None:
            continue
        fields = ("targets", "required", "channel", "language", "task", "tags", "symbols")
        own = {field: getattr(case, field) for field in fields}
        own["messages"] = with_system(case.messages, run.configuration.get("system"))
        own["domain"] = domain_name(case.domain)
        for field, value in own.items():
            if value != getattr(result, field):
                yield f"{_short(result.key)} has other {field} than its case in the suite"
        if not all(call.check in checks.known() for call in case.checks):
            continue
        for sample in (one for one in result.samples if one.outcome != "unscored"):
            if sample.call_in_text and run.configuration.get("repair") is None:
                calls, rest = calls_in_text(sample.raw_output or "", case.tools)
                if (rest, tuple(calls)) != (sample.output, sample.tool_calls):
                    yield f"{_short(result.key)}, sample {sample.sample}: its text holds other calls than are recorded"
            reply = checks.Reply.of(sample.output, sample.tool_calls)
            said = [checks.run(call.check, call.arguments, reply).passed for call in case.checks]
            if said != [one.passed for one in sample.checks]:
                yield f"{_short(result.key)}, sample {sample.sample}: its checks say otherwise than is recorded"


def unverified_checks(run: RunRecord, cases: Mapping[str, Case]) -> tuple[frozenset[str], int]:
    """The checks of a record that `differences` does not run again, and the number of cases that have them.

    They are code of the project, or their arguments are not known: the case is not in the suites as it was.
    """
    from harness import checks

    names: set[str] = set()
    count = 0
    for result in run.cases:
        recorded = {one.check for sample in result.samples for one in sample.checks}
        case = cases.get(result.digest)
        if case is not None and all(call.check in checks.known() for call in case.checks):
            continue
        names |= recorded
        count += bool(recorded)
    return frozenset(names), count


def contradictions(run: RunRecord, symbols: SymbolTable) -> tuple[str, ...]:
    """Where a record contradicts itself, each as a sentence without its end; empty if it is what its answers give.

    Names come from the record: they must be made safe before they are shown.
    """
    return _contradictions(run, symbols)[0]


def _contradictions(run: RunRecord, symbols: SymbolTable) -> tuple[tuple[str, ...], RunRecord | None]:
    names = tuple(_wrong_names(run))
    try:
        judged = rejudged(run, symbols)
    except RecordError as error:
        return (*names, str(error), *_wrong_sums(run)), None
    wrong = (*names, *_wrong_verdicts(run, judged), *_wrong_sums(run))
    # longer ones than a run can have were refused before
    return wrong or tuple(_wrong_texts(run, symbols)), judged


def _wrong_names(run: RunRecord) -> Iterator[str]:
    """The id is made of the answers and their dates, so that no answer can be another under the same id."""
    if _GIVEN_ID.match(run.run_id):
        moment = run.evidence.newest or run.started
        made = _run_id(run.label, run.configuration_digest, run.cases, moment, partial=run.partial)
        if made != run.run_id:
            yield f"its answers, dates or settings are others than those that gave it its id (they give {made})"
    # the settings are in it, and the digest of them is in its id
    settings = json.dumps(run.configuration, ensure_ascii=False, sort_keys=True)
    if _DIGEST.match(run.configuration_digest) and run.configuration_digest != _digest([settings]):
        yield "its settings are others than those that gave it their digest"
    if _DIGEST.match(run.configuration_digest) and run.recipe != run.configuration.get("training"):
        yield "its recipe of training is not that of its settings"
    cases = _digest(f"{case.key} {case.digest}" for case in run.cases)
    if _DIGEST.match(run.suite_digest) and run.suite_digest != cases:
        yield "its cases are others than those that gave it its suite digest"
    for suite, made in _suite_digests(run.cases).items():
        if _DIGEST.match(kept := run.suite_digests.get(suite, "")) and kept != made:
            yield f"the cases of the suite {_short(suite)} are others than those that gave it its digest"
    repeated = [key for key, times in Counter(case.key for case in run.cases).items() if times > 1]
    if repeated:
        yield f"the case {_short(repeated[0])} is in it more than once"


def _wrong_verdicts(run: RunRecord, judged: RunRecord) -> Iterator[str]:
    wrong = [
        (case, old, new)
        for case, again in zip(run.cases, judged.cases, strict=True)
        for old, new in zip(case.samples, again.samples, strict=True)
        if _said(old) != _said(new)
    ]
    if wrong:
        case, old, new = wrong[0]
        many = f"{len(wrong)} of {run.totals.samples} answers do" if len(wrong) > 1 else "1 answer does"
        why = _changed(old, new, named=HELD_OUT not in case.tags)
        yield f"{many} not give the verdicts that are recorded: {_short(case.key)}, sample {old.sample}: {why}"
    flipped = [
        case for case, again in zip(run.cases, judged.cases, strict=True) if case.outcome != again.outcome
    ] if not wrong else []  # fmt: skip
    if flipped:
        yield f"the outcome of {_short(flipped[0].key)} is not that of its answers: recorded {flipped[0].outcome}"


def _wrong_texts(run: RunRecord, symbols: SymbolTable) -> Iterator[str]:
    """The id is made of the answers as they were received; what was judged must be made of these."""
    from harness.text import repair

    strategy = run.configuration.get("repair")
    for case in run.cases:
        for sample in case.samples:
            where = f"{_short(case.key)}, sample {sample.sample}"
            if sample.raw_output is not None and not sample.call_in_text and sample.outcome != "unscored":
                given = sample.raw_output
                if strategy in ("restore", "collapse"):
                    channel = "text" if case.channel == "tool" else case.channel
                    given = repair(
                        texts_of(case.messages), given, strategy=strategy, channel=channel, symbols=symbols
                    ).text
                if given != sample.output:
                    yield f"{where}: what was judged is not made of the answer that was received"
                    return
            for spans in sample.mentions.values():
                for span in spans:
                    if (
                        span.path is None
                        and span.tool_call is None
                        and (sample.output[span.start : span.end] != span.text)
                    ):
                        yield f"{where}: a mention says that the answer holds what it does not hold"
                        return


def _said(sample: SampleResult) -> tuple[Any, ...]:
    return sample.outcome, sample.verdicts, sample.within, _counted(sample.mentions)


def _changed(old: SampleResult, new: SampleResult, *, named: bool) -> str:
    for target in dict.fromkeys((*new.verdicts, *old.verdicts)):
        recorded, given = old.verdicts.get(target, "nothing"), new.verdicts.get(target, "nothing")
        if recorded != given:
            return f"recorded {_short(recorded)}, its text gives {given}" + (f" for {_short(target)}" if named else "")
    if old.outcome != new.outcome:
        return f"recorded {old.outcome}, its verdicts and checks give {new.outcome}"
    return "other mentions are recorded than its text has"


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


def _wrong_sums(run: RunRecord) -> Iterator[str]:
    samples = [sample for case in run.cases for sample in case.samples]
    dates = sorted(sample.recorded_at for sample in samples if sample.recorded_at)
    if dates and (run.evidence.oldest, run.evidence.newest) != (dates[0], dates[-1]):
        yield f"its answers are of {dates[0]} to {dates[-1]}, and its evidence says otherwise"
    counted = dict(Counter(case.outcome for case in run.cases))
    if (run.totals.cases, run.totals.samples, run.totals.outcomes) != (len(run.cases), len(samples), counted):
        yield "its totals are not the sums of its cases"
    tokens = [sum(getattr(one, name) or 0 for one in samples) for name in ("prompt_tokens", "completion_tokens")]
    costs = [sample.cost for sample in samples if sample.cost is not None]
    if [run.totals.prompt_tokens, run.totals.completion_tokens] != tokens or (
        not math.isclose(run.totals.cost or 0, sum(costs), rel_tol=1e-6)
    ):
        yield "its tokens or its cost are not the sums of its answers"
    odd = next((s for s in samples if (s.outcome == "unscored") != (s.reason is not None)), None)
    if odd is not None:
        yield f"an answer is {odd.outcome}, and its reason is {found(odd.reason)}"
    yield from _wrong_times(run)


_ANOTHER_CLOCK = timedelta(days=1)
"""How far the clock of an endpoint, which dates the answers, may be from ours."""


def _wrong_times(run: RunRecord) -> Iterator[str]:
    began, ended = utc(run.started), utc(run.ended)
    if ended < began:
        yield f"it ended at {run.ended}, before it began"
    if run.mode == "replay" and run.totals.requests:
        yield f"it is a replay, and says that it made {run.totals.requests:,} requests"
    oldest = run.evidence.oldest if run.mode in ("live", "refresh") else None
    if oldest and began - utc(oldest) > _ANOTHER_CLOCK:
        yield f"it says that all was asked, and an answer of it is of {oldest}, before it began"
    if run.evidence.newest and utc(run.evidence.newest) - max(began, ended) > _ANOTHER_CLOCK:
        yield f"an answer of it is of {run.evidence.newest}, after it ended"


def _suite_digests(cases: Sequence[CaseResult]) -> dict[str, str]:
    by_suite: dict[str, list[CaseResult]] = {}
    for case in cases:
        by_suite.setdefault(case.suite, []).append(case)
    return {suite: _digest(f"{case.id} {case.digest}" for case in of_suite) for suite, of_suite in by_suite.items()}


def _digest(lines: Iterable[str]) -> str:
    """Of the lines as one text, which is not made: of 20,000 cases it and its parts are 6 MB."""
    digest, between = hashlib.sha256(), ""
    for line in lines:
        digest.update(f"{between}{line}".encode())
        between = "\n"
    return digest.hexdigest()


def git_commit(root: Path) -> str | None:
    """The commit that is checked out at `root`, worktrees and submodules included; None outside a checkout."""
    import shutil
    import subprocess

    # what `root` is part of is looked up first: starting git takes longer than judging a hundred cases
    git = shutil.which("git") if any((folder / ".git").exists() for folder in (root, *root.parents)) else None
    if git is None:
        return None
    try:
        asked = [git, "-C", str(root), "rev-parse", "--verify", "--quiet", "HEAD"]
        done = subprocess.run(asked, capture_output=True, text=True, timeout=5, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() or None if done.returncode == 0 else None


_ENDPOINT_ID = "ep-"
"""Volcano Ark names endpoints so in the place of models; what they resolve to always has another name."""


def freshness_warnings(
    record: RunRecord, *, request_model: str, max_age_days: float | None, now: datetime
) -> list[str]:
    """Warnings for the summary of a run; none if the answers are young and of the model that was asked for.

    Args:
        request_model: the `model` field of the requests.
        max_age_days: of the policy; None for no limit.
    """
    warnings = []
    age = _age_days(record.evidence.oldest, now)
    if max_age_days is not None and age is not None and age > max_age_days:
        warnings.append(
            f"{record.label}: the oldest answer is {age:.0f} days old, the policy accepts {max_age_days:g}; "
            f"run: pytest --model={record.model} --cassette-mode=refresh (or live)"
        )
    resolved = resolved_models(record.cases)
    others = [name for name in resolved if not is_same_model(request_model, name)]
    if len(resolved) > 1:
        warnings.append(
            f"{record.label}: {len(resolved)} models gave the answers: {', '.join(resolved)}; they are judged as one. "
            f"For answers of one model run: pytest --model={record.model} --cassette-mode=refresh"
        )
    elif others:
        warnings.append(f"{record.label}: asked for {request_model!r}, answered by {others[0]!r}")
    return warnings


def resolved_models(cases: Sequence[CaseResult]) -> list[str]:
    """Names under which answers came, the most frequent first."""
    from collections import Counter

    names = Counter(s.resolved_model for case in cases for s in case.samples if s.resolved_model)
    return [name for name, _ in names.most_common()]


def is_same_model(asked: str, resolved: str) -> bool:
    """Whether one may be a name of the other: `gpt-4o` resolves to `gpt-4o-2024-08-06`, `org/name` to `name`."""
    one, other = asked.casefold().rpartition("/")[2], resolved.casefold().rpartition("/")[2]
    return one.startswith(_ENDPOINT_ID) or one in other or other in one


def _age_days(moment: str | None, now: datetime) -> float | None:
    if moment is None:
        return None
    try:
        made = utc(moment)
    except (ValueError, OverflowError):
        return None
    return (now - made).total_seconds() / 86400
