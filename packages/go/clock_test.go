package smartpaymock_test

import (
	"testing"
	"time"

	"github.com/smartpay-oauth-mock/smartpaymock"
)

func TestAnAccessTokenExpiresWhenTheClockAdvances(t *testing.T) {
	t.Parallel()
	mock := server.ForTest(t)
	tokens := mock.IssueTokens()
	mock.Advance(14 * time.Minute)
	wantStatus(t, pay(t, mock, tokens.AccessToken), 201)
	now := mock.Advance(2 * time.Minute)
	wantStatus(t, pay(t, mock, tokens.AccessToken), 401)
	if ahead := time.Until(now); ahead < 15*time.Minute || ahead > 17*time.Minute {
		t.Errorf("Advance returns %s", now)
	}
	if now.Location() != time.UTC {
		t.Errorf("Advance returns a time in %s", now.Location())
	}
}

func TestTheClockIsSetFrozenAndReset(t *testing.T) {
	t.Parallel()
	mock := server.ForTest(t)
	start := time.Date(2030, 1, 2, 3, 4, 5, 0, time.FixedZone("CET", 3600))

	if set := mock.SetTime(start); set.Before(start) || set.After(start.Add(time.Minute)) {
		t.Errorf("SetTime returns %s", set)
	}
	if frozen := mock.FreezeAt(start); !frozen.Equal(start) || !mock.Now().Equal(start) {
		t.Errorf("FreezeAt returns %s, and then it is %s", frozen, mock.Now())
	}
	if advanced := mock.Advance(time.Hour); !advanced.Equal(start.Add(time.Hour)) {
		t.Errorf("Advance returns %s", advanced)
	}
	if reset := mock.ResetClock(); time.Since(reset) > time.Minute {
		t.Errorf("ResetClock returns %s", reset)
	}
	if frozen := mock.Freeze(); !mock.Now().Equal(frozen) {
		t.Error("Freeze does not stop the clock")
	}
}

func TestCodeUnderTestCanFollowTheClock(t *testing.T) {
	t.Parallel()
	mock := server.ForTest(t)
	var now func() time.Time = mock.Now
	mock.FreezeAt(time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC))
	if got := now(); got.Year() != 2030 {
		t.Errorf("Now: %s", got)
	}
}

func TestNowOutlivesTheTest(t *testing.T) {
	t.Parallel()
	var now func() time.Time
	record(t, func(t testing.TB) {
		mock := server.ForTest(t)
		mock.Advance(time.Hour)
		now = mock.Now
	}).wantSuccess(t)
	if time.Until(now()) > time.Minute {
		t.Errorf("Now: %s", now())
	}
}

func TestTravelMovesOtherClocks(t *testing.T) {
	t.Parallel()
	mock := server.ForTest(t)
	var moved []time.Duration
	other := func(d time.Duration) { moved = append(moved, d) }
	now := mock.Travel(time.Hour, other, other)
	if len(moved) != 2 || moved[0] != time.Hour || time.Until(now) < 59*time.Minute {
		t.Errorf("Travel moves %v to %s", moved, now)
	}
}

func TestShortDurationsAreNotZero(t *testing.T) {
	t.Parallel()
	mock := server.ForTest(t)
	start := mock.Freeze()
	if now := mock.Advance(time.Nanosecond); !now.Equal(start.Add(time.Millisecond)) {
		t.Errorf("Advance moves the clock by %s", now.Sub(start))
	}
	mock.Inject(smartpaymock.Scenario{
		Respond: smartpaymock.Outcomes{{Status: 503, Delay: time.Nanosecond}}, For: time.Nanosecond,
	})
}
