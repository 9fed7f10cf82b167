package smartpaymock

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"net/url"
	"regexp"
	"strings"
	"sync"
)

// The built-in fixtures have this client and this merchant.
const (
	builtInClientID     = "v6TJH1IqhM"
	builtInClientSecret = "v6TJH1IqhM-secret"
	builtInMerchantID   = "rahulrama"
)

const (
	tokenPath     = "/oauth2/v3/token"
	authorizePath = "/ebc2/oauth/authorize"

	// defaultLabel is the start of the name of a realm that belongs to no test.
	defaultLabel = "go"
	// maxNameLength is that of a realm's name, which is part of host names.
	maxNameLength = 63
)

// Realm is an isolated server: clients, merchants, codes, grants, scenarios, journal and clock of its
// own. It can be used by several goroutines at once.
type Realm struct {
	control *control
	tls     *tlsFiles
	// name is empty for the default realm.
	name    string
	baseURL string
	portal  string
	// fixtures are those of realms that are created from this one, unless they have their own.
	fixtures *FixtureSet

	mu     sync.Mutex
	closed bool
}

// BaseURL returns the URL of the server or realm, without a slash at the end.
func (r *Realm) BaseURL() string { return r.baseURL }

// TokenURL returns the URL of the token endpoint.
func (r *Realm) TokenURL() string { return r.baseURL + tokenPath }

// AuthorizeURL returns the URL to which a browser is sent for the merchant's consent.
func (r *Realm) AuthorizeURL() string {
	if r.portal != "" {
		return r.portal + authorizePath
	}
	return r.baseURL + authorizePath
}

// ClientID returns the ID of a client of the built-in fixtures.
func (r *Realm) ClientID() string { return builtInClientID }

// ClientSecret returns the secret of the client [Realm.ClientID].
func (r *Realm) ClientSecret() string { return builtInClientSecret }

// MerchantID returns the ID of a merchant of the built-in fixtures.
func (r *Realm) MerchantID() string { return builtInMerchantID }

// Name returns the name of the realm, which is "default" for that of a server.
func (r *Realm) Name() string {
	if r.name == "" {
		return "default"
	}
	return r.name
}

// IssueCode issues an authorization code, as if a merchant had consented. The default is a code of the
// built-in client and merchant.
func (r *Realm) IssueCode(ctx context.Context, options ...CodeOption) (string, error) {
	request := r.defaultGrant()
	for _, option := range options {
		option.applyToCode(request)
	}
	var issued struct{ Code string }
	err := r.call(ctx, "POST", "/codes", request, &issued)
	return issued.Code, err
}

// IssueTokens issues tokens without a flow. The default is tokens of the built-in client and merchant.
func (r *Realm) IssueTokens(ctx context.Context, options ...GrantOption) (*Tokens, error) {
	request := r.defaultGrant()
	for _, option := range options {
		option.applyToGrant(request)
	}
	tokens := new(Tokens)
	if err := r.call(ctx, "POST", "/tokens", request, tokens); err != nil {
		return nil, err
	}
	return tokens, nil
}

// Grants returns what merchants have consented to.
func (r *Realm) Grants(ctx context.Context) ([]Grant, error) {
	var list struct{ Grants []Grant }
	err := r.call(ctx, "GET", "/grants", nil, &list)
	return list.Grants, err
}

// RevokeGrant revokes a grant as its merchant: its access tokens stop working at once. For a grant that
// is not there, the error is an [ErrNotFound].
func (r *Realm) RevokeGrant(ctx context.Context, id string) error {
	return r.call(ctx, "DELETE", "/grants/"+url.PathEscape(id), nil, nil)
}

// SetClientStatus makes a client active or inactive.
func (r *Realm) SetClientStatus(ctx context.Context, clientID string, status AccountStatus) error {
	return r.setStatus(ctx, "/clients/", clientID, status)
}

// SetMerchantStatus makes the account of a merchant active or inactive.
func (r *Realm) SetMerchantStatus(
	ctx context.Context, merchantID string, status AccountStatus,
) error {
	return r.setStatus(ctx, "/merchants/", merchantID, status)
}

// SetFixtures replaces the fixtures. If they have an error, it is an [*Error] that has the place, and
// nothing changes.
func (r *Realm) SetFixtures(ctx context.Context, fixtures FixtureSet) error {
	member, err := fixtures.toMember()
	if err != nil {
		return wrap(err)
	}
	if text, ok := member.(string); ok && fixtures.value == nil && !r.isClosed() {
		err := r.control.send(ctx, "PUT", r.path("/fixtures"), typeYAML, []byte(text), nil)
		return wrap(err)
	}
	return r.call(ctx, "PUT", "/fixtures", member, nil)
}

// Reset returns to the initial state: fixtures, grants, scenarios, journal and clock.
func (r *Realm) Reset(ctx context.Context) error {
	return r.call(ctx, "POST", "/reset", nil, nil)
}

// Report returns what the requests so far say about the client under test.
func (r *Realm) Report(ctx context.Context) (*Report, error) {
	report := new(Report)
	if err := r.call(ctx, "GET", "/report", nil, report); err != nil {
		return nil, err
	}
	return report, nil
}

// NewRealm creates a realm: an isolated server with the same methods, on a port of its own. Without
// fixtures, it begins with those of the server.
func (r *Realm) NewRealm(ctx context.Context, options ...RealmOption) (*Realm, error) {
	config := realmConfig{label: defaultLabel}
	for _, option := range options {
		option.applyToRealm(&config)
	}
	if r.isClosed() {
		return nil, wrap(ErrClosed)
	}
	realm, err := r.newRealm(ctx, config)
	return realm, wrap(err)
}

// Close removes a realm. It can be called more than once, and after the end of the server.
func (r *Realm) Close() error {
	r.mu.Lock()
	wasClosed := r.closed
	r.closed = true
	r.mu.Unlock()
	if wasClosed || r.name == "" {
		return nil
	}

	err := r.control.call(context.Background(), "DELETE", "/_mock/realms/"+r.name, nil, nil)
	if errors.Is(err, ErrNotFound) || errors.Is(err, ErrClosed) {
		return nil
	}
	return wrap(err)
}

func (r *Realm) newRealm(ctx context.Context, config realmConfig) (*Realm, error) {
	request := map[string]any{"listen": true}
	if config.fixtures == nil {
		config.fixtures = r.fixtures
	}
	if config.fixtures != nil {
		member, err := config.fixtures.toMember()
		if err != nil {
			return nil, err
		}
		request["fixtures"] = member
	}

	name, err := uniqueName(config.label)
	if err != nil {
		return nil, err
	}
	realm := &Realm{control: r.control, tls: r.tls, name: name, fixtures: r.fixtures}
	var created struct {
		URL, HTTP, HTTPS string
		AuthorizeURL     string `json:"authorize_url"`
	}
	err = r.control.call(ctx, "PUT", "/_mock/realms/"+name, request, &created)
	if err != nil {
		return nil, err
	}

	realm.baseURL = created.HTTP
	if strings.HasPrefix(r.baseURL, "https:") {
		realm.baseURL = created.HTTPS
	}
	if !strings.HasPrefix(created.AuthorizeURL, created.URL) {
		realm.portal = strings.TrimSuffix(created.AuthorizeURL, authorizePath)
	}
	return realm, nil
}

func (r *Realm) defaultGrant() map[string]any {
	return map[string]any{"client_id": r.ClientID(), "merchant_id": r.MerchantID()}
}

func (r *Realm) setStatus(
	ctx context.Context, collection, id string, status AccountStatus,
) error {
	body := map[string]any{"status": status}
	return r.call(ctx, "PATCH", collection+url.PathEscape(id), body, nil)
}

// call sends a call of the control API, such as GET, /clock.
func (r *Realm) call(ctx context.Context, method, path string, body, result any) error {
	if r.isClosed() {
		return wrap(ErrClosed)
	}
	return wrap(r.control.call(ctx, method, r.path(path), body, result))
}

// path returns the path of a control call for this realm.
func (r *Realm) path(path string) string {
	if r.name == "" {
		return "/_mock" + path
	}
	return "/realms/" + r.name + "/_mock" + path
}

// isClosed returns whether [Realm.Close] was called.
func (r *Realm) isClosed() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.closed
}

var notInName = regexp.MustCompile("[^a-z0-9_-]+")

// uniqueName returns a name for a realm that no other has, and that begins with a label.
func uniqueName(label string) (string, error) {
	random := make([]byte, 6)
	if _, err := rand.Read(random); err != nil {
		return "", err
	}
	suffix := "-" + hex.EncodeToString(random)

	start := strings.Trim(notInName.ReplaceAllString(strings.ToLower(label), "-"), "-")
	start = start[:min(len(start), maxNameLength-len(suffix))]
	if start == "" {
		start = defaultLabel
	}
	return start + suffix, nil
}
