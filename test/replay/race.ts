import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { Agent, get } from 'node:http'
import { fileURLToPath } from 'node:url'
import { createIssuer } from '../support/issuer.js'
import { createProver } from '../support/prover.js'
import { startRedis } from '../support/redis-server.js'

/** What became of proofs that were each sent to two processes at once. */
export interface Race {
  /** Accepted by one of the two, refused as used by the other. */
  once: number
  /** Accepted by neither, or by both, or answered otherwise: the answers, by what they were. */
  readonly otherwise: Map<string, number>
  /** How many proofs each process accepted. */
  readonly accepted: readonly [number, number]
  readonly milliseconds: number
}

type Teardown = { teardown (end: () => unknown): unknown }

const BASE = 'https://api.example'
/** Proofs on their way at once, each over two connections that are kept alive. */
const LANES = 16

/** Starts Redis and two processes that share it, and sends each of so many proofs to both at once. All ends with `t`. */
export async function race (t: Teardown, count: number): Promise<Race> {
  const issuer = await createIssuer({ algorithms: ['ES256'] })
  t.teardown(() => issuer.close())
  const { port } = await startRedis(t)
  const ports = await Promise.all([1, 2].map(() => startProcess(t, [issuer.issuer, issuer.audience, BASE, String(port)])))
  const agent = new Agent({ keepAlive: true })
  t.teardown(() => { agent.destroy() })
  const client = await createProver()
  const token = client.token(issuer)
  const result = { once: 0, otherwise: new Map<string, number>(), accepted: [0, 0] as [number, number], milliseconds: 0 }
  const began = performance.now()
  let left = count

  async function lane (): Promise<void> {
    while (left-- > 0) {
      const headers = client.headers({ token, url: `${BASE}/` })
      const answers = await Promise.all(ports.map((port) => ask(agent, port, headers)))
      answers.forEach((answer, index) => { if (answer === '200') result.accepted[index as 0 | 1]++ })
      const kinds = answers.toSorted().join(' and ')
      if (kinds === '200 and 401 GATEHOUSE_DPOP_PROOF_INVALID') result.once++
      else result.otherwise.set(kinds, (result.otherwise.get(kinds) ?? 0) + 1)
    }
  }

  await Promise.all(Array.from({ length: LANES }, lane))
  result.milliseconds = performance.now() - began
  return result
}

/** @returns the port it listens on */
async function startProcess (t: Teardown, args: readonly string[]): Promise<number> {
  const child = spawn(process.execPath, [...process.execArgv, fileURLToPath(new URL('process.ts', import.meta.url)), ...args], { stdio: ['pipe', 'pipe', 'inherit'] })
  const ended = once(child, 'close')
  t.teardown(async () => {
    child.stdin.end()
    await ended
  })
  const [said] = await Promise.race([once(child.stdout, 'data'), ended.then(([code]) => { throw new Error(`a process ended with ${code}`) })])
  return Number(said)
}

function ask (agent: Agent, port: number, headers: Readonly<Record<string, string>>): Promise<string> {
  return new Promise((resolve, reject) => {
    get({ agent, host: '127.0.0.1', port, path: '/', headers: { ...headers, host: 'api.example' } }, async (response) => {
      let text = ''
      for await (const piece of response.setEncoding('utf8')) text += piece
      resolve([response.statusCode, JSON.parse(text).code].filter(Boolean).join(' '))
    }).on('error', reject)
  })
}
