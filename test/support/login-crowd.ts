import type { FastifyInstance } from 'fastify'
import type { Test } from 'tap'
import { memoryStore } from '../../lib/store/memory.js'
import { DEADLINE } from '../../lib/token/timing.js'
import { cookieJar } from './cookie-jar.js'
import { instantBrowser, KEPT } from './instant-login.js'
import { BASE, loginApp } from './login-app.js'
import { loginServer } from './login-server.js'
import { openStore } from './session-stage.js'

// A process of its own, for under tap every promise costs more than a login: so many people begin to log in at two
// apps in turn, come back all at once, and open a page at the other app. It says what they got.
const [place = 'memory', count = '1000'] = process.argv.slice(2)
const set = globalThis.setTimeout
// A provider that shares a busy machine with a thousand browsers may take longer.
globalThis.setTimeout = ((callback: () => void, ms: number, ...args: []) => set(callback, ms === DEADLINE ? 12 * ms : ms, ...args)) as typeof setTimeout
const ends: Array<() => unknown> = []
const t = { teardown: (end: () => unknown) => { ends.unshift(end) } } as unknown as Test
const { host } = new URL(BASE)
const memory = memoryStore({ singleProcess: true })
const server = await loginServer(t, ['ES256'])
const browser = instantBrowser(server)
const apps: FastifyInstance[] = []
for (let index = 0; index < 2; index++) apps.push(await loginApp(t, server.issuer, { core: { store: place === 'memory' ? memory : openStore(t, Number(place), 60_000) }, login: KEPT.store }))
const people = Array.from({ length: Number(count) }, (_, index) => ({ index, name: `person ${index}`, jar: cookieJar('line') }))

async function ask ({ index, jar }: typeof people[number], step: number, url: string) {
  const { statusCode, headers, body } = await apps[(index + step) % 2]!.inject({ url, headers: { host, cookie: jar.header() } })
  jar.take([headers['set-cookie'] ?? []].flat())
  return { statusCode, location: headers.location!, body }
}

const begun = await Promise.all(people.map((person) => ask(person, 0, '/login')))
const returns = await Promise.all(begun.map(async ({ location }, index) => new URLSearchParams((await browser.visit(location, people[index]!.name)).parameters).toString()))
const startedAt = performance.now()
const back = await Promise.all(people.map((person, index) => ask(person, 0, `/callback?${returns[index]}`)))
const ms = Math.round(performance.now() - startedAt)
const pages = await Promise.all(people.map((person) => ask(person, 1, '/me')))
process.stdout.write(JSON.stringify({
  answers: [...new Set(back.map(({ statusCode, location }) => `${statusCode} ${location}`))],
  lost: pages.filter(({ statusCode, body }, index) => statusCode !== 200 || JSON.parse(body).subject !== people[index]!.name).length,
  ms
}))
for (const end of ends) await end()
