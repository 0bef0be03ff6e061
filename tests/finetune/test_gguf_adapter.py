"""Adapters as GGUF files: what is written comes back, and other files are told."""

import pytest

from harness.finetune.gguf import Adapter, gguf_name, read_adapter, write_adapter
from harness.records.training import TrainingError

np = pytest.importorskip("numpy")


@pytest.mark.parametrize(
    ("module", "name"),
    [
        ("model.layers.3.mlp.up_proj", "blk.3.ffn_up"),
        ("model.layers.29.mlp.down_proj", "blk.29.ffn_down"),
        ("model.layers.0.mlp.gate_proj", "blk.0.ffn_gate"),
        ("base.model.layers.11.self_attn.v_proj", "blk.11.attn_v"),
        ("model.layers.0.self_attn.o_proj", "blk.0.attn_output"),
    ],
)
def test_modules_have_the_names_of_the_gguf_file(module, name):
    assert gguf_name(module) == name


@pytest.mark.parametrize("module", ["model.layers.0.self_attn.q_proj", "lm_head"])
def test_a_module_that_is_not_adapted_is_told(module):
    with pytest.raises(TrainingError, match="no GGUF name"):
        gguf_name(module)


def adapter():
    generator = np.random.default_rng(1)
    a, b = generator.normal(size=(2, 64)), generator.normal(size=(96, 2))
    return Adapter(alpha=4.0, matrices={"blk.0.ffn_up": (a.astype(np.float32), b.astype(np.float32))})


def test_an_adapter_comes_back_in_half_precision(tmp_path):
    pytest.importorskip("gguf")
    written = adapter()
    write_adapter(tmp_path / "deep" / "x.gguf", written, name="x")
    read = read_adapter(tmp_path / "deep" / "x.gguf")
    assert (read.alpha, read.rank, list(read.matrices)) == (4.0, 2, ["blk.0.ffn_up"])
    for mine, back in zip(written.matrices["blk.0.ffn_up"], read.matrices["blk.0.ffn_up"], strict=True):
        assert (back == mine.astype(np.float16).astype(np.float32)).all()
    assert [path.name for path in (tmp_path / "deep").iterdir()] == ["x.gguf"]


def test_the_same_adapter_gives_the_same_bytes(tmp_path):
    pytest.importorskip("gguf")
    for name in "ab":
        write_adapter(tmp_path / f"{name}.gguf", adapter(), name="x")
    assert (tmp_path / "a.gguf").read_bytes() == (tmp_path / "b.gguf").read_bytes()


def test_what_is_no_adapter_is_told(tmp_path):
    pytest.importorskip("gguf")
    (tmp_path / "x.gguf").write_bytes(b"GGUF but not really" * 10)
    with pytest.raises(TrainingError, match="not a GGUF LoRA adapter"):
        read_adapter(tmp_path / "x.gguf")
    with pytest.raises(TrainingError, match="no such adapter"):
        read_adapter(tmp_path / "none.gguf")
