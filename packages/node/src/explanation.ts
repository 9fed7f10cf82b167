import type { MockRealm } from './mock-realm.js'

/** Returns what the mock saw. Why it cannot tell must not hide the test's own error. */
export async function explain(realm: MockRealm): Promise<string> {
  return await realm.describeRequests().catch((error: Error) => error.message)
}

/** Inserts a text between the message and the frames of an error's stack. */
export function insertIntoStack(stack: string, text: string): string {
  const frames = stack.search(/\n\s+at /)
  const end = frames < 0 ? stack.length : frames
  return `${stack.slice(0, end)}\n\n${text}\n${stack.slice(end)}`
}
