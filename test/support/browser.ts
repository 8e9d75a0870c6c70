import { mkdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { chromium } from 'playwright-core'
import type { BrowserContextOptions, BrowserContext, Page } from 'playwright-core'
import { freePort } from '../../examples/demo/free-port.js'
import { pathOf, reasonToSkipWithout } from './installed.js'

/** A chromium of the test file's own. It reaches this machine only: every other name is unknown to it. */
export interface TestBrowser {
  /** Somebody with cookies of their own, until the test ends. Where it failed, there is a screenshot of each of their tabs. */
  person (t: BrowserTest, options?: BrowserContextOptions): Promise<Person>
}

export interface Person {
  readonly context: BrowserContext
  /** Opens a tab. */
  tab (): Promise<Page>
  /**
   * What the browser complained about on pages of this origin so far, and forgets it: refused scripts and styles,
   * errors of scripts, and every 4xx and 5xx. That there is no icon is no complaint.
   */
  complaints (origin: string): string[]
}

interface BrowserTest {
  readonly name: string
  teardown (end: () => unknown): unknown
  passing (): boolean
}

const ARTEFACTS = fileURLToPath(new URL('../../.tap/screenshots/', import.meta.url))

/** Why tests that need a browser are skipped, or undefined where they need not be. @throws where CI is set */
export function reasonToSkip (): string | undefined {
  return reasonToSkipWithout('chromium', 'nothing is tested in a browser here')
}

/** Starts a chromium, which ends with the test. */
export async function startBrowser (t: { teardown (end: () => unknown): unknown }): Promise<TestBrowser> {
  const browser = await chromium.launch({
    executablePath: pathOf('chromium')!,
    // With the cache of whole pages, as people have it: what the back button shows is a matter of it. Playwright's own
    // goBack waits in vain for such a page to load: say history.back() instead.
    ignoreDefaultArgs: ['--disable-back-forward-cache'],
    args: [
      '--disable-gpu',
      '--disable-dev-shm-usage',
      '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost',
      ...(process.getuid?.() === 0 ? ['--no-sandbox'] : [])
    ]
  })
  t.teardown(() => browser.close())
  return {
    async person (t, options = {}) {
      const context = await browser.newContext(options)
      context.setDefaultTimeout(10_000)
      const heard: Array<{ from: string, text: string }> = []
      context.on('console', (message) => {
        if (message.type() === 'error' || message.type() === 'warning') heard.push({ from: message.location().url, text: message.text() })
      })
      context.on('weberror', (error) => { heard.push({ from: error.page()?.url() ?? '', text: error.error().message }) })
      t.teardown(async () => {
        if (!t.passing()) await keepPictures(t.name, context.pages())
        await context.close()
      })
      return {
        context,
        tab: () => context.newPage(),
        complaints (origin) {
          const ours = heard.filter(({ from }) => from.startsWith(`${origin}/`) && from !== `${origin}/favicon.ico`)
          for (const complaint of ours) heard.splice(heard.indexOf(complaint), 1)
          return ours.map(({ from, text }) => `${new URL(from).pathname}: ${text}`)
        }
      }
    }
  }
}

async function keepPictures (name: string, pages: readonly Page[]): Promise<void> {
  mkdirSync(ARTEFACTS, { recursive: true })
  for (const [index, page] of pages.entries()) {
    const path = `${ARTEFACTS}${name.replaceAll(/[^\w]+/g, '-')}-${index}.png`
    await page.screenshot({ path }).catch((error: Error) => { console.error(`no picture of ${page.url()}: ${error.message}`) })
    console.error(`# ${page.url()}: ${path}`)
  }
}

/** Where an app may listen on loopback that must know its address before. */
export async function freeOrigin (): Promise<string> {
  return `http://127.0.0.1:${await freePort()}`
}

/** Waits until a page has this heading, for one that is left stays a moment, and asserts it. */
export async function shows (t: { equal (found: unknown, wanted: unknown, message: string): unknown }, page: Page, heading: string, message: string = heading): Promise<void> {
  await page.getByRole('heading', { level: 1, name: heading, exact: true }).waitFor().catch(() => {})
  t.equal(await page.textContent('h1'), heading, message)
}

/** Fills the provider's login form, which is open, and sends it. */
export async function fillLogin (page: Page, login: string): Promise<void> {
  await page.fill('input[name=login]', login)
  await page.fill('input[name=password]', 'any')
  await page.click('button[type=submit]')
}

/** Answers the provider's question whether the app may: its first question of a person, after the login. */
export async function answerConsent (page: Page, answer: 'Continue' | 'Cancel'): Promise<void> {
  await page.getByText(answer).click()
}
