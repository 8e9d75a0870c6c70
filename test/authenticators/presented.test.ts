import t from 'tap'
import { ACCEPTED, guardedApi, INVALID_TOKEN } from '../support/guarded-api.js'
import { issuerFor } from '../support/house.js'
import { accepted, INVALID_CREDENTIAL, NOTHING_SENT, signatures, TWO_CREDENTIALS } from '../support/other-credentials.js'
import { send } from '../support/wire.js'

const issuer = await issuerFor(t)

t.test('what an authenticator vouched for stands in request.auth like any other identity', async (t) => {
  const { authenticator } = signatures({
    authenticate: () => ({ subject: 'cdn', clientId: 'edge', organizationId: 'org-1', scopes: ['read'], permissions: ['purge'], roles: ['bot'], claims: { region: 'eu' }, expiresAt: 4_000_000_000 })
  })
  const { get } = await guardedApi(t, issuer, {
    authenticators: [authenticator],
    routes: (app) => {
      app.get('/all', { config: { scopes: 'read', permissions: 'purge', roles: 'bot', auth: { claims: { region: 'eu' } } } }, async ({ auth }) => ({ ...JSON.parse(JSON.stringify(auth)), organization: auth.organizationId(), credential: auth.credentials() }))
      app.get('/claims', async ({ auth }) => auth.accessTokenClaims())
      app.get('/more', { config: { permissions: 'format' } }, async () => 'in')
    }
  })
  t.same((await get(undefined, '/all', { 'x-signature': 'abc' })).body, {
    isAuthenticated: true, credentialsType: 'signature', provider: 'signature', subject: 'cdn', scopes: ['read'], permissions: ['purge'], roles: ['bot'], organization: 'org-1', credential: 'abc'
  })
  t.match(await get(undefined, '/more', { 'x-signature': 'abc' }), { status: 403, body: { code: 'GATEHOUSE_FORBIDDEN' }, challenge: undefined })
  t.match(await get(undefined, '/claims', { 'x-signature': 'abc' }), { status: 403, body: { code: 'GATEHOUSE_NOT_AN_ACCESS_TOKEN' }, challenge: undefined })
})

t.test('the first that matches decides, and where it refuses nothing else is tried', async (t) => {
  const one = signatures()
  const two = signatures({ name: 'second' })
  const { get, refusals } = await guardedApi(t, issuer, { authenticators: [one.authenticator, two.authenticator] })
  t.same(await get(undefined, '/', { 'x-signature': 'good' }), accepted('good'))
  t.same(await get(undefined, '/', { 'x-signature': 'bad' }), INVALID_CREDENTIAL)
  t.same([one.asked, two.asked], [['good', 'bad'], []])
  t.match(refusals(), [{ code: 'GATEHOUSE_CREDENTIAL_INVALID', reason: 'credential_unknown', provider: 'signature' }])
})

t.test('where none matches the access token decides, then it is as if nothing was sent', async (t) => {
  const { authenticator, asked } = signatures()
  const { get } = await guardedApi(t, issuer, { authenticators: [authenticator] })
  t.same(await get(issuer.token()), ACCEPTED)
  t.same(await get('x.y.z'), INVALID_TOKEN)
  t.same(await get(undefined), NOTHING_SENT)
  t.same(asked, [])
})

t.test('beside an access token another credential is one too many, good or bad', async (t) => {
  const { authenticator, asked } = signatures()
  const { get, refusals } = await guardedApi(t, issuer, { authenticators: [authenticator] })
  const token = issuer.token()
  for (const sent of ['good', 'bad', '', token.slice(0, 40), token.slice(40, 60), 'B', 'Bearer', 'e', '.']) t.same(await get(token, '/', { 'x-signature': sent }), TWO_CREDENTIALS, sent)
  t.same(await get('garbage', '/', { 'x-signature': 'good' }), TWO_CREDENTIALS)
  t.same(asked, [], 'nobody is asked')
  t.match(refusals()[0], { reason: 'credentials_repeated', hint: 'send a credential in the Authorization header, or one in another header' })
  t.same(await get(undefined, '/', { authorization: 'Basic YTpi', 'x-signature': 'good' }), accepted('good'), 'another scheme is nothing we read')
})

t.test('an empty credential is a bad one, and nobody is asked about it', async (t) => {
  const { authenticator, asked } = signatures()
  const { get, refusals } = await guardedApi(t, issuer, { authenticators: [authenticator], routes: (app) => { app.get('/optional', { config: { auth: 'optional' } }, async () => 'in') } })
  for (const path of ['/', '/optional']) t.same(await get(undefined, path, { 'x-signature': '' }), INVALID_CREDENTIAL)
  t.match(refusals(), [{ reason: 'credential_malformed', provider: 'signature' }, {}])
  t.same(asked, [])
})

t.test('a credential that is huge, or not of its shape, is refused without asking', async (t) => {
  const { authenticator, asked } = signatures({ shape: /^good[a-z]*$/ })
  const { get, refusals } = await guardedApi(t, issuer, { authenticators: [authenticator] })
  for (const sent of ['bad', 'good1', 'good\tgood', 'xgood', `good${'a'.repeat(17_000)}`, '__proto__']) t.same(await get(undefined, '/', { 'x-signature': sent }), INVALID_CREDENTIAL)
  t.same(refusals().map(({ reason }) => reason), Array.from({ length: 6 }, () => 'credential_malformed'))
  for (let times = 0; times < 3; times++) t.same(await get(undefined, '/', { 'x-signature': 'goodone' }), accepted('goodone'))
  t.same(asked, ['goodone', 'goodone', 'goodone'])
})

t.test('an authenticator may read a scheme of its own from the Authorization header', async (t) => {
  const { authenticator } = signatures({ from: 'authorization', match: ({ headers }) => /^Signature (.+)$/i.exec(headers.authorization ?? '')?.[1] })
  const { get } = await guardedApi(t, issuer, { authenticators: [authenticator] })
  t.same(await get(undefined, '/', { authorization: 'Signature good' }), accepted('good'))
  t.same(await get(undefined, '/', { authorization: 'Signature bad' }), INVALID_CREDENTIAL)
  t.same(await get(undefined, '/', { authorization: 'Digest good' }), NOTHING_SENT)
  t.same(await get(issuer.token()), ACCEPTED)
  t.same((await get(undefined, '/', { authorization: 'Signature' })), NOTHING_SENT)
})

t.test('or Bearer credentials that begin like its own, with or without that beginning', async (t) => {
  const begins = 'Bearer acme_'
  for (const [title, from] of [['whole header', 0], ['token', 7], ['rest', begins.length]] as const) {
    const { authenticator, asked } = signatures({
      from: 'authorization',
      match: ({ headers: { authorization = '' } }) => authorization.startsWith(begins) ? authorization.slice(from) : undefined,
      authenticate: (credential) => { asked.push(credential); return credential.endsWith('good') ? { subject: title } : null }
    })
    const { get } = await guardedApi(t, issuer, { authenticators: [authenticator] })
    t.same(await get('acme_good'), accepted(title))
    t.same(await get('acme_bad'), INVALID_CREDENTIAL)
    t.same(await get(issuer.token()), ACCEPTED, 'other Bearer credentials are access tokens')
    t.same(asked, [`${begins}good`.slice(from), `${begins}bad`.slice(from)])
  }
})

t.test('what one finds in the Authorization header and another in another header are two credentials, in whatever order they are asked', async (t) => {
  const header = signatures()
  const own = signatures({ name: 'own', from: 'authorization', match: ({ headers }) => /^Own (.+)$/.exec(headers.authorization ?? '')?.[1] })
  const bearer = signatures({ name: 'bearer', from: 'authorization', match: ({ headers }) => /^Bearer (good.*)$/.exec(headers.authorization ?? '')?.[1] })
  for (const authenticators of [[header, own, bearer], [bearer, own, header]].map((order) => order.map(({ authenticator }) => authenticator))) {
    const { get } = await guardedApi(t, issuer, { authenticators })
    for (const authorization of ['Own good', 'Own bad', 'Bearer good']) t.same(await get(undefined, '/', { authorization, 'x-signature': 'good' }), TWO_CREDENTIALS, authorization)
    t.same([header.asked, own.asked, bearer.asked], [[], [], []], 'nobody is asked')
    t.same(await get(undefined, '/', { authorization: 'Own good' }), accepted('good'))
    t.same(await get('good'), accepted('good'))
    t.same(await get(undefined, '/', { 'x-signature': 'good' }), accepted('good'))
    t.same(await get(issuer.token()), ACCEPTED)
    for (const { asked } of [header, own, bearer]) asked.length = 0
  }
})

t.test('one that reads the Authorization header and does not say so is beside the Bearer token it reads', async (t) => {
  const { authenticator, asked } = signatures({ match: ({ headers }) => /^Bearer (good.*)$/.exec(headers.authorization ?? '')?.[1] })
  const { get } = await guardedApi(t, issuer, { authenticators: [authenticator] })
  t.same(await get('good'), TWO_CREDENTIALS)
  t.same(asked, [])
})

t.test('of two that find something in other headers the first decides', async (t) => {
  const one = signatures({ name: 'first', match: ({ headers }) => headers['x-first']?.toString() })
  const { authenticator, asked } = signatures()
  const { get } = await guardedApi(t, issuer, { authenticators: [one.authenticator, authenticator] })
  t.same(await get(undefined, '/', { 'x-first': 'good-1', 'x-signature': 'good-2' }), accepted('good-1'))
  t.same(asked, [])
})

t.test('an answer that a header opened is not for shared caches, unless it is the one they know of, or the route says otherwise', async (t) => {
  const own = signatures({ name: 'own', from: 'authorization', match: ({ headers }) => /^Own (.+)$/.exec(headers.authorization ?? '')?.[1] })
  const { app } = await guardedApi(t, issuer, {
    authenticators: [signatures().authenticator, own.authenticator],
    routes: (app) => {
      app.get('/shared', async (_request, reply) => { reply.header('cache-control', 'max-age=60'); return {} })
      app.get('/optional', { config: { auth: 'optional' } }, async () => ({}))
    }
  })
  const cacheControl = async (headers: Record<string, string>, url = '/') => (await app.inject({ url, headers })).headers['cache-control']
  t.equal(await cacheControl({ 'x-signature': 'good' }), 'private')
  t.equal(await cacheControl({ 'x-signature': 'good' }, '/optional'), 'private')
  t.equal(await cacheControl({ 'x-signature': 'good' }, '/shared'), 'max-age=60')
  t.equal(await cacheControl({ authorization: 'Own good' }), undefined)
  t.equal(await cacheControl({ authorization: `Bearer ${issuer.token()}` }), undefined)
  t.equal(await cacheControl({}, '/optional'), undefined)
})

t.test('two Authorization headers are malformed, whoever reads them', async (t) => {
  const { authenticator, asked } = signatures()
  const { app } = await guardedApi(t, issuer, { authenticators: [authenticator] })
  await app.listen({ host: '127.0.0.1', port: 0 })
  const { statusCode, headers, body } = await send(app, { headers: [['authorization', 'Bearer a'], ['authorization', 'Bearer b'], ['x-signature', 'good']] })
  t.match({ status: statusCode, challenge: headers['www-authenticate'], body: JSON.parse(body) }, { status: 400, challenge: /invalid_request/, body: { code: 'GATEHOUSE_CREDENTIAL_MALFORMED' } })
  t.same(asked, [])
})

t.test('no provider is needed', async (t) => {
  const { authenticator } = signatures()
  const { app, get } = await guardedApi(t, issuer, { provider: [], authenticators: [authenticator], startup: 'require' })
  t.same(await get(undefined, '/', { 'x-signature': 'good' }), accepted('good'))
  t.same(await get(issuer.token()), INVALID_TOKEN)
  t.same(app.gatehouse.health(), [])
  await app.gatehouse.ready()
  t.match(await app.gatehouse.verify('good').catch((error: unknown) => error), { statusCode: 401, reason: 'token_opaque' })
})

t.test('on a public route no authenticator is asked whether it matches', async (t) => {
  let matched = 0
  const { authenticator } = signatures({ match: () => { matched++; return 'good' } })
  const { get } = await guardedApi(t, issuer, { authenticators: [authenticator], routes: (app) => { app.get('/public', { config: { auth: false } }, async ({ auth }) => ({ is: auth.isAuthenticated })) } })
  t.same((await get(undefined, '/public', { 'x-signature': 'good' })).body, { is: false })
  t.equal((await get(undefined, '/nowhere')).status, 404)
  t.equal(matched, 0)
})
