import * as binary from './binary.cjs'
import { MockServerError } from './errors.js'

/** Returns the path of the server's binary. */
export function findBinary(): string {
  try {
    return binary.findBinary()
  } catch (error) {
    throw new MockServerError((error as Error).message)
  }
}
