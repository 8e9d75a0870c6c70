import { once } from 'node:events'
import { randomBytes } from 'node:crypto'
import { spawn } from 'node:child_process'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { createClient } from '../../examples/dpop-client.js'
import { freePort } from '../../examples/demo/free-port.js'
import { dpopProvider } from '../support/dpop-provider.js'
import { runExample } from './run-example.js'

const root = fileURLToPath(new URL('../..', import.meta.url))

t.test('the API runs directly on what the environment says, and only who has the key uses a token', async (t) => {
  const server = await dpopProvider(t)
  const port = await freePort()
  const api = `http://127.0.0.1:${port}`
  const env = { OIDC_ISSUER: server.issuer, OIDC_AUDIENCE: server.audience, BASE_URL: api, DPOP_NONCE_SECRET: randomBytes(48).toString('base64'), PORT: String(port) }
  const example = runExample(t, 'dpop-api.ts', env)
  await example.listening()

  const client = await createClient({ tokenEndpoint: server.tokenEndpoint, clientId: 'client', clientSecret: server.secret, resource: server.resource('jwt') })
  const token = await client.getToken('orders:read orders:write')
  const read = async (response: Response) => [response.status, await response.json()]

  await t.test('the public route answers everybody', async (t) => {
    t.strictSame(await read(await fetch(`${api}/health`)), [200, { status: 'ok' }])
  })

  await t.test('with nothing, or a plain Bearer token, the answer asks for a bound one', async (t) => {
    for (const headers of [{}, { authorization: `Bearer ${token}` }]) {
      const response = await fetch(`${api}/orders`, { headers })
      t.match(response.headers.get('www-authenticate'), /^DPoP scope="orders:read", algs="ES256 /)
      t.strictSame(await read(response), [401, { statusCode: 401, code: 'GATEHOUSE_CREDENTIAL_MISSING', error: 'Unauthorized', message: 'Authentication is required' }])
    }
  })

  await t.test('the client reads and writes, a proof for each request', async (t) => {
    t.strictSame(await read(await client.fetch(`${api}/orders`, {}, token)), [200, { client: 'client', orders: ['a bicycle'] }])
    const posted = await client.fetch(`${api}/orders`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"item":"a bell"}' }, token)
    t.strictSame(await read(posted), [201, { orders: ['a bicycle', 'a bell'] }])
  })

  await t.test('a stolen token opens nothing', async (t) => {
    const thief = await createClient({ tokenEndpoint: server.tokenEndpoint, clientId: 'client', clientSecret: server.secret, resource: server.resource('jwt') })
    const response = await thief.fetch(`${api}/orders`, {}, token)
    t.match(response.headers.get('www-authenticate'), /^DPoP error="invalid_token"/)
    t.match(await read(response), [401, { code: 'GATEHOUSE_TOKEN_INVALID' }])
  })

  await t.test('the client runs directly', async (t) => {
    const child = spawn(process.execPath, ['--import', 'tsx', 'examples/dpop-client.ts'], {
      cwd: root,
      env: { PATH: process.env.PATH, TOKEN_ENDPOINT: server.tokenEndpoint, CLIENT_ID: 'client', CLIENT_SECRET: server.secret, OIDC_AUDIENCE: server.resource('jwt'), API_URL: api }
    })
    t.teardown(() => { child.kill('SIGKILL') })
    t.match(await text(child.stdout), /^200 \{ client: 'client', orders: \[ 'a bicycle', 'a bell' \] \}/)
  })

  t.notMatch(example.log.text, /eyJ/)
})

t.test('without its secret the API does not start, and says which setting is missing', async (t) => {
  const { child, log } = runExample(t, 'dpop-api.ts', { OIDC_ISSUER: 'https://id.example', OIDC_AUDIENCE: 'https://api.example' })
  const code = await new Promise((resolve) => { child.once('close', resolve) })
  t.equal(code, 1)
  t.match(log.text, /gatehouse\.dpop\.nonce\.secret: expected/)
})

t.test('run without its settings, the client names them', async (t) => {
  const { child, log } = runExample(t, 'dpop-client.ts', { TOKEN_ENDPOINT: 'http://127.0.0.1:1/token' })
  t.strictSame(await once(child, 'close'), [1, null])
  t.match(log.text, 'set TOKEN_ENDPOINT, CLIENT_ID, CLIENT_SECRET and OIDC_AUDIENCE')
})

t.test('a client whose provider gives plain tokens says so', async (t) => {
  const server = await dpopProvider(t)
  const client = await createClient({ tokenEndpoint: server.tokenEndpoint, clientId: 'client', clientSecret: 'wrong', resource: server.resource('jwt') })
  await t.rejects(client.getToken('orders:read'), { message: /^the provider answered 401, and no bound token$/ })
})
