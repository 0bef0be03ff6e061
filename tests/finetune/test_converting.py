"""Training sets in other trainers' forms: nothing is lost on the way, and what cannot be held is listed."""

from __future__ import annotations

import ast
import json
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.cli import run
from harness.errors import HarnessError
from harness.finetune.convert import KINDS, convert

TOOL = {"type": "function", "function": {"name": "find", "parameters": {"type": "object"}}}
PLAIN = {
    "messages": [
        {"role": "system", "content": "简短回答。"},
        {"role": "user", "content": "Say A-1."},
        {"role": "assistant", "content": "A-1"},
        {"role": "user", "content": "And 水吧台/岛台?"},
        {"role": "assistant", "content": "水吧台/岛台"},
    ]
}


def calling(text: str = "", arguments: str = '{"path": "/data/图-1"}') -> dict[str, Any]:
    call = {"id": "c7", "type": "function", "function": {"name": "find", "arguments": arguments}}
    return {
        "messages": [
            {"role": "user", "content": "Find /data/图-1."},
            {"role": "assistant", "content": text, "tool_calls": [call]},
            {"role": "tool", "content": "found", "tool_call_id": "c7"},
            {"role": "assistant", "content": "/data/图-1 is there."},
        ],
        "tools": [TOOL],
    }


def with_turn(**more: Any) -> dict[str, Any]:
    """Two answers, the first with more fields."""
    first, second, *rest = PLAIN["messages"][1:]
    return {"messages": [first, {**second, **more}, *rest]}


def written(path: Path, *samples: Any) -> Path:
    path.write_text("".join(json.dumps(one, ensure_ascii=False) + "\n" for one in samples), encoding="utf-8")
    return path


@pytest.mark.parametrize("target", KINDS)
@pytest.mark.parametrize("sample", [PLAIN, calling()], ids=["plain", "tools"])
def test_there_and_back_gives_the_same_samples(target: str, sample: dict[str, Any], tmp_path: Path) -> None:
    there = convert(written(tmp_path / "chat.jsonl", sample), "chat", target)
    if target == "alpaca" and "tools" in sample:
        assert "alpaca has no tools" in there.left_out[0][1]
        return
    assert there.left_out == ()
    back = convert(written(tmp_path / "there.jsonl", *there.values), target, "chat")
    (value,) = back.values
    said = [(one["role"], one["content"]) for one in value["messages"]]
    assert said == [(one["role"], one["content"]) for one in sample["messages"]]
    assert value.get("tools") == sample.get("tools")
    if "tools" in sample:
        (call,) = value["messages"][1]["tool_calls"]
        assert json.loads(call["function"]["arguments"]) == {"path": "/data/图-1"}
        assert call["id"] == value["messages"][2]["tool_call_id"]


OLDER = {
    "messages": [
        {"role": "developer", "content": "Be brief."},
        {"role": "user", "content": [{"type": "text", "text": "Find /data/图-1."}]},
        {
            "role": "assistant",
            "content": None,
            "function_call": {"name": "find", "arguments": '{"path": "/data/图-1"}'},
        },
        {"role": "function", "name": "find", "content": "found"},
        {"role": "assistant", "content": "/data/图-1 is there."},
    ],
    "functions": [TOOL["function"]],
}
IMAGE = {"type": "image_url", "image_url": {"url": "data:image/png;base64,x"}}


@pytest.mark.parametrize("target", ["chat", "sharegpt", "ms-swift", "llama-factory"])
def test_older_forms_of_chat_messages_are_read(target: str, tmp_path: Path) -> None:
    made = convert(written(tmp_path / "a.jsonl", OLDER), "chat", target)
    assert not made.left_out
    (back,) = convert(written(tmp_path / "b.jsonl", *made.values), target, "chat").values
    turns = back["messages"]
    assert [turn["role"] for turn in turns] == ["system", "user", "assistant", "tool", "assistant"]
    assert turns[1]["content"] == "Find /data/图-1."
    (call,) = turns[2]["tool_calls"]
    assert (call["id"], call["function"]["name"]) == (turns[3]["tool_call_id"], "find")
    assert back["tools"] == [TOOL]


def test_weights_and_names_of_openai_s_form_are_kept_or_said_to_be_lost(tmp_path: Path) -> None:
    file = written(tmp_path / "a.jsonl", with_turn(weight=0))
    assert convert(file, "chat", "chat").values[0]["messages"][1]["weight"] == 0
    assert convert(file, "chat", "ms-swift").values[0]["messages"][1]["loss"] is False
    named = with_turn(name="bob")
    assert convert(written(tmp_path / "b.jsonl", named), "chat", "chat").values[0]["messages"][1]["name"] == "bob"
    ((_, reason),) = convert(tmp_path / "b.jsonl", "chat", "sharegpt").left_out
    assert "cannot hold all of it" in reason
    seen = {"messages": [{"role": "user", "content": [{"type": "text", "text": "x"}, IMAGE]}, PLAIN["messages"][2]]}
    ((_, reason),) = convert(written(tmp_path / "c.jsonl", seen), "chat", "chat").left_out
    assert "holds more than text, such as an image" in reason


@pytest.mark.parametrize(("weight", "field"), [(0, {"loss": False}), (0.5, {"loss_scale": 0.5})])
def test_the_weight_of_a_turn_goes_to_ms_swift_and_back(weight: float, field: dict[str, Any], tmp_path: Path) -> None:
    there = convert(written(tmp_path / "chat.jsonl", with_turn(loss_weight=weight)), "chat", "ms-swift")
    assert there.values[0]["messages"][1] == {"role": "assistant", "content": "A-1", **field}
    back = convert(written(tmp_path / "there.jsonl", *there.values), "ms-swift", "chat")
    assert [one.get("loss_weight") for one in back.values[0]["messages"]] == [None, weight, None, None]


_TEXT = st.text(st.characters(codec="utf-8"), min_size=1, max_size=30).filter(str.strip)


@given(st.lists(st.tuples(_TEXT, _TEXT), min_size=1, max_size=3), st.sampled_from(KINDS))
def test_any_text_comes_back(turns: list[tuple[str, str]], target: str) -> None:
    from tempfile import TemporaryDirectory

    messages = [
        {"role": role, "content": text}
        for pair in turns
        for role, text in zip(("user", "assistant"), pair, strict=True)
    ]
    with TemporaryDirectory() as folder:
        there = convert(written(Path(folder) / "a.jsonl", {"messages": messages}), "chat", target)
        if there.left_out:  # the gold answer of the drawn text damages a string of its question
            return
        back = convert(written(Path(folder) / "b.jsonl", *there.values), target, "chat")
    assert [one["content"] for one in back.values[0]["messages"]] == [one["content"] for one in messages]


DAMAGED = [
    {"role": "user", "content": "Open /data/图-1/a."},
    {"role": "assistant", "content": "/data/图 - 1/a is open."},
]
NO_CALL = [{"from": "human", "value": "x"}, {"from": "function_call", "value": "no"}]


@pytest.mark.parametrize(
    ("source", "sample", "target", "reason"),
    [
        ("chat", {"messages": DAMAGED}, "alpaca", "图"),
        ("chat", calling("I look."), "llama-factory", "a text beside a tool call"),
        ("chat", with_turn(loss_weight=0.5), "llama-factory", "a turn with a weight of its loss"),
        ("chat", with_turn(loss_weight=0), "alpaca", "a turn with a weight of its loss"),
        ("chat", with_turn(reasoning_content="Hm."), "ms-swift", "reasoning, which ms-swift has no field for"),
        (
            "chat",
            calling(arguments='{"path": "/data/图-1", "n": 1e400}'),
            "sharegpt",
            "a number that is not one of JSON",
        ),
        ("chat", calling(arguments="{broken"), "ms-swift", "arguments"),
        ("sharegpt", {"conversations": [{"from": "robot", "value": "x"}]}, "chat", "role 'robot'"),
        ("sharegpt", {"conversations": NO_CALL}, "chat", "a tool call"),
        ("alpaca", {"instruction": "x"}, "chat", "no instruction and output"),
        ("alpaca", {"instruction": "x", "output": "y", "history": ["x"]}, "chat", "pairs of question and answer"),
        ("chat", [1], "chat", "one object a sample"),
    ],
)
def test_a_sample_that_is_wrong_or_does_not_fit_is_left_out(
    source: str, sample: Any, target: str, reason: str, tmp_path: Path
) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text(json.dumps([sample], ensure_ascii=False), "utf-8")
    result = convert(path, source, target)
    assert result.values == ()
    assert reason in result.left_out[0][1]


def test_two_texts_and_calls_of_one_answer_stay_one_answer_for_swift(tmp_path: Path) -> None:
    sample = calling("I look.")
    sample["messages"][1]["tool_calls"].append(
        {"id": "c8", "type": "function", "function": {"name": "find", "arguments": "{}"}}
    )
    sample["messages"].insert(3, {"role": "tool", "content": "nothing", "tool_call_id": "c8"})
    result = convert(written(tmp_path / "a.jsonl", sample), "chat", "ms-swift")
    assert result.left_out == ()
    assert [one["role"] for one in result.values[0]["messages"]] == [
        "user", "assistant", "tool_call", "tool_call", "tool_response", "tool_response", "assistant"
    ]  # fmt: skip


def test_the_files_of_a_trainer_are_written_together_and_never_over_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    import yaml

    monkeypatch.chdir(tmp_path)
    written(tmp_path / "a.jsonl", PLAIN, calling(), calling("I look."))
    to = ["dataset", "convert", "a.jsonl", "--from", "chat", "--base", "Qwen/Qwen3-4B", "--to"]
    assert run([*to, "llama-factory", "--out", "lf/set.json"]) == 1
    assert "line 3: left out: a text beside a tool call" in capsys.readouterr().out
    settings = yaml.safe_load((tmp_path / "lf/set.llama-factory.yaml").read_text("utf-8"))
    assert settings["dataset"] == "set"
    assert settings["template"] == "qwen3"
    assert isinstance(settings["learning_rate"], float)
    info = json.loads((tmp_path / "lf/dataset_info.json").read_text("utf-8"))
    assert info["set"]["file_name"] == "set.json"
    rows = json.loads((tmp_path / "lf/set.json").read_text("utf-8"))
    assert len(rows) == 2
    # its loader takes no column that no sample has
    assert set(info["set"]["columns"].values()) == {name for row in rows for name in row}
    assert run([*to, "llama-factory", "--out", "lf/set.json"]) == 3
    assert "nothing is overwritten" in capsys.readouterr().err
    assert run([*to, "ms-swift", "--out", "sw/set.jsonl"]) == 0
    settings = yaml.safe_load((tmp_path / "sw/set.ms-swift.yaml").read_text("utf-8"))
    assert settings["dataset"] == ["set.jsonl"]
    assert settings["tuner_type"] == "lora"
    # three samples of a batch of four, four epochs: a tenth of four steps; transformers 5 has no warmup_ratio
    assert (settings["warmup_steps"], settings["gradient_accumulation_steps"]) == (1, 1)
    assert "warmup_ratio" not in settings


def test_a_base_whose_template_is_unknown_asks_for_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    written(tmp_path / "a.jsonl", PLAIN)
    to = ["dataset", "convert", "a.jsonl", "--from", "chat", "--to", "llama-factory", "--out", "x.json"]
    assert run([*to, "--base", "my/own"]) == 3
    assert not (tmp_path / "x.json").exists()
    assert run([*to, "--base", "my/own", "--template", "llama3"]) == 0


def test_a_file_that_is_none_is_said_to_be_none(tmp_path: Path) -> None:
    for content, said in (
        (b"", "no sample"),
        (b"{broken\n", "not JSON"),
        (b"[1,", "not JSON"),
        (b"\xff\xfe\xff", "read"),
    ):
        (tmp_path / "a.jsonl").write_bytes(content)
        with pytest.raises(HarnessError, match=said):
            convert(tmp_path / "a.jsonl", "chat", "chat")


def names_of_fields(package: str, folder: str) -> set[str]:
    """Annotated names in the sources of an installed trainer: importing its arguments needs torch."""
    spec = find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        pytest.skip(f"{package} is not installed")
    files = (Path(spec.submodule_search_locations[0]) / folder).rglob("*.py")
    nodes = [node for path in files for node in ast.walk(ast.parse(path.read_text("utf-8")))]
    return {node.target.id for node in nodes if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name)}


OF_TRANSFORMERS = {
    *("do_train", "output_dir", "per_device_train_batch_size", "learning_rate", "num_train_epochs", "warmup_steps"),
    "gradient_accumulation_steps",
    *("seed", "lr_scheduler_type", "save_strategy"),
}


@pytest.mark.parametrize(
    ("target", "package", "folder"), [("llama-factory", "llamafactory", "hparams"), ("ms-swift", "swift", "arguments")]
)
def test_every_setting_of_the_training_yaml_is_one_of_the_trainer(
    target: str, package: str, folder: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import yaml

    known = names_of_fields(package, folder)
    monkeypatch.chdir(tmp_path)
    written(tmp_path / "a.jsonl", PLAIN)
    to = ["dataset", "convert", "a.jsonl", "--from", "chat", "--to", target, "--base", "Qwen/Qwen3-4B"]
    assert run([*to, "--out", "set.jsonl"]) == 0
    settings = yaml.safe_load((tmp_path / f"set.{target}.yaml").read_text("utf-8"))
    assert set(settings) <= known | OF_TRANSFORMERS


@pytest.mark.filterwarnings("ignore")  # what torch and the trainer import of each other
def test_the_loader_and_the_parser_of_ms_swift_take_what_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where ms-swift is installed, which brings torch: its own functions, and the first steps of `swift sft`."""
    import yaml

    if find_spec("swift") is None:
        pytest.skip("ms-swift is not installed")
    load_dataset = pytest.importorskip("swift.dataset").load_dataset
    monkeypatch.chdir(tmp_path)
    written(tmp_path / "a.jsonl", PLAIN, calling(), calling("I look."), with_turn(loss_weight=0.5))
    to = ["dataset", "convert", "a.jsonl", "--from", "chat", "--to", "ms-swift", "--base", "Qwen/Qwen3-4B"]
    assert run([*to, "--out", "set.jsonl"]) == 0
    rows = [json.loads(line) for line in (tmp_path / "set.jsonl").read_text("utf-8").splitlines()]
    taken, _ = load_dataset(["set.jsonl"], strict=True, streaming=True)  # else it works in processes of its own
    turns = [[{n: v for n, v in turn.items() if v is not None} for turn in row["messages"]] for row in taken]
    assert turns == [row["messages"] for row in rows]
    from swift.arguments import SftArguments
    from transformers import HfArgumentParser

    settings = yaml.safe_load((tmp_path / "set.ms-swift.yaml").read_text("utf-8"))
    words = [
        word
        for name, value in settings.items()
        for word in (f"--{name}", *(map(str, value) if isinstance(value, list) else [str(value)]))
    ]
    monkeypatch.setattr(SftArguments, "__post_init__", lambda self: None)  # it would fetch the base
    arguments, unknown = HfArgumentParser([SftArguments]).parse_args_into_dataclasses(
        words, return_remaining_strings=True
    )
    assert unknown == []
    assert arguments.learning_rate == settings["learning_rate"]


@pytest.mark.filterwarnings("ignore")
def test_the_loader_and_the_parser_of_llama_factory_take_what_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where LLaMA-Factory is installed, which brings torch: what `llamafactory-cli train` does up to the base."""
    import yaml

    if find_spec("llamafactory") is None:
        pytest.skip("LLaMA-Factory is not installed")
    loader = pytest.importorskip("llamafactory.data.loader")
    from llamafactory.hparams import get_train_args

    monkeypatch.chdir(tmp_path)
    written(tmp_path / "a.jsonl", PLAIN, calling())
    to = ["dataset", "convert", "a.jsonl", "--from", "chat", "--to", "llama-factory", "--base", "Qwen/Qwen3-4B"]
    assert run([*to, "--out", "set.jsonl"]) == 0
    rows = [json.loads(line) for line in (tmp_path / "set.jsonl").read_text("utf-8").splitlines()]
    settings = yaml.safe_load((tmp_path / "set.llama-factory.yaml").read_text("utf-8"))
    model, data, training, _, _ = get_train_args(settings)
    assert training.learning_rate == settings["learning_rate"]
    data.preprocessing_num_workers = None  # else it works in processes of its own
    (listed,) = loader.get_dataset_list(data.dataset, data.dataset_dir)
    taken = loader._load_single_dataset(listed, model, data, training)
    texts = [[turn["content"] for turn in (*row["_prompt"], *row["_response"])] for row in taken]
    assert texts == [[turn["value"] for turn in row["conversations"]] for row in rows]
    assert [json.loads(row["_tools"] or "[]") for row in taken] == [json.loads(row.get("tools", "[]")) for row in rows]
