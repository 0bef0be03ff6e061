"""Errors that a user can cause and mend. Every message says what, where, what is accepted and what to run."""

from harness.text.visible import is_hidden


class HarnessError(Exception):
    """Root of all errors that faces print without a traceback (exit code 3, or pytest's usage error).

    Messages quote files and endpoints, and the names of files come from pull requests too: as text, whatever would
    command a terminal or cannot be printed stands there as `<U+001B>`.
    """

    def __str__(self) -> str:
        return "\n".join(line if line.isprintable() else _visible(line) for line in super().__str__().split("\n"))


class ConfigError(HarnessError):
    """`[tool.harness]`, an option or an environment variable is wrong."""


class SuiteError(HarnessError):
    """A suite folder, a `suite.toml` or a line of cases is wrong."""


class CassetteError(HarnessError):
    """A cassette cannot be read or written."""


class MissingRecordingError(CassetteError):
    """Replay was asked for an answer that no cassette holds."""


class EndpointError(HarnessError):
    """The endpoint cannot be used at all (key, address, model name); the run stops."""


class RecordError(HarnessError):
    """A run record, baseline or policy file cannot be read, or is of a newer schema."""


def _visible(line: str) -> str:
    return "".join(f"<U+{ord(char):04X}>" if char != " " and is_hidden(char) else char for char in line)
