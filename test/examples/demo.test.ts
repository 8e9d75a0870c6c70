import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { Provider } from 'oidc-provider/lib/provider.js'
import t from 'tap'
import type { Test } from 'tap'
import { Browser } from '../../examples/demo/browser.js'
import type { Page } from '../../examples/demo/browser.js'
import { setUp } from '../../examples/demo/set-up.js'
import { signIn as signInForm } from '../../examples/demo/sign-in.js'
import { reasonToSkipWithout } from '../support/installed.js'
import { listen as listenOnLoopback } from '../support/issuer/server.js'

const root = fileURLToPath(new URL('../..', import.meta.url))
const command = ['--import', 'tsx', 'examples/demo/index.ts']
// Without the hooks of the test runner, which would reach into the child.
const environment = { cwd: root, env: { PATH: process.env.PATH } }

// The printed lines are shell commands.
const skip = reasonToSkipWithout('curl', 'the lines the demo prints are not tested here') ?? false

t.test('the demo prints seven curl lines and each gets the status behind it; then somebody signs in to the web app', { skip }, async (t) => {
  const { stdout } = await promisify(execFile)(process.execPath, [...command, '--check'], environment)
  const statuses = [...stdout.matchAll(/^ok {3}(\d{3})/gm)].map(([, status]) => status)
  t.strictSame(statuses, ['200', '401', '200', '403', '200', '401', '401'])
  t.match(stdout, /^ok +sign in to the web app/m)
})

for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  t.test(`the demo serves until ${signal}`, async (t) => {
    const child = spawn(process.execPath, command, { ...environment, stdio: ['ignore', 'pipe', 'inherit'] })
    t.teardown(() => { child.kill('SIGKILL') })
    let printed = ''
    for await (const text of child.stdout) {
      printed += text
      if (printed.includes('Ctrl-C')) break
    }
    const web = /^web app +(\S+)$/m.exec(printed)?.[1] ?? 'none was printed'
    t.match(await new Browser().open(web), { status: 200, text: 'Hello, guest' })
    child.kill(signal)
    t.strictSame(await once(child, 'exit'), [0, null])
  })
}

t.test('the web app of the demo', async (t) => {
  const { home, issuer } = await startDemo(t)

  t.test('shows guests the start page, refuses them the API, and asks them to sign in where that is needed', async (t) => {
    const browser = new Browser()
    t.match(await browser.open(home), { status: 200, text: '<h1>Hello, guest</h1>' })
    t.match(await browser.fetch(`${home}/api/hello`), { status: 401, text: 'GATEHOUSE_CREDENTIAL_MISSING' })
    const page = await browser.open(`${home}/profile`)
    t.ok(page.url.startsWith(`${issuer}/interaction/`))
    t.match(page, { status: 200, text: '<code>read:messages</code>' })
  })

  t.test('knows whoever signed in by the name they gave, whatever it is', async (t) => {
    const browser = new Browser()
    const page = await signIn(browser, `${home}/profile`, 'Ada <b>"Countess"</b>')
    t.equal(page.url, `${home}/profile`)
    t.match(page.text, '<h1>Ada &lt;b&gt;&quot;Countess&quot;&lt;/b&gt;</h1>')
    t.match(page.text, 'ada.b.countess.b@example.com')
    t.match((await browser.open(home)).text, 'Hello, Ada &lt;b&gt;')
    t.notMatch(page.text, /eyJ/, 'and shows no token')
  })

  t.test('lets a session do what its scopes say', async (t) => {
    const browser = new Browser()
    await signIn(browser, `${home}/login`)
    t.match(await browser.fetch(`${home}/api/hello`), { status: 200, text: '{"message":"Hello, Ada"}' })
    t.match(await browser.fetch(`${home}/api/messages`), { status: 200, text: 'Mind the moat' })
    t.match(await browser.fetch(`${home}/api/admin`), { status: 403, text: 'GATEHOUSE_SCOPE_INSUFFICIENT' })
  })

  t.test('says so where the person cancels, and offers another try', async (t) => {
    const browser = new Browser()
    const page = await browser.submit(await browser.open(`${home}/profile`), { decision: 'cancel' })
    t.match(page, { status: 403, text: 'You are not signed in' })
    const [, loginUrl] = /href="(\/login[^"]*)"/.exec(page.text)!
    t.match(await signIn(browser, new URL(loginUrl!, home).href), { status: 200, url: `${home}/profile` })
  })

  t.test('says so where the provider is away', async (t) => {
    const { provider, webApp, home, listen } = await setUp()
    t.teardown(() => webApp.close())
    await listen()
    await provider.close()
    t.match(await new Browser().open(`${home}/profile`), { status: 503, text: /You are not signed in.*href="\/login"/s })
    t.match(await new Browser().fetch(`${home}/login`), { status: 503, headers: { 'content-type': /json/ } })
  })

  t.test('answers scripts in JSON where there is no login', async (t) => {
    t.match(await new Browser().fetch(`${home}/callback?code=made&state=up`), { status: 400, text: '"code":"GATEHOUSE_LOGIN_FAILED"' })
  })

  t.test('signs people out at the provider, too', async (t) => {
    const browser = new Browser()
    const asked = await browser.submit(await signIn(browser, `${home}/profile`))
    t.match(asked, { status: 200, text: 'Sign out here, too?' })
    t.match(await browser.submit(asked, { logout: 'yes' }), { status: 200, url: `${home}/`, text: 'Hello, guest' })
    t.match((await browser.open(`${home}/profile`)).text, 'id="name"', 'who comes back is asked for a name')
  })

  t.test('leaves people signed in at the provider if they want', async (t) => {
    const browser = new Browser()
    const asked = await browser.submit(await signIn(browser, `${home}/profile`))
    t.match(await browser.submit(asked), { url: `${home}/`, text: 'Hello, guest' })
    t.match(await browser.submit(await browser.open(`${home}/profile`), { decision: 'cancel' }), { status: 403 })
    const page = await browser.open(`${home}/profile`)
    t.match(page.text, '<h1>Welcome back, Ada</h1>')
    t.match(await browser.submit(page, { decision: 'allow' }), { status: 200, url: `${home}/profile` })
  })

  t.test('has nothing inline on its pages, nor on the provider\'s', async (t) => {
    const browser = new Browser()
    const form = await browser.open(`${home}/profile`)
    const profile = await browser.submit(form, { name: 'Ada', decision: 'allow' })
    const pages = [form, profile, await browser.open(home), await browser.open(`${home}/callback`), await browser.submit(profile), await browser.open(`${issuer}/auth`), await browser.open(`${issuer}/interaction/over`)]
    for (const { url, headers, text } of pages) {
      t.match(headers['content-security-policy'], /^default-src 'none'; style-src 'self'; script-src 'self'; /, url)
      t.notMatch(text, /<style|<script>| style=| on\w+=/, url)
      t.match(text, /^<!doctype html>\n<html lang="en">.*<main>\s*<h1>[^<]+<\/h1>/s, url)
    }
    for (const url of [`${home}/style.css`, `${home}/script.js`, `${issuer}/style.css`]) t.match(await browser.fetch(url), { status: 200 }, url)
  })
})

t.test('the provider of the demo', async (t) => {
  const { home } = await startDemo(t)

  t.test('asks again for a name that is none', async (t) => {
    const browser = new Browser()
    const form = await browser.open(`${home}/login`)
    t.match(await browser.submit(form, { name: '  ', decision: 'allow' }), { status: 200, url: form.url, text: '<h1>Sign in</h1>' })
  })

  t.test('knows nothing of a form whose cookie is gone', async (t) => {
    const form = await new Browser().open(`${home}/login`)
    t.match(await new Browser().submit(form, { name: 'Ada', decision: 'allow' }), { status: 400, text: 'This sign-in is over' })
  })

  t.test('calls a mistake of its own one, and says which on its terminal', async (t) => {
    const mistake = new Error('a mistake')
    const people = signInForm({ interactionDetails: () => Promise.reject(mistake) } as unknown as Provider)
    const { origin, close } = await listenOnLoopback(people)
    t.teardown(close)
    const said = t.capture(console, 'error')
    t.match(await new Browser().open(`${origin}/interaction/1`), { status: 500, text: 'The provider made a mistake' })
    t.match(said(), [{ args: [mistake] }])
  })
})

/** The demo's provider and web app, as its script starts them. */
async function startDemo (t: Test): Promise<{ home: string, issuer: string }> {
  const { provider: { issuer }, home, listen, close } = await setUp()
  t.teardown(close)
  await listen()
  return { home, issuer }
}

function signIn (browser: Browser, url: string, name = 'Ada'): Promise<Page> {
  return browser.signIn(url, { name, decision: 'allow' })
}
