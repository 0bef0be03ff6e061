"""The canonical request: what is sent, and the key under which its answer is kept."""

import hashlib
import json
from typing import Any

from harness.records.record import Record

_canonical = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode


class Request(Record):
    """The JSON body of one chat-completions call, and which sample of that call it is (0-based)."""

    body: dict[str, Any]
    sample: int = 0

    @property
    def key(self) -> str:
        """SHA-256 of the body and the sample number. Never of the address or a header."""
        return request_key(self.body, self.sample)


def request_key(body: dict[str, Any], sample: int) -> str:
    """The key of a stored request: what a cassette line can be found by, derivable from the line itself."""
    return hashlib.sha256(f"{sample}\n{_canonical(body)}".encode("utf-8", "surrogatepass")).hexdigest()
