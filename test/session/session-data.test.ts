import { Readable } from 'node:stream'
import type { FastifyInstance } from 'fastify'
import t from 'tap'
import type { Json } from '../../lib/index.js'
import { json } from '../support/login-server.js'
import { endedToken, linesOf, rotate, sessionApp } from '../support/session-app.js'
import { until } from '../support/until.js'

/** Opens once as many wait at it. */
function gate (most: number) {
  let open = () => {}
  const opened = new Promise<void>((resolve) => { open = resolve })
  let waiting = 0
  return {
    async pass () {
      if (++waiting === most) open()
      await opened
    }
  }
}

const DATA = { kept: 'kept', gone: 'gone', deep: { list: [{ count: 1 }] } }

for (const place of ['cookie', 'store'] as const) {
  const twoAtOnce = gate(2)
  let meanwhile = async () => {}
  let answerLate = () => {}
  let afterLogout: unknown
  const routes = (app: FastifyInstance) => {
    app.get('/all', async ({ auth }) => auth.session.data)
    app.get('/change', async ({ auth: { session } }) => {
      session.data.added = [1, null, 'text']
      delete session.data.gone
      ;(session.data.deep as { list: Array<{ count: number }> }).list[0]!.count++
      return 'done'
    })
    app.get('/assign', async ({ auth: { session } }) => {
      session.data = { only: true }
      session.data.and = 'more'
      return 'done'
    })
    app.get('/undefined', async ({ auth: { session } }) => { session.data.gone = undefined; return 'done' })
    app.get('/same', async ({ auth: { session } }) => {
      session.data.deep = JSON.parse(JSON.stringify(session.data.deep)) as Json
      session.data.none = undefined
      return 'done'
    })
    app.get('/stream', async ({ auth: { session } }, reply) => { session.data.by = 'stream'; return reply.send(Readable.from(['a', 'b'])) })
    app.get('/error', async ({ auth: { session } }) => { session.data.by = 'error'; throw new Error('ours') })
    app.get('/redirect', async ({ auth: { session } }, reply) => { session.data.by = 'redirect'; return reply.redirect('/') })
    app.get('/callback-style', ({ auth: { session } }, reply) => { session.data.by = 'callback'; reply.send('done') })
    app.get('/missing', ({ auth: { session } }, reply) => { session.data.by = 'not found'; reply.callNotFound() })
    app.get('/two', async ({ auth: { session }, query }) => {
      const { name } = query as { name: string }
      session.data[name] = 'set'
      await twoAtOnce.pass()
      return 'done'
    })
    app.get('/late', async ({ auth: { session } }) => {
      session.data.by = 'late'
      await meanwhile()
      return 'done'
    })
    app.get('/names', async ({ auth: { session }, query }) => {
      const { name } = query as { name: string }
      const before = session.data[name] ?? 'nothing'
      session.data[name] = { isAdmin: true }
      return { before, isAdmin: session.data.isAdmin ?? null, ...(session.data.deep as { constructor?: string }).constructor === undefined ? {} : { found: 'a prototype' } }
    })
    const bad: Record<string, (data: Record<string, unknown>) => void> = {
      function: (data) => { data.secret = () => 'hunter2' },
      date: (data) => { data.when = { at: new Date() } },
      circle: (data) => { data.circle = data },
      infinite: (data) => { (data.deep as { list: unknown[] }).list.push(Infinity) }
    }
    app.get('/bad/:kind', async ({ auth: { session }, params }) => { bad[(params as { kind: string }).kind]!(session.data); return 'done' })
    app.get('/assigned/:kind', async ({ auth: { session }, params }) => {
      session.data = { null: null, undefined, list: ['hunter2'], date: { deep: new Date() } }[(params as { kind: string }).kind] as never
      return 'done'
    })
    app.get('/saved', async ({ auth: { session } }, reply) => {
      await session.save()
      session.data.step = 1
      const saving = session.save()
      session.data.step = 2
      await saving
      await session.save()
      await session.save()
      return { lines: linesOf({ headers: reply.getHeaders() }).length, data: session.data }
    })
    app.get('/hijacked', ({ auth: { session } }, reply) => {
      session.data.by = 'hijacked'
      session.save().then(() => { reply.hijack(); reply.raw.writeHead(200, reply.getHeaders() as Record<string, string>).end('raw') })
    })
    app.get('/together', async ({ auth: { session } }) => {
      session.data.by = 'together'
      const [token] = await Promise.all([session.accessToken(), session.save()])
      return token
    })
    app.get('/after-logout', async ({ auth: { session } }, reply) => {
      session.data.by = 'after logout'
      const late = session.accessToken().catch((error: { reason: string }) => error.reason)
      await meanwhile()
      await reply.logout({ provider: false })
      answerLate()
      const reasonOf = (error: { reason: string }) => error.reason
      afterLogout = [...await Promise.all([late, session.save().catch(reasonOf)]), await session.accessToken().catch(reasonOf)]
      return reply
    })
  }

  t.test(`session.data in a ${place}`, async (t) => {
    const stage = await sessionApp(t, { in: place, routes })
    const { seat, record, store, ask, reason } = stage

    t.test('what a handler changes is there with the next request', async (t) => {
      const browser = await seat({ data: DATA })
      const answer = await browser.get('/change')
      t.strictSame((await browser.get('/all')).json(), { kept: 'kept', deep: { list: [{ count: 2 }] }, added: [1, null, 'text'] })
      if (place === 'cookie') t.match([linesOf(answer).length, answer.headers['cache-control']], [1, 'no-store'])
      else t.match(answer.headers, { 'set-cookie': undefined, 'cache-control': 'private' })
      await browser.get('/assign')
      t.strictSame((await record(browser))!.data, { only: true, and: 'more' })
    })

    t.test('it is saved before the headers leave, whatever the answer is', async (t) => {
      for (const [path, status] of [['/stream', 200], ['/error', 500], ['/redirect', 302], ['/callback-style', 200], ['/missing', 404], ['/hijacked', 200]] as const) {
        const browser = await seat()
        t.equal((await browser.get(path)).status, status)
        t.match((await record(browser))!.data, { by: /stream|error|redirect|callback|not found|hijacked/ }, path)
      }
    })

    t.test('nothing is written where nothing changed', async (t) => {
      const browser = await seat({ data: DATA })
      for (const path of ['/all', '/same', '/me']) t.strictSame(linesOf(await browser.get(path)), [], path)
      t.notOk(store.calls.includes('set'))
      await browser.get('/undefined')
      t.strictSame(Object.keys((await record(browser))!.data), ['kept', 'deep'])
    })

    t.test(place === 'store' ? 'requests at once keep what both changed' : 'of requests at once the answer that comes last wins', async (t) => {
      const browser = await seat({ data: DATA })
      const [one, two] = await Promise.all([browser.get('/two?name=one'), browser.get('/two?name=two')])
      t.strictSame([one.status, two.status], [200, 200])
      const { data } = (await record(browser))!
      if (place === 'store') t.match(data, { one: 'set', two: 'set', ...DATA })
      else t.equal(Object.keys(data).length, 4)
    })

    t.test('names that are traps elsewhere are members like any other', async (t) => {
      const browser = await seat({ data: DATA })
      for (const name of ['__proto__', 'constructor', 'toString', 'hasOwnProperty']) {
        t.strictSame((await browser.get(`/names?name=${name}`)).json(), { before: 'nothing', isAdmin: null }, name)
        t.strictSame((await browser.get(`/names?name=${name}`)).json(), { before: { isAdmin: true }, isAdmin: null }, name)
      }
      t.ok(Object.hasOwn((await record(browser))!.data, '__proto__'))
    })

    t.test('what is not JSON is a 500 that names the member and not its value, and nothing is written', async (t) => {
      const browser = await seat({ data: DATA })
      const messages = { '/bad/function': 'session.data.secret: expected JSON', '/bad/date': 'session.data.when.at: expected JSON', '/bad/circle': /^session\.data\.circle.*32 levels/, '/bad/infinite': 'session.data.deep.list[1]: expected JSON', '/assigned/null': 'session.data: expected an object', '/assigned/undefined': 'session.data: expected an object', '/assigned/list': 'session.data: expected an object', '/assigned/date': 'session.data.deep: expected JSON' }
      for (const [path, message] of Object.entries(messages)) {
        const answer = await browser.get(path)
        t.match(answer.json(), { statusCode: 500, message }, path)
        t.notMatch(answer.body, 'hunter2')
      }
      t.strictSame((await record(browser))!.data, DATA)
    })

    t.test('save() writes at once, and what changes meanwhile is not lost', async (t) => {
      const browser = await seat()
      t.strictSame((await browser.get('/saved')).json(), { lines: place === 'cookie' ? 1 : 0, data: { step: 2 } })
      t.strictSame((await record(browser))!.data, { step: 2 })
    })

    t.test('save() and accessToken() at once undo nothing of each other', async (t) => {
      const browser = await seat(endedToken())
      rotate(stage.server)
      t.equal((await browser.get('/together')).body, 'access 1')
      t.match(await record(browser), { accessToken: 'access 1', refreshToken: 'refresh 0+', data: { by: 'together' } })
    })

    t.test('who logged out in this request gets no cookie by what it still had to write', async (t) => {
      for (const isUnderWay of [false, true]) {
        const browser = await seat(endedToken(`refresh 9 ${isUnderWay}`))
        let isAsked = false
        stage.server.answers['/token'] = (response) => {
          isAsked = true
          answerLate = () => { json(200, stage.server.tokens({ refresh_token: 'next', expires_in: 600 }))(response) }
        }
        if (isUnderWay) meanwhile = () => until(() => isAsked)
        const answer = await browser.get('/after-logout')
        t.match([answer.status, answer.location], [302, '/'])
        t.strictSame(afterLogout, ['session_unknown', 'session_unknown', 'session_unknown'])
        t.strictSame(linesOf(answer).map((line) => line.split('; ').slice(0, 2)), [['gatehouse=', 'Max-Age=0']])
        t.equal(await record(browser), undefined)
      }
    })

    t.test('a session ended meanwhile does not come back by a late write', async (t) => {
      const browser = await seat({ data: DATA, sid: 'ended' })
      meanwhile = async () => { t.equal((await ask(browser, { method: 'POST', url: '/logout', headers: { 'sec-fetch-site': 'same-origin' } })).statusCode, 303) }
      const answer = await ask(browser, { url: '/late' })
      browser.jar.take(linesOf(answer))
      t.equal((await browser.get('/me')).status, 401)
      if (place === 'store') {
        t.equal(answer.statusCode, 401)
        t.equal(reason(), 'session_unknown')
      }
    })
  })
}
