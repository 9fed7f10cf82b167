//go:build go1.25

// The go.mod file names an older version of Go, whose timers do not work in a bubble.
//
//go:debug asynctimerchan=0

package smartpaymock_test

import (
	"context"
	"net/http"
	"net/url"
	"testing"
	"testing/synctest"
	"time"
)

func TestTravelMovesTheClockOfABubble(t *testing.T) {
	t.Parallel()
	mock := server.ForTest(t)
	synctest.Test(t, func(t *testing.T) {
		// A transport without a pool has no goroutines that outlive their request.
		client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
		start := time.Now()
		tokens := mock.IssueTokens()
		mock.Travel(16*time.Minute, time.Sleep)
		if moved := time.Since(start); moved != 16*time.Minute {
			t.Errorf("the clock of the bubble moved by %s", moved)
		}
		if report, err := mock.Realm().Report(context.Background()); err != nil || report == nil {
			t.Errorf("Report: %v", err)
		}
		got := post(t, mock, client, url.Values{
			"grant_type": {"refresh_token"}, "refresh_token": {tokens.RefreshToken},
		})
		wantStatus(t, got.status, 200)
	})
}
