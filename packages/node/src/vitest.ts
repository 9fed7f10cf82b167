/**
 * A Vitest `test` with the fixture `mock`: a realm of its own for each test. A test that fails shows
 * what the mock saw.
 *
 * @packageDocumentation
 */

import { test as base, type TestAPI, vi } from 'vitest'
import type { Fixtures } from './fixtures.js'
import { explain, MockAuthServer, type MockRealm, travelers } from './main.js'
import type { StartOptions } from './mock-auth-server.js'

/** The fixtures of `test`. */
export interface MockTestFixtures {
  /** A realm of its own for this test. */
  mock: MockRealm
  /** The fixtures of `mock`. Default: those of the server. */
  mockFixtures: Fixtures | undefined
  /** The server, which the tests of a worker share. */
  mockServer: MockAuthServer
  /** How to start the server. */
  mockOptions: StartOptions
}

/** Vitest's `test` with the fixture `mock`. */
export const test: TestAPI<MockTestFixtures> = base.extend<MockTestFixtures>({
  mockOptions: [{}, { scope: 'worker' }],

  mockServer: [
    async ({ mockOptions }, use) => {
      const server = await MockAuthServer.start(mockOptions)
      await use(server)
      await server.stop()
    },
    { scope: 'worker' },
  ],

  mockFixtures: undefined,

  mock: async ({ mockServer, mockFixtures, task }, use) => {
    const realm = await mockServer.newRealm({ fixtures: mockFixtures, checkAtStop: true })
    const earlier = task.result?.errors?.length ?? 0
    await use(realm)

    // With retries, a test can have errors of earlier attempts.
    const errors = task.result?.errors?.slice(earlier) ?? []
    const hasFailed = task.result?.state === 'fail' && errors.length > 0
    if (hasFailed) {
      for (const error of errors.slice(-1)) {
        error.message += `\n\n${await explain(realm)}`
      }
    }
    await realm.stop({ check: !hasFailed })
  },
})

// `vi.setSystemTime` without fake timers replaces the date only.
travelers.add(async (milliseconds) => {
  const date = vi.isFakeTimers() ? null : vi.getMockedSystemTime()
  if (date) vi.setSystemTime(date.getTime() + milliseconds)
})
