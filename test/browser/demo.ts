import { randomBytes } from 'node:crypto'
import type { FastifyInstance } from 'fastify'
import type { Page } from 'playwright-core'
import { oidc } from 'fastify-gatehouse'
import { startProvider } from '../../examples/demo/provider.js'
import { buildWebApp } from '../../examples/demo/web.js'
import { freeOrigin } from '../support/browser.js'

const AUDIENCE = 'https://api.example.com'

/** The demo's provider and app, as its script makes them; the app does not listen yet. They stop when the test ends. */
export async function startDemo (t: { teardown (end: () => unknown): unknown }): Promise<{ app: FastifyInstance, home: string, issuer: string }> {
  const provider = await startProvider({ audience: AUDIENCE })
  t.teardown(() => provider.close())
  const { issuer } = provider
  const home = await freeOrigin()
  const client = await provider.webApp(home, 'read:messages')
  const app = await buildWebApp({
    issuer,
    gatehouse: { provider: oidc({ issuer, audience: AUDIENCE, ...client }), baseUrl: home },
    login: {
      session: { secret: randomBytes(48).toString('base64') },
      scope: 'openid profile email read:messages',
      authorizationParams: { resource: AUDIENCE }
    }
  })
  t.teardown(() => app.close())
  return { app, home, issuer }
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
