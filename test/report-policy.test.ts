import t from 'tap'
import { guardedApi } from './support/guarded-api.js'
import { createIssuer } from './support/issuer.js'

const issuer = await createIssuer()
t.teardown(() => issuer.close())

const { get, logs, refusals } = await guardedApi(t, issuer, {
  routes: (app) => {
    const handler = async () => ({})
    app.get('/scope', { config: { scopes: 'read:messages' } }, handler)
    app.get('/permission', { config: { permissions: 'read:messages' } }, handler)
    app.get('/role', { config: { roles: 'editor' } }, handler)
    app.get('/claim', { config: { auth: { claims: { email_verified: [true] } } } }, handler)
  }
})

const lacksScope = {
  status: 403,
  body: { statusCode: 403, code: 'GATEHOUSE_SCOPE_INSUFFICIENT', error: 'Forbidden', message: 'The access token lacks a scope this request needs' },
  challenge: 'Bearer realm="api", error="insufficient_scope", error_description="The access token lacks a scope this request needs", scope="read:messages"',
  retryAfter: undefined
}
const forbidden = {
  status: 403,
  body: { statusCode: 403, code: 'GATEHOUSE_FORBIDDEN', error: 'Forbidden', message: 'The caller may not do this' },
  challenge: undefined,
  retryAfter: undefined
}
const asPermission = 'the token has it as a permission, not as a scope: demand it with config.permissions'
const asScope = 'the token has it as a scope, not as a permission: demand it with config.scopes, or switch on permissions in the token at the provider'

for (const { name, path, claims, answer, line } of [
  { name: 'a scope that is not there', path: '/scope', claims: { scope: 'other' }, answer: lacksScope, line: { reason: 'scope_missing', expected: 'scopes: read:messages', found: ['other'] } },
  { name: 'a scope that is there as a permission', path: '/scope', claims: { permissions: ['read:messages'] }, answer: lacksScope, line: { reason: 'scope_missing', expected: 'scopes: read:messages', found: [], hint: asPermission } },
  { name: 'a permission that is not there', path: '/permission', claims: {}, answer: forbidden, line: { reason: 'permission_missing', expected: 'permissions: read:messages', found: [] } },
  { name: 'a permission that is there as a scope', path: '/permission', claims: { scope: 'read:messages' }, answer: forbidden, line: { reason: 'permission_missing', expected: 'permissions: read:messages', found: [], hint: asScope } },
  { name: 'a role that is not there', path: '/role', claims: { roles: ['reader'] }, answer: forbidden, line: { reason: 'role_missing', expected: 'roles: editor', found: ['reader'] } },
  { name: 'a claim with another value', path: '/claim', claims: { email_verified: 'somebody@example.com' }, answer: forbidden, line: { reason: 'claim_refused', expected: 'claim email_verified: true', found: 'another value' } }
]) {
  t.test(`${name}: the log says what was demanded and what was held, the answer only what to ask for`, async (t) => {
    logs.lines.length = 0
    t.same(await get(issuer.token(claims), path), answer)
    const { body: { code } } = answer
    t.same(refusals(), [{ code, provider: 'oidc', clientId: 'client-1', ...line }])
    t.notMatch(JSON.stringify(logs.lines), /eyJ|somebody@/)
  })
}
