// Package oauth2_test tests a client that uses golang.org/x/oauth2 with the mock: it exchanges a code,
// refreshes, and tries again after a failure.
package oauth2_test

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/smartpay-oauth-mock/smartpaymock"
	"golang.org/x/oauth2"
)

// newConfig returns the configuration of the client. The real server wants the credentials in the body.
func newConfig(mock *smartpaymock.Mock) *oauth2.Config {
	return &oauth2.Config{
		ClientID:     mock.ClientID(),
		ClientSecret: mock.ClientSecret(),
		Endpoint: oauth2.Endpoint{
			AuthURL:   mock.AuthorizeURL(),
			TokenURL:  mock.TokenURL(),
			AuthStyle: oauth2.AuthStyleInParams,
		},
	}
}

// newContext returns a context with the HTTP client that trusts the mock.
func newContext(client *http.Client) context.Context {
	return context.WithValue(context.Background(), oauth2.HTTPClient, client)
}

// tryTwice is the code under test: it tries again after an error of the server.
func tryTwice(source oauth2.TokenSource) (*oauth2.Token, error) {
	token, err := source.Token()
	var failed *oauth2.RetrieveError
	if errors.As(err, &failed) && failed.Response.StatusCode >= 500 {
		return source.Token()
	}
	return token, err
}

// pay calls the API, which has to accept the token.
func pay(t *testing.T, mock *smartpaymock.Mock, client *http.Client) {
	t.Helper()
	response, err := client.Post(mock.BaseURL()+"/pts/v2/payments", "application/json", nil)
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	if response.StatusCode != http.StatusCreated {
		t.Errorf("payment: %s", response.Status)
	}
}

func TestACodeIsExchangedForTokens(t *testing.T) {
	t.Parallel()
	mock := smartpaymock.Start(t)
	token, err := newConfig(mock).Exchange(newContext(mock.HTTPClient()), mock.IssueCode())
	if err != nil {
		t.Fatal(err)
	}
	if !token.Valid() || token.Type() != "Bearer" || token.RefreshToken == "" {
		t.Errorf("token %+v", token)
	}
	if left := time.Until(token.Expiry); left > 15*time.Minute || left < 14*time.Minute {
		t.Errorf("it expires in %s", left)
	}
}

func TestAnErrorHasItsCode(t *testing.T) {
	t.Parallel()
	mock := smartpaymock.Start(t)
	code := mock.IssueCode()
	mock.SetMerchantStatus(mock.MerchantID(), smartpaymock.Inactive)

	_, err := newConfig(mock).Exchange(newContext(mock.HTTPClient()), code)
	var failed *oauth2.RetrieveError
	if !errors.As(err, &failed) || failed.ErrorCode != string(smartpaymock.MerchantNotActive) {
		t.Errorf("Exchange: %v", err)
	}
}

func TestATokenIsRefreshedWhenItHasExpired(t *testing.T) {
	t.Parallel()
	mock := smartpaymock.Start(t)
	issued := mock.IssueTokens()
	mock.Advance(16 * time.Minute)

	ctx := newContext(mock.HTTPClient())
	source := newConfig(mock).TokenSource(ctx, &oauth2.Token{
		AccessToken:  issued.AccessToken,
		RefreshToken: issued.RefreshToken,
		Expiry:       time.Now().Add(-time.Minute),
	})
	pay(t, mock, oauth2.NewClient(ctx, source))
	mock.VerifyOrder(
		smartpaymock.Filter{GrantType: "refresh_token", Status: 200},
		smartpaymock.Filter{Endpoint: smartpaymock.EndpointResource, Status: 201},
	)
}

func TestARefreshIsTriedAgain(t *testing.T) {
	t.Parallel()
	mock := smartpaymock.Start(t)
	mock.Inject(smartpaymock.Scenario{
		When:    smartpaymock.When{GrantType: "refresh_token"},
		Respond: smartpaymock.Outcomes{{Error: smartpaymock.ServerError}},
		Times:   1,
	}).Expect(1)

	source := newConfig(mock).TokenSource(newContext(mock.HTTPClient()), &oauth2.Token{
		RefreshToken: mock.IssueTokens().RefreshToken,
	})
	if _, err := tryTwice(source); err != nil {
		t.Error(err)
	}
	mock.Verify(smartpaymock.Filter{GrantType: "refresh_token"}, smartpaymock.Exactly(2))
}

func TestTheClientPresentsItsCertificate(t *testing.T) {
	t.Parallel()
	mock := smartpaymock.Start(t, smartpaymock.TLS(),
		smartpaymock.ClientAuth(smartpaymock.ClientAuthRequired))
	ctx := newContext(mock.HTTPClientAs("my-company"))
	if _, err := newConfig(mock).Exchange(ctx, mock.IssueCode()); err != nil {
		t.Error(err)
	}
	if _, err := newConfig(mock).Exchange(newContext(mock.HTTPClient()), mock.IssueCode()); err == nil {
		t.Error("a client without a certificate gets tokens")
	}
}

func TestADialectAcceptsCredentialsInTheHeader(t *testing.T) {
	t.Parallel()
	mock := smartpaymock.Start(t, smartpaymock.Fixtures(`
		extends: default
		settings: { dialect: rfc6749 }
	`))
	config := newConfig(mock)
	config.Endpoint.AuthStyle = oauth2.AuthStyleInHeader
	if _, err := config.Exchange(newContext(mock.HTTPClient()), mock.IssueCode()); err != nil {
		t.Error(err)
	}
}
