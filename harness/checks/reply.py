"""What a check looks at."""

from harness.records.completion import ToolCall


class Reply(str):
    """The text of an answer, with the tool calls that came with it."""

    __slots__ = ("tool_calls",)
    tool_calls: tuple[ToolCall, ...]

    @classmethod
    def of(cls, text: str, tool_calls: tuple[ToolCall, ...] = ()) -> "Reply":
        """A reply from its parts."""
        reply = cls(text)
        reply.tool_calls = tool_calls
        return reply
