"""The style task: a training suite of other words, and a long prompt against a short one, from records.

    python -m benchmarks.style suite --out build/tales
    python -m benchmarks.style compare qwen styled

`suite` writes the shipped long prompt with words that the shipped suite does not ask for, and a last paragraph that
names the word once more: without it the 1.5B model wrote the word into all of its answers. Ask it several times, at a
temperature, and take the first answer of each word that passes every check; docs/fine-tuning.md has the entry
`teacher`:

    pytest --model=teacher --suites=build/tales --cassette-mode=record --samples=4
    harness dataset distill teacher --suite tales --tag long-prompt --system "写新说：title、tale" \\
        --out suites/training/style-v1.jsonl

`compare` reads stored runs: checks that passed (all of them, those of the form, whether the word was left out), prompt
and answer tokens, latency and cost, by version and by length of the prompt; the last column counts the answers that no
other column is about, because they were cut off or failed.
"""

import argparse
import json
import re
import shutil
from collections.abc import Sequence
from pathlib import Path
from statistics import fmean, median

from harness.project import Project
from harness.records.run import CaseResult, RunRecord, SampleResult
from harness.show.figures import markdown_table, percent
from harness.statistics.rates import wilson
from harness.suite import builtin_root

WORDS = {
    "work": "升职 辞职 工资 打卡 开会 简历 夜班 领导 同事 年假 报销 加薪",
    "home": "沙发 冰箱 阳台 窗帘 剪刀 相册 行李 拖鞋 灯泡 收音机 旧书 门铃",
    "feelings": "后悔 等待 害羞 羡慕 孤独 骄傲 委屈 怀旧 犹豫 原谅 心虚 感动",
    "money": "欠债 零钱 发票 年终奖 拍卖 押金 硬币 存折 涨价 退货 小费 账本",
    "city": "公交 天桥 路灯 斑马线 菜市场 书店 医院 公园 早点 车票 导航 夜市",
    "youth": "操场 课桌 校服 暑假 粉笔 班主任 日记 篮球 迟到 成绩单 毕业照 零食",
    "nature": "流星 彩虹 雪花 蝉鸣 大雾 麦田 潮水 萤火虫 露水 秋风 雷声 候鸟",
}
"""Words of a training suite, by domain; a test holds that none of them is a word of the shipped suite."""

REMINDER = (
    "\n\n六、这一次\n这次不能写出的词：{word}。用一个人、一个动作、一件东西来代替它。"
    "先选好那件东西，标题就用那件东西的名字。"
)
"""Put behind the long prompt of a training case. The short prompt that is learnt does not have it."""

_COPIED = 6
"""Characters of a clause of the prompt's examples from which on it is a copy."""

TESTED = builtin_root() / "style" / "tales.jsonl"


def main() -> None:
    """Write the training suite, or print the comparison."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("suite").add_argument("--out", type=Path, required=True)
    commands.add_parser("compare").add_argument("runs", nargs="+", metavar="RUN")
    given = parser.parse_args()
    if given.command == "suite":
        print(f"{given.out}: {write_suite(given.out)} cases")
        return
    project = Project.open()
    print("\n".join(markdown_table(comparison([project.resolve(name) for name in given.runs]))))


def shipped_words() -> set[str]:
    """The words of the shipped suite."""
    return {str(row["messages"][-1]["content"]) for row in map(json.loads, TESTED.read_text("utf-8").splitlines())}


def write_suite(folder: Path) -> int:
    """The first shipped case with the long prompt, for each training word; returns the number of cases."""
    pattern = next(
        row for row in map(json.loads, TESTED.read_text("utf-8").splitlines()) if "long-prompt" in row.get("tags", ())
    )
    tested = str(pattern["messages"][-1]["content"])
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copy(TESTED.parent / "suite.toml", folder / "suite.toml")
    lines = []
    examples = re.findall(r'"tale": "([^"]+)"', str(pattern["messages"][0]["content"]))
    clauses = [clause for tale in examples for clause in re.split("[，。]", tale) if len(clause) >= _COPIED]
    pattern["checks"] += [{"check": "not_contains", "field": "/tale", "value": clause} for clause in clauses]
    for domain, words in WORDS.items():
        for word in words.split():
            case = json.loads(json.dumps(pattern, ensure_ascii=False).replace(tested, word))
            case["messages"][0]["content"] += REMINDER.format(word=word)
            lines.append(json.dumps({**case, "id": f"word-{len(lines) + 1:03}", "domain": domain}, ensure_ascii=False))
    (folder / "tales.jsonl").write_text("".join(line + "\n" for line in lines), encoding="utf-8")
    return len(lines)


def comparison(runs: Sequence[RunRecord]) -> list[list[str]]:
    """Rows: one for each run and length of the prompt, over the cases of the suite that are scored."""
    kept = ("every check", "95 %", "form", "word left out")
    rows = [
        ["version", "prompt", *kept, "prompt tokens", "answer tokens", "latency, median", "cost of 1,000", "unscored"]
    ]
    for run in runs:
        for tag in ("long-prompt", "short-prompt"):
            asked = [case for case in run.cases if tag in case.tags]
            cases = [case for case in asked if case.outcome != "unscored"]
            if cases:
                left = f"{len(asked) - len(cases)} of {len(asked)}"
                rows.append([run.label, tag.removesuffix("-prompt"), *_figures(cases), left])
    return rows


def _figures(cases: Sequence[CaseResult]) -> list[str]:
    kept = sum(case.outcome == "passed" for case in cases)
    interval = wilson(kept, len(cases))
    samples = [sample for case in cases for sample in case.samples]
    form = sum(_keeps_form(sample) for sample in samples)
    silent = sum(
        str(case.messages[-1]["content"]) not in str(sample.output) for case in cases for sample in case.samples
    )
    tokens = [sample.prompt_tokens for sample in samples if sample.prompt_tokens is not None]
    answers = [sample.completion_tokens for sample in samples if sample.completion_tokens is not None]
    waits = [sample.latency_s for sample in samples if sample.latency_s is not None]
    costs = [sample.cost for sample in samples if sample.cost is not None]
    return [
        f"{percent(kept / len(cases))} ({kept}/{len(cases)})",
        f"{percent(interval.low)} to {percent(interval.high)}" if interval else "",
        f"{form}/{len(samples)}",
        f"{silent}/{len(samples)}",
        f"{fmean(tokens):.0f}" if tokens else "not recorded",
        f"{fmean(answers):.0f}" if answers else "not recorded",
        f"{median(waits):.2f} s" if waits else "not recorded",
        f"{1000 * fmean(costs):.2f}" if costs else "no price",
    ]


def _keeps_form(sample: SampleResult) -> bool:
    """An object of two fields, one sentence, its punctuation, Chinese alone: all but what must not be written."""
    return all(one.passed for one in sample.checks if one.check != "not_contains")


if __name__ == "__main__":
    main()
