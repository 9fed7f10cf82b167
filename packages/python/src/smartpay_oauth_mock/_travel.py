"""Moves the clock of the test itself: time-machine or freezegun, if one of them is in use."""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from datetime import timedelta


def move_test_clock(duration: timedelta) -> None:
    """Move the innermost traveller of the test by a duration. Do nothing if there is none."""
    # A test sees the time of freezegun even within time-machine, which cannot start within it.
    freezegun = sys.modules.get("freezegun.api")
    if freezegun is not None and freezegun.freeze_factories:
        factory = freezegun.freeze_factories[-1]
        if hasattr(factory, "tick"):
            factory.tick(duration)
        else:
            # Before freezegun 1.5, a clock that ticks has a start only.
            factory.start -= duration
        return

    time_machine = sys.modules.get("time_machine")
    # The stack of version 3, or of version 2.
    travellers = getattr(time_machine, "traveller_stack", None) or getattr(
        time_machine, "coordinates_stack", None
    )
    if travellers:
        travellers[-1].shift(duration)
