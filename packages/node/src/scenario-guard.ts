import './symbols.js'
import type { RecordedRequest } from './api.js'
import type { ControlClient } from './control-client.js'
import { MockServerError } from './errors.js'
import { describeTimes, failure, isMet, type Place, placeOf, type Times } from './expectation.js'
import { formatRequests } from './format.js'

/** The scenario of a guard, as the control API returns it. */
interface ScenarioState {
  matched: number
  held: number
}

/** What a guard knows of its realm. */
export interface GuardContext {
  control: ControlClient
  /** The path of the realm's control API. */
  path: string
  name: string
  /** The number of the newest request when the scenario was injected. */
  since: number
  /** Called when the guard was disposed of, with the error of its expectation. May throw the error. */
  onDispose: (guard: ScenarioGuard, error: Error | undefined) => void
}

/** An injected scenario. Disposing of it (`await using`) removes it and checks its expectation. */
export class ScenarioGuard implements AsyncDisposable {
  /** The scenario's name. */
  readonly name: string
  readonly #context: GuardContext
  readonly #path: string
  #expected: (Times & { place: Place }) | undefined
  #removed: ScenarioState | undefined

  /** @internal */
  constructor(context: GuardContext) {
    this.#context = context
    this.name = context.name
    this.#path = `${context.path}/scenarios/${encodeURIComponent(context.name)}`
  }

  /** Returns the number of requests that the scenario has matched. */
  async matched(): Promise<number> {
    return (await this.#state()).matched
  }

  /** Returns the number of requests that the scenario holds now. */
  async held(): Promise<number> {
    return (await this.#state()).held
  }

  /** Releases the requests that the scenario holds. Returns their number. */
  async release(): Promise<number> {
    const { control } = this.#context
    return (await control.call<{ released: number }>('POST', `${this.#path}/release`)).released
  }

  /** Removes the scenario. Its expectation is still checked when the guard or the realm is left. */
  async remove(): Promise<void> {
    if (this.#removed) return

    const { matched } = await this.#state()
    await this.#context.control.call('DELETE', this.#path)
    this.#removed = { matched, held: 0 }
  }

  /**
   * Expects the scenario to match this number of requests. This is checked when the guard is disposed
   * of or, without `await using`, when the server or the realm is stopped. If it is not met, an
   * AssertionError shows the requests that were received.
   */
  expect(times: number | Times): this {
    return this.expectAt(times, placeOf(this.expect))
  }

  /** @internal Expects the scenario to match this number of requests, as the line at `place` says. */
  expectAt(times: number | Times, place: Place): this {
    this.#expected = { ...(typeof times === 'number' ? { exactly: times } : times), place }
    return this
  }

  /** Removes the scenario and checks the expectation. */
  async [Symbol.asyncDispose](): Promise<void> {
    const error = await this.findFailure()

    try {
      await this.remove()
    } catch (reason) {
      if (!isGone(reason)) throw reason
    }
    this.#context.onDispose(this, error)
  }

  /** @internal Returns the error of an expectation that is not met. */
  async findFailure(): Promise<Error | undefined> {
    if (this.#expected === undefined) return undefined

    const { place, ...times } = this.#expected
    const expected = `the scenario "${this.name}" was expected to match ${describeTimes(times)}`
    try {
      const matched = await this.matched()
      if (isMet(times, matched)) return undefined
      const received = await this.#describeReceived()
      return failure(`${expected}, but matched ${matched}.\n${received}`, place)
    } catch (error) {
      if (!isGone(error)) throw error
      return failure(`${expected}, but it was removed before this could be checked`, place)
    }
  }

  async #describeReceived(): Promise<string> {
    const { control, path, since } = this.#context
    const query = `${path}/requests?after=${since}`
    const { requests } = await control.call<{ requests: RecordedRequest[] }>('GET', query)

    return requests.length === 0
      ? 'No request was received since it was injected.'
      : `Requests received since it was injected:\n${formatRequests(requests)}`
  }

  async #state(): Promise<ScenarioState> {
    return this.#removed ?? (await this.#context.control.call('GET', this.#path))
  }
}

/** Returns whether the scenario is no longer there: after a reset, or with new fixtures. */
function isGone(error: unknown): boolean {
  return error instanceof MockServerError && error.status === 404
}
