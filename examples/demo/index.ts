/** A provider, an API and a web app on this machine: prints how to ask the API, and where to sign in. */
import { once } from 'node:events'
import { oidc } from 'fastify-gatehouse'
import { buildApp } from '../auth0-api.js'
import { checkLines } from './check.js'
import { checkWebApp } from './check-web-app.js'
import { curlLines, type CurlLine } from './lines.js'
import { AUDIENCE, setUp, type Demo } from './set-up.js'

try {
  await demo()
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  process.exitCode = 1
}

async function demo (): Promise<void> {
  const demo = await setUp()
  try {
    await serve(demo)
  } finally {
    await demo.close()
  }
}

async function serve ({ provider, home, listen }: Demo): Promise<void> {
  // clockTolerance 0: the demo's expired token is a second old, and the default forgives ten
  const apiApp = await buildApp({ provider: oidc({ issuer: provider.issuer, audience: AUDIENCE }), clockTolerance: 0 })
  try {
    const api = await apiApp.listen({ host: '127.0.0.1', port: 0 })
    await listen()
    await Promise.all([`${provider.issuer}/.well-known/openid-configuration`, `${api}/health`, home].map(answers))
    const lines = await curlLines(api, provider)
    if (process.argv.includes('--check')) {
      process.exitCode = await checkLines(lines) && await checkWebApp(home) ? 0 : 1
    } else {
      print(lines, { issuer: provider.issuer, api, web: home })
      await Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')])
    }
  } finally {
    await apiApp.close()
  }
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
