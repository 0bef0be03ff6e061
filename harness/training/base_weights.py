"""Weights of a GGUF file as a torch model that can be trained."""

from __future__ import annotations

import contextlib
import io
import logging
import warnings
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from harness.records.training import TrainingError
from harness.training.gguf_adapter import PROJECTIONS, gguf_name, read_adapter

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
    # the loader draws bars of its own, whatever transformers is told
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
