import t from 'tap'
import { clearCookie, readCookie, writeCookie } from '../../lib/session/cookie.js'
import { defineCookie } from '../../lib/session/cookie-attributes.js'
import { CookieTooLargeError } from '../../lib/session/errors.js'
import { cookieJar } from '../support/cookie-jar.js'
import { mistake } from '../support/mistake.js'

const cookie = defineCookie('gatehouse', { path: '/', secure: true, sameSite: 'Lax' })
const local = defineCookie('gatehouse', { path: '/', secure: false, sameSite: 'Lax' })
const SUFFIX = '; Path=/; HttpOnly; Secure; SameSite=Lax'
const ROOM = 4096 - `__Host-gatehouse=${SUFFIX}`.length
const CHUNK_ROOM = ROOM - '.0'.length

/** A value in which every place is told from every other. */
const value = (length: number) => Array.from({ length: Math.ceil(length / 6) }, (_, index) => `${index}`.padStart(6, '_')).join('').slice(0, length)
const namesIn = (lines: readonly string[]) => lines.map((line) => line.slice(0, line.indexOf('=')))
const partsIn = (lines: readonly string[]) => lines.map((line) => line.slice(line.indexOf('=') + 1, line.indexOf(';')))

t.test('a value that fits is one cookie under its own name', async (t) => {
  t.strictSame(writeCookie(cookie, 'abc', { header: undefined }), [`__Host-gatehouse=abc${SUFFIX}`])
  t.strictSame(writeCookie(cookie, 'abc', { header: '' }, 60), [`__Host-gatehouse=abc; Max-Age=60${SUFFIX}`])
})

for (const length of [4093, 4094, 4095, 4096, 4097, 4098, 4099]) {
  t.test(`a line of ${length} bytes is ${length <= 4096 ? 'written whole' : 'cut in two'}`, async (t) => {
    const text = value(ROOM + length - 4096)
    const lines = writeCookie(cookie, text, { header: undefined })
    if (length <= 4096) {
      t.strictSame(lines.map((line) => line.length), [length])
      t.strictSame(namesIn(lines), ['__Host-gatehouse'])
    } else {
      t.strictSame(namesIn(lines), ['__Host-gatehouse.0', '__Host-gatehouse.1'])
      t.equal(lines[0]!.length, 4096, 'the first is filled to the byte')
      t.equal(partsIn(lines).join(''), text)
    }
  })
}

t.test('chunks are filled to the byte, attributes and the digits of Max-Age counted', async (t) => {
  for (const maxAge of [undefined, 1, 86_400, 34_560_000]) {
    const overhead = maxAge === undefined ? 0 : `; Max-Age=${maxAge}`.length
    for (const [length, count] of [[2 * (CHUNK_ROOM - overhead), 2], [2 * (CHUNK_ROOM - overhead) + 1, 3]] as const) {
      const lines = writeCookie(cookie, value(length), { header: undefined }, maxAge)
      t.equal(lines.length, count)
      for (const line of lines.slice(0, -1)) t.equal(line.length, 4096)
      t.ok(lines.at(-1)!.length <= 4096)
      t.equal(partsIn(lines).join(''), value(length))
    }
  }
})

t.test('every browser keeps and returns what is written, whichever way it counts', async (t) => {
  for (const rule of ['line', 'name and value'] as const) {
    for (const definition of [cookie, local]) {
      for (let length = 1; length < 11_900; length += length > 3900 && length < 4200 ? 1 : 97) {
        const jar = cookieJar(rule)
        jar.take(writeCookie(definition, value(length), { header: undefined }, 604_800))
        if (readCookie(definition, jar.header()) !== value(length)) t.fail(`${length} characters`)
      }
    }
  }
})

t.test('a value that grows and shrinks leaves no chunk of the former one behind', async (t) => {
  const jar = cookieJar('line')
  jar.take(['other=1; Path=/', '__Host-gatehouse2=1; Path=/; Secure'])
  for (const length of [10, 9000, 5000, 11_000, 3000, 1, 11_000, 4500]) {
    jar.take(writeCookie(cookie, value(length), { header: jar.header() }))
    t.equal(readCookie(cookie, jar.header()), value(length), `${length} characters`)
    t.equal(jar.names().length, 2 + (length > ROOM ? Math.ceil(length / CHUNK_ROOM) : 1))
  }
  jar.take(clearCookie(cookie, { header: jar.header() }))
  t.strictSame(jar.names(), ['other', '__Host-gatehouse2'], 'and removing it leaves nothing but the cookies of others')
})

t.test('only chunks which the request carried are cleared, each once', async (t) => {
  const clearing = (name: string) => `${name}=; Max-Age=0${SUFFIX}`
  const header = 'a=1; __Host-gatehouse.0=x; __Host-gatehouse.2=y; __Host-gatehouse.2=z; __Host-gatehouse=w; __Host-gatehouse.x=1; __Host-gatehouse.00=1; __Host-gatehouse.100=1'
  t.strictSame(writeCookie(cookie, 'abc', { header }), [clearing('__Host-gatehouse.0'), clearing('__Host-gatehouse.2'), `__Host-gatehouse=abc${SUFFIX}`])
  t.strictSame(clearCookie(cookie, { header }), [clearing('__Host-gatehouse.0'), clearing('__Host-gatehouse.2'), clearing('__Host-gatehouse')])
  t.strictSame(namesIn(writeCookie(cookie, value(5000), { header })), ['__Host-gatehouse.2', '__Host-gatehouse', '__Host-gatehouse.0', '__Host-gatehouse.1'])
  for (const nothing of [undefined, '', 'a=1', '__Host-gatehouse2=1', 'gatehouse=1']) t.strictSame(clearCookie(cookie, { header: nothing }), [])
})

t.test('a sweep clears every chunk there can be, for a browser that did not show its cookies', async (t) => {
  const jar = cookieJar('line')
  jar.take(writeCookie(cookie, value(11_900), { header: undefined }, 34_560_000))
  t.equal(jar.names().length, 3)
  jar.take(writeCookie(cookie, 'new', { header: undefined, sweep: true }))
  t.equal(readCookie(cookie, jar.header()), 'new')
  jar.take(writeCookie(cookie, value(11_900), { header: undefined, sweep: true }))
  t.equal(readCookie(cookie, jar.header()), value(11_900), 'what is written is not cleared')
  jar.take(clearCookie(cookie, { header: undefined, sweep: true }))
  t.strictSame(jar.names(), [])
  for (const budget of [1000, 4096, 12_000, 64_000]) {
    const other = defineCookie('g', { path: '/', secure: true, sameSite: 'Lax' }, budget)
    const most = namesIn(writeCookie(other, value(budget - 300), { header: undefined }, 34_560_000))
    const swept = namesIn(clearCookie(other, { header: 'a=1', sweep: true }))
    t.strictSame(most.filter((name) => !swept.includes(name)), [], `budget ${budget}`)
    t.equal(new Set(swept).size, swept.length)
  }
})

t.test('the budget counts what a Cookie header carries, to the byte', async (t) => {
  for (const budget of [1000, 5000, 12_000]) {
    const bounded = defineCookie('g', { path: '/', secure: true, sameSite: 'Lax' }, budget)
    let length = budget - 40
    let header = ''
    const written = () => {
      const jar = cookieJar('line')
      jar.take(writeCookie(bounded, value(length), { header: undefined }))
      return jar.header()
    }
    for (; header.length < budget; length++) header = written()
    t.equal(header.length, budget, 'as much as is allowed is written')
    t.throws(written, { name: 'CookieTooLargeError', code: 'GATEHOUSE_COOKIE_TOO_LARGE', needed: budget + 1, budget })
  }
})

t.test('past the budget the error says what to do, and shows nothing of the value', async (t) => {
  const secret = 'hunter2'.repeat(2000)
  try {
    writeCookie(cookie, secret, { header: undefined })
    t.fail('it is written')
  } catch (error) {
    t.ok(error instanceof CookieTooLargeError)
    t.equal((error as Error).message, "cookie __Host-gatehouse: 14082 bytes are needed and 12000 allowed; keep the session on the server: session: { in: 'store' }")
    t.notMatch(JSON.stringify(error) + (error as Error).stack, 'hunter2')
  }
})

t.test('what would not stand in a header as it is, is not written', async (t) => {
  for (const text of ['', 'a b', 'a;b', 'a\r\nSet-Cookie: b=c', 'ä', '"a"', 'a=b', 'a,b', 'a\n']) {
    t.equal(mistake(() => writeCookie(cookie, text, { header: undefined })), 'cookie: expected a sealed text; clearCookie removes one', JSON.stringify(text))
  }
  for (const maxAge of [0, -1, 1.5, NaN, Infinity, 34_560_001]) {
    t.equal(mistake(() => writeCookie(cookie, 'a', { header: undefined }, maxAge)), 'cookie: expected a lifetime of 1 to 34560000 whole seconds')
  }
})

const READ: ReadonlyArray<readonly [title: string, header: string | undefined, value: string | undefined]> = [
  ['no header', undefined, undefined],
  ['an empty header', '', undefined],
  ['other cookies', 'a=1; gatehouse2=x; xgatehouse=y; Gatehouse=z', undefined],
  ['one cookie', 'gatehouse=abc', 'abc'],
  ['one among others', 'a=1; gatehouse=abc; b=2', 'abc'],
  ['one in quotes', 'gatehouse="abc"', 'abc'],
  ['blanks around it', 'a=1;\tgatehouse \t=  abc ', 'abc'],
  ['no space behind the semicolon', 'a=1;gatehouse=abc;b=2', 'abc'],
  ['an empty one', 'gatehouse=', ''],
  ['its name without a value', 'gatehouse', undefined],
  ['its name in the value of another', 'a=gatehouse=abc; b=gatehouse.0', undefined],
  ['its name twice in one pair', 'gatehousegatehouse=abc', undefined],
  ['two of one name', 'gatehouse=abc; gatehouse=def', undefined],
  ['two that are the same', 'gatehouse=abc; a=1; gatehouse=abc', undefined],
  ['three of one name', 'gatehouse=abc; gatehouse=def; gatehouse=ghi', undefined],
  ['one chunk', 'gatehouse.0=abc', 'abc'],
  ['chunks', 'gatehouse.0=abc; gatehouse.1=def', 'abcdef'],
  ['chunks in another order, with others between', 'gatehouse.2=ghi; a=1; gatehouse.0=abc; b=2; gatehouse.1="def"', 'abcdefghi'],
  ['eleven chunks', Array.from({ length: 11 }, (_, index) => `gatehouse.${index}=${index}`).join(';'), '012345678910'],
  ['the first chunk missing', 'gatehouse.1=def; gatehouse.2=ghi', undefined],
  ['a chunk missing between', 'gatehouse.0=abc; gatehouse.2=ghi', undefined],
  ['a chunk far off', 'gatehouse.0=abc; gatehouse.99=x', undefined],
  ['a chunk twice', 'gatehouse.0=abc; gatehouse.1=def; gatehouse.1=xyz', undefined],
  ['a chunk of another generation beside a whole one', 'gatehouse=abc; gatehouse.0=old', undefined],
  ['chunks beside a whole one that is empty', 'gatehouse=; gatehouse.0=old', undefined],
  ['numbers spelled otherwise, which are other cookies', 'gatehouse.0=abc; gatehouse.01=x; gatehouse.1e0=x; gatehouse.-1=x; gatehouse.+1=x; gatehouse.=x; gatehouse.100=x; gatehouse.0x1=x; gatehouse.٣=x; gatehouse.1.2=x', 'abc'],
  ['a name percent-encoded, which is another', '%67atehouse=abc; gatehouse%2E0=abc', undefined],
  ['a name behind white space browsers keep', '\u00a0gatehouse=evil; gatehouse\u00a0=evil; gatehouse=abc', 'abc']
]

for (const [title, header, expectation] of READ) {
  t.test(`reading: ${title}`, async (t) => { t.equal(readCookie(local, header), expectation) })
}

t.test('a cookie without its prefix is not ours', async (t) => {
  t.equal(readCookie(cookie, 'gatehouse=evil; __host-gatehouse=evil; __Secure-gatehouse=evil'), undefined)
  t.equal(readCookie(cookie, 'gatehouse=evil; __Host-gatehouse=abc; gatehouse.0=evil'), 'abc')
})

t.test('names every object has are names like others', async (t) => {
  for (const name of ['__proto__', 'constructor', 'toString', 'hasOwnProperty']) {
    const odd = defineCookie(name, { path: '/', secure: false, sameSite: 'Lax' })
    t.equal(readCookie(odd, 'a=1'), undefined)
    t.strictSame(clearCookie(odd, { header: 'a=1' }), [])
    const jar = cookieJar('line')
    jar.take(writeCookie(odd, value(9000), { header: undefined }))
    t.equal(readCookie(odd, `${jar.header()}; __proto__.x=1; constructor.prototype=2`), value(9000))
  }
})

t.test('a hostile header is read in linear time', async (t) => {
  const started = process.cpuUsage()
  for (const header of [
    'gatehouse=a;'.repeat(50_000), 'gatehouse.0=a;'.repeat(50_000), ';'.repeat(500_000), '='.repeat(500_000), 'gatehouse'.repeat(50_000),
    'gatehouse;'.repeat(50_000), `${'a'.repeat(500_000)};gatehouse=a`,
    `gatehouse${' '.repeat(500_000)}=a`, `${' '.repeat(500_000)}gatehouse.0=a`, `gatehouse.0=${'"'.repeat(500_000)}`, 'gatehouse.1'.repeat(50_000)
  ]) {
    readCookie(local, header)
    clearCookie(local, { header })
  }
  t.ok(process.cpuUsage(started).user < 2_000_000, 'less than two seconds of CPU time')
})
