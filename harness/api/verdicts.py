"""Comparison and gate over records, and their text."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from harness import config as configuration
from harness.config import HarnessConfig
from harness.decisions.compare import Comparison
from harness.decisions.compare import compare as compare_records
from harness.decisions.gate import GateVerdict, judge
from harness.history import History
from harness.policy_file import read_policy
from harness.records.policy import GatePolicy
from harness.records.run import RunRecord


def compare(old: RunRecord | str, new: RunRecord | str, *, report_dir: str | Path | None = None) -> Comparison:
    """What changed from `old` to `new`, on the cases that both have.

    A run may be a record, `NAME`, `NAME@VERSION`, a run id, or the path of a record.

    Raises:
        RecordError: there is no such run.
    """
    config, history = _opened(report_dir)
    return compare_records(_record(config, history, old), _record(config, history, new))


def gate(
    candidate: RunRecord | str,
    baseline: RunRecord | str | None = None,
    *,
    policy: GatePolicy | str | Path | None = None,
    report_dir: str | Path | None = None,
) -> GateVerdict:
    """May the candidate be promoted? `.verdict` is GO, NO-GO or INCONCLUSIVE.

    Args:
        baseline: what it must not fall behind. [default: the one that `harness runs baseline` keeps]
        policy: a policy or a file. [default: `[tool.harness.gate]`, else the default promotion policy]

    Raises:
        ConfigError: the policy is wrong.
        RecordError: there is no such run, or a record of the version cannot be read: it may be the one that counts.
    """
    config, history = _opened(report_dir)
    new = _record(config, history, candidate)
    reference = baseline if baseline is not None else history.baselines().get(new.model)
    old = None if reference is None else _record(config, history, reference)
    rules = policy if isinstance(policy, GatePolicy) else _policy(config, policy)
    return judge(new, old, rules, datetime.now(UTC), history.known(new.label))


def words(value: RunRecord | Comparison | GateVerdict) -> str:
    """What the command would print of a run, a comparison or a verdict: lines of 80 columns, safe for a terminal."""
    if isinstance(value, RunRecord):
        from harness.decisions.words.run import run_lines

        return "\n".join(run_lines(value))
    if isinstance(value, Comparison):
        from harness.decisions.words.compare import compare_lines

        return "\n".join(compare_lines(value))
    from harness.decisions.words.gate import gate_lines

    return "\n".join(gate_lines(value))


def _opened(report_dir: str | Path | None) -> tuple[HarnessConfig, History]:
    config = configuration.load(Path.cwd())
    return config, History(Path(report_dir) if report_dir else config.root / config.reports)


def _record(config: HarnessConfig, history: History, run: RunRecord | str) -> RunRecord:
    if isinstance(run, RunRecord):
        return run
    return history.resolve(run, {name: configuration.model(config, name).version for name in config.models})


def _policy(config: HarnessConfig, file: str | Path | None) -> GatePolicy:
    return read_policy(Path(file) if file is not None else None, config.gate)[0]
