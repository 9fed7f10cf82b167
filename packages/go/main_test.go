package smartpaymock_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"

	"github.com/smartpay-oauth-mock/smartpaymock"
)

// server is shared by the tests, each of which has a realm of its own.
var server *smartpaymock.Server

func TestMain(m *testing.M) {
	if script := os.Getenv(scriptVariable); script != "" {
		runScript(script)
		return
	}
	// Another server would be tested instead.
	os.Unsetenv("SMARTPAY_MOCK_SERVER")
	os.Exit(runTests(m))
}

func runTests(m *testing.M) int {
	var err error
	if server, err = smartpaymock.New(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer server.Close()
	return m.Run()
}

// endpoint is what the helpers need of a server, a realm or a mock.
type endpoint interface {
	BaseURL() string
	TokenURL() string
	ClientID() string
	ClientSecret() string
}

// tokenResponse is the response of a token endpoint.
type tokenResponse struct {
	status           int
	AccessToken      string `json:"access_token"`
	RefreshToken     string `json:"refresh_token"`
	Error            string `json:"error"`
	ErrorDescription string `json:"error_description"`
}

// exchange sends a code to the token endpoint.
func exchange(t testing.TB, mock endpoint, code string) tokenResponse {
	t.Helper()
	return post(t, mock, http.DefaultClient, url.Values{
		"grant_type": {"authorization_code"}, "code": {code},
	})
}

// refresh sends a refresh token to the token endpoint.
func refresh(t testing.TB, mock endpoint, token string) tokenResponse {
	t.Helper()
	return post(t, mock, http.DefaultClient, url.Values{
		"grant_type": {"refresh_token"}, "refresh_token": {token},
	})
}

func post(t testing.TB, mock endpoint, client *http.Client, form url.Values) tokenResponse {
	t.Helper()
	if !form.Has("client_id") {
		form.Set("client_id", mock.ClientID())
		form.Set("client_secret", mock.ClientSecret())
	}
	response, err := client.PostForm(mock.TokenURL(), form)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()

	result := tokenResponse{status: response.StatusCode}
	// A literal response need not have a body.
	if err := json.NewDecoder(response.Body).Decode(&result); err != nil && err != io.EOF {
		t.Fatal(err)
	}
	return result
}

// pay calls the API with an access token, and returns the status.
func pay(t testing.TB, mock endpoint, accessToken string) int {
	t.Helper()
	request, err := http.NewRequest("POST", mock.BaseURL()+"/pts/v2/payments", strings.NewReader("{}"))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+accessToken)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	return response.StatusCode
}

func wantStatus(t testing.TB, got, want int) {
	t.Helper()
	if got != want {
		t.Errorf("status %d, want %d", got, want)
	}
}

func wantContains(t testing.TB, text string, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if !strings.Contains(text, part) {
			t.Errorf("%q is missing from:\n%s", part, text)
		}
	}
}
