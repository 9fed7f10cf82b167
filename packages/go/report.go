package smartpaymock

import "time"

// Report is what a realm has seen of the clients under test, since its start or its last reset.
type Report struct {
	// Since is the real time since which it counts.
	Since    time.Time `json:"since"`
	Requests int       `json:"requests"`
	Coverage Coverage  `json:"coverage"`
	// Findings are what the clients have done wrong, at most one for each rule.
	Findings []Finding `json:"findings"`
	// UnusedScenarios are the names of scenarios that have matched no request.
	UnusedScenarios []string `json:"unused_scenarios"`
}

// Coverage is what the clients have met.
type Coverage struct {
	Errors []ErrorCoverage `json:"errors"`
	Faults []FaultCoverage `json:"faults"`
	Flows  []FlowCoverage  `json:"flows"`
	// ErrorsMet is how many of the documented error codes the clients have met, ErrorsOf the number of
	// those.
	ErrorsMet int `json:"errors_met"`
	ErrorsOf  int `json:"errors_of"`
}

// ErrorCoverage is how often clients met an error.
type ErrorCoverage struct {
	Error ErrorCode `json:"error"`
	Times int       `json:"times"`
	// Then is what the client did next, once for each time: retried, refreshed, reauthorized or stopped.
	Then []string `json:"then"`
}

// FaultCoverage is how often clients met a fault.
type FaultCoverage struct {
	Fault Fault `json:"fault"`
	Times int   `json:"times"`
	// Then is what the client did next, once for each time: retried, refreshed, reauthorized or stopped.
	Then []string `json:"then"`
}

// FlowCoverage is how often a flow happened, such as code_exchange.
type FlowCoverage struct {
	Flow  string `json:"flow"`
	Times int    `json:"times"`
}

// Finding is a rule that the clients have broken.
type Finding struct {
	Rule string `json:"rule"`
	// Severity is error, warning or info.
	Severity string `json:"severity"`
	// Times is the number of requests that break the rule.
	Times int `json:"times"`
	// Text is what was observed, and Help what the client should do.
	Text string `json:"text"`
	Help string `json:"help"`
	// Requests are the IDs of the requests that show it.
	Requests []int64 `json:"requests"`
}
