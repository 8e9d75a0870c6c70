/** Signs in at the demo's web app once, as a person with a browser does. */
import { Browser, type Page } from './browser.js'

const NAME = 'Ada'

/** Prints one line, and what differs where something does. */
export async function checkWebApp (web: string): Promise<boolean> {
  const profile = `${web}/profile`
  const differences = await differencesOf(profile).catch((error: unknown) => [String(error)])
  const isGood = differences.length === 0
  console.log(`${isGood ? 'ok  ' : 'FAIL'}      sign in to the web app, call its API, sign out\n          ${[profile, ...differences].join('\n          ')}`)
  return isGood
}

async function differencesOf (profile: string): Promise<string[]> {
  const browser = new Browser()
  const page = await browser.signIn(profile, { name: NAME, decision: 'allow' })
  const site = new URL(profile).origin
  const found = {
    'after signing in': `${page.status} ${page.url} ${page.text.includes(`<h1>${NAME}</h1>`) ? NAME : 'nobody'}`,
    '/api/hello': (await browser.fetch(`${site}/api/hello`)).status,
    '/api/messages': (await browser.fetch(`${site}/api/messages`)).status,
    '/api/admin': (await browser.fetch(`${site}/api/admin`)).status,
    'after signing out': (await signOut(browser, page)).url,
    'then /api/hello': (await browser.fetch(`${site}/api/hello`)).status
  }
  const expected: typeof found = {
    'after signing in': `200 ${profile} ${NAME}`,
    '/api/hello': 200,
    '/api/messages': 200,
    '/api/admin': 403,
    'after signing out': `${site}/`,
    'then /api/hello': 401
  }
  return Object.keys(expected).flatMap((step) => {
    const [is, shouldBe] = [found, expected].map((results) => String(results[step as keyof typeof found]))
    return is === shouldBe ? [] : [`${step}: ${is}, not ${shouldBe}`]
  })
}

/** The button of the page leads to the provider, which asks whether its session ends too. */
async function signOut (browser: Browser, page: Page): Promise<Page> {
  const asked = await browser.submit(page)
  return browser.submit(asked, { logout: 'yes' })
}
