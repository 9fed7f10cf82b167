"""Scenarios that a test injects: what a server does instead of its usual response."""

from __future__ import annotations

import contextlib

TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import TracebackType
    from typing import Any

    from typing_extensions import Self

    from ._realm_client import RealmClient

# The members of `when`, and those of an outcome. The others are members of the scenario itself.
_MATCHERS = {
    "endpoint",
    "client_id",
    "merchant_id",
    "grant_type",
    "code",
    "refresh_token",
    "correlation_id",
    "method",
    "path",
    "header",
    "param",
}
_OUTCOME = {
    "error",
    "status",
    "description",
    "headers",
    "body",
    "json",
    "delay",
    "fault",
    "phase",
    "hold",
    "rate_limit",
    "token",
    "response",
}


def build_scenario(
    scenario: Mapping[str, Any] | None, keywords: Mapping[str, Any]
) -> dict[str, Any]:
    """Return a scenario from a mapping, keywords, or both. The server checks it."""
    built = dict(scenario or {})
    when, outcome = {}, {}
    for name, value in keywords.items():
        if name in _MATCHERS:
            when[name] = value
        elif name in _OUTCOME:
            outcome[name] = value
        else:
            built[name] = value

    for member, parts in (("respond", outcome), ("when", when)):
        if not parts:
            continue
        if member in built:
            raise TypeError(f"inject: {', '.join(parts)} cannot be combined with {member}")
        built[member] = parts
    return built


class ScenarioGuard:
    """A scenario that is in force, until the `with` block of this guard ends.

    Without `with`, it remains until the server or realm ends, or `remove` is called.
    """

    def __init__(self, realm: RealmClient, name: str) -> None:
        self.name = name
        self._realm = realm
        self._last_matched = 0
        self._is_removed = False
        self._expected: dict[str, int] = {}

    @property
    def matched(self) -> int:
        """The number of requests that the scenario has matched."""
        if not self._is_removed:
            self._last_matched = int(self._realm.call("GET", self._path)["matched"])
        return self._last_matched

    def expect(
        self, exactly: int | None = None, *, at_least: int | None = None, at_most: int | None = None
    ) -> ScenarioGuard:
        """Expect the scenario to match this number of requests. Return the guard.

        When the `with` block ends (without one: the test, the realm or the server) and it has not,
        AssertionError is raised, with the requests received.
        """
        counts = {"exactly": exactly, "at least": at_least, "at most": at_most}
        self._expected = {word: count for word, count in counts.items() if count is not None}
        if not self._expected:
            raise TypeError("expect: how many requests?")
        self._realm.expecting[self.name] = self
        return self

    def release(self) -> int:
        """Release the requests that the scenario holds. Return their number."""
        return int(self._realm.call("POST", f"{self._path}/release")["released"])

    def remove(self) -> None:
        """Remove the scenario. Its expectation is not judged any more."""
        self._realm.expecting.pop(self.name, None)
        if self._is_removed:
            return
        # A reset, or new fixtures, may have removed it before.
        with contextlib.suppress(LookupError):
            # The number remains readable.
            _ = self.matched
            self._realm.call("DELETE", self._path)
        self._is_removed = True

    def failure(self) -> str | None:
        """Return why the expectation is not met, or None if it is."""
        try:
            matched = self.matched
        except LookupError:
            return (
                f"the scenario {self.name!r} is no longer there to be judged: a reset, or new "
                "fixtures, removed it."
            )
        expected = self._expected
        if expected.get("exactly", matched) == matched and (
            expected.get("at least", matched) <= matched <= expected.get("at most", matched)
        ):
            return None

        counts = " and ".join(f"{word} {count}" for word, count in expected.items())
        return (
            f"the scenario {self.name!r} was expected to match {counts} requests, but matched "
            f"{matched}.\n{self._realm.describe_received()}"
        )

    @property
    def _path(self) -> str:
        return f"/scenarios/{self.name}"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        __tracebackhide__ = True
        # If the test fails already, its own exception is the better reason.
        try:
            text = self.failure() if self._expected and error is None else None
        finally:
            self.remove()
        if text is not None:
            raise AssertionError(text)
