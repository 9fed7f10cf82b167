import type { Times } from './expectation.js'
import type { Fixtures } from './fixtures.js'
import type { ScenarioGuard } from './scenario-guard.js'

/** For whom a code or tokens are issued. */
export interface IssueOptions {
  /** Default: the realm's `clientId`. */
  clientId?: string | undefined
  /** Default: the realm's `merchantId`. */
  merchantId?: string | undefined
  /** Default: all scopes of the client. */
  scopes?: string[] | undefined
}

/** For whom a code is issued, and the code itself. */
export interface CodeOptions extends IssueOptions {
  /** The redirect URL that the code is issued for. */
  redirectUrl?: string | undefined
  /** The code. Default: a random one. */
  code?: string | undefined
}

/** How to create a realm. */
export interface RealmOptions {
  /** Default: the fixtures of the server. */
  fixtures?: Fixtures | undefined
  /**
   * Throws the errors of expectations when the realm is stopped, not when the block of a guard is left,
   * where they would hide another error of the block in a SuppressedError. Default: `false`.
   */
  checkAtStop?: boolean | undefined
}

/** The promise of an injected scenario, which also takes the expectation. */
export interface InjectedScenario extends Promise<ScenarioGuard> {
  /** Expects the scenario to match this number of requests, as `ScenarioGuard.expect`. */
  expect(times: number | Times): Promise<ScenarioGuard>
}
