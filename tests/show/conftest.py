"""Run records made by hand, so that a page can be shown any answer whatever."""

import json
import os
import shutil
import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from importlib import resources
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from harness.records.answer import ToolCall
from harness.records.run import (
    CaseResult,
    CheckResult,
    Evidence,
    MentionRecord,
    Outcome,
    RunRecord,
    SampleResult,
    Totals,
)
from tests.factory import case_result, mention, run_record, sample_result


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "browser: needs Debian's chromium and chromium-driver")


def sample(output: str, outcome: Outcome, target: str, *found: MentionRecord, **other: Any) -> SampleResult:
    order = ["verbatim", "spaced", "lookalike", "altered"]
    worst = max((m.verdict for m in found), key=order.index, default="absent")
    values: dict[str, Any] = {
        "verdicts": {target: worst} if target else {},
        "mentions": {target: found} if found else {},
        "reason": None,
        "latency_s": 0.42,
        "first_token_s": 0.09,
        "prompt_tokens": 40,
        "completion_tokens": 12,
        "recorded_at": "2026-11-20T06:00:00+00:00",
        "runtime": "xllamacpp 2026.10",
        "resolved_model": "tiny",
    }
    return sample_result(outcome, output=output, **(values | other))


def case(name: str, target: str, *samples: SampleResult, **other: Any) -> CaseResult:
    outcomes = [s.outcome for s in samples]
    values: dict[str, Any] = {
        "language": "en",
        "task": "qa",
        "symbols": "/" if "/" in target else "-",
        "digest": name * 2,
        "prompt": f"Which one? The store holds {target}, nothing else.",
        "outcome": next((o for o in outcomes if o not in {"aligned", "passed"}), outcomes[0]),
        "samples": samples,
    }
    return case_result(name, targets=(target,) if target else (), **(values | other))


def right(name: str, target: str, **other: Any) -> CaseResult:
    output = f"It is {target}."
    return case(name, target, sample(output, "aligned", target, mention(output, target, "verbatim")), **other)


def wrong(name: str, target: str, written: str, verdict: str, *damage: str, **other: Any) -> CaseResult:
    output = f"It is {written}."
    return case(name, target, sample(output, "damaged", target, mention(output, written, verdict, *damage)), **other)


def answered(name: str, output: str, **other: Any) -> CaseResult:
    """A case of any answer at all, judged to have left its target out."""
    return case(name, "AB-12", sample(output, "omitted", "AB-12"), **other)


def run(cases: list[CaseResult], **other: Any) -> RunRecord:
    outcomes: dict[str, int] = dict(Counter(str(one.outcome) for one in cases))
    samples = sum(len(one.samples) for one in cases)
    values: dict[str, Any] = {
        "run_id": "20261120-abc123",
        "version": "v2",
        "lineage": ("base@v1",),
        "recipe": {"rank": 8, "steps": 50},
        "configuration": {"kind": "local", "temperature": 0.0},
        "configuration_digest": "c0ffee",
        "suite_digests": {"symbols": "5eed"},
        "suite_digest": "5eed",
        "git_commit": "0123abc",
        "mode": "replay",
        "evidence": Evidence(oldest="2026-11-20T05:58:00+00:00", newest="2026-11-20T06:00:00+00:00"),
        "started": "2026-11-20T06:01:00+00:00",
        "ended": "2026-11-20T06:01:02+00:00",
        "totals": Totals(
            cases=len(cases), outcomes=outcomes, samples=samples, prompt_tokens=400, completion_tokens=120, cost=0.0123
        ),
        "currency": "USD",
    }
    return run_record(cases, **(values | other))


def mixed_cases() -> list[CaseResult]:
    """One case of each kind that a page has to show."""
    tool_arguments = '{"code": "TCP / IP"}'
    tool_mention = MentionRecord(
        start=0, end=8, text="TCP / IP", verdict="spaced", damage=("space-left",), path="/code", tool_call=0
    )
    return [
        right("fine-1", "GB/T 14902-2012", language="zh", domain="medicine"),
        right("fine-2", "A-1", exposure="trained"),
        wrong("spaced-1", "Sikalastic-609", "Sikalastic - 609", "spaced", "space-left", "space-right"),
        wrong("nbsp-1", "TCP/IP", "TCP\u00a0/\u200bIP", "spaced", "wide-space", "zero-width", exposure="trained"),
        wrong("dash-1", "CVE-2021", "CVE–2021", "lookalike", "hyphen-lookalike", domain="security"),
        answered("left-out-1", "No idea at all."),
        case(
            "twice-1",
            "B-2",
            sample("B-2", "aligned", "B-2", mention("B-2", "B-2", "verbatim")),
            sample("B - 2", "damaged", "B-2", mention("B - 2", "B - 2", "spaced", "space-left"), sample=1),
        ),
        case(
            "tool-1",
            "TCP/IP",
            sample(
                "",
                "damaged",
                "TCP/IP",
                tool_mention,
                tool_calls=(ToolCall(name="look_up", arguments=tool_arguments),),
            ),
            channel="tool",
        ),
        case("cut-1", "C-3", sample("C", "unscored", "C-3", reason="length")),
        case(
            "polite-1",
            "",
            sample("Go away.", "failed", "", checks=(CheckResult(check="polite", passed=False, detail="rude"),)),
            task="style",
        ),
        case("polite-2", "", sample("Dear all, ...", "passed", ""), task="style"),
    ]


@pytest.fixture
def mixed() -> RunRecord:
    """A run that holds one case of each kind."""
    return run(mixed_cases())


@pytest.fixture
def answering() -> Callable[..., RunRecord]:
    """A run whose cases answer the given texts, one each."""

    def make(*outputs: str, **other: Any) -> RunRecord:
        return run([answered(f"answer-{index}", output) for index, output in enumerate(outputs)], **other)

    return make


@pytest.fixture
def make_run() -> Callable[..., RunRecord]:
    """`make_run(cases, **fields)`."""
    return run


@pytest.fixture
def build() -> SimpleNamespace:
    """The makers of cases and samples."""
    return SimpleNamespace(case=case, sample=sample, mention=mention, right=right, wrong=wrong)


@pytest.fixture
def now() -> datetime:
    """Two hours after the answers of the runs made here."""
    return datetime(2026, 11, 20, 8, tzinfo=UTC)


class Browser:
    """Headless Chromium that may reach nothing but files; asking for anything else is seen in `requests`."""

    def __init__(self, driver: Any) -> None:
        self.driver = driver

    def open(self, path: Path, address: str = "", *, width: int = 1280, dark: bool = False) -> None:
        size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 600}
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.driver.get("about:blank")
        self.driver.get_log("browser")
        self.driver.get_log("performance")
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "", "features": [scheme]})
        self.driver.get(path.as_uri() + address)

    def run(self, script: str, *arguments: Any) -> Any:
        return self.driver.execute_script(script, *arguments)

    def wait(self, condition: str, seconds: float = 30.0) -> None:
        """Until a JavaScript expression holds."""
        end = time.monotonic() + seconds
        while not self.run(f"return Boolean({condition})"):
            assert time.monotonic() < end, f"never came true: {condition}"
            time.sleep(0.02)

    @property
    def errors(self) -> list[str]:
        return [entry["message"] for entry in self.driver.get_log("browser")]

    @property
    def requests(self) -> list[str]:
        """Addresses asked for since the page was opened, the page itself left out."""
        events = [json.loads(entry["message"])["message"] for entry in self.driver.get_log("performance")]
        asked = [e["params"]["request"]["url"] for e in events if e["method"] == "Network.requestWillBeSent"]
        return [url for url in asked if not url.startswith(("file:", "blob:", "about:"))]

    def axe(self) -> list[str]:
        """What the accessibility checker objects to."""
        self.driver.execute_cdp_cmd("Runtime.evaluate", {"expression": _axe_source()})
        found = self.driver.execute_async_script(
            "const done = arguments[0]; axe.run(document, {resultTypes: ['violations']}).then((r) => done("
            "r.violations.map((v) => v.id + ': ' + v.nodes.map((n) => n.target.join(' ')).slice(0, 5).join(' | '))))"
        )
        return list(found)


def _axe_source() -> str:
    return resources.files("axe_core_python").joinpath("axe.min.js").read_text("utf-8")


def _chromium() -> str | None:
    return os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Debian's Chromium (`apt-get install chromium chromium-driver`), or a skip that says what is missing."""
    webdriver = pytest.importorskip("selenium.webdriver", reason="selenium is not installed: pip install selenium")
    pytest.importorskip("axe_core_python", reason="axe is not installed: pip install axe-core-python")
    chromium, chromedriver = _chromium(), shutil.which("chromedriver")
    if not chromium or not chromedriver:
        pytest.skip("no chromium and chromedriver found: apt-get install chromium chromium-driver")
    options = webdriver.ChromeOptions()
    options.binary_location = chromium
    for flag in (
        *("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--lang=en"),
        *("--disable-background-networking", "--disable-component-update", "--disable-sync", "--hide-scrollbars"),
        *("--disable-dev-shm-usage", "--window-size=1280,900"),
    ):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = webdriver.Chrome(options=options, service=webdriver.ChromeService(chromedriver))
    try:
        driver.execute_cdp_cmd("Network.enable", {})
        yield Browser(driver)
    finally:
        driver.quit()
