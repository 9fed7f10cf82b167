import { ConsentPage, expect, test } from 'smartpay-oauth-mock/playwright'

// Browsers have no client certificate, so they need the portal.
test.use({
  mockOptions: { tls: true, clientAuth: 'required', args: ['--portal-listen', '127.0.0.1:0'] },
  ignoreHTTPSErrors: true,
})

test('the consent page is at the portal', async ({ mock, page }) => {
  const parameters = `client_id=${mock.clientId}&redirect_url=https://www.example.com&state=a`
  await page.goto(`${mock.authorizeUrl}?sub=oauth&${parameters}`)

  const redirect = await new ConsentPage(page).allow()

  expect(redirect.searchParams.get('code')).toBeTruthy()
  await mock.verify({ endpoint: 'authorize', merchant_id: mock.merchantId })
})
