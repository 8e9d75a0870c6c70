import t from 'tap'
import type { Test } from 'tap'
import { fetchJson, FetchFailure } from '../../lib/token/fetch-json.js'
import { fakeClock } from '../support/clock.js'
import { listen } from '../support/issuer/server.js'

/** What a fetch fails with that is answered like this. */
async function failureOf (t: Test, status: number, headers: Record<string, string> = {}): Promise<FetchFailure> {
  const { origin, close } = await listen((_, response) => { response.writeHead(status, headers).end('{}') })
  t.teardown(close)
  const failure: unknown = await fetchJson(`${origin}/`, {}, false, new AbortController().signal).catch((error: unknown) => error)
  if (!(failure instanceof FetchFailure)) throw new Error('expected a FetchFailure')
  return failure
}

t.test('a 4xx says that the document is not there, unless it means "not now"', async (t) => {
  for (const status of [400, 401, 403, 404, 405, 406, 410, 418, 451, 499]) {
    t.equal((await failureOf(t, status)).isRefusal, true, String(status))
  }
  for (const status of [204, 302, 304, 408, 429, 500, 501, 502, 503, 504]) {
    t.equal((await failureOf(t, status)).isRefusal, false, String(status))
  }
})

t.test('neither a document that is wrong nor a server that is away says that the document is not there', async (t) => {
  t.match(await failureOf(t, 200, { 'content-encoding': 'gzip' }), { isRefusal: false, retryAfter: undefined })
  const { origin, close } = await listen(() => {})
  await close()
  await t.rejects(fetchJson(`${origin}/`, {}, false, new AbortController().signal), { isRefusal: false, message: /ECONNREFUSED$/ })
  t.match(new FetchFailure('why'), { isRefusal: false, retryAfter: undefined })
})

t.test('RFC 9110 section 10.2.3: Retry-After is seconds or a date', async (t) => {
  const now = Date.UTC(2026, 5, 1, 12)
  fakeClock(t, now)
  for (const [header, seconds] of [
    ['1', 1],
    ['120', 120],
    ['0120', 120],
    ['999999999', 999_999_999],
    ['Mon, 01 Jun 2026 12:00:30 GMT', 30],
    ['Monday, 01-Jun-26 12:00:30 GMT', 30],
    ['Mon Jun  1 12:00:30 2026 GMT', 30],
    ['Tue, 02 Jun 2026 12:00:00 GMT', 86_400],
    ['Mon, 01 Jun 2026 12:00:00 GMT', undefined],
    ['Mon, 01 Jun 2026 11:59:59 GMT', undefined],
    ['0', undefined],
    ['', undefined],
    ['-1', undefined],
    ['1.5', undefined],
    ['1e3', undefined],
    ['soon', undefined],
    ['120 seconds', undefined],
    ['10, 20', undefined],
    ['9999999999', undefined],
    ['Infinity', undefined],
    ['Mon, 99 Jun 2026 12:00:30 GMT', undefined]
  ] as const) {
    t.equal((await failureOf(t, 503, { 'retry-after': header })).retryAfter, seconds, header)
  }
  t.equal((await failureOf(t, 503)).retryAfter, undefined, 'no header')
})

t.test('Retry-After counts with every refusal', async (t) => {
  for (const status of [404, 408, 429, 500, 503]) t.equal((await failureOf(t, status, { 'retry-after': '7' })).retryAfter, 7, String(status))
})
