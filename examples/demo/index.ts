import { once } from 'node:events'
import { oidc } from 'fastify-gatehouse'
import { buildApp } from '../auth0-api.js'
import { checkLines } from './check.js'
import { curlLines, type CurlLine } from './lines.js'
import { startProvider, type RunningProvider } from './provider.js'

const audience = 'https://api.example.com'

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
  // clockTolerance 0: the demo's expired token is a second old, and the default forgives ten
  const app = await buildApp({ provider: oidc({ issuer: provider.issuer, audience }), clockTolerance: 0 })
  try {
    const api = await app.listen({ host: '127.0.0.1', port: 0 })
    await Promise.all([answers(`${provider.issuer}/.well-known/openid-configuration`), answers(`${api}/health`)])
    const lines = await curlLines(api, provider)
    if (process.argv.includes('--check')) {
      process.exitCode = await checkLines(lines) ? 0 : 1
    } else {
      print(lines, provider.issuer, api)
      await Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')])
    }
  } finally {
    await app.close()
  }
}

async function answers (url: string): Promise<void> {
  const { ok, status } = await fetch(url)
  if (!ok) throw new Error(`${url} answered ${status}`)
}

function print (lines: readonly CurlLine[], issuer: string, api: string): void {
  console.log(`provider  ${issuer}\nAPI       ${api}\n`)
  for (const { title, curl } of lines) console.log(`# ${title}\n${curl}\n`)
  console.log('Ctrl-C stops both.')
}
