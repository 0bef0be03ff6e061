"""Canaries chosen by information: what is chosen, what it covers, and that other versions test the choice."""

import pytest

from harness.authoring.canaries import choose, selection_text, validate
from harness.cli import run
from harness.errors import RecordError
from harness.history import History
from tests.factory import case_result, run_record

DOMAINS, TASKS, LANGUAGES = ("cars", "law", "tea", "rail"), ("copy", "qa", "table"), ("zh", "en")


def record(version, right, *, drop=()):
    """120 cases over all domains, tasks and languages; `right(i)` says which answers are right."""
    cases = [
        case_result(
            f"c{i:03}",
            "aligned" if right(i) else "damaged",
            domain=DOMAINS[i % 4],
            task=TASKS[i % 3],
            language=LANGUAGES[i % 2],
            tags=("not-in-headline",) if i in drop else (),
        )
        for i in range(120)
    ]
    return run_record(cases, model="m", version=version, run_id=version)


# every third case is damaged in the broken version; both are wrong in every eleventh
BROKEN = record("broken", lambda i: i % 3 and i % 11)
WHOLE = record("whole", lambda i: i % 11)


def test_what_is_chosen_is_right_in_the_whole_version_and_tells_the_broken_one():
    chosen = choose(BROKEN, WHOLE, 24)
    right = {case.key for case in WHOLE.cases if case.outcome == "aligned"}
    broken = {case.key for case in BROKEN.cases if case.outcome != "aligned"}
    keys = {canary.key for canary in chosen}
    assert len(keys) == 24
    assert keys <= right
    assert len(keys & broken) > 18  # eight of a hundred and twenty were by chance
    assert all(0 <= canary.bits <= 1 for canary in chosen)


def test_all_domains_tasks_and_languages_are_covered_even_by_few():
    for count in (6, 24):
        chosen = choose(BROKEN, WHOLE, count)
        assert {canary.domain for canary in chosen} == set(DOMAINS)
        assert {canary.task for canary in chosen} == set(TASKS)
        assert {canary.language for canary in chosen} == set(LANGUAGES)


def test_the_choice_is_the_same_whatever_the_order_of_the_records():
    shuffled = WHOLE.model_copy(update={"cases": WHOLE.cases[::-1]})
    assert choose(BROKEN, shuffled, 24) == choose(BROKEN, WHOLE, 24)


def test_two_other_versions_test_the_choice_beside_chance():
    keys = {canary.key for canary in choose(BROKEN, WHOLE, 24)}
    result = validate(keys, record("prompted", lambda i: i % 3), record("tuned", lambda i: True))
    assert result.canaries.gap > result.random_high > result.all_cases.gap > result.random_low
    assert result.canaries.cases == 24


def test_versions_that_share_no_case_are_refused():
    other = run_record([case_result("x", digest="other")], version="other")
    with pytest.raises(RecordError, match="share no case"):
        choose(other, WHOLE, 24)
    for one, other in ((WHOLE, BROKEN), (WHOLE, WHOLE)):
        with pytest.raises(RecordError, match="first the broken version, then the whole one"):
            choose(one, other, 24)
    with pytest.raises(RecordError, match="none of the canaries"):
        validate({"symbols/none"}, BROKEN, WHOLE)


def test_the_selection_says_what_it_was_chosen_on():
    text = selection_text(choose(BROKEN, WHOLE, 6), BROKEN, WHOLE, "harness suites canaries a b")
    assert "# Chosen by information on m@broken broken and m@whole whole: harness suites canaries a b" in text
    assert sum(not line.startswith("#") and bool(line) for line in text.splitlines()) == 6


@pytest.fixture
def project(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "pyproject.toml").write_text('[tool.harness.models.m]\nkind = "openai"\n')
    history = History(tmp_path / "reports")
    for one in (BROKEN, WHOLE, record("prompted", lambda i: i % 3), record("tuned", lambda i: True)):
        history.write(one)
    return tmp_path


def test_the_command_writes_a_selection_and_does_not_replace_one_unasked(project, capsys):
    arguments = ["suites", "canaries", "m@broken", "m@whole", "--count", "24", "--out", "canary.cases"]
    assert run([*arguments, "--validate", "m@prompted", "m@tuned"]) == 0
    said = capsys.readouterr().err
    assert "24 canaries: 4 of 4 domains, 3 of 3 tasks, 2 of 2 languages" in said
    assert "validated on m@prompted and m@tuned: " in said
    assert run(arguments) == 3
    assert "other prompts start a new baseline" in capsys.readouterr().err
    assert run([*arguments, "--overwrite"]) == 0
    assert run([*arguments[:-1], "canary.txt"]) == 3
    assert run([*arguments[:-1], "pyproject.toml/canary.cases"]) == 3
    assert "cannot be written" in capsys.readouterr().err
    assert run([*arguments, "--overwrite", "--suite", "symbls"]) == 3
    assert "did you mean 'symbols'" in capsys.readouterr().err


def test_simulated_nights_are_a_drift_history_that_is_named_a_simulation_everywhere(project, capsys):
    assert run(["suites", "canaries", "m@broken", "m@whole", "--count", "60", "--out", "canary.cases"]) == 0
    simulate = ["runs", "simulate", "m@whole", "m@broken", "--selection", "canary.cases", "--out", "sim"]
    assert run(simulate) == 0
    assert "SIMULATION: answers of m@whole (run whole), from 2026-10-20 on of m@broken" in capsys.readouterr().out
    label = "simulation@m-whole-to-m-broken"
    assert run(["drift", "--model", label, "--report-dir", "sim"]) == 1
    out = capsys.readouterr().out
    assert "SIMULATION: " in out
    assert "ALARM on 2026-10-2" in out
    assert run(["runs", "list", "--report-dir", "sim"]) == 0
    assert capsys.readouterr().out.count("simulation") >= 60
    nights = ["--candidate", "20261030-simulation", "--baseline", "20261001-simulation"]
    assert run(["gate", *nights, "--report-dir", "sim"]) == 2
    assert "the run is a simulation" in capsys.readouterr().out


def test_a_simulation_without_a_change_is_quiet_and_a_second_one_gives_the_same_files(project, capsys):
    simulate = ["runs", "simulate", "m@whole", "m@broken", "--change", "31", "--out", "sim"]
    assert run(simulate) == 0
    first = {path.name: path.read_bytes() for path in (project / "sim").rglob("*.json")}
    assert len(first) == 30
    assert run(simulate) == 0
    assert {path.name: path.read_bytes() for path in (project / "sim").rglob("*.json")} == first
    assert run(["drift", "--model", "simulation@m-whole-to-m-broken", "--report-dir", "sim"]) == 0
    assert "QUIET" in capsys.readouterr().out


def test_only_the_share_that_changes_has_other_answers(project, capsys):
    assert run(["runs", "simulate", "m@tuned", "m@broken", "--share", "0.5", "--nights", "20", "--out", "sim"]) == 0
    out = capsys.readouterr().out
    assert "for 60 of 120 prompts" in out
    nights = History(project / "sim").runs("simulation@m-tuned-to-m-broken")
    # the digest of the source's settings is not theirs: with it each night would contradict itself
    assert {night.configuration_digest for night in nights} == {"simulation"}
    changed = sum(old.outcome != new.outcome for old, new in zip(nights[0].cases, nights[-1].cases, strict=True))
    assert 10 < changed < 40
    assert nights[0].cases != nights[-1].cases


@pytest.mark.parametrize(
    ("option", "value"), [("--first", "soon"), ("--first", "9999-12-30"), ("--selection", "no.cases")]
)
def test_a_wrong_argument_of_a_simulation_is_a_usage_error(project, capsys, option, value):
    assert run(["runs", "simulate", "m@whole", "m@broken", option, value, "--out", "sim"]) == 3
    assert not (project / "sim").exists()
