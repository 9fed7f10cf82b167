"""`travel` moves the clock of the realm and that of the test."""

import importlib.metadata
import time
from datetime import datetime, timedelta, timezone

import freezegun
import pytest
import time_machine

START = datetime(2030, 1, 1, tzinfo=timezone.utc)
MINUTES = timedelta(minutes=16)


def now() -> datetime:
    return datetime.fromtimestamp(time.time(), timezone.utc)


def move(mock, duration="16m"):
    """Return by how much the clocks of the realm and of the test have moved."""
    realm, test = mock.clock.now(), now()
    mock.travel(duration)
    return mock.clock.now() - realm, now() - test


def test_without_a_traveller_only_the_realm_moves(smartpay_mock):
    realm, test = move(smartpay_mock)
    assert realm >= MINUTES
    assert test < timedelta(minutes=1)


@pytest.mark.parametrize("duration", ["16m", "15m60s", MINUTES])
def test_time_machine_moves_too(smartpay_mock, duration):
    print("time-machine", importlib.metadata.version("time-machine"))
    with time_machine.travel(START, tick=False):
        realm, test = move(smartpay_mock, duration)
    assert realm >= MINUTES
    assert test == MINUTES


def test_freezegun_moves_too(smartpay_mock):
    with freezegun.freeze_time(START):
        realm, test = move(smartpay_mock)
    assert realm >= MINUTES
    assert test == MINUTES


def test_freezegun_with_a_clock_that_ticks_moves_too(smartpay_mock):
    with freezegun.freeze_time(START, tick=True):
        _, test = move(smartpay_mock)
    assert abs(test - MINUTES) < timedelta(minutes=1)


def test_the_innermost_traveller_moves(smartpay_mock):
    with time_machine.travel(START, tick=False):
        with time_machine.travel(START + timedelta(days=1), tick=False):
            assert move(smartpay_mock)[1] == MINUTES
        assert now() == START
        with freezegun.freeze_time(START + timedelta(days=2)):
            assert move(smartpay_mock)[1] == MINUTES
        assert now() == START


def test_a_duration_that_the_mock_refuses_moves_neither(smartpay_mock):
    with time_machine.travel(START, tick=False):
        with pytest.raises(ValueError, match="is not a duration"):
            smartpay_mock.travel(timedelta(minutes=-16))
        assert now() == START


def test_a_server_starts_and_ends_while_time_stands_still():
    from smartpay_oauth_mock import MockAuthServer  # noqa: PLC0415

    with freezegun.freeze_time(START), MockAuthServer() as server:
        server.issue_code()
