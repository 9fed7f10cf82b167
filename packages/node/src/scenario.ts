import type { Duration, Pattern } from './api.js'

/** Which requests a scenario matches. All members must match; without any, every token request does. */
export interface When {
  endpoint?:
    | 'token'
    | 'authorize'
    | 'resource'
    | 'introspect'
    | 'revoke'
    | 'jwks'
    | 'metadata'
    | 'any'
  method?: Pattern
  path?: Pattern
  client_id?: Pattern
  merchant_id?: Pattern
  grant_type?: Pattern
  code?: Pattern
  refresh_token?: Pattern
  correlation_id?: Pattern
  header?: Record<string, Pattern>
  param?: Record<string, Pattern>
}

/** One of the documented error codes, or another one. */
export type ErrorCode =
  | 'access_denied'
  | 'server_error'
  | 'invalid_scope'
  | 'invalid_client'
  | 'invalid_request'
  | 'unauthorized_client'
  | 'invalid_redirect_uri'
  | 'client_not_found'
  | 'invalid_client_type'
  | 'merchant_not_active'
  | 'client_not_active'
  | (string & {})

/** What a request gets instead of, or beside, the ordinary response. */
export interface Outcome {
  error?: ErrorCode
  status?: number
  description?: string
  headers?: Record<string, string>
  body?: string
  json?: unknown
  delay?: Duration | { min: Duration; max: Duration }
  fault?:
    | 'connection_reset'
    | 'empty_response'
    | 'hang'
    | 'truncated_body'
    | 'garbage'
    | 'slow_body'
  interval?: Duration
  phase?: 'before' | 'after'
  hold?: { until: number }
  rate_limit?: { requests: number; per: Duration }
  token?: {
    lifetime?: string
    claims?: Record<string, unknown>
    drop?: string[]
    kid?: 'other'
    signature?: 'invalid'
    alg?: 'none'
    which?: 'access' | 'refresh' | 'both'
  }
  response?: { set?: Record<string, unknown>; drop?: string[] }
}

/** When and how often a scenario applies. */
export interface ScenarioSettings {
  name?: string
  when?: When | When[]
  then?: 'pass' | 'repeat' | 'last'
  times?: number
  for?: Duration
  probability?: number
  seed?: number
  enabled?: boolean
}

/** A scenario as in fixtures, with one outcome or a list of them. */
export interface ScenarioWithSteps extends ScenarioSettings {
  respond: 'pass' | Outcome | ('pass' | Outcome)[]
}

/** A scenario: either with `respond`, or with the members of its one outcome beside the others. */
export type Scenario = ScenarioWithSteps | (ScenarioSettings & Outcome & { respond?: never })

const SETTINGS = ['name', 'when', 'then', 'times', 'for', 'probability', 'seed', 'enabled']

/** Returns the scenario as the control API takes it, with `respond`. */
export function toWireScenario(scenario: Scenario): Record<string, unknown> {
  if (scenario.respond !== undefined) return { ...scenario }

  const members = Object.entries(scenario)
  const settings = members.filter(([name]) => SETTINGS.includes(name))
  const outcome = members.filter(([name]) => !SETTINGS.includes(name))
  return { ...Object.fromEntries(settings), respond: Object.fromEntries(outcome) }
}
