"""`max_sentences`: how long an answer is, by its closing marks."""

from harness.checks.answers import text_of
from harness.checks.registry import check

_ENDS = "。．！？!?…"
_CLOSERS = "\"'”’」』）)》】*_`~"


@check
def max_sentences(answer: str, *, count: int, field: str | None = None) -> str | None:
    """The answer has at most `count` sentences, counted by their closing marks."""
    number = _sentences(text_of(answer, field))
    return None if number <= count else f"{number} sentences, at most {count} are asked for"


def _sentences(text: str) -> int:
    number, open_text = 0, False
    for index, char in enumerate(text):
        following = text[index + 1 : index + 2]
        # a full stop inside a number, a version or an address closes nothing
        ends = char in _ENDS or (char == "." and (not following or following.isspace() or following in _CLOSERS))
        if ends:
            number += open_text
            open_text = False
        elif char.isalnum():
            open_text = True
    return number + open_text


def _problem(*, count: int, field: str | None = None) -> str | None:
    return None if count >= 1 else f"count: found {count}; accepted: 1 or more"


max_sentences.validate = _problem  # type: ignore[attr-defined]
