"""A pyproject.toml or a training file of a pull request that is made to exhaust its reader."""

from pathlib import Path

import pytest

from harness import config as configuration
from harness.config import HarnessConfig, ModelConfig
from harness.errors import ConfigError
from harness.runs.judge import training_texts


@pytest.mark.parametrize(
    "content", ["a = " + "[" * 100_000, "a = " + "1" * 5_000, "a = 1\n" * 300_000, "a = " + "[" * 70 + "]" * 70]
)
def test_a_hostile_pyproject_is_refused(tmp_path: Path, content: str) -> None:
    path = tmp_path / "pyproject.toml"
    path.write_text(content)
    with pytest.raises(ConfigError, match="cannot be read as TOML"):
        configuration.read(path)


@pytest.mark.parametrize("line", ["[" * 100_000, '{"messages": ' + "1" * 5_000 + "}", '{"messages": NaN}', "[]"])
def test_a_hostile_training_line_is_named(tmp_path: Path, line: str) -> None:
    (tmp_path / "train.jsonl").write_text(f"\n{line}\n")
    model = ModelConfig(name="m", training_data=("train.jsonl",))
    with pytest.raises(ConfigError, match=r"train\.jsonl:2: .*run: harness dataset validate train\.jsonl"):
        training_texts(HarnessConfig(root=tmp_path).root, model)
