"""The shipped suites hold what a verdict needs: enough cases, of every kind, and nothing that the lint objects to."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from harness.authoring.lint import LintResult, lint
from harness.config import ModelConfig
from harness.records.answer import Completion
from harness.records.case import Case
from harness.records.run import SampleResult
from harness.runs.judge import Judge, learnt_by
from harness.suite import builtin_root, load_suite

ROOT = builtin_root()
SIZES = {"symbols": 360, "over_correction": 80, "structured": 60, "general": 80, "style": 80, "streaming": 10}
TRAINED = {
    "construction", "interior", "it-networks", "office", "dialogue",
    "software", "logistics", "manufacturing", "energy", "telecom",
}  # fmt: skip
TASKS = {
    "copy", "qa", "rewrite", "summarise", "translate", "table", "list", "json", "dialogue", "passage", "multi",
}  # fmt: skip


JUDGED: Counter[str] = Counter()
"""How many answers to each case the lint has tried."""


@cache
def cases_of(suite: str) -> tuple[Case, ...]:
    return tuple(load_suite(ROOT / suite))


@cache
def linted() -> LintResult:
    judge = Judge(ModelConfig(name="lint"))
    files = sorted((ROOT / "training").glob("*.jsonl"))
    assert files
    training = {path.name: learnt_by(ROOT, ModelConfig(name="lint", training_data=(str(path),))) for path in files}

    def judging(case: Case, answer: Completion) -> SampleResult:
        JUDGED[f"{case.suite}/{case.id}"] += 1
        return judge.sample(case, answer, 0)

    return lint([ROOT], judging, training)


def test_the_lint_has_nothing_to_say_about_the_shipped_suites() -> None:
    # what a hunt found is alike by nature: there only errors count
    levels = {"adversarial": ("error",)}
    said = [
        f"{one.place}: {one.rule}: {one.message}"
        for one in linted().findings
        if one.level in levels.get(one.path.parent.name, ("error", "warning"))
    ]
    assert said == []
    # two right answers to each case, each also broken (rule `answers`), and what says nothing
    assert JUDGED.total() > 8 * linted().cases
    assert linted().cases >= sum(len(cases_of(suite)) for suite in SIZES)


@pytest.mark.parametrize("suite", SIZES)
def test_a_suite_is_as_large_as_its_verdict_needs(suite: str) -> None:
    assert len(cases_of(suite)) >= SIZES[suite]


def by_domain() -> dict[str, list[Case]]:
    groups: defaultdict[str, list[Case]] = defaultdict(list)
    for case in cases_of("symbols"):
        groups[case.domain].append(case)
    return groups


def test_symbols_cover_sixteen_domains_of_eighteen_cases_each() -> None:
    sizes = {domain: len(cases) for domain, cases in by_domain().items()}
    assert len(sizes) >= 16
    assert {domain: size for domain, size in sizes.items() if size < 18} == {}


def test_about_half_of_the_domains_are_trained() -> None:
    domains = set(by_domain())
    assert domains > TRAINED
    assert 0.4 <= len(TRAINED) / len(domains) <= 0.6


def test_chinese_and_english_are_two_fifths_each_and_other_languages_are_a_suite_of_their_own() -> None:
    languages = Counter(case.language for case in cases_of("symbols"))
    total = languages.total()
    assert languages["zh"] / total >= 0.4
    assert languages["en"] / total >= 0.4
    others = {case.language for case in cases_of("symbols_other")}
    assert others >= {"ar", "de", "he", "ja", "ko", "ru"}
    assert not others & {"zh", "en"}


def test_each_kind_of_symbol_is_a_quarter() -> None:
    kinds = Counter(case.symbols for case in cases_of("symbols"))
    assert set(kinds) == {"-", "/", "both"}
    assert min(kinds.values()) / kinds.total() >= 0.25


def test_every_domain_mixes_all_tasks() -> None:
    missing = {domain: TASKS - {case.task for case in cases} for domain, cases in by_domain().items()}
    assert {domain: tasks for domain, tasks in missing.items() if tasks} == {}


def test_some_prompts_are_long_with_the_string_far_from_the_end() -> None:
    def far(case: Case) -> bool:
        text = str(case.messages[-1]["content"])
        return len(text) > 300 and len(text) - text.rfind(case.targets[0]) > 150

    assert sum(far(case) for case in cases_of("symbols")) >= 10


def test_tool_calls_and_json_answers_are_both_structured_cases() -> None:
    channels = Counter(case.channel for case in cases_of("structured"))
    assert set(channels) == {"tool", "json"}
    assert min(channels.values()) >= 20
    named = {target for case in cases_of("structured") for target in case.targets}
    assert "日志-最新.txt" in named


def test_general_and_over_correction_are_asked_in_chinese_and_english() -> None:
    for suite in ("general", "over_correction"):
        languages = Counter(case.language for case in cases_of(suite))
        assert min(languages["zh"], languages["en"]) / languages.total() >= 0.4


def test_every_streaming_prompt_is_asked_once_and_as_a_stream() -> None:
    cases = cases_of("streaming")
    assert {case.stream for case in cases} == {True}
    assert len({str(case.messages) for case in cases}) == len(cases)


def test_every_style_word_is_asked_with_the_long_and_the_short_system_prompt() -> None:
    lengths: defaultdict[str, list[int]] = defaultdict(list)
    for case in cases_of("style"):
        system, user = case.messages
        lengths[user["content"]].append(len(system["content"]))
    assert len(lengths) >= 40
    assert {len(both) for both in lengths.values()} == {2}
    assert all(max(both) > 20 * min(both) for both in lengths.values())


def test_the_short_half_of_style_is_marked_for_a_tuned_model() -> None:
    short = {case.id for case in cases_of("style") if len(case.messages[0]["content"]) < 50}
    assert {case.id for case in cases_of("style") if "tuned-only" in case.tags} == short
    assert len(short) * 2 == len(cases_of("style"))


def test_over_correction_holds_every_kind_of_right_space() -> None:
    targets = {target for case in cases_of("over_correction") for target in case.targets}
    assert {"5 - 3", "Mon - Fri"} <= targets
    domains = {case.domain for case in cases_of("over_correction")}
    assert {"lists", "tables", "command-lines", "verses", "suspended-hyphens", "one-sided-spaces"} <= domains
    assert {"negative-numbers", "ranges", "urls", "mixed-forms"} <= domains


def suite_texts() -> Iterator[Path]:
    yield from ROOT.glob("**/*.jsonl")
    yield from ROOT.glob("**/suite.toml")


def test_suite_files_are_utf8_with_lf_and_end_with_one() -> None:
    for path in suite_texts():
        data = path.read_bytes()
        data.decode("utf-8")
        assert b"\r" not in data, path
        assert data.endswith(b"\n"), path
