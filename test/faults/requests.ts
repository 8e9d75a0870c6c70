import { Agent, get } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'

/** Milliseconds of real time after which a client gives up. Nothing is ever this slow. */
const PATIENCE = 12_000

/** What came back for one token. */
export interface Answer {
  /** 0: no answer in time. */
  readonly status: number
  /** Seconds, if the header was there. */
  readonly retryAfter: number | undefined
  /** Milliseconds of real time until the answer was complete. */
  readonly took: number
}

/** Sends one token. */
export type Ask = (token: string) => Promise<Answer>

/** A client of this origin with so many connections, kept alive. */
export function connectTo (origin: string, connections: number): { ask: Ask, close (): void } {
  const agent = new Agent({ keepAlive: true, maxSockets: connections })
  return {
    close: () => agent.destroy(),
    ask: (token) => new Promise((resolve, reject) => {
      const began = process.hrtime.bigint()
      const request = get(origin, { agent, headers: { authorization: `Bearer ${token}` } }, (response) => {
        const { statusCode = 0, headers: { 'retry-after': retryAfter } } = response
        response.resume().on('end', () => resolve({
          status: statusCode,
          retryAfter: retryAfter === undefined ? undefined : Number(retryAfter),
          took: Number(process.hrtime.bigint() - began) / 1e6
        }))
      }).on('error', reject)
      request.setTimeout(PATIENCE, () => {
        resolve({ status: 0, retryAfter: undefined, took: PATIENCE })
        request.destroy()
      })
    })
  }
}

/** Sends `count` tokens of each kind at once, at each of these times (milliseconds from now). The answers, by kind. */
export async function sendAt (times: readonly number[], ask: Ask, count: number, kinds: ReadonlyArray<() => string>): Promise<Answer[][]> {
  const bursts = await Promise.all(times.map(async (time) => {
    await sleep(time)
    return sendAtOnce(ask, count, kinds)
  }))
  return kinds.map((_, kind) => bursts.flatMap((burst) => burst[kind]!))
}

/** Sends `count` tokens of each kind at once. The answers, by kind. */
export async function sendAtOnce (ask: Ask, count: number, kinds: ReadonlyArray<() => string>): Promise<Answer[][]> {
  return Promise.all(kinds.map((token) => Promise.all(Array.from({ length: count }, () => ask(token())))))
}

/** `200 x 40`, or `200 x 39, 503 x 1`. */
export function tally (answers: readonly Answer[]): string {
  const counts = new Map<number, number>()
  for (const { status } of answers) counts.set(status, (counts.get(status) ?? 0) + 1)
  return [...counts].sort(([a], [b]) => a - b).map(([status, count]) => `${status === 0 ? 'no answer' : status} x ${count}`).join(', ')
}

/** Milliseconds. */
export function slowest (answers: readonly Answer[]): number {
  return Math.round(Math.max(...answers.map(({ took }) => took)))
}
