"""From a completion to an outcome."""

from __future__ import annotations

import hashlib
import importlib.util
import math
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, chain
from pathlib import Path
from typing import Any

from harness import checks
from harness.checks import registering
from harness.checks.answers import calls_in_text
from harness.config import ModelConfig
from harness.decisions.exposure import NOTHING_LEARNT, Learnt, exposure, judged
from harness.errors import ConfigError, as_word
from harness.files import LINE_LIMIT, json_lines
from harness.records import lean
from harness.records.answer import Completion, Token, ToolCall
from harness.records.case import Case, domain_name, texts_of, with_system
from harness.records.run import CaseResult, CheckResult, Exposure, MentionRecord, Outcome, SampleResult
from harness.text import DEFAULT_SYMBOLS, VERDICTS, SymbolTable, check
from harness.text.channels import split_reasoning


def sign_probability(text: str, tokens: Sequence[Token], start: int, end: int) -> float | None:
    """The least probability of a token that holds a sign of the mention, or the character after a sign.

    A sign is a character that is neither a letter nor a digit: a hyphen, a slash, a space. `start` and `end` count code
    points of `text`. None where the tokens do not spell the text, or the mention has no sign.
    """
    pieces = [token.text for token in tokens]
    spelled = b"".join(pieces)
    # the last place: reasoning that was cut off comes first, and may hold the same words
    offset = spelled.rfind(text.encode("utf-8", "surrogatepass")) if text else -1
    if offset < 0:
        return None
    ends = list(accumulate(map(len, pieces)))
    wanted: set[int] = set()
    for place in range(start, min(end, len(text))):
        if not text[place].isalnum():
            wanted.update(at for at in (place, place + 1) if at < len(text))
    if not wanted:
        return None
    least = 1.0
    byte, token = offset, 0
    for place, char in enumerate(text):
        width = len(char.encode("utf-8", "surrogatepass"))
        if place in wanted:
            while ends[token] <= byte:
                token += 1
            least = min(least, math.exp(min(0.0, tokens[token].log_probability)))
        byte += width
        if place >= end:
            break
    return least


_NONE: dict[str, str] = {}
"""What hardly any sample has, kept once: 64 bytes each."""
_SEVERITY = {verdict: rank for rank, verdict in enumerate(VERDICTS)}
_WORST_FIRST: tuple[Outcome, ...] = ("damaged", "omitted", "failed", "unscored", "passed", "aligned")
Verdicts = dict[str, str]
Mentions = dict[str, list[MentionRecord]]


@dataclass(frozen=True, slots=True)
class Judge:
    """Judges the answers of one model version."""

    model: ModelConfig
    learnt: Learnt = NOTHING_LEARNT
    symbols: SymbolTable = DEFAULT_SYMBOLS

    def sample(self, case: Case, completion: Completion, number: int) -> SampleResult:
        """One completion, judged. Calls written as text are read first; then `repair` follows if the model has one."""
        sources = texts_of(with_system(case.messages, self.model.system))
        completion = self._without_reasoning(completion, sources)
        facts = _facts(completion, number, self.model)
        said, in_text = _with_calls_read(case, completion)
        text, calls = self._repaired(case, said, sources)
        changed = text != completion.text or calls != completion.tool_calls
        facts |= {"output": text, "tool_calls": calls, "raw_output": completion.text if changed else None}
        facts["call_in_text"] = in_text
        unusable = completion.unusable or ("too_long" if work_of(case, text, calls) > MOST_WORK else None)
        if unusable:
            return lean(SampleResult(outcome="unscored", reason=unusable, **facts))
        verdicts, mentions, within = verdicts_of(case, text, calls, sources, self.symbols)
        if completion.tokens and not changed:
            mentions = {target: _with_probability(found, completion) for target, found in mentions.items()}
        reply = checks.Reply.of(text, calls)
        results = tuple(checks.run(call.check, call.arguments, reply) for call in case.checks)
        return lean(
            SampleResult(
                outcome=outcome_of(case, verdicts, results),
                verdicts=verdicts,
                mentions={target: tuple(found) for target, found in mentions.items()},
                within=within,
                checks=results,
                **facts,
            ),
            within=within or _NONE,
        )

    def case(self, case: Case, samples: Sequence[SampleResult]) -> CaseResult:
        """A case from its samples: aligned only if all are, else as bad as the worst."""
        return judged(
            case,
            self.exposure(case),
            messages=with_system(case.messages, self.model.system),
            outcome=worst(sample.outcome for sample in samples),
            samples=tuple(samples),
        )

    def exposure(self, case: Case) -> Exposure:
        """How much of a case this version has met in training."""
        return exposure(case, self.learnt)

    def _without_reasoning(self, completion: Completion, sources: tuple[str, ...]) -> Completion:
        answer, within = split_reasoning(completion.text, sources, self.model.reasoning.tags)
        changes: dict[str, Any] = {}
        if within:
            changes["text"] = answer
            if completion.unusable is None and not answer.strip() and not completion.tool_calls:
                changes["unusable"] = "only_reasoning"
        if not self.model.reasoning.keep:
            changes["reasoning"] = None
        elif within:
            changes["reasoning"] = "\n".join(part for part in (completion.reasoning, within) if part)
        return completion.model_copy(update=changes) if changes else completion

    def _repaired(
        self, case: Case, completion: Completion, sources: tuple[str, ...]
    ) -> tuple[str, tuple[ToolCall, ...]]:
        strategy = self.model.repair
        if strategy is None or completion.unusable:
            return completion.text, completion.tool_calls
        from harness.text import repair  # here: few models have it

        text_channel = "text" if case.channel == "tool" else case.channel
        text = repair(sources, completion.text, strategy=strategy, channel=text_channel, symbols=self.symbols).text
        calls = tuple(
            ToolCall(
                name=call.name,
                arguments=repair(sources, call.arguments, strategy=strategy, channel="tool", symbols=self.symbols).text,
            )
            for call in completion.tool_calls
        )
        return text, calls


MOST_WORK = 200_000_000
"""Characters of an answer times characters of the targets (and a hundred): what looking for them grows with."""


def work_of(case: Case | CaseResult, text: str, calls: Sequence[ToolCall]) -> int:
    """How much is to be looked at in one answer."""
    return (len(text) + sum(len(call.arguments) for call in calls)) * (100 + sum(map(len, case.targets)))


def verdicts_of(
    case: Case | CaseResult, text: str, calls: Sequence[ToolCall], sources: Sequence[str], symbols: SymbolTable
) -> tuple[Verdicts, Mentions, dict[str, str]]:
    """What became of each target of a case in one answer: verdicts, mentions, and which longer target covers which."""
    if not case.targets:
        return {}, {}, {}
    within: dict[str, str] = {}
    verdicts: Verdicts = dict.fromkeys(case.targets, "absent")
    mentions: Mentions = {}
    text_channel = "text" if case.channel == "tool" else case.channel
    parts: list[tuple[str, str, int | None]] = [(text, text_channel, None)]
    parts += [(call.arguments, "tool", index) for index, call in enumerate(calls)]
    for output, channel, index in parts:
        if not output:
            continue
        result = check(sources, output, case.targets, channel=channel, symbols=symbols)
        within |= result.within
        for target, verdict in result.verdicts.items():
            if verdict != "absent":
                verdicts[target] = _worse(verdicts[target], verdict)
            found = [
                lean(
                    MentionRecord(
                        start=mention.start,
                        end=mention.end,
                        text=target if mention.text == target else mention.text,  # the same text is kept once
                        verdict=mention.verdict,
                        damage=mention.damage,
                        path=mention.path,
                        tool_call=index,
                        severity="note" if mention.severity == "note" else "damage",
                    )
                )
                for mention in result.mentions.get(target, ())
            ]
            if found:
                mentions.setdefault(target, []).extend(found)
    return verdicts, mentions, {target: outer for target, outer in within.items() if verdicts[target] == "absent"}


def _with_calls_read(case: Case, completion: Completion) -> tuple[Completion, bool]:
    """The completion with the calls that it holds as text, and whether it holds any."""
    if not case.tools or completion.tool_calls or completion.unusable:
        return completion, False
    calls, rest = calls_in_text(completion.text, case.tools)
    return (completion.model_copy(update={"text": rest, "tool_calls": calls}), True) if calls else (completion, False)


def _with_probability(mentions: list[MentionRecord], completion: Completion) -> list[MentionRecord]:
    """Of mentions in the text of an answer; offsets of JSON count in decoded strings, which no token spells."""
    return [
        mention
        if mention.path is not None or mention.tool_call is not None
        else mention.model_copy(
            update={"probability": sign_probability(completion.text, completion.tokens, mention.start, mention.end)}
        )
        for mention in mentions
    ]


def worst(outcomes: Iterable[Outcome]) -> Outcome:
    """The outcome of a case whose samples have these."""
    found = set(outcomes)
    return next(outcome for outcome in _WORST_FIRST if outcome in found)


def _worse(one: str, other: str) -> str:
    return other if one == "absent" else max(one, other, key=_SEVERITY.__getitem__)


def outcome_of(case: Case | CaseResult, verdicts: Mapping[str, str], results: Sequence[CheckResult]) -> Outcome:
    """The outcome of one answer, from the verdicts on its targets and what the checks said."""
    all_pass = all(result.passed for result in results)
    if not case.targets:
        return "passed" if all_pass else "failed"
    if any(verdict not in ("verbatim", "absent") for verdict in verdicts.values()):
        return "damaged"
    if any(verdicts[target] == "absent" for target in case.required):
        return "omitted"
    return "aligned" if all_pass else "failed"


def _facts(completion: Completion, number: int, model: ModelConfig) -> dict[str, Any]:
    return {
        "sample": number,
        "reasoning": completion.reasoning,
        "finish_reason": _shared(completion.finish_reason),
        "resolved_model": _shared(completion.model),
        "system_fingerprint": _shared(completion.system_fingerprint),
        "recorded_at": _shared(completion.recorded_at),
        "runtime": _shared(completion.runtime),
        "latency_s": completion.latency_s,
        "first_token_s": completion.first_token_s,
        "prompt_tokens": completion.prompt_tokens,
        "completion_tokens": completion.completion_tokens,
        "cost": _cost(completion, model),
    }


def _shared(text: str | None) -> str | None:
    """The same text, which thousands of answers have, once."""
    return None if text is None else sys.intern(text)


def _cost(completion: Completion, model: ModelConfig) -> float | None:
    if model.price is None or completion.prompt_tokens is None or completion.completion_tokens is None:
        return None
    money = completion.prompt_tokens * model.price.input + completion.completion_tokens * model.price.output
    return money / 1_000_000


def learnt_by(root: Path, model: ModelConfig) -> Learnt:
    """What the model was trained on: its files, and what their origin files and `trained_domains` say of them.

    Raises:
        ConfigError: a file is missing or not in the chat format; it names the line.
        TrainingError: an origin file is broken.
    """
    if not model.training_data:
        return Learnt((), frozenset(map(domain_name, model.trained_domains)), frozenset())
    from harness.records.training import read_origin

    origins = [read_origin(root / name) for name in model.training_data]
    return Learnt(
        training_texts(root, model),
        frozenset(domain_name(name) for name in chain(model.trained_domains, *(origin.domains for origin in origins))),
        frozenset(key for origin in origins for key in origin.cases),
    )


def training_texts(root: Path, model: ModelConfig) -> tuple[str, ...]:
    """All message texts of the model's training files, those of its bases included.

    Raises:
        ConfigError: a file is missing or not in the chat format; it names the line.
    """
    texts: list[str] = []
    for name in model.training_data:
        path = root / name
        advice = f"training_data of model {model.name}; run: harness dataset validate {as_word(name)}"
        for number, value in json_lines(path, ConfigError, limit=LINE_LIMIT, hint=advice):
            try:
                texts += texts_of(tuple(value["messages"]))
            except (ValueError, TypeError, KeyError, AttributeError) as error:
                raise ConfigError(
                    f"{path}:{number}: not a training sample ({type(error).__name__}); {advice}"
                ) from error
    return tuple(texts)


_HOW = "accepted: paths of Python files, from the folder of pyproject.toml"


def load_checks(root: Path, names: Sequence[str]) -> None:
    """Import each file once; its functions register themselves with `@harness.checks.check`.

    Raises:
        ConfigError: a file is missing or fails on import. Then its checks are not registered.
    """
    for name in names:
        path = (root / name).resolve()
        module_name = f"harness_user_checks_{hashlib.sha256(bytes(path)).hexdigest()[:16]}"
        if module_name in sys.modules:
            continue
        if not path.is_file():
            raise ConfigError(f"[tool.harness] checks: no file {path}; {_HOW}")
        spec = importlib.util.spec_from_file_location(module_name, path)
        if spec is None or spec.loader is None:
            raise ConfigError(f"[tool.harness] checks: {path} is not a Python file; {_HOW}")
        module = importlib.util.module_from_spec(spec)
        sys.modules[module_name] = module
        try:
            with registering():
                spec.loader.exec_module(module)
        except (Exception, SystemExit) as error:
            del sys.modules[module_name]
            raise ConfigError(f"[tool.harness] checks: {path}: {type(error).__name__}: {error}") from error
