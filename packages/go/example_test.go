package smartpaymock_test

import (
	"context"
	"fmt"
	"log"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/smartpay-oauth-mock/smartpaymock"
)

func Example() {
	ctx := context.Background()
	server, err := smartpaymock.New(ctx)
	if err != nil {
		log.Fatal(err)
	}
	defer server.Close()

	code, err := server.IssueCode(ctx)
	if err != nil {
		log.Fatal(err)
	}
	response, err := http.PostForm(server.TokenURL(), url.Values{
		"grant_type":    {"authorization_code"},
		"code":          {code},
		"client_id":     {server.ClientID()},
		"client_secret": {server.ClientSecret()},
	})
	if err != nil {
		log.Fatal(err)
	}
	defer response.Body.Close()
	fmt.Println(response.Status)
	// Output: 200 OK
}

func ExampleStart() {
	var t *testing.T // of the test

	mock := smartpaymock.Start(t, smartpaymock.Fixtures(`
		extends: default
		settings: { refresh_policy: rotate }
	`))
	tokens := mock.IssueTokens()
	mock.Advance(16 * time.Minute) // the access token has expired
	_ = tokens.AccessToken
}

func ExampleServer_ForTest() {
	var server *smartpaymock.Server // of TestMain
	var t *testing.T                // of the test

	mock := server.ForTest(t)
	mock.IssueCode()
}

func ExampleMock_Inject() {
	var t *testing.T // of the test

	mock := smartpaymock.Start(t)
	busy := mock.Inject(smartpaymock.Scenario{
		When:    smartpaymock.When{GrantType: "refresh_token"},
		Respond: smartpaymock.Outcomes{{Error: smartpaymock.ServerError}},
		Times:   2,
	})
	defer busy.Expect(2).Remove()
}

func ExampleRealm_Inject() {
	ctx := context.Background()
	server, err := smartpaymock.New(ctx)
	if err != nil {
		log.Fatal(err)
	}
	defer server.Close()

	busy, err := server.Inject(ctx, smartpaymock.Scenario{
		Respond: smartpaymock.Outcomes{{Error: smartpaymock.ServerError}},
		Times:   1,
	})
	if err != nil {
		log.Fatal(err)
	}
	for i := 0; i < 2; i++ {
		response, err := http.PostForm(server.TokenURL(), nil)
		if err != nil {
			log.Fatal(err)
		}
		response.Body.Close()
		fmt.Println(response.StatusCode)
	}
	fmt.Println(busy.Matched(ctx))
	// Output:
	// 500
	// 400
	// 1 <nil>
}

func ExampleRealm_Verify() {
	ctx := context.Background()
	server, err := smartpaymock.New(ctx)
	if err != nil {
		log.Fatal(err)
	}
	defer server.Close()

	filter := smartpaymock.Filter{GrantType: "refresh_token"}
	fmt.Println(server.Verify(ctx, filter, smartpaymock.Exactly(1)))
	// Output:
	// expected exactly 1 request to match {"grant_type":"refresh_token"}, but 0 did.
	// No request was received.
}

func ExampleRealm_Advance() {
	ctx := context.Background()
	server, err := smartpaymock.New(ctx)
	if err != nil {
		log.Fatal(err)
	}
	defer server.Close()

	frozen, err := server.FreezeAt(ctx, time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC))
	if err != nil {
		log.Fatal(err)
	}
	later, err := server.Advance(ctx, 16*time.Minute)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(frozen)
	fmt.Println(later)
	// Output:
	// 2030-01-02 03:04:05 +0000 UTC
	// 2030-01-02 03:20:05 +0000 UTC
}

func ExampleRealm_HTTPClient() {
	ctx := context.Background()
	server, err := smartpaymock.New(ctx, smartpaymock.TLS(),
		smartpaymock.ClientAuth(smartpaymock.ClientAuthRequired))
	if err != nil {
		log.Fatal(err)
	}
	defer server.Close()

	client, err := server.HTTPClient("my-company")
	if err != nil {
		log.Fatal(err)
	}
	response, err := client.Get(server.BaseURL() + "/.well-known/jwks.json")
	if err != nil {
		log.Fatal(err)
	}
	defer response.Body.Close()
	fmt.Println(response.Status)
	// Output: 200 OK
}
