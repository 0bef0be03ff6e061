"""Pydantic Evals: a dataset with a `Contains` for each case, and a task that asks the endpoint.

Runs in the tool's environment. Arguments: cases, concurrency, file for the verdicts, base URL.
"""

import json
import sys
from pathlib import Path

from openai import AsyncOpenAI
from pydantic_evals import Case, Dataset
from pydantic_evals.evaluators import Contains

client = AsyncOpenAI(api_key="none", base_url=sys.argv[4])


async def answer(prompt: str) -> str:
    completion = await client.chat.completions.create(
        model="fake", messages=[{"role": "user", "content": prompt}], temperature=0.0, max_tokens=512
    )
    return completion.choices[0].message.content


rows = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
dataset = Dataset(
    name="contains",
    cases=[Case(name=row["id"], inputs=row["prompt"], evaluators=(Contains(value=row["target"]),)) for row in rows],
)
report = dataset.evaluate_sync(answer, max_concurrency=int(sys.argv[2]), progress=False)
verdicts = {case.name: all(check.value for check in case.assertions.values()) for case in report.cases}
Path(sys.argv[3]).write_text(json.dumps(verdicts))
