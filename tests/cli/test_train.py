"""`harness train`, as it is typed. The loop is replaced but for one test, which needs torch and the weights."""

import json

import pytest

from harness.cli import run
from harness.finetune import train
from harness.finetune.train import EpochReport
from tests.finetune.test_gguf_adapter import gguf_bytes


def line(i):
    turns = [{"role": "user", "content": f"Part {i}? KJ-{i}."}, {"role": "assistant", "content": f"KJ-{i}"}]
    return json.dumps({"messages": turns}) + "\n"


@pytest.fixture
def project(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "w.gguf").write_bytes(gguf_bytes("llama", {"token_embd.weight": (64, 100)}))
    (tmp_path / "set.jsonl").write_text("".join(map(line, range(20))))
    return tmp_path


@pytest.fixture
def jobs(monkeypatch):
    """The jobs that the command made; the loop only writes a file and reports two epochs."""
    made = []

    def run_job(job, settings, *, on_step):
        made.append((job, settings))
        yield EpochReport(0, None, 2.0, 0, 2)
        for step in (1, 2, 3):
            on_step(step, 3, 1.0)
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
    for name in "ab":
        (project / f"{name}.gguf").write_bytes(gguf_bytes("llama", {}, kind="adapter"))
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


def test_progress_is_told_where_there_is_no_terminal(project, jobs, capsys, monkeypatch):
    monkeypatch.setattr("harness.cli.train._PAUSE_S", 0.0)
    assert run(["train", "set.jsonl", "--out", "x.gguf", "--weights", "w.gguf"]) == 0
    said = capsys.readouterr().err
    assert "w.gguf: needs about 0.8 GB of memory" in said
    assert "loading the weights\n" in said
    assert "step 1 of 3, loss 1.000\n" in said
    assert "step 2 of 3, loss 1.000, 0 s left\n" in said
    assert "step 3 of 3, loss 1.000\n" in said


def test_a_training_that_would_not_fit_into_memory_is_refused_with_both_figures(project, jobs, capsys, monkeypatch):
    monkeypatch.setattr(train, "memory_available", lambda: 10**8)
    assert run(["train", "set.jsonl", "--out", "x.gguf", "--weights", "w.gguf"]) == 3
    said = capsys.readouterr().err
    assert "needs about 0.8 GB of memory, 0.1 GB are available" in said
    assert "--low-memory" not in said  # what needs memory is the program itself
    assert not jobs


def test_fewer_matrices_are_adapted_on_request_and_kept_in_the_recipe(project, jobs, capsys):
    arguments = ["train", "set.jsonl", "--out", "x.gguf", "--weights", "w.gguf"]
    assert run([*arguments, "--modules", "o_proj, v_proj"]) == 0
    assert jobs[0][1].modules == ("self_attn.v_proj", "self_attn.o_proj")
    assert json.loads((project / "x.training.json").read_text())["recipe"]["modules"] == list(jobs[0][1].modules)
    assert run([*arguments, "--modules", "q_proj"]) == 3
    assert "did you mean" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("weights", "adapter", "expected"),
    [
        (("gemma3", "model"), None, "found weights of the architecture 'gemma3'; accepted: llama, qwen2"),
        (("llama", "adapter"), None, "an adapter, not weights; give it with --on"),
        (("qwen2", "model"), ("llama", "adapter"), "an adapter for the architecture 'llama'; w.gguf has 'qwen2'"),
        (("qwen2", "model"), ("qwen2", "model"), "accepted by --on: an adapter"),
        (("qwen2", "model"), b"GGUF", "a.gguf: not a GGUF file, or one that was cut"),
    ],
)
def test_weights_or_adapters_that_do_not_fit_are_refused_before_they_are_loaded(  # noqa: PLR0917 - three are fixtures
    project, jobs, capsys, weights, adapter, expected
):
    def content(which):
        return which if isinstance(which, bytes) else gguf_bytes(which[0], {}, kind=which[1])

    (project / "w.gguf").write_bytes(content(weights))
    on = []
    if adapter is not None:
        (project / "a.gguf").write_bytes(content(adapter))
        on = ["--on", "a.gguf"]
    assert run(["train", "set.jsonl", "--out", "x.gguf", "--weights", "w.gguf", *on]) == 3
    assert expected in capsys.readouterr().err
    assert not jobs
