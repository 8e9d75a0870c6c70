import type { FastifyInstance } from 'fastify'
import type { Page } from 'playwright-core'
import { setUp } from '../../examples/demo/set-up.js'

/** The demo's provider and app, as its script makes them; the app listens when told to. They stop when the test ends. */
export async function startDemo (t: { teardown (end: () => unknown): unknown }): Promise<{ app: FastifyInstance, home: string, issuer: string, listen: () => Promise<unknown> }> {
  const { provider: { issuer }, webApp: app, home, listen, close } = await setUp()
  t.teardown(close)
  return { app, home, issuer, listen }
}

/** Answers what the provider asks, a name and consent, consent alone or, of somebody it knows, nothing, until the page is the app's. */
export async function signIn (page: Page): Promise<void> {
  await page.locator('button[value=allow], form[action="/logout"]').first().waitFor()
  if (await page.locator('button[value=allow]').count() === 0) return
  if (await page.locator('input[name=name]').count() > 0) await page.fill('input[name=name]', 'Ada Lovelace')
  const { origin } = new URL(page.url())
  await page.click('button[value=allow]')
  await page.waitForURL((url) => url.origin !== origin)
}
