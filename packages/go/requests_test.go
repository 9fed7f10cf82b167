package smartpaymock_test

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/smartpay-oauth-mock/smartpaymock"
)

func TestRequestsAreRecorded(t *testing.T) {
	t.Parallel()
	mock := server.ForTest(t)
	code := mock.IssueCode()
	exchange(t, mock, code)
	exchange(t, mock, "wrong")

	requests := mock.Requests()
	if len(requests) != 2 {
		t.Fatalf("%d requests", len(requests))
	}
	first, second := requests[0], requests[1]
	if first.ID != 1 || first.Endpoint != smartpaymock.EndpointToken || first.Method != "POST" ||
		first.Path != "/oauth2/v3/token" || first.Scheme != "http" ||
		first.ClientID != mock.ClientID() || first.MerchantID != mock.MerchantID() ||
		first.GrantType != "authorization_code" || first.Realm != mock.Realm().Name() ||
		first.Outcome.Status != 200 || first.Outcome.Row != nil || first.DurationUS == 0 ||
		len(first.Notes) == 0 || first.Headers["content-type"] == "" ||
		time.Since(first.Time) > time.Minute {
		t.Errorf("first request: %+v", first)
	}
	if first.Params["client_secret"].Value != "***" ||
		first.Params["code"].Fingerprint != fingerprint(code) {
		t.Errorf("Params: %+v", first.Params)
	}
	if len(first.Issued) != 2 || first.Issued[0].JTI == "" {
		t.Errorf("Issued: %+v", first.Issued)
	}
	if second.Outcome.Error != smartpaymock.InvalidRequest || *second.Outcome.Row != 16 ||
		second.ErrorDescription == "" {
		t.Errorf("second request: %+v", second)
	}
}

func TestARequestWithoutAResponseHasNoOutcome(t *testing.T) {
	t.Parallel()
	mock := server.ForTest(t)
	injection := mock.Inject(smartpaymock.Scenario{Respond: smartpaymock.Outcomes{{Hold: 2}}})
	done := make(chan struct{})
	go func() {
		defer close(done)
		if response, err := http.PostForm(mock.TokenURL(), url.Values{}); err == nil {
			response.Body.Close()
		}
	}()
	mock.Verify(smartpaymock.Filter{}, smartpaymock.Within(time.Minute))
	if requests := mock.Requests(); requests[0].Outcome != nil ||
		!strings.HasSuffix(requests[0].String(), "-> no response yet") {
		t.Errorf("Requests: %s", requests)
	}
	injection.Release()
	<-done
}

func TestRequestsAreFiltered(t *testing.T) {
	t.Parallel()
	mock := server.ForTest(t)
	code := mock.IssueCode()
	exchange(t, mock, code)
	exchange(t, mock, "wrong")
	request, _ := http.NewRequest("GET", mock.BaseURL()+"/tss/v2/transactions/1?a=b", nil)
	request.Header.Set("X-Test", "7")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()

	filters := map[string][]smartpaymock.RequestsOption{
		"123": nil,
		"23":  {smartpaymock.Limit(2)},
		"3":   {smartpaymock.After(2)},
		"2":   {smartpaymock.Filter{Error: smartpaymock.InvalidRequest}, smartpaymock.Limit(1)},
		"12":  {smartpaymock.Filter{ClientID: mock.ClientID()}},
		"1":   {smartpaymock.Filter{Status: 200, Endpoint: smartpaymock.EndpointToken}},
		"":    {smartpaymock.Filter{Scenario: "busy"}},
	}
	for want, options := range filters {
		if got := ids(mock.Requests(options...)); got != want {
			t.Errorf("%v: %q, want %q", options, got, want)
		}
	}
	for _, filter := range []smartpaymock.Filter{
		{Header: map[string]string{"X-Test": "7"}},
		{Method: "GET", Path: "/tss/*"},
		{Status: 401},
		{Endpoint: smartpaymock.EndpointResource},
	} {
		if got := ids(mock.Requests(filter)); got != "3" {
			t.Errorf("%s: %q", filter, got)
		}
		mock.Verify(filter, smartpaymock.Exactly(1))
	}
	// A code is matched by its value.
	byCode := smartpaymock.Filter{Param: map[string]string{"code": code}}
	if got := ids(mock.Requests(byCode)); got != "1" {
		t.Errorf("by its code: %q", got)
	}
}

func TestVerifyCountsRequests(t *testing.T) {
	t.Parallel()
	mock := server.ForTest(t)
	exchange(t, mock, mock.IssueCode())
	exchange(t, mock, "wrong")

	met := [][]smartpaymock.VerifyOption{
		nil,
		{smartpaymock.Exactly(2)},
		{smartpaymock.AtLeast(2)},
		{smartpaymock.AtLeast(1), smartpaymock.AtMost(3)},
	}
	for _, options := range met {
		if !mock.Verify(smartpaymock.Filter{ClientID: mock.ClientID()}, options...) {
			t.Errorf("not met: %v", options)
		}
	}
	mock.Verify(smartpaymock.Filter{ClientID: "nobody"}, smartpaymock.Exactly(0))
}

func TestVerifyFailsTheTestWithTheClosestRequests(t *testing.T) {
	t.Parallel()
	record(t, func(t testing.TB) {
		mock := server.ForTest(t)
		exchange(t, mock, "wrong")
		filter := smartpaymock.Filter{GrantType: "refresh_token", Status: 400}
		if mock.Verify(filter, smartpaymock.Exactly(2)) {
			t.Logf("Verify returns true")
		}
		t.Logf("the test goes on")
	}).wantFailure(t,
		`expected exactly 2 requests to match {"grant_type":"refresh_token","status":400}, but 0 did.`,
		"Closest requests:\n  #1 POST",
		"grant_type: expected refresh_token, found authorization_code",
		"the test goes on")
}

func TestVerifyWaits(t *testing.T) {
	t.Parallel()
	mock := server.ForTest(t)
	done := make(chan struct{})
	go func() {
		defer close(done)
		time.Sleep(10 * time.Millisecond)
		if response, err := http.PostForm(mock.TokenURL(), nil); err == nil {
			response.Body.Close()
		}
	}()
	mock.Verify(smartpaymock.Filter{Error: smartpaymock.InvalidRequest},
		smartpaymock.Exactly(1), smartpaymock.Within(time.Minute))
	<-done
}

func TestVerifyOrderIgnoresRequestsBetween(t *testing.T) {
	t.Parallel()
	exchanged := smartpaymock.Filter{GrantType: "authorization_code"}
	paid := smartpaymock.Filter{Endpoint: smartpaymock.EndpointResource, Status: 201}
	send := func(t testing.TB) *smartpaymock.Mock {
		mock := server.ForTest(t)
		token := exchange(t, mock, mock.IssueCode()).AccessToken
		refresh(t, mock, "x")
		pay(t, mock, token)
		return mock
	}

	mock := send(t)
	if !mock.VerifyOrder(exchanged, paid) ||
		!mock.VerifyOrderWithin(time.Second, exchanged, paid) {
		t.Error("not met")
	}
	record(t, func(t testing.TB) {
		send(t).VerifyOrder(paid, exchanged)
	}).wantFailure(t, "none matches", `{"grant_type":"authorization_code"} at its place`, "Closest requests:")
}

func ids(requests []smartpaymock.Request) string {
	var text strings.Builder
	for _, request := range requests {
		text.WriteByte('0' + byte(request.ID))
	}
	return text.String()
}

func fingerprint(value string) string {
	sum := sha256.Sum256([]byte(value))
	return hex.EncodeToString(sum[:])[:12]
}
