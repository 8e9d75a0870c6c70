import { leadIn } from './plan.js'
import { ServerProcess } from './server-process.js'

/**
 * Runs one scenario in fresh processes. Every round tells for every server the CPU microseconds per request (`own`)
 * and those of its baseline in the same round (`base`).
 */
export async function measure ({ servers, blocks }, traffics, size, config) {
  const started = new Map(await Promise.all(
    [...servers].map(async ([id, server]) => [id, await start(server, traffics, size, config)])
  ))
  try {
    for (const { warmUp } of started.values()) await warmUp()
    const rounds = Array.from({ length: size.rounds }, () => ({}))
    for (const block of blocks) {
      for (const [i, round] of rounds.entries()) Object.assign(round, await measureRound(block, started, i))
    }
    return rounds
  } finally {
    for (const { stop } of started.values()) stop()
  }
}

async function measureRound (block, started, round) {
  const cpu = {}
  for (const id of round % 2 === 0 ? block : block.toReversed()) cpu[id] = await started.get(id).takeTurn(round)
  return Object.fromEntries(block.map((id) => [id, { own: cpu[id], base: cpu[block[0]] }]))
}

/** How many tokens of each kind a run of this size needs so that a server gets each only once. */
export function tokensNeeded ({ warmUp, rounds, fresh, throughput }) {
  const inThroughput = throughput.warmUp + throughput.rounds * throughput.fresh * throughput.connections
  return Math.max(1000, warmUp + rounds * (leadIn + 1) * fresh, inThroughput)
}

async function start ({ label, module, options, open, share, traffic: kind }, traffics, size, config) {
  const server = await ServerProcess.start(module, { ...config, ...options })
  const traffic = traffics[kind]
  const status = open || traffic.valid ? 200 : 401
  const count = traffic.repeats ? size.requests : size.fresh

  const send = async (from, length) => {
    const requests = traffic.requests(from, Math.ceil(length))
    try {
      await server.send(requests, status)
    } catch (error) {
      throw new Error(`${label}, ${kind}: ${error.message}`, { cause: error })
    }
    return requests.length
  }
  const takeTurn = async (round) => {
    const from = size.warmUp + round * (leadIn + 1) * count
    await send(from, leadIn * count * share)
    const before = await server.cpu()
    const requests = await send(from + leadIn * count, count * share)
    return (await server.cpu() - before) / requests
  }
  // A server with a smaller share is a slow one, whose last microsecond does not matter: half of the warm-up will do.
  return { warmUp: () => send(0, size.warmUp * Math.min(1, 2 * share)), takeTurn, stop: () => server.stop() }
}
