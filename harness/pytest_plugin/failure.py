"""What the terminal says of a case that failed: the damage made visible, the answer made harmless."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.text.visible import show

if TYPE_CHECKING:
    from harness.records.run import CaseResult, SampleResult

_OUTPUT_SHOWN = 600
_MENTIONS_SHOWN = 5
_AROUND = 20


def explain_case(result: CaseResult) -> str:
    """Lines for the terminal, plain text."""
    failing = [sample for sample in result.samples if sample.outcome == result.outcome]
    lines = [f"{result.outcome}: {_in_short(result, failing[0])}"]
    lines.append(f"  case     {result.key} ({result.domain}, {result.language}, {result.task}, {result.exposure})")
    for sample in failing[:1]:
        lines += _explain_sample(result, sample)
    if len(result.samples) > 1:
        lines.append(f"  {len(failing)} of {len(result.samples)} samples are {result.outcome}")
    return "\n".join(lines)


def _in_short(result: CaseResult, sample: SampleResult) -> str:
    """The first thing that is wrong, short: it stands in pytest's one-line list of failures."""
    if result.outcome == "damaged":
        mentions = [mention for found in sample.mentions.values() for mention in found]
        return show(next(mention.text for mention in mentions if mention.verdict != "verbatim"), lookalikes=True)
    if result.outcome == "omitted":
        return show(next(target for target in result.required if sample.verdicts.get(target) == "absent"))
    return next((check.check for check in sample.checks if not check.passed), "")


def _explain_sample(result: CaseResult, sample: SampleResult) -> list[str]:
    lines: list[str] = []
    for target, verdict in sample.verdicts.items():
        if verdict == "absent" and target in result.required:
            lines.append(f"  target   {show(target)}")
            lines.append("  absent   it is nowhere in the answer")
        elif verdict not in ("verbatim", "absent"):
            lines.append(f"  target   {show(target)}")
            damaged = [mention for mention in sample.mentions[target] if mention.verdict != "verbatim"]
            for mention in damaged[:_MENTIONS_SHOWN]:
                place = f" at {mention.path}" if mention.path is not None else ""
                codes = ", ".join(mention.damage)
                lines.append(f"  {mention.verdict:<8} {show(mention.text, lookalikes=True)}  [{codes}]{show(place)}")
                if mention.path is None and mention.tool_call is None:
                    lines.append(f"  context  {_in_context(sample.output, mention.start, mention.end)}")
            if len(damaged) > _MENTIONS_SHOWN:
                lines.append(f"           ... and {len(damaged) - _MENTIONS_SHOWN} more damaged mentions")
    lines += [f"  check    {check.check}: {_plain(check.detail)}" for check in sample.checks if not check.passed]
    lines.append(f"  answer   {_shortened(sample.output)}")
    lines += [f"  call     {show(call.name)}({_shortened(call.arguments)})" for call in sample.tool_calls]
    return lines


def _in_context(output: str, start: int, end: int) -> str:
    """The mention with its blanks visible, between what stands round it in ordinary print."""
    low, high = max(0, start - _AROUND), min(len(output), end + _AROUND)
    before, after = _plain(output[low:start]), _plain(output[end:high])
    mention = show(output[start:end], lookalikes=True)
    return f"{'…' if low else ''}{before}{mention}{after}{'…' if high < len(output) else ''}"


def _shortened(text: str) -> str:
    cut = text if len(text) <= _OUTPUT_SHOWN else text[:_OUTPUT_SHOWN] + "…"
    # line breaks stay readable, everything else that could move the cursor does not; each line of the answer begins
    # with a sign of ours, for a workflow's runner obeys a line that begins with `::`, blanks before it or not
    return "\n         | ".join(_plain(line) for line in cut.split("\n"))


def _plain(text: str) -> str:
    """Harmless, with ordinary blanks left as they are."""
    return show(text).replace("␣", " ")
