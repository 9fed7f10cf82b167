package smartpaymock_test

import (
	"context"
	"crypto/tls"
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"

	"github.com/smartpay-oauth-mock/smartpaymock"
)

func TestWithTLSTheURLsAreHTTPS(t *testing.T) {
	t.Parallel()
	mock := smartpaymock.Start(t, smartpaymock.TLS())
	for _, mock := range []*smartpaymock.Mock{mock, mock.NewRealm()} {
		for _, text := range []string{mock.BaseURL(), mock.TokenURL(), mock.AuthorizeURL()} {
			if !strings.HasPrefix(text, "https://") {
				t.Errorf("URL %s", text)
			}
		}
		form := url.Values{"grant_type": {"authorization_code"}, "code": {mock.IssueCode()}}
		wantStatus(t, post(t, mock, mock.HTTPClient(), form).status, 200)
		if _, err := http.PostForm(mock.TokenURL(), form); err == nil {
			t.Error("a client that does not trust the CA is connected")
		}
	}
}

func TestClientsPresentCertificates(t *testing.T) {
	t.Parallel()
	mock := smartpaymock.Start(t, smartpaymock.TLS(),
		smartpaymock.ClientAuth(smartpaymock.ClientAuthRequired))
	form := url.Values{"grant_type": {"authorization_code"}, "code": {mock.IssueCode()}}
	wantStatus(t, post(t, mock, mock.HTTPClientAs("my-company"), form).status, 200)
	if name := mock.Requests()[0].Certificate; name != "my-company" {
		t.Errorf("Certificate: %q", name)
	}
	if _, err := mock.HTTPClient().PostForm(mock.TokenURL(), form); err == nil {
		t.Error("a client without a certificate is connected")
	}

	// A realm has the same CA.
	realm := mock.NewRealm()
	wantStatus(t, post(t, realm, realm.HTTPClientAs("my-company"), url.Values{
		"grant_type": {"authorization_code"}, "code": {realm.IssueCode()},
	}).status, 200)
}

func TestCertificatesAreFiles(t *testing.T) {
	t.Parallel()
	mock := smartpaymock.Start(t, smartpaymock.TLS())
	content, err := os.ReadFile(mock.CAFile())
	if err != nil {
		t.Fatal(err)
	}
	wantContains(t, string(content), "BEGIN CERTIFICATE")

	certificate, key := mock.ClientCertificate("my company")
	if _, err := tls.LoadX509KeyPair(certificate, key); err != nil {
		t.Error(err)
	}
	// It is issued once.
	if again, _ := mock.ClientCertificate("my company"); again != certificate {
		t.Errorf("%s and %s", certificate, again)
	}
	if other, _ := mock.ClientCertificate("other"); other == certificate {
		t.Error("another name has the same certificate")
	}
	if config := mock.TLSConfig(); config.RootCAs == nil || len(config.Certificates) != 0 {
		t.Error("TLSConfig has a client certificate, or no CA")
	}
	if config := mock.TLSConfigAs("other"); len(config.Certificates) != 1 {
		t.Error("TLSConfigAs has no client certificate")
	}
}

func TestTheFolderOfCertificatesCanBeChosen(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	mock := smartpaymock.Start(t, smartpaymock.TLS(), smartpaymock.Args("--tls-dir", folder))
	if !strings.HasPrefix(mock.CAFile(), folder) {
		t.Errorf("CAFile: %s", mock.CAFile())
	}
	form := url.Values{"grant_type": {"authorization_code"}, "code": {mock.IssueCode()}}
	wantStatus(t, post(t, mock, mock.HTTPClientAs("x"), form).status, 200)
}

func TestWithoutTLSThereAreNoCertificates(t *testing.T) {
	t.Parallel()
	_, err := server.CAFile()
	wantError(t, err, "start it with the option TLS")
	_, _, err = server.ClientCertificate("x")
	wantError(t, err, "start it with the option TLS")
	_, err = server.HTTPClient("x")
	wantError(t, err, "start it with the option TLS")

	client, err := server.HTTPClient("")
	if err != nil {
		t.Fatal(err)
	}
	defer client.CloseIdleConnections()
	code, err := server.IssueCode(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	wantStatus(t, post(t, server, client, url.Values{
		"grant_type": {"authorization_code"}, "code": {code},
	}).status, 200)
}

func TestACommonNameThatIsNoneIsAnError(t *testing.T) {
	t.Parallel()
	mock := smartpaymock.Start(t, smartpaymock.TLS())
	_, _, err := mock.Realm().ClientCertificate(strings.Repeat("x", 100))
	wantError(t, err, "certificate for", "xxx")
}
