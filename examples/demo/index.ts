/** A provider, an API and a web app on this machine: prints how to ask the API, and where to sign in. */
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import type { FastifyInstance } from 'fastify'
import { oidc } from 'fastify-gatehouse'
import { buildApp } from '../auth0-api.js'
import { checkLines } from './check.js'
import { checkWebApp } from './check-web-app.js'
import { freePort } from './free-port.js'
import { curlLines, type CurlLine } from './lines.js'
import { startProvider, type RunningProvider } from './provider.js'
import { buildWebApp } from './web.js'

const audience = 'https://api.example.com'
const host = '127.0.0.1'

try {
  await demo()
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  process.exitCode = 1
}

async function demo (): Promise<void> {
  const provider = await startProvider({ audience })
  try {
    await serve(provider)
  } finally {
    await provider.close()
  }
}

async function serve (provider: RunningProvider): Promise<void> {
  const port = await freePort()
  const web = `http://${host}:${port}`
  // clockTolerance 0: the demo's expired token is a second old, and the default forgives ten
  const apiApp = await buildApp({ provider: oidc({ issuer: provider.issuer, audience }), clockTolerance: 0 })
  const webApp = await webAppOf(provider, web)
  try {
    const api = await apiApp.listen({ host, port: 0 })
    await webApp.listen({ host, port })
    await Promise.all([`${provider.issuer}/.well-known/openid-configuration`, `${api}/health`, web].map(answers))
    const lines = await curlLines(api, provider)
    if (process.argv.includes('--check')) {
      process.exitCode = await checkLines(lines) && await checkWebApp(web) ? 0 : 1
    } else {
      print(lines, { issuer: provider.issuer, api, web })
      await Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')])
    }
  } finally {
    await Promise.all([apiApp.close(), webApp.close()])
  }
}

async function webAppOf ({ issuer, webApp }: RunningProvider, baseUrl: string): Promise<FastifyInstance> {
  const { clientId, clientSecret } = await webApp(baseUrl, 'read:messages')
  return buildWebApp({
    issuer,
    gatehouse: { provider: oidc({ issuer, audience, clientId, clientSecret }), baseUrl },
    login: {
      session: { secret: randomBytes(32).toString('base64') },
      scope: 'openid profile email read:messages',
      // Whom the access token is for: without it the session would have no scopes
      authorizationParams: { resource: audience }
    }
  })
}

async function answers (url: string): Promise<void> {
  const { ok, status } = await fetch(url)
  if (!ok) throw new Error(`${url} answered ${status}`)
}

function print (lines: readonly CurlLine[], { issuer, api, web }: Record<'issuer' | 'api' | 'web', string>): void {
  console.log(`provider  ${issuer}\nAPI       ${api}\nweb app   ${web}\n`)
  for (const { title, curl } of lines) console.log(`# ${title}\n${curl}\n`)
  console.log(`# sign in with any name\nopen ${web} in a browser\n\nCtrl-C stops all three.`)
}
