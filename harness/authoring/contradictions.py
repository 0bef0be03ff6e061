"""Proofs that no answer can pass: a check asks for what another, or a target, rules out."""

from collections import defaultdict
from collections.abc import Iterator
from itertools import pairwise

from harness import checks
from harness.records.case import Case, CheckCall

_ASSERTIONS = ("^", "$", r"\b", r"\B", r"\A", r"\z", "(?")
"""With one of these a pattern that is found in a piece need not be found in a text round it."""
_TOLD_BEFORE = ("not_contains", "equals", "tool_called")
_ONE_VALUE = ("equals", "number", "choice", "ends_with", "json_equals")


def contradictions(case: Case) -> Iterator[str]:
    """What cannot hold at once, in words; nothing if no contradiction is seen (which proves nothing)."""
    by_field: defaultdict[str | None, list[CheckCall]] = defaultdict(list)
    for call in case.checks:
        by_field[call.arguments.get("field")].append(call)
    for field, calls in by_field.items():
        where = f" (field {field})" if field else ""
        for problem in _between(case, field, calls):
            yield problem + where
    called = {call.arguments["name"] for call in case.checks if call.check == "tool_called"}
    offered = {tool["function"]["name"] for tool in case.tools}
    for name in sorted(called - offered):
        yield f"tool_called asks for {name!r}, and the case offers {', '.join(sorted(offered)) or 'no tool'}"


def _between(case: Case, field: str | None, calls: list[CheckCall]) -> Iterator[str]:
    pieces = _pieces(case, field, calls)
    for call in calls:
        for origin, piece in pieces.items():
            if call.check in ("not_contains", "not_regex") and _rules_out(call, piece):
                yield f"{call.check} {_argument(call)!r} rules out {origin} {piece!r}"
    for name in _ONE_VALUE:
        values = [call.arguments["value"] for call in calls if call.check == name]
        for one, other in pairwise(values):
            if one != other and not (name == "ends_with" and (one.endswith(other) or other.endswith(one))):
                yield f"{name} asks for {one!r} and for {other!r}"
    pinned = next((call for call in calls if call.check == "equals" and _exact(call)), None)
    if pinned is not None:
        value = pinned.arguments["value"]
        for call in calls:
            unfielded = {name: value for name, value in call.arguments.items() if name != "field"}
            result = checks.run(call.check, unfielded, value)
            if call is not pinned and call.check not in _TOLD_BEFORE and not result.passed:
                yield f"equals {value!r} fails {call.check}: {result.detail}"


def _pieces(case: Case, field: str | None, calls: list[CheckCall]) -> dict[str, str]:
    """Strings that every right answer holds, by what asks for them."""
    pieces = {
        f"{call.check}[{index}]": call.arguments["value"]
        for index, call in enumerate(calls)
        if call.check in ("contains", "equals", "ends_with") and not call.arguments.get("ignore_case")
    }
    if field is None and case.channel == "text":
        # in JSON a target may stand escaped, so that a check of the raw text need not see it
        pieces |= {f"required[{index}]": target for index, target in enumerate(case.required)}
    return pieces


def _rules_out(call: CheckCall, piece: str) -> bool:
    if call.check == "not_regex" and any(sign in call.arguments["pattern"] for sign in _ASSERTIONS):
        return False
    arguments = {name: value for name, value in call.arguments.items() if name != "field"}
    return not checks.run(call.check, arguments, piece).passed


def _argument(call: CheckCall) -> str:
    return str(call.arguments.get("value", call.arguments.get("pattern")))


def _exact(call: CheckCall) -> bool:
    return not call.arguments.get("ignore_case")
