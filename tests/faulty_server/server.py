"""The server itself, in a thread of a test, or as a process of its own: `python -m tests.faulty_server.server`.

A prompt `[fault NAME] ...` meets that fault each time, `[fault NAME x2] ...` the first two times. With `share`, other
prompts meet some fault by chance: which and when depends on seed, prompt and attempt alone, never on the time.

The right answer to a prompt is what follows `Repeat: `; after `Damage: `, the same with blanks around hyphens.
"""

import asyncio
import contextlib
import json
import random
import re
import sys
from collections import Counter
from collections.abc import Callable
from typing import Any

from tests.faulty_server import faults
from tests.faulty_server.connection import ClosedError, Connection
from tests.faulty_server.faults_of_transport import status
from tests.faulty_server.right_answer import Asked, well
from tests.faulty_server.server_thread import ServerThread

_FAULT = re.compile(r"\[fault ([a-z0-9-]+)(?: x(\d+))?\]")
BY_CHANCE = (
    *(f"status-{code}" for code in (408, 409, 429, 500, 502, 503, 504)),
    *("reset-before-headers", "reset-in-headers", "reset-in-body", "close-in-body", "close-before-headers"),
    *("truncated-json", "stream-without-end", "stream-cut-in-an-event", "stream-error", "html", "empty-body"),
    *("empty-choices", "error-in-body", "invalid-utf8", "gzip-cut", "429-after-seconds"),
)
"""Faults that pass and end at once; those that stall are tested one by one."""


class FaultyServer(ServerThread):
    """Use it as a context manager. `asked` counts requests by prompt; `most_running` those at one time."""

    def __init__(self, *, share: float = 0.0, seed: int = 0, delay_s: float = 0.0, **listening: Any) -> None:
        super().__init__(**listening)
        self.share = share
        self.delay_s = delay_s
        self.asked: Counter[str] = Counter()
        self.answered: Counter[str] = Counter()
        """Right answers that were sent to the last byte, by prompt."""
        self.bodies: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.paths: list[str] = []
        self.keep_bodies = True
        self.reply: Callable[[dict[str, Any]], tuple[int, str, bytes, dict[str, str]]] | None = None
        """Answers every request in the place of what prompts ask for: status, content type, body, headers."""
        self.limit_at_one_time: int | None = None
        """More requests than that at one time get a 429."""
        self.slots: asyncio.Semaphore | None = None
        """So many requests are worked on at one time, those whose client has gone away too, as behind a gateway."""
        self.running = self.most_running = 0
        self._seed = seed

    @property
    def total(self) -> int:
        """Requests in all."""
        return self.asked.total()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = Connection(reader, writer)
        try:
            while (request := await connection.request()) is not None:
                self.running += 1
                self.most_running = max(self.most_running, self.running)
                try:
                    await self._answer(connection, *request)
                finally:
                    self.running -= 1
        except (ClosedError, asyncio.CancelledError):
            pass
        finally:
            writer.close()

    async def _answer(self, connection: Connection, headers: dict[str, str], data: bytes) -> None:
        body = json.loads(data)
        prompt = str(body["messages"][-1]["content"])
        attempt = self.asked[prompt]
        self.asked[prompt] += 1
        if self.keep_bodies:
            self.bodies.append(body)
            self.headers.append(headers)
            self.paths.append(headers[":path"])
        async with self.slots or contextlib.nullcontext():
            await asyncio.sleep(self.delay_s)
        if self.reply is not None:
            code, content_type, content, more = self.reply(body)
            await connection.respond(content, content_type, more, code)
            return
        asked = Asked(answer_to(prompt), body, headers)
        if self.limit_at_one_time is not None and self.running > self.limit_at_one_time:
            await status(connection, asked, 429)
            return
        name = self._fault(prompt, attempt)
        fault = {**faults.WRONG, **faults.ODD}[name] if name else well
        await fault(connection, asked)
        if fault is well:
            self.answered[prompt] += 1

    def _fault(self, prompt: str, attempt: int) -> str | None:
        told = _FAULT.search(prompt)
        if told:
            return told[1] if told[2] is None or attempt < int(told[2]) else None
        chance = random.Random(f"{self._seed} {attempt} {prompt}")
        return chance.choice(BY_CHANCE) if chance.random() < self.share else None


def answer_to(prompt: str) -> str:
    """What an endpoint without faults would say."""
    if "Damage: " in prompt:
        return prompt.partition("Damage: ")[2].replace("-", " - ")
    return prompt.partition("Repeat: ")[2] or "nothing to repeat"


def main() -> None:
    """Serve until standard input closes. Prints the address, and at the end the number of requests."""
    settings = json.loads(sys.argv[1]) if len(sys.argv) > 1 else {}
    with FaultyServer(**settings) as server:
        server.keep_bodies = False
        print(server.base_url, flush=True)
        sys.stdin.read()
        print(json.dumps({"requests": server.total, "prompts": len(server.asked)}), flush=True)


if __name__ == "__main__":
    main()
