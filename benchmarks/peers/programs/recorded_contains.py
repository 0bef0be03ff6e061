"""pytest with pytest-recording: one parametrised test, one cassette a case, as the plugin's manual shows.

Copied beside `cases.json` under the name `test_recorded.py`. Runs in the tool's environment. PEER_BASE_URL is the
endpoint.
"""

import json
import os
from pathlib import Path

import pytest
from openai import OpenAI

ROWS = json.loads(Path(__file__).with_name("cases.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="session")
def client():
    with OpenAI(api_key="none", base_url=os.environ["PEER_BASE_URL"]) as client:
        yield client


@pytest.mark.vcr
@pytest.mark.parametrize("row", ROWS, ids=[row["id"] for row in ROWS])
def test_contains(row, client):
    completion = client.chat.completions.create(
        model="fake", messages=[{"role": "user", "content": row["prompt"]}], temperature=0.0, max_tokens=512
    )
    assert row["target"] in completion.choices[0].message.content
