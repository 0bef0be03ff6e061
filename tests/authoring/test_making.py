"""A made suite is balanced, the same for one seed, sound by the lint, and never written over anything."""

import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from harness.authoring.lint import Judging
from harness.authoring.make import LANGUAGES, TASKS, Made, Term, make_lines, shipped, write_suite
from harness.errors import ConfigError
from harness.suite import load_suite

TERMS = [Term(f"KX-{number * 37}/{number % 7}", ("pumps", "valves")[number % 2], number) for number in range(120)]


def made(judging: Judging, terms: list[Term] = TERMS, **options: Any) -> Made:
    settings = {"cases": 400, "per_term": 1, "seed": 7, **options}
    return make_lines(terms, shipped(), judging=judging, **settings)


def test_templates_cover_every_task_in_both_languages() -> None:
    kinds = Counter((one.task, one.language) for one in shipped())
    assert set(kinds) == {(task, language) for task in TASKS for language in LANGUAGES}
    assert len(TASKS) >= 6
    assert len({one.name for one in shipped()}) == len(shipped())


def test_tasks_and_languages_come_in_equal_shares(judging: Judging) -> None:
    lines = made(judging).lines
    assert len(lines) == len(TERMS)
    kinds = Counter((line["task"], line["language"]) for line in lines)
    assert len(kinds) == len(TASKS) * len(LANGUAGES)
    assert max(kinds.values()) - min(kinds.values()) <= 1
    for domain in ("pumps", "valves"):
        inside = Counter((line["task"], line["language"]) for line in lines if line["domain"] == domain)
        assert max(inside.values()) - min(inside.values()) <= 1


def test_one_seed_makes_one_suite_and_another_seed_another(judging: Judging) -> None:
    assert made(judging) == made(judging)
    assert made(judging).lines != made(judging, seed=8).lines


def test_a_term_has_each_task_and_language_once_at_most(judging: Judging) -> None:
    lines = made(judging, TERMS[:5], per_term=20).lines
    kinds = Counter((line["targets"][0], line["task"], line["language"]) for line in lines)
    assert set(kinds.values()) == {1}
    assert len(lines) == 5 * len(TASKS) * len(LANGUAGES)


def test_cases_are_bounded(judging: Judging) -> None:
    assert len(made(judging, cases=11).lines) == 11


def test_a_single_term_gets_templates_that_need_no_other(judging: Judging) -> None:
    lines = made(judging, TERMS[:1], per_term=20).lines
    assert lines
    assert {line["targets"][0] for line in lines} == {TERMS[0].text}


def test_strings_beside_the_term_are_never_part_of_it(judging: Judging) -> None:
    terms = [Term(text, "x", 1) for text in ("TCP/IP", "tcp-ip", "TCP/IPv6", "A-1", "A-12")]
    for line in made(judging, terms, per_term=20).lines:
        target = line["targets"][0]
        text = json.dumps(line.get("prompt") or line["messages"], ensure_ascii=False)
        alike = {"TCP/IP", "tcp-ip", "TCP/IPv6"} if "P" in target.upper() else {"A-1", "A-12"}
        assert not [other for other in alike - {target} if other in text and other not in target]


HOSTILE = [
    '=HYPERLINK("http://example.com/a-b")', "+1-2/3", "@SUM(A1-A2)", "{term}-{other}", "{other}/x", "%s-%d", "a-b\\n/c",
    '"; DROP-TABLE', "</script>/-x", "$(rm-rf)/x", "--x-y", "a-b'c", "../../etc/passwd-x", "٣-٤/x", "入口/出口", "-a-b",
]  # fmt: skip


SIGNS = [
    'the "Pro" edition', "L’Atelier", "user_name", "C:\\new\\table", "\\\\host\\share", "{name}", "{{x}}", "%s",
    "%(count)d", "${HOME}", ":id", "<0/>", "--dry-run", "a.b.c", "R&D",
    "水吧台/岛台", "报告2024版-终稿.md", "《高炉》志",
]  # fmt: skip


@pytest.mark.parametrize("language", LANGUAGES)
def test_quotes_underscores_backslashes_and_placeholders_make_sound_cases(
    judging: Judging, tmp_path: Path, language: str
) -> None:
    templates = [one for one in shipped() if one.language == language]
    terms = [Term(text, "mine", row) for row, text in enumerate(SIGNS, start=2)]
    result = make_lines(terms, templates, cases=400, per_term=20, seed=7, judging=judging)
    assert {line["targets"][0] for line in result.lines} == set(SIGNS), result.skipped
    assert write_suite(tmp_path / "mine", "mine", result.lines, judging).number("error") == 0


def test_no_blank_comes_before_or_behind_punctuation_in_chinese(judging: Judging) -> None:
    for line in made(judging, per_term=20).lines:
        text = json.dumps(line.get("prompt") or line["messages"], ensure_ascii=False)
        assert not re.search(r" [，。、；：！？]|[，。、；：！？] ", text), text


def test_formulas_and_odd_cells_stay_text(judging: Judging, tmp_path: Path) -> None:
    terms = [Term(text, "odd/../x", row) for row, text in enumerate(HOSTILE, start=2)]
    result = made(judging, terms, per_term=2)
    tested = {line["targets"][0] for line in result.lines}
    assert tested | {HOSTILE[one.row - 2] for one in result.skipped} == set(HOSTILE)
    assert {"{term}-{other}", HOSTILE[0], "入口/出口", "../../etc/passwd-x"} <= tested
    lint = write_suite(tmp_path / "mine", 'T"\n[defaults]\nx = "\\', result.lines, judging)
    assert lint.number("error") == 0
    assert sorted(path.name for path in (tmp_path / "mine").iterdir()) == ["cases.jsonl", "suite.toml"]
    for case in load_suite(tmp_path / "mine"):
        assert case.targets[0] in "\n".join(str(message["content"]) for message in case.messages)


def test_nothing_is_ever_overwritten(judging: Judging, tmp_path: Path) -> None:
    lines = made(judging, TERMS[:3]).lines
    out = tmp_path / "deep" / "mine"
    write_suite(out, "Mine", lines, judging)
    before = (out / "cases.jsonl").read_bytes()
    (tmp_path / "empty").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    for taken in (out, tmp_path / "empty", tmp_path / "link"):
        with pytest.raises(ConfigError, match="is there already, and nothing is overwritten; accepted: a new folder"):
            write_suite(taken, "Mine", lines, judging)
    assert (out / "cases.jsonl").read_bytes() == before
    assert [path.name for path in out.parent.iterdir()] == ["mine"]


def test_a_suite_that_cannot_be_written_leaves_nothing(judging: Judging, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(ConfigError, match=r"--out: .*mine cannot be written"):
        write_suite(tmp_path / "file" / "mine", "Mine", made(judging, TERMS[:3]).lines, judging)
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
