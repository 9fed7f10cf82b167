"""A realm: an isolated server within a running one."""

from __future__ import annotations

import contextlib
import os

from ._fixtures import as_member
from ._handle import MockHandle
from ._realm_client import RealmClient

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ._control import Control
    from ._fixtures import Fixtures

# The name of a realm is part of host names, and has at most 63 characters.
_MAX_NAME_LENGTH = 63


class MockRealm(MockHandle):
    """A realm with a port of its own. It ends with its `with` block, or by `stop()`."""

    def __init__(self, parent: MockHandle, fixtures: Fixtures | None, label: str) -> None:
        super().__init__()
        self._tls = parent._tls
        self._parent = parent
        control = parent._realm.control
        self.name = unique_name(label)
        is_https = parent.base_url.startswith("https:")

        created = create_realm(control, self.name, fixtures)
        self._base_url = created["https" if is_https else "http"]
        if parent._portal_url is not None:
            self._portal_url = created["authorize_url"].removesuffix("/ebc2/oauth/authorize")
        self._running = RealmClient(control, self.name)

    def _realm_fixtures(self, fixtures: Fixtures | None) -> Fixtures | None:
        return self._parent._realm_fixtures(fixtures)

    def _end(self) -> None:
        self._parent._realms.remove(self)
        remove_realm(self._realm.control, self.name)


def create_realm(control: Control, name: str, fixtures: Fixtures | None) -> dict[str, str]:
    """Create a realm with a port of its own, and return its URLs."""
    body: dict[str, object] = {"listen": True}
    if fixtures is not None:
        body["fixtures"] = as_member(fixtures)
    return dict(control.call("PUT", f"/_mock/realms/{name}", body))


def remove_realm(control: Control, name: str) -> None:
    """Remove a realm. It may be gone already, with its server."""
    with contextlib.suppress(LookupError, ConnectionError):
        control.call("DELETE", f"/_mock/realms/{name}")


def unique_name(label: str) -> str:
    """Return a name that no other realm has and that begins with the label."""
    import re  # noqa: PLC0415

    suffix = os.urandom(4).hex()
    start = re.sub("[^a-z0-9_-]+", "-", label.lower()).strip("-")
    return f"{start[: _MAX_NAME_LENGTH - len(suffix) - 1]}-{suffix}"
