"""The pytest plugin: a server for the session, and a realm of its own for each test.

The report of a test that fails has a section with what the mock saw. The summary of the run has a
line with what the client under test met, and what it did wrong.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

import pytest

from ._format import MAX_SHOWN, format_notes, format_received
from ._handle import MockHandle
from ._server import MockAuthServer
from ._summary import RunSummary

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    from ._fixtures import Fixtures
    from ._realm import MockRealm
    from ._realm_client import RealmClient

_SECTION = "smartpay-oauth-mock"
_MARKER = "smartpay"

# The realm of a test. Among the test's values it is only if the test itself asks for it.
_MOCK = pytest.StashKey[MockHandle]()
# What that realm had seen when it ended, for errors of the teardown.
_LAST_JOURNAL = pytest.StashKey[dict[str, Any]]()
# The newest entry in the journal of the session's server when a test began.
_SERVER_SEEN = pytest.StashKey[int]()
# What the realms of all tests report.
_SUMMARY = pytest.StashKey[RunSummary]()
# The name of the summary in what a worker of pytest-xdist sends.
_WORKER_OUTPUT = "smartpay_oauth_mock"


def pytest_configure(config: pytest.Config) -> None:
    """Declare the marker."""
    config.addinivalue_line(
        "markers", f"{_MARKER}(fixtures): the fixtures of the realm that smartpay_mock is."
    )
    config.stash[_SUMMARY] = RunSummary()


@pytest.fixture(scope="session")
def smartpay_fixtures() -> Fixtures | None:
    """Return the fixtures of the session's server. Override it in a conftest."""
    return None


@pytest.fixture(scope="session")
def smartpay_options() -> dict[str, Any]:
    """Return the arguments of the session's MockAuthServer. Override it in a conftest."""
    return {}


@pytest.fixture(scope="session")
def smartpay_server(
    smartpay_fixtures: Fixtures | None, smartpay_options: dict[str, Any]
) -> Iterator[MockAuthServer]:
    """Provide a server for the session. Under pytest-xdist, each worker has one."""
    with MockAuthServer(**{"fixtures": smartpay_fixtures, **smartpay_options}) as server:
        yield server


@pytest.fixture
def smartpay_mock(
    request: pytest.FixtureRequest, smartpay_server: MockAuthServer
) -> Iterator[MockRealm]:
    """Provide a realm of its own to a test, on a port of its own.

    `@pytest.mark.smartpay(fixtures=...)` gives it fixtures.
    """
    with smartpay_server.new_realm(_marked_fixtures(request.node), label=request.node.name) as mock:
        request.node.stash[_MOCK] = mock
        yield mock
        request.node.stash[_LAST_JOURNAL] = _journal(mock)
        _add_report(request.config.stash[_SUMMARY], mock)


def _add_report(summary: RunSummary, mock: MockRealm) -> None:
    # A server that has died is the failure of its test, not of the summary.
    with contextlib.suppress(OSError, LookupError, RuntimeError):
        summary.add_report(mock.report())


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Send the summary of a worker of pytest-xdist."""
    output = getattr(session.config, "workeroutput", None)
    if output is not None:
        output[_WORKER_OUTPUT] = session.config.stash[_SUMMARY].to_worker_output()


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:  # noqa: ANN401 - a type of pytest-xdist
    """Add the summary of a worker of pytest-xdist, unless it has crashed."""
    output = getattr(node, "workeroutput", {}).get(_WORKER_OUTPUT)
    if output is not None:
        node.config.stash[_SUMMARY].add_worker_output(output)


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Show what the client under test met, if it sent any request."""
    summary = config.stash[_SUMMARY]
    if summary.requests > 0:
        terminalreporter.write_line(f"{_SECTION}: {summary.line()}")


def _marked_fixtures(node: pytest.Item) -> Fixtures | None:
    marker = node.get_closest_marker(_MARKER)
    if marker is None:
        return None
    if marker.args or set(marker.kwargs) != {"fixtures"}:
        raise pytest.UsageError(f"{node.nodeid}: write @pytest.mark.{_MARKER}(fixtures=...)")
    fixtures: Fixtures = marker.kwargs["fixtures"]
    return fixtures


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    """Judge the expectations of scenarios at the end of a test that has passed so far."""
    mocks = _mocks(item)
    server = mocks.get("smartpay_server")
    if server is not None:
        item.stash[_SERVER_SEEN] = _newest(server)
    # What a fixture of a wider scope expects is none of this test's business.
    older = {name: set(mock._realm.expecting) for name, mock in mocks.items()}
    older["smartpay_mock"] = set()

    try:
        result = yield
    except BaseException:
        # The exception of the test is the better reason for it to fail.
        for name, realm in _running_realms(mocks):
            for scenario in realm.expecting.keys() - older[name]:
                del realm.expecting[scenario]
        raise

    failures = [
        text for name, realm in _running_realms(mocks) for text in realm.take_failures(older[name])
    ]
    if failures:
        # The traceback would show this plugin only.
        pytest.fail("\n\n".join(failures), pytrace=False)
    return result


def _running_realms(mocks: dict[str, MockHandle]) -> list[tuple[str, RealmClient]]:
    """Return those that the test has not ended."""
    return [(name, mock._running) for name, mock in mocks.items() if mock._running is not None]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Add what the mock saw to the report of a test that fails."""
    report = yield
    if report.failed:
        for name, mock in _mocks(item).items():
            after = item.stash.get(_SERVER_SEEN, None) if name == "smartpay_server" else None
            text = _describe(item, mock, after)
            if text:
                report.sections.append((_SECTION, text))
    return report


def _mocks(item: pytest.Item) -> dict[str, MockHandle]:
    """Return the servers and realms that a test has, by the names of their fixtures."""
    values: dict[str, object] = getattr(item, "funcargs", {})
    mocks = {name: value for name, value in values.items() if isinstance(value, MockHandle)}
    if _MOCK in item.stash:
        mocks["smartpay_mock"] = item.stash[_MOCK]
    # The server is only where the realm comes from, unless the test has nothing else.
    if len(mocks) > 1:
        mocks.pop("smartpay_server", None)
    return mocks


def _newest(mock: MockHandle) -> int:
    newest = mock.requests(limit=1)
    return int(newest[-1]["id"]) if newest else 0


def _journal(mock: MockHandle, after: int | None = None) -> dict[str, Any]:
    query = {"limit": MAX_SHOWN} if after is None else {"limit": MAX_SHOWN, "after": after}
    try:
        return dict(mock._realm.call("GET", "/requests", query=query))
    except (OSError, LookupError, RuntimeError) as error:
        return {"error": str(error)}


def _describe(item: pytest.Item, mock: MockHandle, after: int | None) -> str:
    is_over = mock._running is None
    journal = item.stash.get(_LAST_JOURNAL, None) if is_over else _journal(mock, after)
    if journal is None:
        return ""
    if "error" in journal:
        return str(journal["error"])
    requests = journal["requests"]
    parts = [format_received(requests, journal["total"]), format_notes(requests)]
    return "\n".join(part for part in parts if part)
