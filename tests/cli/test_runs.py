"""`harness runs` and `harness show`: what is recorded, whether it is as it was written, one case in all versions."""

import json
import re
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner

from harness.cli import harness
from harness.cli.compare import compare
from harness.cli.gate import gate
from harness.cli.runs import runs
from harness.errors import ConfigError, RecordError
from harness.files import sealed
from harness.history import History
from harness.project import Project
from harness.records.run import RunRecord
from harness.runs.record import contradictions, fold, verified
from harness.text import DEFAULT_SYMBOLS
from tests.factory import case_result, mention, run_record, sample_result


def write(history, model="tuned", version="1", day=1, **fields):
    text = "A\u00a0-\x1b[0m1"
    found = mention(text, text, "spaced", "wide-space")
    answer = sample_result("damaged", targets=("A-1",), output=text, mentions={"A-1": (found,)})
    case = case_result("one", "damaged", targets=("A-1",), domain="建筑", samples=[answer])
    made = f"2026-03-{day:02}T00:00:00+00:00"
    return history.write(run_record([case], model=model, version=version, made=made, **fields))


@pytest.fixture
def history(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return History(tmp_path / "reports")


def call(*arguments):
    return CliRunner().invoke(runs, arguments)


def test_the_list_is_newest_first_and_narrows_by_name(history):
    write(history, day=1)
    write(history, "base", day=2, partial=True)
    lines = call("list").stdout.splitlines()
    assert lines[1].split() == ["base@1", "20260302-base", "live,", "partial", "0.0%", "(0/1)", "0"]
    assert lines[2].startswith("tuned@1")
    value = json.loads(call("list", "tuned", "--json").stdout)
    assert [run["run_id"] for run in value["runs"]] == ["20260301-tuned"]


def test_an_empty_history_says_what_makes_a_run(history):
    result = call("list")
    assert (result.exit_code, result.stdout) == (0, "")
    assert "pytest --model=NAME" in result.stderr


def test_a_broken_record_is_named_beside_the_others(history):
    path = write(history)
    path.with_name("x.json").write_text("{")
    result = call("list")
    assert "20260301-tuned" in result.stdout
    assert "x.json: cannot be read as JSON" in result.stderr


def test_a_run_is_shown_with_its_failing_cases_made_visible(history):
    write(history)
    output = call("show", "tuned").stdout
    assert "damaged: symbols/one A-1 -> A<U+00A0>-<U+001B>[0m1" in output
    assert "\x1b" not in output
    assert "alignment_rate" in output
    assert "no data" in output


def test_json_of_a_run_is_the_record_and_commands_nothing(history):
    path = write(history)
    output = call("show", "20260301", "--json").stdout
    assert "\x1b" not in output
    assert "\u00a0" not in output
    written = json.loads(path.read_text("utf-8"))
    assert json.loads(output) == {name: value for name, value in written.items() if name != "digest"}


def test_a_baseline_is_set_for_its_own_model_or_another(history):
    write(history)
    write(history, "base", day=2)
    assert call("baseline", "tuned@1").stdout == "tuned: tuned@1\n"
    assert call("baseline", "20260302-base", "--for", "tuned").stdout == "tuned: 20260302-base\n"
    assert json.loads(call("baseline", "--json").stdout) == {"tuned": "20260302-base"}


def test_no_baseline_yet(history):
    assert "no baselines" in call("baseline").stderr


def test_a_partial_run_is_no_baseline(history):
    write(history, partial=True)
    assert isinstance(call("baseline", "tuned").exception, ConfigError)
    assert isinstance(call("baseline", "--for", "tuned").exception, ConfigError)


@pytest.fixture
def aged(history, tmp_path):
    """Writes a run that is so many days old. The configuration has its model at v2."""
    settings = '[tool.harness.models.tuned]\nversion = "v2"\nbase_url = "http://127.0.0.1:9/v1"\n'
    (tmp_path / "pyproject.toml").write_text(settings)

    def build(days, version="v1", cases=("one",), **fields):
        made = datetime.now(UTC) - timedelta(days=days, minutes=1)
        values = {"run_id": f"{made:%Y%m%d}-{days}", "made": made.isoformat(timespec="seconds")}
        run = run_record(map(case_result, cases), version=version, **values | fields)
        return history.write(run.model_copy(update={"suite_digest": f"{len(cases)} cases"}))

    return build


def test_records_that_no_verdict_needs_are_named_and_deleted_on_demand(history, aged, tmp_path):
    gone = [
        *(aged(days) for days in (300, 200, 100)),
        aged(150, partial=True),
        aged(60, run_id="a-latency"),
        aged(250, "v2", mode="replay"),
    ]
    stay = {
        aged(400, cases=("one", "two")): "the newest of its kind",
        aged(350): "a baseline",
        aged(90, partial=True): "the newest of its kind",
        aged(50, run_id="b-latency"): "the newest of its kind",
        aged(20): "younger than 30 days",
        aged(-3): "dated in the future",
        aged(500, "v2", cases=("one", "two")): "a night that drift follows",
        aged(120, "v2"): "a night that drift follows",
        aged(2, "v2"): "younger than 30 days",
        gone[0].with_name("broken.json"): "cannot be read",
    }
    gone[0].with_name("broken.json").write_text("{")
    gone[0].with_suffix(".html").write_text("page")
    gone[0].with_name(f"{gone[0].name}.gz").write_bytes(b"packed")
    history.set_baseline("other", next(path.stem for path in stay if path.stem.endswith("-350")))
    said = call("prune", "--keep", "30")
    assert (said.exit_code, "nothing was deleted" in said.stderr) == (0, True), said.output
    assert said.stdout.startswith("tuned@v1: 5 to delete (0.0 MB), 7 stay: 3 the newest of its kind, ")
    named = json.loads(call("prune", "--keep", "30", "--json").stdout)
    assert {Path(one["record"]) for one in named["records"]} == set(gone)
    assert Counter(named["kept"]["tuned@v1"]) + Counter(named["kept"]["tuned@v2"]) == Counter(stay.values())
    before = [_read_by_verdicts(history, label) for label in ("tuned@v1", "tuned@v2")]
    assert call("prune", "--keep", "30", "--delete").exit_code == 0
    assert set(history.paths()) == {path for path in stay if path.stem != "broken"}
    assert not list(gone[0].parent.glob(f"{gone[0].stem}*"))
    assert [_read_by_verdicts(history, label) for label in ("tuned@v1", "tuned@v2")] == before
    assert json.loads(call("prune", "--keep", "30", "--json").stdout)["records"] == []


def _read_by_verdicts(history, label):
    (history.folder / "tuned@v1" / "broken.json").unlink(missing_ok=True)
    nights = [run for run in Project.open().nights("tuned@v2")[0] if run.mode != "replay"]
    return history.latest(label), history.latest_latency(label), history.known(label, 7).runs, nights


def test_what_is_needed_depends_on_the_policy_and_on_the_nights_that_drift_reads(aged, tmp_path):
    for days in (300, 200, 100):
        aged(days)
        aged(days, "v2")

    def gone(*arguments):
        return [one["record"][-8:-5] for one in json.loads(call("prune", *arguments, "--json").stdout)["records"]]

    assert gone("--keep", "0") == ["300", "200"]
    assert gone("--keep", "250") == ["300"]
    assert gone("tuned@v2", "--keep", "0") == []
    day = (datetime.now(UTC) - timedelta(days=150)).date()
    assert gone("tuned@v2", "--keep", "0", "--since", str(day)) == ["300", "200"]
    (tmp_path / "policy.toml").write_text('max_age_days = "any"\n')
    assert gone("--keep", "0", "--policy", "policy.toml") == []
    assert isinstance(call("prune", "nobody", "--keep", "0").exception, RecordError)
    assert isinstance(call("prune", "--keep", "0", "--since", "soon").exception, ConfigError)


ROOT = Path(__file__).parents[2]


def _first(record, outcome):
    return next(case for case in record["cases"] if case["outcome"] == outcome and case["targets"])


def _flip(record):
    """What somebody does who wants a failing case to be right, and does it well."""
    case = _first(record, "damaged")
    case["outcome"] = "aligned"
    for sample in case["samples"]:
        sample["outcome"], sample["verdicts"] = "aligned", dict.fromkeys(sample["verdicts"], "verbatim")
    _count(record)


def _count(record):
    record["totals"]["outcomes"] = dict(Counter(case["outcome"] for case in record["cases"]))
    record["totals"]["cases"] = len(record["cases"])
    record["totals"]["samples"] = sum(len(case["samples"]) for case in record["cases"])


def _answer_better(record):
    case = _first(record, "damaged")
    for sample in case["samples"]:
        sample |= {"outcome": "aligned", "output": " ".join(case["targets"]), "raw_output": None, "tool_calls": []}
        sample |= {"verdicts": dict.fromkeys(case["targets"], "verbatim"), "mentions": {}}
    case["outcome"] = "aligned"
    _count(record)


def _leave_out(record):
    record["cases"].remove(_first(record, "damaged"))
    _count(record)


def _excuse(record):
    case = _first(record, "damaged")
    case["outcome"] = "unscored"
    for sample in case["samples"]:
        sample |= {"outcome": "unscored", "reason": "timeout", "verdicts": {}, "mentions": {}, "within": {}}
    _count(record)


def _forget_the_targets(record):
    case = _first(record, "damaged")
    case |= {"targets": [], "required": [], "outcome": "passed"}
    for sample in case["samples"]:
        sample |= {"verdicts": {}, "mentions": {}, "within": {}, "checks": [], "outcome": "passed"}
    _count(record)


def _pass_the_check(record):
    case = next(case for case in record["cases"] if case["outcome"] == "failed")
    for sample in case["samples"]:
        for one in sample["checks"]:
            one["passed"] = True
        sample["outcome"] = "aligned" if case["targets"] else "passed"
    case["outcome"] = "aligned" if case["targets"] else "passed"
    _count(record)


def _make_younger(record):
    for case in record["cases"]:
        for sample in case["samples"]:
            if sample["recorded_at"]:
                sample["recorded_at"] = "2026-11-28T23:00:00Z"
    record["evidence"] = {"oldest": "2026-11-28T23:00:00Z", "newest": "2026-11-28T23:00:00Z"}


def _say_twice(record):
    record["cases"].append(_first(record, "aligned"))
    _count(record)


def _count_wrong(record):
    record["totals"]["outcomes"] = {"aligned": len(record["cases"])}


def _other_settings(record):
    record["configuration_digest"] = "0" * 64


def _whole(record):
    record["partial"] = not record["partial"]


FORGERIES = {
    "a flipped verdict": _flip,
    "a better answer": _answer_better,
    "a case left out": _leave_out,
    "an excuse": _excuse,
    "targets left out": _forget_the_targets,
    "a check that passed": _pass_the_check,
    "younger answers": _make_younger,
    "a case twice": _say_twice,
    "wrong totals": _count_wrong,
    "other settings": _other_settings,
    "whole in place of partial": _whole,
}


@pytest.fixture(scope="module")
def shipped():
    """A record of this repository in which something is damaged, and something failed a check."""
    for path in sorted(ROOT.glob("reports/*@*/*.json")):
        record = json.loads(path.read_text("utf-8"))
        outcomes = record["totals"]["outcomes"]
        if outcomes.get("damaged") and outcomes.get("failed") and outcomes.get("aligned"):
            return record
    raise AssertionError("no such record in reports/")


@pytest.mark.parametrize("digest", ["kept", "left out", "made again"])
@pytest.mark.parametrize("forgery", FORGERIES)
def test_a_forged_record_is_seen_and_no_gate_takes_it(shipped, forgery, digest, tmp_path, monkeypatch):
    """`made again`: by somebody who knows how a record is written. What then still shows is what the answers give."""
    monkeypatch.chdir(ROOT)
    record = json.loads(json.dumps(shipped)) | {"digest": None}
    path = tmp_path / f"{record['model']}@{record['version']}" / f"{record['run_id']}.json"
    path.parent.mkdir()
    path.write_bytes(sealed(json.dumps({k: v for k, v in record.items() if k != "digest"}).encode()))
    where = f"--report-dir={tmp_path}"
    assert call("verify", where).exit_code == 0
    record = json.loads(path.read_bytes())
    if digest != "kept":
        del record["digest"]
    FORGERIES[forgery](record)
    content = json.dumps(record, ensure_ascii=False).encode()
    path.write_bytes(sealed(content) if digest == "made again" else content)
    seen = call("verify", where)
    assert (seen.exit_code, "CHANGED" in seen.output) == (1, True), seen.output
    judged = CliRunner().invoke(gate, ["--candidate", record["model"], where])
    assert isinstance(judged.exception, RecordError), judged.output
    if digest != "kept" and forgery not in ("targets left out", "a check that passed"):
        for command, arguments in ((compare, [record["model"]] * 2), (runs, ["show", record["model"]])):
            told = CliRunner().invoke(command, [*arguments, where])
            assert "DO NOT RELY ON" in told.stderr, told.output


@pytest.fixture(scope="module")
def few():
    """A small record of shipped answers, and the project that has their suites, cassettes and training data."""
    project = Project.open(ROOT)
    whole = project.resolve("tuned")
    calls = [case for case in whole.cases if case.samples[0].tool_calls][:2]
    chosen = {
        case.key: case for case in (*calls, *(one for one in whole.cases if one.outcome == "damaged"), *whole.cases[:3])
    }
    record = fold(
        project.model(whole.model), list(chosen.values())[:8], mode="replay", started=whole.started, ended=whole.ended,
        requests=0, partial_reason=None, git_commit=None,
    )  # fmt: skip
    return project, record


def _problems(project, record):
    run = RunRecord.model_validate(record)
    return (*contradictions(run, project.symbols), *project.differences(run), *project.beside_recordings(run)[0])


OF_THE_RUN = {
    "configuration": {"temperature": 1.0},
    "recipe": {"rank": 8},
    "lineage": ["other@v1"],
    "currency": "EUR",
}
OF_A_CASE = {
    "tags": ["not-in-headline"],
    "symbols": "many",
    "exposure": "seen",
    "messages": [{"role": "user", "content": "something easier"}],
    "language": "fr",
}
OF_AN_ANSWER = {
    "finish_reason": "length",
    "resolved_model": "a-better-model",
    "system_fingerprint": "fp",
    "runtime": "another",
    "reasoning": "so I copy it",
    "latency_s": 0.001,
    "first_token_s": 0.001,
    "prompt_tokens": 1,
    "completion_tokens": 1,
    "cost": 1.0,
    "call_in_text": True,
    "raw_output": "what it said at first",
}


@pytest.mark.parametrize("field", [*OF_THE_RUN, *OF_A_CASE, *OF_AN_ANSWER, "requests", "tool_calls", "mentions"])
def test_whatever_else_a_forged_record_says_is_compared_where_the_project_knows(few, field):
    """Its id does not hold these: they are compared with its settings, its suite, its cassette or each other."""
    project, made = few
    record = json.loads(made.model_dump_json(by_alias=True))
    assert _problems(project, record) == ()
    case = record["cases"][0]
    sample = case["samples"][0]
    if field == "requests":
        record["totals"]["requests"] = 9
    elif field == "tool_calls":
        sample = next(one for case in record["cases"] for one in case["samples"] if one["tool_calls"])
        sample["tool_calls"][0]["name"] += "_other"
    elif field == "mentions":
        spans = [span for case in record["cases"] for one in case["samples"] for spans in one["mentions"].values()
                 for span in spans if span["path"] is None and span["tool_call"] is None]  # fmt: skip
        spans[0]["text"] += "?"
    else:
        place = record if field in OF_THE_RUN else case if field in OF_A_CASE else sample
        value = (OF_THE_RUN | OF_A_CASE | OF_AN_ANSWER)[field]
        assert place.get(field) != value
        place[field] = value
    assert _problems(project, record) != ()


def test_a_repaired_answer_is_what_repair_makes_of_the_one_that_came(history):
    """The id holds what came; the text that was judged could be any other."""
    sample = sample_result("aligned", targets=("A-1",), output="A-1").model_copy(update={"raw_output": "A - 1"})
    case = case_result("one", "aligned", targets=("A-1",), samples=[sample])
    run = run_record([case]).model_copy(update={"configuration": {"repair": "restore"}})
    assert contradictions(run, DEFAULT_SYMBOLS) == ()
    for raw, strategy in (("I cannot", "restore"), ("A - 1", None)):
        other = case.model_copy(update={"samples": (sample.model_copy(update={"raw_output": raw}),)})
        forged = run.model_copy(update={"cases": (other,), "configuration": {"repair": strategy} if strategy else {}})
        (said,) = contradictions(forged, DEFAULT_SYMBOLS)
        assert "what was judged is not made of the answer that was received" in said


def test_answers_that_no_cassette_holds_are_counted(history):
    write(history)
    seen = call("verify")
    assert "not compared, because no cassette of these settings holds them: answers 1" in seen.stdout
    assert json.loads(call("verify", "--json").stdout)[0]["not_in_cassettes"] == 1


def test_a_record_that_was_laid_out_anew_is_as_it_was(history):
    path = history.write(run_record([case_result("one", "damaged", domain="建筑")]))
    content = path.read_bytes()
    for other in (
        content.replace(b"\n", b"\r\n"),
        json.dumps(json.loads(content), ensure_ascii=False).encode(),
        json.dumps(json.loads(content), ensure_ascii=True, indent=4).encode() + b"\n\n",
    ):
        path.write_bytes(other)
        assert call("verify").exit_code == 0
    path.write_bytes(content.replace(b'"domain": "\xe5\xbb\xba', b'"domain": "\xe6\xb0\xb4'))
    assert call("verify").exit_code == 1
    assert "changed since it was written" in call("verify").output


def test_checks_that_were_not_run_again_are_named(history):
    """One of the project's own, and a built-in one of a case that the suites do not hold."""
    for name, day in (("in_house_style", 1), ("equals", 2)):
        answer = sample_result("failed", targets=(), output="x", checks=({"check": name, "passed": False},))
        case = case_result("one", "failed", targets=(), samples=[answer])
        history.write(run_record([case], version=f"v{day}", made=f"2026-03-{day:02}T00:00:00+00:00"))
    history.write(run_record([case_result("one", "damaged")], version="v3"))
    seen = call("verify")
    assert seen.exit_code == 0
    assert seen.stdout.count("not run again: the checks of 1 case (") == 2
    assert "(in_house_style), which are code of the project or of cases that its suites do not hold" in seen.stdout
    found = json.loads(call("verify", "--json").stdout)
    assert [one["unverified_checks"] for one in found] == [["in_house_style"], ["equals"], []]
    assert [one["unverified_cases"] for one in found] == [1, 1, 0]


def test_verdicts_of_other_rules_are_written_again_on_demand(history):
    path = history.write(run_record([case_result("one", "damaged")]))
    record = json.loads(path.read_bytes())
    del record["digest"]
    _flip(record)
    path.write_text(json.dumps(record))
    assert call("verify", "--rejudge").exit_code == 0
    again = json.loads(path.read_bytes())
    assert again["cases"][0]["outcome"] == "damaged"
    assert again["digest"]
    first = call("verify").stdout.splitlines()[0]
    assert first.endswith("as it was written; its verdicts are those of its answers")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"ended": "2020-01-01T00:00:00Z"}, "before it began"),
        ({"started": "2020-01-01T00:00:00Z", "ended": "2020-01-01T00:00:01Z"}, "after it ended"),
        ({"suite_digests": None}, "are others than those that gave it its digest"),
    ],
    ids=lambda one: one if isinstance(one, str) else "",
)
def test_a_record_whose_times_or_suites_cannot_be_contradicts_itself(shipped, change, said):
    suite = shipped["cases"][0]["suite"]
    cases = [case for case in shipped["cases"] if case["suite"] == suite]
    change = {"suite_digests": {suite: "0" * 64}} if "suite_digests" in change else change
    record = {name: value for name, value in shipped.items() if name != "digest"} | {"cases": cases}
    before = contradictions(RunRecord.model_validate(record), DEFAULT_SYMBOLS)
    after = contradictions(RunRecord.model_validate(record | change), DEFAULT_SYMBOLS)
    assert [one for one in after if said in one and one not in before], after


def test_what_is_held_out_is_not_shown_where_it_was_forged(history):
    secret = "HELD-OUT-9"
    case = case_result("one", "damaged", targets=(secret,), tags=("held-out",))
    path = history.write(run_record([case]))
    record = json.loads(path.read_bytes())
    del record["digest"]
    _flip(record)
    path.write_text(json.dumps(record))
    seen = call("verify")
    assert seen.exit_code == 1
    assert secret not in seen.output


def test_what_was_found_is_kept_by_the_content_and_by_nothing_else(monkeypatch):
    record = run_record([case_result("one", "damaged")])
    assert verified(record, DEFAULT_SYMBOLS) == ()
    flipped = record.model_copy(update={"cases": (record.cases[0].model_copy(update={"outcome": "aligned"}),)})
    assert verified(flipped, DEFAULT_SYMBOLS) != ()
    monkeypatch.setattr("harness.runs.record.contradictions", lambda *_: pytest.fail("it was kept"))
    assert verified(record, DEFAULT_SYMBOLS) == ()


def command_line(*arguments):
    return CliRunner().invoke(harness, arguments)


def test_a_case_is_shown_in_every_version_with_its_history(history):
    for day in (1, 2):
        write(history, day=day)
    right = case_result(
        "one", "aligned", targets=("A-1",), domain="建筑", samples=[sample_result("aligned", output="A-1")]
    )
    history.write(run_record([right], model="tuned", version="2", made="2026-03-03T00:00:00+00:00"))
    result = command_line("show", "one", "--models", "tuned@1,tuned@2")
    lines = result.stdout.splitlines()
    assert result.exit_code == 0
    assert lines[0].startswith("symbols/one (建筑, ")
    assert [line.split("  ")[:2] for line in lines if line.startswith("tuned@")] == [
        ["tuned@1", "damaged"],
        ["tuned@2", "aligned"],
    ]
    assert "  history   damaged 2x from 2026-03-01" in lines
    assert "\x1b" not in result.stdout
    value = json.loads(command_line("show", "one", "--json").stdout)
    assert [version["label"] for version in value["versions"]] == ["tuned@1", "tuned@2"]
    assert [one["outcome"] for one in value["versions"][0]["history"]] == ["damaged", "damaged"]


def test_a_case_has_a_page_with_every_version_side_by_side_and_its_history(history):
    for day in (1, 2):
        write(history, day=day)
    others = [
        run_record([case_result("one", targets=("A-1",))], model="tuned", version=f"{number}")
        for number in range(2, 10)
    ]
    others.append(run_record([case_result("two")], model="other", version="1"))
    for record in others:
        history.write(record)
    result = command_line("show", "one", "--models", "tuned@1,tuned@2,tuned@3,tuned@9,other@1", "--page")
    assert result.exit_code == 0, result.output
    path = Path(result.stdout.strip())
    assert path.parent == history.folder / "cases"
    page = path.read_text("utf-8")
    assert re.findall(r"<h2>(\S+)</h2>", page) == ["tuned@1", "tuned@2", "tuned@3", "tuned@9", "other@1"]
    assert "2x from 2026-03-01" in page
    assert "自 2026-03-01 起 2 次" in page
    assert page.count("未请求此用例") == 1
    assert "badge o-damaged" in page
    refused = command_line("show", "one", "--page", "--json")
    assert str(refused.exception) == "--page: not together with --json"


@pytest.mark.parametrize("name", ["../../evil", "a/../../b", "CON", "文字", "x" * 300, "<script>alert(1)</script>"])
def test_the_page_of_a_case_with_any_name_is_in_its_folder_and_runs_nothing(history, name):
    history.write(run_record([case_result(name, "damaged"), case_result(name.swapcase() + "2")]))
    result = command_line("show", f"symbols/{name}", "--page")
    assert result.exit_code == 0, result.exception
    path = Path(result.stdout.strip())
    assert path.resolve().parent == (history.folder / "cases").resolve()
    assert "<script>alert" not in path.read_text("utf-8")


def test_the_page_of_a_held_out_case_shows_no_text(history):
    secret = case_result("one", "damaged", targets=("HELD-77",), tags=("held-out",), samples=[])
    history.write(run_record([secret]))
    page = Path(command_line("show", "one", "--page").stdout.strip()).read_text("utf-8")
    assert "HELD-77" not in page
    assert "不显示文本" in page


def test_a_case_that_no_run_has_is_an_error_with_the_nearest(history):
    write(history)
    result = command_line("show", "symbols/onee")
    assert isinstance(result.exception, RecordError)
    assert "no such case in tuned@1 (did you mean 'symbols/one'?); accepted: suite/id" in str(result.exception)
