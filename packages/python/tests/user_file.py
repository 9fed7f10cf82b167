"""A user's file, which passes `mypy --strict`. It is checked, not run."""

from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from smartpay_oauth_mock import MockAuthServer, MockHandle, MockRealm


def retries(mock: MockHandle) -> str:
    with mock.inject(error="server_error", times=2, grant_type="refresh_token").expect(2) as busy:
        matched: int = busy.matched + busy.release()
    mock.verify({"header.x-test": "7"}, exactly=matched, wait=timedelta(seconds=1))
    mock.verify_order({"grant_type": "refresh_token"}, {"endpoint": "resource", "status": 201})
    return mock.issue_code(scopes=["transactions"])


@pytest.mark.smartpay(fixtures={"extends": "default"})
def test_realm(smartpay_mock: MockRealm, smartpay_server: MockAuthServer) -> None:
    assert retries(smartpay_mock) != retries(smartpay_server)
    expires_in: object = smartpay_mock.issue_tokens()["expires_in"]
    now: datetime = smartpay_mock.clock.set(datetime(2030, 1, 1, tzinfo=timezone.utc))
    assert (expires_in, now) == (899, smartpay_mock.travel("16m"))


def test_server() -> None:
    with MockAuthServer(Path("fixtures.yaml"), tls=True, client_auth="required") as server:
        certificate, key = server.client_certificate("my-company")
        assert certificate.exists() and key.exists() and server.ca_file.exists()
        with server.new_realm("extends: default") as realm:
            realm.set_client_status(realm.client_id, "inactive")

    MockAuthServer(client_auth="sometimes")  # type: ignore[arg-type]
    server.issue_code(scope="transactions")  # type: ignore[call-arg]
