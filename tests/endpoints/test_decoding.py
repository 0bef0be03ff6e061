"""Compressed bodies, however they are cut, are decoded whole or not at all."""

import gzip

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.endpoints.transport import EncodingError, _Decoder
from harness.recording.vcr import _inflated


def decoded(body: bytes, sizes: int) -> bytes:
    decoder = _Decoder("gzip")
    found = b"".join(
        piece for at in range(0, len(body), sizes) for piece in decoder.pieces(body[at : at + sizes])
    )  # fmt: skip
    decoder.end()
    return found


@given(st.lists(st.binary(max_size=200) | st.just(b"a" * 200_000), min_size=1, max_size=5), st.integers(1, 90))
def test_members_one_after_the_other_are_one_body(parts: list[bytes], sizes: int) -> None:
    body = b"".join(gzip.compress(part) for part in parts)
    assert decoded(body, sizes) == b"".join(parts)
    assert decoded(body + bytes(9), sizes) == b"".join(parts)
    assert _inflated(body, "gzip") == b"".join(parts)


@pytest.mark.parametrize("cut", [1, 5, 12])
def test_a_second_member_that_is_cut_off_is_an_error(cut: int) -> None:
    body = gzip.compress(b"one") + gzip.compress(b"two" * 99)
    with pytest.raises(EncodingError, match="cut off"):
        decoded(body[:-cut], 7)
    with pytest.raises(ValueError, match="cut off"):
        _inflated(body[:-cut], "gzip")
