"""Answers that lie in a file already."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from harness.endpoints.callable import OutputsFile
from harness.errors import ConfigError


def written(folder: Path, *lines: object) -> Path:
    path = folder / "o.jsonl"
    path.write_text("".join(f"{line if isinstance(line, str) else json.dumps(line)}\n" for line in lines))
    return path


def test_an_answer_is_found_by_suite_and_case_before_case_alone(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        {"id": "c-1", "output": "of any suite"},
        "",
        {"id": "s/c-1", "output": "of this suite"},
        {"id": "c-1", "output": "again", "sample": 1, "note": {"kept": "by the user"}},
    )
    outputs = OutputsFile(path, "m")
    texts = [outputs.get(*place) for place in (("s", "c-1", 0), ("t", "c-1", 0), ("s", "c-1", 1))]
    assert [found.text for found in texts if found] == ["of this suite", "of any suite", "again"]
    assert outputs.get("s", "c-2", 0) is None


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("{", r"o\.jsonl:2: not JSON: .*; accepted: \{"),
        ("[" * 100_000, r"o\.jsonl:2: nested too deeply"),
        ("[]", r"o\.jsonl:2: found \[\]; accepted: "),
        ({"id": 5, "output": "x"}, r"o\.jsonl:2: found "),
        ({"id": "c", "output": None}, r"o\.jsonl:2: found "),
        ({"id": "c", "output": "x", "sample": "1"}, r"o\.jsonl:2: found "),
        ('{"id": "c", "output": "x", "output": "y"}', r"o\.jsonl:2: 'output': is twice in one object"),
        ('{"id": "c", "output": "x", "cost": NaN}', r"o\.jsonl:2: NaN is not JSON"),
        ('{"id": "c", "output": "\\ud800"}', r"o\.jsonl:2: holds a lone surrogate"),
        ({"id": "c-1", "output": "y"}, r"o\.jsonl:2: id 'c-1', sample 0 is in the file twice; keep one"),
    ],
)
def test_a_line_that_is_no_answer_is_told_with_its_place(line: object, message: str, tmp_path: Path) -> None:
    path = written(tmp_path, {"id": "c-1", "output": "x"}, line)
    with pytest.raises(ConfigError, match=message):
        OutputsFile(path, "m")


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    message = r"gone\.jsonl: cannot be read: No such file or directory; outputs of model m; accepted: "
    with pytest.raises(ConfigError, match=message):
        OutputsFile(tmp_path / "gone.jsonl", "m")
