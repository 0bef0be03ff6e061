"""Lets stock vcrpy read our cassettes: `vcr.register_serializer("jsonl", vcr_serializer)`, `record_mode="none"`."""

import gzip
import io
import json
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.errors import CassetteError, found
from harness.files import UnfitFileError, content_of, json_of, reading, written
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
    """Each interaction in order. One request that stands there several times gives several samples.

    Raises:
        CassetteError: the file is no vcrpy cassette.
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
        interactions = (json_of(content) if content.lstrip().startswith(b"{") else _yaml(content))["interactions"]
    except UnfitFileError as error:
        raise CassetteError(f"{path}: not a cassette of vcrpy: {error}") from error
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise CassetteError(f"{path}: not a cassette of vcrpy: {type(error).__name__}: {error}") from error
    if not isinstance(interactions, list):
        raise CassetteError(f"{path}: interactions: found {found(interactions)}; accepted: a list")
    return interactions


def _yaml(content: bytes) -> Any:
    import yaml  # type: ignore[import-untyped]

    if len(content) > _YAML_LIMIT:
        raise UnfitFileError(f"YAML longer than {_YAML_LIMIT:,} bytes; let vcrpy write it as JSON (serializer='json')")
    text = content.decode("utf-8")

    class Loader(yaml.SafeLoader):  # type: ignore[misc]
        """Plain values only, so that a stranger's cassette runs no code, and not more of them than there is room for.

        In Python, slow as that is: the loader in C crashes the process on text that is nested deeply.
        """

        nodes = 0

        def compose_node(self, parent: Any, index: Any) -> Any:
            self.nodes += 1
            if self.nodes > _NODES_LIMIT:
                raise UnfitFileError(f"YAML of more than {_NODES_LIMIT:,} values; let vcrpy write it as JSON")
            return super().compose_node(parent, index)

    try:
        return yaml.load(text, Loader=Loader)  # noqa: S506  (a SafeLoader)
    except yaml.YAMLError as error:
        raise ValueError(str(error).splitlines()[0]) from error


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
        return f"status {found(status)}: an error is no answer"
    request_body = _bytes(request["body"])
    if not isinstance(json.loads(request_body), dict):
        return "the request is no JSON object"
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
        latency_s=0.0,
        first_token_s=None,
        recorded_at=_date(dict(headers).get("date", "")),
    )


def _bytes(value: Any) -> bytes:
    if isinstance(value, bytes):
        return value
    if not isinstance(value, str):
        raise TypeError("a body that is no text")
    return value.encode("utf-8")


def _headers(value: dict[str, Any]) -> tuple[tuple[str, str], ...]:
    return tuple(
        (str(name).lower(), str(content))
        for name, contents in value.items()
        for content in (contents if isinstance(contents, list) else [contents])
    )


def _inflated(body: bytes, encoding: str) -> bytes:
    """vcrpy keeps compressed bodies as they came, unless it was told to decode them and left the header."""
    if encoding not in ("gzip", "deflate") or body.lstrip()[:1] in (b"{", b"d", b":"):
        return body
    if body.startswith(b"\x1f\x8b"):  # gzip may consist of several members
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
