"""Why a line of a training file is no JSON: the mistakes that people make, told in their words."""

from __future__ import annotations

import json
import re

_SMART_QUOTES = "“”„‟«»＂"
_LAST_COMMA = re.compile(r",\s*[}\]]")


def hint(line: str) -> str:
    """What to mend in a line that the JSON parser refused, or nothing if it looks like none of the usual mistakes."""
    text = line.strip()
    if any(char in _SMART_QUOTES for char in re.sub(r'"(?:[^"\\]|\\.)*"', "", text)):
        return 'smart quotes stand in place of "; write straight quotes (in a text they are welcome)'
    if text.startswith("[{") and not _parses(text):
        return "a JSON array over several lines; write each of its objects on a line of its own, without the brackets"
    if re.match(r"^\{\s*'", text):
        return "single quotes, as Python prints a dict; JSON has double quotes (json.dumps writes them)"
    if text.startswith(("//", "#")):
        return "a comment; JSON has none"
    if text.endswith(",") and _parses(text[:-1]):
        return "a comma after the object; lines stand alone"
    if _two_objects(text):
        return "two objects on one line; break the line between them"
    if _LAST_COMMA.search(text) and _parses(_LAST_COMMA.sub(lambda found: found[0].lstrip(", \t"), text)):
        return "a comma before a closing bracket; JSON allows none there"
    if text.count("{") > text.count("}"):
        return "the object is not closed; the line may have been cut"
    return ""


def _parses(text: str) -> bool:
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def _two_objects(text: str) -> bool:
    try:
        _, end = json.JSONDecoder().raw_decode(text)
    except (ValueError, RecursionError):
        return False
    return text[end:].lstrip().startswith("{")
