// The methods of a server or realm, against the installed package.

import { pathToFileURL } from 'node:url'
import { MockAuthServer } from 'smartpay-oauth-mock'
import { test } from 'smartpay-oauth-mock/vitest'
import { describe, expect } from 'vitest'
import { exchange, pay, refresh } from './client.js'
import { writeFile } from './files.js'

describe('codes, tokens and grants', () => {
  test('a code is exchanged for tokens', async ({ mock }) => {
    const response = await exchange(mock, await mock.issueCode())

    expect(response.status).toBe(200)
    expect(await response.json()).toMatchObject({ token_type: 'bearer', expires_in: 899 })
  })

  test('a code can be chosen, with its client, merchant, scopes and redirect URL', async ({
    mock,
  }) => {
    const code = await mock.issueCode({
      clientId: '8l57hYffFb',
      merchantId: 'rahulrama',
      scopes: ['reporting'],
      redirectUrl: 'https://www.example.com',
      code: 'my-code',
    })

    expect(code).toBe('my-code')
    expect((await mock.grants()).some((grant) => grant.scopes.join() === 'reporting')).toBe(false)
  })

  test('tokens are issued without a flow', async ({ mock }) => {
    const tokens = await mock.issueTokens({ scopes: ['transactions'] })

    expect((await refresh(mock, tokens.refresh_token)).status).toBe(200)
    expect((await pay(mock, tokens.access_token)).status).toBe(201)
  })

  test('a revoked grant ends its access token', async ({ mock }) => {
    const tokens = await mock.issueTokens({ scopes: ['users'] })
    const grant = (await mock.grants()).find(({ scopes }) => scopes.join() === 'users')

    await mock.revokeGrant(grant?.id ?? '')

    expect((await pay(mock, tokens.access_token)).status).toBe(401)
  })
})

describe('scenarios', () => {
  test('an injected error ends with its block', async ({ mock }) => {
    const { refresh_token } = await mock.issueTokens()
    {
      await using busy = await mock.inject({
        error: 'server_error',
        when: { grant_type: 'refresh_token' },
      })
      expect((await refresh(mock, refresh_token)).status).toBe(500)
      expect(await busy.matched()).toBe(1)
    }
    expect((await refresh(mock, refresh_token)).status).toBe(200)
  })

  test('steps are taken in order', async ({ mock }) => {
    const { refresh_token } = await mock.issueTokens()
    await mock.inject({ name: 'flaky', respond: ['pass', { status: 503, body: 'Busy' }] })

    const statuses = []
    for (let step = 0; step < 3; step += 1) {
      statuses.push((await refresh(mock, refresh_token)).status)
    }
    expect(statuses).toEqual([200, 503, 200])
  })

  test('held requests are released', async ({ mock }) => {
    const { refresh_token } = await mock.issueTokens()
    const barrier = await mock.inject({ hold: { until: 5 } })
    const waiting = refresh(mock, refresh_token)
    await expect.poll(() => barrier.held()).toBe(1)

    expect(await barrier.release()).toBe(1)
    expect((await waiting).status).toBe(200)
  })

  test('a removed scenario keeps its count', async ({ mock }) => {
    const { refresh_token } = await mock.issueTokens()
    const busy = await mock.inject({ error: 'access_denied' })
    await refresh(mock, refresh_token)

    await busy.remove()
    await busy.remove()

    expect(await busy.matched()).toBe(1)
    expect((await refresh(mock, refresh_token)).status).toBe(200)
  })
})

describe('the journal', () => {
  test('requests are filtered', async ({ mock }) => {
    await exchange(mock, await mock.issueCode())
    await exchange(mock, 'unknown')

    expect(await mock.requests()).toHaveLength(2)
    const [refused] = await mock.requests({ error: 'invalid_*', 'param.grant_type': '*' })
    expect(refused).toMatchObject({ endpoint: 'token', outcome: { status: 400, row: 16 } })
  })

  test('verify waits for a request', async ({ mock }) => {
    const code = await mock.issueCode()
    const verified = mock.verify({ status: 200 }, { exactly: 1, wait: '20s' })

    await exchange(mock, code)

    expect(await verified).toMatchObject({ satisfied: true, matched: 1 })
  })

  test('the order of requests is verified', async ({ mock }) => {
    const tokens = await (await exchange(mock, await mock.issueCode())).json()
    await pay(mock, tokens.access_token)

    await mock.verifyOrder({ grant_type: 'authorization_code' }, { endpoint: 'resource' })
    await mock.verifyOrder([{ endpoint: 'token' }, { status: 201 }], { wait: '1s' })
  })
})

describe('the state of a realm', () => {
  test('the clock advances, freezes, and is set and reset', async ({ mock }) => {
    const start = await mock.clock.freeze()
    expect(await mock.clock.now()).toEqual(start)
    expect((await mock.clock.advance('16m')).getTime()).toBe(start.getTime() + 16 * 60_000)
    expect((await mock.clock.advance(500)).getTime()).toBe(start.getTime() + 16 * 60_000 + 500)

    const newYear = new Date('2030-01-01T00:00:00Z')
    expect(await mock.clock.set(newYear)).toEqual(newYear)
    const real = await mock.clock.reset()
    expect(Math.abs(real.getTime() - Date.now())).toBeLessThan(60_000)
  })

  test('an inactive client or merchant is refused', async ({ mock }) => {
    const { refresh_token } = await mock.issueTokens()

    await mock.setMerchantStatus(mock.merchantId, 'inactive')
    expect(await (await refresh(mock, refresh_token)).json()).toMatchObject({
      error: 'merchant_not_active',
    })

    await mock.setClientStatus(mock.clientId, 'inactive')
    expect(await (await refresh(mock, refresh_token)).json()).toMatchObject({
      error: 'client_not_active',
    })

    await mock.reset()
    expect((await mock.requests()).length).toBe(0)
  })

  test('fixtures are text, an object, or a file', async ({ mock }) => {
    const text = 'extends: default\nsettings: { access_token_lifetime: 5s }\n'
    const file = pathToFileURL(writeFile('five-seconds.yaml', text))
    const object = { extends: 'default', settings: { access_token_lifetime: '5s' } }

    for (const fixtures of [text, object, file]) {
      await mock.setFixtures(fixtures)
      expect((await mock.issueTokens()).expires_in).toBe(4)
      await mock.reset()

      await using realm = await mock.newRealm({ fixtures })
      expect((await realm.issueTokens()).expires_in).toBe(4)

      await using server = await MockAuthServer.start({ fixtures })
      expect((await server.issueTokens()).expires_in).toBe(4)
    }
  })

  test('realms are isolated, each with a port of its own', async ({ mock }) => {
    await using realm = await mock.newRealm()
    await exchange(realm, await realm.issueCode())

    expect(new URL(realm.baseUrl).port).not.toBe(new URL(mock.baseUrl).port)
    expect(await realm.requests()).toHaveLength(1)
    expect(await mock.requests()).toHaveLength(0)
  })

  test('the report says what the client did', async ({ mock }) => {
    await mock.inject({ name: 'unused', error: 'server_error', when: { grant_type: 'password' } })
    await exchange(mock, 'error-access_denied')
    await fetch(`${mock.tokenUrl}?client_id=x`, { method: 'POST' })

    const { requests, coverage, findings, unused_scenarios } = await mock.report()

    expect(requests).toBe(2)
    const met = coverage.errors.map(({ error, times }) => [error, times])
    expect(met).toContainEqual(['access_denied', 1])
    expect(findings).toContainEqual(
      expect.objectContaining({ rule: 'parameters-in-url', severity: 'error', requests: [2] }),
    )
    expect(unused_scenarios).toEqual(['unused'])
  })
})
