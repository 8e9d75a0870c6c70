/** Takes the pictures of the demo that the documentation shows: npm run screenshots. */
import { mkdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { BrowserContextOptions } from 'playwright-core'
import { startBrowser } from '../support/browser.js'
import { signIn, startDemo } from './demo.js'

const folder = fileURLToPath(new URL('../../docs/screenshots/', import.meta.url))
const LOOKS: Readonly<Record<string, BrowserContextOptions>> = {
  light: { viewport: { width: 800, height: 600 }, colorScheme: 'light' },
  dark: { viewport: { width: 800, height: 600 }, colorScheme: 'dark' },
  phone: { viewport: { width: 360, height: 640 }, colorScheme: 'light', isMobile: true, hasTouch: true }
}

const endings: Array<() => unknown> = []
const t = { name: 'screenshots', passing: () => true, teardown: (end: () => unknown) => endings.unshift(end) }
try {
  mkdirSync(folder, { recursive: true })
  const browser = await startBrowser(t)
  const { home, listen } = await startDemo(t)
  await listen()
  for (const [look, options] of Object.entries(LOOKS)) {
    const page = await (await browser.person(t, options)).tab()
    await page.goto(home)
    await page.screenshot({ path: `${folder}home-${look}.png`, fullPage: true })
    await page.goto(`${home}/profile`)
    await signIn(page)
    await page.locator('h1', { hasText: 'Ada Lovelace' }).waitFor()
    await page.screenshot({ path: `${folder}profile-${look}.png`, fullPage: true })
  }
} finally {
  for (const end of endings) await end()
}
