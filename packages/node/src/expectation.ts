import type { Duration } from './api.js'
import { load } from './require.js'

/** A number of requests. */
export interface Times {
  /** Exactly this number. */
  exactly?: number
  /** At least this number. */
  atLeast?: number
  /** At most this number. */
  atMost?: number
}

/** How many requests are expected, and how long to wait for them. Default: at least one, at once. */
export interface VerifyOptions extends Times {
  /** Waits until the requests are as expected, at most this long, such as `5s`. */
  wait?: Duration
}

/** Returns the member `count` of a control request, if a number was given. */
export function toCount({ exactly, atLeast, atMost }: Times): object | undefined {
  const isGiven = [exactly, atLeast, atMost].some((number) => number !== undefined)
  return isGiven ? { exactly, at_least: atLeast, at_most: atMost } : undefined
}

/** Returns whether a number of requests is as expected. */
export function isMet({ exactly, atLeast, atMost }: Times, matched: number): boolean {
  return (
    (exactly === undefined || matched === exactly) &&
    (atLeast === undefined || matched >= atLeast) &&
    (atMost === undefined || matched <= atMost)
  )
}

/** Returns a number in words, such as `exactly 2 requests`. */
export function describeTimes({ exactly, atLeast, atMost }: Times): string {
  const parts = [
    exactly === undefined ? '' : `exactly ${exactly}`,
    atLeast === undefined ? '' : `at least ${atLeast}`,
    atMost === undefined ? '' : `at most ${atMost}`,
  ].filter((part) => part !== '')

  const text = parts.length > 0 ? parts.join(' and ') : 'at least 1'
  return `${text} request${/\b1$/.test(text) ? '' : 's'}`
}

/** Where an expectation was set, for the stack of its error. */
export interface Place {
  stack?: string
}

/** Returns the place from which a function was called. */
export function placeOf(called: (...args: never[]) => unknown): Place {
  const place: Place = {}
  Error.captureStackTrace(place, called)
  return place
}

/** Returns the error of an expectation that is not met. Without a place, its stack is the current one. */
export function failure(message: string, place?: Place): Error {
  const { AssertionError }: typeof import('node:assert') = load('node:assert')
  // Jest shows values to compare for any other operator.
  const error = new AssertionError({ message, operator: 'fail', stackStartFn: failure })

  const frames = place?.stack?.match(/\n\s+at [\s\S]*/)?.[0]
  if (frames) error.stack = `${error.name}: ${message}${frames}`
  return error
}
