import timers from 'node:timers/promises'

// Taken when the module is loaded, so that a test's fake timers do not stop this package.

/** Waits for a number of milliseconds. */
export const delay: (milliseconds: number) => Promise<void> = timers.setTimeout

/** Returns a monotonic time in milliseconds. */
export const now: () => number = performance.now.bind(performance)
