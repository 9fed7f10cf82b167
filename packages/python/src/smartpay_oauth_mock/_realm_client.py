"""The control API of one realm."""

from __future__ import annotations

from ._format import MAX_SHOWN, format_received

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from ._control import Control, Query
    from ._scenario import ScenarioGuard


class RealmClient:
    """Sends control calls for one realm, and keeps the expectations that are not judged yet."""

    def __init__(self, control: Control, name: str | None) -> None:
        self.control = control
        self._prefix = f"/realms/{name}/_mock" if name else "/_mock"
        self.expecting: dict[str, ScenarioGuard] = {}

    def call(self, method: str, path: str, body: object = None, query: Query | None = None) -> Any:  # noqa: ANN401 - whatever JSON the call returns
        """Send a call of the control API, such as `GET`, `/clock`."""
        return self.control.call(method, self._prefix + path, body, query)

    def send_text(self, method: str, path: str, text: str, content_type: str) -> None:
        """Send a call whose body is text."""
        self.control.send(method, self._prefix + path, text.encode(), content_type)

    def describe_received(self) -> str:
        """Return the newest requests as text."""
        journal = self.call("GET", "/requests", query={"limit": MAX_SHOWN})
        return format_received(journal["requests"], journal["total"])

    def take_failures(self, older: Iterable[str] = ()) -> list[str]:
        """Judge the expectations of scenarios but for older ones. Return why some are not met.

        Each is judged once.
        """
        names = self.expecting.keys() - set(older)
        guards = [self.expecting.pop(name) for name in sorted(names)]
        return [text for text in (guard.failure() for guard in guards) if text]
