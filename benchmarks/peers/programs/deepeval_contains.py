"""DeepEval: answers asked for by the user's own client, then `evaluate` with a metric of one's own.

Its ready metrics that need no judging model compare whole answers; its manual's way to anything else is a class of
one's own. Runs in the tool's environment. Arguments: cases, concurrency, file for the verdicts, base URL.
"""

import asyncio
import json
import sys
from pathlib import Path

from deepeval import evaluate
from deepeval.evaluate import AsyncConfig, CacheConfig, DisplayConfig
from deepeval.metrics import BaseMetric
from deepeval.test_case import LLMTestCase
from openai import AsyncOpenAI


class Contains(BaseMetric):
    def __init__(self):
        self.threshold = 1.0

    def measure(self, test_case, *_, **__):
        self.score = float(test_case.expected_output in test_case.actual_output)
        self.success = self.score >= self.threshold
        return self.score

    async def a_measure(self, test_case, *_, **__):
        return self.measure(test_case)

    def is_successful(self):
        return self.success

    @property
    def __name__(self):
        return "Contains"


async def ask_all(rows, base_url, concurrency):
    gate = asyncio.Semaphore(concurrency)

    async with AsyncOpenAI(api_key="none", base_url=base_url) as client:

        async def ask(row):
            async with gate:
                answer = await client.chat.completions.create(
                    model="fake", messages=[{"role": "user", "content": row["prompt"]}], temperature=0.0, max_tokens=512
                )
            return answer.choices[0].message.content

        return await asyncio.gather(*map(ask, rows))


rows = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
outputs = asyncio.run(ask_all(rows, sys.argv[4], int(sys.argv[2])))
cases = [
    LLMTestCase(name=row["id"], input=row["prompt"], actual_output=output, expected_output=row["target"])
    for row, output in zip(rows, outputs, strict=True)
]
result = evaluate(
    cases,
    [Contains()],
    async_config=AsyncConfig(max_concurrent=int(sys.argv[2])),
    # its cache of scores is of no use here, and is written again as a whole after every case
    cache_config=CacheConfig(write_cache=False),
    display_config=DisplayConfig(show_indicator=False, print_results=False, inspect_after_run=False),
)
Path(sys.argv[3]).write_text(json.dumps({test.name: bool(test.success) for test in result.test_results}))
