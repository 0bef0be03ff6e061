"""Lets stock vcrpy read our cassettes: `vcr.register_serializer("jsonl", vcr_serializer)`, `record_mode="none"`."""

import json
from typing import Any

from harness.records.errors import CassetteError


def deserialize(cassette_string: str) -> dict[str, Any]:
    """vcrpy's dictionary from our lines."""
    lines = [line for line in cassette_string.split("\n") if line]
    return {"version": 1, "interactions": [json.loads(line) for line in lines]}


def serialize(cassette_dict: dict[str, Any]) -> str:
    """Refused: vcrpy rewrites the whole file when it ends, and a kill would then lose every answer."""
    raise CassetteError(
        "vcrpy does not write these cassettes; use record_mode='none', and record with --cassette-mode=record"
    )
