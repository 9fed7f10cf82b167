"""The journal, and its verification."""

import threading

import pytest


def test_requests_are_filtered(smartpay_mock, refresh, exchange):
    refresh(smartpay_mock, "x")
    exchange(smartpay_mock, "y")
    assert [one["grant_type"] for one in smartpay_mock.requests()] == [
        "refresh_token",
        "authorization_code",
    ]
    assert len(smartpay_mock.requests(client_id="v6*", grant_type="refresh_token")) == 1
    assert len(smartpay_mock.requests({"header.user-agent": "Python*", "status": 400})) == 2
    assert [one["id"] for one in smartpay_mock.requests(after=1)] == [2]
    assert [one["id"] for one in smartpay_mock.requests(limit=1)] == [2]


def test_an_unknown_filter_is_refused(smartpay_mock):
    with pytest.raises(ValueError, match="clientid"):
        smartpay_mock.requests(clientid="x")
    with pytest.raises(ValueError, match="clientid"):
        smartpay_mock.verify(clientid="x")


def test_verify_counts_requests(smartpay_mock, refresh):
    refresh(smartpay_mock, "error-server_error")
    smartpay_mock.verify(error="server_error")
    smartpay_mock.verify(exactly=1, error="server_error")
    smartpay_mock.verify({"param.grant_type": "refresh_token"}, at_least=1, at_most=1)
    smartpay_mock.verify(exactly=0, error="access_denied")


def test_verify_shows_the_closest_requests(smartpay_mock, refresh):
    refresh(smartpay_mock, "error-server_error")
    with pytest.raises(AssertionError) as failed:
        smartpay_mock.verify(exactly=2, error="access_denied", grant_type="refresh_token")
    text = str(failed.value)
    assert "expected exactly 2 requests" in text
    assert "#1 POST /oauth2/v3/token refresh_token" in text
    assert "error: expected access_denied, found server_error" in text


def test_verify_without_a_count_means_at_least_one(smartpay_mock):
    with pytest.raises(AssertionError, match="expected at least 1 requests"):
        smartpay_mock.verify(error="server_error")


def test_verify_waits(smartpay_mock, refresh):
    later = threading.Timer(0.1, refresh, (smartpay_mock, "error-server_error"))
    later.start()
    smartpay_mock.verify(error="server_error", wait="30s")
    later.join()


def test_verify_order(smartpay_mock, refresh, exchange):
    exchange(smartpay_mock, smartpay_mock.issue_code())
    refresh(smartpay_mock, "x")
    exchanged, refreshed = {"grant_type": "authorization_code"}, {"grant_type": "refresh_token"}
    smartpay_mock.verify_order(exchanged, refreshed)
    with pytest.raises(AssertionError) as failed:
        smartpay_mock.verify_order(refreshed, exchanged)
    assert "none matches {'grant_type': 'authorization_code'} at its place" in str(failed.value)
    assert "order: expected after #2, found #1" in str(failed.value)
