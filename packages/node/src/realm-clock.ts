import type { ClockState, Duration } from './api.js'
import { type ControlClient, json } from './control-client.js'
import { toDuration } from './duration.js'

/** The clock of a realm, which all lifetimes, claims and dates follow. */
export class RealmClock {
  readonly #control: ControlClient
  readonly #path: string

  /** @internal */
  constructor(control: ControlClient, path: string) {
    this.#control = control
    this.#path = `${path}/clock`
  }

  /** Returns the current time. */
  async now(): Promise<Date> {
    return toDate(await this.#control.call('GET', this.#path))
  }

  /** Advances the clock by a duration such as `16m`, or by milliseconds. Returns the new time. */
  async advance(by: Duration | number): Promise<Date> {
    const body = json({ by: toDuration(by) })
    return toDate(await this.#control.call('POST', `${this.#path}/advance`, body))
  }

  /** Sets the clock to a time. It goes on from there, unless it is frozen. */
  async set(time: Date | string): Promise<Date> {
    return await this.#change({ now: typeof time === 'string' ? time : time.toISOString() })
  }

  /** Stops the clock. `advance` and `set` still move it. */
  async freeze(): Promise<Date> {
    return await this.#change({ frozen: true })
  }

  /** Resets the clock to the system's. */
  async reset(): Promise<Date> {
    return toDate(await this.#control.call('DELETE', this.#path))
  }

  async #change(change: object): Promise<Date> {
    return toDate(await this.#control.call('PUT', this.#path, json(change)))
  }
}

function toDate(state: ClockState): Date {
  return new Date(state.now)
}
