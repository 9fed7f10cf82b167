/** Moves the clock of the code under test by a number of milliseconds. */
export type Traveler = (milliseconds: number) => Promise<void>

/** The clocks that `travel` moves beside the realm's. Test framework integrations add theirs. */
export const travelers = new Set<Traveler>([moveFakeTimers])

/** The part of @sinonjs/fake-timers, which Vitest, Jest and Sinon use, that is needed here. */
interface FakeClock {
  tickAsync(milliseconds: number): Promise<unknown>
}

/** Moves the fake timers that are in use, if any: they put their clock on what they replace. */
async function moveFakeTimers(milliseconds: number): Promise<void> {
  const replaced = [globalThis.Date, globalThis.setTimeout] as { clock?: FakeClock }[]
  const clock = replaced.find((one) => one.clock !== undefined)?.clock
  await clock?.tickAsync(milliseconds)
}
