package smartpaymock_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"testing"

	"github.com/smartpay-oauth-mock/smartpaymock"
)

// attach makes a server the one that runs already, and returns it.
func attach(t *testing.T, options ...smartpaymock.Option) *smartpaymock.Mock {
	t.Helper()
	running := smartpaymock.Start(t, options...)
	t.Setenv("SMARTPAY_MOCK_SERVER", running.BaseURL())
	return running
}

// countRealms returns the number of realms of a server.
func countRealms(t *testing.T, mock *smartpaymock.Mock) int {
	t.Helper()
	response, err := http.Get(mock.BaseURL() + "/_mock/realms")
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	var list struct{ Realms []any }
	if err := json.NewDecoder(response.Body).Decode(&list); err != nil {
		t.Fatal(err)
	}
	return len(list.Realms)
}

func TestAServerThatRunsAlreadyIsUsed(t *testing.T) {
	running := attach(t)
	before := countRealms(t, running)
	t.Run("a test", func(t *testing.T) {
		mock := smartpaymock.Start(t)
		realm := mock.NewRealm()
		for _, mock := range []*smartpaymock.Mock{mock, realm} {
			if mock.BaseURL() == running.BaseURL() {
				t.Error("it has no realm of its own")
			}
			wantContains(t, mock.Realm().Name(), "testaserverthatrunsalreadyisused-a_test-")
			wantStatus(t, exchange(t, mock, mock.IssueCode()).status, 200)
		}
		if got := countRealms(t, running); got != before+2 {
			t.Errorf("%d realms, want %d", got, before+2)
		}
	})
	if got := countRealms(t, running); got != before {
		t.Errorf("%d realms are left, want %d", got, before)
	}
	if requests := running.Requests(); len(requests) > 0 {
		t.Errorf("Requests: %v", requests)
	}
}

func TestTheURLOfARealmMeansItsServer(t *testing.T) {
	running := attach(t)
	realm := running.NewRealm()
	t.Setenv("SMARTPAY_MOCK_SERVER", running.BaseURL()+"/realms/"+realm.Realm().Name()+"/")
	smartpaymock.Start(t).IssueCode()
}

func TestRealmsThereBeginWithTheFixturesOfTheTests(t *testing.T) {
	attach(t)
	mine := smartpaymock.ForClient("my-app")
	mock := smartpaymock.Start(t, smartpaymock.Fixtures(
		"extends: default\nclients: [{ id: my-app, secret: my-secret }]\n"))
	mock.IssueCode(mine)
	realm := mock.NewRealm()
	realm.IssueCode(mine)
	realm.NewRealm().IssueCode(mine)

	other := realm.NewRealm(smartpaymock.Fixtures("extends: default"))
	_, err := other.Realm().IssueCode(context.Background(), mine)
	wantError(t, err, "my-app")
}

func TestOptionsOfANewServerAreRejectedByName(t *testing.T) {
	attach(t)
	for name, option := range map[string]smartpaymock.Option{
		"TLS":        smartpaymock.TLS(),
		"ClientAuth": smartpaymock.ClientAuth(smartpaymock.ClientAuthOptional),
		"Args":       smartpaymock.Args("--watch"),
	} {
		_, err := smartpaymock.New(context.Background(), option)
		wantError(t, err, name+": only a new server can have this option")
	}
}

func TestAServerThatIsNotThereIsAnError(t *testing.T) {
	for address, part := range map[string]string{
		"http://127.0.0.1:1": "there is no server at http://127.0.0.1:1",
		"localhost:8080":     "is not a URL",
		"ftp://localhost":    "is not a URL",
	} {
		t.Setenv("SMARTPAY_MOCK_SERVER", address)
		_, err := smartpaymock.New(context.Background())
		wantError(t, err, "SMARTPAY_MOCK_SERVER", part)
	}
}

func TestAControlTokenComesFromTheEnvironment(t *testing.T) {
	attach(t, smartpaymock.Args("--control-token=a-token"))
	_, err := smartpaymock.New(context.Background())
	wantError(t, err, "401")
	t.Setenv("SMARTPAY_MOCK_CONTROL_TOKEN", "a-token")
	smartpaymock.Start(t).IssueCode()
}

func TestCertificatesOfARunningServerComeFromTheEnvironment(t *testing.T) {
	running := attach(t, smartpaymock.TLS(),
		smartpaymock.ClientAuth(smartpaymock.ClientAuthRequired))
	_, err := smartpaymock.New(context.Background())
	wantError(t, err, "certificate")

	certificate, key := running.ClientCertificate("my-company")
	t.Setenv("SMARTPAY_MOCK_CA", running.CAFile())
	t.Setenv("SMARTPAY_MOCK_CERT", certificate)
	_, err = smartpaymock.New(context.Background())
	wantError(t, err, "SMARTPAY_MOCK_CERT and SMARTPAY_MOCK_KEY")
	t.Setenv("SMARTPAY_MOCK_KEY", key)

	mock := smartpaymock.Start(t)
	if mock.CAFile() != running.CAFile() {
		t.Errorf("CAFile: %s", mock.CAFile())
	}
	form := url.Values{"grant_type": {"authorization_code"}, "code": {mock.IssueCode()}}
	wantStatus(t, post(t, mock, mock.HTTPClientAs("any"), form).status, 200)
}
