"""Reasoning is not output: what a model writes between `<think>` and `</think>` is left out of a check."""

import re
from collections.abc import Sequence
from functools import lru_cache

REASONING_TAGS = ("think", "[THINK]", "harmony")
"""Of most models, of Mistral's, and the channels of gpt-oss, which some servers leave in the text."""
_HARMONY = ("<|channel|>analysis<|message|>", "<|channel|>final<|message|>")


def tag_pair(name: str) -> tuple[str, str]:
    """What opens and what closes reasoning: `<think>` and `</think>` for `think`, `[/THINK]` closes `[THINK]`."""
    if name == "harmony":
        return _HARMONY
    if name.startswith("["):
        return name, f"[/{name[1:]}"
    return f"<{name}>", f"</{name}>"


@lru_cache(maxsize=64)
def tags_of(names: tuple[str, ...]) -> re.Pattern[str]:
    """Finds tags, as the group `opening` or `closing`."""
    # brackets are also those of ordinary text: [think] is a word, [THINK] a token of the model
    pairs = [
        tuple(f"(?{'' if name.startswith('[') else 'i'}:{re.escape(tag)})" for tag in tag_pair(name)) for name in names
    ]
    openings, closings = zip(*pairs, strict=True)
    return re.compile(f"(?P<opening>{'|'.join(openings)})|(?P<closing>{'|'.join(closings)})")


def reasoning_spans(output: str, source: Sequence[str], names: Sequence[str]) -> list[tuple[int, int]]:
    """Where `output` is reasoning: in pairs of tags, before a lone closing tag, and behind an unclosed one.

    A tag that the source itself holds is a word like any other.
    """
    if "<" not in output and "[" not in output:
        return []
    known = tuple(name for name in names if not any(tag in part for part in source for tag in tag_pair(name)))
    if not known:
        return []
    spans: list[tuple[int, int]] = []
    opened = -1
    for tag in tags_of(known).finditer(output):
        if tag["opening"]:
            opened = tag.start() if opened < 0 else opened
        elif opened >= 0:
            spans.append((opened, tag.end()))
            opened = -1
        else:
            spans = [(0, tag.end())]
    if opened >= 0:
        spans.append((opened, len(output)))
    return spans


def opening_reasoning(output: str, source: Sequence[str], names: Sequence[str]) -> list[tuple[int, int]]:
    """The reasoning that `output` begins with, if it does: a repair leaves that alone and takes nothing else for it."""
    spans = reasoning_spans(output, source, names)
    begin = len(output) - len(output.lstrip())
    tag = tags_of(tuple(names)).match(output, begin) if spans and spans[0][0] == begin else None
    return spans[:1] if tag is not None and tag["opening"] else []


def masked(output: str, spans: Sequence[tuple[int, int]]) -> str:
    """`output` with line breaks in the place of the spans, so that offsets stay and no mention crosses one."""
    pieces: list[str] = []
    place = 0
    for start, end in spans:
        pieces += (output[place:start], "\n" * (end - start))
        place = end
    return "".join(pieces) + output[place:]


def split_reasoning(output: str, source: Sequence[str], names: Sequence[str]) -> tuple[str, str]:
    """The answer and the reasoning of `output`, apart and without the tags.

    Blank lines between reasoning and answer belong to neither: gateways that take reasoning out drop them as well.
    """
    spans = reasoning_spans(output, source, names)
    if not spans:
        return output, ""
    tags = tags_of(tuple(names))
    pieces: list[str] = []
    place = 0
    for start, end in spans:
        piece = output[place:start]
        pieces.append(piece if pieces else piece.lstrip() if not piece.strip() else piece)
        place = end
        if not "".join(pieces).strip():
            place += len(output[end:]) - len(output[end:].lstrip())
    pieces.append(output[place:])
    inner = [tags.sub("", output[start:end]).strip() for start, end in spans]
    return "".join(pieces), "\n".join(part for part in inner if part)
