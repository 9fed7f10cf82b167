//go:build go1.25

package oauth2_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/smartpay-oauth-mock/smartpaymock"
	"golang.org/x/oauth2"
)

// In a bubble of testing/synctest, the clock of the client can be moved with that of the mock.
func TestTheClientRefreshesWhenTimeHasPassed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		mock := smartpaymock.Start(t)
		mock.FreezeAt(time.Now())
		ctx := newContext(mock.HTTPClient())
		config := newConfig(mock)
		token, err := config.Exchange(ctx, mock.IssueCode())
		if err != nil {
			t.Fatal(err)
		}

		client := oauth2.NewClient(ctx, config.TokenSource(ctx, token))
		pay(t, mock, client)
		mock.Travel(16*time.Minute, time.Sleep)
		pay(t, mock, client)

		mock.VerifyOrder(
			smartpaymock.Filter{GrantType: "authorization_code"},
			smartpaymock.Filter{Endpoint: smartpaymock.EndpointResource, Status: 201},
			smartpaymock.Filter{GrantType: "refresh_token", Status: 200},
			smartpaymock.Filter{Endpoint: smartpaymock.EndpointResource, Status: 201},
		)
		mock.Verify(smartpaymock.Filter{Status: 401}, smartpaymock.Exactly(0))
	})
}
