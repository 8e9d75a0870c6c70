import { readFileSync } from 'node:fs'
import t from 'tap'
import type { FastifyInstance } from 'fastify'
import type { DpopMode, GatehouseOptions } from '../../lib/index.js'
import { guardedApi, refusalsIn } from '../support/guarded-api.js'
import type { GuardedApi } from '../support/guarded-api.js'
import { createIssuer } from '../support/issuer.js'
import { createProver } from '../support/prover.js'
import { send } from '../support/wire.js'

const issuer = await createIssuer({ algorithms: ['ES256'] })
t.teardown(() => issuer.close())
const client = await createProver()
const other = await createProver()

const ALGORITHMS = 'ES256 ES384 EdDSA PS256 RS256 RS384 RS512 PS384 PS512 ES512 Ed25519'
const MESSAGES: Readonly<Record<string, string>> = {
  GATEHOUSE_CREDENTIAL_MISSING: 'Authentication is required',
  GATEHOUSE_CREDENTIAL_MALFORMED: 'The request must carry exactly one credential, in one header and well formed: the scheme, one space, the token',
  GATEHOUSE_DPOP_PROOF_INVALID: 'The DPoP proof is missing, malformed, used before, or not made for this request',
  GATEHOUSE_TOKEN_INVALID: 'The access token is expired, revoked, malformed or not meant for this API'
}
const UNEXPECTED_PROOF = 'A DPoP proof came with a credential that is bound to no key: send it without a proof, or a bound token as Authorization: DPoP'
const STATUS: Readonly<Record<number, string>> = { 400: 'Bad Request', 401: 'Unauthorized' }

interface Answer {
  readonly status: number
  readonly challenges: readonly string[]
  readonly body: unknown
}

/** The decision table of README: a list of what may stand in each column, and the answer. */
const table = (() => {
  const page = readFileSync(new URL('../../README.md', import.meta.url), 'utf8')
  const [, rows] = /^\| mode \| Authorization \|.*\n\| -.*\n((?:\|.*\n)+)/m.exec(page)!
  return rows!.trim().split('\n').map((line) => {
    const [mode = '', scheme = '', proof = '', token = '', answer = '', challenge = ''] = line.replaceAll('`', '').split('|').slice(1, -1).map((cell) => cell.trim())
    const fits = (cell: string, value: string) => cell === 'any' || cell.split(', ').includes(value)
    return {
      line,
      fits: (row: Kinds) => fits(mode, row.mode) && fits(scheme, row.scheme) && fits(proof, row.proof) && fits(token, row.token),
      answer: answerIn(answer, challenge, token === 'unbound' && answer.startsWith('400') ? UNEXPECTED_PROOF : undefined)
    }
  })
})()

/** Rows that were needed. */
const decided = new Set<string>()

/** A row in the words of the table. */
interface Kinds { readonly mode: DpopMode, readonly scheme: string, readonly proof: string, readonly token: string }

/** @param sentence left out: that of the code */
function answerIn (answer: string, challenge: string, sentence?: string): Answer {
  const [status, code] = answer.split(' ')
  if (code === undefined) return { status: Number(status), challenges: [], body: { subject: 'user-1' } }
  const message = sentence ?? MESSAGES[code]!
  return {
    status: Number(status),
    challenges: challenge.split(', ').map((text) => {
      const [scheme, error] = text.split(' ')
      return challengeOf(scheme!, error, message)
    }),
    body: { statusCode: Number(status), code, error: STATUS[Number(status)], message }
  }
}

function challengeOf (scheme: string, error: string | undefined, description: string): string {
  const says = error === undefined ? [] : [`error="${error}"`, `error_description="${description}"`]
  return scheme === 'DPoP' ? `DPoP ${[...says, `algs="${ALGORITHMS}"`].join(', ')}` : ['Bearer realm="api"', ...says].join(', ')
}

const ANONYMOUS: Answer = { status: 200, challenges: [], body: { subject: null } }

const SCHEMES: ReadonlyArray<readonly [kind: string, authorization: (token: string) => string | undefined, token?: 'not one token' | 'alone']> = [
  ['nothing', () => undefined],
  ['nothing', () => 'Basic dTpw'],
  ['nothing', (token) => `DPoPs ${token}`],
  ['Bearer', (token) => `Bearer ${token}`],
  ['DPoP', (token) => `DPoP ${token}`],
  ['DPoP', (token) => `dpop  ${token}`],
  ['DPoP', (token) => `dPOP ${token}`],
  ['Bearer', () => 'Bearer', 'alone'],
  ['DPoP', () => 'DPoP', 'alone'],
  ['Bearer', (token) => `Bearer ${token} ${token}`, 'not one token'],
  ['DPoP', (token) => `DPoP ${token} ${token}`, 'not one token'],
  ['DPoP', (token) => `DPoP DPoP ${token}`, 'not one token']
]

const TOKENS: ReadonlyArray<readonly [kind: string, make: () => string]> = [
  ['bad', () => 'not.a.token'],
  ['bad', () => client.token(issuer, { exp: 1 })],
  ['bad', () => client.token(issuer, { cnf: { jkt: client.jkt, kid: 'x' } })],
  ['unbound', () => issuer.token()],
  ['bound', () => client.token(issuer)]
]

type MakeProofs = (target: { token: string, url: string }, use: (proof: string) => Promise<unknown>) => readonly string[] | Promise<readonly string[]>
const PROOFS: ReadonlyArray<readonly [kind: string, make: MakeProofs]> = [
  ['missing', () => []],
  ['empty', () => ['']],
  ['several', (target) => [client.proof(target), client.proof(target)]],
  ['several', (target) => [`${client.proof(target)}, ${client.proof(target)}`]],
  ['bad', () => ['garbage']],
  ['bad', (target) => [client.proof(target, { htm: 'POST' })]],
  ['good', (target) => [client.proof(target)]],
  ['other key', (target) => [other.proof(target)]],
  ['used', async (target, use) => {
    const proof = client.proof(target)
    await use(proof)
    return [proof]
  }]
]

const MODES: ReadonlyArray<readonly [title: string, mode: DpopMode, dpop: DpopMode, path: string]> = [
  ['off', 'off', 'off', '/'],
  ['allow', 'allow', 'allow', '/'],
  ['require', 'require', 'require', '/'],
  ['allow, and the route requires', 'require', 'allow', '/bound'],
  ['allow, on an optional route', 'allow', 'allow', '/optional'],
  ['require, on an optional route', 'require', 'require', '/optional']
]

async function open (dpop: GatehouseOptions['dpop'], server: (app: FastifyInstance) => void = () => {}): Promise<GuardedApi & { readonly url: string }> {
  const base = 'http://127.0.0.1:65535'
  const api = await guardedApi(t, issuer, {
    dpop,
    baseUrl: base,
    routes (app) {
      server(app)
      app.get('/optional', { config: { auth: 'optional' } }, async ({ auth }) => ({ subject: auth.isAuthenticated ? auth.subject : null }))
      if (dpop !== 'off') app.get('/bound', { config: { auth: { dpop: 'require' } } }, async ({ auth }) => ({ subject: auth.subject }))
    }
  })
  await api.app.listen({ port: 0, host: '127.0.0.1' })
  return { ...api, url: base }
}

async function ask (app: FastifyInstance, path: string, authorization: string | undefined, proofs: readonly string[]): Promise<Answer> {
  const headers = [...authorization === undefined ? [] : [['Authorization', authorization] as const], ...proofs.map((proof) => ['DPoP', proof] as const)]
  const { statusCode, headers: { 'www-authenticate': challenge = [] }, body } = await send(app, { path, headers })
  return { status: statusCode, challenges: [challenge].flat(), body: JSON.parse(body) }
}

function expectedOf (row: Kinds, optional: boolean, form: 'not one token' | 'alone' | undefined): Answer {
  const { mode, scheme } = row
  if (optional && (scheme === 'nothing' || (mode === 'off' && scheme === 'DPoP'))) return ANONYMOUS
  if (form === 'alone' && !(mode === 'off' && scheme === 'DPoP')) {
    return answerIn('400 GATEHOUSE_CREDENTIAL_MALFORMED', `${mode === 'require' ? 'DPoP' : scheme} invalid_request`)
  }
  // An empty proof is none, but beside a Bearer token it is there.
  const proof = row.proof === 'empty' && scheme === 'DPoP' ? 'missing' : row.proof
  const found = table.find(({ fits }) => fits({ ...row, proof, token: form === undefined ? row.token : 'not one token' }))
  if (found === undefined) throw new Error(`no row: ${JSON.stringify(row)}`)
  decided.add(found.line)
  return found.answer
}

t.test('every scheme, proof, token and mode gets the answer of the decision table in README, over the wire', async (t) => {
  const apis = { off: await open('off'), allow: await open('allow'), require: await open('require') }
  let asked = 0
  const wrong: unknown[] = []
  for (const [title, mode, dpop, path] of MODES) {
    const { app, url, logs } = apis[dpop]
    for (const [scheme, authorization, form] of SCHEMES) {
      for (const [proof, makeProofs] of PROOFS) {
        for (const [token, makeToken] of form === 'alone' ? TOKENS.slice(0, 1) : TOKENS) {
          const text = makeToken()
          const target = { token: text, url: url + path }
          const proofs = await makeProofs(target, (used) => ask(app, path, `DPoP ${text}`, [used]))
          const found = await ask(app, path, authorization(text), proofs)
          const wanted = expectedOf({ mode, scheme, proof, token }, path === '/optional', form)
          asked++
          if (JSON.stringify(found) !== JSON.stringify(wanted)) wrong.push({ row: [title, authorization('<token>'), proof, token], found, wanted, log: refusalsIn(logs).at(-1) })
        }
      }
    }
  }
  t.strictSame(wrong.slice(0, 3), [], `${wrong.length} of ${asked} answers are wrong`)
  t.ok(asked > 2000)
  t.strictSame(table.filter(({ line }) => !decided.has(line)).map(({ line }) => line), [], 'every row decided something')
  for (const { logs } of Object.values(apis)) t.notMatch(logs.text(), /eyJ|garbage/)
})

t.test('two Authorization headers are a 400 in the scheme of the first, or in DPoP where that is required', async (t) => {
  for (const [dpop, first, scheme] of [['allow', 'Bearer', 'Bearer'], ['allow', 'DPoP', 'DPoP'], ['require', 'Bearer', 'DPoP'], ['off', 'DPoP', 'Bearer']] as const) {
    const { app, url } = await open(dpop)
    const token = client.token(issuer)
    const { statusCode, headers, body } = await send(app, { headers: [['Authorization', `${first} ${token}`], ['Authorization', `DPoP ${token}`], ['DPoP', client.proof({ token, url: `${url}/` })]] })
    const { status, challenges, body: expectedBody } = answerIn('400 GATEHOUSE_CREDENTIAL_MALFORMED', `${scheme} invalid_request`)
    t.strictSame([statusCode, headers['www-authenticate'], JSON.parse(body)], [status, challenges[0], expectedBody], `${dpop} ${first}`)
  }
})

t.test('an error handler that sets the headers anew from error.headers sends both challenges', async (t) => {
  const { app } = await open('allow', (app) => {
    app.setErrorHandler<Error & { statusCode: number, code: string, error: string, headers: Record<string, string | string[]> }>((error, _request, reply) => {
      reply.removeHeader('www-authenticate')
      return reply.code(error.statusCode).headers(error.headers).send({ code: error.code, error: error.error })
    })
  })
  t.strictSame(await ask(app, '/', `Bearer ${client.token(issuer)}`, []), {
    status: 401,
    challenges: [challengeOf('Bearer', 'invalid_token', MESSAGES.GATEHOUSE_TOKEN_INVALID!), challengeOf('DPoP', undefined, '')],
    body: { code: 'GATEHOUSE_TOKEN_INVALID', error: 'invalid_token' }
  })
})

t.test('what is refused after the token turned out good is said in the scheme that was used', async (t) => {
  const scoped = 'The access token lacks a scope this request needs'
  const old = 'This needs a stronger or more recent authentication'
  const { app, url } = await open('allow', (app) => {
    app.get('/scoped', { config: { scopes: ['read', 'write'] } }, async () => ({}))
    app.get('/acr', { config: { auth: { acr: 'mfa', maxAge: 60 } } }, async () => ({}))
    app.get('/organization', async ({ auth }) => auth.organizationId())
    app.get('/scope-later', async ({ auth }) => auth.require({ scopes: 'admin' }))
    app.get('/role', { config: { roles: 'admin' } }, async () => ({}))
    app.get('/missing', { config: { auth: { dpop: 'require' }, scopes: 'admin' } }, async () => ({}))
  })
  const both = async (path: string) => {
    const token = client.token(issuer)
    const bound = await ask(app, path, `DPoP ${token}`, [client.proof({ token, url: url + path })])
    const bearer = await ask(app, path, `Bearer ${issuer.token()}`, [])
    return { status: [bound.status, bearer.status], bound: bound.challenges, bearer: bearer.challenges }
  }
  const algs = `algs="${ALGORITHMS}"`
  const insufficient = (scope: string) => `error="insufficient_scope", error_description="${scoped}", scope="${scope}"`
  t.strictSame(await both('/scoped'), { status: [403, 403], bound: [`DPoP ${insufficient('read write')}, ${algs}`], bearer: [`Bearer realm="api", ${insufficient('read write')}`] })
  t.strictSame(await both('/scope-later'), { status: [403, 403], bound: [`DPoP ${insufficient('admin')}, ${algs}`], bearer: [`Bearer realm="api", ${insufficient('admin')}`] })
  const stepUp = `error="insufficient_user_authentication", error_description="${old}", acr_values="mfa", max_age="60"`
  t.strictSame(await both('/acr'), { status: [401, 401], bound: [`DPoP ${stepUp}, ${algs}`], bearer: [`Bearer realm="api", ${stepUp}`] })
  for (const path of ['/organization', '/role']) t.strictSame(await both(path), { status: [403, 403], bound: [], bearer: [] }, path)
  t.strictSame(await both('/missing'), { status: [403, 401], bound: [`DPoP ${insufficient('admin')}, ${algs}`], bearer: [`DPoP scope="admin", ${algs}`] })
  t.strictSame((await ask(app, '/missing', undefined, [])).challenges, [`DPoP scope="admin", ${algs}`], 'with nothing sent')
})

t.test('an accessor used where nobody is authenticated asks for DPoP where the route requires it', async (t) => {
  const { app } = await open('require', (app) => { app.get('/late', { config: { auth: 'optional' } }, async ({ auth }) => auth.subject) })
  t.match(await ask(app, '/late', undefined, []), { status: 401, challenges: [challengeOf('DPoP', undefined, '')], body: { code: 'GATEHOUSE_NOT_AUTHENTICATED' } })
})
