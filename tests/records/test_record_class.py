"""How the classes of records are made."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

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
