"""A run without pytest: the same answers, the same judge, the same record."""

from __future__ import annotations

import os
import warnings
from collections.abc import Sequence
from pathlib import Path

from harness import config as configuration
from harness.api.loading import load_suite
from harness.config import HarnessConfig, ModelConfig
from harness.history import History
from harness.records.case import Case
from harness.records.completion import Completion
from harness.records.errors import ConfigError, MissingRecordingError
from harness.records.moment import now
from harness.records.run import CaseResult, Mode, RunRecord
from harness.runner.answering import Answers
from harness.runner.folding import fold, git_commit
from harness.runner.judging import Judge
from harness.runner.training_texts import training_texts
from harness.runner.user_checks import load_checks


def run(
    model: str | ModelConfig,
    cases: Sequence[Case] | None = None,
    *,
    suites: str | Path | None = None,
    mode: Mode = "replay",
    samples: int = 1,
    base_url: str | None = None,
    request_budget: int | None = None,
    report_dir: str | Path | None = None,
    project: str | Path | None = None,
) -> RunRecord:
    """Judge a model, and keep the record under `reports/` as pytest does.

    Args:
        model: a name of `[tool.harness.models]`, `openai:NAME`, or settings made in Python.
        cases: these alone; the record is then partial, and no gate gives a GO on it.
        suites: `builtin` or a folder in place of the project's suites.
        mode: `replay` reads recordings alone; `record` asks for what they lack; `refresh` asks anew; `live` reads and
            writes none.
        project: folder at or below the pyproject.toml. [default: the working folder]

    Raises:
        ConfigError: model, settings or options are wrong.
        MissingRecordingError: replay, and an answer is not recorded.
        EndpointError: the endpoint cannot be used. What was answered before is kept.
    """
    if cases is not None and suites is not None:
        raise ConfigError("run: found both cases and suites; accepted: one of them, or none for the project's suites")
    if samples < 1:
        raise ConfigError(f"run: samples: found {samples}; accepted: a whole number from 1")
    started = now()
    config = configuration.load(Path(project or Path.cwd()).absolute())
    load_checks(config.root, config.checks)
    chosen = model if isinstance(model, ModelConfig) else configuration.model(config, model, base_url=base_url)
    wanted = list(cases) if cases is not None else _suite_cases(config, suites)
    judge = Judge(chosen, training_texts(config.root, chosen), configuration.symbols(config))
    folder = Path(report_dir).absolute() if report_dir else config.root / config.reports
    live_file = folder / chosen.label / f"live-{started.replace(':', '')}-{os.getpid()}.jsonl"
    answers = Answers(config, chosen, mode, live_file=live_file, budget=request_budget)
    try:
        results = _results(answers, judge, wanted, samples)
    finally:
        answers.close()
    for note in answers.notes:
        warnings.warn(note, stacklevel=2)
    record = fold(
        chosen,
        results,
        mode=mode,
        started=started,
        ended=now(),
        requests=answers.fetcher.requests if answers.fetcher else 0,
        partial_reason="cases were given" if cases is not None else None,
        git_commit=git_commit(config.root),
    )
    answers.keep_live_file_as(History(folder).write(record).with_suffix(".live.jsonl"))
    return record


def _suite_cases(config: HarnessConfig, suites: str | Path | None) -> list[Case]:
    roots = [suites] if suites is not None else [config.root / name for name in config.suites]
    return [case for root in roots for case in load_suite(root)]


def _results(answers: Answers, judge: Judge, cases: Sequence[Case], samples: int) -> list[CaseResult]:
    used = sorted({case.suite for case in cases})
    if answers.mode == "replay" and used and not any(answers.has_cassette(suite) for suite in used):
        raise MissingRecordingError(answers.nothing_recorded(used, len(cases)))
    answers.start(answers.missing(cases, samples))
    results = []
    for case in cases:
        completions = [_completion(answers, case, number) for number in range(samples)]
        results.append(judge.case(case, [judge.sample(case, one, number) for number, one in enumerate(completions)]))
    return results


def _completion(answers: Answers, case: Case, sample: int) -> Completion:
    completion = answers.completion(case, sample)
    if completion is None:
        raise answers.no_recording(case, sample)
    return completion
