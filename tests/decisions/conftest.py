from datetime import UTC, datetime, timedelta

import pytest

from harness.records.run import CaseResult, Evidence, MentionRecord, RunRecord, SampleResult, Totals

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def build_case(name, outcome="aligned", *, target="AB-1", samples=1, text=None, **fields):
    """A case with one target (none if `target` is None) whose samples all have the outcome."""
    targets = () if target is None else (target,)
    text = text or ("A - B" if outcome == "damaged" else target or "fine")
    verdict = {"damaged": "spaced", "omitted": "absent"}.get(outcome, "verbatim")
    mention = MentionRecord(start=0, end=len(text), text=text, verdict=verdict)
    sample = {
        "outcome": outcome,
        "output": text,
        "verdicts": {} if outcome == "unscored" else dict.fromkeys(targets, verdict),
        "mentions": dict.fromkeys(targets, () if verdict == "absent" else (mention,)),
        "reason": "length" if outcome == "unscored" else None,
        "latency_s": 1.0,
        "prompt_tokens": 20,
        "completion_tokens": 10,
    }
    values = {
        "suite": "symbols",
        "id": name,
        "domain": "construction",
        "language": "zh",
        "task": "copy",
        "digest": f"digest of {name}",
        "messages": ({"role": "user", "content": f"say {target}"},),
        "targets": targets,
        "required": targets,
        "outcome": outcome,
        "samples": tuple(SampleResult(sample=i, **sample) for i in range(samples)),
    }
    return CaseResult(**{**values, **fields})


def build_run(cases, *, model="tuned", version="v1", age_days=0.5, mode="live", **fields):
    """A run whose answers were made `age_days` before NOW."""
    made = NOW - timedelta(days=age_days)
    values = {
        "run_id": f"{made:%Y%m%d}-{model}",
        "model": model,
        "version": version,
        "configuration_digest": "c",
        "suite_digest": "s",
        "harness_version": "0.1.0",
        "mode": mode,
        "evidence": Evidence(oldest=made.isoformat(), newest=made.isoformat()),
        "started": made.isoformat(),
        "ended": made.isoformat(),
        "totals": Totals(cases=len(cases)),
        "cases": tuple(cases),
    }
    return RunRecord(**{**values, **fields})


def build_cases(total, bad=0, *, outcome="damaged", first=0, **fields):
    """`bad` failing cases, then clean ones; ids count from `first`."""
    outcomes = [outcome] * bad + ["aligned"] * (total - bad)
    return [build_case(f"case-{first + i:04}", state, **fields) for i, state in enumerate(outcomes)]


def build_checks(total, failed=0):
    """General-ability cases: no targets."""
    outcomes = ["failed"] * failed + ["passed"] * (total - failed)
    return [build_case(f"check-{i:04}", state, target=None) for i, state in enumerate(outcomes)]


@pytest.fixture
def now():
    return NOW


@pytest.fixture
def case():
    return build_case


@pytest.fixture
def cases():
    return build_cases


@pytest.fixture
def checks():
    return build_checks


@pytest.fixture
def run():
    return build_run


@pytest.fixture(scope="module")
def factories():
    """The builders of a case and of a run, for tests that hypothesis drives."""
    return build_case, build_run
