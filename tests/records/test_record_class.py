"""How the classes of records are made."""

import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from harness.records import Record

PLUGIN = """
class Plugin:
    def new_schema_validator(self, schema, schema_type, schema_type_path, *others):
        print(schema_type_path.name.rpartition(".")[2])
        return None, None, None

plugin = Plugin()
"""
CODE = """
import os
import harness.config, harness.records.run
from pydantic import BaseModel

class Other(BaseModel):
    number: int

print(os.environ.get("PYDANTIC_DISABLE_PLUGINS"))
"""


@pytest.mark.parametrize("setting", [None, "another"])
def test_plugins_of_pydantic_see_all_classes_but_those_of_records(tmp_path: Path, setting: str | None) -> None:
    (tmp_path / "seen-1.dist-info").mkdir()
    (tmp_path / "seen-1.dist-info/METADATA").write_text("Metadata-Version: 2.1\nName: seen\nVersion: 1\n")
    (tmp_path / "seen-1.dist-info/entry_points.txt").write_text("[pydantic]\nseen = plugin_that_sees:plugin\n")
    (tmp_path / "plugin_that_sees.py").write_text(PLUGIN)
    env = {**os.environ, "PYTHONPATH": str(tmp_path)}
    env.pop("PYDANTIC_DISABLE_PLUGINS", None)
    env |= {"PYDANTIC_DISABLE_PLUGINS": setting} if setting else {}
    done = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, check=True, env=env)
    assert done.stdout.split() == ["Other", str(setting)]


def test_classes_that_are_made_in_two_threads_leave_the_environment_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PYDANTIC_DISABLE_PLUGINS", raising=False)
    first_is_inside, second_is_inside, first_is_done = threading.Event(), threading.Event(), threading.Event()

    class Parent(Record):
        @classmethod
        def __pydantic_init_subclass__(cls, **given: Any) -> None:
            super().__pydantic_init_subclass__(**given)
            if cls.__name__ == "First":
                first_is_inside.set()
                second_is_inside.wait(0.5)  # in vain, where one is made after the other
            else:
                second_is_inside.set()
                first_is_done.wait(5)

    def make_first() -> None:
        type("First", (Parent,), {})
        first_is_done.set()

    thread = threading.Thread(target=make_first)
    thread.start()
    first_is_inside.wait(5)
    type("Second", (Parent,), {})
    thread.join()
    assert "PYDANTIC_DISABLE_PLUGINS" not in os.environ
