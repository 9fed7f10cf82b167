"""Durations: `timedelta`, or text such as `16m` or `1h30m`."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from datetime import timedelta

    Duration = str | timedelta

_UNITS = {
    "w": "weeks",
    "d": "days",
    "h": "hours",
    "m": "minutes",
    "s": "seconds",
    "ms": "milliseconds",
}


def to_text(duration: Duration) -> str:
    """Return a duration in the form that the mock reads. It checks text by itself."""
    if isinstance(duration, str):
        return duration

    from datetime import timedelta  # noqa: PLC0415 - see the note in __init__.py

    return f"{round(duration / timedelta(milliseconds=1))}ms"


def to_timedelta(duration: Duration) -> timedelta:
    """Return a duration as a timedelta."""
    if not isinstance(duration, str):
        return duration

    import re  # noqa: PLC0415
    from datetime import timedelta  # noqa: PLC0415

    pattern = "".join(rf"(?:(?P<{name}>\d+){unit})?" for unit, name in _UNITS.items())
    match = re.fullmatch(pattern, duration)
    parts = match.groupdict() if match else {}
    numbers = {name: int(number) for name, number in parts.items() if number is not None}
    if not numbers:
        raise ValueError(f"{duration!r} is not a duration: write 250ms, 900s, 16m or 1h30m")
    return timedelta(**numbers)
