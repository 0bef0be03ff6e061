"""LoRA adapters as GGUF files, the form that llama.cpp loads beside the weights it was trained on.

Layout, as llama.cpp's loader reads it: `general.type = adapter`, `adapter.type = lora`, `adapter.lora.alpha`, and
for each adapted matrix the tensors `<name>.weight.lora_a` (rank x inputs) and `<name>.weight.lora_b` (outputs x
rank). The query and key matrices are left out: llama.cpp permutes their rows for rotary embedding, and an adapter
would have to follow.
"""

from __future__ import annotations

import contextlib
import io
import logging
import os
import re
import warnings
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.records.training import TrainingError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


PROJECTIONS = {
    "self_attn.v_proj": "attn_v",
    "self_attn.o_proj": "attn_output",
    "mlp.gate_proj": "ffn_gate",
    "mlp.up_proj": "ffn_up",
    "mlp.down_proj": "ffn_down",
}
"""Module names of a Llama model in transformers, and the names of the same matrices in a GGUF file."""

_HF_NAME = re.compile(r"model\.layers\.(\d+)\.(self_attn\.[vo]_proj|mlp\.(?:gate|up|down)_proj)$")


@dataclass(frozen=True)
class Adapter:
    """One low-rank change: weight + (alpha / rank) * b @ a for each matrix, named as in the GGUF file."""

    alpha: float
    matrices: dict[str, tuple[NDArray[np.float32], NDArray[np.float32]]]
    """GGUF name without `.weight` -> (a: rank x inputs, b: outputs x rank)."""

    @property
    def rank(self) -> int:
        """Rank of the first matrix (all are alike); an adapter without matrices has none and is never built."""
        return int(next(iter(self.matrices.values()))[0].shape[0])


def gguf_name(module: str) -> str:
    """`model.layers.3.mlp.up_proj` -> `blk.3.ffn_up`; a module outside `PROJECTIONS` raises TrainingError."""
    found = _HF_NAME.search(module)
    if found is None:
        raise TrainingError(f"no GGUF name for module {module!r}; adapted are {', '.join(PROJECTIONS)}")
    return f"blk.{found[1]}.{PROJECTIONS[found[2]]}"


def write_adapter(path: Path, adapter: Adapter, *, name: str) -> None:
    """Write `adapter` in half precision; the file appears whole or not at all."""
    import gguf
    import numpy as np

    part = path.with_name(path.name + ".part")
    path.parent.mkdir(parents=True, exist_ok=True)
    writer = gguf.GGUFWriter(str(part), "llama")
    writer.add_type("adapter")
    writer.add_name(name)
    writer.add_string("adapter.type", "lora")
    writer.add_float32("adapter.lora.alpha", adapter.alpha)
    for matrix, (a, b) in sorted(adapter.matrices.items()):
        writer.add_tensor(f"{matrix}.weight.lora_a", np.ascontiguousarray(a, dtype=np.float16))
        writer.add_tensor(f"{matrix}.weight.lora_b", np.ascontiguousarray(b, dtype=np.float16))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    os.replace(part, path)


def read_adapter(path: Path) -> Adapter:
    """Read a GGUF LoRA adapter; anything else raises TrainingError naming the file."""
    import gguf
    import numpy as np

    try:
        reader = gguf.GGUFReader(str(path))
        kind = reader.fields["adapter.type"].contents()
        alpha = float(reader.fields["adapter.lora.alpha"].contents())
    except FileNotFoundError as error:
        raise TrainingError(f"{path}: no such adapter") from error
    except (KeyError, ValueError, IndexError) as error:
        raise TrainingError(f"{path}: not a GGUF LoRA adapter ({error})") from error
    halves: dict[str, NDArray[np.float32]] = {
        tensor.name: np.asarray(tensor.data, dtype=np.float32) for tensor in reader.tensors
    }
    matrices = {
        name.removesuffix(".weight.lora_a"): (half, halves[name.removesuffix("a") + "b"])
        for name, half in halves.items()
        if name.endswith(".weight.lora_a")
    }
    if kind != "lora" or not matrices:
        raise TrainingError(f"{path}: not a GGUF LoRA adapter (adapter.type is {kind!r})")
    return Adapter(alpha=alpha, matrices=matrices)


EXTRA = "pip install 'pytest-verbatim[train]' (torch is large: on a machine without a GPU take its CPU build)"


def load(weights: Path, *, adapters: Iterable[Path] = ()) -> tuple[Any, Any]:
    """(tokenizer, model) in float32, with `adapters` merged into the weights, in the order given.

    Raises:
        TrainingError: the `train` extra is not installed, or a file is missing or of another kind.
    """
    if not weights.is_file():
        raise TrainingError(f"{weights}: no such weights; run: harness models pull smollm2")
    try:
        import torch
        from transformers import AutoModelForCausalLM, AutoTokenizer
        from transformers.utils import logging as transformers_logging
    except ImportError as error:
        raise TrainingError(f"harness train needs {error.name}; run: {EXTRA}") from error
    quiet: Any = transformers_logging  # its functions carry no types
    quiet.disable_progress_bar()
    logging.getLogger("transformers").setLevel(logging.ERROR)
    folder, name = str(weights.parent), weights.name
    # the loader draws bars of its own, whatever transformers is configured to do
    with warnings.catch_warnings(), contextlib.redirect_stderr(io.StringIO()):
        warnings.simplefilter("ignore")
        tokenizer = AutoTokenizer.from_pretrained(folder, gguf_file=name, local_files_only=True)
        model = AutoModelForCausalLM.from_pretrained(folder, gguf_file=name, dtype=torch.float32, local_files_only=True)
    model.requires_grad_(False)
    for adapter in adapters:
        _merge(model, adapter)
    return tokenizer, model


def _merge(model: Any, path: Path) -> None:
    import torch

    adapter = read_adapter(path)
    targets = {
        gguf_name(name): module
        for name, module in model.named_modules()
        if any(name.endswith(projection) for projection in PROJECTIONS)
    }
    for name, (a, b) in adapter.matrices.items():
        if name not in targets or targets[name].weight.shape != (b.shape[0], a.shape[1]):
            raise TrainingError(f"{path}: matrix {name} does not fit these weights; was it trained on others?")
        change = torch.from_numpy(b.copy()) @ torch.from_numpy(a.copy())
        targets[name].weight.data.add_(change, alpha=adapter.alpha / adapter.rank)
