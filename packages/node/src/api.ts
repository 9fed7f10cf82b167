// The JSON of the control API. Members have the names that the API uses.

/** An invalid member of a request's body. */
export interface FieldError {
  /** The member's JSON pointer. */
  pointer: string
  /** What is wrong with it. */
  detail: string
  /** The line in a fixture's text, starting with 1. */
  line?: number
  /** The column in a fixture's text, starting with 1. */
  column?: number
}

/** A text in which each `*` stands for any characters. */
export type Pattern = string

/** A duration with units, such as `250ms`, `16m` or `1h30m`. */
export type Duration = string

/** The conditions that a recorded request must meet. A condition that is absent matches anything. */
export interface RequestFilter {
  endpoint?: RecordedEndpoint
  method?: Pattern
  path?: Pattern
  client_id?: Pattern
  merchant_id?: Pattern
  grant_type?: Pattern
  correlation_id?: Pattern
  status?: number
  error?: Pattern
  scenario?: Pattern
  [header: `header.${string}`]: Pattern
  [param: `param.${string}`]: Pattern
}

/** The endpoint of a recorded request. */
export type RecordedEndpoint =
  | 'token'
  | 'authorize'
  | 'resource'
  | 'introspect'
  | 'revoke'
  | 'jwks'
  | 'metadata'
  | 'unknown'

/** A request that a realm has received. It has no secrets; codes and tokens are fingerprints. */
export interface RecordedRequest {
  /** The number of the request in the realm's journal, starting with 1. */
  id: number
  /** The time of arrival by the realm's clock, in RFC 3339. */
  time: string
  realm: string
  endpoint: RecordedEndpoint
  method: string
  path: string
  scheme: string
  /** The common name of the client certificate, if there was one. */
  certificate?: string | null
  client_id?: string | null
  merchant_id?: string | null
  grant_type?: string | null
  correlation_id?: string | null
  params: Record<string, string | { fingerprint: string }>
  headers: Record<string, string>
  /** The response, `null` until it is sent. */
  outcome: RecordedOutcome | null
  /** The codes and tokens that were issued. */
  issued: {
    type: 'code' | 'access_token' | 'refresh_token'
    jti?: string | null
    fingerprint: string
  }[]
  duration_us: number
  /** What the real server would reject, and what the vendor discourages. */
  notes: string[]
}

/** The response to a recorded request. */
export interface RecordedOutcome {
  status?: number | null
  error?: string | null
  /** The row of the decision table that rejected the request. */
  row?: number | null
  scenario?: string | null
  fault?: string | null
}

/** A token response. */
export interface TokenResponse {
  access_token: string
  token_type: string
  refresh_token: string
  expires_in: number
  scope: string
  refresh_token_expires_in: number
  client_status: string
}

/** A merchant's consent to a client's access. */
export interface Grant {
  id: string
  client_id: string
  merchant_id: string
  scopes: string[]
  /** The time of the grant, in RFC 3339. */
  granted_at: string
  revoked: boolean
}

/** The state of a clock. */
export interface ClockState {
  /** The current time, in RFC 3339. */
  now: string
  /** The offset from the system clock, in milliseconds. */
  offset_ms: number
  frozen: boolean
}

/** Whether the requests are as expected. */
export interface Verification {
  satisfied: boolean
  /** The number of requests that matched; for an order, the number of its filters that were met. */
  matched: number
  /** The maximum number of them that were in flight at the same time. */
  overlapped: number
  /** The number of requests that the journal has dropped and that were not checked. */
  dropped: number
  /** The requests that were closest to a match, with their differences. */
  closest: {
    request: RecordedRequest
    differs: { member: string; expected: string; actual?: string | null }[]
  }[]
}

/** The status of a client's or merchant's account. */
export type AccountStatus = 'active' | 'inactive'

/** What a test run says about the client under test. */
export interface Report {
  since: string
  requests: number
  coverage: {
    errors: { error: string; times: number; then: string[] }[]
    faults: { fault: string; times: number; then: string[] }[]
    flows: { flow: string; times: number }[]
    errors_met: number
    errors_of: number
  }
  findings: Finding[]
  unused_scenarios: string[]
}

/** A rule that the client under test has broken. */
export interface Finding {
  rule: string
  severity: 'error' | 'warning' | 'info'
  times: number
  text: string
  requests: number[]
  help: string
}
