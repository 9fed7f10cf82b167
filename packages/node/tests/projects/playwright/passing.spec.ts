import type { MockRealm } from 'smartpay-oauth-mock'
import { ConsentPage, expect, test } from 'smartpay-oauth-mock/playwright'

function consentUrl(mock: MockRealm): string {
  const parameters = new URLSearchParams({
    sub: 'oauth',
    client_id: mock.clientId,
    redirect_url: 'https://www.example.com',
    state: 'a-state',
  })
  return `${mock.authorizeUrl}?${parameters}`
}

test('allow redirects with a code', async ({ mock, page }) => {
  await page.goto(consentUrl(mock))
  const redirect = await new ConsentPage(page).allow()

  expect(redirect.host).toBe('www.example.com')
  expect(redirect.searchParams.get('state')).toBe('a-state')
  expect(redirect.searchParams.get('code')).toBeTruthy()
})

test('deny redirects without one', async ({ mock, page }) => {
  await page.goto(consentUrl(mock))
  const redirect = await new ConsentPage(page).deny()

  expect(redirect.searchParams.has('code')).toBe(false)
})

test('another merchant signs in', async ({ mock, page }) => {
  await page.goto(consentUrl(mock))
  const consent = new ConsentPage(page)

  await consent.pickMerchant('limited-merchant')
  await expect(consent.allowButton).toBeDisabled()
  await consent.pickMerchant('rahulrama')
  await consent.allow()

  await mock.verify({ endpoint: 'authorize', merchant_id: 'rahulrama' })
})

test('travel moves the clock of the page', async ({ mock, page }) => {
  await page.clock.install()
  await page.goto(mock.baseUrl)
  const before = await page.evaluate(() => Date.now())

  await mock.travel('16m')

  const after = await page.evaluate(() => Date.now())
  expect(after - before).toBeGreaterThanOrEqual(960_000)
})

test('travel leaves the real clock of a page alone', async ({ mock, page }) => {
  await page.goto(mock.baseUrl)
  await mock.travel('16m')
  expect(await page.evaluate(() => '__pwClock' in globalThis)).toBe(false)
})

test.describe('with other fixtures', () => {
  test.use({ mockFixtures: 'extends: default\nsettings: { access_token_lifetime: 5s }\n' })

  test('the realm has them', async ({ mock }) => {
    expect((await mock.issueTokens()).expires_in).toBe(4)
  })
})
