import t from 'tap'
import { INVALID_TOKEN } from '../support/guarded-api.js'
import { createKey } from '../support/issuer.js'
import { accepted, BAD_REQUEST, projectApi } from '../support/tesseral/api.js'
import { identifier } from '../support/tesseral/identifiers.js'
import { createProject } from '../support/tesseral/project.js'

// The cases Tesseral publishes for authenticators, one test each.
const project = await createProject(t)
const { ask } = await projectApi(t, project)
const other = await createKey('ES256', { kid: project.keys[0]!.kid })
const now = Math.floor(Date.now() / 1000)

function withPart (index: number, change: (part: string) => string): string {
  const parts = project.token().split('.')
  parts[index] = change(parts[index]!)
  return parts.join('.')
}

t.test('happy path: the token is accepted', async (t) => {
  t.same(await ask({ token: project.token() }), accepted(project.userId))
})

t.test('happy path: optional members of user and organization, and actions, are no obstacle', async (t) => {
  const user = { id: project.userId, email: 'jo@example.com', displayName: 'Jo', profilePictureUrl: 'https://example.com/jo.png' }
  t.same(await ask({ token: project.token({ user, actions: ['a.b.c'], impersonator: { email: 'staff@example.com' } }) }), accepted(project.userId))
})

for (const [title, token] of [
  ['before nbf', project.token({ nbf: now + 60, iat: now + 60 })],
  ['after exp', project.token({ exp: now - 60 })],
  ['unknown kid', project.token({}, { kid: identifier('session_signing_key') })],
  ['invalid base64 in the header', withPart(0, (part) => `${part}!`)],
  ['invalid base64 in the claims', withPart(1, (part) => `${part}!`)],
  ['invalid base64 in the signature', withPart(2, (part) => `${part.slice(0, -1)}!`)],
  ['missing signature part', project.token().split('.').slice(0, 2).join('.')],
  ['wrong signature of the right length', project.token({}, {}, other)],
  ['signature too short', withPart(2, (part) => Buffer.from(part, 'base64url').subarray(0, 63).toString('base64url'))],
  ['signature too long', withPart(2, (part) => Buffer.concat([Buffer.from(part, 'base64url'), Buffer.alloc(1)]).toString('base64url'))]
] as const) {
  // A character no token may have makes the request malformed: RFC 6750 section 2.1.
  const answer = token.includes('!') ? BAD_REQUEST : INVALID_TOKEN
  t.test(`${title}: the token is refused`, async (t) => {
    t.same(await ask({ token }), answer)
  })
}

t.test('empty string: the request is malformed', async (t) => {
  t.same(await ask({ token: '' }), BAD_REQUEST)
})

t.test('what the SDKs do not look at is refused all the same', async (t) => {
  for (const [title, claims, header] of [
    ['another issuer', { iss: 'https://project-other.tesseral.app' }, {}],
    ['an issuer that is none of Tesseral', { iss: 'https://example.com' }, {}],
    ['the template itself', { iss: 'https://{project}.tesseral.app', aud: 'https://{project}.tesseral.app' }, {}],
    ['another audience', { aud: 'https://project-other.tesseral.app' }, {}],
    ['no audience', { aud: undefined }, {}],
    ['issuer and audience of another project', { iss: 'https://project-other.tesseral.app', aud: 'https://project-other.tesseral.app' }, {}],
    ['no exp', { exp: undefined }, {}],
    ['no nbf', { nbf: undefined }, {}],
    ['alg none', {}, { alg: 'none' }],
    ['another alg', {}, { alg: 'RS256' }],
    ['an ID token', { nonce: 'n' }, {}]
  ] as const) {
    t.same(await ask({ token: project.token(claims, header) }), INVALID_TOKEN, title)
  }
})
