// `travel` moves the realm's clock and the fake timers of the test.

import { MockAuthServer } from 'smartpay-oauth-mock'
import { test } from 'smartpay-oauth-mock/vitest'
import { afterEach, expect, vi } from 'vitest'
import { pay } from './client.js'

afterEach(() => {
  vi.useRealTimers()
})

test('without fake timers, the realm alone moves', async ({ mock }) => {
  const { access_token } = await mock.issueTokens()
  const before = Date.now()

  await mock.travel('16m')

  expect((await pay(mock, access_token)).status).toBe(401)
  expect(Date.now() - before).toBeLessThan(60_000)
})

test('fake timers fire, and the date moves with them', async ({ mock }) => {
  vi.useFakeTimers()
  const before = Date.now()
  const fired: number[] = []
  setTimeout(() => fired.push(Date.now() - before), 600_000)

  await mock.travel('16m')

  expect(fired).toEqual([600_000])
  expect(Date.now() - before).toBe(960_000)
})

test('a date that is faked alone moves', async ({ mock }) => {
  vi.useFakeTimers({ toFake: ['Date'] })
  const before = Date.now()
  await mock.travel(1500)
  expect(Date.now() - before).toBe(1500)
})

test('a date that was set without fake timers moves', async ({ mock }) => {
  vi.setSystemTime('2030-01-01T00:00:00Z')
  await mock.travel('1h30m')
  expect(new Date().toISOString()).toMatch(/^2030-01-01T01:30:00/)
})

test('a server starts, is used and stops under fake timers', async () => {
  vi.useFakeTimers()
  await using server = await MockAuthServer.start()
  await server.verify({}, { exactly: 0 })
  await using realm = await server.newRealm()
  await realm.issueCode()
})
