"""`harness dataset`, as it is typed: exit codes, output, errors."""

import json

import pytest

from harness.cli import run
from harness.finetune import train
from harness.finetune.train import EpochReport
from harness.history import History
from harness.records.run import SampleResult
from tests.factory import case_result, run_record
from tests.finetune.test_gguf_adapter import gguf_bytes


def line(question, answer):
    turns = [{"role": "user", "content": question}, {"role": "assistant", "content": answer}]
    return json.dumps({"messages": turns}, ensure_ascii=False) + "\n"


@pytest.fixture
def project(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "pyproject.toml").write_text(
        '[tool.harness.models.tuned]\nkind = "openai"\n[tool.harness.models.tuned.training]\n'
        'provider = "ark"\nlora_rank = 8\ntask_name = "v1"\n[tool.harness.models.plain]\nkind = "openai"\n'
    )
    suite = tmp_path / "suites" / "parts"
    suite.mkdir(parents=True)
    (suite / "suite.toml").write_text('title = "Parts"\n[defaults]\ntask = "qa"\nlanguage = "en"\ndomain = "cars"\n')
    case = {"id": "a", "prompt": "Name the part in lane two: LM-9.", "targets": ["LM-9"]}
    (suite / "cars.jsonl").write_text(json.dumps(case) + "\n")
    (tmp_path / "set.jsonl").write_text("".join(line(f"Part {i}? KJ-{i}.", f"KJ-{i}") for i in range(20)))
    return tmp_path


def store(project, *cases):
    History(project / "reports").write(run_record(cases, version="1", run_id="r1", mode="replay"))


def case(key, output, outcome):
    answer = SampleResult(sample=0, outcome=outcome, output=output)
    return case_result(
        key, outcome, targets=("LM-9",), prompt=f"Name {key}: LM-9.", samples=[answer],
        suite="parts", domain="cars", language="en", task="qa",
    )  # fmt: skip


def test_a_good_file_is_valid(project, capsys):
    assert run(["dataset", "validate", "set.jsonl", "--provider", "siliconflow"]) == 0
    assert "20 samples, 0 problems for siliconflow" in capsys.readouterr().err


def test_problems_go_to_standard_output_with_file_and_line(project, capsys):
    with (project / "set.jsonl").open("a") as file:
        file.write(line("Is it the LM-9?", "The LM - 9."))
    assert run(["dataset", "validate", "set.jsonl"]) == 1
    out = capsys.readouterr().out.splitlines()
    assert out[0].startswith("set.jsonl:21: messages[1].content: gold answer is spaced")
    assert out[1].startswith("set.jsonl:21: the tested string 'LM-9' is here")


def test_problems_as_json(project, capsys):
    (project / "set.jsonl").write_text("nope\n")
    assert run(["dataset", "validate", "set.jsonl", "--json"]) == 1
    report = json.loads(capsys.readouterr().out)
    assert report["samples"] == 0
    assert report["problems"][0]["line"] == 1


def test_a_file_that_is_not_there_is_a_usage_error(project, capsys):
    assert run(["dataset", "validate", "none.jsonl"]) == 3
    assert "no such file" in capsys.readouterr().err


def test_split_writes_two_files(project, capsys):
    assert run(["dataset", "split", "set.jsonl", "--validation", "0.1"]) == 0
    assert len((project / "set.train.jsonl").read_text().splitlines()) == 18
    assert len((project / "set.validation.jsonl").read_text().splitlines()) == 2
    assert "SHA-256" in capsys.readouterr().out


def test_split_as_json(project, capsys):
    assert run(["dataset", "split", "set.jsonl", "--validation", "0.1", "--json"]) == 0
    told = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(one["file"], one["samples"]) for one in told] == [("set.train.jsonl", 18), ("set.validation.jsonl", 2)]


def test_mix_warns_outside_the_advised_share(project, capsys):
    (project / "general.jsonl").write_text("".join(line(f"What is {i} plus 1?", str(i + 1)) for i in range(9)))
    assert run(["dataset", "mix", "set.jsonl", "--general", "general.jsonl", "--share", "0.1", "--out", "m.jsonl"]) == 0
    assert len((project / "m.jsonl").read_text().splitlines()) == 22
    assert "outside the advised" in capsys.readouterr().err


def test_a_place_that_cannot_be_written_is_a_usage_error(project, capsys):
    assert run(["dataset", "split", "set.jsonl", "--out", "pyproject.toml/deep"]) == 3
    assert "cannot be written" in capsys.readouterr().err


def test_stats_say_what_the_set_is_made_of(project, capsys):
    assert run(["dataset", "stats", "set.jsonl", "--json"]) == 0
    figures = json.loads(capsys.readouterr().out)
    assert (figures["samples"], figures["languages"], figures["symbols"]) == (20, {"en": 20}, {"-": 20})
    assert run(["dataset", "stats", "set.jsonl"]) == 0
    assert "languages          en 20" in capsys.readouterr().out


def test_bad_cases_become_samples_that_validate_although_they_are_tested(project, capsys):
    store(project, case("a", "It is LM - 9.", "damaged"), case("b", "LM-9", "aligned"))
    assert run(["dataset", "badcases", "tuned", "--mend", "--domain", "Cars", "--out", "bad.jsonl"]) == 0
    sample = json.loads((project / "bad.jsonl").read_text())
    assert sample["messages"][-1] == {"role": "assistant", "content": "It is LM-9."}
    # b is aligned, but its string is the one that a was damaged in: it is trained now, too
    assert json.loads((project / "bad.origin.json").read_text())["cases"] == ["parts/a", "parts/b"]
    assert run(["dataset", "validate", "bad.jsonl"]) == 0


def test_gold_comes_from_the_right_answers_beside_the_case_and_is_valid(project, capsys):
    from harness.suite import load_suite

    [tested] = load_suite(project / "suites" / "parts")
    (project / "suites" / "parts" / "suite.toml").write_text(
        'title = "Parts"\ncontamination = "test data"\n[defaults]\ntask = "qa"\nlanguage = "en"\ndomain = "cars"\n'
    )
    answers = {"contamination": "test data", "answers": {"a": ["It is the LM-9."]}}
    (project / "suites" / "parts" / "cars.answers.json").write_text(json.dumps(answers))
    damaged = case("a", "LM - 9", "damaged").model_copy(update={"digest": tested.digest, "messages": tested.messages})
    store(project, damaged)
    assert run(["dataset", "badcases", "tuned", "--out", "bad.jsonl"]) == 0
    assert json.loads((project / "bad.jsonl").read_text())["messages"][-1]["content"] == "It is the LM-9."
    assert run(["dataset", "validate", "bad.jsonl", "--epochs", "3", "--price", "50"]) == 0
    said = capsys.readouterr().err
    assert "x 3 epochs = " in said
    assert "at 50 a million" in said
    store(project, damaged.model_copy(update={"digest": "the case has changed since"}))
    assert run(["dataset", "badcases", "tuned", "--out", "none.jsonl"]) == 1
    assert not (project / "none.jsonl").exists()


def test_a_run_without_damage_gives_no_bad_cases(project, capsys):
    store(project, case("b", "LM-9", "aligned"))
    assert run(["dataset", "badcases", "tuned", "--out", "bad.jsonl"]) == 1
    assert not (project / "bad.jsonl").exists()


def test_build_joins_templates_right_answers_and_bad_cases_once_each(project, capsys):
    store(project, case("a", "It is LM - 9.", "damaged"), case("b", "LM-9", "aligned"))
    assert run(["dataset", "badcases", "tuned", "--mend", "--out", "bad.jsonl"]) == 0
    template = {"domain": "law", "prompt": "Cite {string}.", "answer": "{string}", "strings": ["A/1", "A/2"]}
    (project / "t.jsonl").write_text(json.dumps(template) + "\n")
    sources = ["--templates", "t.jsonl", "--run", "tuned", "--badcases", "bad.jsonl", "--badcases", "bad.jsonl"]
    assert run(["dataset", "build", *sources, "--out", "all.jsonl"]) == 0
    assert len((project / "all.jsonl").read_text().splitlines()) == 4
    origin = json.loads((project / "all.origin.json").read_text())
    assert (origin["cases"], origin["runs"], sorted(origin["domains"])) == (
        ["parts/a", "parts/b"],
        ["r1"],
        ["cars", "law"],
    )


def test_build_from_nothing_is_a_usage_error(project, capsys):
    assert run(["dataset", "build", "--out", "all.jsonl"]) == 3
    assert "nothing to build from" in capsys.readouterr().err


def test_a_configured_recipe_is_held_against_its_provider(project, capsys):
    assert run(["dataset", "recipe", "--check", "tuned"]) == 1
    assert "tuned: lora_rank: found 8; ark accepts: 32 or 64" in capsys.readouterr().out
    assert run(["dataset", "recipe", "--check", "tuned", "--provider", "siliconflow"]) == 0


def test_a_recipe_file_with_an_unknown_field_is_told_with_the_nearest(project, capsys):
    (project / "r.toml").write_text("epoch = 3\n")
    assert run(["dataset", "recipe", "--check", "r.toml"]) == 3
    assert "epoch: unknown field (did you mean 'epochs'?)" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [[], ["--check", "tuned", "--samples", "3"], ["--check", "plain"]])
def test_a_recipe_needs_one_question(project, capsys, arguments):
    assert run(["dataset", "recipe", *arguments]) == 3


def test_starting_values_show_their_reasons_and_conflicts(project, capsys):
    assert run(["dataset", "recipe", "--samples", "42", "--provider", "ark"]) == 0
    out = " ".join(capsys.readouterr().out.split())
    assert "3e-5 if the loss oscillates" in out
    assert "but: a general guide: 1e-4 to 2e-4" in out
    assert "classification 1,000 to 3,000" in out
    assert run(["dataset", "recipe", "--samples", "42", "--provider", "ark", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)[0]["field"] == "epochs"


def epoch(number, training, validation, aligned, checkpoint):
    losses = {"training_loss": training, "validation_loss": validation}
    return {"epoch": number, **losses, "aligned": aligned, "judged": 4, "checkpoint": checkpoint}


EPOCHS = {
    "epochs": [
        epoch(0, None, 2.0, 0, None),
        epoch(1, 0.9, 0.8, 3, "x-epoch1.gguf"),
        epoch(2, 0.4, 0.7, 3, "x-epoch2.gguf"),
        epoch(3, 0.2, 0.9, 3, "x.gguf"),
    ]
}


def test_the_checkpoint_with_the_most_aligned_and_then_the_lowest_loss_is_kept(project, capsys):
    (project / "x.training.json").write_text(json.dumps(EPOCHS))
    assert run(["dataset", "checkpoints", "x.training.json"]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "keep: x-epoch2.gguf"


def test_recorded_runs_decide_and_the_earliest_that_is_not_clearly_worse_is_kept(project, capsys):
    (project / "x.training.json").write_text(json.dumps(EPOCHS))
    aligned = {"e1": 10, "e2": 39, "e3": 40}
    for version, right in aligned.items():
        cases = [
            case(f"c{i}", "LM-9" if i < right else "LM - 9", "aligned" if i < right else "damaged") for i in range(40)
        ]
        History(project / "reports").write(run_record(cases, version=version, run_id=version, mode="replay"))
    assert run(["dataset", "checkpoints", "x.training.json", "tuned@e1", "tuned@e2", "tuned@e3"]) == 0
    out = capsys.readouterr().out
    assert "aligned 10 of 40" in out
    assert "clearly worse" in out
    assert out.splitlines()[-1] == "keep: tuned@e2"


@pytest.mark.parametrize("content", ["", "[]", '{"epochs": [{"epoch": "1"}]}', "\x00"])
def test_what_is_not_a_training_report_is_a_usage_error(project, capsys, content):
    (project / "x.training.json").write_text(content)
    assert run(["dataset", "checkpoints", "x.training.json"]) == 3
    assert "x.training.json" in capsys.readouterr().err


def tale(key, output, *, passed=True, tag="long-prompt", word="失眠"):
    checks = [{"check": "not_contains", "passed": passed, "detail": ""}]
    answer = SampleResult(sample=0, outcome="passed" if passed else "failed", output=output, checks=checks)
    messages = ({"role": "system", "content": "a long prompt " * 40}, {"role": "user", "content": word})
    return case_result(
        key, answer.outcome, targets=(), samples=[answer], suite="tales", domain="home", tags=(tag,), messages=messages
    )


def test_what_passed_under_a_long_prompt_is_learnt_under_a_short_one(project, capsys):
    store(
        project,
        tale("a", '{"title": "夜"}'),
        tale("b", '{"title": "门"}', passed=False, word="钥匙"),
        tale("c", '{"title": "雨"}', tag="short-prompt", word="雨伞"),
        tale("d", '{"title": "又一夜"}'),
    )
    distill = ["dataset", "distill", "tuned", "--tag", "long-prompt", "--out", "style.jsonl"]
    assert run([*distill, "--system", "写新说"]) == 0
    [sample] = map(json.loads, (project / "style.jsonl").read_text("utf-8").splitlines())
    assert [turn["content"] for turn in sample["messages"]] == ["写新说", "失眠", '{"title": "夜"}']
    said = capsys.readouterr().err
    assert "skipped tales/b: failed: not_contains" in said
    assert "skipped tales/d: the same prompt as another case" in said
    assert json.loads((project / "style.origin.json").read_text())["cases"] == ["tales/a", "tales/d"]
    assert run(distill) == 0
    assert len(json.loads((project / "style.jsonl").read_text("utf-8"))["messages"]) == 2
    assert run([*distill[:3], "--tag", "longprompt", "--out", "x.jsonl"]) == 3
    assert "did you mean 'long-prompt'" in capsys.readouterr().err


# `harness train`, as it is typed. The loop is replaced but for one test, which needs torch and the weights.


def training_line(i):
    turns = [{"role": "user", "content": f"Part {i}? KJ-{i}."}, {"role": "assistant", "content": f"KJ-{i}"}]
    return json.dumps({"messages": turns}) + "\n"


@pytest.fixture
def training_project(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "w.gguf").write_bytes(gguf_bytes("llama", {"token_embd.weight": (64, 100)}))
    (tmp_path / "set.jsonl").write_text("".join(map(training_line, range(20))))
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


def test_it_writes_adapter_recipe_and_plot_and_tells_the_digest(training_project, jobs, capsys):
    assert run(["train", "set.jsonl", "--out", "x.gguf", "--weights", "w.gguf", "--epochs", "2"]) == 0
    captured = capsys.readouterr()
    assert "x.gguf  7 bytes  SHA-256 " in captured.out
    assert "overfitting: since epoch 1" in captured.err
    assert "before  validation loss 2.0000  aligned 0 of 2" in captured.err
    assert "validation  2   1.5000" in captured.err
    report = json.loads((training_project / "x.training.json").read_text())
    assert report["recipe"]["output_digest"] in captured.out
    assert [epoch["alignment"] for epoch in report["epochs"]] == [0.0, 0.5, 1.0]


def test_a_tenth_of_the_samples_is_held_out_unless_told_otherwise(training_project, jobs):
    (training_project / "held.jsonl").write_text(training_line(77))
    for validation in ([], ["--validation", "0"], ["--validation", "held.jsonl"]):
        assert run(["train", "set.jsonl", "--out", "x.gguf", "--weights", "w.gguf", *validation]) == 0
    assert [(len(job.training), len(job.validation)) for job, _ in jobs] == [(18, 2), (20, 0), (20, 1)]


def test_adapters_below_are_given_in_order(training_project, jobs):
    for name in "ab":
        (training_project / f"{name}.gguf").write_bytes(gguf_bytes("llama", {}, kind="adapter"))
    assert (
        run(["train", "set.jsonl", "--out", "x.gguf", "--weights", "w.gguf", "--on", "a.gguf", "--on", "b.gguf"]) == 0
    )
    assert [path.name for path in jobs[0][0].on] == ["a.gguf", "b.gguf"]


def test_json_gives_recipe_and_epochs(training_project, jobs, capsys):
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
def test_a_wrong_argument_is_a_usage_error(training_project, jobs, capsys, arguments, expected):
    assert run(["train", "set.jsonl", *arguments]) == 3
    assert expected in capsys.readouterr().err
    assert not jobs


def test_progress_is_told_where_there_is_no_terminal(training_project, jobs, capsys, monkeypatch):
    monkeypatch.setattr("harness.cli.train._PAUSE_S", 0.0)
    assert run(["train", "set.jsonl", "--out", "x.gguf", "--weights", "w.gguf"]) == 0
    said = capsys.readouterr().err
    assert "w.gguf: needs about 0.8 GB of memory" in said
    assert "loading the weights\n" in said
    assert "step 1 of 3, loss 1.000\n" in said
    assert "step 2 of 3, loss 1.000, 0 s left\n" in said
    assert "step 3 of 3, loss 1.000\n" in said


def test_a_training_that_would_not_fit_into_memory_is_refused_with_both_figures(
    training_project, jobs, capsys, monkeypatch
):
    monkeypatch.setattr(train, "memory_available", lambda: 10**8)
    assert run(["train", "set.jsonl", "--out", "x.gguf", "--weights", "w.gguf"]) == 3
    said = capsys.readouterr().err
    assert "needs about 0.8 GB of memory, 0.1 GB are available" in said
    assert "--low-memory" not in said  # what needs memory is the program itself
    assert not jobs


def test_fewer_matrices_are_adapted_on_request_and_kept_in_the_recipe(training_project, jobs, capsys):
    arguments = ["train", "set.jsonl", "--out", "x.gguf", "--weights", "w.gguf"]
    assert run([*arguments, "--modules", "o_proj, v_proj"]) == 0
    assert jobs[0][1].modules == ("self_attn.v_proj", "self_attn.o_proj")
    assert json.loads((training_project / "x.training.json").read_text())["recipe"]["modules"] == list(
        jobs[0][1].modules
    )
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
    training_project, jobs, capsys, weights, adapter, expected
):
    def content(which):
        return which if isinstance(which, bytes) else gguf_bytes(which[0], {}, kind=which[1])

    (training_project / "w.gguf").write_bytes(content(weights))
    on = []
    if adapter is not None:
        (training_project / "a.gguf").write_bytes(content(adapter))
        on = ["--on", "a.gguf"]
    assert run(["train", "set.jsonl", "--out", "x.gguf", "--weights", "w.gguf", *on]) == 3
    assert expected in capsys.readouterr().err
    assert not jobs
