"""What a run may cost: requests and money. Neither limit is ever exceeded, because both are asked first."""

import json
import threading
from dataclasses import dataclass
from typing import Any

from harness.records.completion import Completion
from harness.records.errors import HarnessError

_ASSUMED_ANSWER_TOKENS = 4096
"""Of a request that names no limit."""


class SpentError(HarnessError):
    """A limit is reached: no more requests go out, and what was answered is kept."""


@dataclass(frozen=True, slots=True)
class TokenPrice:
    """Money for a million tokens."""

    input: float = 0.0
    output: float = 0.0

    def worst(self, body: dict[str, Any]) -> float:
        """The most that one request can cost. A token is at least one byte, so bytes bound the prompt's tokens."""
        prompt, answer = worst_tokens(body)
        return (prompt * self.input + answer * self.output) / 1e6

    def of(self, completion: Completion, body: dict[str, Any]) -> float:
        """What an answer cost, by the endpoint's own counts; without them, the most that it can have cost."""
        prompt, answer = worst_tokens(body)
        if completion.prompt_tokens is not None:
            prompt = completion.prompt_tokens
        if completion.completion_tokens is not None:
            answer = completion.completion_tokens
        return (prompt * self.input + answer * self.output) / 1e6


def worst_tokens(body: dict[str, Any]) -> tuple[int, int]:
    """Upper bounds of the tokens of prompt and answer."""
    limit = body.get("max_completion_tokens", body.get("max_tokens", _ASSUMED_ANSWER_TOKENS))
    return len(json.dumps(body, ensure_ascii=False).encode("utf-8", "replace")), int(limit)


class Purse:
    """Money for one session, shared by all models (each asks in a thread of its own).

    Args:
        ceiling: in the currency of the models' prices.
    """

    def __init__(self, ceiling: float) -> None:
        self.ceiling = ceiling
        self.spent = 0.0
        self._reserved = 0.0
        self._mutex = threading.Lock()

    def reserve(self, amount: float) -> bool:
        """Set aside what a request may cost; False if others must end first.

        Raises:
            SpentError: nothing is outstanding, and the request still does not fit.
        """
        with self._mutex:
            if self.spent + self._reserved + amount <= self.ceiling:
                self._reserved += amount
                return True
            if self._reserved <= 0:
                raise SpentError(
                    f"--max-cost: {self.spent:.4f} of {self.ceiling:g} is spent, and the next request may cost "
                    f"{amount:.4f}; answers so far are kept"
                )
            return False

    def settle(self, reserved: float, cost: float) -> None:
        """Put the real cost in the place of what was set aside."""
        with self._mutex:
            # the subtraction may leave dust of the floating point; nothing outstanding must be exactly that
            self._reserved = self._reserved - reserved if self._reserved - reserved > 1e-12 else 0.0
            self.spent += cost
