package smartpaymock_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/smartpay-oauth-mock/smartpaymock"
)

func TestAScenarioMatchesSomeRequests(t *testing.T) {
	t.Parallel()
	mock := server.ForTest(t)
	busy := mock.Inject(smartpaymock.Scenario{
		Name:    "busy",
		When:    smartpaymock.When{GrantType: "refresh_token"},
		Respond: smartpaymock.Outcomes{{Error: smartpaymock.ServerError, Description: "Busy."}},
		Times:   1,
	})
	if busy.Name() != "busy" {
		t.Errorf("Name: %s", busy.Name())
	}

	tokens := mock.IssueTokens()
	wantStatus(t, exchange(t, mock, mock.IssueCode()).status, 200)
	got := refresh(t, mock, tokens.RefreshToken)
	if got.status != 500 || got.ErrorDescription != "Busy." {
		t.Errorf("refresh: %+v", got)
	}
	wantStatus(t, refresh(t, mock, tokens.RefreshToken).status, 200)
	if busy.Matched() != 1 {
		t.Errorf("Matched: %d", busy.Matched())
	}
}

func TestOutcomesComeInOrder(t *testing.T) {
	t.Parallel()
	mock := server.ForTest(t)
	mock.Inject(smartpaymock.Scenario{
		Respond: smartpaymock.Outcomes{
			{},
			{Status: 418, JSON: map[string]any{"error": "teapot"}},
			{Error: "made_up", TakesEffect: true},
		},
		Then: smartpaymock.ThenRepeat,
	})
	code := mock.IssueCode()
	for _, want := range []int{200, 418, 400, 200, 418} {
		if want == 200 || want == 400 {
			code = mock.IssueCode()
		}
		wantStatus(t, exchange(t, mock, code).status, want)
	}
	// The third took effect: its code is spent, although the client got an error.
	requests := mock.Requests(smartpaymock.Filter{Error: "made_up"})
	if len(requests) != 1 || len(requests[0].Issued) != 2 {
		t.Errorf("Requests: %+v", requests)
	}
}

func TestTheServerAcceptsEveryFieldOfAScenario(t *testing.T) {
	t.Parallel()
	mock := server.ForTest(t)
	all := smartpaymock.When{
		Endpoint: smartpaymock.EndpointAny, Method: "POST", Path: "/oauth2/*", ClientID: "*",
		MerchantID: "*", GrantType: "*", Code: "*", RefreshToken: "*", CorrelationID: "*",
		Header: map[string]string{"x-test": "7"}, Param: map[string]string{"state": "*"},
	}
	outcomes := smartpaymock.Outcomes{
		{Error: smartpaymock.InvalidClient, Status: 499, Description: "no",
			Headers: map[string]string{"x-test": "7"}},
		{Body: "text", Delay: time.Millisecond, MaxDelay: time.Second},
		{JSON: []int{1}, Delay: time.Microsecond},
		{Fault: smartpaymock.SlowBody, Interval: time.Second, TakesEffect: true},
		{Hold: 4},
		{RateLimit: &smartpaymock.RateLimit{Requests: 10, Per: time.Minute}},
		{Token: &smartpaymock.TokenAlteration{
			Which: "access", Lifetime: -time.Second, Claims: map[string]any{"x": 1},
			Drop: []string{"jti"}, OtherKey: true,
		}},
		{Token: &smartpaymock.TokenAlteration{InvalidSignature: true}},
		{Token: &smartpaymock.TokenAlteration{Unsigned: true}},
		{Response: &smartpaymock.ResponseAlteration{
			Set: map[string]any{"scope": "x"}, Drop: []string{"refresh_token"},
		}},
	}
	mock.Inject(smartpaymock.Scenario{
		Name: "everything", WhenAny: []smartpaymock.When{all, {}}, Respond: outcomes,
		Then: smartpaymock.ThenLast, Times: 20, For: time.Minute, Probability: 0.5, Seed: 42,
		Disabled: true,
	})
	for _, fault := range []smartpaymock.Fault{
		smartpaymock.ConnectionReset, smartpaymock.EmptyResponse, smartpaymock.Hang,
		smartpaymock.TruncatedBody, smartpaymock.Garbage, smartpaymock.SlowBody,
	} {
		mock.Inject(smartpaymock.Scenario{Respond: smartpaymock.Outcomes{{Fault: fault}}})
	}
	for _, endpoint := range []smartpaymock.Endpoint{
		smartpaymock.EndpointToken, smartpaymock.EndpointAuthorize, smartpaymock.EndpointResource,
		smartpaymock.EndpointIntrospect, smartpaymock.EndpointRevoke, smartpaymock.EndpointJWKS,
		smartpaymock.EndpointMetadata, smartpaymock.EndpointAny,
	} {
		mock.Inject(smartpaymock.Scenario{
			When: smartpaymock.When{Endpoint: endpoint}, Respond: smartpaymock.Outcomes{{Status: 503}},
		})
	}
}

func TestAMistakeInAScenarioIsAnErrorWithItsPlace(t *testing.T) {
	t.Parallel()
	_, err := server.Inject(context.Background(), smartpaymock.Scenario{
		Respond: smartpaymock.Outcomes{{Fault: "earthquake"}},
	})
	var refused *smartpaymock.Error
	if !errors.As(err, &refused) || len(refused.Fields) == 0 {
		t.Fatalf("Inject: %#v", err)
	}
	wantContains(t, err.Error(), "/respond/fault", "earthquake")
}

func TestAScenarioEndsWhenItIsRemoved(t *testing.T) {
	t.Parallel()
	mock := server.ForTest(t)
	injection := mock.Inject(smartpaymock.Scenario{Respond: smartpaymock.Outcomes{{Status: 503}}})
	wantStatus(t, exchange(t, mock, "x").status, 503)
	injection.Remove()
	injection.Remove()
	wantStatus(t, exchange(t, mock, mock.IssueCode()).status, 200)
	if injection.Matched() != 1 {
		t.Errorf("Matched: %d", injection.Matched())
	}

	// A reset removes it, too.
	injection = mock.Inject(smartpaymock.Scenario{Respond: smartpaymock.Outcomes{{Status: 503}}})
	mock.Reset()
	injection.Remove()
}

func TestHeldRequestsAreReleased(t *testing.T) {
	t.Parallel()
	mock := server.ForTest(t)
	injection := mock.Inject(smartpaymock.Scenario{Respond: smartpaymock.Outcomes{{Hold: 10}}})
	form := mock.TokenURL()
	done := make(chan error)
	for i := 0; i < 3; i++ {
		go func() {
			response, err := http.PostForm(form, nil)
			if err == nil {
				err = response.Body.Close()
			}
			done <- err
		}()
	}

	for injection.Held() < 3 {
		time.Sleep(time.Millisecond)
	}
	if released := injection.Release(); released != 3 {
		t.Errorf("Release: %d", released)
	}
	for i := 0; i < 3; i++ {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
}

func TestAnExpectationThatIsMetIsSilent(t *testing.T) {
	t.Parallel()
	record(t, func(t testing.TB) {
		mock := server.ForTest(t)
		busy := smartpaymock.Scenario{Respond: smartpaymock.Outcomes{{Status: 503}}, Times: 1}
		defer mock.Inject(busy).Expect(1).Remove()
		exchange(t, mock, "x")
		mock.Inject(smartpaymock.Scenario{Respond: smartpaymock.Outcomes{{}}}).
			ExpectCount(smartpaymock.AtLeast(1), smartpaymock.AtMost(2))
		exchange(t, mock, mock.IssueCode())
		mock.Inject(smartpaymock.Scenario{Respond: smartpaymock.Outcomes{{Status: 503}}}).Expect(0)
	}).wantSuccess(t)
}

func TestAnExpectationThatIsNotMetFailsTheTestAtItsEnd(t *testing.T) {
	t.Parallel()
	record(t, func(t testing.TB) {
		mock := server.ForTest(t)
		mock.Inject(smartpaymock.Scenario{
			Name: "busy", When: smartpaymock.When{GrantType: "refresh_token"},
			Respond: smartpaymock.Outcomes{{Status: 503}},
		}).Expect(2)
		exchange(t, mock, "no-such-code")
	}).wantFailure(t,
		`scenario_test.go:`,
		`the scenario "busy" was expected to match exactly 2 requests, but matched 0.`,
		"Requests received (1):",
		"#1 POST /oauth2/v3/token authorization_code v6TJH1IqhM -> 400 invalid_request (row 16)",
		// What a failed test always shows.
		"note (#1): ", "plain HTTP")
}

func TestAllExpectationsThatAreNotMetAreShown(t *testing.T) {
	t.Parallel()
	record(t, func(t testing.TB) {
		mock := server.ForTest(t)
		for _, name := range []string{"first", "second"} {
			mock.Inject(smartpaymock.Scenario{
				Name: name, Respond: smartpaymock.Outcomes{{Status: 503}},
			}).Expect(1)
		}
	}).wantFailure(t, `the scenario "first"`, `the scenario "second"`)
}

func TestAnExpectationIsCheckedWhenItsScenarioIsRemoved(t *testing.T) {
	t.Parallel()
	record(t, func(t testing.TB) {
		mock := server.ForTest(t)
		scenario := smartpaymock.Scenario{Respond: smartpaymock.Outcomes{{Status: 503}}}
		injection := mock.Inject(scenario).Expect(1)
		injection.Remove()
		if !t.Failed() {
			t.Logf("not checked")
		}
		exchange(t, mock, "x")
	}).wantFailure(t, "was expected to match exactly 1 request, but matched 0", "No request was received")
}

func TestAnExpectationWithoutANumberIsAtLeastOne(t *testing.T) {
	t.Parallel()
	record(t, func(t testing.TB) {
		scenario := smartpaymock.Scenario{Respond: smartpaymock.Outcomes{{Status: 503}}}
		server.ForTest(t).Inject(scenario).ExpectCount()
	}).wantFailure(t, "was expected to match at least 1 request, but matched 0")
}

func TestAnExpectationAfterAResetCannotBeChecked(t *testing.T) {
	t.Parallel()
	record(t, func(t testing.TB) {
		mock := server.ForTest(t)
		mock.Inject(smartpaymock.Scenario{Respond: smartpaymock.Outcomes{{Status: 503}}}).Expect(1)
		mock.Reset()
	}).wantFailure(t, "a reset, or new fixtures, have removed it")
}

func TestAnExpectationDoesNotHideWhyATestFailed(t *testing.T) {
	t.Parallel()
	failed := record(t, func(t testing.TB) {
		mock := server.ForTest(t)
		mock.Inject(smartpaymock.Scenario{Respond: smartpaymock.Outcomes{{Status: 503}}}).Expect(1)
		t.Fatal("the reason")
	})
	failed.wantFailure(t, "the reason\nsmartpaymock: what http://", "No request was received.")

	record(t, func(t testing.TB) {
		mock := server.ForTest(t)
		mock.Inject(smartpaymock.Scenario{Respond: smartpaymock.Outcomes{{Status: 503}}}).Expect(1)
		t.SkipNow()
	}).wantSuccess(t)
}

func TestWithoutATestAnExpectationIsAnError(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	realm := server.ForTest(t).Realm()
	busy, err := realm.Inject(ctx, smartpaymock.Scenario{
		Respond: smartpaymock.Outcomes{{Status: 503}},
	})
	if err != nil {
		t.Fatal(err)
	}
	var unmet *smartpaymock.ExpectationError
	if err := busy.Verify(ctx); !errors.As(err, &unmet) {
		t.Errorf("Verify: %v", err)
	}
	exchange(t, realm, "x")
	if err := busy.Verify(ctx, smartpaymock.Exactly(1)); err != nil {
		t.Errorf("Verify: %v", err)
	}
	if err := busy.Remove(ctx); err != nil {
		t.Errorf("Remove: %v", err)
	}
	// What it has matched remains known.
	if err := busy.Verify(ctx, smartpaymock.Exactly(1)); err != nil {
		t.Errorf("Verify after Remove: %v", err)
	}
}

func TestAnOutcomeWithoutAnythingIsTheUsualResponse(t *testing.T) {
	t.Parallel()
	encoded, err := json.Marshal(smartpaymock.Outcomes{{}})
	if err != nil || string(encoded) != `"pass"` {
		t.Errorf("%s, %v", encoded, err)
	}
}
