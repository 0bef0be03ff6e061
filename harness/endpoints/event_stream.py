"""Server-sent events, as https://html.spec.whatwg.org/multipage/server-sent-events.html reads them."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

_LINE = re.compile(r"([^\r\n]*)(\r\n|\n|\r|\Z)")


@dataclass(frozen=True, slots=True)
class Event:
    """The data of one event, its lines joined, and the offset in the text at which the event ended."""

    data: str
    end: int


def events(text: str) -> Iterator[Event]:
    """Events that carry data. Comments and other fields are passed over.

    The specification drops a last event that no blank line ends; here it is given out, because servers end their
    streams so. A half one is no JSON, and the reader of the data finds that.
    """
    data: list[str] = []
    place = 0
    while place < len(text):
        line = _LINE.match(text, place)
        assert line is not None
        place = line.end()
        if not line[1]:
            if data:
                yield Event("\n".join(data), place)
                data = []
            continue
        field, _, value = line[1].partition(":")
        if field == "data":
            data.append(value.removeprefix(" "))
    if data:
        yield Event("\n".join(data), place)
