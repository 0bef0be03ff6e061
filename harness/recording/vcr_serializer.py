"""Lets stock vcrpy read our cassettes: `vcr.register_serializer("jsonl", vcr_serializer)`, `record_mode="none"`."""

import json
from typing import Any

from harness.records.errors import CassetteError


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
