"""What a test can do with a server or a realm."""

from __future__ import annotations

import sys

from ._clock import Clock
from ._durations import to_text, to_timedelta
from ._fixtures import as_member
from ._format import format_verification
from ._scenario import ScenarioGuard, build_scenario
from ._travel import move_test_clock

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime
    from pathlib import Path
    from types import TracebackType
    from typing import Any, Literal

    from typing_extensions import Self

    from ._durations import Duration
    from ._fixtures import Fixtures
    from ._realm import MockRealm
    from ._realm_client import RealmClient
    from ._tls import GivenTlsFiles, TlsFiles

    Filters = Mapping[str, object]
    Status = Literal["active", "inactive"]


class MockHandle:
    """A running server, or a realm of it: the same calls."""

    client_id = "v6TJH1IqhM"
    """The client of the built-in fixtures."""
    client_secret = "v6TJH1IqhM-secret"  # noqa: S105 - it protects nothing
    """The secret of `client_id`."""
    merchant_id = "rahulrama"
    """The merchant of the built-in fixtures."""

    def __init__(self) -> None:
        self._base_url = ""
        self._portal_url: str | None = None
        self._running: RealmClient | None = None
        self._tls: TlsFiles | GivenTlsFiles | None = None
        # The realms that were created here, and still run.
        self._realms: list[MockRealm] = []

    @property
    def base_url(self) -> str:
        """The URL of the server or realm, without a slash at the end."""
        _ = self._realm
        return self._base_url

    @property
    def token_url(self) -> str:
        """The URL of the token endpoint."""
        return f"{self.base_url}/oauth2/v3/token"

    @property
    def authorize_url(self) -> str:
        """The URL to which a browser is sent for the merchant's consent."""
        return f"{self._portal_url or self.base_url}/ebc2/oauth/authorize"

    def issue_code(
        self,
        client_id: str | None = None,
        merchant_id: str | None = None,
        scopes: Sequence[str] | None = None,
        redirect_url: str | None = None,
        code: str | None = None,
    ) -> str:
        """Issue an authorization code, as if a merchant had consented."""
        grant = self._grant(client_id, merchant_id, scopes)
        more = {"redirect_url": redirect_url, "code": code}
        body = grant | {name: value for name, value in more.items() if value is not None}
        return str(self._realm.call("POST", "/codes", body)["code"])

    def issue_tokens(
        self,
        client_id: str | None = None,
        merchant_id: str | None = None,
        scopes: Sequence[str] | None = None,
    ) -> dict[str, Any]:
        """Issue tokens without a flow. Return the token response."""
        body = self._grant(client_id, merchant_id, scopes)
        return dict(self._realm.call("POST", "/tokens", body))

    def inject(  # noqa: PLR0913 - the members of a scenario
        self,
        scenario: Mapping[str, Any] | None = None,
        /,
        *,
        endpoint: str | None = None,
        client_id: str | None = None,
        merchant_id: str | None = None,
        grant_type: str | None = None,
        code: str | None = None,
        refresh_token: str | None = None,
        correlation_id: str | None = None,
        method: str | None = None,
        path: str | None = None,
        header: Mapping[str, str] | None = None,
        param: Mapping[str, str] | None = None,
        error: str | None = None,
        status: int | None = None,
        description: str | None = None,
        headers: Mapping[str, str] | None = None,
        body: str | None = None,
        json: object = None,
        delay: Duration | Mapping[str, Duration] | None = None,
        fault: str | None = None,
        phase: str | None = None,
        hold: Mapping[str, Any] | None = None,
        rate_limit: Mapping[str, Any] | None = None,
        token: Mapping[str, Any] | None = None,
        response: Mapping[str, Any] | None = None,
        respond: object = None,
        when: Mapping[str, Any] | Sequence[Mapping[str, Any]] | None = None,
        name: str | None = None,
        then: str | None = None,
        times: int | None = None,
        for_: Duration | None = None,
        probability: float | None = None,
        seed: int | None = None,
        enabled: bool | None = None,
    ) -> ScenarioGuard:
        """Inject a scenario, as a mapping or by keywords. It comes before all others.

        Keywords are matchers (`grant_type="refresh_token"`), the members of one outcome
        (`error="server_error"`), and members of the scenario itself (`times=2`).
        """
        keywords = {key: value for key, value in locals().items() if value is not None}
        del keywords["self"]
        keywords.pop("scenario", None)
        if "for_" in keywords:
            keywords["for"] = keywords.pop("for_")
        built = build_scenario(scenario, keywords)
        return ScenarioGuard(self._realm, self._realm.call("POST", "/scenarios", built)["name"])

    def requests(
        self,
        filters: Filters | None = None,
        /,
        *,
        limit: int | None = None,
        after: int | None = None,
        **more: object,
    ) -> list[dict[str, Any]]:
        """Return the recorded requests, the oldest first.

        Filters are keywords, such as `client_id="x"`, or a mapping, such as
        `{"header.x-test": "7"}`. In strings, `*` stands for any characters.
        """
        query = {**(filters or {}), **more, "limit": limit, "after": after}
        query = {name: value for name, value in query.items() if value is not None}
        return list(self._realm.call("GET", "/requests", query=query)["requests"])

    def verify(
        self,
        filters: Filters | None = None,
        /,
        *,
        exactly: int | None = None,
        at_least: int | None = None,
        at_most: int | None = None,
        wait: Duration | None = None,
        **more: object,
    ) -> None:
        """Raise AssertionError unless this number of requests matches: at least one by default.

        `wait` waits up to this long for it. The message shows the requests closest to a match.
        """
        __tracebackhide__ = True
        bounds = {"exactly": exactly, "at_least": at_least, "at_most": at_most}
        count = {name: value for name, value in bounds.items() if value is not None}
        count = count or {"at_least": 1}
        match = {**(filters or {}), **more}
        found = self._verify({"match": match, "count": count}, wait)

        if not found["satisfied"]:
            expected = " and ".join(f"{word} {n}" for word, n in count.items()).replace("_", " ")
            raise AssertionError(
                f"expected {expected} requests that match {match}, received {found['matched']}.\n"
                + self._describe(found)
            )

    def verify_order(self, *filters: Filters, wait: Duration | None = None) -> None:
        """Raise AssertionError unless requests that match these filters came in this order.

        Other requests may be between them.
        """
        __tracebackhide__ = True
        found = self._verify({"order": filters}, wait)
        if not found["satisfied"]:
            unmet = filters[found["matched"]]
            raise AssertionError(
                f"expected requests in the order {list(filters)}; none matches {unmet} at its "
                f"place.\n{self._describe(found)}"
            )

    @property
    def clock(self) -> Clock:
        """The clock that lifetimes, claims and dates follow."""
        return Clock(self._realm.call)

    def travel(self, duration: Duration) -> datetime:
        """Move this clock and the test's own by the same duration. Return the new time here.

        The test's own moves if time-machine or freezegun is in use.
        """
        delta = to_timedelta(duration)
        now = self.clock.advance(duration)
        move_test_clock(delta)
        return now

    def set_client_status(self, client_id: str, status: Status) -> None:
        """Make a client active or inactive."""
        self._realm.call("PATCH", f"/clients/{client_id}", {"status": status})

    def set_merchant_status(self, merchant_id: str, status: Status) -> None:
        """Make a merchant's account active or inactive."""
        self._realm.call("PATCH", f"/merchants/{merchant_id}", {"status": status})

    def grants(self) -> list[dict[str, Any]]:
        """Return what merchants have consented to."""
        return list(self._realm.call("GET", "/grants")["grants"])

    def revoke_grant(self, grant_id: str) -> None:
        """Revoke a grant as its merchant: its access tokens stop working at once."""
        self._realm.call("DELETE", f"/grants/{grant_id}")

    def set_fixtures(self, fixtures: Fixtures) -> None:
        """Replace the fixtures. If they have an error, ValueError is raised and nothing changes."""
        member = as_member(fixtures)
        if isinstance(member, str):
            self._realm.send_text("PUT", "/fixtures", member, "application/yaml")
        else:
            self._realm.call("PUT", "/fixtures", member)

    def reset(self) -> None:
        """Return to the initial state: fixtures, grants, scenarios, journal and clock."""
        self._realm.call("POST", "/reset")

    def report(self) -> dict[str, Any]:
        """Return what the mock has to say about the client under test."""
        return dict(self._realm.call("GET", "/report"))

    def new_realm(self, fixtures: Fixtures | None = None, *, label: str = "realm") -> MockRealm:
        """Create a realm: an isolated server with the same calls, on a port of its own.

        Without fixtures, it begins with those of the server. Its name begins with the label.
        """
        from ._realm import MockRealm  # noqa: PLC0415 - it is a handle itself

        realm = MockRealm(self, self._realm_fixtures(fixtures), label)
        self._realms.append(realm)
        return realm

    @property
    def ca_file(self) -> Path:
        """The certificate of the CA that clients have to trust (PEM)."""
        return self._tls_files.ca_file()

    def client_certificate(self, name: str) -> tuple[Path, Path]:
        """Return a client certificate with this common name, and its key (PEM)."""
        return self._tls_files.client_certificate(name)

    def stop(self) -> None:
        """End the server or realm, and the realms that were created by it.

        Raises AssertionError if the expectation of a scenario is not met, unless another exception
        is on its way.
        """
        __tracebackhide__ = True
        self._leave(is_failing=sys.exc_info()[0] is not None)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        __tracebackhide__ = True
        self._leave(is_failing=error is not None)

    @property
    def _realm(self) -> RealmClient:
        if self._running is None:
            raise RuntimeError(
                f"{type(self).__name__} does not run; use `with`, or call start() before and "
                "stop() at the end"
            )
        return self._running

    @property
    def _tls_files(self) -> TlsFiles | GivenTlsFiles:
        _ = self._realm
        if self._tls is None:
            raise RuntimeError("the server has no certificates; start it with tls=True")
        return self._tls

    def _grant(
        self, client_id: str | None, merchant_id: str | None, scopes: Sequence[str] | None
    ) -> dict[str, object]:
        grant: dict[str, object] = {
            "client_id": self.client_id if client_id is None else client_id,
            "merchant_id": self.merchant_id if merchant_id is None else merchant_id,
        }
        if scopes is not None:
            grant["scopes"] = list(scopes)
        return grant

    def _verify(self, expectation: Mapping[str, object], wait: Duration | None) -> dict[str, Any]:
        query = None if wait is None else {"wait": to_text(wait)}
        return dict(self._realm.call("POST", "/requests/verify", expectation, query))

    def _describe(self, found: Mapping[str, Any]) -> str:
        return format_verification(found) or self._realm.describe_received()

    def _realm_fixtures(self, fixtures: Fixtures | None) -> Fixtures | None:
        """Return the fixtures of a new realm."""
        return fixtures

    def _leave(self, *, is_failing: bool) -> None:
        __tracebackhide__ = True
        if self._running is None:
            return
        try:
            if not is_failing:
                self._judge_expectations()
        finally:
            for realm in list(self._realms):
                realm._leave(is_failing=True)
            self._end()
            self._running = None

    def _judge_expectations(self) -> None:
        """Raise AssertionError if the expectation of a scenario is not met, here or in a realm."""
        __tracebackhide__ = True
        failures = self._realm.take_failures()
        for realm in self._realms:
            failures += realm._realm.take_failures()
        if failures:
            raise AssertionError("\n\n".join(failures))

    def _end(self) -> None:
        raise NotImplementedError
