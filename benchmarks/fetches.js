import { ask, lines } from './ask.js'
import { questions } from './fetch-questions.js'
import { startIssuer } from './issuer.js'
import { servers } from './plan.js'
import { ServerProcess } from './server-process.js'
import { table } from './table.js'

const contestants = ['ours', 'getJwks', 'jwks', 'jose', 'bearer'].map((id) => servers[id])

/** What each server fetches and answers in every situation of fetch-questions.js; each has a process and an issuer of its own. */
export async function measureFetches ({ patience }, { issuer: { keys } }) {
  const results = []
  for (const { title, behaviour, play } of questions(patience)) {
    console.error(`fetches: ${title}`)
    results.push({ title, cells: await Promise.all(contestants.map((server) => playOnce(server, behaviour, play, patience, keys))) })
  }
  return results
}

async function playOnce ({ module, options }, behaviour, play, patience, keys) {
  const issuer = await startIssuer(keys)
  issuer.behave(behaviour)
  const server = await ServerProcess.start(module, { ...issuer.config, ...options })
  const agents = []
  // Sends every token, `atOnce` at a time, and tells the statuses.
  const send = async (tokens, atOnce) => {
    const agent = lines(atOnce)
    agents.push(agent)
    return Promise.all(tokens.map((token) => ask(server.port, token, { agent, patience })))
  }
  try {
    return await play({ server, issuer, send })
  } finally {
    for (const agent of agents) agent.destroy()
    server.stop()
    issuer.stop()
  }
}

/** The table, as Markdown. */
export function renderFetches (results) {
  const rows = results.map(({ title, cells }) => [title, ...cells])
  return 'Statuses that callers got, and requests for the key set that arrived (the discovery document is not counted). ' +
    'Every cell is a server process and an issuer of its own; peers are wired as their documentation shows. jose is a ' +
    `function: its hook here answers 401 whatever it throws.\n\n${table(['Situation', ...contestants.map(({ label }) => label)], rows)}`
}
