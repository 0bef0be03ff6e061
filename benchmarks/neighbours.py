"""Can the base install be put beside the latest release of what people have? A table of 20 neighbours.

    python -m benchmarks.neighbours [NAME...]

Each neighbour is resolved alone, for its latest release, and then together with the base dependencies of
`pyproject.toml`; nothing is installed. It needs `uv` (`pip install uv`) and a package index, and is no part of the test
run: an answer depends on the day.
"""

import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[1]
NEIGHBOURS = (
    *("deepeval", "instructor", "ragas", "crewai", "llama-index", "sglang"),
    *("litellm", "vllm", "mlflow", "opencompass", "evalscope", "ms-swift", "llamafactory", "langfuse", "opik", "dspy"),
    *("langchain", "inspect-ai", "openai-agents", "pydantic-ai", "smolagents", "haystack-ai"),
)
SHOWN = ("openai", "rich", "pydantic", "click", "numpy", "scipy")


def resolved(requirements: list[str]) -> dict[str, str] | str:
    """Versions by name, or the last words of the resolver."""
    command = ["uv", "pip", "compile", "-", "--python-version", "3.11", "--quiet", "--no-header", "--no-annotate"]
    done = subprocess.run(command, input="\n".join(requirements), capture_output=True, text=True, check=False)
    if done.returncode:
        return " ".join(done.stderr.split())[-300:]
    return dict(line.split("==", 1) for line in done.stdout.splitlines() if "==" in line)


def main(names: list[str]) -> int:
    """Print the table; 1 if one does not resolve."""
    base = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["dependencies"]
    bad = 0
    print(f"{'neighbour':<16}{'latest':<16}{'together':<10}" + "".join(f"{name:<10}" for name in SHOWN))
    for name in names or NEIGHBOURS:
        alone = resolved([name])
        if isinstance(alone, str):
            print(f"{name:<16}cannot be resolved alone: {alone}")
            continue
        latest = alone[name]
        both = resolved([*base, f"{name}=={latest}"])
        if isinstance(both, str):
            bad += 1
            print(f"{name:<16}{latest:<16}no: {both}")
        else:
            print(f"{name:<16}{latest:<16}{'yes':<10}" + "".join(f"{both.get(one, '-'):<10}" for one in SHOWN))
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
