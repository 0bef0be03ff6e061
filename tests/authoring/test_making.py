"""A made suite is balanced, the same for one seed, sound by the lint, and never written over anything."""

import json
import os
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from harness.authoring.fresh import GRAMMARS, cas_number, container, fresh_terms, isbn13, luhn_number
from harness.authoring.lint import Judging
from harness.authoring.make import LANGUAGES, TASKS, Made, Term, make_lines, shipped, write_suite
from harness.cli import run
from harness.cli.suites import suites as cli
from harness.errors import ConfigError
from harness.suite import load_cases, load_suite
from tests.authoring.conftest import LINE

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


# Fresh strings: right check digits, different by seed, and a suite of them passes the lint.


def test_check_digits_follow_the_published_rules() -> None:
    class Fixed:
        """Gives the digits of a code that is published with its check digit."""

        def __init__(self, *given: object) -> None:
            self.given = list(given)

        def __getattr__(self, name: str) -> object:
            return lambda *args, **kwargs: self.given.pop(0)

    assert isbn13(Fixed(3, "161", "48410")) == "978-3-161-48410-0"  # type: ignore[arg-type]
    assert cas_number(Fixed(7732, "18")) == "7732-18-5"  # type: ignore[arg-type]
    assert container(Fixed("CSQ", "305438")) == "CSQU305438-3"  # type: ignore[arg-type]
    # the Canadian social insurance number of the textbooks, 046 454 286, behind a zero
    assert luhn_number(Fixed("004645428")) == "PO-0046-4542-86"  # type: ignore[arg-type]


def test_same_seed_same_strings_another_seed_others() -> None:
    one, again, other = (fresh_terms(300, seed) for seed in (1, 1, 2))
    assert one == again
    assert len({term.text for term in one}) == 300
    assert len({term.text for term in one} & {term.text for term in other}) < 60  # Han pairs are few
    assert {term.domain for term in one} == set(GRAMMARS)


@pytest.mark.parametrize("seed", [1, 20261128])
def test_a_fresh_suite_is_linted_and_holds_both_languages(
    seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(["suites", "make", "--fresh", "--seed", str(seed), "--cases", "80", "--out", "suites/f"]) == 0
    assert f"fresh strings (seed {seed})" in capsys.readouterr().out
    lines = [json.loads(line) for line in (tmp_path / "suites/f/cases.jsonl").read_text(encoding="utf-8").splitlines()]
    assert len(lines) >= 70
    assert {line["language"] for line in lines} == {"zh", "en"}


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ([], "accepted: one of --terms FILE and --fresh"),
        (["--fresh", "--terms", "a.csv"], "accepted: one of --terms FILE and --fresh"),
        (["--fresh", "--column", "sku"], "--column: reads the file of --terms"),
    ],
)
def test_fresh_and_terms_exclude_each_other(
    given: list[str],
    words: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(["suites", "make", *given, "--out", "suites/f"]) == 3
    assert words in capsys.readouterr().err


# A share of the cases that no training set may hold.


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A suite of three domains in two files; the second file has tags and blanks of its own."""
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "suites" / "mine"
    folder.mkdir(parents=True)
    (folder / "suite.toml").write_text('title = "Mine"\n[defaults]\nlanguage = "en"\ntask = "copy"\n', encoding="utf-8")
    lines = [
        {
            "id": f"{domain}-{i}",
            "domain": domain,
            "prompt": f"Say {domain[0].upper()}-{i}/编.",
            "targets": [f"{domain[0].upper()}-{i}"],
        }
        for domain in ("cars", "law")
        for i in range(10)
    ]
    (folder / "a.jsonl").write_text(
        "".join(json.dumps(line, ensure_ascii=False, separators=(",", ":")) + "\n" for line in lines), encoding="utf-8"
    )
    (folder / "b.jsonl").write_text(
        '{"id": "x-1", "domain": "tea", "prompt": "Say T-1.", "targets": ["T-1"], "tags": ["hard"]}\n\n'
        '{"id": "x-2", "domain": "tea", "prompt": "Say T-2.", "targets": ["T-2"]}',
        encoding="utf-8",
    )
    return folder


def call(*arguments):
    return CliRunner().invoke(cli, ["split", *arguments])


def held(folder):
    return {
        one.case.id
        for name in ("a", "b")
        for one in load_cases(folder / f"{name}.jsonl")
        if "held-out" in one.case.tags
    }


def test_each_domain_holds_out_its_share(project):
    result = call("--holdout", "0.3", "--json")
    assert result.exit_code == 0
    told = json.loads(result.output)
    assert told["domains"] == {
        "cars": {"held_out": 3, "cases": 10},
        "law": {"held_out": 3, "cases": 10},
        "tea": {"held_out": 1, "cases": 2},
    }
    assert {key.partition("/")[2] for key in told["held_out"]} == held(project)


def test_it_is_that_of_the_seed_and_a_second_time_changes_nothing(project):
    call("--holdout", "0.3")
    first, content = held(project), (project / "a.jsonl").read_bytes()
    again = call("--holdout", "0.3")
    assert "0 files changed" in again.output
    assert (held(project), (project / "a.jsonl").read_bytes()) == (first, content)
    call("--holdout", "0.3", "--seed", "8")
    assert held(project) != first


def test_a_line_of_windows_keeps_its_end(project):
    file = project / "a.jsonl"
    file.write_bytes(file.read_bytes().replace(b"\n", b"\r\n"))
    call("--holdout", "0.3")
    assert b"held-out" in file.read_bytes()
    assert file.read_bytes().count(b"\n") == file.read_bytes().count(b"\r\n")


def test_cases_keep_their_content_and_other_lines_their_bytes(project):
    before = {one.case.id: one.case.digest for name in ("a", "b") for one in load_cases(project / f"{name}.jsonl")}
    lines = (project / "a.jsonl").read_bytes().split(b"\n")
    call("--holdout", "0.3")
    after = {one.case.id: one.case.digest for name in ("a", "b") for one in load_cases(project / f"{name}.jsonl")}
    assert before == after
    changed = [
        (old, new)
        for old, new in zip(lines, (project / "a.jsonl").read_bytes().split(b"\n"), strict=True)
        if old != new
    ]
    assert len(changed) == 6
    assert all(new == old[:-1] + b',"tags":["held-out"]}' for old, new in changed)
    assert any("hard" in one.case.tags for one in load_cases(project / "b.jsonl"))


def test_a_share_of_nothing_takes_all_marks_away(project):
    call("--holdout", "0.3")
    call("--holdout", "0")
    assert held(project) == set()
    assert [one.case.tags for one in load_cases(project / "b.jsonl")] == [("hard",), ()]


def test_a_case_that_is_added_moves_few_others(project):
    call("--holdout", "0.3")
    first = held(project)
    with (project / "a.jsonl").open("a", encoding="utf-8") as file:
        file.write('{"id":"cars-new","domain":"cars","prompt":"Say C-99.","targets":["C-99"]}\n')
    call("--holdout", "0.3")
    assert len(first - held(project)) <= 1


def test_a_wrong_line_changes_no_file(project):
    content = (project / "a.jsonl").read_bytes()
    (project / "b.jsonl").write_text('{"id": 3}\n', encoding="utf-8")
    result = call("--holdout", "0.3")
    assert result.exit_code != 0
    assert (project / "a.jsonl").read_bytes() == content


def test_no_suite_is_a_mistake_in_the_call(project):
    assert "no case files" in str(call("--holdout", "0.3", "nowhere").exception)


def test_what_a_killed_command_left_beside_a_suite_goes(tmp_path: Path, judging: Judging) -> None:
    left = tmp_path / f".verbatim-{'0' * 16}.new"
    (left / "mine").mkdir(parents=True)
    os.utime(left, (1, 1))
    write_suite(tmp_path / "mine", "Mine", [LINE], judging)
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]
