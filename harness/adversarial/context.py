"""Where the string stands and what is asked about it: named factors with named levels, the plainest level first."""

from dataclasses import dataclass, fields, replace


@dataclass(frozen=True, slots=True)
class Context:
    """One level of each factor. LEVELS lists what is accepted."""

    task: str = "copy"
    language: str = "en"
    frame: str = "none"
    touching: str = "none"
    place: str = "alone"
    companion: str = "none"
    times: str = "once"
    care: str = "unsaid"

    def __post_init__(self) -> None:
        for factor, levels in LEVELS.items():
            if getattr(self, factor) not in levels:
                raise ValueError(f"{factor}: found {getattr(self, factor)!r}; accepted: {', '.join(levels)}")

    def level(self, factor: str) -> str:
        """The level of a factor."""
        return str(getattr(self, factor))

    def at(self, **levels: str) -> "Context":
        """The same with other levels."""
        return replace(self, **levels)

    @property
    def odd(self) -> tuple[str, ...]:
        """Factors that are not at their plainest level."""
        return tuple(factor for factor, levels in LEVELS.items() if self.level(factor) != levels[0])

    def as_dict(self) -> dict[str, str]:
        """Factor to level, as it is stored."""
        return {field.name: self.level(field.name) for field in fields(self)}


LEVELS: dict[str, tuple[str, ...]] = {
    "task": (
        "copy", "qa", "rewrite", "summarise", "translate", "list", "table", "json", "tool", "dialogue",
    ),
    "language": ("en", "zh"),
    "frame": ("none", "brackets", "quotes", "bold", "backticks"),
    "touching": ("none", "han before", "han after", "han on both sides"),
    "place": ("alone", "at the start of a long text", "in the middle of a long text", "at the end of a long text"),
    "companion": ("none", "a spaced sum", "a spaced twin", "a look-alike", "another code"),
    "times": ("once", "twice"),
    "care": ("unsaid", "exactness asked for"),
}  # fmt: skip
"""`companion` is what else the prompt holds; a spaced twin is a string of the same shape with spaces at its symbol."""

PLAIN_CONTEXT = Context()
