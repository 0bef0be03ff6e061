"""Fuzz the text layer with atheris: nothing may crash, and what must hold for every text is held against each input.

    uv pip install atheris
    python benchmarks/text/fuzz.py -max_total_time=120 -max_len=400

atheris is not a dependency of the project. It prints a crash with the input that caused it, and exits with an error.
"""

import sys

import atheris

with atheris.instrument_imports(include=["harness.text"]):
    from harness.text import check, extract_targets, repair
    from harness.text.visible import show

SEPARATOR = "\x00"
CHANNELS = ("text", "json", "tool")


def decoded(data: bytes) -> str:
    """Text of any code points: some inputs as UTF-8 with its errors kept, some as UTF-16 with its lone surrogates."""
    if data[:1] < b"\x80":
        return data[1:].decode("utf-8", "surrogateescape")
    return data[1 : len(data) - (len(data) + 1) % 2].decode("utf-16-le", "surrogatepass")


def one_input(data: bytes) -> None:
    channel = CHANNELS[len(data) % 3]
    source, _, output = decoded(data).partition(SEPARATOR)
    source = source or "Use Sikalastic-609 at 水吧台/岛台 over TCP/IP, Mon - Fri, GB/T 50081-2019"
    targets = tuple(target.text for target in extract_targets(source))
    found = check(source, output, targets, channel=channel)
    for target, mentions in found.mentions.items():
        for mention in mentions:
            if mention.path is None:
                assert output[mention.start : mention.end] == mention.text
            assert (mention.verdict == "verbatim") == (not mention.damage), target
    mended = repair(source, output, targets, channel=channel)
    assert repair(source, mended.text, targets, channel=channel).text == mended.text
    if not any(one.damage for mentions in found.mentions.values() for one in mentions):
        assert mended.text == output
    assert len(show(output, lookalikes=True).splitlines()) <= 1


if __name__ == "__main__":
    atheris.Setup(sys.argv, one_input)
    atheris.Fuzz()
