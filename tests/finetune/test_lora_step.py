"""The training step on a toy model; skipped without the extra `train`."""

import warnings
from dataclasses import replace

import pytest

from harness.finetune.gguf import _merge, write_adapter
from harness.finetune.lora import EncodedSample, Settings, fit, mean_loss, save_memory

torch = pytest.importorskip("torch")
pytest.importorskip("peft")
pytest.importorskip("gguf")

SAMPLES = [EncodedSample((1, 5, 6, 7 + i, 3, 7 + i, 2), 5) for i in range(4)]
SETTINGS = Settings(epochs=3, batch_size=3, learning_rate=2e-2, lora_rank=2, lora_alpha=4)


def model():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from transformers import LlamaConfig, LlamaForCausalLM

        torch.manual_seed(0)
        sizes = {"hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 2, "num_attention_heads": 2}
        return LlamaForCausalLM(LlamaConfig(vocab_size=16, num_key_value_heads=1, **sizes)).requires_grad_(False)


@pytest.mark.filterwarnings("ignore")
def test_two_trainings_are_alike_to_the_last_bit_and_learn(tmp_path):
    for name in "ab":
        epochs = list(fit(model(), SAMPLES, SAMPLES[:1], SETTINGS))
        write_adapter(tmp_path / f"{name}.gguf", epochs[-1].adapter, name="x", architecture="llama")
    assert (tmp_path / "a.gguf").read_bytes() == (tmp_path / "b.gguf").read_bytes()
    losses = [epoch.training_loss for epoch in epochs]
    assert losses == sorted(losses, reverse=True)
    assert len(epochs[0].adapter.matrices) == 2 * 5
    assert epochs[0].validation_loss is not None


@pytest.mark.filterwarnings("ignore")
def test_an_adapter_merged_into_the_weights_answers_as_the_trained_model_did(tmp_path):
    trained = model()
    *_, last = fit(trained, SAMPLES, [], SETTINGS)
    write_adapter(tmp_path / "x.gguf", last.adapter, name="x", architecture="llama")
    merged = model()
    before = mean_loss(merged, SAMPLES)
    _merge(merged, tmp_path / "x.gguf")
    assert mean_loss(merged, SAMPLES) == pytest.approx(mean_loss(trained, SAMPLES), rel=1e-2)
    assert mean_loss(merged, SAMPLES) < before


@pytest.mark.filterwarnings("ignore")
def test_less_memory_gives_the_same_adapter_to_the_last_bit(tmp_path):
    for name in "ab":
        trained = model()
        if name == "b":
            save_memory(trained)
        *_, last = fit(trained, SAMPLES, [], SETTINGS)
        write_adapter(tmp_path / f"{name}.gguf", last.adapter, name="x", architecture="llama")
    assert (tmp_path / "a.gguf").read_bytes() == (tmp_path / "b.gguf").read_bytes()


@pytest.mark.filterwarnings("ignore")
def test_value_and_output_alone_make_a_smaller_adapter():
    modules = ("self_attn.v_proj", "self_attn.o_proj")
    *_, last = fit(model(), SAMPLES, [], replace(SETTINGS, modules=modules))
    assert sorted(last.adapter.matrices) == ["blk.0.attn_output", "blk.0.attn_v", "blk.1.attn_output", "blk.1.attn_v"]
