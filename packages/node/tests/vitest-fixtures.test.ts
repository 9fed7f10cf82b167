// The options of the Vitest integration.

import { test as base } from 'smartpay-oauth-mock/vitest'
import { describe, expect } from 'vitest'

describe('mockFixtures', () => {
  const test = base.extend({
    mockFixtures: 'extends: default\nsettings: { access_token_lifetime: 5s }\n',
  })

  test('are those of the realm', async ({ mock }) => {
    expect((await mock.issueTokens()).expires_in).toBe(4)
  })

  base('are no longer those of the next test', async ({ mock }) => {
    expect((await mock.issueTokens()).expires_in).toBe(899)
  })
})

// A fixture of a worker is defined at the top level of a file.
const httpsTest = base.extend({ mockOptions: [{ tls: true }, { scope: 'worker' }] })

httpsTest('mockOptions are those of the server', async ({ mock, mockServer }) => {
  expect(mock.tokenUrl).toMatch(/^https:/)
  expect(mock.caFile).toBe(mockServer.caFile)
})

base('a realm of its own, over one server', async ({ mock, mockServer }) => {
  expect(mock.name).not.toBe(mockServer.name)
  expect(await mock.requests()).toEqual([])
})

describe.concurrent('concurrent tests', () => {
  for (const number of [1, 2, 3]) {
    base(`number ${number} has a realm of its own`, async ({ mock }) => {
      await fetch(mock.tokenUrl)
      await new Promise((resolve) => setTimeout(resolve, 20))
      expect(await mock.requests()).toHaveLength(1)
    })
  }
})
