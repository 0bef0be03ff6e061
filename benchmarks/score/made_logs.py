"""Logs as production writes them: short and long answers, clean and damaged, in two languages, targets given or not."""

from __future__ import annotations

import json
import random
from pathlib import Path

_SMALL_TALK = "Lay the membrane on a dry floor, seal the edges, and wait a day before the next layer goes on. "
_CHINESE = "防水层应铺在干燥的基层上，边缘须先封好，再做下一道。"
_DAMAGE = (("-", " - "), ("-", "–"), ("/", " / "), ("-", ""))


def write_log(path: Path, rows: int, seed: int = 20261120) -> int:
    """Write JSON lines and return their size in bytes.

    Of 100 rows 10 are damaged, 4 leave a target out, 3 are cut off, 5 are long (8,000 characters), 1 is not JSON; half
    of the rows give no targets, and half are in Chinese.
    """
    drawn = random.Random(seed)
    with path.open("w", encoding="utf-8") as file:
        for number in range(rows):
            file.write(_line(number, drawn))
        return file.tell()


def _line(number: int, drawn: random.Random) -> str:
    kind = number * 37 % 100
    code, standard = f"Sikalastic-{drawn.randrange(100, 99999)}", f"GB/T {drawn.randrange(1000, 99999)}-2019"
    chinese = number % 2 == 0
    filler = _CHINESE if chinese else _SMALL_TALK
    source = f"请介绍{code}，依据{standard}。" if chinese else f"Say what {code} is for, as {standard} has it. "
    if kind < 10:
        old, new = _DAMAGE[number % len(_DAMAGE)]
        answer = f"{code.replace(old, new)}: {standard.replace(old, new)}. {filler * 5}"
    elif kind < 14:
        answer = f"{standard}. {filler * 5}"
    else:
        answer = f"{code}: {standard}. {filler * 5}"
    if 20 <= kind < 25:
        answer += filler * (8000 // len(filler))
    row: dict[str, object] = {
        "id": number,
        "source": source + filler * 3,
        "output": answer,
        "model": ("base", "tuned", "prompted")[drawn.randrange(3)],
        "version": "v1",
        "time": f"2026-11-{1 + drawn.randrange(20):02d}T{drawn.randrange(24):02d}:00:00Z",
        "region": f"region-{drawn.randrange(40)}",
    }
    if number // 2 % 2:
        row["targets"] = [code, standard]
    if 30 <= kind < 33:
        row["finish_reason"] = "length"
    text = json.dumps(row, ensure_ascii=number % 5 == 0)
    return f"{text[:-9]}\n" if kind == 40 else f"{text}\n"
