"""The clock of a realm."""

from __future__ import annotations

from ._durations import to_text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from typing import Any

    from ._durations import Duration


class Clock:
    """The clock of a server or realm. Lifetimes, claims and dates follow it."""

    def __init__(self, call: Callable[..., Any]) -> None:
        self._call = call

    def now(self) -> datetime:
        """Return the time, in UTC."""
        return _time(self._call("GET", "/clock"))

    def advance(self, duration: Duration) -> datetime:
        """Move the clock by a timedelta, or text such as `16m`. Return the new time."""
        return _time(self._call("POST", "/clock/advance", {"by": to_text(duration)}))

    def set(self, time: datetime) -> datetime:
        """Set the clock. It continues to run, unless it is frozen. Return the new time."""
        return _time(self._call("PUT", "/clock", {"now": _text(time)}))

    def freeze(self, time: datetime | None = None) -> datetime:
        """Stop the clock, now or at a time. Return the time at which it stopped."""
        body: dict[str, object] = {"frozen": True}
        if time is not None:
            body["now"] = _text(time)
        return _time(self._call("PUT", "/clock", body))

    def reset(self) -> datetime:
        """Let the clock run in real time again. Return the time."""
        return _time(self._call("DELETE", "/clock"))


def _time(clock: dict[str, str]) -> datetime:
    from datetime import datetime  # noqa: PLC0415

    # Python 3.10 does not read a Z.
    return datetime.fromisoformat(clock["now"].replace("Z", "+00:00"))


def _text(time: datetime) -> str:
    from datetime import timezone  # noqa: PLC0415

    # A datetime without a time zone is local, as everywhere in Python.
    return time.astimezone(timezone.utc).isoformat().replace("+00:00", "Z")
