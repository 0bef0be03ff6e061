"""A pyproject.toml or a training file of a pull request that is made to exhaust its reader."""

from pathlib import Path

import pytest

from harness import config as configuration
from harness.config import HarnessConfig, ModelConfig
from harness.errors import ConfigError
from harness.runs.judge import Judge, learnt_by, training_texts
from tests.factory import suite_case


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


def test_what_an_origin_file_names_counts_as_trained(tmp_path: Path) -> None:
    (tmp_path / "train.jsonl").write_text('{"messages": [{"role": "user", "content": "KJ-1"}]}\n')
    (tmp_path / "train.origin.json").write_text('{"domains": {"tea": ["d"]}, "cases": ["symbols/met"]}')
    model = ModelConfig(name="m", training_data=("train.jsonl",), trained_domains=("cars",))
    judge = Judge(model, learnt_by(tmp_path, model))
    cases = {
        "met": suite_case("Say QQ-1.", "QQ-1", id="met", suite="symbols", domain="law"),
        "string": suite_case("Say KJ-1.", "KJ-1", id="a", suite="symbols", domain="law"),
        "origin domain": suite_case("Say QQ-1.", "QQ-1", id="b", suite="symbols", domain="tea"),
        "own domain": suite_case("Say QQ-1.", "QQ-1", id="c", suite="symbols", domain="cars"),
        "other": suite_case("Say QQ-1.", "QQ-1", id="d", suite="symbols", domain="law"),
    }
    found = {name: judge.exposure(case) for name, case in cases.items()}
    expected = ["seen", "seen", "trained", "trained", "untrained"]
    assert found == dict(zip(cases, expected, strict=True))
