//go:build go1.25

// The go.mod file names an older version of Go, whose timers do not work in a bubble.
//
//go:debug asynctimerchan=0

package smartpaymock_test

import (
	"net/url"
	"testing"
	"testing/synctest"
	"time"

	"github.com/smartpay-oauth-mock/smartpaymock"
)

func TestAMockWorksInABubble(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		mock := smartpaymock.Start(t)
		client := mock.HTTPClient()
		if now := mock.FreezeAt(time.Now()); !now.Equal(time.Now()) {
			t.Errorf("FreezeAt returns %s", now)
		}
		tokens := mock.IssueTokens()
		refreshed := func() int {
			return post(t, mock, client, url.Values{
				"grant_type": {"refresh_token"}, "refresh_token": {tokens.RefreshToken},
			}).status
		}
		wantStatus(t, refreshed(), 200)
		mock.Inject(smartpaymock.Scenario{
			Respond: smartpaymock.Outcomes{{Status: 503, Delay: 10 * time.Millisecond}},
		}).Expect(1)
		wantStatus(t, refreshed(), 503)
		mock.Verify(smartpaymock.Filter{}, smartpaymock.Exactly(2), smartpaymock.Within(time.Second))
	})
}

func TestTravelMovesTheClockOfABubble(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		mock := smartpaymock.Start(t)
		mock.FreezeAt(time.Now())
		mock.Travel(16*time.Minute, time.Sleep)
		if now := mock.Now(); !now.Equal(time.Now()) {
			t.Errorf("the clock of the realm is at %s, that of the bubble at %s", now, time.Now())
		}
	})
}

func TestASharedServerWorksInABubble(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		mock := server.ForTest(t)
		mock.IssueTokens()
		mock.Travel(time.Hour, time.Sleep)
		mock.IssueTokens()
	})
}
