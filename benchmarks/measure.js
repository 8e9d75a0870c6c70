import { availableParallelism } from 'node:os'
import { logIn } from './login.js'
import { leadIn } from './plan.js'
import { ServerProcess } from './server-process.js'
import { sessionTraffic } from './traffic.js'

/**
 * Runs one scenario in fresh processes. Every round tells for every server the CPU microseconds per request (`own`)
 * and those of its baseline in the same block of the round (`base`). A baseline's own are the mean over its blocks.
 */
export async function measure ({ id: scenario, servers, blocks, login }, traffics, size, config) {
  const processes = new Map(await Promise.all(
    [...servers].map(async ([id, { module, options }]) => [id, await ServerProcess.start(module, { ...config, ...options })])
  ))
  try {
    const sent = login === undefined ? traffics : { [scenario]: sessionTraffic(await logIn(processes.get(login).port)) }
    const started = new Map(Array.from(servers, ([id, server]) => [id, lane(processes.get(id), server, sent, size)]))
    await warmUpAll(started)
    const measured = []
    for (const block of blocks) {
      for (let round = 0; round < size.rounds; round++) measured.push({ round, cells: await measureRound(block, started, round) })
    }
    return Array.from({ length: size.rounds }, (_, i) => joinBlocks(measured.filter(({ round }) => round === i)))
  } finally {
    for (const server of processes.values()) server.stop()
  }
}

// One to a core: nothing is measured yet.
async function warmUpAll (started) {
  const waiting = started.values()
  await Promise.all(Array.from({ length: availableParallelism() }, async () => {
    for (const { warmUp } of waiting) await warmUp()
  }))
}

async function measureRound (block, started, round) {
  const cpu = {}
  for (const id of round % 2 === 0 ? block : block.toReversed()) cpu[id] = await started.get(id).takeTurn(round)
  return Object.fromEntries(block.map((id) => [id, { own: cpu[id], base: cpu[block[0]] }]))
}

// One round of the scenario from its blocks.
function joinBlocks (blocks) {
  const ids = new Set(blocks.flatMap(({ cells }) => Object.keys(cells)))
  return Object.fromEntries([...ids].map((id) => {
    const found = blocks.map(({ cells }) => cells[id]).filter((cell) => cell !== undefined)
    const mean = (name) => found.reduce((sum, cell) => sum + cell[name], 0) / found.length
    return [id, { own: mean('own'), base: mean('base') }]
  }))
}

/** How many tokens of each kind a run of this size needs so that a server gets each only once. */
export function tokensNeeded ({ warmUp, rounds, fresh, throughput }) {
  const inThroughput = throughput.warmUp + throughput.rounds * throughput.fresh * throughput.connections
  return Math.max(1000, warmUp + rounds * (leadIn + 1) * fresh, inThroughput)
}

// What is done with one server.
function lane (server, { label, open, share, traffic: kind }, traffics, size) {
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
  return { warmUp: () => send(0, size.warmUp * share), takeTurn }
}
