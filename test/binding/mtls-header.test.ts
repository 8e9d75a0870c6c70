import { generateKeyPairSync, hash, X509Certificate } from 'node:crypto'
import type { Server } from 'node:http'
import type { FastifyHttpOptions } from 'fastify'
import t from 'tap'
import type { Test } from 'tap'
import type { ClientCertificateHeader } from '../../lib/index.js'
import { selfSigned } from '../browser/certificate.js'
import { ACCEPTED, guardedApi, INVALID_TOKEN } from '../support/guarded-api.js'
import { createIssuer } from '../support/issuer.js'
import { send } from '../support/wire.js'

const issuer = await createIssuer({ algorithms: ['ES256'] })
t.teardown(() => issuer.close())

const { cert: MINE, key: KEY } = selfSigned()
const { cert: OTHER } = selfSigned()
const MY_THUMBPRINT = thumbprint(MINE)
const TOKEN = issuer.token({ cnf: { 'x5t#S256': MY_THUMBPRINT } })
/** What the operator reads of an accepted request. */
const FINE = [200, undefined, undefined] as const

function thumbprint (pem: string): string {
  return hash('sha256', new X509Certificate(pem).raw, 'base64url')
}

function base64 (pem: string): string {
  return new X509Certificate(pem).raw.toString('base64')
}

/** As nginx and Envoy write a PEM. */
const escaped = encodeURIComponent

type Header = readonly [name: string, value: string]

/** An API behind a proxy that connects from loopback, and what becomes of a request with these headers. */
async function behindProxy (t: Test, settings: Partial<ClientCertificateHeader>, host = '127.0.0.1') {
  const server: FastifyHttpOptions<Server> = { http: { maxHeaderSize: 200_000 } }
  const { app, logs, refusals } = await guardedApi(t, issuer, {
    clientCertificate: { format: 'pem', trustedProxies: ['127.0.0.0/8', '::1'], ...settings },
    server
  })
  await app.listen({ port: 0, host })
  return {
    app,
    logs,
    refusals,
    /** Status, reason and hint. */
    async ask (...headers: Header[]): Promise<readonly unknown[]> {
      const before = refusals().length
      const response = await send(app, { headers: [['Authorization', `Bearer ${TOKEN}`], ...headers] })
      const answer = { status: response.statusCode, body: JSON.parse(response.body), challenge: response.headers['www-authenticate']?.toString(), retryAfter: response.headers['retry-after']?.toString() }
      t.strictSame(answer, answer.status === 200 ? ACCEPTED : INVALID_TOKEN)
      const refusal = refusals().slice(before).at(-1)
      return [response.statusCode, refusal?.reason, refusal?.hint ?? refusal?.found]
    }
  }
}

function unverifiable (why: string): readonly unknown[] {
  return [401, 'binding_unverifiable', `the token is bound to a certificate: ${why}`]
}

const MISMATCH = [401, 'certificate_mismatch', `x5t#S256 ${thumbprint(OTHER)}`]

t.test('the header of RFC 9440', async (t) => {
  const { ask } = await behindProxy(t, { format: 'rfc9440' })
  const wrong = unverifiable('the header client-cert holds no certificate in the format rfc9440')
  const mine = base64(MINE)
  const accepted = [`:${mine}:`, ` :${mine}: `, `:${mine}:;a=b`, `:${mine.replace(/=+$/, '')}:`]
  for (const value of accepted) t.strictSame(await ask(['Client-Cert', value]), FINE, value.replace(mine, 'mine'))
  t.strictSame(await ask(['Client-Cert', `:${base64(OTHER)}:`]), MISMATCH)
  const refused = ['', '::', ':', mine, `:${mine}`, `${mine}:`, `:${mine}::`, `:${mine}:x`, `"${mine}"`, `:${base64(MINE).slice(4)}:`, `:${mine}:, :${mine}:`, `:${mine}:;a, :${base64(OTHER)}:`, `:${mine}:;a=", :${base64(OTHER)}:`, escaped(MINE), ':AAAA:', `:${mine.replace('M', '*')}:`]
  for (const value of refused) t.strictSame(await ask(['Client-Cert', value]), wrong, value.replace(mine, 'mine'))
})

t.test('a PEM, as nginx, Apache, Traefik and others write it into one line', async (t) => {
  const { ask } = await behindProxy(t, { format: 'pem' })
  const wrong = unverifiable('the header ssl-client-cert holds no certificate in the format pem')
  const chain = MINE + OTHER
  const accepted = {
    'percent-encoded': escaped(MINE),
    'percent-encoded but for + / =': encodeURI(MINE).replaceAll('%0A', '%0a'),
    'with spaces for line ends': MINE.replaceAll('\n', ' '),
    'its base64 alone': base64(MINE),
    'its base64 alone, percent-encoded': escaped(base64(MINE)),
    'a chain': escaped(chain),
    'a chain of base64': `${base64(MINE)},${base64(OTHER)}`
  }
  for (const [name, value] of Object.entries(accepted)) t.strictSame(await ask(['ssl-client-cert', value]), FINE, name)
  t.strictSame(await ask(['ssl-client-cert', escaped(OTHER + MINE)]), MISMATCH, 'of a chain the first counts')
  const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const refused = {
    nothing: '',
    'what Apache says where there is none': '(null)',
    'a broken escape': '%ZZ',
    'half of one': escaped(MINE).slice(0, 200),
    'a private key': escaped(KEY),
    'a private key before the certificate': escaped(KEY + MINE),
    'a public key': escaped(publicKey.export({ type: 'spki', format: 'pem' }).toString()),
    'the base64 of a key': KEY.replaceAll(/-----.*-----|\n/g, ''),
    'encoded twice': escaped(escaped(MINE)),
    'as RFC 9440': `:${base64(MINE)}:`,
    spaces: `a${' '.repeat(10_000)}!`,
    'longer than a certificate': `${escaped(MINE)}${'%20'.repeat(6_000)}`,
    '100 KB': 'A'.repeat(100_000)
  }
  for (const [name, value] of Object.entries(refused)) t.strictSame(await ask(['ssl-client-cert', value]), wrong, name)
})

t.test("Envoy's header", async (t) => {
  const { ask } = await behindProxy(t, { format: 'xfcc' })
  const wrong = unverifiable('the header x-forwarded-client-cert holds no certificate in the format xfcc')
  const [mine, other] = [`Cert="${escaped(MINE)}"`, `Cert="${escaped(OTHER)}"`]
  const before = 'By=spiffe://a/b;Hash=00'
  const subject = 'Subject="CN=\\"x, y\\";O=\\\\";URI=spiffe://a'
  const accepted = [
    mine, mine.replace('Cert', 'cert'), mine.replaceAll('"', ''), `${before};${mine}`, `${before};${mine};${subject}`, `${subject};${mine}`, ` ${before} ; ${mine} ; ${subject} `,
    `Cert="${escaped(MINE)}";Chain="${escaped(MINE + OTHER)}"`, `${other},${mine}`, `${before};${other};${subject},${before};${mine};${subject}`, `,${mine}`
  ]
  for (const value of accepted) t.strictSame(await ask(['x-forwarded-client-cert', value]), FINE, shortened(value))
  for (const value of [other, `${mine},${other}`, `${mine},${before};${other};${subject}`]) {
    t.strictSame(await ask(['x-forwarded-client-cert', value]), MISMATCH, shortened(value))
  }
  const refused = [
    '', before, `${mine},`, `${mine},${before}`, `${mine};${mine}`, `${mine};${other}`, `${other};${mine}`, 'Cert=', 'Cert=""', 'Cert', `Certificate="${escaped(MINE)}"`, `Chain="${escaped(MINE)}"`, `"${mine}"`,
    `Subject="${mine.replaceAll('"', '')}"`, `Subject="${mine.replaceAll('"', '\\"')}"`, escaped(MINE), `Cert="${escaped(KEY)}"`, '"', '"'.repeat(9_999), '"\\'.repeat(5_000)
  ]
  for (const value of refused) t.strictSame(await ask(['x-forwarded-client-cert', value]), wrong, shortened(value))

  await t.test('whatever a client writes before what the proxy adds', async (t) => {
    const added = `${before};${other};${subject}`
    for (const start of [mine, `${mine};X="`, `${mine};X=\\`, `${mine};X="\\`, `${mine};X="\\"`, `${mine};"`, '"', '\\"', `X="${mine}`, `${mine};X="a\\\\`]) {
      t.strictSame(await ask(['x-forwarded-client-cert', `${start},${added}`]), MISMATCH, shortened(start))
    }
  })
})

function shortened (value: string): string {
  return value.replaceAll(escaped(MINE), 'mine').replaceAll(escaped(OTHER), 'other').slice(0, 100)
}

t.test('a header of any name, in any case', async (t) => {
  const { ask } = await behindProxy(t, { header: 'X-Amzn-Mtls-Clientcert' })
  t.strictSame(await ask(['x-AMZN-mtls-clientcert', escaped(MINE)]), FINE)
  t.strictSame(await ask(['ssl-client-cert', escaped(MINE)]), unverifiable('no header x-amzn-mtls-clientcert'))
})

t.test('a header that came twice is not believed, be the two the same', async (t) => {
  const { ask } = await behindProxy(t, {})
  const header = ['SSL-Client-Cert', escaped(MINE)] as const
  t.strictSame(await ask(header, ['ssl-client-cert', escaped(OTHER)]), unverifiable('the header ssl-client-cert came 2 times'))
  t.strictSame(await ask(header, header, header), unverifiable('the header ssl-client-cert came 3 times'))
})

t.test('from a peer that is no trusted proxy a header is not believed', async (t) => {
  const { ask } = await behindProxy(t, { trustedProxies: ['10.0.0.5', '127.0.0.2'] })
  const header = ['ssl-client-cert', escaped(MINE)] as const
  t.strictSame(await ask(header), unverifiable('the connection comes from none of trustedProxies, so ssl-client-cert is not believed'))
  t.strictSame(await ask(header, ['x-forwarded-for', '10.0.0.5'], ['forwarded', 'for=10.0.0.5']), unverifiable('the connection comes from none of trustedProxies, so ssl-client-cert is not believed'))
})

t.test('nor where no proxy is configured', async (t) => {
  const { app, refusals } = await guardedApi(t, issuer, {})
  const headers = { authorization: `Bearer ${TOKEN}`, 'client-cert': `:${base64(MINE)}:`, 'ssl-client-cert': escaped(MINE), 'x-forwarded-client-cert': `Cert="${escaped(MINE)}"` }
  t.match(await app.inject({ url: '/', headers }), { statusCode: 401 })
  t.match(refusals(), [{ reason: 'binding_unverifiable', hint: 'the token is bound to a certificate: the connection is not TLS: where a proxy ends it, name its header with clientCertificate' }])
})

t.test('a proxy that connects by IPv4 to a server of both is the same', async (t) => {
  const { ask } = await behindProxy(t, { trustedProxies: ['127.0.0.1'] }, '::')
  t.strictSame(await ask(['ssl-client-cert', escaped(MINE)]), FINE)
})

t.test('no certificate is logged, nor any part of one', async (t) => {
  for (const format of ['rfc9440', 'pem', 'xfcc'] as const) {
    const { ask, logs } = await behindProxy(t, { format, header: 'certificate' })
    for (const value of [`:${base64(MINE)}:`, `:${base64(OTHER)}:`, escaped(MINE), escaped(OTHER), `Cert="${escaped(MINE)}"`, `Cert="${escaped(OTHER)}`, escaped(KEY), KEY.replaceAll('\n', ' ')]) {
      await ask(['certificate', value])
    }
    for (const pem of [MINE, OTHER, KEY]) {
      const body = pem.replaceAll(/-----.*-----|\n/g, '')
      for (let at = 0; at + 24 <= body.length; at += 12) t.notOk(logs.text().includes(body.slice(at, at + 24)))
    }
    t.notMatch(logs.text(), /eyJ|BEGIN/)
  }
})
