import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['*.test.ts'],
    // Some tests start other test runners and a browser.
    testTimeout: 120_000,
    expect: { poll: { timeout: 20_000 } },
    env: { SMARTPAY_MOCK_SERVER: '' },
  },
})
