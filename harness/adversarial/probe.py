"""One question of a hunt: a string in a context."""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from harness.adversarial.code import PLAIN_CODE, Code
from harness.adversarial.context import PLAIN_CONTEXT, Context
from harness.adversarial.templates import messages, tools
from harness.records.case import Case
from harness.records.errors import SuiteError

SUITE = "adversarial"


@dataclass(frozen=True)
class Probe:
    """A string in a context; `case` is what is asked."""

    code: Code
    context: Context

    @cached_property
    def case(self) -> Case:
        """The case of this probe; its id is derived from its content."""
        case = Case(
            suite=SUITE,
            id="probe",
            domain=SUITE,
            language=self.context.language,
            task=self.context.task,
            messages=messages(self.code, self.context),
            targets=(self.code.text,),
            required=(self.code.text,),
            tools=tools(self.context),
        )
        return case.model_copy(update={"id": f"probe-{case.digest[:10]}"})

    @property
    def digest(self) -> str:
        """Equal for two probes that ask the same."""
        return self.case.digest

    @property
    def size(self) -> tuple[int, ...]:
        """What "smaller" means: the string first, then how many factors of the context are not plain."""
        return *self.code.size, len(self.context.odd)

    def with_code(self, code: Code) -> "Probe":
        """Another string in the same context."""
        return replace(self, code=code)

    def with_context(self, context: Context) -> "Probe":
        """The same string in another context."""
        return replace(self, context=context)

    def as_dict(self) -> dict[str, Any]:
        """As it is stored."""
        code = self.code
        return {
            "parts": list(code.parts),
            "symbols": list(code.symbols),
            "spaced": list(code.spaced),
            "context": self.context.as_dict(),
        }

    @classmethod
    def from_dict(cls, value: dict[str, Any]) -> "Probe":
        """From its stored form.

        Raises:
            SuiteError: what does not fit.
        """
        try:
            code = Code(tuple(value["parts"]), tuple(value["symbols"]), tuple(value["spaced"]))
            return cls(code, Context(**value["context"]))
        except (KeyError, TypeError, ValueError) as error:
            raise SuiteError(f"not a question of a hunt: {type(error).__name__}: {error}") from error


PLAIN = Probe(PLAIN_CODE, PLAIN_CONTEXT)
