// With SMARTPAY_MOCK_SERVER, `start` takes a realm of a server that runs already.

import { MockAuthServer } from 'smartpay-oauth-mock'
import { afterEach, expect, test, vi } from 'vitest'
import { exchange } from './client.js'

afterEach(() => {
  vi.unstubAllEnvs()
})

/** Lets `start` find a server by the variables that the server itself returns. */
async function announce(server: MockAuthServer): Promise<void> {
  const variables = await server.environment()
  for (const [name, value] of Object.entries(variables)) vi.stubEnv(name, value)
}

test('start takes a realm, and stop removes it', async () => {
  await using server = await MockAuthServer.start()
  await announce(server)

  const taken = await MockAuthServer.start({ fixtures: { extends: 'default' } })
  expect((await exchange(taken, await taken.issueCode())).status).toBe(200)
  expect(await taken.requests()).toHaveLength(1)
  expect(await server.requests()).toHaveLength(0)
  const inner = await taken.newRealm()
  await inner.issueCode()

  await taken.stop()

  await expect(taken.issueCode()).rejects.toThrow(/realm/)
  await expect(inner.issueCode()).rejects.toThrow(/realm/)
  await inner.stop()
  await server.issueCode()
})

test('the URL can be that of a realm, or end with a slash', async () => {
  await using server = await MockAuthServer.start()

  for (const path of ['/', '/realms/default']) {
    vi.stubEnv('SMARTPAY_MOCK_SERVER', server.baseUrl + path)
    await using taken = await MockAuthServer.start()
    await taken.issueCode()
  }
})

test('a realm that is not stopped does not outlive its server', async () => {
  const server = await MockAuthServer.start()
  const realm = await server.newRealm()

  await server.stop()
  await realm.stop()

  await expect(realm.issueCode()).rejects.toThrow('the mock is not running (it was stopped)')
})

test('options for a new server are errors that name them', async () => {
  await using server = await MockAuthServer.start()
  await announce(server)

  await expect(MockAuthServer.start({ tls: true })).rejects.toThrow(/^the option tls is/)
  await expect(MockAuthServer.start({ clientAuth: 'off' })).rejects.toThrow(
    /^the option clientAuth/,
  )
  await expect(MockAuthServer.start({ args: [] })).rejects.toThrow(/^the option args is/)
})

test('a server that is not there is named', async () => {
  vi.stubEnv('SMARTPAY_MOCK_SERVER', 'http://127.0.0.1:1')
  await expect(MockAuthServer.start()).rejects.toThrow(
    'no response from the mock at http://127.0.0.1:1: connect ECONNREFUSED 127.0.0.1:1',
  )

  vi.stubEnv('SMARTPAY_MOCK_SERVER', '127.0.0.1:8080')
  await expect(MockAuthServer.start()).rejects.toThrow(/expected an http or https URL/)
})

test('a control token is sent', async () => {
  await using server = await MockAuthServer.start({ args: ['--control-token', 'a-token'] })
  await server.issueCode()
  await announce(server)

  await using taken = await MockAuthServer.start()
  await taken.issueCode()

  vi.stubEnv('SMARTPAY_MOCK_CONTROL_TOKEN', 'wrong')
  await expect(MockAuthServer.start()).rejects.toMatchObject({ status: 401 })
})

test('a realm of an HTTPS server has HTTPS URLs and certificates', async () => {
  await using server = await MockAuthServer.start({ tls: true, clientAuth: 'required' })
  await announce(server)

  await using taken = await MockAuthServer.start()
  expect(taken.tokenUrl).toMatch(/^https:/)
  expect(taken.caFile).toBe(server.caFile)
  await taken.clientCertificate('my-company')
})
