"""A mock of the Smartpay Fuse OAuth 2.0 authorization server, for tests.

`MockAuthServer` starts the server; the pytest plugin gives each test a realm of its own.
"""

# Importing `typing`, `datetime`, `re`, `json` and `tempfile` takes longer than the server takes to
# start. So the modules of this package import them where they are used, or while it starts.

from ._clock import Clock
from ._handle import MockHandle
from ._realm import MockRealm
from ._scenario import ScenarioGuard
from ._server import MockAuthServer

__all__ = ["Clock", "MockAuthServer", "MockHandle", "MockRealm", "ScenarioGuard"]
