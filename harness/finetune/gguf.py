"""GGUF files: the header of weights, and LoRA adapters, the form that llama.cpp loads beside the weights.

Layout of an adapter, as llama.cpp's loader reads it: `general.type = adapter`, `adapter.type = lora`,
`adapter.lora.alpha`, and for each adapted matrix the tensors `<name>.weight.lora_a` (rank x inputs) and
`<name>.weight.lora_b` (outputs x rank). The query and key matrices are left out: llama.cpp permutes their rows for
rotary embedding, and an adapter would have to follow.
"""

from __future__ import annotations

import contextlib
import io
import logging
import math
import os
import re
import struct
import warnings
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from harness.files import opened
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
"""Module names in transformers, and the names of the same matrices in a GGUF file; alike in `ARCHITECTURES`."""

ARCHITECTURES = ("llama", "qwen2")
"""`general.architecture` of weights that were trained and served here; llama.cpp refuses an adapter of another one."""

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


_MAGIC = b"GGUF"
_SIZES = {0: 1, 1: 1, 2: 2, 3: 2, 4: 4, 5: 4, 6: 4, 7: 1, 10: 8, 11: 8, 12: 8}
_STRING, _ARRAY = 8, 9
_MOST = 1 << 24
"""More fields, tensors or list entries than any model has: the file is broken."""


@dataclass(frozen=True, slots=True)
class Header:
    """What a GGUF file says of itself before its tensors."""

    architecture: str
    kind: str
    """`general.type`: model, adapter, ..."""
    tensors: dict[str, tuple[int, ...]]
    """Name -> sizes, the innermost first: inputs, then outputs."""

    @property
    def parameters(self) -> int:
        """Numbers in all tensors, whatever their precision in the file."""
        return sum(map(math.prod, self.tensors.values()))


def read_header(path: Path) -> Header:
    """The header of a GGUF file; a second, where `gguf.GGUFReader` takes twenty for a large vocabulary.

    https://github.com/ggml-org/ggml/blob/master/docs/gguf.md

    Raises:
        TrainingError: not a GGUF file of version 2 or 3, or one that was cut.
    """
    try:
        with opened(path) as file:
            return _header(file, path.stat().st_size)
    except FileNotFoundError as error:
        raise TrainingError(f"{path}: no such file; accepted: a .gguf file") from error
    except OSError as error:
        raise TrainingError(f"{path}: cannot be read: {error.strerror or error}") from error
    except (struct.error, ValueError) as error:
        raise TrainingError(f"{path}: not a GGUF file, or one that was cut ({error})") from error


def _header(file: IO[bytes], size: int) -> Header:
    def numbers(form: str) -> tuple[int, ...]:
        return struct.unpack(f"<{form}", file.read(struct.calcsize(f"<{form}")))

    def string() -> bytes:
        (length,) = numbers("Q")
        if length > size:
            raise ValueError(f"a text of {length} bytes in a file of {size}")
        return file.read(length)

    def value(kind: int) -> bytes:
        if kind == _STRING:
            return string()
        if kind == _ARRAY:
            inner, count = numbers("IQ")
            if inner in _SIZES:
                file.seek(min(_SIZES[inner] * count, size), os.SEEK_CUR)
            elif inner != _STRING or count > _MOST:
                raise ValueError(f"a list of {count} values of type {inner}")
            else:
                for _ in range(count):
                    string()
            return b""
        if kind not in _SIZES:
            raise ValueError(f"a value of type {kind}")
        return file.read(_SIZES[kind])

    if file.read(4) != _MAGIC:
        raise ValueError("it does not begin with GGUF")
    version, count, fields = numbers("IQQ")
    if version not in (2, 3) or count > _MOST or fields > _MOST:
        raise ValueError(f"version {version}, {count} tensors, {fields} fields")
    known = {}
    for _ in range(fields):
        key = string()
        (kind,) = numbers("I")
        known[key] = value(kind)
    tensors = {}
    for _ in range(count):
        name = string().decode("utf-8")
        (dimensions,) = numbers("I")
        if dimensions > 8:
            raise ValueError(f"a tensor of {dimensions} dimensions")
        tensors[name] = numbers(f"{dimensions}Q")
        numbers("IQ")  # type and place
    text = {key: known.get(key, b"").decode("utf-8") for key in (b"general.architecture", b"general.type")}
    return Header(text[b"general.architecture"], text[b"general.type"] or "model", tensors)


def check_weights(path: Path, *, adapters: Iterable[Path] = ()) -> Header:
    """The header of weights that can be trained here, with adapters that were trained on such weights.

    Raises:
        TrainingError: an adapter in place of weights, an architecture that is not supported, or another one's adapters.
    """
    if not path.is_file():
        raise TrainingError(f"{path}: no such weights; run: harness models pull smollm2")
    header = read_header(path)
    if header.kind == "adapter":
        raise TrainingError(f"{path}: an adapter, not weights; give it with --on")
    if header.architecture not in ARCHITECTURES:
        raise TrainingError(
            f"{path}: found weights of the architecture {header.architecture[:40]!r}; "
            f"accepted: {', '.join(ARCHITECTURES)} (names and layout of the matrices differ in others)"
        )
    for adapter in adapters:
        _check_adapter(adapter, path, header)
    return header


def _check_adapter(path: Path, weights: Path, header: Header) -> None:
    below = read_header(path)
    if below.kind != "adapter":
        raise TrainingError(f"{path}: found general.type {below.kind[:40]!r}; accepted by --on: an adapter")
    if below.architecture != header.architecture:
        raise TrainingError(
            f"{path}: an adapter for the architecture {below.architecture[:40]!r}; {weights.name} has "
            f"{header.architecture!r}; accepted: adapters that were trained on these weights"
        )
    for name, sizes in below.tensors.items():
        matrix, _, half = name.rpartition(".lora_")
        wanted = header.tensors.get(matrix)
        if wanted is None or len(sizes) != 2 or (sizes[0] != wanted[0] if half == "a" else sizes[1] != wanted[-1]):
            raise TrainingError(f"{path}: matrix {name[:80]} does not fit {weights.name}; was it trained on others?")


def write_adapter(path: Path, adapter: Adapter, *, name: str, architecture: str) -> None:
    """Write `adapter` in half precision for weights of `architecture`; the file appears whole or not at all."""
    import gguf
    import numpy as np

    part = path.with_name(path.name + ".part")
    path.parent.mkdir(parents=True, exist_ok=True)
    writer = gguf.GGUFWriter(str(part), architecture)
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


def load_tokenizer(weights: Path) -> Any:
    """The tokenizer that is in the weights. Raises TrainingError like `load`."""
    check_weights(weights)
    transformers = _transformers()
    with warnings.catch_warnings(), contextlib.redirect_stderr(io.StringIO()):
        warnings.simplefilter("ignore")
        return transformers.AutoTokenizer.from_pretrained(
            str(weights.parent), gguf_file=weights.name, local_files_only=True
        )


def _transformers() -> Any:
    try:
        import torch  # noqa: F401
        import transformers
        from transformers.utils import logging as transformers_logging
    except ImportError as error:
        raise TrainingError(f"harness train needs {error.name}; run: {EXTRA}") from error
    quiet: Any = transformers_logging  # its functions carry no types
    quiet.disable_progress_bar()
    logging.getLogger("transformers").setLevel(logging.ERROR)
    return transformers


def load(weights: Path, *, adapters: Iterable[Path] = ()) -> tuple[Any, Any]:
    """(tokenizer, model) in float32, with `adapters` merged into the weights, in the order given.

    Raises:
        TrainingError: the `train` extra is not installed, or a file is missing or of another kind.
    """
    adapters = tuple(adapters)
    check_weights(weights, adapters=adapters)
    tokenizer = load_tokenizer(weights)
    import torch

    # the loader draws bars of its own, whatever transformers is configured to do
    with warnings.catch_warnings(), contextlib.redirect_stderr(io.StringIO()):
        warnings.simplefilter("ignore")
        model = _transformers().AutoModelForCausalLM.from_pretrained(
            str(weights.parent), gguf_file=weights.name, dtype=torch.float32, local_files_only=True
        )
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
