import pytest

from harness.hunt.probe import Code
from harness.hunt.search import damaged_symbols


@pytest.mark.parametrize(
    ("code", "mention", "places"),
    [
        (Code(("a", "a", "a"), ("-", "-"), (False, False)), "a-a -a", {1}),
        (Code(("a", "a", "a"), ("-", "-"), (False, False)), "a - a-a", {0}),
        (Code(("a", "a", "a", "a"), ("-",) * 3, (False,) * 3), "a-a -a-a", {1}),
        (Code(("a", "a"), ("-",), (False,)), "a–a", {0}),
        (Code(("a", "a"), ("-",), (False,)), "aa", {0}),
        (Code(("a", "a"), ("-",), (True,)), "a-a", {0}),
        (Code(("ab", "cd"), ("/",), (False,)), "a b/cd", set()),
        (Code(("a", "b", "c"), ("-", "/"), (False, True)), "a - b/c", {0, 1}),
    ],
)
def test_the_symbol_that_was_hit_is_known(code, mention, places):
    assert damaged_symbols(code, mention) == places
