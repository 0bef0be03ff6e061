"""`check`: the verdict on every target of a case."""

from collections.abc import Sequence

from harness.text.channels import passages
from harness.text.extraction import extract_targets
from harness.text.findings import findings
from harness.text.mentions import CheckResult, Mention, worst
from harness.text.provenance import Source
from harness.text.symbols import DEFAULT_SYMBOLS, SymbolTable


def check(
    source: str | Sequence[str],
    output: str,
    targets: Sequence[str] | None = None,
    *,
    channel: str = "text",
    symbols: SymbolTable = DEFAULT_SYMBOLS,
) -> CheckResult:
    """What became of each target in `output`.

    `source` is all that the model was given, as one text or one a message; a span never crosses two of them. Without
    `targets`, those of `extract_targets(source)` are checked. `channel` is `text`, `json` or `tool`; an answer of the
    last two that is no JSON, with or without one code fence round it, is checked as text.
    Raises ValueError for another channel.
    """
    wanted = chosen(source, targets, symbols)
    given = Source(source)
    mentions: dict[str, list[Mention]] = {target: [] for target in wanted}
    for passage in passages(output, channel):
        for finding in findings(passage.text, given, wanted, symbols):
            mentions[finding.target].append(finding.mention(passage.text, passage.path))
    verdicts = {target: worst(found) for target, found in mentions.items()}
    return CheckResult(verdicts, {target: tuple(found) for target, found in mentions.items()})


def chosen(source: str | Sequence[str], targets: Sequence[str] | None, symbols: SymbolTable) -> tuple[str, ...]:
    """The targets asked for, each once, or those found in the source."""
    if targets is None:
        targets = [target.text for target in extract_targets(source, symbols=symbols)]
    return tuple(dict.fromkeys(targets))
