"""The names of faults, as a prompt gives them."""

from collections.abc import Awaitable, Callable

from tests.faulty_server.connection import Connection
from tests.faulty_server.right_answer import Asked

Fault = Callable[[Connection, Asked], Awaitable[None]]
WRONG: dict[str, Fault] = {}
ODD: dict[str, Fault] = {}


def wrong(name: str) -> Callable[[Fault], Fault]:
    return lambda fault: WRONG.setdefault(name, fault)


def odd(name: str) -> Callable[[Fault], Fault]:
    return lambda fault: ODD.setdefault(name, fault)
