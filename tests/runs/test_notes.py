"""What is only a note is kept, shown as a note, and counts nowhere; a target within a damaged longer one is damaged."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from harness.config import ModelConfig
from harness.decisions.compare import compare
from harness.decisions.metrics import mention_rate, search_hit_rate
from harness.finetune.bad_cases import corrected
from harness.history import read_run
from harness.hunt.asking import sighting_of
from harness.records.answer import Completion
from harness.records.case import Case
from harness.records.run import CaseResult, RunRecord
from harness.runs.judge import Judge
from harness.runs.record import fold
from harness.show.evidence import answers
from harness.show.export import samples_csv
from harness.show.html import run_page
from harness.show.markdown import run_markdown
from harness.show.rates import damage_codes, summarise
from harness.show.run import explain_case, run_lines

MakeCase = Callable[..., Case]
MODEL = ModelConfig(name="m")
LONGER = "CVE-2021-31560 <script>alert(1)</script>"


def judged(case: Case, text: str) -> CaseResult:
    judge = Judge(MODEL)
    return judge.case(case, [judge.sample(case, Completion(text=text, recorded_at="2026-11-20T00:00:00Z"), 0)])


def record_of(*cases: CaseResult) -> RunRecord:
    moment = "2026-11-20T00:00:00Z"
    return fold(
        MODEL, cases, mode="replay", started=moment, ended=moment, requests=0, partial_reason=None, git_commit=None
    )


def asking(make_case: MakeCase, *targets: str, number: int = 0) -> Case:
    messages = ({"role": "user", "content": f"Repeat: {', '.join(targets)}"},)
    return make_case(number, messages=messages, targets=targets, required=targets)


def test_a_note_is_kept_and_counts_nowhere(make_case: MakeCase, tmp_path: Path) -> None:
    case = asking(make_case, "CVE-2021-3156")
    result = judged(case, f"It is {LONGER}.")
    (sample,) = result.samples
    (mention,) = sample.mentions["CVE-2021-3156"]
    assert (result.outcome, sample.verdicts) == ("omitted", {"CVE-2021-3156": "absent"})
    assert (mention.severity, mention.damage, mention.is_damage, mention.is_note) == ("note", ("added",), False, True)
    assert damage_codes(result) == []
    assert summarise(record_of(result)).damage == ()
    assert (search_hit_rate([result]).n, mention_rate([result])) == (0, (0, 1))
    assert sighting_of(sample, "CVE-2021-3156", 1).mention == ""
    assert corrected(["Repeat: CVE-2021-3156"], "It is CVE-2021-31560.", case) is None  # type: ignore[arg-type]
    path = tmp_path / "run.json"
    path.write_text(json.dumps(record_of(result).model_dump(mode="json")), encoding="utf-8")
    assert read_run(path).cases == (result,)


def test_every_face_shows_a_note_as_a_note(make_case: MakeCase) -> None:
    result = judged(asking(make_case, "CVE-2021-3156"), f"It is {LONGER}.")
    run = record_of(result)
    assert "  note     CVE-2021-31560  [added], not counted" in explain_case(result)
    assert "(notes, not counted: 1)" in run_markdown(run)
    assert "CVE-2021-31560" not in "\n".join(run_lines(run)[2:])
    assert ",added," not in samples_csv(run)
    (answer,) = answers(result)
    assert [(one.verdict, one.codes) for one in answer.findings] == [("absent", ()), ("note", ("added",))]
    page = run_page(run)
    assert 'class="v v-note"' in page
    assert "<script>alert" not in page


def test_a_flip_is_told_by_the_damage_and_not_by_a_note(make_case: MakeCase) -> None:
    case = asking(make_case, "CVE-2021-3156", "AB-12/C")
    old = judged(case, "CVE-2021-3156 AB-12/C")
    new = judged(case, "CVE-2021-31560 AB-12 / C")
    (flip,) = compare(record_of(old), record_of(new)).flips
    assert (flip.target, flip.new_text, flip.damage) == ("AB-12/C", "AB-12 / C", ("space-left", "space-right"))


def test_a_target_within_a_damaged_longer_one_is_damaged_and_not_left_out(make_case: MakeCase) -> None:
    result = judged(asking(make_case, "北京/上海/广州", "上海/广州"), "北京 / 上海 / 广州")
    (sample,) = result.samples
    assert sample.within == {"上海/广州": "北京/上海/广州"}
    assert (result.outcome, mention_rate([result])) == ("damaged", (2, 2))
    assert "  within   北京/上海/广州, which is damaged" in explain_case(result)
    assert [one.verdict for one in answers(result)[0].findings] == ["spaced", "within"]


def test_records_without_notes_are_written_as_they_were(make_case: MakeCase) -> None:
    text = record_of(judged(asking(make_case, "A-1"), "A - 1")).model_dump_json()
    assert '"severity"' not in text
    assert '"within"' not in text
