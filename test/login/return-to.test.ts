import t from 'tap'
import { returnTo } from '../../lib/login/return-to.js'

const BASE = 'https://app.example.com'

/** For titles: ASCII only, TAP takes some characters for the end of a line. */
const shown = (text: string) => JSON.stringify(text.slice(0, 60)).replaceAll(/[^ -~]/g, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`)

/** Where a browser goes that gets this as Location. */
const destination = (location: string) => new URL(location, `${BASE}/callback?code=1`)

/** Somebody else's spellings of "take the user to me", or of something no page has for an address. */
const HOSTILE = [
  '//evil.example', '///evil.example', '////evil.example', '//evil.example/..', '//evil.example@app.example.com', '//app.example.com@evil.example', '//user:pass@evil.example', '//app.example.com.evil.example',
  '/\\evil.example', '\\/evil.example', '\\\\evil.example', '/\\/evil.example', '/\\\\evil.example', '//\\evil.example', '\\evil.example', '/a\\b', '/a?b\\c',
  '/\t/evil.example', '/\n/evil.example', '/\r/evil.example', '/\r\n/evil.example', '\t//evil.example', ' //evil.example', '\n//evil.example', '\u0000//evil.example', '\u001f//evil.example', '/\t\\evil.example', '\t/\t/\tevil.example',
  '/a\tb', '/a\nb', '/a\r\nSet-Cookie: a=b', '/a\u0000', '/a\u007f', '/\u0000/evil.example', '/\u000b/evil.example',
  '/.//evil.example', '/..//evil.example', '/a/..//evil.example', '/a/b/../..//evil.example', '/./..//evil.example', '/%2e//evil.example', '/%2E%2E//evil.example', '/.%2e//evil.example', '/a/%2e%2e//evil.example', '/.///evil.example',
  '/%2f/evil.example', '/%2Fevil.example', '/%5cevil.example', '/%5C%5Cevil.example', '/./%2fevil.example', '/../%5cevil.example',
  'https://evil.example', 'http://evil.example', 'https:evil.example', 'https:/evil.example', 'https:\\\\evil.example', 'HTTPS://EVIL.EXAMPLE', 'ht\ntps://evil.example', 'https://app.example.com@evil.example', 'https://app.example.com.evil.example',
  'https://app.example.com', 'https://app.example.com/a', 'http://app.example.com/a', 'https://app.example.com:8443/a', 'https://user:pass@app.example.com/a', 'https:a', 'https:/a',
  'javascript:alert(1)', 'JaVaScRiPt:alert(1)', ' javascript:alert(1)', 'java\nscript:alert(1)', '\u0001javascript:alert(1)', 'javascript://app.example.com/%0aalert(1)', 'data:text/html,x', 'vbscript:x', 'file:///etc/passwd', 'blob:https://app.example.com/x', 'about:blank', 'mailto:a@evil.example', 'ftp://evil.example', 'ws://evil.example', 'intent://evil.example',
  'evil.example', '@evil.example', ':80', '.', '..', './a', '../a', 'a', '?a=1', '#a', '', ' ', ' /a', '\u00a0/a', '\ufeff/a', '\u2028/a', '／evil.example', '／／evil.example', '⁄evil.example', '%2f%2fevil.example', '%2fa', '\\a',
  `/${'a'.repeat(2000)}`, `/${'ä'.repeat(400)}`, `/?${' '.repeat(700)}a`, `/${'/'.repeat(1000)}`, `//${'a'.repeat(100_000)}`
]

t.test('the table is hostile: many of its rows leave the site if passed on', async (t) => {
  t.equal(new Set(HOSTILE).size, HOSTILE.length)
  const leaving = HOSTILE.filter((value) => {
    const first = URL.canParse(value, `${BASE}/callback`) ? new URL(value, `${BASE}/callback`) : undefined
    // Either at once, or after somebody took the path out of the parsed address, as many do.
    return first === undefined || first.origin !== BASE || destination(first.pathname).origin !== BASE
  })
  t.ok(leaving.length >= 50, `${leaving.length} of ${HOSTILE.length}`)
})

for (const value of HOSTILE) {
  t.test(`hostile: ${shown(value)} leads to the start page`, async (t) => {
    t.equal(returnTo(value, BASE), '/')
    t.equal(returnTo(value, `${BASE}/app`), '/app')
  })
}

t.test('what is no text leads to the start page', async (t) => {
  for (const value of [undefined, null, 0, 1, true, {}, [], ['/a'], ['//evil.example'], { toString: () => '/a' }, new URL('https://app.example.com/a'), Symbol('/a'), () => '/a', 1n]) {
    t.equal(returnTo(value, BASE), '/')
  }
})

const FINE = [
  ['/', '/'], ['/a', '/a'], ['/a/b/', '/a/b/'], ['/a?b=c&d=e#f', '/a?b=c&d=e#f'], ['/?a=1', '/?a=1'], ['/#a', '/#a'], ['/a?', '/a'], ['/a#', '/a'], ['/?', '/'],
  ['/a/../b', '/b'], ['/./a', '/a'], ['/..', '/'], ['/../../..', '/'], ['/%2e%2e/a', '/a'], ['/a//b', '/a//b'], ['/a/..;/b', '/a/..;/b'],
  ['/a?next=//evil.example', '/a?next=//evil.example'], ['/a?next=https://evil.example', '/a?next=https://evil.example'], ['/a#//evil.example', '/a#//evil.example'], ['/?//evil.example', '/?//evil.example'],
  ['/a%2fb', '/a%2fb'], ['/a%5cb', '/a%5cb'], ['/a%0d%0ab', '/a%0d%0ab'], ['/@evil.example', '/@evil.example'], ['/:80', '/:80'], ['/.evil.example', '/.evil.example'], ['/;/evil.example', '/;/evil.example'],
  ['/https://evil.example', '/https://evil.example'], ['/javascript:alert(1)', '/javascript:alert(1)'],
  ['/käse', '/k%C3%A4se'], ['/a b', '/a%20b'], ['/a ', '/a'], ['/／evil.example', '/%EF%BC%8Fevil.example'], ['/a?ü=\u2028', '/a?%C3%BC=%E2%80%A8'], ['/\ud800', '/%EF%BF%BD'], ['/"<>', '/%22%3C%3E'], ['/\u0085/evil.example', '/%C2%85/evil.example'],
  [`/${'a'.repeat(1999)}`, `/${'a'.repeat(1999)}`]
] as const

for (const [value, path] of FINE) {
  t.test(`fine: ${shown(value)}`, async (t) => {
    t.equal(returnTo(value, BASE), path)
    t.equal(returnTo(value, `${BASE}/app`), path, 'a page beside the prefix is one of the same origin')
    t.equal(returnTo(path, BASE), path, 'and checked again it is the same')
  })
}

/** Text made of what parsers treat specially, the same at every run. */
function * spellings (count: number): Generator<string> {
  const pieces = ['/', '/', '\\', '.', '..', '%2e', '%2f', '%5c', '\t', '\n', '\r', '\u0000', ' ', '?', '#', '@', ':', ';', 'evil.example', 'app.example.com', 'https:', 'javascript:', 'a', 'ä', '／', '。', '[', ']', '%', '%0', '%00', '&', '"', '\ud800']
  let state = 42
  for (let made = 0; made < count; made++) {
    let text = made % 2 === 0 ? '/' : ''
    for (let length = 0; length < 1 + made % 9; length++) {
      state = (state * 1_103_515_245 + 12_345) % 2_147_483_648
      text += pieces[Math.floor(state / 65_536) % pieces.length]
    }
    yield text
  }
}

t.test('whatever is asked for, the answer stays on the site and in its header', async (t) => {
  let kept = 0
  for (const value of [...HOSTILE, ...FINE.map(([text]) => text), ...spellings(50_000)]) {
    for (const base of [BASE, `${BASE}/app`]) {
      const path = returnTo(value, base)
      const { origin, username, password, href } = destination(path)
      const isSound = /^\/(?!\/)[\x21-\x5b\x5d-\x7e]*$/.test(path) && path.length <= 2000 && origin === BASE && username + password === '' && href === BASE + path
      if (!isSound) t.fail(`${JSON.stringify(value)} gives ${JSON.stringify(path)}`)
      if (path.length > 4) kept++
    }
  }
  t.ok(kept > 1000, `${kept} are pages: it does not just say no`)
})

t.test('a browser on plain http or another port stays where it is', async (t) => {
  for (const base of ['http://localhost:3000', 'http://[::1]:3000/app', 'https://app.example.com:8443']) {
    t.equal(returnTo('/a?b#c', base), '/a?b#c')
    t.equal(returnTo('/.//evil.example', base), new URL(base).pathname)
    t.equal(returnTo(`${new URL(base).origin}/a`, base), new URL(base).pathname)
  }
})
