"""Errors that a user can cause and mend. Every message says what, where, what is accepted and what to run."""


class HarnessError(Exception):
    """Root of all errors that faces print without a traceback (exit code 3, or pytest's usage error)."""


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
