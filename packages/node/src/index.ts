/**
 * Starts smartpay-oauth-mock, a mock of the Smartpay Fuse OAuth 2.0 authorization server, in tests, and
 * controls it.
 *
 * @packageDocumentation
 */

export type * from './api.js'
export type { ClientCertificate } from './certificates.js'
export type { Times, VerifyOptions } from './expectation.js'
export type { FileUrl, Fixtures } from './fixtures.js'
export { MockAuthServer, MockRealm, MockServerError, RealmClock, ScenarioGuard } from './main.js'
export type { StartOptions } from './mock-auth-server.js'
export type { CodeOptions, InjectedScenario, IssueOptions, RealmOptions } from './options.js'
export type * from './scenario.js'
