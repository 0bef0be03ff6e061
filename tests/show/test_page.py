"""What every page shares."""

import json

from hypothesis import given
from hypothesis import strategies as st

from harness.show.html import content_policy, data_block, templates_digest

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(st.characters()),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@given(VALUES)
def test_data_in_a_page_reads_back_and_cannot_end_its_element(value):
    text = str(data_block(value))
    assert not set(text) & set("<>&\u2028\u2029")
    text.encode("utf-8")
    assert json.loads(text) == value


def test_the_policy_names_what_the_page_carries_and_nothing_else():
    assert content_policy("", "") == (
        "default-src 'none'; style-src 'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='; "
        "base-uri 'none'; form-action 'none'"
    )


def test_the_digest_of_the_templates_is_stable():
    assert templates_digest() == templates_digest()
    assert len(templates_digest()) == 16
