import { setTimeout as wait } from 'node:timers/promises'
import { ask, lines } from './ask.js'
import { startIssuer } from './issuer.js'
import { servers } from './plan.js'
import { ServerProcess } from './server-process.js'
import { signToken } from './signed-token.js'
import { quantile } from './statistics.js'
import { fixed, table } from './table.js'

const contestants = ['bare', 'ours', 'lazy', 'required', 'jwks', 'getJwks', 'jose', 'bearer'].map((id) => servers[id])

/** How long servers take to listen, and to serve the first request, which comes at once. */
export async function measureStartup (size, { issuer: { keys } }) {
  const keyServers = [
    { title: 'answers at once', behaviour: {} },
    { title: `answers after ${size.slow} s`, behaviour: { delay: size.slow * 1000 } },
    { title: 'never answers', behaviour: { hangs: true } }
  ]
  const results = []
  for (const { title, behaviour } of keyServers) {
    console.error(`start-up: the key server ${title}`)
    const starts = Array.from({ length: size.launches }, () => contestants).flat()
    const runs = await Promise.all(starts.map(async (server, i) => {
      await wait(i * size.stagger * 1000)
      return { label: server.label, ...await startOnce(server, behaviour, size, keys) }
    }))
    results.push(...contestants.map(({ label }, i) => (
      { keyServer: i === 0 ? title : '', label, runs: runs.filter((run) => run.label === label) }
    )))
  }
  return results
}

async function startOnce ({ module, options = {} }, behaviour, { patience }, keys) {
  const issuer = await startIssuer(keys)
  issuer.behave(behaviour)
  const begin = performance.now()
  const elapsed = () => (performance.now() - begin) / 1000
  const agent = lines(1)
  let server
  try {
    server = await ServerProcess.start(module, { ...issuer.config, ...options })
    const listening = elapsed()
    const askOnce = (patience) => ask(server.port, signToken(keys[0], issuer.config, 0), { agent, patience })
    const status = await askOnce(patience)
    const answered = elapsed()
    let last = status
    while (last !== 200 && elapsed() < listening + patience) {
      await wait(100)
      last = await askOnce(Math.max(0.1, listening + patience - elapsed()))
    }
    return { listening, status, answered, served: last === 200 ? elapsed() : undefined }
  } catch (error) {
    // Only `startup: 'require'` may end a boot, and only where the keys cannot be had.
    if (server !== undefined || options.startup !== 'require' || !behaviour.hangs) throw error
    return { ended: elapsed() }
  } finally {
    agent.destroy()
    server?.stop()
    issuer.stop()
  }
}

/** The table, as Markdown. */
export function renderStartup (results, { patience }) {
  const rows = results.map(({ keyServer, label, runs }) => [keyServer, label, ...columns(runs, patience)])
  const { length } = results[0].runs
  return 'Seconds from the start of the process; the first request is sent as soon as the server listens, and again ' +
    `every 0.1 s until it is a 200, for ${patience} s at most. Only the key set is slow, not the discovery document. ` +
    `Medians of ${length} ${length === 1 ? 'start' : 'starts'}.\n\n` +
    table(['Key server', 'Server', 'Listening', 'First answer', 'First 200'], rows)
}

function columns (runs, patience) {
  const median = (name) => `${fixed(quantile(runs.map((run) => run[name]), 0.5), 1)} s`
  const all = (holds) => runs.every(holds)
  if (all(({ ended }) => ended !== undefined)) return [`the boot fails after ${median('ended')}`, '', '']
  const statuses = [...new Set(runs.map(({ status }) => status))]
  return [
    median('listening'),
    statuses.length > 1 ? statuses.join(' or ') : statuses[0] === undefined ? `nothing in ${patience} s` : `${statuses[0]} after ${median('answered')}`,
    all(({ served }) => served !== undefined) ? median('served') : `none in ${patience} s`
  ]
}
