"""A moment as files keep it: ISO 8601 in UTC, whole seconds, `Z` at its end."""

from datetime import UTC, datetime


def written(moment: datetime) -> str:
    """The text of an aware moment."""
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def now() -> str:
    """The text of this moment."""
    return written(datetime.now(UTC))
