import type { Locator, Page } from '@playwright/test'

/** The mock's consent page, opened at a realm's `authorizeUrl`. */
export class ConsentPage {
  readonly page: Page
  /** The choice of the merchant who is signed in. */
  readonly merchant: Locator
  readonly allowButton: Locator
  readonly denyButton: Locator

  constructor(page: Page) {
    this.page = page
    this.merchant = page.locator('#merchant')
    this.allowButton = page.getByRole('button', { name: 'Allow' })
    this.denyButton = page.getByRole('button', { name: 'Deny' })
  }

  /** Signs in as another merchant. */
  async pickMerchant(id: string): Promise<void> {
    await this.merchant.selectOption(id)
    const loaded = this.page.waitForEvent('domcontentloaded')
    await this.page.getByRole('button', { name: 'Switch' }).click()
    await loaded
  }

  /** Allows access. Returns the URL of the redirect to the partner, with the code. */
  async allow(): Promise<URL> {
    return await this.#decide(this.allowButton)
  }

  /** Denies access. Returns the URL of the redirect to the partner. */
  async deny(): Promise<URL> {
    return await this.#decide(this.denyButton)
  }

  async #decide(button: Locator): Promise<URL> {
    // The request is there even if nothing listens at the partner's host.
    const redirect = this.page.waitForRequest((request) => {
      return request.isNavigationRequest() && request.redirectedFrom() !== null
    })
    const [request] = await Promise.all([redirect, button.click({ noWaitAfter: true })])
    return new URL(request.url())
  }
}
