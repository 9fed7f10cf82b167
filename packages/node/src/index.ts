/**
 * Starts smartpay-oauth-mock, a mock of the Smartpay Fuse OAuth 2.0 authorization server, in tests, and
 * controls it.
 *
 * @packageDocumentation
 */

export type * from './api.js'
export type { ClientCertificate } from './certificates.js'
export { MockServerError } from './errors.js'
export type { Times, VerifyOptions } from './expectation.js'
export type { FileUrl, Fixtures } from './fixtures.js'
export { MockAuthServer, type StartOptions } from './mock-auth-server.js'
export {
  type CodeOptions,
  type InjectedScenario,
  type IssueOptions,
  MockRealm,
} from './mock-realm.js'
export { RealmClock } from './realm-clock.js'
export type * from './scenario.js'
export { ScenarioGuard } from './scenario-guard.js'
