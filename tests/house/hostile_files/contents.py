"""What may be in a file of a pull request: well-formed but for one place, or nothing that the file should be."""

from __future__ import annotations

import gzip
import io
import json
import os
import zipfile
from collections.abc import Callable
from pathlib import Path

from harness.records.answer import request_key

HERE = "@"
"""The place in a text below where a hostile value goes."""

_REQUEST = {"model": "m", "messages": [{"role": "user", "content": "Repeat: A-1"}], "max_tokens": 512, "temperature": 0}
_ANSWER = {"model": "m", "choices": [{"index": 0, "message": {"role": "assistant", "content": "A-1"}}]}
INTERACTION = {
    "request": {
        "method": "POST",
        "uri": "http://h/v1/chat/completions",
        "body": json.dumps(_REQUEST),
        "headers": {},
    },
    "response": {
        "status": {"code": 200, "message": "OK"},
        "headers": {"content-type": ["application/json"]},
        "body": {"string": json.dumps(_ANSWER)},
    },
}
RECORD = {
    "schema": 1,
    "run_id": "20260101-abcdef0123",
    "model": "m",
    "version": "v1",
    "configuration_digest": "0",
    "suite_digest": "0",
    "harness_version": "0",
    "mode": "live",
    "started": "2026-01-01T00:00:00Z",
    "ended": "2026-01-01T00:00:00Z",
    "evidence": {"oldest": "2026-01-01T00:00:00Z", "newest": "2026-01-01T00:00:00Z"},
    "totals": {"cases": 1, "samples": 1},
    "cases": [
        {
            "suite": "s",
            "id": "c-1",
            "domain": "d",
            "language": "en",
            "task": "copy",
            "digest": "0",
            "messages": [{"role": "user", "content": "Repeat: A-1"}],
            "targets": ["A-1"],
            "required": ["A-1"],
            "outcome": "aligned",
            "samples": [{"sample": 0, "outcome": "aligned", "output": "A-1", "verdicts": {"A-1": "verbatim"}}],
        }
    ],
}


def _with_a_place(value: dict[str, object]) -> str:
    return f'{json.dumps(value)[:-1]}, "recipe": {{"x": {HERE}}}}}\n'


JSON_TEXTS: dict[str, tuple[str, str]] = {
    # kind: (path, text with the place of a hostile value)
    "record": (f"reports/m@v1/{RECORD['run_id']}.json", _with_a_place(RECORD)),
    "baselines": ("reports/baselines.json", f'{{"schema": 1, "baselines": {{"m": {HERE}}}}}'),
    "cases": (
        "suites/s/cases.jsonl",
        f'{{"id": "c-1", "prompt": "Repeat: A-1", "targets": ["A-1"], "response_format": {HERE}}}\n',
    ),
    "cassette": (
        "cassettes/m@v1/s.jsonl",
        _with_a_place({"key": request_key(_REQUEST, 0), "sample": 0, **INTERACTION}),
    ),
    "import": ("stock", f'{{"version": 1, "interactions": [{json.dumps(INTERACTION)}, {HERE}]}}'),
    "outputs": ("outputs.jsonl", f'{{"id": "c-1", "output": "A-1", "note": {HERE}}}\n'),
}
YAML_TEXTS = {"import-yaml": ("stock", f"interactions: [{HERE}]\nversion: 1\n")}
TOML_TEXTS = {
    "policy": ("policy.toml", f"max_age_days = {HERE}\n"),
    "suite": ("suites/s/suite.toml", f"title = {HERE}\n"),
}
OTHER_TEXTS = {"selection": ("suites/few.cases", f"s/c-1\n{HERE}\n")}
JSON_VALUES: dict[str, str] = {
    "a million brackets": "[" * 1_000_000,
    "a million brackets, closed": "[" * 1_000_000 + "]" * 1_000_000,
    "a million objects": '{"a":' * 1_000_000,
    "ten million digits": "1" * 10_000_000,
    "five thousand digits": "1" * 5_000,
    "not a number": "NaN",
    "minus infinity": "-Infinity",
    "a number without end": "1e999999",
    "a lone surrogate": '"\\ud800"',
    "five million lists": "[" + "[]," * 5_000_000 + "[]]",
    "a name twice": '{"a": 1, "a": 2}',
}
YAML_VALUES: dict[str, str] = {
    "a million brackets": "[" * 1_000_000,
    "a thousand brackets, closed": "[" * 900 + "]" * 900,
    "two million lists": "[" + "[]," * 2_000_000 + "[]]",
    "ten million digits": "1" * 10_000_000,
    "laughs": "&a [x], &b [*a,*a], &c [*b,*b], &d [*c,*c], &e [*d,*d], &f [*e,*e]",
    "a list in itself": "&a [*a]",
    "a Python object": "!!python/object/apply:os.system ['touch OWNED']",
    "a Python name": "!!python/name:os.system",
}
TOML_VALUES: dict[str, str] = {
    "a hundred thousand brackets": "[" * 100_000,
    "a hundred brackets, closed": "[" * 100 + "]" * 100,
    "ten million digits": "1" * 10_000_000,
    "five thousand digits": "1" * 5_000,
    "not a number": "nan",
    "a number without end": "1e999999",
    "a day that is none": "2026-13-41",
    "a long dotted key": "1\n" + "a." * 60_000 + "a = 1",
    "a deep table": "1\n[" + "a." * 900 + "a]",
    "a name twice": "1\ntitle = 1\nmax_age_days = 1",
}
TEXTS = JSON_TEXTS | YAML_TEXTS | TOML_TEXTS | OTHER_TEXTS
_FORMS = ((JSON_TEXTS, JSON_VALUES), (YAML_TEXTS, YAML_VALUES), (TOML_TEXTS, TOML_VALUES))
VALUES = [(kind, name) for texts, values in _FORMS for kind in texts for name in values]


def text_with(kind: str, name: str) -> str:
    """Put together for each test: all at once they would take a quarter of a gigabyte of every worker."""
    (values,) = (values for texts, values in _FORMS if kind in texts)
    return TEXTS[kind][1].replace(HERE, values[name])


def _sparse(path: Path) -> None:
    with path.open("wb") as file:
        file.seek(500_000_000)  # it takes no room on the disk, and more memory than a command may have
        file.write(b"\n")


def zip_of_zips(path: Path, *, size: int = 1_000_000) -> None:
    """Ten files of ten files of ten files of `size` bytes each."""
    content = b"\0" * size
    for _ in range(3):
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
            for number in range(10):
                archive.writestr(f"{number}.jsonl", content)
        content = buffer.getvalue()
    path.write_bytes(content)


def _gigabyte_packed(path: Path) -> None:
    path.write_bytes(gzip.compress(b"\0" * 50_000_000) * 20)


def _no_text(path: Path) -> None:
    path.write_bytes(bytes(range(128, 256)) * 100)


def _pickle(path: Path) -> None:
    path.write_bytes(b"cos\nsystem\n(S'touch OWNED'\ntR.")


WHOLE: dict[str, Callable[[Path], None]] = {
    "half a gigabyte in one line": _sparse,
    "a gigabyte, packed": _gigabyte_packed,
    "a zip of zips": zip_of_zips,
    "a pickle": _pickle,
    "a device": lambda path: path.symlink_to("/dev/zero"),
    "a pipe": os.mkfifo,
    "a folder": lambda path: path.mkdir(),
    "bytes that are not text": _no_text,
}
