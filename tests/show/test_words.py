"""Both languages of the pages."""

import re
import string
from importlib import resources

from harness.show.words import WORDS, say

_FIELDS = string.Formatter()


def test_both_languages_take_the_same_values():
    for key, texts in WORDS.items():
        english, chinese = ({name for _, name, _, _ in _FIELDS.parse(text) if name} for text in texts)
        assert english == chinese, key


def test_no_sentence_is_empty():
    assert [key for key, texts in WORDS.items() if not all(text.strip() for text in texts)] == []


def test_every_word_that_a_page_asks_for_is_there():
    folder = resources.files("harness.show")
    files = [*folder.joinpath("templates").iterdir(), *folder.joinpath("static").iterdir()]
    text = "\n".join(file.read_text("utf-8") for file in files)
    asked = set(re.findall(r"(?:say|both)\(['\"]([A-Za-z0-9 _-]+)['\"][,)]", text))
    assert len(asked) > 100
    assert asked - set(WORDS) == set()


def test_values_are_escaped():
    assert "<b>" not in say("judged-at", when="<b>", policy="<i>")
