const { MockAuthServer } = require('smartpay-oauth-mock')
const { setupMock } = require('smartpay-oauth-mock/jest')

const mock = setupMock({ fixtures: 'extends: default\nsettings: { access_token_lifetime: 5s }\n' })

const seen = []

test.each([1, 2])('test %i has a realm of its own', async () => {
  const { expires_in } = await mock().issueTokens()
  expect(expires_in).toBe(4)
  expect(seen).not.toContain(mock().baseUrl)
  seen.push(mock().baseUrl)
})

test('the server is that of the global setup', async () => {
  expect(process.env.SMARTPAY_MOCK_SERVER).toMatch(/^http:/)
  const server = await MockAuthServer.start()
  await server.issueCode()
  await server.stop()
})

test('travel moves fake timers', async () => {
  jest.useFakeTimers()
  const before = Date.now()
  const fired = jest.fn()
  setTimeout(fired, 600_000)

  await mock().travel('16m')

  expect(fired).toHaveBeenCalledTimes(1)
  expect(Date.now() - before).toBe(960_000)
  jest.useRealTimers()
})
