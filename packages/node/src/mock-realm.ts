import './symbols.js'
import type {
  AccountStatus,
  Duration,
  Grant,
  RecordedRequest,
  Report,
  RequestFilter,
  TokenResponse,
  Verification,
} from './api.js'
import type { ClientCertificate } from './certificates.js'
import { json } from './control-client.js'
import { toDuration, toMilliseconds } from './duration.js'
import {
  describeTimes,
  failure,
  placeOf,
  type Times,
  toCount,
  type VerifyOptions,
} from './expectation.js'
import { type Fixtures, toBody } from './fixtures.js'
import { formatClosest, formatRequests } from './format.js'
import type { CodeOptions, InjectedScenario, IssueOptions, RealmOptions } from './options.js'
import { RealmClock } from './realm-clock.js'
import { type Scenario, toWireScenario } from './scenario.js'
import { ScenarioGuard } from './scenario-guard.js'
import {
  controlPath,
  createRealm,
  issueCertificate,
  type RealmAddress,
  type ServerConnection,
} from './server-connection.js'
import { travelers } from './travel.js'

/** An isolated mock: clients, merchants, codes, grants, scenarios, journal and clock of its own. */
export class MockRealm implements AsyncDisposable {
  /** The name of the realm. */
  readonly name: string
  readonly baseUrl: string
  readonly tokenUrl: string
  readonly authorizeUrl: string

  /** The ID of a client of the built-in fixtures. */
  readonly clientId: string = 'v6TJH1IqhM'
  /** The secret of `clientId`. */
  readonly clientSecret: string = 'v6TJH1IqhM-secret'
  /** The ID of a merchant of the built-in fixtures. */
  readonly merchantId: string = 'rahulrama'

  /** The clock of the realm. */
  readonly clock: RealmClock
  /** With HTTPS, the path of the CA's certificate, in PEM. */
  readonly caFile: string | undefined

  /** @internal */
  protected readonly connection: ServerConnection
  readonly #path: string
  readonly #guards = new Set<ScenarioGuard>()
  readonly #realms = new Set<MockRealm>()
  /** The errors of expectations that were checked before the realm is stopped. */
  readonly #failures: Error[] = []
  readonly #checksAtStop: boolean
  #stopped = false

  protected constructor(
    connection: ServerConnection,
    address: RealmAddress,
    options: RealmOptions = {},
  ) {
    this.#checksAtStop = options.checkAtStop ?? false
    this.connection = connection
    this.name = address.name
    this.baseUrl = address.baseUrl
    this.tokenUrl = address.tokenUrl
    this.authorizeUrl = address.authorizeUrl
    this.#path = controlPath(address.name)
    this.clock = new RealmClock(connection.control, this.#path)
    this.caFile = connection.caFile
  }

  /** Issues an authorization code without a browser. */
  async issueCode(options: CodeOptions = {}): Promise<string> {
    const { redirectUrl, code } = options
    const body = { ...this.#toIssueRequest(options), redirect_url: redirectUrl, code }
    return (await this.#call<{ code: string }>('POST', '/codes', body)).code
  }

  /** Issues tokens without a flow. */
  async issueTokens(options: IssueOptions = {}): Promise<TokenResponse> {
    return await this.#call('POST', '/tokens', this.#toIssueRequest(options))
  }

  /** Returns the grants that merchants have consented to. */
  async grants(): Promise<Grant[]> {
    return (await this.#call<{ grants: Grant[] }>('GET', '/grants')).grants
  }

  /** Revokes a grant, as its merchant does. */
  async revokeGrant(id: string): Promise<void> {
    await this.#call('DELETE', `/grants/${encodeURIComponent(id)}`)
  }

  /** Injects a scenario: an error, a fault, a delay or other outcomes for the requests that match. */
  inject(scenario: Scenario): InjectedScenario {
    const guard = this.#inject(scenario)
    const expect = async (times: number | Times) => {
      const place = placeOf(expect)
      return (await guard).expectAt(times, place)
    }
    return Object.assign(guard, { expect })
  }

  /** Returns the requests that match the filter, in the order of their arrival. */
  async requests(filter: RequestFilter = {}): Promise<RecordedRequest[]> {
    const conditions = Object.entries(filter).filter(([, value]) => value !== undefined)
    const query = new URLSearchParams(Object.fromEntries(conditions) as Record<string, string>)
    return (await this.#call<{ requests: RecordedRequest[] }>('GET', `/requests?${query}`)).requests
  }

  /**
   * Verifies the number of requests that match the filter. Rejects with an AssertionError that shows the
   * closest requests if it is not as expected.
   */
  async verify(filter: RequestFilter = {}, options: VerifyOptions = {}): Promise<Verification> {
    const request = { match: filter, count: toCount(options) }
    const result = await this.#verify(request, options.wait)
    if (result.satisfied) return result

    throw failure(
      `expected ${describeTimes(options)} with ${JSON.stringify(filter)}, ` +
        `but ${result.matched} matched.\n${formatClosest(result)}`,
    )
  }

  /**
   * Verifies that requests arrived in this order; others may be between them. Rejects with an
   * AssertionError otherwise. An array of filters can be followed by options.
   */
  async verifyOrder(filters: RequestFilter[], options?: { wait?: Duration }): Promise<Verification>
  async verifyOrder(...filters: RequestFilter[]): Promise<Verification>
  async verifyOrder(...args: unknown[]): Promise<Verification> {
    const isArray = Array.isArray(args[0])
    const order = (isArray ? args[0] : args) as RequestFilter[]
    const wait = isArray ? (args[1] as { wait?: Duration } | undefined)?.wait : undefined

    const result = await this.#verify({ order }, wait)
    if (result.satisfied) return result

    const missing = JSON.stringify(order[result.matched])
    throw failure(
      `expected ${order.length} requests in this order, but number ${result.matched + 1}, with ` +
        `${missing}, was not received.\n${formatClosest(result)}`,
    )
  }

  /**
   * Advances the realm's clock, and then the clock of the code under test, where it is replaced: by the
   * fake timers of Vitest, Jest or Sinon, or by Playwright's in the browser. Returns the realm's time.
   */
  async travel(by: Duration | number): Promise<Date> {
    const time = await this.clock.advance(by)
    const milliseconds = toMilliseconds(toDuration(by))
    for (const move of travelers) await move(milliseconds)
    return time
  }

  /** Sets the status of a client. */
  async setClientStatus(id: string, status: AccountStatus): Promise<void> {
    await this.#call('PATCH', `/clients/${encodeURIComponent(id)}`, { status })
  }

  /** Sets the status of a merchant's account. */
  async setMerchantStatus(id: string, status: AccountStatus): Promise<void> {
    await this.#call('PATCH', `/merchants/${encodeURIComponent(id)}`, { status })
  }

  /** Replaces the fixtures. If they have an error, nothing changes. */
  async setFixtures(fixtures: Fixtures): Promise<void> {
    await this.connection.control.call('PUT', `${this.#path}/fixtures`, toBody(fixtures))
  }

  /** Resets the realm to its initial state. */
  async reset(): Promise<void> {
    await this.#call('POST', '/reset')
  }

  /** Returns what the requests so far say about the client under test. */
  async report(): Promise<Report> {
    return await this.#call('GET', '/report')
  }

  /** Creates a realm with a port of its own. Without fixtures, it has those of the server. */
  async newRealm(options: RealmOptions = {}): Promise<MockRealm> {
    const address = await createRealm(this.connection, options.fixtures)
    const realm = new MockRealm(this.connection, address, options)
    this.#realms.add(realm)
    return realm
  }

  /** With HTTPS, returns the paths of a client certificate with this common name, and of its key. */
  async clientCertificate(name: string): Promise<ClientCertificate> {
    return await issueCertificate(this.connection, name)
  }

  /** Returns what the mock saw, as text: each request, the row that refused it, and its notes. */
  async describeRequests(): Promise<string> {
    const requests = await this.requests()
    return requests.length === 0
      ? 'smartpay-oauth-mock received no request.'
      : `smartpay-oauth-mock received:\n${formatRequests(requests)}`
  }

  /**
   * Removes the realm and those made from it, and checks the expectations that are left. Pass
   * `{ check: false }` if the test has failed already.
   */
  async stop(options: { check?: boolean } = {}): Promise<void> {
    if (this.#stopped) return
    this.#stopped = true

    const failures: Error[] = []
    try {
      if (options.check !== false) failures.push(...(await this.findFailures()))
    } finally {
      await Promise.allSettled(this.#openRealms().map((realm) => realm.stop({ check: false })))
      await this.close()
    }

    const [first, ...others] = failures
    if (others.length > 0) throw failure(failures.map(({ message }) => message).join('\n\n'), first)
    if (first !== undefined) throw first
  }

  /** Stops the server or the realm. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
  }

  /** @internal Returns the errors of the expectations that are not met, also of inner realms. */
  protected async findFailures(): Promise<Error[]> {
    const own = await Promise.all([...this.#guards].map((guard) => guard.findFailure()))
    const inner = this.#openRealms().map((realm) => realm.findFailures())
    const others = await Promise.all(inner)
    return [...this.#failures, ...own.filter((error) => error !== undefined), ...others.flat()]
  }

  /** @internal Removes the realm from the server. */
  protected async close(): Promise<void> {
    await this.connection.control.call('DELETE', `/_mock/realms/${this.name}`)
  }

  #openRealms(): MockRealm[] {
    return [...this.#realms].filter((realm) => !realm.#stopped)
  }

  async #inject(scenario: Scenario): Promise<ScenarioGuard> {
    const [newest, state] = await Promise.all([
      this.#call<{ requests: RecordedRequest[] }>('GET', '/requests?limit=1'),
      this.#call<{ name: string }>('POST', '/scenarios', toWireScenario(scenario)),
    ])
    const guard = new ScenarioGuard({
      control: this.connection.control,
      path: this.#path,
      name: state.name,
      since: newest.requests[0]?.id ?? 0,
      onDispose: (disposed, error) => this.#onDispose(disposed, error),
    })
    this.#guards.add(guard)
    return guard
  }

  #onDispose(guard: ScenarioGuard, error: Error | undefined): void {
    this.#guards.delete(guard)
    if (error === undefined) return

    if (!this.#checksAtStop) throw error
    this.#failures.push(error)
  }

  async #verify(request: object, wait?: Duration): Promise<Verification> {
    const query = wait === undefined ? '' : `?wait=${encodeURIComponent(wait)}`
    return await this.#call('POST', `/requests/verify${query}`, request)
  }

  async #call<T>(method: string, path: string, body?: object): Promise<T> {
    const content = body === undefined ? undefined : json(body)
    return await this.connection.control.call<T>(method, this.#path + path, content)
  }

  #toIssueRequest({ clientId, merchantId, scopes }: IssueOptions): object {
    return {
      client_id: clientId ?? this.clientId,
      merchant_id: merchantId ?? this.merchantId,
      scopes,
    }
  }
}
