// HTTPS with client certificates.

import fs from 'node:fs'
import https from 'node:https'
import { MockAuthServer, type MockRealm } from 'smartpay-oauth-mock'
import { expect, test } from 'vitest'
import { createFolder } from './files.js'

/** Sends a token request with a client certificate. Returns its status. */
async function exchange(mock: MockRealm, name: string | undefined): Promise<number | undefined> {
  const files = name === undefined ? undefined : await mock.clientCertificate(name)
  const body = new URLSearchParams({
    grant_type: 'authorization_code',
    client_id: mock.clientId,
    client_secret: mock.clientSecret,
    code: await mock.issueCode(),
  })

  return await new Promise((resolve, reject) => {
    const request = https.request(mock.tokenUrl, {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      ca: fs.readFileSync(mock.caFile ?? ''),
      agent: false,
      ...(files && { cert: fs.readFileSync(files.certificate), key: fs.readFileSync(files.key) }),
    })
    request.on('response', (response) => {
      response.resume()
      resolve(response.statusCode)
    })
    request.on('error', reject)
    request.end(body.toString())
  })
}

test('the three URLs are HTTPS, also those of a realm', async () => {
  await using server = await MockAuthServer.start({ tls: true })
  await using realm = await server.newRealm()

  for (const mock of [server, realm]) {
    const { baseUrl, tokenUrl, authorizeUrl } = mock
    expect([baseUrl, tokenUrl, authorizeUrl].every((url) => url.startsWith('https:'))).toBe(true)
    expect(await exchange(mock, undefined)).toBe(200)
  }
})

test('a required client certificate is issued', async () => {
  await using server = await MockAuthServer.start({ tls: true, clientAuth: 'required' })
  await using realm = await server.newRealm()

  expect(await exchange(realm, 'my company')).toBe(200)
  expect(await realm.requests({ scenario: '*' })).toEqual([])
  expect((await realm.requests()).map(({ certificate }) => certificate)).toEqual(['my company'])
  await expect(exchange(realm, undefined)).rejects.toThrow()
})

test('certificates of several names are valid side by side, each issued once', async () => {
  await using server = await MockAuthServer.start({ tls: true, clientAuth: 'required' })
  const [first, second] = await Promise.all([
    server.clientCertificate('first'),
    server.clientCertificate('second'),
  ])

  expect(first.certificate).not.toBe(second.certificate)
  expect(await server.clientCertificate('first')).toEqual(first)
  expect(await exchange(server, 'first')).toBe(200)
  expect(await exchange(server, 'second')).toBe(200)
})

test('a CA of your own is kept', async () => {
  const folder = createFolder()
  const args = ['--tls-dir', folder]
  await using server = await MockAuthServer.start({ tls: true, clientAuth: 'required', args })

  expect(server.caFile).toBe(`${folder}/ca.pem`)
  expect(await exchange(server, 'my-company')).toBe(200)
  expect(fs.readdirSync(folder).filter((name) => name.startsWith('client'))).toEqual([])
})

test('a portal has the authorize endpoint', async () => {
  const args = ['--portal-listen', '127.0.0.1:0']
  await using server = await MockAuthServer.start({ tls: true, clientAuth: 'required', args })
  await using realm = await server.newRealm()

  const [base, portal] = [new URL(server.baseUrl), new URL(server.authorizeUrl)]
  expect(portal.port).not.toBe(base.port)
  expect(new URL(realm.authorizeUrl).port).toBe(portal.port)
})

test('without HTTPS there are no certificates', async () => {
  await using server = await MockAuthServer.start()

  expect(server.caFile).toBeUndefined()
  await expect(server.clientCertificate('my-company')).rejects.toThrow(/\{ tls: true \}/)
})
