// The vendor's SDK for Node, as published, against the mock over mutual TLS.

import path from 'node:path'
import { promisify } from 'node:util'
import sdk from 'cybersource-rest-client'
import { type ClientCertificate, MockAuthServer, type MockRealm } from 'smartpay-oauth-mock'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'

let server: MockAuthServer
let mock: MockRealm
let files: ClientCertificate

beforeAll(async () => {
  server = await MockAuthServer.start({ tls: true, clientAuth: 'required' })
  files = await server.clientCertificate('my-company')
})
beforeEach(async () => {
  mock = await server.newRealm()
})
afterAll(async () => {
  await server.stop()
})

/** Returns the SDK's configuration, which takes a host and a port, but no path. */
function configuration(authenticationType: string, tokens?: Tokens): object {
  return {
    authenticationType,
    runEnvironment: `localhost:${new URL(mock.baseUrl).port}`,
    sslCaCert: mock.caFile,
    enableClientCert: true,
    clientCertDir: path.dirname(files.certificate),
    sslClientCert: path.basename(files.certificate),
    privateKey: path.basename(files.key),
    clientId: mock.clientId,
    clientSecret: mock.clientSecret,
    merchantID: mock.merchantId,
    accessToken: tokens?.access_token,
    refreshToken: tokens?.refresh_token,
    logConfiguration: { enableLog: false },
  }
}

interface Tokens {
  access_token: string
  refresh_token: string
}

/** Sends a token request, with the credentials of the client. */
async function requestToken(parameters: object): Promise<Tokens> {
  const api = new sdk.OAuthApi(configuration('mutual_auth'), new sdk.ApiClient())
  const credentials = { client_id: mock.clientId, client_secret: mock.clientSecret }
  const request = Object.assign(new sdk.CreateAccessTokenRequest(), credentials, parameters)
  return await promisify(api.createAccessToken.bind(api))(request, {})
}

async function exchangeCode(): Promise<Tokens> {
  return await requestToken({ grant_type: 'authorization_code', code: await mock.issueCode() })
}

/** Refreshes, and once more after a server_error, as the vendor's documentation advises. */
async function refreshWithRetry({ refresh_token }: Tokens): Promise<Tokens> {
  const parameters = { grant_type: 'refresh_token', refresh_token }
  return await requestToken(parameters).catch(async (error: { status?: number }) => {
    expect(error.status).toBe(500)
    return await requestToken(parameters)
  })
}

test('a code is exchanged, and the tokens are refreshed', async () => {
  const first = await exchangeCode()
  const second = await refreshWithRetry(first)

  expect(second.refresh_token).toBe(first.refresh_token)
  expect(second.access_token).not.toBe(first.access_token)
})

test('a refresh is retried after server_error', async () => {
  const tokens = await exchangeCode()
  await using busy = await mock.inject({
    error: 'server_error',
    times: 1,
    when: { grant_type: 'refresh_token' },
  })
  busy.expect(1)

  await refreshWithRetry(tokens)

  await mock.verifyOrder({ error: 'server_error' }, { grant_type: 'refresh_token', status: 200 })
})

test('a payment is authorized until the access token expires', async () => {
  const tokens = await exchangeCode()
  const api = new sdk.PaymentsApi(configuration('oauth', tokens), new sdk.ApiClient())
  const request = new sdk.CreatePaymentRequest()
  request.clientReferenceInformation = { code: 'test' }
  const pay = promisify(api.createPayment.bind(api))

  expect((await pay(request)).status).toBe('AUTHORIZED')
  await mock.travel('16m')
  await expect(pay(request)).rejects.toMatchObject({ status: 401 })

  const requests = await mock.requests()
  expect(requests.every(({ certificate }) => certificate === 'my-company')).toBe(true)
})
