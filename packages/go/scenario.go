package smartpaymock

import (
	"encoding/json"
	"time"
)

// Scenario is what a server does instead of its usual response, and for which requests.
type Scenario struct {
	// Name is the name of the scenario. The default is generated.
	Name string
	// When is the requests that it matches. The default is every token request.
	When When
	// WhenAny is an alternative to When: a request matches if it meets one of the conditions.
	WhenAny []When
	// Respond has an outcome for each match, in order. If there is only one outcome, every match has it.
	Respond Outcomes
	// Then is what happens to matches after the end of Respond. The default is [ThenPass].
	Then Then
	// Times is the maximum number of matches. The default is no limit.
	Times int
	// For is how long it stays in force, by the clock of the realm. The default is no limit.
	For time.Duration
	// Probability is the probability that a matching request counts as a match, up to 1. The default
	// is that all do.
	Probability float64
	// Seed makes the random draws of Probability the same in every run.
	Seed int64
	// Disabled scenarios match only requests that name them in the header x-mock-scenario.
	Disabled bool
}

// When is the conditions that a request must meet, all of them. An empty field matches anything. In
// strings, * stands for any characters.
type When struct {
	// Endpoint is the endpoint. The default is [EndpointToken].
	Endpoint      Endpoint          `json:"endpoint,omitempty"`
	Method        string            `json:"method,omitempty"`
	Path          string            `json:"path,omitempty"`
	ClientID      string            `json:"client_id,omitempty"`
	MerchantID    string            `json:"merchant_id,omitempty"`
	GrantType     string            `json:"grant_type,omitempty"`
	Code          string            `json:"code,omitempty"`
	RefreshToken  string            `json:"refresh_token,omitempty"`
	CorrelationID string            `json:"correlation_id,omitempty"`
	Header        map[string]string `json:"header,omitempty"`
	Param         map[string]string `json:"param,omitempty"`
}

// Endpoint is an endpoint of the server.
type Endpoint string

// The endpoints. [EndpointAny] is for scenarios only, and [EndpointUnknown] for recorded requests.
const (
	EndpointToken      Endpoint = "token"
	EndpointAuthorize  Endpoint = "authorize"
	EndpointResource   Endpoint = "resource"
	EndpointIntrospect Endpoint = "introspect"
	EndpointRevoke     Endpoint = "revoke"
	EndpointJWKS       Endpoint = "jwks"
	EndpointMetadata   Endpoint = "metadata"
	EndpointAny        Endpoint = "any"
	EndpointUnknown    Endpoint = "unknown"
)

// ErrorCode is the error code of a response. A scenario can also use one that is not documented.
type ErrorCode string

// The documented error codes.
const (
	AccessDenied       ErrorCode = "access_denied"
	ClientNotActive    ErrorCode = "client_not_active"
	ClientNotFound     ErrorCode = "client_not_found"
	InvalidClient      ErrorCode = "invalid_client"
	InvalidClientType  ErrorCode = "invalid_client_type"
	InvalidRedirectURI ErrorCode = "invalid_redirect_uri"
	InvalidRequest     ErrorCode = "invalid_request"
	InvalidScope       ErrorCode = "invalid_scope"
	MerchantNotActive  ErrorCode = "merchant_not_active"
	ServerError        ErrorCode = "server_error"
	UnauthorizedClient ErrorCode = "unauthorized_client"
)

// Fault is a failure of the connection.
type Fault string

// The faults.
const (
	ConnectionReset Fault = "connection_reset"
	EmptyResponse   Fault = "empty_response"
	Hang            Fault = "hang"
	TruncatedBody   Fault = "truncated_body"
	Garbage         Fault = "garbage"
	SlowBody        Fault = "slow_body"
)

// Then is what happens to the matches of a scenario after the last of its outcomes.
type Then string

// What can happen after the last outcome.
const (
	ThenPass   Then = "pass"
	ThenRepeat Then = "repeat"
	ThenLast   Then = "last"
)

// MarshalJSON returns the scenario in the form of the control API.
func (s Scenario) MarshalJSON() ([]byte, error) {
	wire := struct {
		Name        string   `json:"name,omitempty"`
		When        any      `json:"when,omitempty"`
		Respond     Outcomes `json:"respond"`
		Then        Then     `json:"then,omitempty"`
		Times       int      `json:"times,omitempty"`
		For         string   `json:"for,omitempty"`
		Probability float64  `json:"probability,omitempty"`
		Seed        int64    `json:"seed,omitempty"`
		Enabled     *bool    `json:"enabled,omitempty"`
	}{
		Name: s.Name, When: s.When, Respond: s.Respond, Then: s.Then, Times: s.Times,
		For: optionalDuration(s.For), Probability: s.Probability, Seed: s.Seed,
	}
	if len(s.WhenAny) > 0 {
		wire.When = s.WhenAny
	}
	if s.Disabled {
		wire.Enabled = new(bool)
	}
	return json.Marshal(wire)
}
