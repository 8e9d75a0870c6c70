import { hkdfSync } from 'node:crypto'
import { deflateRawSync } from 'node:zlib'
import { inspect } from 'node:util'
import { base64url, CompactEncrypt, compactDecrypt } from 'jose'
import t from 'tap'
import { createSealer } from '../../lib/session/seal.js'
import { mistake } from '../support/mistake.js'

const SECRET = 'Jx0cW6tq3zVYb8mRkT1uE5hNsA9gLdPi'
const OTHER = 'pB7nQ2vX5wZ8cF1jH4kM6rT9yU3iO0aS'
const ORIGIN = 'https://app.example.com'

const sealer = createSealer([SECRET], 'session', ORIGIN)

const headerOf = (sealed: string) => JSON.parse(Buffer.from(sealed.split('.')[0]!, 'base64url').toString())
const encoded = (value: unknown) => base64url.encode(JSON.stringify(value))
const withPart = (sealed: string, index: number, change: (part: string) => string) => sealed.split('.').map((part, at) => at === index ? change(part) : part).join('.')

t.test('what is sealed opens, to the letter', async (t) => {
  for (const text of ['', 'a', '{"sub":"1"}', 'Ünïcödé \u{1f511}', '\ufeffafter a byte order mark', '\u0000\r\n', 'x'.repeat(90_000)]) {
    t.equal(await sealer.open(await sealer.seal(text)), text, `${text.length} characters`)
  }
  for (let length = 0; length < 20; length++) t.equal(await sealer.open(await sealer.seal('y'.repeat(length))), 'y'.repeat(length))
})

t.test('a sealed text fits into a cookie as it is, and shows nothing of what is inside', async (t) => {
  const sealed = await sealer.seal('hunter2 hunter2 hunter2')
  t.match(sealed, /^[\w.-]+$/)
  t.notMatch(Buffer.from(sealed.replaceAll('.', ''), 'base64url').toString('latin1'), 'hunter2')
  t.not(await sealer.seal('a'), await sealer.seal('a'), 'two of one text differ')
})

t.test('the header names dir, A256GCM, the key, the purpose and the origin, and nothing else', async (t) => {
  const { kid, ...rest } = headerOf(await sealer.seal('a'))
  t.strictSame(rest, { alg: 'dir', enc: 'A256GCM', purpose: 'session', origin: ORIGIN })
  t.match(kid, /^[\w-]{8}$/)
})

t.test('the first secret seals, all open', async (t) => {
  const before = createSealer([OTHER], 'session', ORIGIN)
  const rotated = createSealer([SECRET, OTHER], 'session', ORIGIN)
  t.equal(await rotated.open(await before.seal('old')), 'old')
  t.equal(await before.open(await rotated.seal('new')), undefined, 'whoever has only the old secret does not read new texts')
  t.equal(await sealer.open(await rotated.seal('new')), 'new')
  t.equal(await sealer.open(await before.seal('gone')), undefined, 'a secret taken off the list opens nothing')
})

t.test('another process with the same secret opens, and so does the next version: derivation and header are pinned', async (t) => {
  t.equal(await createSealer([SECRET], 'session', ORIGIN).open(await sealer.seal('a')), 'a')
  const kept = 'eyJhbGciOiJkaXIiLCJlbmMiOiJBMjU2R0NNIiwia2lkIjoiN3dzNVR2ckoiLCJwdXJwb3NlIjoic2Vzc2lvbiIsIm9yaWdpbiI6Imh0dHBzOi8vYXBwLmV4YW1wbGUuY29tIn0' +
    '..z-OLh8_eA7xKLocf.z2OOLgHmFQ--5td8UvU.skv7i07-Q0ofKso8pubciQ'
  t.equal(await sealer.open(kept), 'kept since 0.2')
})

t.test('a text for one purpose or origin never opens for another', async (t) => {
  const sealed = await sealer.seal('a')
  for (const [purpose, origin] of [
    ['transaction', ORIGIN], ['stored-session', ORIGIN], ['refresh', ORIGIN],
    ['session', 'https://evil.example'], ['session', 'http://app.example.com'], ['session', `${ORIGIN}/`], ['session', '']
  ] as const) {
    const other = createSealer([SECRET], purpose, origin)
    t.equal(await other.open(sealed), undefined, `${purpose} ${origin}`)
    const [itsHeader] = (await other.seal('a')).split('.')
    t.equal(await other.open(withPart(sealed, 0, () => itsHeader!)), undefined, 'not with the header it expects either')
    t.equal(await sealer.open(withPart(sealed, 0, () => itsHeader!)), undefined)
  }
})

t.test('purposes have keys of their own, and secrets of one purpose too', async (t) => {
  const kids = new Set<string>()
  for (const purpose of ['session', 'transaction', 'stored-session', 'refresh'] as const) {
    for (const secret of [SECRET, OTHER]) kids.add(headerOf(await createSealer([secret], purpose, ORIGIN).seal('a')).kid)
  }
  t.equal(kids.size, 8)
})

t.test('one changed character anywhere closes it', async (t) => {
  const sealed = await sealer.seal('the quick brown fox')
  for (let index = 0; index < sealed.length; index++) {
    const swapped = sealed[index] === 'A' ? 'B' : 'A'
    t.equal(await sealer.open(sealed.slice(0, index) + swapped + sealed.slice(index + 1)), undefined, `character ${index}`)
  }
})

t.test('cut off anywhere, or with more behind it, it stays closed', async (t) => {
  const sealed = await sealer.seal('the quick brown fox')
  for (let length = 0; length < sealed.length; length++) t.equal(await sealer.open(sealed.slice(0, length)), undefined, `${length} characters`)
  for (const more of ['A', '=', '==', ' ', '\n', '.', '.A', '\u0000', 'AAAA']) {
    t.equal(await sealer.open(sealed + more), undefined, JSON.stringify(more))
    t.equal(await sealer.open(more + sealed), undefined)
  }
})

t.test('parts of two texts do not make a third', async (t) => {
  const one = await sealer.seal('one is one')
  const two = await sealer.seal('two is two')
  for (const index of [2, 3, 4]) t.equal(await sealer.open(withPart(one, index, () => two.split('.')[index]!)), undefined, `part ${index}`)
})

t.test('a sealed text has one spelling', async (t) => {
  const next = (part: string) => part.slice(0, -1) + String.fromCharCode(part.charCodeAt(part.length - 1) + 1)
  for (const text of ['a', 'ab', 'abc']) {
    const sealed = await sealer.seal(text)
    for (const index of [2, 3, 4]) {
      for (const change of [next, (part: string) => `${part}=`, (part: string) => `${part}==`, (part: string) => `\t${part}`, (part: string) => `${part.slice(0, 2)} ${part.slice(2)}`]) {
        t.equal(await sealer.open(withPart(sealed, index, change)), undefined)
      }
    }
    t.equal(await sealer.open(withPart(sealed, 1, () => 'AAAA')), undefined, 'there is no encrypted key')
  }
})

t.test('no other header opens, though its text be sealed with the very key', async (t) => {
  const key = new Uint8Array(hkdfSync('sha256', SECRET, '', 'fastify-gatehouse session', 32))
  const header = headerOf(await sealer.seal('a'))
  t.equal((await compactDecrypt(await sealer.seal('a'), key)).plaintext.length, 1, 'it is the key')
  const plain = new TextEncoder().encode('{"sub":"admin"}')
  for (const [title, change] of [
    ['zip', { zip: 'DEF' }],
    ['a member nobody reads', { x: 1 }],
    ['no purpose', { purpose: undefined }],
    ['no origin', { origin: undefined }],
    ['no key id', { kid: undefined }],
    ['another key id', { kid: 'AAAAAAAA' }],
    ['a type', { typ: 'JWT' }]
  ] as const) {
    const sealed = await new CompactEncrypt(plain).setProtectedHeader({ ...header, ...change }).encrypt(key)
    t.equal(await sealer.open(sealed), undefined, title)
  }
  const { purpose, origin, kid } = header
  const reordered = await new CompactEncrypt(plain).setProtectedHeader({ enc: 'A256GCM', alg: 'dir', kid, purpose, origin }).encrypt(key)
  t.equal(await sealer.open(reordered), undefined, 'another order')
  for (const alg of ['A256KW', 'A256GCMKW', 'PBES2-HS512+A256KW']) {
    const sealed = await new CompactEncrypt(plain).setProtectedHeader({ ...header, alg }).encrypt(key)
    t.equal(await sealer.open(sealed), undefined, alg)
    t.equal(await sealer.open(withPart(sealed, 0, () => encoded(header))), undefined, `${alg} under our header`)
  }
  for (const enc of ['A128GCM', 'A128CBC-HS256']) {
    const sealed = await new CompactEncrypt(plain).setProtectedHeader({ ...header, enc }).encrypt(key.slice(0, enc === 'A128GCM' ? 16 : 32))
    t.equal(await sealer.open(sealed), undefined, enc)
  }
  t.equal(await sealer.open(await new CompactEncrypt(plain).setProtectedHeader(header).encrypt(key)), '{"sub":"admin"}', 'the header alone made the difference')
})

t.test('garbage stays closed, in no time', async (t) => {
  const header = (await sealer.seal('a')).split('.')[0]!
  const bomb = deflateRawSync(Buffer.alloc(5_000_000)).toString('base64url')
  const pbes2 = encoded({ alg: 'PBES2-HS512+A256KW', enc: 'A256GCM', p2s: 'c2FsdHNhbHQ', p2c: 2_000_000_000 })
  const started = process.cpuUsage()
  for (const sealed of [
    '', '.', '..', '....', '.....', 'a', 'a.b.c', 'a.b.c.d.e', 'a.b.c.d.e.f', '\u0000', '\ud800', '__proto__', 'constructor....', 'null',
    `${header}....`, `${header}..${'A'.repeat(16)}..`, `${header}..${'A'.repeat(16)}..${'A'.repeat(22)}`, `${header}.${'A'.repeat(43)}.${'A'.repeat(16)}.AAAA.${'A'.repeat(22)}`,
    `${header}..${'A'.repeat(16)}.A.${'A'.repeat(22)}`, `${header}..${'A'.repeat(16)}.AA!A.${'A'.repeat(22)}`, `${header}..${'é'.repeat(16)}.AAAA.${'A'.repeat(22)}`,
    `${encoded({ alg: 'dir', enc: 'A256GCM', zip: 'DEF' })}..${'A'.repeat(16)}.${bomb}.${'A'.repeat(22)}`,
    `${pbes2}.${'A'.repeat(54)}.${'A'.repeat(16)}.AAAA.${'A'.repeat(22)}`,
    `${encoded({ alg: 'none' })}.e30.`, `${encoded({ alg: 'HS256' })}.e30.AAAA`, `${'['.repeat(50_000)}....`,
    'A'.repeat(131_072), `${header}..${'A'.repeat(130_000)}`, `${header}..${'A'.repeat(16)}.${'A'.repeat(130_700)}!`,
    '.'.repeat(10_000_000), 'A'.repeat(10_000_000), `${header}..${'A'.repeat(16)}.${'A'.repeat(10_000_000)}.${'A'.repeat(22)}`
  ]) t.equal(await sealer.open(sealed), undefined, sealed.slice(0, 60))
  t.ok(process.cpuUsage(started).user < 1_000_000, 'less than a second of CPU time')
})

t.test('what could not be opened again is not sealed', async (t) => {
  const room = 131_072 - (await sealer.seal('')).length
  const longest = 'x'.repeat(Math.floor(room / 4) * 3)
  t.equal(await sealer.open(await sealer.seal(longest)), longest)
  await t.rejects(sealer.seal('secret!'.repeat(20_000)), { name: 'RangeError', message: /^sealer: a sealed text has at most 131072 characters, this one has \d+$/ })
})

t.test('a sealer without a sound secret cannot be made', async (t) => {
  t.equal(mistake(() => createSealer([], 'session', ORIGIN)), 'sealer: expected at least one secret')
  for (const secrets of [[''], ['x'.repeat(31)], [SECRET, 'hunter2']]) {
    t.equal(mistake(() => createSealer(secrets, 'session', ORIGIN)), 'sealer: expected secrets of at least 32 bytes')
  }
})

t.test('a sealer shows no key', async (t) => {
  t.ok(Object.isFrozen(sealer))
  t.notMatch(inspect(sealer, { depth: 10, showHidden: true }), /Jx0c|Uint8Array|Buffer|CryptoKey/)
})
