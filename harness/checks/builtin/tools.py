"""`tool_called`: which tool an answer calls."""

from harness.checks.registry import check
from harness.checks.reply import Reply
from harness.records.explain import found


@check
def tool_called(answer: str, *, name: str) -> str | None:
    """The answer calls the tool `name`."""
    calls = answer.tool_calls if isinstance(answer, Reply) else ()
    names = [call.name for call in calls]
    return None if name in names else f"calls {', '.join(map(found, names)) or 'no tool'}, not {name!r}"
