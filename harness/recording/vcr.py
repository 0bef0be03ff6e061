"""Cassettes of stock vcrpy: it reads ours, and its own, in YAML or JSON, come in and go out by its own serializers.

For vcrpy to read ours: `vcr.register_serializer("jsonl", vcr_serializer)`, `record_mode="none"`.
"""

import gzip
import io
import json
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

from harness.errors import CassetteError, found
from harness.files import DEPTH_LIMIT, GZIPPED, UnfitFileError, content_of, json_of, reading, whole, written
from harness.recording.cassette import from_line, lines
from harness.records.answer import Exchange


def deserialize(cassette_string: str) -> dict[str, Any]:
    """vcrpy's dictionary from our lines; of lines with one key the last, as in a replay of ours."""
    answers: dict[str, Any] = {}
    for number, line in enumerate(cassette_string.split("\n"), start=1):
        if line.strip():
            try:
                interaction = json.loads(line)
                answers[str(interaction.get("key", number))] = interaction
            except (ValueError, RecursionError, AttributeError) as error:
                raise CassetteError(
                    f"line {number}: not an interaction; run: harness cassettes verify (or --cassette-mode=record, "
                    "which takes a torn last line away)"
                ) from error
    return {"version": 1, "interactions": list(answers.values())}


def serialize(cassette_dict: dict[str, Any]) -> str:
    """Refused: vcrpy rewrites the whole file when it ends, and a kill would then lose every answer."""
    raise CassetteError(
        "vcrpy does not write these cassettes; use record_mode='none', and record with --cassette-mode=record"
    )


_SIZE_LIMIT = 64_000_000
_YAML_LIMIT = 8_000_000
"""Bytes. The reader of YAML that no text can crash takes a second for each 200 kB of a cassette."""
_NODES_LIMIT = 100_000
"""Of YAML; an interaction takes 60."""
_BODY_LIMIT = 32_000_000
_PATH = "/chat/completions"
_UNDATED = "1970-01-01T00:00:00Z"


@dataclass(frozen=True, slots=True)
class Imported:
    """One interaction of a foreign cassette (1-based): an exchange and its sample number, or why it is none."""

    number: int
    exchange: Exchange | None
    sample: int
    reason: str = ""


def read(path: Path) -> Iterator[Imported]:
    """Each interaction in order. One request that is there several times gives several samples.

    Raises:
        CassetteError: the file is not a vcrpy cassette.
    """
    samples: dict[bytes, int] = {}
    for number, value in enumerate(_interactions(path), start=1):
        try:
            exchange = _exchange(value)
        except (KeyError, TypeError, AttributeError, ValueError, RecursionError, zlib.error) as error:
            yield Imported(number, None, 0, f"not an interaction of vcrpy's form: {type(error).__name__}")
            continue
        if isinstance(exchange, str):
            yield Imported(number, None, 0, exchange)
            continue
        sample = samples.get(exchange.request_body, 0)
        samples[exchange.request_body] = sample + 1
        yield Imported(number, exchange, sample)


def _interactions(path: Path) -> list[Any]:
    with reading(path, CassetteError):
        content = content_of(path, limit=_SIZE_LIMIT)
    try:
        whole = json_of(content) if content.lstrip().startswith(b"{") else _yaml(content)
        if not isinstance(whole, dict) or "interactions" not in whole:
            accepted = "a file with a list of interactions, in YAML or JSON"
            raise CassetteError(f"{path}: not a cassette of vcrpy: found {found(whole)}; accepted: {accepted}")
        interactions = whole["interactions"]
    except UnfitFileError as error:
        raise CassetteError(f"{path}: not a cassette of vcrpy: {error}") from error
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise CassetteError(f"{path}: not a cassette of vcrpy: {type(error).__name__}: {error}") from error
    if not isinstance(interactions, list):
        raise CassetteError(f"{path}: interactions: found {found(interactions)}; accepted: a list")
    return interactions


def _yaml(content: bytes) -> Any:
    import yaml
    from vcr.serializers import yamlserializer

    if len(content) > _YAML_LIMIT:
        raise UnfitFileError(f"YAML longer than {_YAML_LIMIT:,} bytes; let vcrpy write it as JSON (serializer='json')")
    text = content.decode("utf-8")
    depth = nodes = 0
    try:
        # vcrpy reads with a loader in C, which crashes the process on text that is nested deeply; this one, in Python,
        # counts first
        for event in yaml.parse(text, Loader=yaml.SafeLoader):
            depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
            nodes += isinstance(event, yaml.NodeEvent)
            if depth > DEPTH_LIMIT:
                raise ValueError(f"nested more than {DEPTH_LIMIT} deep")
            if nodes > _NODES_LIMIT:
                raise UnfitFileError(f"YAML of more than {_NODES_LIMIT:,} values; let vcrpy write it as JSON")
        return yamlserializer.deserialize(text)
    except yaml.YAMLError as error:
        raise ValueError(str(error).splitlines()[0]) from error


def export(path: Path, target: Path) -> int:
    """Write a cassette of ours as one of stock vcrpy, YAML or JSON by the ending of `target`; how many answers it has.

    Raises:
        CassetteError: the cassette cannot be read, or the target not be written.
    """
    from vcr.request import Request
    from vcr.serialize import serialize as written_by_vcrpy
    from vcr.serializers import jsonserializer, yamlserializer

    kinds = {".json": jsonserializer, ".yaml": yamlserializer, ".yml": yamlserializer}
    if target.suffix.lower() not in kinds:
        raise CassetteError(f"{target}: accepted: a name that ends in .yaml, .yml or .json")
    kept: dict[str, Any] = {}
    for line in lines(path):
        if line.torn:
            raise CassetteError(f"{path}:{line.number}: torn; run: harness cassettes verify")
        try:
            key = from_line(line.content).key
        except CassetteError as error:
            raise CassetteError(f"{path}:{line.number}: {error}") from error
        kept[key] = json.loads(line.content)
    requests = [value["request"] for value in kept.values()]
    content = {
        "requests": [
            Request(one["method"], one["uri"], one["body"], {name: held[0] for name, held in one["headers"].items()})
            for one in requests
        ],
        "responses": [value["response"] for value in kept.values()],
    }
    text = written_by_vcrpy(content, kinds[target.suffix.lower()])
    try:
        with whole(target) as file:
            file.write(text.encode("utf-8"))
    except OSError as error:
        raise CassetteError(f"{target}: cannot be written: {error.strerror or error}") from error
    return len(kept)


def _exchange(value: dict[str, Any]) -> Exchange | str:
    request, response = value["request"], value["response"]
    uri = str(request["uri"])
    if request["method"] != "POST" or not uri.split("?", maxsplit=1)[0].rstrip("/").endswith(_PATH):
        return f"not a request for {_PATH}"
    if "status_code" in response:  # written by vcrpy before 6 for httpx
        status, body = response["status_code"], response["content"]
    else:
        status, body = response["status"]["code"], response["body"]["string"]
    if status != 200:
        return f"status {found(status)}: an error is not an answer"
    request_body = _bytes(request["body"])
    body_value = json.loads(request_body)
    if not isinstance(body_value, dict):
        return "the request is not a JSON object"
    if type(body_value.get("temperature")) is int:
        # ours is always a float, and the request is the key of its answer: 0 and 0.0 are one temperature
        body_value["temperature"] = float(body_value["temperature"])
        request_body = json.dumps(body_value, ensure_ascii=False).encode("utf-8")
    headers = _headers(response["headers"])
    received = _inflated(_bytes(body), dict(headers).get("content-encoding", ""))
    received.decode("utf-8")
    return Exchange(
        uri=uri,
        request_headers=_headers(request.get("headers") or {}),
        request_body=request_body,
        status=200,
        response_headers=headers,
        response_body=received,
        latency_s=None,
        first_token_s=None,
        recorded_at=_date(dict(headers).get("date", "")),
    )


def _bytes(value: Any) -> bytes:
    if isinstance(value, BytesIO):
        return value.getvalue()
    if isinstance(value, bytes):
        return value
    if not isinstance(value, str):
        raise TypeError("a body that is not text")
    return value.encode("utf-8")


def _headers(value: dict[str, Any]) -> tuple[tuple[str, str], ...]:
    return tuple(
        (str(name).lower(), str(content))
        for name, contents in value.items()
        for content in (contents if isinstance(contents, list) else [contents])
    )


def _inflated(body: bytes, encoding: str) -> bytes:
    """vcrpy keeps compressed bodies as they came, unless it was set to decode them and left the header."""
    if encoding not in ("gzip", "deflate") or body.lstrip()[:1] in (b"{", b"d", b":"):
        return body
    if body.startswith(GZIPPED):  # gzip may consist of several members
        try:
            inflated = gzip.GzipFile(fileobj=io.BytesIO(body)).read(_BODY_LIMIT + 1)
        except (EOFError, OSError) as error:
            raise ValueError(f"the compressed body is cut off or broken: {error}") from error
        if len(inflated) > _BODY_LIMIT:
            raise ValueError("the compressed body is too long")
        return inflated
    inflater = zlib.decompressobj(wbits=32 + zlib.MAX_WBITS)
    inflated = inflater.decompress(body, _BODY_LIMIT)
    if not inflater.eof:
        raise ValueError("the compressed body is cut off or too long")
    return inflated


def _date(header: str) -> str:
    from email.utils import parsedate_to_datetime

    try:
        return written(parsedate_to_datetime(header))
    except (TypeError, ValueError, IndexError, OverflowError):
        # the age of the answer is not known: it must look old, never fresh
        return _UNDATED
