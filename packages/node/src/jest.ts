/**
 * The server for a run of Jest, and a realm of its own for each test.
 *
 * @packageDocumentation
 */

import type { Fixtures } from './fixtures.js'
import { explainFailure, hasFailed } from './jest-circus.js'
import { MockAuthServer, type MockRealm } from './main.js'
import type { StartOptions } from './mock-auth-server.js'

/** The key of the server in the process that runs the workers. */
const SERVER = Symbol.for('smartpay-oauth-mock.jest')

type Holder = { [SERVER]?: { server: MockAuthServer; variables: string[] } }

/**
 * Starts a server for all workers, which find it by environment variables such as
 * `SMARTPAY_MOCK_SERVER`. Does nothing if that is set. For a global setup with options.
 */
export async function startServer(options: StartOptions = {}): Promise<void> {
  if (process.env.SMARTPAY_MOCK_SERVER) return

  const server = await MockAuthServer.start(options)
  const variables = await server.environment()
  Object.assign(process.env, variables)
  ;(globalThis as Holder)[SERVER] = { server, variables: Object.keys(variables) }
}

/** Stops the server that `startServer` has started. */
export async function stopServer(): Promise<void> {
  const held = (globalThis as Holder)[SERVER]
  if (held === undefined) return

  delete (globalThis as Holder)[SERVER]
  for (const name of held.variables) delete process.env[name]
  await held.server.stop()
}

/** Jest's `globalSetup`: starts a server with the built-in fixtures. */
export async function globalSetup(): Promise<void> {
  await startServer()
}

/** Jest's `globalTeardown`: stops the server. */
export async function globalTeardown(): Promise<void> {
  await stopServer()
}

/** Jest's `globalSetup` and `globalTeardown` in one: starts the server, or stops it if it runs. */
export default async function startOrStop(): Promise<void> {
  const isRunning = (globalThis as Holder)[SERVER] !== undefined
  await (isRunning ? stopServer() : startServer())
}

/** The hooks of Jest that are used here. */
interface JestGlobals {
  beforeAll?: (hook: () => Promise<void>) => void
  beforeEach?: (hook: () => Promise<void>) => void
  afterEach?: (hook: () => Promise<void>) => void
  afterAll?: (hook: () => Promise<void>) => void
}

/** The fixtures of the realms of a test file. */
export interface SetupOptions {
  /** Default: the fixtures of the server. */
  fixtures?: Fixtures | undefined
}

/**
 * Gives each test of the file a realm of its own, which the returned function returns. A test that
 * fails shows what the mock saw. Without `globalSetup`, it also starts a server for the file.
 */
export function setupMock(options: SetupOptions = {}): () => MockRealm {
  const { beforeAll, beforeEach, afterEach, afterAll } = globalThis as JestGlobals
  if (!beforeAll || !beforeEach || !afterEach || !afterAll) {
    throw new Error('setupMock is for test files of Jest, with injectGlobals')
  }

  let server: MockAuthServer | undefined
  let realm: MockRealm | undefined

  beforeAll(async () => {
    server = await MockAuthServer.start()
  })
  beforeEach(async () => {
    realm = await server?.newRealm({ fixtures: options.fixtures, checkAtStop: true })
  })
  afterEach(async () => {
    const ended = realm
    realm = undefined
    if (hasFailed() && ended) await explainFailure(ended)
    await ended?.stop({ check: !hasFailed() })
  })
  afterAll(async () => {
    await server?.stop()
  })

  return () => {
    if (realm === undefined) throw new Error('the mock is available in tests and their hooks only')
    return realm
  }
}
