package smartpaymock

import (
	"encoding/json"
	"time"
)

// Outcomes are the responses of a scenario.
type Outcomes []Outcome

// Outcome is what a request gets instead of, or beside, the usual response. The zero value is the usual
// response.
type Outcome struct {
	// Error is the error code to respond with.
	Error ErrorCode
	// Status is the HTTP status of the error or of the literal response.
	Status int
	// Description is the error_description of the error.
	Description string
	// Headers are added to the response.
	Headers map[string]string
	// Body is the body of a literal response, as text.
	Body string
	// JSON is the body of a literal response, as a value that is encoded as JSON.
	JSON any
	// Delay is the time before the response. With MaxDelay, it is drawn from Delay to MaxDelay.
	Delay, MaxDelay time.Duration
	// Fault is a failure of the connection.
	Fault Fault
	// Interval is the time between two bytes of a [SlowBody].
	Interval time.Duration
	// TakesEffect lets the request take effect before the outcome replaces its response: the response
	// is lost. By default, the request changes nothing.
	TakesEffect bool
	// Hold holds requests until this number of them has arrived, then lets all of them continue.
	Hold int
	// RateLimit limits the number of requests. Further ones get a 429.
	RateLimit *RateLimit
	// Token changes the tokens of a successful response.
	Token *TokenAlteration
	// Response changes the JSON of a successful response.
	Response *ResponseAlteration
}

// RateLimit is the maximum number of requests in a window of time, by the clock of the realm.
type RateLimit struct {
	Requests int
	Per      time.Duration
}

// TokenAlteration is changes to the tokens of a successful response.
type TokenAlteration struct {
	// Which is "access", "refresh" or "both", which is the default.
	Which string
	// Lifetime is the lifetime. A negative one means that the token expired before it was issued.
	Lifetime time.Duration
	// Claims are added or replaced.
	Claims map[string]any
	// Drop is the claims to remove.
	Drop []string
	// OtherKey signs with a key that the server does not publish.
	OtherKey bool
	// InvalidSignature makes the signature invalid.
	InvalidSignature bool
	// Unsigned sets alg to none.
	Unsigned bool
}

// ResponseAlteration is changes to the JSON of a successful response.
type ResponseAlteration struct {
	// Set is the members to add or to replace.
	Set map[string]any `json:"set,omitempty"`
	// Drop is the members to remove.
	Drop []string `json:"drop,omitempty"`
}

// MarshalJSON returns the outcomes in the form of the control API. A single one is that of every match.
func (o Outcomes) MarshalJSON() ([]byte, error) {
	if len(o) == 1 {
		return json.Marshal(o[0])
	}
	return json.Marshal([]Outcome(o))
}

// MarshalJSON returns the outcome in the form of the control API.
func (o Outcome) MarshalJSON() ([]byte, error) {
	members := map[string]any{}
	add := func(name string, value any, isSet bool) {
		if isSet {
			members[name] = value
		}
	}

	add("error", o.Error, o.Error != "")
	add("status", o.Status, o.Status != 0)
	add("description", o.Description, o.Description != "")
	add("headers", o.Headers, len(o.Headers) > 0)
	add("body", o.Body, o.Body != "")
	add("json", o.JSON, o.JSON != nil)
	add("delay", durationText(o.Delay), o.Delay != 0)
	if o.MaxDelay != 0 {
		members["delay"] = map[string]string{
			"min": durationText(o.Delay), "max": durationText(o.MaxDelay),
		}
	}
	add("fault", o.Fault, o.Fault != "")
	add("interval", durationText(o.Interval), o.Interval != 0)
	add("phase", "after", o.TakesEffect)
	add("hold", map[string]int{"until": o.Hold}, o.Hold != 0)
	add("rate_limit", o.RateLimit, o.RateLimit != nil)
	add("token", o.Token, o.Token != nil)
	add("response", o.Response, o.Response != nil)

	if len(members) == 0 {
		return json.Marshal("pass")
	}
	return json.Marshal(members)
}

// MarshalJSON returns the limit in the form of the control API.
func (l RateLimit) MarshalJSON() ([]byte, error) {
	return json.Marshal(map[string]any{"requests": l.Requests, "per": durationText(l.Per)})
}

// MarshalJSON returns the changes in the form of the control API.
func (a TokenAlteration) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		Which     string         `json:"which,omitempty"`
		Lifetime  string         `json:"lifetime,omitempty"`
		Claims    map[string]any `json:"claims,omitempty"`
		Drop      []string       `json:"drop,omitempty"`
		Kid       string         `json:"kid,omitempty"`
		Signature string         `json:"signature,omitempty"`
		Alg       string         `json:"alg,omitempty"`
	}{
		Which: a.Which, Lifetime: optionalDuration(a.Lifetime), Claims: a.Claims, Drop: a.Drop,
		Kid:       textIf(a.OtherKey, "other"),
		Signature: textIf(a.InvalidSignature, "invalid"),
		Alg:       textIf(a.Unsigned, "none"),
	})
}

func textIf(condition bool, text string) string {
	if condition {
		return text
	}
	return ""
}
