// What goes wrong is told in the mock's own words.

import fs from 'node:fs'
import net from 'node:net'
import { pathToFileURL } from 'node:url'
import { MockAuthServer, MockServerError } from 'smartpay-oauth-mock'
import { test } from 'smartpay-oauth-mock/vitest'
import { describe, expect, vi } from 'vitest'
import { createFolder, writeFile } from './files.js'
import { findInstalledBinary } from './installed.js'

/** Returns the message of the error with which a promise is rejected. */
async function catchMessage(promise: Promise<unknown>): Promise<string> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  expect(error).toBeInstanceOf(MockServerError)
  return (error as Error).message
}

const BAD = 'extends: default\nclients:\n  - { id: my-app, sekret: x }\n'
const BAD_PLACE = 'fixtures.yaml:3:19: unknown member "sekret", did you mean "secret"?'

describe('fixtures with an error', () => {
  test('do not start a server', async () => {
    const message = await catchMessage(MockAuthServer.start({ fixtures: BAD }))
    expect(message).toBe(`the mock did not start (it ended with exit code 2):\n${BAD_PLACE}`)
  })

  test('have their own path if they are a file', async () => {
    const file = writeFile('mine.yaml', BAD)
    const message = await catchMessage(MockAuthServer.start({ fixtures: pathToFileURL(file) }))
    expect(message).toContain(`${file}:3:19: unknown member "sekret"`)
  })

  test('do not create a realm', async ({ mock }) => {
    const message = await catchMessage(mock.newRealm({ fixtures: BAD }))
    expect(message).toContain('unknown member "sekret", did you mean "secret"?')
  })

  test('change nothing', async ({ mock }) => {
    const fixtures = { clients: [{ id: 'my-app' }] }
    expect(await catchMessage(mock.setFixtures(fixtures))).toContain('"secret" is missing')
    await mock.issueCode()
  })

  test('are not a path', async () => {
    const message = await catchMessage(MockAuthServer.start({ fixtures: './mine.yaml' }))
    expect(message).toContain("pass a file: URL: pathToFileURL('./mine.yaml')")
  })
})

describe('a server does not start', () => {
  test('on a port that is taken', async () => {
    const other = net.createServer().listen(0, '127.0.0.1')
    await new Promise((resolve) => other.once('listening', resolve))
    const { port } = other.address() as net.AddressInfo

    const args = ['--listen', `127.0.0.1:${port}`]
    const message = await catchMessage(MockAuthServer.start({ args }))
    other.close()

    expect(message).toMatch(/exit code 1\):\ncannot listen on .*: Address already in use/)
  })

  test('with an unknown argument', async () => {
    const message = await catchMessage(MockAuthServer.start({ args: ['--no-such-option'] }))
    expect(message).toContain("unexpected argument '--no-such-option'")
  })

  test('with arguments that are no array', async () => {
    const args = '--watch' as unknown as string[]
    const message = await catchMessage(MockAuthServer.start({ args }))
    expect(message).toBe("args: expected an array, such as ['--watch']")
  })

  test('without its binary', async () => {
    vi.stubEnv('SMARTPAY_OAUTH_MOCK_BINARY', '/no/such/binary')
    const message = await catchMessage(MockAuthServer.start())
    vi.unstubAllEnvs()

    expect(message).toBe('SMARTPAY_OAUTH_MOCK_BINARY: there is no file /no/such/binary')
  })

  test('if the binary is no program', async () => {
    const file = writeFile('not-a-program', 'text')
    vi.stubEnv('SMARTPAY_OAUTH_MOCK_BINARY', file)
    const message = await catchMessage(MockAuthServer.start())
    vi.unstubAllEnvs()

    expect(message).toContain('EACCES')
  })
})

test('another binary can be named', async () => {
  const script = `#!/bin/sh\nexec "${findInstalledBinary()}" "$@"\n`
  const file = writeFile('other-binary', script)
  fs.chmodSync(file, 0o755)
  vi.stubEnv('SMARTPAY_OAUTH_MOCK_BINARY', file)
  await using server = await MockAuthServer.start()
  vi.unstubAllEnvs()

  await server.issueCode()
})

test('the package for another platform is named if it is missing', async () => {
  vi.spyOn(process, 'arch', 'get').mockReturnValue('riscv64')
  const message = await catchMessage(MockAuthServer.start())
  vi.restoreAllMocks()

  expect(message).toContain('the package @smartpay-oauth-mock/linux-riscv64')
  expect(message).toContain('set SMARTPAY_OAUTH_MOCK_BINARY')
})

test('a server that dies in the middle is told', async () => {
  // The script tells the process ID of the server.
  const folder = createFolder()
  const script = `#!/bin/sh\necho $$ > ${folder}/pid\nexec "${findInstalledBinary()}" "$@"\n`
  const file = writeFile('binary', script, folder)
  fs.chmodSync(file, 0o755)
  vi.stubEnv('SMARTPAY_OAUTH_MOCK_BINARY', file)
  const server = await MockAuthServer.start()
  vi.unstubAllEnvs()

  const pid = Number(fs.readFileSync(`${folder}/pid`, 'utf8'))
  const waiting = catchMessage(server.verify({}, { wait: '60s' }))
  process.kill(pid, 'SIGKILL')

  expect(await waiting).toBe('the mock is not running (it was ended by SIGKILL)')
  const message = await catchMessage(server.issueCode())
  expect(message).toBe('the mock is not running (it was ended by SIGKILL)')
  await server.stop()
})

test('a call after stop says so', async () => {
  const server = await MockAuthServer.start()
  await server.stop()
  await server.stop()

  expect(await catchMessage(server.issueCode())).toBe('the mock is not running (it was stopped)')
})

test('a control request that fails has its status and its invalid members', async ({ mock }) => {
  const promise = mock.inject({ error: 'server_error', times: 0 })
  await expect(promise).rejects.toMatchObject({
    name: 'MockServerError',
    status: 422,
    fieldErrors: [{ pointer: '/times' }],
  })

  await expect(mock.issueCode({ clientId: 'nobody' })).rejects.toThrow(/nobody/)
  await expect(mock.revokeGrant('0123456789')).rejects.toMatchObject({ status: 404 })
})
