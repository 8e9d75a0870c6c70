import t from 'tap'
import { tesseral } from '../../lib/index.js'
import { fakeClock } from '../support/clock.js'
import { INVALID_TOKEN, trusting, unavailable } from '../support/guarded-api.js'
import { issuerFor } from '../support/house.js'
import { accepted, NOTHING_SENT, projectApi, somebody } from '../support/tesseral/api.js'
import { identifier } from '../support/tesseral/identifiers.js'
import { createProject } from '../support/tesseral/project.js'
import { until } from '../support/until.js'

const MINUTE = 60_000

t.test('requests without a credential do not fetch the configuration', async (t) => {
  const project = await createProject(t)
  const { ask } = await projectApi(t, project)
  t.same(await ask(), NOTHING_SENT)
  t.same(await ask({ url: '/optional' }), somebody(false))
  t.equal(project.config.requests, 0)
})

t.test('requests that come at once share one fetch, by header and by cookie', async (t) => {
  const project = await createProject(t)
  const { ask } = await projectApi(t, project)
  const answers = await Promise.all(Array.from({ length: 100 }, (_, index) => ask({ [index % 2 === 0 ? 'token' : 'cookie']: project.token() })))
  for (const answer of answers) t.same(answer, accepted(project.userId))
  t.equal(project.config.requests, 1)
})

t.test('the configuration is fetched again in the background when it gets old, by default after 10 minutes', async (t) => {
  for (const { refreshInterval, minutes } of [{ refreshInterval: undefined, minutes: 10 }, { refreshInterval: 60, minutes: 1 }, { refreshInterval: 3600, minutes: 60 }]) {
    await t.test(`refreshInterval ${refreshInterval}`, async (t) => {
      const clock = fakeClock(t)
      const project = await createProject(t)
      const { ask, app } = await projectApi(t, project, { refreshInterval })
      await ask({ token: project.token() })
      clock.advance(minutes * MINUTE - 31_000)
      t.same(await ask({ token: project.token() }), accepted(project.userId))
      t.equal(project.config.requests, 1)
      clock.advance(2_000)
      t.same(await ask({ token: project.token() }), accepted(project.userId))
      await until(() => app.gatehouse.health()[0]?.fetches === 2 && project.config.requests === 2)
    })
  }
})

t.test('while the service is away the last good keys serve on, for an hour past their age', async (t) => {
  const clock = fakeClock(t)
  const project = await createProject(t)
  const { ask } = await projectApi(t, project)
  await ask({ token: project.token() })
  project.config.how = { status: 500 }
  clock.advance(69 * MINUTE)
  t.same(await ask({ token: project.token() }), accepted(project.userId))
  t.same(await ask({ cookie: project.token() }), accepted(project.userId))
  clock.advance(2 * MINUTE)
  t.match(await ask({ token: project.token() }), { ...unavailable(), retryAfter: /^\d+$/ })
})

for (const how of ['html', 'huge', 'refuse', { status: 500 }, { status: 200, body: '{"projectId"' }, { status: 302, headers: { location: 'https://example.com/' } }] as const) {
  t.test(`a first fetch that fails is a 503, never a 401: ${typeof how === 'string' ? how : `status ${how.status}`}`, async (t) => {
    const project = await createProject(t)
    project.config.how = how
    const { ask } = await projectApi(t, project)
    t.same(await ask({ token: project.token() }), unavailable())
    t.same(await ask({ cookie: project.token() }), unavailable())
    t.same(await ask(), NOTHING_SENT)
  })
}

t.test('a key that was rotated in is found at once, one that was rotated out is refused from then on', async (t) => {
  const project = await createProject(t)
  const { ask } = await projectApi(t, project)
  const before = project.token()
  t.same(await ask({ token: before }), accepted(project.userId))
  await project.rotate()
  t.same(await ask({ token: project.token() }), accepted(project.userId))
  t.equal(project.config.requests, 2)
  t.same(await ask({ token: before }), INVALID_TOKEN)
})

t.test('unknown key ids cause one fetch in 30 seconds, whatever their number', async (t) => {
  const clock = fakeClock(t)
  const project = await createProject(t)
  const { ask, refusals } = await projectApi(t, project)
  await ask({ token: project.token() })
  for (let count = 0; count < 20; count++) {
    t.same(await ask({ token: project.token({}, { kid: identifier('session_signing_key') }) }), INVALID_TOKEN)
  }
  t.equal(project.config.requests, 2)
  t.match(refusals()[0], { reason: 'kid_unknown', provider: 'tesseral' })
  clock.advance(30_000)
  await ask({ token: project.token({}, { kid: identifier('session_signing_key') }) })
  t.equal(project.config.requests, 3)
})

t.test("another project's token names a key nobody knows, and causes no fetch all the same", async (t) => {
  const [project, other] = await Promise.all([createProject(t), createProject(t)])
  const { ask, refusals } = await projectApi(t, project)
  await ask({ token: project.token() })
  for (const token of [other.token(), other.token({}, { kid: undefined }), project.token({ iss: other.issuer, aud: other.issuer }, { kid: identifier('session_signing_key') })]) t.same(await ask({ token }), INVALID_TOKEN)
  t.same(await ask({ cookie: other.token() }), INVALID_TOKEN)
  t.equal(project.config.requests, 1)
  t.match(refusals()[0], { reason: 'issuer_mismatch', expected: [project.issuer], found: other.issuer })
})

t.test('a token of the project is for the project alone', async (t) => {
  const [project, other] = await Promise.all([createProject(t), createProject(t)])
  const { ask, refusals } = await projectApi(t, project)
  for (const aud of [other.issuer, 'https://{project}.tesseral.app', [project.issuer], ['https://{project}.tesseral.app'], undefined]) t.same(await ask({ token: project.token({ aud }) }), INVALID_TOKEN, String(aud))
  t.match(refusals()[0], { reason: 'audience_mismatch' })
})

t.test('app.gatehouse.jwks serves no issuer of a template: of its keys nobody would know whose they are', async (t) => {
  const [project, issuer] = await Promise.all([createProject(t), issuerFor(t)])
  const { app } = await projectApi(t, project, {}, { gatehouse: { provider: [tesseral(project.options), trusting(issuer)] } })
  const [key, ours] = [project.keys[0]!, issuer.keys[0]!]
  for (const domain of ['https://{project}.tesseral.app', project.issuer]) {
    await t.rejects(app.gatehouse.jwks.getJwk({ domain, alg: key.alg, kid: key.kid }), { code: 'DOMAIN_NOT_ALLOWED' }, domain)
  }
  t.equal(project.config.requests, 0)
  t.match(await app.gatehouse.jwks.getJwk({ domain: issuer.issuer, alg: ours.alg, kid: ours.kid }), { kid: ours.kid })
})

t.test('tokens of other issuers, expired ones and those with another algorithm cause no fetch', async (t) => {
  const project = await createProject(t)
  const { ask } = await projectApi(t, project)
  await ask({ token: project.token() })
  const header = { kid: identifier('session_signing_key') }
  for (const token of [project.token({ iss: 'https://example.com' }, header), project.token({ exp: 1 }, header), project.token({}, { ...header, alg: 'RS256' })]) {
    t.same(await ask({ token }), INVALID_TOKEN)
  }
  t.equal(project.config.requests, 1)
})
