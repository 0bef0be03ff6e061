"""Adapters as GGUF files: what is written comes back, and other files are refused."""

import struct

import pytest

from harness.finetune.gguf import Adapter, check_weights, gguf_name, read_adapter, read_header, write_adapter
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


def gguf_bytes(architecture, tensors, *, kind="model"):
    """A GGUF file of version 3 without the numbers of its tensors, as the format document lays it out."""

    def text(value):
        return struct.pack("<Q", len(value.encode())) + value.encode()

    words = struct.pack("<IIQ", 9, 8, 2) + text("one") + text("two")
    numbers = struct.pack("<IIQ3f", 9, 6, 3, 0.5, 1.5, 2.5)
    fields = [
        text("general.architecture") + struct.pack("<I", 8) + text(architecture),
        text("general.type") + struct.pack("<I", 8) + text(kind),
        text("tokenizer.ggml.tokens") + words,
        text("tokenizer.ggml.scores") + numbers,
        text("general.file_type") + struct.pack("<II", 4, 15),
    ]
    places = [
        text(name) + struct.pack(f"<I{len(sizes)}QIQ", len(sizes), *sizes, 0, 0) for name, sizes in tensors.items()
    ]
    return b"GGUF" + struct.pack("<IQQ", 3, len(tensors), len(fields)) + b"".join(fields + places)


def test_a_header_gives_architecture_and_sizes(tmp_path):
    sizes = {"token_embd.weight": (64, 1000), "blk.0.ffn_up.weight": (64, 256), "output_norm.weight": (64,)}
    (tmp_path / "w.gguf").write_bytes(gguf_bytes("qwen2", sizes))
    header = read_header(tmp_path / "w.gguf")
    assert (header.architecture, header.kind, header.tensors) == ("qwen2", "model", sizes)
    assert header.parameters == 64_000 + 64 * 256 + 64


def test_a_header_that_was_cut_anywhere_is_refused(tmp_path):
    whole = gguf_bytes("qwen2", {"token_embd.weight": (64, 1000)})
    for size in range(len(whole)):
        (tmp_path / "w.gguf").write_bytes(whole[:size])
        with pytest.raises(TrainingError, match="not a GGUF file, or one that was cut"):
            read_header(tmp_path / "w.gguf")


def test_an_adapter_of_weights_of_another_size_is_refused(tmp_path):
    (tmp_path / "w.gguf").write_bytes(gguf_bytes("qwen2", {"blk.0.ffn_up.weight": (64, 256)}))
    for sizes in ((32, 4), (4, 255)):
        half = "a" if sizes[1] == 4 else "b"
        (tmp_path / "a.gguf").write_bytes(
            gguf_bytes("qwen2", {f"blk.0.ffn_up.weight.lora_{half}": sizes}, kind="adapter")
        )
        with pytest.raises(TrainingError, match=r"does not fit w\.gguf"):
            check_weights(tmp_path / "w.gguf", adapters=[tmp_path / "a.gguf"])


def adapter():
    generator = np.random.default_rng(1)
    a, b = generator.normal(size=(2, 64)), generator.normal(size=(96, 2))
    return Adapter(alpha=4.0, matrices={"blk.0.ffn_up": (a.astype(np.float32), b.astype(np.float32))})


def test_an_adapter_comes_back_in_half_precision(tmp_path):
    pytest.importorskip("gguf")
    written = adapter()
    write_adapter(tmp_path / "deep" / "x.gguf", written, name="x", architecture="llama")
    read = read_adapter(tmp_path / "deep" / "x.gguf")
    assert (read.alpha, read.rank, list(read.matrices)) == (4.0, 2, ["blk.0.ffn_up"])
    for mine, back in zip(written.matrices["blk.0.ffn_up"], read.matrices["blk.0.ffn_up"], strict=True):
        assert (back == mine.astype(np.float16).astype(np.float32)).all()
    assert [path.name for path in (tmp_path / "deep").iterdir()] == ["x.gguf"]


def test_the_same_adapter_gives_the_same_bytes(tmp_path):
    pytest.importorskip("gguf")
    for name in "ab":
        write_adapter(tmp_path / f"{name}.gguf", adapter(), name="x", architecture="llama")
    assert (tmp_path / "a.gguf").read_bytes() == (tmp_path / "b.gguf").read_bytes()


def test_what_is_no_adapter_is_told(tmp_path):
    pytest.importorskip("gguf")
    (tmp_path / "x.gguf").write_bytes(b"GGUF but not really" * 10)
    with pytest.raises(TrainingError, match="not a GGUF LoRA adapter"):
        read_adapter(tmp_path / "x.gguf")
    with pytest.raises(TrainingError, match="no such adapter"):
        read_adapter(tmp_path / "none.gguf")


def test_the_architecture_is_the_only_difference_between_two_adapters(tmp_path):
    pytest.importorskip("gguf")
    for name in ("llama", "qwen2"):
        write_adapter(tmp_path / f"{name}.gguf", adapter(), name="x", architecture=name)
        assert read_header(tmp_path / f"{name}.gguf").architecture == name
    llama, qwen2 = ((tmp_path / f"{name}.gguf").read_bytes() for name in ("llama", "qwen2"))
    assert llama.replace(b"llama", b"qwen2", 1) == qwen2
