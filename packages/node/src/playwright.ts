/**
 * A Playwright `test` with the fixture `mock`, a realm of its own for each test, and the consent page. A
 * test that fails shows what the mock saw.
 *
 * @packageDocumentation
 */

import { type BrowserContext, test as base, type TestInfo } from '@playwright/test'
import type { Fixtures } from './fixtures.js'
import { explain, insertIntoStack, MockAuthServer, type MockRealm, travelers } from './main.js'
import type { StartOptions } from './mock-auth-server.js'

export { expect } from '@playwright/test'
export { ConsentPage } from './consent-page.js'

/** The fixtures of a test. */
export interface MockTestFixtures {
  /** A realm of its own for this test. */
  mock: MockRealm
  /** The fixtures of `mock`. Default: those of the server. */
  mockFixtures: Fixtures | undefined
}

/** The fixtures of a worker. */
export interface MockWorkerFixtures {
  /** The server, which the tests of a worker share. */
  mockServer: MockAuthServer
  /** How to start the server. */
  mockOptions: StartOptions
}

const openContexts = new Set<BrowserContext>()

/** Playwright's `test` with the fixture `mock`. */
export const test = base.extend<MockTestFixtures, MockWorkerFixtures>({
  mockOptions: [{}, { scope: 'worker', option: true }],

  mockServer: [
    async ({ mockOptions }, use) => {
      const server = await MockAuthServer.start(mockOptions)
      await use(server)
      await server.stop()
    },
    { scope: 'worker' },
  ],

  mockFixtures: [undefined, { option: true }],

  mock: async ({ mockServer, mockFixtures }, use, testInfo) => {
    const realm = await mockServer.newRealm({ fixtures: mockFixtures, checkAtStop: true })
    await use(realm)

    const hasFailed = testInfo.status !== testInfo.expectedStatus
    if (hasFailed) await explainFailure(realm, testInfo)
    await realm.stop({ check: !hasFailed })
  },

  // The clocks of the test's pages, for `travel`.
  context: async ({ context }, use) => {
    openContexts.add(context)
    await use(context)
    openContexts.delete(context)
  },
})

/** Adds what the mock saw to the error of the test. Reporters would cut a long attachment. */
async function explainFailure(realm: MockRealm, testInfo: TestInfo): Promise<void> {
  const text = await explain(realm)
  const error = testInfo.errors.at(-1)
  if (error?.stack === undefined) {
    await testInfo.attach('smartpay-oauth-mock', { body: text, contentType: 'text/plain' })
    return
  }

  error.message += `\n\n${text}`
  error.stack = insertIntoStack(error.stack, text)
}

travelers.add(async (milliseconds) => {
  for (const context of openContexts) {
    if (await hasFakeClock(context)) await context.clock.runFor(milliseconds)
  }
})

/** Returns whether a page of the context has Playwright's clock. `runFor` would install it. */
async function hasFakeClock(context: BrowserContext): Promise<boolean> {
  const checks = context.pages().map((page) => page.evaluate(() => '__pwClock' in globalThis))
  return (await Promise.all(checks)).includes(true)
}
