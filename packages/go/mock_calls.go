package smartpaymock

import (
	"context"
	"crypto/tls"
	"errors"
	"net/http"
	"time"
)

// BaseURL returns the URL of the server or realm, without a slash at the end.
func (m *Mock) BaseURL() string { return m.realm.BaseURL() }

// TokenURL returns the URL of the token endpoint.
func (m *Mock) TokenURL() string { return m.realm.TokenURL() }

// AuthorizeURL returns the URL to which a browser is sent for the merchant's consent.
func (m *Mock) AuthorizeURL() string { return m.realm.AuthorizeURL() }

// ClientID returns the ID of a client of the built-in fixtures.
func (m *Mock) ClientID() string { return m.realm.ClientID() }

// ClientSecret returns the secret of the client [Mock.ClientID].
func (m *Mock) ClientSecret() string { return m.realm.ClientSecret() }

// MerchantID returns the ID of a merchant of the built-in fixtures.
func (m *Mock) MerchantID() string { return m.realm.MerchantID() }

// IssueCode issues an authorization code, as if a merchant had consented. The default is a code of the
// built-in client and merchant.
func (m *Mock) IssueCode(options ...CodeOption) string {
	m.tb.Helper()
	code, err := m.realm.IssueCode(context.Background(), options...)
	m.must(err)
	return code
}

// IssueTokens issues tokens without a flow. The default is tokens of the built-in client and merchant.
func (m *Mock) IssueTokens(options ...GrantOption) *Tokens {
	m.tb.Helper()
	tokens, err := m.realm.IssueTokens(context.Background(), options...)
	m.must(err)
	return tokens
}

// Grants returns what merchants have consented to.
func (m *Mock) Grants() []Grant {
	m.tb.Helper()
	grants, err := m.realm.Grants(context.Background())
	m.must(err)
	return grants
}

// RevokeGrant revokes a grant as its merchant: its access tokens stop working at once.
func (m *Mock) RevokeGrant(id string) {
	m.tb.Helper()
	m.must(m.realm.RevokeGrant(context.Background(), id))
}

// Requests returns the recorded requests, the oldest first.
func (m *Mock) Requests(options ...RequestsOption) []Request {
	m.tb.Helper()
	requests, err := m.realm.Requests(context.Background(), options...)
	m.must(err)
	return requests
}

// Verify fails the test, as [testing.T.Error] does, unless this number of requests matches the filter. The
// default is at least one. It returns whether that is so.
func (m *Mock) Verify(filter Filter, options ...VerifyOption) bool {
	m.tb.Helper()
	return m.check(m.realm.Verify(context.Background(), filter, options...))
}

// VerifyOrder fails the test, as [testing.T.Error] does, unless requests that match these filters came in
// this order. Other requests may be between them. It returns whether that is so.
func (m *Mock) VerifyOrder(filters ...Filter) bool {
	m.tb.Helper()
	return m.check(m.realm.VerifyOrder(context.Background(), filters...))
}

// VerifyOrderWithin is like [Mock.VerifyOrder], but waits until the expectation is met, at most for this
// duration of real time.
func (m *Mock) VerifyOrderWithin(d time.Duration, filters ...Filter) bool {
	m.tb.Helper()
	return m.check(m.realm.VerifyOrderWithin(context.Background(), d, filters...))
}

// Now returns the time of the realm, in UTC. It can be passed to code that takes a func() time.Time. Any
// goroutine may call it, also one that outlives the test: it then gets the time of the machine.
func (m *Mock) Now() time.Time {
	now, err := m.realm.Now(context.Background())
	if err == nil {
		return now
	}
	if !errors.Is(err, ErrClosed) && !m.realm.isClosed() {
		m.tb.Helper()
		m.tb.Error(err)
	}
	return time.Now().UTC()
}

// Advance moves the clock by a duration, in whole milliseconds. It returns the new time.
func (m *Mock) Advance(d time.Duration) time.Time {
	m.tb.Helper()
	now, err := m.realm.Advance(context.Background(), d)
	m.must(err)
	return now
}

// SetTime sets the clock. It continues to run, unless it is frozen.
func (m *Mock) SetTime(t time.Time) time.Time {
	m.tb.Helper()
	now, err := m.realm.SetTime(context.Background(), t)
	m.must(err)
	return now
}

// Freeze stops the clock. It returns the time at which it stopped.
func (m *Mock) Freeze() time.Time {
	m.tb.Helper()
	now, err := m.realm.Freeze(context.Background())
	m.must(err)
	return now
}

// FreezeAt sets the clock to a time and stops it there.
func (m *Mock) FreezeAt(t time.Time) time.Time {
	m.tb.Helper()
	now, err := m.realm.FreezeAt(context.Background(), t)
	m.must(err)
	return now
}

// ResetClock lets the clock run in real time again. It returns the time.
func (m *Mock) ResetClock() time.Time {
	m.tb.Helper()
	now, err := m.realm.ResetClock(context.Background())
	m.must(err)
	return now
}

// Travel advances the clock, and then calls each of the functions with the same duration, such as the
// methods Advance or Add of the clock that the code under test uses. Within a bubble of testing/synctest,
// [time.Sleep] is such a function:
//
//	mock.Travel(16*time.Minute, time.Sleep)
func (m *Mock) Travel(d time.Duration, others ...func(time.Duration)) time.Time {
	m.tb.Helper()
	now, err := m.realm.Travel(context.Background(), d, others...)
	m.must(err)
	return now
}

// SetClientStatus makes a client active or inactive.
func (m *Mock) SetClientStatus(clientID string, status AccountStatus) {
	m.tb.Helper()
	m.must(m.realm.SetClientStatus(context.Background(), clientID, status))
}

// SetMerchantStatus makes the account of a merchant active or inactive.
func (m *Mock) SetMerchantStatus(merchantID string, status AccountStatus) {
	m.tb.Helper()
	m.must(m.realm.SetMerchantStatus(context.Background(), merchantID, status))
}

// SetFixtures replaces the fixtures. If they have an error, nothing changes.
func (m *Mock) SetFixtures(fixtures FixtureSet) {
	m.tb.Helper()
	m.must(m.realm.SetFixtures(context.Background(), fixtures))
}

// Reset returns to the initial state: fixtures, grants, scenarios, journal and clock.
func (m *Mock) Reset() {
	m.tb.Helper()
	m.must(m.realm.Reset(context.Background()))
}

// Report returns what the requests so far say about the client under test.
func (m *Mock) Report() *Report {
	m.tb.Helper()
	report, err := m.realm.Report(context.Background())
	m.must(err)
	return report
}

// CAFile returns the path of the certificate of the CA that clients have to trust, in PEM. The mock needs
// the option [TLS].
func (m *Mock) CAFile() string {
	m.tb.Helper()
	path, err := m.realm.CAFile()
	m.must(err)
	return path
}

// ClientCertificate returns the paths of a client certificate with this common name, and of its key, in
// PEM. The mock needs the option [TLS].
func (m *Mock) ClientCertificate(commonName string) (certificate, key string) {
	m.tb.Helper()
	certificate, key, err := m.realm.ClientCertificate(commonName)
	m.must(err)
	return certificate, key
}

// TLSConfig returns the configuration of a client that trusts the CA, without a client certificate. The
// mock needs the option [TLS].
func (m *Mock) TLSConfig() *tls.Config {
	m.tb.Helper()
	return m.tlsConfig("")
}

// TLSConfigAs returns the configuration of a client that trusts the CA and presents a client certificate
// with this common name. The mock needs the option [TLS].
func (m *Mock) TLSConfigAs(commonName string) *tls.Config {
	m.tb.Helper()
	return m.tlsConfig(commonName)
}

// HTTPClient returns an HTTP client that trusts the CA, if there is one, and has no client certificate.
// Its connections are closed at the end of the test.
func (m *Mock) HTTPClient() *http.Client {
	m.tb.Helper()
	return m.httpClient("")
}

// HTTPClientAs returns an HTTP client that trusts the CA and presents a client certificate with this
// common name. Its connections are closed at the end of the test. The mock needs the option [TLS].
func (m *Mock) HTTPClientAs(commonName string) *http.Client {
	m.tb.Helper()
	return m.httpClient(commonName)
}

func (m *Mock) tlsConfig(commonName string) *tls.Config {
	m.tb.Helper()
	config, err := m.realm.TLSConfig(commonName)
	m.must(err)
	return config
}

func (m *Mock) httpClient(commonName string) *http.Client {
	m.tb.Helper()
	client, err := m.realm.HTTPClient(commonName)
	m.must(err)

	m.mu.Lock()
	defer m.mu.Unlock()
	m.clients = append(m.clients, client)
	return client
}
