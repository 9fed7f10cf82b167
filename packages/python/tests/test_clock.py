"""The clock of a realm."""

from datetime import datetime, timedelta, timezone

import pytest

NEW_YEAR = datetime(2030, 1, 1, tzinfo=timezone.utc)


def test_the_clock_is_read_moved_set_frozen_and_reset(smartpay_mock):
    clock = smartpay_mock.clock
    real = datetime.now(timezone.utc)
    assert abs(clock.now() - real) < timedelta(minutes=1)

    assert clock.advance("16m") - real > timedelta(minutes=15)
    assert clock.advance(timedelta(hours=1)) - real > timedelta(hours=1)
    assert clock.set(NEW_YEAR).year == 2030
    assert clock.freeze() == clock.now()
    assert clock.freeze(NEW_YEAR) == NEW_YEAR == clock.now()
    assert clock.reset().year == real.year


def test_a_datetime_without_a_time_zone_is_local(smartpay_mock):
    assert smartpay_mock.clock.freeze(NEW_YEAR.astimezone().replace(tzinfo=None)) == NEW_YEAR


def test_tokens_expire_by_the_clock(smartpay_mock, refresh):
    token = smartpay_mock.issue_tokens()["refresh_token"]
    smartpay_mock.clock.advance("600d")
    assert refresh(smartpay_mock, token)[1]["error"] == "access_denied"


def test_what_is_no_duration_is_refused(smartpay_mock):
    with pytest.raises(ValueError, match=r'"16 minutes" is not a duration'):
        smartpay_mock.clock.advance("16 minutes")
    with pytest.raises(ValueError, match=r'"-1000ms" is not a duration'):
        smartpay_mock.clock.advance(timedelta(seconds=-1))
    with pytest.raises(ValueError, match="'16' is not a duration"):
        smartpay_mock.travel("16")
