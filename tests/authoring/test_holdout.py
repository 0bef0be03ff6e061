"""A share of the cases that no training set may hold."""

import json

import pytest
from click.testing import CliRunner

from harness.cli.suites import suites as cli
from harness.suite import load_cases


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
