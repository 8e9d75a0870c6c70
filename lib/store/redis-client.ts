import type { IoredisClient, NodeRedisClient } from '../../types/store.js'
import { StoreUnavailableError } from './unavailable.js'

/** A command, its name first. */
export type Command = [name: string, ...args: string[]]

/** Sends a command; rejects with `StoreUnavailableError` alone. */
export type Send = (command: Command) => Promise<unknown>

type Driver = (command: Command, signal: AbortSignal) => Promise<unknown>

/** Commands that were given up while the client still holds them. Beyond, none is added: Redis is away, and the queue of ioredis has no bound. */
const MOST_GIVEN_UP = 1_000

/**
 * How commands are sent with the user's client: each has so many milliseconds, time in the client's queue
 * included. ioredis keeps commands for as long as Redis is away; a command given up may therefore still be done
 * later. node-redis is told to drop it unless it is sent already.
 *
 * @throws TypeError for what is no client of ioredis or node-redis. It does not show what was found: there are passwords in it
 */
export function senderFor (client: unknown, deadline: number): Send {
  const driver = driverOf(client)
  let givenUp = 0
  return async (command) => {
    if (givenUp >= MOST_GIVEN_UP) throw new StoreUnavailableError(`Redis has not answered ${MOST_GIVEN_UP} commands yet; no more are sent until it does`, 'late')
    return new Promise((resolve, reject) => {
      const controller = new AbortController()
      let isLate = false
      const timer = setTimeout(() => {
        isLate = true
        givenUp++
        reject(new StoreUnavailableError(`Redis did not answer within ${deadline} ms`, 'late'))
        controller.abort()
      }, deadline)
      driver(command, controller.signal).then(resolve, (error: unknown) => { reject(failureOf(error)) }).finally(() => {
        clearTimeout(timer)
        if (isLate) givenUp--
      })
    })
  }
}

function driverOf (client: unknown): Driver {
  if (isIoredis(client)) return async ([name, ...args]) => client.call(name, ...args)
  if (!isNodeRedis(client)) {
    const found = typeof client === 'object' && client !== null ? 'another object' : client === null ? 'null' : `a value of type ${typeof client}`
    throw new TypeError(`redisStore(client): expected a client of ioredis, new Redis(…), or of node-redis, createClient(…), got ${found}; clients of a Redis Cluster and of node-redis sentinels cannot be used`)
  }
  return async (command, signal) => {
    if (!client.isOpen) {
      throw new StoreUnavailableError('The node-redis client is not connected: await client.connect() before the app listens, and close it after the app', 'failed')
    }
    // The app may have told its client to answer in Buffers; not to us.
    return client.sendCommand(command, { abortSignal: signal, typeMapping: {} })
  }
}

function isIoredis (client: unknown): client is IoredisClient {
  return isObject(client) && typeof client.call === 'function' && typeof client.status === 'string' && client.isCluster !== true
}

function isNodeRedis (client: unknown): client is NodeRedisClient {
  return isObject(client) && typeof client.sendCommand === 'function' && typeof client.isOpen === 'boolean' &&
    // Those of sentinels and clusters take other parameters first.
    client.sendCommand.length <= 2
}

function isObject (value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null
}

function failureOf (error: unknown): StoreUnavailableError {
  if (error instanceof StoreUnavailableError) return error
  const code = codeOf(error)
  if (code === 'OOM') return new StoreUnavailableError('Redis is full: it refuses to write more (OOM)', 'full', code)
  return new StoreUnavailableError(`Redis could not do what it was asked${code === undefined ? '' : ` (${code})`}`, 'failed', code)
}

/** A system error has a code; the text of an error reply begins with one. Nothing else of them is for the log. */
function codeOf (error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined
  if ('code' in error && typeof error.code === 'string' && /^[A-Z][A-Z0-9_]{1,40}$/.test(error.code)) return error.code
  return /^([A-Z]{2,20}) /.exec(error.message)?.[1]
}
