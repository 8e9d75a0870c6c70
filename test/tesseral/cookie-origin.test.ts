import t from 'tap'
import { accepted, FORBIDDEN, projectApi, somebody } from '../support/tesseral/api.js'
import { createProject } from '../support/tesseral/project.js'

const project = await createProject(t)
const { ask, refusals } = await projectApi(t, project, {}, { gatehouse: { trustedOrigins: ['https://admin.example.com'] } })

t.test('an unsafe method with a cookie needs a page that is trusted', async (t) => {
  for (const headers of [
    {},
    { origin: 'https://evil.example' },
    { origin: 'null' },
    { origin: 'http://app.example.com' },
    { origin: 'https://app.example.com.evil.example' },
    { origin: 'https://app.example.com:8443' },
    { 'sec-fetch-site': 'same-site' },
    { 'sec-fetch-site': 'cross-site', origin: 'https://evil.example' }
  ]) {
    for (const method of ['POST', 'PUT', 'PATCH', 'DELETE'] as const) {
      t.same(await ask({ method, cookie: project.token(), headers }), FORBIDDEN, `${method} ${JSON.stringify(headers)}`)
    }
  }
  t.match(refusals()[0], { reason: 'origin_refused', found: 'no Origin' })
})

t.test('it may come from the same origin, a trusted domain of the project, or a trusted origin of the app', async (t) => {
  for (const headers of [
    { 'sec-fetch-site': 'same-origin' },
    { origin: 'https://app.example.com' },
    { origin: 'https://vault.example.com', 'sec-fetch-site': 'same-site' },
    { origin: 'https://admin.example.com', 'sec-fetch-site': 'cross-site' }
  ]) {
    t.same(await ask({ method: 'POST', cookie: project.token(), headers }), accepted(project.userId), JSON.stringify(headers))
  }
})

t.test('an optional route is no way around it', async (t) => {
  t.same(await ask({ url: '/optional', method: 'POST', cookie: project.token(), headers: { origin: 'https://evil.example' } }), FORBIDDEN)
  t.same(await ask({ url: '/optional', method: 'POST', cookie: project.token(), headers: { origin: 'https://app.example.com' } }), somebody(true))
})

t.test('a safe method may come from anywhere, unless it asks for an upgrade', async (t) => {
  const origin = 'https://evil.example'
  const upgrade = { connection: 'upgrade', upgrade: 'websocket' }
  t.same(await ask({ cookie: project.token(), headers: { origin } }), accepted(project.userId))
  t.same(await ask({ cookie: project.token(), headers: { origin, ...upgrade } }), FORBIDDEN)
  t.same(await ask({ cookie: project.token(), headers: { origin: 'https://app.example.com', ...upgrade } }), accepted(project.userId))
})

t.test('a token in a header is sent on purpose: where its page is from does not matter', async (t) => {
  t.same(await ask({ method: 'POST', token: project.token(), headers: { origin: 'https://evil.example' } }), accepted(project.userId))
})

t.test('trusted domains: loopback is trusted over http too, what is no domain is no page', async (t) => {
  for (const { trustedDomains, origin, answer } of [
    { trustedDomains: ['localhost:3000'], origin: 'http://localhost:3000', answer: accepted },
    { trustedDomains: ['App.Example.com'], origin: 'https://app.example.com', answer: accepted },
    { trustedDomains: ['example.com'], origin: 'http://example.com', answer: () => FORBIDDEN },
    { trustedDomains: null, origin: 'https://app.example.com', answer: () => FORBIDDEN },
    { trustedDomains: 'app.example.com', origin: 'https://app.example.com', answer: () => FORBIDDEN },
    { trustedDomains: [42, null, 'a b', 'user@app.example.com', ['app.example.com']], origin: 'https://app.example.com', answer: () => FORBIDDEN },
    { trustedDomains: [...Array.from({ length: 1_000 }, (_, index) => `d${index}.example.com`), 'app.example.com'], origin: 'https://app.example.com', answer: () => FORBIDDEN }
  ]) {
    const project = await createProject(t)
    project.config.document.trustedDomains = trustedDomains
    const { ask } = await projectApi(t, project)
    t.same(await ask({ method: 'POST', cookie: project.token(), headers: { origin } }), answer(project.userId), origin)
  }
})
