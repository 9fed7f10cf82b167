"""Injected scenarios, and their expectations."""

import threading
from datetime import timedelta

import pytest

from smartpay_oauth_mock import MockAuthServer


def test_an_error_is_injected_until_its_scope_ends(smartpay_mock, refresh):
    token = smartpay_mock.issue_tokens()["refresh_token"]
    with smartpay_mock.inject(error="server_error", grant_type="refresh_token") as busy:
        assert refresh(smartpay_mock, token)[0] == 500
        assert busy.matched == 1
    assert refresh(smartpay_mock, token)[0] == 200
    assert busy.matched == 1


def test_a_scenario_is_a_mapping_too(smartpay_mock, refresh):
    token = smartpay_mock.issue_tokens()["refresh_token"]
    smartpay_mock.inject(
        {"respond": ["pass", {"error": "access_denied"}], "when": {"grant_type": "refresh_token"}}
    )
    assert [refresh(smartpay_mock, token)[0] for _ in range(3)] == [200, 403, 200]


def test_keywords_are_matchers_an_outcome_and_members_of_the_scenario(smartpay_mock, refresh):
    token = smartpay_mock.issue_tokens()["refresh_token"]
    guard = smartpay_mock.inject(
        name="slow",
        client_id="v6*",
        status=503,
        json={"busy": True},
        delay=timedelta(milliseconds=1),
        for_="5m",
        times=1,
        then="pass",
    )
    assert guard.name == "slow"
    assert refresh(smartpay_mock, token) == (503, {"busy": True})
    assert refresh(smartpay_mock, token)[0] == 200
    smartpay_mock.inject(error="server_error", for_=timedelta(minutes=5))
    smartpay_mock.clock.advance("5m")
    assert refresh(smartpay_mock, token)[0] == 200


def test_a_mistake_is_refused_with_the_words_of_the_mock(smartpay_mock):
    with pytest.raises(ValueError, match=r'/then: .*"repat", did you mean "repeat"\?'):
        smartpay_mock.inject(error="server_error", then="repat")
    with pytest.raises(ValueError, match=r'/when/client: unknown member "client"'):
        smartpay_mock.inject({"respond": "pass", "when": {"client": "x"}})
    with pytest.raises(TypeError, match="tims"):
        smartpay_mock.inject(error="server_error", tims=2)
    with pytest.raises(TypeError, match="error cannot be combined with respond"):
        smartpay_mock.inject({"respond": "pass"}, error="server_error")


def test_held_requests_are_released(smartpay_mock, refresh):
    token = smartpay_mock.issue_tokens()["refresh_token"]
    with smartpay_mock.inject(hold={"until": 9}) as held:
        request = threading.Thread(target=refresh, args=(smartpay_mock, token))
        request.start()
        smartpay_mock.verify(grant_type="refresh_token", wait="5s")
        while held.release() == 0:
            pass
        request.join(timeout=5)
    assert not request.is_alive()


def test_an_expectation_fails_with_the_requests_received(smartpay_mock, exchange):
    with pytest.raises(AssertionError) as failed:
        with smartpay_mock.inject(error="server_error", times=2).expect(2):
            exchange(smartpay_mock, "my-code")
    text = str(failed.value)
    assert "expected to match exactly 2 requests, but matched 1" in text
    assert "#1 POST /oauth2/v3/token authorization_code v6TJH1IqhM -> 500 server_error" in text
    assert "my-code" not in text


def test_an_expectation_that_is_met_is_silent(smartpay_mock, exchange):
    with smartpay_mock.inject(error="server_error").expect(at_least=1, at_most=2) as busy:
        assert exchange(smartpay_mock, "my-code")[0] == 500
    assert busy.matched == 1


def test_another_exception_comes_first(smartpay_server):
    with pytest.raises(ZeroDivisionError), smartpay_server.new_realm() as realm:
        realm.inject(error="server_error").expect(2)
        with realm.inject(error="server_error").expect(2):
            _ = 1 / 0

    realm = smartpay_server.new_realm()
    with pytest.raises(ZeroDivisionError):
        try:
            realm.inject(error="server_error").expect(2)
            _ = 1 / 0
        finally:
            realm.stop()


def test_an_expectation_without_a_scope_is_judged_when_the_realm_or_server_is_left(
    smartpay_server,
):
    realm = smartpay_server.new_realm()
    realm.inject(error="server_error", name="one").expect(1)
    realm.inject(error="server_error", name="two").expect(at_least=3)
    with pytest.raises(AssertionError, match=r"(?s)'one'.*exactly 1.*'two'.*at least 3"):
        realm.stop()

    server = MockAuthServer().start()
    server.inject(error="server_error").expect(1)
    server.new_realm().inject(error="server_error").expect(2)
    with pytest.raises(AssertionError, match=r"(?s)exactly 1.*exactly 2"):
        server.stop()


def test_a_scenario_that_a_reset_removed_cannot_be_judged(smartpay_server):
    realm = smartpay_server.new_realm()
    realm.inject(error="server_error").expect(1)
    realm.reset()
    with pytest.raises(AssertionError, match="no longer there"):
        realm.stop()


def test_a_removed_scenario_is_not_judged(smartpay_mock):
    smartpay_mock.inject(error="server_error").expect(1).remove()
