"""A tenfold slip is seen: times in this process beside the least that the same could take, with generous limits."""

from __future__ import annotations

import cProfile
import json
import re
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from benchmarks import layers, limits, safety
from benchmarks.limits import FAILED, HEAD, ROOT, SLOW, Row, Took, chosen, make_nights, rows_of, table, took, write_into
from benchmarks.replay.__main__ import make_project
from harness.history import head_of, read_run
from harness.project import Project
from harness.recording import Cassette, Secrets
from harness.recording.secrets import problems
from harness.runs.record import contradictions
from harness.show import html
from harness.site import Site
from harness.text import DEFAULT_SYMBOLS


def fastest(work: Callable[[], object], rounds: int = 5) -> float:
    """Processor seconds of the best round."""
    found = []
    for _ in range(rounds):
        started = time.process_time()
        work()
        found.append(time.process_time() - started)
    return max(min(found), 1e-6)


@pytest.fixture(autouse=True)
def _modules_are_compiled(monkeypatch: pytest.MonkeyPatch) -> None:
    """A benchmark compiles all modules into a folder of its own, once; here those of the environment are taken."""
    monkeypatch.setattr(limits, "_compiled", lambda: "")


@pytest.fixture(scope="module")
def night(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A record of full size, as the benchmark makes it."""
    return make_nights(tmp_path_factory.mktemp("nights"), 1)[0]


def test_the_nights_of_the_benchmark_are_records_that_a_gate_would_take(tmp_path: Path) -> None:
    for path in make_nights(tmp_path, 2, cases=5):
        run = read_run(path)
        assert (run.mode, len(run.cases), contradictions(run, DEFAULT_SYMBOLS)) == ("live", 5, ())


def test_a_record_is_read_in_twelve_times_what_json_takes_and_its_head_in_a_twentieth(night: Path) -> None:
    read_run(night)
    content = night.read_bytes()
    plain = fastest(lambda: json.loads(content))
    assert fastest(lambda: read_run(night)) < 12 * plain
    assert fastest(lambda: head_of(night)) < plain / 20


def test_a_page_takes_fewer_than_two_hundred_times_what_json_takes(night: Path) -> None:
    run, content = read_run(night), night.read_bytes()
    html.run_page(run)  # templates are compiled once
    assert fastest(lambda: html.run_page(run), rounds=2) < 200 * fastest(lambda: json.loads(content))


def test_a_cassette_is_read_and_searched_in_bounded_multiples_of_what_json_takes(tmp_path: Path) -> None:
    make_project(tmp_path, 300)
    path = tmp_path / "cassettes/fake@v1/made.jsonl"
    if not path.exists():
        path = next((tmp_path / "cassettes").rglob("made.jsonl"))
    content = path.read_bytes().splitlines()
    plain = fastest(lambda: [json.loads(line) for line in content])
    cassette = Cassette(path)
    keys = list(cassette.keys())
    assert fastest(lambda: [Cassette(path).get(key) for key in keys[:1]]) < 3 * plain
    assert fastest(lambda: list(problems(path, Secrets())), rounds=2) < 60 * plain


def test_known_nights_and_lists_are_read_in_twice_what_json_takes(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A year of nights is read every night, and each of them was read before."""
    monkeypatch.setenv("HARNESS_CACHE", str(tmp_path_factory.mktemp("cache")))
    paths = make_nights(tmp_path, 12, cases=40)
    contents = [path.read_bytes() for path in paths]
    project = Project.open(tmp_path)
    project.nights("m@v1")
    listed = project.history.listing("m@v1")
    plain = fastest(lambda: [json.loads(content) for content in contents])
    assert fastest(lambda: project.nights("m@v1")) < 2 * plain
    assert fastest(lambda: project.history.listing("m@v1")) < 2 * plain
    assert project.history.listing("m@v1") == listed
    assert fastest(lambda: project.drift("m@v1"), rounds=3) < 15 * plain


def test_a_verdict_and_a_page_more_take_bounded_multiples_of_what_json_takes(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HARNESS_CACHE", str(tmp_path_factory.mktemp("cache")))
    paths = make_nights(tmp_path, 3)
    plain = fastest(lambda: json.loads(paths[0].read_bytes()))
    project = Project.open(tmp_path)
    new, old, (policy, _) = project.resolve("m@v1"), project.resolve("base@v1"), project.policy()
    project.gate(new, old, policy)  # what judging again finds is kept
    assert fastest(lambda: project.gate(new, old, policy), rounds=2) < 100 * plain

    def index() -> None:
        list(Site(project, project.history.folder, "en", []).build())

    index()
    assert fastest(index, rounds=2) < 150 * plain


def test_a_row_gives_the_ratio_of_wall_clocks() -> None:
    floor = limits.floor_of(Took(3.0, 1.0, 90.0), Took(2.0, 0.5, 1.0), Took(2.5, 1.0, 80.0), "an empty item")
    row = Row("x", Took(3.0, 1.0, 90.0), Took(2.0, 0.5, 1.0), "y", "1.2", floor)
    assert dict(zip(HEAD, row.cells, strict=True)) == {
        "what": "x",
        "takes": "3.00 s",
        "processor": "1.00 s",
        "memory": "90 MB",
        "limit": "y",
        "it takes": "2.00 s",
        "ratio": "1.50",
        "of processor": "2.00",
        "aim": "1.2",
        "floor": "1.25: an empty item takes 2.50 s; this is 1.20 of it",
    }


def test_a_row_whose_aim_may_be_less_than_pytest_takes_says_what_pytest_takes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The commands run, one round each; a request reaches the server before the empty items are collected."""
    monkeypatch.setattr(limits, "took", lambda *given, rounds=1, **others: took(*given, rounds=1, **others))
    for name in ("replay", "one", "live"):
        (tmp_path / name).mkdir()
    assert re.fullmatch(r"\d\.\d\d: one empty item takes .* of it", limits.replay(tmp_path / "replay", 20).floor)
    assert ": one empty item without a plugin takes " in limits.one_case(tmp_path / "one").floor
    without, asked = map(int, re.findall(r"(\d+) MB", limits.live(tmp_path / "live", 5, 2, 0.0, "").floor))
    assert asked > without + 5


def test_the_memory_of_a_process_is_its_own_and_not_what_the_benchmark_once_had(tmp_path: Path) -> None:
    grown = bytearray(200_000_000)
    grown[::4096] = b"x" * len(grown[::4096])  # a page that nobody touched is not there
    del grown
    assert took(tmp_path, sys.executable, "-I", "-S", "-c", "pass", rounds=1).megabytes < 60


def test_a_process_that_takes_too_long_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "_LONGEST_S", 0.3)
    with pytest.raises(RuntimeError, match="not done after 0 s"):
        took(tmp_path, sys.executable, "-c", "import time; time.sleep(60)", rounds=1)


def test_the_table_has_its_rows_at_full_size_and_at_a_tenth() -> None:
    assert list(table(tenth=True)) == list(table(tenth=False))


def test_what_takes_minutes_is_measured_where_it_is_asked_for() -> None:
    rows = table(tenth=False)
    assert set(SLOW) < set(rows)
    assert list(chosen(rows)) == [name for name in rows if name not in SLOW]
    assert list(chosen(rows, slow=True)) == list(rows)
    assert list(chosen(rows, only=["report-5000", "gate"])) == ["gate", "report-5000"]
    assert list(chosen(rows, left_out=["gate"], slow=True)) == [name for name in rows if name != "gate"]


def test_a_row_that_fails_says_so_and_the_others_are_measured(tmp_path: Path) -> None:
    row = Row("x", Took(3.0, 1.0, 90.0), Took(2.0, 0.5, 1.0), "y", "1.2")
    program = "import sys; print('no | server', file=sys.stderr); sys.exit(3)"

    def fails(folder: Path) -> Row:
        took(folder, sys.executable, "-c", program, rounds=1)
        return row

    failed, whole = rows_of({"a": fails, "b": lambda folder: row})
    assert (failed[:2], len(failed)) == (["a", FAILED], len(HEAD))
    assert failed[-1].endswith("exit code 3: no | server")
    assert whole == row.cells


def test_a_table_is_written_into_its_place_of_the_page(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("# A\n\n<!-- table: python -m benchmarks.limits -->\n\nold\n\n<!-- end -->\n\nb\n")
    write_into(page, ["| x |", "| --- |"])
    assert page.read_text() == (
        "# A\n\n<!-- table: python -m benchmarks.limits -->\n\n| x |\n| --- |\n\n<!-- end -->\n\nb\n"
    )
    page.write_text("# A\n")
    with pytest.raises(SystemExit, match="no place for the table"):
        write_into(page, ["| x |"])
    assert (ROOT / "docs/benchmarks.md").read_text().count("<!-- table: python -m benchmarks.limits -->\n") == 1


def test_a_replayed_case_takes_at_most_three_times_the_calls_of_an_empty_item(
    tmp_path: Path, pytester: pytest.Pytester
) -> None:
    """Calls of Python functions: a count of work, the same on a busy machine."""

    def calls(folder: Path, *arguments: str) -> int:
        profile = cProfile.Profile()
        with pytest.MonkeyPatch.context() as patch:
            patch.chdir(folder)
            profile.enable()
            result = pytester.inline_run("-q", "-p", "no:cacheprovider", f"--rootdir={folder}", *arguments)
            profile.disable()
        assert result.ret == 0
        return sum(one.callcount for one in profile.getstats())

    def of_one(*arguments: str) -> float:
        return (calls(tmp_path / "90", *arguments) - calls(tmp_path / "10", *arguments)) / 80

    for number in (10, 90):
        (tmp_path / str(number)).mkdir()
        make_project(tmp_path / str(number), number)
    calls(tmp_path / "10", "--model=fake")
    assert of_one("--model=fake") < 3 * of_one("empty")


def test_each_layer_of_a_replayed_case_runs_and_is_given_in_times_of_a_pytest_that_says_its_version(
    tmp_path: Path,
) -> None:
    assert layers.measured(tmp_path, rounds=0) == {}  # a layer that fails raises
    lines = layers.lines_of({name: 0.1 * (number + 1) for number, name in enumerate(layers.LAYERS)})
    assert lines[3] == "| pytest says its version | 0.200 s | 1.00 |"
    assert lines[-1].endswith("| 0.700 s | 3.50 |")


def test_tests_that_the_table_of_safety_runs_are_there() -> None:
    named = [name for row in safety.ROWS.values() for name in row.tests]
    assert len(set(named)) == len(named)
    assert [name for name in named if not (ROOT / name).exists()] == []
