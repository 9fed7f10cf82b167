import type { FieldError } from './api.js'

/**
 * An error of the mock, in its own words: invalid fixtures, a missing binary, a port that is taken, an
 * unknown client, or a server that has ended.
 */
export class MockServerError extends Error {
  override name = 'MockServerError'

  /** The HTTP status, if a control request failed. */
  readonly status: number | undefined

  /** The invalid members of the request, with JSON pointers. */
  readonly fieldErrors: readonly FieldError[]

  constructor(
    message: string,
    details: { status?: number; fieldErrors?: FieldError[]; cause?: unknown } = {},
  ) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause })
    this.status = details.status
    this.fieldErrors = details.fieldErrors ?? []
  }
}
