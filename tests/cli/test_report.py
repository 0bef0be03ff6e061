"""`harness report`."""

import csv
import io
import json
import os
import re
import shutil
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

import pytest
from click.testing import CliRunner

from harness import site
from harness.cli.report import report
from harness.cli.runs import runs
from harness.errors import ConfigError, RecordError
from harness.files import sealed, unsealed
from harness.history import History, read_run
from harness.project import Project
from harness.records.run import Evidence
from harness.runs import nights as kept_nights
from harness.show.verdicts import LastVerdict, last_verdict_lines
from tests.factory import case_result, mention, run_record, sample_result


def record(version, day, wrong=1, **other):
    cases = []
    for index in range(6):
        text, outcome = ("TCP / IP", "damaged") if index < wrong else ("TCP/IP", "aligned")
        found = mention(text, text, "spaced", "space-left") if index < wrong else mention(text, text, "verbatim")
        cases.append(
            case_result(
                f"case-{index}",
                outcome,
                targets=("TCP/IP",),
                prompt="Which protocol? TCP/IP.",
                domain="network",
                language="en",
                task="qa",
                symbols="/",
                samples=[sample_result(outcome, targets=("TCP/IP",), output=text, mentions={"TCP/IP": (found,)})],
            )
        )
    made = f"2026-11-{day:02}T05:00:00+00:00"
    return run_record(cases, version=version, **({"run_id": f"202611{day:02}-{version}", "made": made} | other))


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A project with three runs of two versions, v1 its baseline."""
    monkeypatch.chdir(tmp_path)
    history = History(tmp_path / "reports")
    for run in (record("v1", 1, wrong=3), record("v1", 2, wrong=2), record("v2", 3)):
        history.write(run)
    history.set_baseline("tuned", "tuned@v1")
    return tmp_path / "reports"


def invoke(*arguments):
    return CliRunner().invoke(report, arguments, catch_exceptions=False)


def call(*arguments):
    return CliRunner().invoke(runs, arguments)


def test_all_pages_and_the_index_are_built_and_named(folder):
    result = invoke()
    assert result.exit_code == 0
    written = [str(path.relative_to(folder)) for path in sorted(folder.rglob("*.html"))]
    assert written == [
        "compare/tuned@v1.20261102-v1__tuned@v2.20261103-v2.html",
        "index.html",
        "tuned@v1/20261101-v1.html",
        "tuned@v1/20261102-v1.html",
        "tuned@v2/20261103-v2.html",
    ]
    assert sorted(result.stdout.split()) == [str(folder / name) for name in written]


def test_the_last_verdict_is_shown_and_the_index_links_to_its_page(folder):
    result = invoke()
    lines = [line for line in result.stderr.splitlines() if line]
    assert lines[0].startswith("INCONCLUSIVE  tuned@v2 against tuned@v1")
    assert lines[1].startswith("  NOT PROVEN: ")
    page = next(line.strip() for line in lines if line.endswith(".html"))
    assert page.endswith("compare/tuned@v1.20261102-v1__tuned@v2.20261103-v2.html")
    assert lines[-1].startswith(("next: ", "(")) or any(line.startswith("next: ") for line in lines[-2:])
    assert "NOT PROVEN" in (folder / "compare" / page.rpartition("/")[2]).read_text("utf-8")
    assert 'href="compare/tuned%40v1.' in (folder / "index.html").read_text("utf-8")
    assert [line for line in invoke().stderr.splitlines() if line] == lines  # kept, and shown again


def test_the_verdict_is_on_the_version_in_the_settings_though_an_older_one_was_asked_later(folder):
    entry = '[tool.harness.models.tuned]\nbase_url = "http://localhost:1/v1"\nmodel = "m"\nversion = "v2"\n'
    (folder.parent / "pyproject.toml").write_text(entry, encoding="utf-8")
    History(folder).write(record("v1-e1", 4))
    lines = [line for line in invoke().stderr.splitlines() if line]
    assert lines[0].startswith("INCONCLUSIVE  tuned@v2 against tuned@v1")
    (folder.parent / "pyproject.toml").write_text(entry + 'base = "nobody"\n', encoding="utf-8")
    assert invoke().exit_code == 0  # pages of runs need no entry of the settings


def test_without_a_baseline_the_report_says_how_to_set_one(folder):
    (folder / "baselines.json").unlink()
    assert "next: harness runs baseline tuned@v2  (" in invoke().stderr


def test_without_a_complete_run_the_next_step_is_a_run(folder, monkeypatch):
    shutil.rmtree(folder)
    assert invoke().stderr.splitlines()[-1] == "next: pytest --model=NAME  (a run of all cases)"
    History(folder).write(record("v1", 1, partial=True, partial_reason="paths were given"))
    assert invoke().stderr.splitlines()[-1] == "next: pytest --model=tuned  (a run of all cases)"
    History(folder).write(run_record([case_result("a", "unscored")], version="v9", made="2026-11-09T05:00:00+00:00"))
    assert "baseline" not in invoke().stderr


def test_of_many_records_that_cannot_be_read_twenty_are_named_and_the_verdict_comes_last(folder):
    for number in range(50):
        (folder / "tuned@v1" / f"20261101-{number:010x}.json").write_text("{", encoding="utf-8")
    lines = [line for line in invoke().stderr.splitlines() if line]
    assert sum(line.startswith("left out: ") for line in lines) == 20
    assert "... and 30 more: harness runs verify" in lines
    assert lines.index("... and 30 more: harness runs verify") < next(
        number for number, line in enumerate(lines) if line.startswith("INCONCLUSIVE")
    )
    listed = call("list").stderr.splitlines()
    assert sum(line.startswith("unreadable: ") for line in listed) == 20


def test_every_link_of_the_index_leads_to_a_page(folder):
    from urllib.parse import unquote

    invoke()
    page = (folder / "index.html").read_text("utf-8")
    assert all('href="../index.html"' in built.read_text("utf-8") for built in folder.rglob("*/*.html"))
    links = [unquote(link) for link in re.findall(r'href="([^"#]+)"', page)]
    assert len(links) >= 5
    assert [link for link in links if not (folder / link).is_file()] == []


def test_only_what_changed_is_built_anew(folder):
    invoke()
    assert invoke().stdout.split() == [str(folder / "index.html")]
    History(folder).write(record("v3", 4))
    assert invoke().stdout.split()[0].endswith("20261104-v3.html")
    write_of_another_model = History(folder).write(record("v1", 5, run_id="20261105-other", model="other"))
    built = [Path(line).relative_to(folder).as_posix() for line in invoke().stdout.split()]
    # the verdict on tuned is a new one, since it counts all versions; no other comparison is
    assert built[0] == write_of_another_model.relative_to(folder).with_suffix(".html").as_posix()
    assert len([name for name in built if name.startswith("compare/")]) <= 1
    (folder / "tuned@v2" / "20261103-v2.html").unlink()
    assert str(folder / "tuned@v2" / "20261103-v2.html") in invoke().stdout


def test_a_lost_or_broken_cache_loses_nothing(folder):
    invoke()
    before = (folder / "index.html").read_text("utf-8")
    one_line = '{"runs": {"tuned@v2/20261103-v2.json": {"stamp": 1, "line": {}}}}'
    of_another_form = '{"runs": [], "drift": [1], "verdicts": "x"}'
    for content in ("", "[" * 100_000, "[]", of_another_form, one_line):
        (folder / "index.json").write_text(content, encoding="utf-8")
        invoke()
        assert (folder / "index.html").read_text("utf-8") == before


def test_an_index_that_says_other_than_the_records_is_not_believed(folder):
    invoke()
    before, kept = (folder / "index.html").read_text("utf-8"), json.loads((folder / "index.json").read_bytes())
    for changed in ({"alignment": [-5, 0]}, {"alignment": [99, 99]}, {"newest": "soon"}):
        lying = {name: entry | {"line": entry["line"] | changed} for name, entry in kept["runs"].items()}
        (folder / "index.json").write_text(json.dumps(kept | {"runs": lying}), encoding="utf-8")
        invoke()
        assert (folder / "index.html").read_text("utf-8") == before


def test_a_record_with_a_name_that_no_page_can_have_is_left_out_and_the_others_have_theirs(folder):
    """Another program may write one; all pages were refused for it."""
    path = folder / "通义 千问@v 2" / "20261104-v2.json"
    path.parent.mkdir()
    content = (folder / "tuned@v2" / "20261103-v2.json").read_bytes()
    path.write_bytes(sealed(unsealed(content)[0].replace(b'"model": "tuned"', '"model": "通义 千问"'.encode())))
    said = invoke()
    assert said.exit_code == 0
    assert "left out: '通义 千问' in '通义 千问@v2'" in said.stderr
    assert str(folder / "tuned@v2" / "20261103-v2.html") in said.stdout


def test_pages_are_on_the_disk_before_the_index_says_that_they_are_there(folder, monkeypatch):
    """All at once, and not one after the other: of a first building half the time was that wait."""
    waited, said = [], []
    write, make_last = site.write, site.make_last
    monkeypatch.setattr(site, "make_last", lambda paths: (waited.extend(paths), make_last(waited))[1])

    def written(path, text, *, wait=True):
        if path.name == "index.json":
            said.extend(waited)
        assert wait or path.parent.name != "compare"
        return write(path, text, wait=wait)

    monkeypatch.setattr(site, "write", written)
    built = [path for path in invoke().stdout.splitlines() if "@" in path and "/compare/" not in path]
    assert built
    assert {str(path) for path in said} == set(built)


def test_drift_in_the_index_reads_again_only_the_record_that_is_new(folder, monkeypatch, tmp_path):
    monkeypatch.setenv("HARNESS_CACHE", str(tmp_path / "cache"))
    source = read_run(folder / "tuned@v2" / "20261103-v2.json")
    history = History(folder)
    for day in range(1, 14):
        moment = f"2026-11-{day:02}T02:00:00Z"
        dated = {"run_id": f"202611{day:02}-night", "model": "nightly", "started": moment, "ended": moment}
        history.write(source.model_copy(update={**dated, "evidence": Evidence(oldest=moment, newest=moment)}))
    invoke()
    before = json.loads((folder / "index.json").read_bytes())["drift"]
    new = folder / "nightly@v2" / "20261113-night.json"
    new.write_bytes(new.read_bytes())
    seen = []
    monkeypatch.setattr(kept_nights, "stored_content", lambda path: seen.append(path) or path.read_bytes())
    monkeypatch.setattr(site, "stored_content", lambda path: seen.append(path) or path.read_bytes())
    invoke()
    assert set(seen) == {new}
    after = json.loads((folder / "index.json").read_bytes())["drift"]
    assert {name: state | {"stamp": ""} for name, state in after.items()} == {
        name: state | {"stamp": ""} for name, state in before.items()
    }


def test_a_record_that_somebody_renamed_or_moved_is_in_the_pages_and_in_the_verdict(folder):
    path = folder / "tuned@v2" / "20261103-v2.json"
    verdict = invoke().output.partition("tuned@v2 against")[2]
    assert verdict
    path.rename(path.with_name("a-better-name.json"))
    assert invoke().output.partition("tuned@v2 against")[2] == verdict
    (folder / "tuned@v7").mkdir()
    path.with_name("a-better-name.json").rename(folder / "tuned@v7" / path.name)
    assert invoke().output.partition("tuned@v2 against")[2] == verdict


@pytest.mark.parametrize("target", ["/nowhere", "20261104-v2.json"])
def test_a_link_to_nowhere_among_the_records_is_left_out_and_nothing_ends_at_it(folder, target):
    (folder / "tuned@v1" / "20261104-v2.json").symlink_to(target)
    (folder / "other@v1").mkdir()
    (folder / "other@v1" / "20261104-v2.json").symlink_to(target)
    said = invoke()
    assert "20261104-v2.json" in said.stderr
    assert str(folder / "index.html") in said.stdout
    assert "tuned@v2/20261103-v2.html" in said.stdout
    pruned, packed = (CliRunner().invoke(runs, words) for words in (["prune", "--keep", "3"], ["compact", "other@v1"]))
    assert pruned.exit_code == 0, pruned.output
    assert "not packed" in packed.output
    assert History(folder).known("tuned@v2").runs, "a verdict looks at the sizes of other versions"


def test_a_verdict_that_a_record_is_in_the_way_of_is_not_said_to_lack_a_baseline(folder):
    (folder / "tuned@v2" / "20261104-v2.json").write_text("half a rec")
    said = invoke().output
    assert "no version has a baseline" not in said
    assert "no verdict on tuned@v2: a record is in its way (above)" in said
    assert "next: harness gate --candidate tuned@v2  (it says what is wrong)" in said


def test_verdicts_that_a_checkout_brings_in_the_index_are_worked_out_again(folder):
    """A pull request may bring an `index.json`, digest and all, and not when files were written here."""
    invoke()
    judged = json.loads((folder / "index.json").read_bytes())["verdicts"]["tuned"]["verdict"]
    assert judged != "GO"
    kept = json.loads((folder / "index.json").read_bytes())
    del kept["digest"]
    kept["verdicts"]["tuned"] |= {"verdict": "GO", "reasons": []}
    for path in sorted(folder.glob("*@*/*.json")):  # as a checkout has them: the same bytes, written a moment ago
        path.write_bytes(path.read_bytes())
    (folder / "index.json").write_bytes(sealed(json.dumps(kept).encode()) + b"\n")
    assert judged in invoke().output
    assert json.loads((folder / "index.json").read_bytes())["verdicts"]["tuned"]["verdict"] == judged


def test_a_record_that_was_edited_in_place_is_read_again_though_its_size_and_time_are_the_old_ones(folder):
    invoke()
    path = folder / "tuned@v2" / "20261103-v2.json"
    content, state = path.read_bytes(), path.stat()
    edited = content.replace(b'"version": "v2"', b'"version": "v7"', 1)
    assert len(edited) == len(content) != 0
    assert edited != content
    path.write_bytes(edited)
    os.utime(path, ns=(state.st_atime_ns, state.st_mtime_ns))
    assert "changed since it was written" in invoke().stderr


def test_pages_may_be_written_elsewhere(folder, tmp_path):
    result = invoke("tuned@v2", "--out", "site")
    assert result.stdout.strip() == "site/tuned@v2/20261103-v2.html"
    assert (tmp_path / "site" / "tuned@v2" / "20261103-v2.html").is_file()
    assert list(folder.rglob("*.html")) == []


@pytest.mark.parametrize("fields", [{"model": "../../up"}, {"run_id": "../../../up"}, {"version": "a/b"}])
def test_a_record_cannot_name_a_page_outside_the_folder(folder, tmp_path, fields):
    hostile = record("v2", 3).model_copy(update=fields)
    (tmp_path / "given.json").write_text(hostile.model_dump_json(by_alias=True), encoding="utf-8")
    with pytest.raises(RecordError, match="cannot name a file"):
        invoke("given.json")
    with pytest.raises(RecordError, match="cannot name a file"):
        invoke("given.json", "--against", "tuned@v1")


def test_no_draft_is_left_behind(folder):
    invoke()
    assert [path.name for path in folder.rglob(".*")] == []


def test_a_record_that_cannot_be_read_is_told_and_the_others_are_built(folder):
    (folder / "tuned@v2" / "broken.json").write_text("{", encoding="utf-8")
    result = invoke()
    assert result.exit_code == 0
    assert "broken.json" in result.stderr
    assert "broken.json" in (folder / "index.html").read_text("utf-8")


def test_a_comparison_with_its_verdict(folder):
    result = invoke("tuned@v2", "--against", "tuned@v1", "--gate")
    path = folder / "compare" / "tuned@v1.20261102-v1__tuned@v2.20261103-v2.html"
    runs = [folder / "tuned@v1" / "20261102-v1.html", folder / "tuned@v2" / "20261103-v2.html"]
    assert result.stdout.split() == [str(written) for written in (*runs, path)]
    assert "INCONCLUSIVE" in path.read_text("utf-8")


def test_a_page_built_alone_links_to_no_index_that_is_not_there(folder):
    invoke("tuned@v2")
    path = folder / "tuned@v2" / "20261103-v2.html"
    assert "index.html" not in path.read_text("utf-8")
    invoke()
    assert 'href="../index.html"' in path.read_text("utf-8")


def test_markdown_goes_to_standard_output_and_no_page_is_built(folder):
    assert "`tuned@v2`: 83.3%" in invoke("tuned@v2", "--markdown").stdout
    assert "1 fixed" in invoke("tuned@v2", "--against", "tuned@v1", "--markdown").stdout
    assert invoke("--markdown", "--lang", "zh").stdout.startswith("### 各模型版本的对齐率")
    assert list(folder.rglob("*.html")) == []


def test_json_for_machines(folder):
    assert json.loads(invoke("tuned@v2", "--json").stdout)["alignment_rate"]["k"] == 5
    assert len(json.loads(invoke("--json").stdout)["runs"]) == 3
    compared = json.loads(invoke("tuned@v2", "--against", "tuned@v1", "--gate", "--json").stdout)
    assert compared["gate"]["verdict"] == "INCONCLUSIVE"


def test_csv_of_one_run(folder):
    rows = list(csv.DictReader(io.StringIO(invoke("tuned@v2", "--csv").stdout)))
    assert [row["outcome"] for row in rows] == ["damaged", *["aligned"] * 5]


@pytest.mark.parametrize(
    "arguments",
    [("--csv",), ("--against", "tuned@v1"), ("--gate",), ("tuned", "--gate"), ("tuned", "--against", "tuned", "--csv")],
)
def test_options_that_make_no_sense_together_are_refused(folder, arguments):
    with pytest.raises(ConfigError, match=r"needs|not together"):
        invoke(*arguments)


def test_an_unknown_run_is_told_with_the_nearest(folder):
    with pytest.raises(RecordError, match="did you mean 'tuned'"):
        invoke("tunde")


def test_labels_reach_the_page(folder, tmp_path):
    from harness.show.evidence import answer_digest

    run = record("v2", 3)
    label = {
        "schema": 1,
        "run": run.run_id,
        "reader": "Ann",
        "case": "symbols/case-1",
        "sample": 0,
        "answer": answer_digest(run.cases[1].samples[0]),
        "ruling": "good",
        "at": "2026-11-20T07:00:00Z",
    }
    (tmp_path / "labels.jsonl").write_text(json.dumps(label) + "\n", encoding="utf-8")
    invoke("tuned@v2", "--labels", "labels.jsonl")
    assert '"v":[["Ann","good"]]' in (folder / "tuned@v2" / "20261103-v2.html").read_text("utf-8")


def test_a_comparison_of_a_run_that_was_changed_is_built_again_though_the_first_building_was_stopped(
    folder, monkeypatch
):
    (compared,) = [
        path for path in site.Site(Project.open(), folder, "en", []).build() if path.parent.name == "compare"
    ]
    monkeypatch.setattr(site.Site, "_verdict", lambda *_: None)  # which would build it again for another reason
    monkeypatch.setattr(site, "_SAVED_EVERY_S", -1.0)
    before = compared.read_text("utf-8")
    History(folder).write(record("v2", 3, wrong=5))
    building = site.Site(Project.open(), folder, "en", []).build()
    assert next(building).stem == "20261103-v2"
    building.close()
    assert compared.read_text("utf-8") == before
    assert compared in list(site.Site(Project.open(), folder, "en", []).build())
    assert compared.read_text("utf-8") != before


class _DyingPool(ThreadPoolExecutor):
    """One whose worker is killed over the second job, and which takes no third."""

    def __init__(self, *_) -> None:
        super().__init__(1)
        self.taken = 0

    def submit(self, *given):
        self.taken += 1
        if self.taken > 2:
            raise BrokenProcessPool
        return super().submit(*given) if self.taken == 1 else super().submit(self.die)

    def die(self) -> None:
        raise BrokenProcessPool


def test_pages_are_built_here_where_a_worker_was_killed(folder, monkeypatch):
    monkeypatch.setattr(site, "_WORTH_WORKERS", 0)
    monkeypatch.setattr("concurrent.futures.ProcessPoolExecutor", _DyingPool)
    built = list(site.Site(Project.open(), folder, "en", []).build())
    assert [path.stem for path in built if path.parent.name.startswith("tuned@")] == [
        "20261101-v1",
        "20261102-v1",
        "20261103-v2",
    ]


def test_a_building_that_is_stopped_goes_on_where_it_was(folder, monkeypatch):
    monkeypatch.setattr(site, "_SAVED_EVERY_S", -1.0)
    building = site.Site(Project.open(), folder, "en", []).build()
    built = [next(building) for _ in range(2)]
    building.close()
    again = list(site.Site(Project.open(), folder, "en", []).build())
    assert all(path.is_file() for path in built)
    assert not set(built) & set(again)
    assert len([path for path in again if path.parent.name.startswith("tuned@")]) == 1
    assert again[-1].name == "index.html"


def test_packed_records_make_the_same_pages_and_are_not_packed_again(folder):
    invoke()
    before = (folder / "index.html").read_text("utf-8")
    done = call("compact", "tuned@v1")
    assert (done.exit_code, done.stdout.split(",")[0]) == (0, "tuned@v1: 2 packed")
    assert sorted(path.name for path in folder.glob("*@*/*.json*")) == [
        "20261101-v1.json.gz",
        "20261102-v1.json.gz",
        "20261103-v2.json",
    ]
    assert [one["problems"] for one in json.loads(call("verify", "--json").stdout)] == [[], [], []]
    for page in folder.rglob("*.html"):
        page.unlink()
    invoke()
    assert (folder / "index.html").read_text("utf-8") == before
    again = json.loads(call("compact", "--json").stdout)["packed"]
    assert list(again) == ["tuned@v2"]
    assert again["tuned@v2"]["records"] == 1
    assert "nothing to pack" in call("compact").stderr
    (folder / "tuned@v2" / "broken.json").write_text("{")
    broken = call("compact")
    assert (broken.exit_code, "not packed: " in broken.stderr) == (1, True)


def test_a_night_that_drifted_is_marked_on_the_index(tmp_path, monkeypatch):
    """Read in several processes, as large records are."""
    monkeypatch.setattr("harness.site._WORTH_WORKERS", 0)
    monkeypatch.chdir(tmp_path)
    history = History(tmp_path / "reports")
    cases, bad = (
        tuple(
            case.model_copy(update={"id": f"{case.id}-{i}", "digest": f"{case.digest}-{i}"})
            for i in range(12)
            for case in record("v1", 1, wrong=wrong).cases
        )
        for wrong in (0, 6)
    )
    for day in range(1, 16):
        run = record("v1", day, wrong=0).model_copy(update={"cases": cases if day < 12 else bad})
        history.write(run)
    invoke("--index")
    page = (tmp_path / "reports" / "index.html").read_text("utf-8")
    assert "▲</text>" in page
    assert 'class="alarm"' in page
    kept = json.loads((tmp_path / "reports" / "index.json").read_bytes())
    del kept["digest"]
    kept["drift"]["tuned@v1"] |= {"verdict": "QUIET", "alarm": None}
    for path in (tmp_path / "reports").glob("*@*/*.json"):  # as a checkout has them
        path.write_bytes(path.read_bytes())
    (tmp_path / "reports" / "index.json").write_bytes(sealed(json.dumps(kept).encode()) + b"\n")
    invoke("--index")
    assert 'class="alarm"' in (tmp_path / "reports" / "index.html").read_text("utf-8")


def test_an_empty_folder_says_how_to_begin(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    invoke()
    assert "pytest --model=NAME" in (tmp_path / "reports" / "index.html").read_text("utf-8")


def test_a_gate_on_a_page_minds_a_record_that_cannot_be_read(folder):
    (folder / "tuned@v2" / "20261104-broken.json").write_text('{"schema": 1}')
    with pytest.raises(RecordError, match="20261104-broken"):
        invoke("tuned@v2", "--against", "tuned@v1", "--gate")


def test_the_verdict_at_the_end_is_of_a_complete_run_of_a_configured_version():
    """A part of a suite that was asked later, or a version that is kept for comparison, comes after it."""

    def verdict(label, day, *, firm):
        return LastVerdict(
            label=label, against="base@v1", verdict="GO", when=day, href="", command="pytest", why="-", firm=firm
        )

    known = [verdict("part@v1", "2026-11-29", firm=False), verdict("whole@v2", "2026-11-28", firm=True)]
    assert "GO  whole@v2 against base@v1" in last_verdict_lines(known, "build")
    assert "GO  part@v1 against base@v1" in last_verdict_lines(known[:1], "build")


def test_a_step_is_over_the_runs_that_were_read(folder):
    elsewhere = folder.rename(folder.with_name("my runs"))
    said = invoke("--index", "--report-dir", str(elsewhere)).stderr
    assert "'--report-dir=my runs'" in " ".join(said.split())  # a pipe folds it


def test_a_step_on_a_page_names_a_folder_of_the_project_from_there(folder, monkeypatch):
    monkeypatch.chdir(folder.parent)
    folder.rename("kept")
    invoke("--index", "--report-dir", "kept")
    page = Path("kept/index.html").read_text(encoding="utf-8")
    assert "--report-dir=kept" in page
    assert str(Path.cwd()) not in page
