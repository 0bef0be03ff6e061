"""The prompt templates that come with the package, and how a term is put into one."""

import re
import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any, Literal

from pydantic import Field

from harness.records.record import Record

TASKS = ("copy", "qa", "rewrite", "summarise", "translate", "table", "list", "json", "dialogue", "tool")
LANGUAGES = ("zh", "en")
_PLACE = re.compile(r"\{(term|other|third)\}")


class ToolTemplate(Record):
    """A function with one string argument."""

    name: str
    description: str
    argument: str
    says: str


class Turn(Record):
    """One message of a template."""

    role: Literal["system", "user", "assistant"]
    content: str


class Template(Record):
    """One entry of templates.toml."""

    name: str
    task: str
    language: str
    prompt: str | None = None
    messages: tuple[Turn, ...] = ()
    json_keys: tuple[str, ...] = Field(default=())
    tool: ToolTemplate | None = None

    @property
    def others(self) -> int:
        """How many strings beside the term it needs."""
        text = "".join([self.prompt or "", *(turn.content for turn in self.messages)])
        return len(set(_PLACE.findall(text)) - {"term"})

    def filled(self, names: Mapping[str, str]) -> dict[str, Any]:
        """The fields of a case, but for id and domain. One pass: braces inside a term stay what they are."""

        def fill(text: str) -> str:
            return _PLACE.sub(lambda place: names[place[1]], text)

        fields: dict[str, Any] = {"language": self.language, "task": self.task}
        if self.prompt is not None:
            fields["prompt"] = fill(self.prompt)
        else:
            fields["messages"] = [{"role": turn.role, "content": fill(turn.content)} for turn in self.messages]
        fields["targets"] = [names["term"]]
        if self.json_keys:
            keys = list(self.json_keys)
            fields["checks"] = [{"check": "json_schema", "schema": {"type": "object", "required": keys}}]
        if self.tool is not None:
            fields["tools"] = [_tool(self.tool)]
            fields["checks"] = [{"check": "tool_called", "name": self.tool.name}]
        return fields | {"tags": [f"template:{self.name}"]}


def _tool(tool: ToolTemplate) -> dict[str, Any]:
    parameters = {
        "type": "object",
        "properties": {tool.argument: {"type": "string", "description": tool.says}},
        "required": [tool.argument],
        "additionalProperties": False,
    }
    return {
        "type": "function",
        "function": {"name": tool.name, "description": tool.description, "parameters": parameters},
    }


@cache
def shipped() -> tuple[Template, ...]:
    """All templates, in file order."""
    text = (files("harness.authoring") / "templates.toml").read_text(encoding="utf-8")
    return tuple(Template.model_validate(entry) for entry in tomllib.loads(text)["template"])
