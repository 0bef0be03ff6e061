"""Chunks over a Ray cluster: files are read by tasks of Ray Data, their chunks scored by `map_batches`.

The same functions as in `processes`, and the files are cut in the same way, so the result is the same to the byte. The
nodes read the files themselves: shared disk or object store. What they find comes back to this process, which writes.
"""

from __future__ import annotations

import logging
import os
import pickle
import socket
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from harness.errors import ConfigError, HarnessError
from harness.logs.files import STANDARD_INPUT, InputFile
from harness.logs.judge import ReadSettings, ScoredChunk, Scoring, chunks, score_chunk
from harness.logs.read import BYTES

_PATIENCE_S = 10
_READING_CPUS, _SCORING_CPUS = 0.5, 1
"""Unlike on purpose: Ray would run two steps that ask for the same as one, and a file would be scored on one core."""


def carry(
    groups: Sequence[Sequence[InputFile]],
    reading: ReadSettings,
    scoring: Scoring,
    done: frozenset[str],
    address: str | None,
) -> Iterator[ScoredChunk]:
    """Scored chunks, as they come; those `done` are left out. Without `address`, on a Ray of this machine.

    Raises ConfigError if Ray is not installed or does not answer, or if standard input is to be read.
    """
    if any(file.location == STANDARD_INPUT for group in groups for file in group):
        raise ConfigError("--ray: standard input cannot be read by other machines; accepted: files and URLs")
    ray = _connected(address)
    try:
        yield from _scored(ray, groups, reading, scoring, done)
    finally:
        ray.shutdown()


def _connected(address: str | None) -> Any:
    try:
        import ray
        import ray.data
    except ImportError:
        raise ConfigError("--ray needs Ray; run: pip install 'pytest-verbatim[ray]'") from None
    _answers(address)
    options: dict[str, Any] = {} if address else {"include_dashboard": False}
    try:
        ray.init(address=address or "local", logging_level=logging.ERROR, log_to_driver=False, **options)
    except (ConnectionError, RuntimeError, ValueError, TimeoutError) as error:
        raise ConfigError(f"--ray={address or ''}: no Ray there: {error}") from None
    return ray


def _answers(address: str | None) -> None:
    """Ray itself asks an address where nobody listens for minutes."""
    host, colon, port = (address or "").removeprefix("ray://").rpartition(":")
    if not colon or not port.isdigit():
        return
    try:
        socket.create_connection((host.strip("[]"), int(port)), timeout=_PATIENCE_S).close()
    except (OSError, OverflowError) as error:
        raise ConfigError(
            f"--ray={address}: nobody answers there: {error}; accepted: the HOST:PORT of a Ray cluster, or auto"
        ) from None


def _scored(
    ray: Any, groups: Sequence[Sequence[InputFile]], reading: ReadSettings, scoring: Scoring, done: frozenset[str]
) -> Iterator[ScoredChunk]:
    context = ray.data.DataContext.get_current()
    context.target_max_block_size = BYTES  # a chunk a block: blocks are what is spread over the cores
    context.enable_progress_bars = False
    context.print_on_execution_start = False
    logging.getLogger("ray.data").setLevel(logging.ERROR)
    items = [
        {"group": pickle.dumps((number, tuple(_anywhere(file) for file in group)))}
        for number, group in enumerate(groups)
    ]
    table = (
        ray.data.from_items(items, override_num_blocks=len(items))
        .map_batches(
            _read,
            batch_size=1,
            batch_format="pyarrow",
            num_cpus=_READING_CPUS,
            fn_kwargs={"reading": reading, "done": done},
        )
        .map_batches(
            _score, batch_size=1, batch_format="pyarrow", num_cpus=_SCORING_CPUS, fn_kwargs={"scoring": scoring}
        )
    )
    try:
        for batch in table.iter_batches(batch_size=1, batch_format="pyarrow", prefetch_batches=0):
            yield pickle.loads(batch.column("scored")[0].as_py())  # noqa: S301  # made by our own task
    except ray.exceptions.RayError as error:
        cause = getattr(error, "cause", None)
        if isinstance(cause, HarnessError):
            raise cause from None
        raise HarnessError(
            f"Ray gave up: {type(error).__name__}: {error}; what is done is kept: run it again"
        ) from error


def _anywhere(file: InputFile) -> InputFile:
    """With a path that does not depend on the working folder; what is stored keeps the name that was given."""
    return file if file.is_url else replace(file, location=os.path.abspath(file.location))


def _read(batch: Any, reading: ReadSettings, done: frozenset[str]) -> Iterator[Any]:
    import pyarrow as pa

    for packed in batch.column("group"):
        number, group = pickle.loads(packed.as_py())  # noqa: S301  # made by this module
        for chunk in chunks(number, group, reading):
            if chunk.name not in done:
                yield pa.table({"chunk": pa.array([pickle.dumps(chunk)], pa.large_binary())})


def _score(batch: Any, scoring: Scoring) -> Any:
    import pyarrow as pa

    scored = [pickle.dumps(score_chunk(pickle.loads(packed.as_py()), scoring)) for packed in batch.column("chunk")]  # noqa: S301
    return pa.table({"scored": pa.array(scored, pa.large_binary())})
