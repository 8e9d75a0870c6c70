import type { Page } from 'playwright-core'
import t from 'tap'
import { reasonToSkip, shows, startBrowser } from '../support/browser.js'
import { listen } from '../support/issuer/server.js'
import { signIn, startDemo } from './demo.js'

t.test('people and the demo', { skip: reasonToSkip() ?? false }, async (t) => {
  const browser = await startBrowser(t)
  const { app, home, issuer, listen: listenAtHome } = await startDemo(t)
  app.post('/notes', async () => ({ saved: true }))
  app.addContentTypeParser('application/x-www-form-urlencoded', { parseAs: 'string' }, (_request, _body, done) => { done(null) })
  await listenAtHome()

  t.test('who opens a page that asks for a session logs in and is back there, and stays logged in', async (t) => {
    const person = await browser.person(t)
    const page = await person.tab()
    const callbacks: string[] = []
    page.on('request', (request) => { if (request.url().startsWith(`${home}/callback?`)) callbacks.push(request.url()) })
    await page.goto(`${home}/profile?from=link`)
    t.equal(new URL(page.url()).origin, issuer)
    await signIn(page)
    t.equal(page.url(), `${home}/profile?from=link`)
    await shows(t, page, 'Ada Lovelace')
    await page.reload()
    await shows(t, page, 'Ada Lovelace')
    await page.setViewportSize({ width: 360, height: 740 })
    t.equal(await page.evaluate('document.documentElement.scrollWidth'), 360, 'it fits on a phone')
    await page.goto(callbacks[0]!)
    await shows(t, page, 'Hello, Ada Lovelace', 'a callback opened again leads home')
    t.equal(callbacks.length, 2)
    t.match(await call(page, '/api/hello'), /200 OK\n.*Hello, Ada Lovelace/s)
    t.match(await call(page, '/api/messages'), /200 OK\n.*Mind the moat/s)
    t.strictSame(person.complaints(home), [])
    t.match(await call(page, '/api/admin'), /403 Forbidden\n.*GATEHOUSE_SCOPE_INSUFFICIENT/s)
    t.match(person.complaints(home), [/^\/api\/admin: .* 403/])

    const cookies = await person.context.cookies(home)
    t.match(cookies.filter(({ name }) => name.startsWith('gatehouse')), [{ name: 'gatehouse', httpOnly: true, sameSite: 'Lax', path: '/' }])
    t.equal(await page.evaluate('document.cookie'), '', 'scripts see none of it')
    t.notMatch(await page.content(), /eyJ/)
  })

  t.test('two tabs log in at once', async (t) => {
    const person = await browser.person(t)
    const [first, second] = [await person.tab(), await person.tab()]
    await first.goto(`${home}/profile`)
    await second.goto(home)
    await second.click('main a.button')
    await signIn(first)
    await shows(t, first, 'Ada Lovelace')
    await signIn(second)
    t.equal(second.url(), `${home}/`)
    await shows(t, second, 'Hello, Ada Lovelace')
    await first.reload()
    await shows(t, first, 'Ada Lovelace')
    t.strictSame(person.complaints(home), [])
  })

  t.test('who signs out is gone, here and at the provider: the back button shows nothing, and the old cookie does not help', async (t) => {
    const person = await browser.person(t)
    const page = await person.tab()
    await page.goto(`${home}/profile`)
    await signIn(page)
    await page.goto(home)
    await page.click('text=your profile')
    await shows(t, page, 'Ada Lovelace')
    const cookies = await person.context.cookies(home)
    await page.click('text=Sign out')
    await shows(t, page, 'Sign out here, too?')
    await page.click('button[value=yes]')
    await shows(t, page, 'Hello, guest')
    t.equal(page.url(), `${home}/`)
    t.strictSame(person.complaints(home), [])

    // Past the provider's page.
    await page.evaluate('history.go(-2)')
    await page.waitForURL(({ pathname }) => pathname !== '/', { waitUntil: 'commit' })
    t.notMatch(await page.textContent('body'), 'Ada', 'nothing to see')
    await page.goto(`${home}/profile`)
    t.equal(await page.locator('input[name=name]').count(), 1, 'the provider asks who it is')
    await person.context.addCookies(cookies.filter(({ name }) => name === 'gatehouse'))
    await page.goto(`${home}/profile`)
    t.equal(new URL(page.url()).origin, issuer)
  })

  t.test('who cancels, and whose cookies were lost on the way, gets a page that says so and leads back to login', async (t) => {
    const person = await browser.person(t)
    const page = await person.tab()
    await page.goto(`${home}/profile`)
    await page.click('text=Cancel')
    await shows(t, page, 'You are not signed in')
    t.match(person.complaints(home), [/^\/callback: .* 403/])
    await page.click('text=Try again')
    await signIn(page)
    await shows(t, page, 'Ada Lovelace')
    t.equal(page.url(), `${home}/profile`, 'another try ends where the first would have')

    await person.context.clearCookies()
    await page.goto(`${home}/profile`)
    await person.context.clearCookies({ name: /^gatehouse/ })
    const callbacks: string[] = []
    page.on('response', (response) => { if (response.url().includes('/callback?')) callbacks.push(`${response.status()}`) })
    await signIn(page)
    await shows(t, page, 'You are not signed in')
    t.strictSame(callbacks, ['400'], 'once: nobody is sent round in circles')
    t.match(person.complaints(home), [/^\/callback: .* 400/])
    await page.click('text=Try again')
    await signIn(page)
    await shows(t, page, 'Hello, Ada Lovelace', 'where it would have ended was in the lost cookie')
    t.equal(page.url(), `${home}/`)
  })

  t.test('a session cookie that was changed is none', async (t) => {
    const person = await browser.person(t)
    const page = await person.tab()
    await page.goto(`${home}/profile`)
    await signIn(page)
    const session = (await person.context.cookies(home)).find(({ name }) => name === 'gatehouse')!
    const middle = session.value.length >> 1
    await person.context.addCookies([{ ...session, value: session.value.slice(0, middle) + (session.value[middle] === 'A' ? 'B' : 'A') + session.value.slice(middle + 1) }])
    await page.goto(home)
    await shows(t, page, 'Hello, guest')
    t.notOk((await person.context.cookies(home)).some(({ name }) => name === 'gatehouse'), 'it is cleared')
    // Some seconds later. Until then, who was just logged in and has no session is not sent to log in again.
    await person.context.clearCookies({ name: 'gatehouse-arrived' })
    const asked: string[] = []
    page.on('request', (request) => { asked.push(new URL(request.url()).origin) })
    await page.goto(`${home}/profile`)
    t.ok(asked.includes(issuer), 'the provider is asked again')
    t.strictSame(person.complaints(home), [])
  })

  t.test('forms on pages of others do nothing in the name of who is logged in', async (t) => {
    const person = await browser.person(t)
    const page = await person.tab()
    await page.goto(`${home}/profile`)
    await signIn(page)
    const { origin, close } = await listen((request, response) => {
      const path = request.url!
      response.writeHead(200, { 'content-type': 'text/html' }).end(`<form method="post" action="${home}${path}"><button>Win a prize</button></form>`)
    })
    t.teardown(close)
    // Another port is the same site, so cookies go along; another name is not.
    for (const [elsewhere, status] of [[origin, 403], [origin.replace('127.0.0.1', 'localhost'), 401]] as const) {
      await page.goto(`${elsewhere}/notes`)
      const [response] = await Promise.all([page.waitForResponse(`${home}/notes`), page.click('button')])
      t.equal(response.status(), status, elsewhere)
      await page.goto(`${elsewhere}/logout`)
      await Promise.all([page.waitForResponse(`${home}/logout`), page.click('button')])
      await page.goto(`${home}/profile`)
      await shows(t, page, 'Ada Lovelace', `${elsewhere} logs nobody out`)
    }
    t.equal(await page.evaluate("fetch('/notes', { method: 'POST' }).then(({ status }) => status)"), 200, 'pages of ours may')
  })

  t.test('a script without a session is told so, and sent nowhere', async (t) => {
    const person = await browser.person(t)
    const page = await person.tab()
    const origins = new Set<string>()
    page.on('request', (request) => { origins.add(new URL(request.url()).origin) })
    await page.goto(home)
    t.match(await call(page, '/api/hello'), /401 Unauthorized\n.*GATEHOUSE_CREDENTIAL_MISSING/s)
    t.strictSame([...origins], [home])
    t.match(person.complaints(home), [/^\/api\/hello: .* 401/])
    await page.route('**/api/messages', (route) => route.abort())
    t.match(await call(page, '/api/messages'), 'No answer: Failed to fetch')
  })
})

/** @returns what the page shows of the answer */
async function call (page: Page, url: string): Promise<string> {
  await page.click(`button[data-url="${url}"]`)
  const answer = page.locator('#answer')
  await answer.filter({ hasText: url }).waitFor()
  return await answer.innerText()
}
