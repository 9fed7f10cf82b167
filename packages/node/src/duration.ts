import type { Duration } from './api.js'

const UNITS = { w: 604_800_000, d: 86_400_000, h: 3_600_000, m: 60_000, s: 1000, ms: 1 }
const PATTERN = /(\d+)(ms|[wdhms])/g

/** Returns a duration as text: milliseconds get their unit. */
export function toDuration(duration: Duration | number): Duration {
  return typeof duration === 'number' ? `${duration}ms` : duration
}

/** Returns a duration in milliseconds. The server has already checked its form. */
export function toMilliseconds(duration: Duration): number {
  let milliseconds = 0
  for (const [, number, unit] of duration.matchAll(PATTERN)) {
    milliseconds += Number(number) * UNITS[unit as keyof typeof UNITS]
  }
  return milliseconds
}
