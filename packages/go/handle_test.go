package smartpaymock_test

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/smartpay-oauth-mock/smartpaymock"
)

func TestStartStartsAServerForATest(t *testing.T) {
	t.Parallel()
	var baseURL string
	t.Run("a test", func(t *testing.T) {
		mock := smartpaymock.Start(t)
		baseURL = mock.BaseURL()
		wantStatus(t, exchange(t, mock, mock.IssueCode()).status, 200)
	})

	if response, err := http.Get(baseURL); err == nil {
		response.Body.Close()
		t.Error("the server is still running after the test")
	}
}

func TestURLsAreThoseOfTheRealm(t *testing.T) {
	t.Parallel()
	mock := server.ForTest(t)
	if mock.BaseURL() == server.BaseURL() {
		t.Error("the realm has no port of its own")
	}
	if got, want := mock.TokenURL(), mock.BaseURL()+"/oauth2/v3/token"; got != want {
		t.Errorf("TokenURL: %s, want %s", got, want)
	}
	if got, want := mock.AuthorizeURL(), mock.BaseURL()+"/ebc2/oauth/authorize"; got != want {
		t.Errorf("AuthorizeURL: %s, want %s", got, want)
	}
	// The name says which test a realm belongs to.
	if name := mock.Realm().Name(); !strings.HasPrefix(name, "testurlsarethoseoftherealm-") {
		t.Errorf("Name: %s", name)
	}
}

func TestAPortalHasTheAuthorizeEndpoint(t *testing.T) {
	t.Parallel()
	mock := smartpaymock.Start(t, smartpaymock.TLS(),
		smartpaymock.Args("--portal-listen", "127.0.0.1:0"))
	for _, mock := range []*smartpaymock.Mock{mock, mock.NewRealm()} {
		if strings.HasPrefix(mock.AuthorizeURL(), mock.BaseURL()) {
			t.Errorf("AuthorizeURL: %s", mock.AuthorizeURL())
		}
		client := mock.HTTPClient()
		client.CheckRedirect = func(*http.Request, []*http.Request) error {
			return http.ErrUseLastResponse
		}
		response, err := client.Get(mock.AuthorizeURL() + "?" + url.Values{
			"sub": {"oauth"}, "client_id": {mock.ClientID()}, "state": {"x"},
			"redirect_url": {"https://www.example.com"}, "mock_consent": {"allow"},
		}.Encode())
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
		wantContains(t, response.Header.Get("Location"), "code=")
	}
}

func TestCodesAndTokensAreIssuedWithoutABrowser(t *testing.T) {
	t.Parallel()
	mock := server.ForTest(t)
	code := mock.IssueCode(
		smartpaymock.Code("my-code"),
		smartpaymock.Scopes("transactions"),
		smartpaymock.RedirectURL("https://www.example.com"),
		smartpaymock.ForMerchant(mock.MerchantID()),
		smartpaymock.ForClient(mock.ClientID()),
	)
	if code != "my-code" {
		t.Errorf("IssueCode: %s", code)
	}
	wantStatus(t, exchange(t, mock, code).status, 200)

	tokens := mock.IssueTokens(smartpaymock.Scopes("transactions", "reporting"))
	if tokens.ExpiresIn != 899 || tokens.TokenType != "bearer" || tokens.ClientStatus != "active" {
		t.Errorf("IssueTokens: %+v", tokens)
	}
	wantStatus(t, pay(t, mock, tokens.AccessToken), 201)
	wantStatus(t, refresh(t, mock, tokens.RefreshToken).status, 200)
}

func TestAnUnknownClientIsAnErrorWithTheWordsOfTheMock(t *testing.T) {
	t.Parallel()
	_, err := server.IssueCode(context.Background(), smartpaymock.ForClient("nobody"))
	var refused *smartpaymock.Error
	if !errors.As(err, &refused) || refused.Status != 422 && refused.Status != 400 {
		t.Fatalf("IssueCode: %#v", err)
	}
	wantContains(t, err.Error(), "smartpaymock: ", "nobody", "POST")
}

func TestAGrantIsRevokedByItsMerchant(t *testing.T) {
	t.Parallel()
	mock := server.ForTest(t)
	tokens := mock.IssueTokens(smartpaymock.Scopes("transactions"))
	grant := newestGrant(mock)
	if grant.Revoked || grant.ClientID != mock.ClientID() || grant.MerchantID != mock.MerchantID() ||
		time.Since(grant.GrantedAt) > time.Minute || grant.Scopes[0] != "transactions" {
		t.Fatalf("Grants: %+v", grant)
	}

	mock.RevokeGrant(grant.ID)
	wantStatus(t, pay(t, mock, tokens.AccessToken), 401)
	if grant := newestGrant(mock); !grant.Revoked {
		t.Errorf("Grants: %+v", grant)
	}
	err := mock.Realm().RevokeGrant(context.Background(), "0123456789")
	if !errors.Is(err, smartpaymock.ErrNotFound) {
		t.Errorf("RevokeGrant of an unknown grant: %v", err)
	}
}

// newestGrant returns the last grant. Those of the built-in fixtures come first.
func newestGrant(mock *smartpaymock.Mock) smartpaymock.Grant {
	grants := mock.Grants()
	return grants[len(grants)-1]
}

func TestClientsAndMerchantsBecomeInactive(t *testing.T) {
	t.Parallel()
	mock := server.ForTest(t)
	mock.SetMerchantStatus(mock.MerchantID(), smartpaymock.Inactive)
	if got := exchange(t, mock, mock.IssueCode()).Error; got != "merchant_not_active" {
		t.Errorf("error %s", got)
	}
	mock.SetMerchantStatus(mock.MerchantID(), smartpaymock.Active)
	mock.SetClientStatus(mock.ClientID(), smartpaymock.Inactive)
	if got := exchange(t, mock, mock.IssueCode()).Error; got != "client_not_active" {
		t.Errorf("error %s", got)
	}
	err := mock.Realm().SetClientStatus(context.Background(), "a b/c", smartpaymock.Active)
	if !errors.Is(err, smartpaymock.ErrNotFound) {
		t.Errorf("SetClientStatus of an unknown client: %v", err)
	}
}

func TestResetReturnsToTheInitialState(t *testing.T) {
	t.Parallel()
	mock := server.ForTest(t)
	mock.SetClientStatus(mock.ClientID(), smartpaymock.Inactive)
	mock.Reset()
	wantStatus(t, exchange(t, mock, mock.IssueCode()).status, 200)
}

func TestRealmsAreIsolated(t *testing.T) {
	t.Parallel()
	mock := server.ForTest(t)
	other := mock.NewRealm()
	tokens := mock.IssueTokens()
	wantStatus(t, pay(t, mock, tokens.AccessToken), 201)
	wantStatus(t, pay(t, other, tokens.AccessToken), 401)
	if len(other.Requests()) != 1 || len(mock.Requests()) != 1 {
		t.Error("the realms share a journal")
	}
}

func TestARealmWithoutATestIsClosedByItself(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	realm, err := server.NewRealm(ctx)
	if err != nil {
		t.Fatal(err)
	}
	code, err := realm.IssueCode(ctx)
	if err != nil {
		t.Fatal(err)
	}
	wantStatus(t, exchange(t, realm, code).status, 200)

	for i := 0; i < 2; i++ {
		if err := realm.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	}
	for _, call := range []func() error{
		func() error { _, err := realm.IssueCode(ctx); return err },
		func() error { _, err := realm.NewRealm(ctx); return err },
		func() error { return realm.SetFixtures(ctx, smartpaymock.Fixtures("extends: default")) },
	} {
		if err := call(); !errors.Is(err, smartpaymock.ErrClosed) {
			t.Errorf("a call after Close: %v", err)
		}
	}
}

func TestTheReportSaysWhatTheClientMet(t *testing.T) {
	t.Parallel()
	mock := server.ForTest(t)
	code := mock.IssueCode()
	exchange(t, mock, code)
	exchange(t, mock, code)

	report := mock.Report()
	if report.Requests != 2 || report.Coverage.ErrorsMet != 1 || report.Coverage.ErrorsOf != 11 ||
		report.Coverage.Errors[0].Error != smartpaymock.InvalidRequest ||
		report.Coverage.Flows[0].Flow != "code_exchange" || report.Since.IsZero() {
		t.Errorf("Report: %+v", report)
	}
	var found bool
	for _, finding := range report.Findings {
		found = found || finding.Rule == "code-reused" && finding.Severity == "error" &&
			finding.Help != "" && len(finding.Requests) == 2
	}
	if !found {
		t.Errorf("Findings: %+v", report.Findings)
	}
}

func TestACallEndsWithItsContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := server.IssueCode(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("IssueCode: %v", err)
	}

	// Also while it waits, and the server is there for the next call.
	ctx, cancel = context.WithTimeout(context.Background(), 20*time.Millisecond)
	defer cancel()
	err := server.Verify(ctx, smartpaymock.Filter{ClientID: "nobody"},
		smartpaymock.Within(time.Minute))
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Verify: %v", err)
	}
	if _, err := server.Grants(context.Background()); err != nil {
		t.Errorf("Grants: %v", err)
	}
}

func TestAConnectionThatTheServerClosedIsReplaced(t *testing.T) {
	t.Parallel()
	mock := smartpaymock.Start(t, smartpaymock.Args("--limit", "connections=1"))
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	for i := 0; i < 3; i++ {
		// Its connection takes the place of the one for control calls.
		form := url.Values{"grant_type": {"authorization_code"}, "code": {mock.IssueCode()}}
		wantStatus(t, post(t, mock, client, form).status, 200)
	}
}

func TestManyGoroutinesShareAServer(t *testing.T) {
	t.Parallel()
	mock := server.ForTest(t)
	results := make(chan error)
	for i := 0; i < 50; i++ {
		go func() {
			_, err := mock.Realm().IssueTokens(context.Background())
			results <- err
		}()
	}
	for i := 0; i < 50; i++ {
		if err := <-results; err != nil {
			t.Error(err)
		}
	}
}
