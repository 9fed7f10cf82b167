// The state of Jest's test runner, jest-circus. It has no official interface for this.

import { explain, insertIntoStack, type MockRealm } from './main.js'

/** The description of the symbol at which jest-circus keeps its state. */
const STATE = 'JEST_STATE_SYMBOL'

interface CircusState {
  currentlyRunningTest?: { errors: unknown[] } | null
}

/** Returns whether the test that is running has failed. */
export function hasFailed(): boolean {
  return currentErrors().length > 0
}

/** Adds what the mock saw to the error of the test that is running. */
export async function explainFailure(realm: MockRealm): Promise<void> {
  const text = await explain(realm)

  // An entry is an error, or an error with the place where the test is defined.
  const errors = currentErrors()
  const last = errors.at(-1)
  const error = Array.isArray(last) ? last[0] : last
  if (hasStack(error)) error.stack = insertIntoStack(error.stack, text)
  // Something else was thrown, so the explanation is an error of its own.
  else errors.push(Object.assign(new Error(text), { stack: text }))
}

function hasStack(error: unknown): error is { stack: string } {
  return typeof (error as { stack?: unknown } | null | undefined)?.stack === 'string'
}

function currentErrors(): unknown[] {
  const symbols = Object.getOwnPropertySymbols(globalThis)
  const key = symbols.find((symbol) => symbol.description === STATE)
  if (key === undefined) return []

  const state = (globalThis as { [key: symbol]: unknown })[key] as CircusState
  return state.currentlyRunningTest?.errors ?? []
}
