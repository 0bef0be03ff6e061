"""Exchanges as an endpoint makes them."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from harness.records.answer import Exchange
from tests import factory

MakeExchange = Callable[..., Exchange]


@pytest.fixture
def exchange() -> MakeExchange:
    """Makes one; the prompt tells it from others, the rest may be replaced."""
    return factory.exchange
