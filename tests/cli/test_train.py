"""`harness train`, as it is typed. The loop is replaced but for one test, which needs torch and the weights."""

import json

import pytest

from harness.cli import run
from harness.finetune import train
from harness.finetune.train import EpochReport


def line(i):
    turns = [{"role": "user", "content": f"Part {i}? KJ-{i}."}, {"role": "assistant", "content": f"KJ-{i}"}]
    return json.dumps({"messages": turns}) + "\n"


@pytest.fixture
def project(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "w.gguf").write_bytes(b"GGUF")
    (tmp_path / "set.jsonl").write_text("".join(map(line, range(20))))
    return tmp_path


@pytest.fixture
def jobs(monkeypatch):
    """The jobs that the command made; the loop only writes a file and reports two epochs."""
    made = []

    def run_job(job, settings, *, on_step):
        made.append((job, settings))
        yield EpochReport(0, None, 2.0, 0, 2)
        on_step(1, 2, 1.0)
        yield EpochReport(1, 0.9, 1.0, 1, 2)
        job.out.write_bytes(b"adapter")
        yield EpochReport(2, 0.2, 1.5, 2, 2, job.out)

    monkeypatch.setattr(train, "run", run_job)
    return made


def test_it_writes_adapter_recipe_and_plot_and_tells_the_digest(project, jobs, capsys):
    assert run(["train", "set.jsonl", "--out", "x.gguf", "--weights", "w.gguf", "--epochs", "2"]) == 0
    captured = capsys.readouterr()
    assert "x.gguf  7 bytes  SHA-256 " in captured.out
    assert "overfitting: since epoch 1" in captured.err
    assert "before  validation loss 2.0000  aligned 0 of 2" in captured.err
    assert "validation  2   1.5000" in captured.err
    report = json.loads((project / "x.training.json").read_text())
    assert report["recipe"]["output_digest"] in captured.out
    assert [epoch["alignment"] for epoch in report["epochs"]] == [0.0, 0.5, 1.0]


def test_a_tenth_of_the_samples_is_held_out_unless_told_otherwise(project, jobs):
    (project / "held.jsonl").write_text(line(77))
    for validation in ([], ["--validation", "0"], ["--validation", "held.jsonl"]):
        assert run(["train", "set.jsonl", "--out", "x.gguf", "--weights", "w.gguf", *validation]) == 0
    assert [(len(job.training), len(job.validation)) for job, _ in jobs] == [(18, 2), (20, 0), (20, 1)]


def test_adapters_below_are_given_in_order(project, jobs):
    (project / "a.gguf").touch()
    assert (
        run(["train", "set.jsonl", "--out", "x.gguf", "--weights", "w.gguf", "--on", "a.gguf", "--on", "b.gguf"]) == 0
    )
    assert [path.name for path in jobs[0][0].on] == ["a.gguf", "b.gguf"]


def test_json_gives_recipe_and_epochs(project, jobs, capsys):
    assert run(["train", "set.jsonl", "--out", "x.gguf", "--weights", "w.gguf", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["recipe"]["samples"] == 18


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["--out", "x.bin", "--weights", "w.gguf"], "accepted: a name that ends with .gguf"),
        (["--out", "x.gguf", "--weights", "smol"], "unknown 'smol'"),
        (["--out", "set.jsonl/x.gguf", "--weights", "w.gguf"], "cannot be written"),
        (["--out", "x.gguf", "--weights", "w.gguf", "--validation", "none.jsonl"], "none.jsonl: cannot be read"),
        (["--out", "x.gguf", "--weights", "w.gguf", "--learning-rate", "2"], "0<x<=0.1"),
    ],
)
def test_a_wrong_argument_is_a_usage_error(project, jobs, capsys, arguments, expected):
    assert run(["train", "set.jsonl", *arguments]) == 3
    assert expected in capsys.readouterr().err
    assert not jobs
