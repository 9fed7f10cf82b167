package smartpaymock

import (
	"context"
	"encoding/json"
	"net/url"
	"strconv"
	"time"
)

// Request is a request that a realm has received. It has no secrets; codes and tokens are fingerprints.
type Request struct {
	// ID is the number of the request in the journal of the realm, from 1.
	ID int64 `json:"id"`
	// Time is the time of its arrival, by the clock of the realm.
	Time     time.Time `json:"time"`
	Realm    string    `json:"realm"`
	Endpoint Endpoint  `json:"endpoint"`
	Method   string    `json:"method"`
	// Path is the path within the realm, without the query.
	Path string `json:"path"`
	// Scheme is http or https.
	Scheme string `json:"scheme"`
	// Certificate is the common name of the client certificate, if there was one.
	Certificate   string `json:"certificate"`
	ClientID      string `json:"client_id"`
	MerchantID    string `json:"merchant_id"`
	GrantType     string `json:"grant_type"`
	CorrelationID string `json:"correlation_id"`
	// Params are the parameters of the body or the query.
	Params map[string]Param `json:"params"`
	// Headers are the headers, by their names in lower case.
	Headers map[string]string `json:"headers"`
	// Outcome is the response; nil until it is sent.
	Outcome *RequestOutcome `json:"outcome"`
	// ErrorDescription says what was wrong, as the response does.
	ErrorDescription string `json:"error_description"`
	// Issued are the codes and tokens that were issued, even if the response was replaced.
	Issued []Issued `json:"issued"`
	// DurationUS is the time until the response, or until now if there is none yet, in microseconds.
	DurationUS int64 `json:"duration_us"`
	// Notes say what the real server would reject, and what the vendor discourages.
	Notes []string `json:"notes"`
}

// RequestOutcome is the response to a recorded request.
type RequestOutcome struct {
	// Status is the HTTP status; 0 if no response was sent.
	Status int `json:"status"`
	// Error is the error code of the response, if any.
	Error ErrorCode `json:"error"`
	// Row is the row of the decision table that rejected the request; nil if none did.
	Row *int `json:"row"`
	// Scenario is the name of the scenario that matched, if any.
	Scenario string `json:"scenario"`
	// Fault is the failure of the connection that the scenario caused, if any.
	Fault Fault `json:"fault"`
}

// Param is a parameter of a recorded request: a value, or the fingerprint of a code or token.
type Param struct {
	// Value is the value, or *** in place of a secret. It is empty for a code or token.
	Value string
	// Fingerprint is the first 12 hexadecimal digits of the SHA-256 of a code or token.
	Fingerprint string
}

// Issued is a code or token that was issued.
type Issued struct {
	// Type is code, access_token or refresh_token.
	Type string `json:"type"`
	// JTI is the claim jti of a token. Codes have none.
	JTI string `json:"jti"`
	// Fingerprint is the first 12 hexadecimal digits of the SHA-256 of the value.
	Fingerprint string `json:"fingerprint"`
}

// Filter is the conditions that a recorded request must meet, all of them. An empty field matches
// anything. In strings, * stands for any characters. A filter is also a [RequestsOption].
type Filter struct {
	Endpoint      Endpoint
	Method        string
	Path          string
	ClientID      string
	MerchantID    string
	GrantType     string
	CorrelationID string
	// Status is the HTTP status of the response.
	Status int
	// Error is the error code of the response.
	Error ErrorCode
	// Scenario is the name of the scenario that matched.
	Scenario string
	// Header has headers, by their names.
	Header map[string]string
	// Param has parameters, by their names. A code or token is matched by its value or fingerprint.
	Param map[string]string
}

// RequestsOption is an option of [Mock.Requests]: a [Filter], [Limit] or [After].
type RequestsOption interface{ applyToRequests(query url.Values) }

type requestsOption struct{ name, value string }

func (o requestsOption) applyToRequests(query url.Values) { query.Set(o.name, o.value) }

// Limit returns the newest n requests only.
func Limit(n int) RequestsOption { return requestsOption{"limit", strconv.Itoa(n)} }

// After returns requests only that arrived after the one with this ID.
func After(id int64) RequestsOption { return requestsOption{"after", strconv.FormatInt(id, 10)} }

// Requests returns the recorded requests, the oldest first.
func (r *Realm) Requests(ctx context.Context, options ...RequestsOption) ([]Request, error) {
	query := url.Values{}
	for _, option := range options {
		option.applyToRequests(query)
	}
	page, err := r.requestPage(ctx, query)
	return page.Requests, err
}

// requestPage is the response to a query for requests.
type requestPage struct {
	Requests []Request
	Total    int
}

func (r *Realm) requestPage(ctx context.Context, query url.Values) (requestPage, error) {
	var page requestPage
	err := r.call(ctx, "GET", "/requests?"+query.Encode(), nil, &page)
	return page, err
}

// UnmarshalJSON reads a text, or an object with a fingerprint.
func (p *Param) UnmarshalJSON(data []byte) error {
	*p = Param{}
	if len(data) > 0 && data[0] == '"' {
		return json.Unmarshal(data, &p.Value)
	}
	var secret struct{ Fingerprint string }
	err := json.Unmarshal(data, &secret)
	p.Fingerprint = secret.Fingerprint
	return err
}

// MarshalJSON returns the filter in the form of the control API.
func (f Filter) MarshalJSON() ([]byte, error) {
	members := map[string]any{}
	for name, value := range f.conditions() {
		members[name] = value
	}
	if f.Status != 0 {
		members["status"] = f.Status
	}
	return json.Marshal(members)
}

// String returns the conditions as JSON.
func (f Filter) String() string {
	text, err := f.MarshalJSON()
	if err != nil {
		return err.Error()
	}
	return string(text)
}

func (f Filter) applyToRequests(query url.Values) {
	for name, value := range f.conditions() {
		query.Set(name, value)
	}
	if f.Status != 0 {
		query.Set("status", strconv.Itoa(f.Status))
	}
}

// conditions returns the conditions on texts, by their names in the control API.
func (f Filter) conditions() map[string]string {
	conditions := map[string]string{
		"endpoint":       string(f.Endpoint),
		"method":         f.Method,
		"path":           f.Path,
		"client_id":      f.ClientID,
		"merchant_id":    f.MerchantID,
		"grant_type":     f.GrantType,
		"correlation_id": f.CorrelationID,
		"error":          string(f.Error),
		"scenario":       f.Scenario,
	}
	for name, value := range conditions {
		if value == "" {
			delete(conditions, name)
		}
	}

	for name, value := range f.Header {
		conditions["header."+name] = value
	}
	for name, value := range f.Param {
		conditions["param."+name] = value
	}
	return conditions
}
