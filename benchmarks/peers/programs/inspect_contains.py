"""Inspect: a task with `generate` and `includes`, and its own cache. Runs in the tool's environment.

Arguments: cases, concurrency, file for the verdicts. `openai-api/peer` reads the endpoint from PEER_BASE_URL.
"""

import json
import sys
from pathlib import Path

from inspect_ai import Task, eval
from inspect_ai.dataset import Sample
from inspect_ai.model import GenerateConfig
from inspect_ai.scorer import includes
from inspect_ai.solver import generate

rows = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
task = Task(
    dataset=[Sample(id=row["id"], input=row["prompt"], target=row["target"]) for row in rows],
    solver=generate(cache=True),
    scorer=includes(ignore_case=False),
    config=GenerateConfig(temperature=0.0, max_tokens=512),
)
concurrency = int(sys.argv[2])
[log] = eval(task, model="openai-api/peer/fake", max_connections=concurrency, max_samples=concurrency, display="none")
verdicts = {sample.id: sample.scores["includes"].value == "C" for sample in log.samples}
Path(sys.argv[3]).write_text(json.dumps(verdicts))
