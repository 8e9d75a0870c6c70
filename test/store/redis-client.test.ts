import { setTimeout as sleep } from 'node:timers/promises'
import { Cluster } from 'ioredis'
import { createCluster } from 'redis'
import t from 'tap'
import type { Test } from 'tap'
import { senderFor } from '../../lib/store/redis-client.js'
import type { Send } from '../../lib/store/redis-client.js'
import { catchTimers } from '../support/caught-timers.js'

const FAILED = { name: 'StoreUnavailableError', reason: 'failed' }
const LATE = { name: 'StoreUnavailableError', reason: 'late', driverCode: undefined }

/** Sends with a client whose commands end as `call` says. */
function sending (call: (command: string, ...args: string[]) => Promise<unknown>, deadline: number = 60_000): Send {
  return senderFor({ status: 'ready', call }, deadline)
}

t.test('a command reaches ioredis name first, node-redis as a list', async (t) => {
  const seen: unknown[] = []
  const client = {
    isOpen: true,
    async sendCommand (...args: unknown[]) { seen.push(args); return 'from node-redis' }
  }
  const commands: unknown[] = []
  t.equal(await sending(async (...command) => { commands.push(command); return 'from ioredis' })(['get', 'a']), 'from ioredis')
  t.equal(await senderFor(client, 100)(['get', 'a']), 'from node-redis')
  t.strictSame(commands, [['get', 'a']])
  t.match(seen, [[['get', 'a'], { abortSignal: AbortSignal, typeMapping: {} }]])
})

t.test('what is no client of ioredis or node-redis is refused, and not shown', async (t) => {
  const method = async () => 'secret'
  for (const [client, found] of [
    ['redis://:secret@redis.example', 'a value of type string'],
    [undefined, 'a value of type undefined'],
    [null, 'null'],
    [method, 'a value of type function'],
    [{}, 'another object'],
    [{ url: 'redis://:secret@redis.example' }, 'another object'],
    [{ call: method }, 'another object'],
    [{ call: 'secret', status: 'ready' }, 'another object'],
    [{ sendCommand: method }, 'another object'],
    [{ sendCommand: 'secret', isOpen: true }, 'another object'],
    [{ get: method, set: method, isOpen: true }, 'another object']
  ] as const) {
    t.throws(() => senderFor(client, 100), new TypeError(`redisStore(client): expected a client of ioredis, new Redis(…), or of node-redis, createClient(…), got ${found}; clients of a Redis Cluster and of node-redis sentinels cannot be used`))
  }
})

t.test('a client of a Redis Cluster is refused', async (t) => {
  const cluster = new Cluster([{ host: '127.0.0.1', port: 1 }], { lazyConnect: true })
  t.teardown(() => { cluster.disconnect() })
  t.throws(() => senderFor(cluster, 100), TypeError)
  t.throws(() => senderFor(createCluster({ rootNodes: [{ url: 'redis://127.0.0.1:1' }] }), 100), TypeError)
})

t.test('of what a client throws only a code is kept', async (t) => {
  const withCode = (code: unknown) => Object.assign(new Error('connect to secret.example'), { code })
  for (const [thrown, driverCode] of [
    [withCode('ECONNREFUSED'), 'ECONNREFUSED'],
    [withCode('secret'), undefined],
    [withCode(42), undefined],
    [new Error('READONLY You cannot write against secret.'), 'READONLY'],
    [new Error('ERR Error running script: secret'), 'ERR'],
    [new Error('secret'), undefined],
    [new Error('Secret text'), undefined],
    ['NOAUTH secret', undefined],
    [undefined, undefined]
  ] as const) {
    const error: unknown = await sending(async () => { throw thrown })(['get', 'a']).catch((error: unknown) => error)
    t.match(error, { ...FAILED, driverCode, message: `Redis could not do what it was asked${driverCode === undefined ? '' : ` (${driverCode})`}` })
    t.notMatch(JSON.stringify(error) + (error as Error).stack, /secret/i)
    t.notOk('cause' in (error as Error))
  }
  await t.rejects(sending(() => { throw withCode('EPIPE') })(['get', 'a']), { ...FAILED, driverCode: 'EPIPE' }, 'thrown at once, too')
})

t.test('a full Redis is told from one that fails', async (t) => {
  const send = sending(async () => { throw new Error("OOM command not allowed when used memory > 'maxmemory'.") })
  await t.rejects(send(['set', 'a', 'x']), { name: 'StoreUnavailableError', reason: 'full', driverCode: 'OOM' })
})

t.test('an answer in time leaves no timer behind', async (t) => {
  const timers = catchTimers(t)
  await sending(async () => 'x', 54_321)(['get', 'a'])
  await t.rejects(sending(async () => { throw new Error('x') }, 54_321)(['get', 'a']))
  t.strictSame(timers(54_321), [])
})

t.test('a command is given up at the deadline; how it ends then harms nobody', async (t) => {
  const { promise, reject } = pending()
  const send = sending(() => promise, 20)
  const start = performance.now()
  await t.rejects(send(['get', 'a']), { ...LATE, message: 'Redis did not answer within 20 ms' })
  t.ok(performance.now() - start < 1_000)
  reject(new Error('too late'))
  await sleep(1)
})

t.test('node-redis is told at the deadline to drop the command', async (t) => {
  const signals: AbortSignal[] = []
  const client = {
    isOpen: true,
    sendCommand (_command: string[], { abortSignal }: { abortSignal: AbortSignal }) {
      signals.push(abortSignal)
      return new Promise((_resolve, reject) => { abortSignal.addEventListener('abort', () => { reject(new Error('aborted')) }) })
    }
  }
  await t.rejects(senderFor(client, 20)(['get', 'a']), LATE)
  t.strictSame(signals.map(({ aborted }) => aborted), [true])
})

t.test('beyond 1,000 commands given up that the client still holds, none is added', async (t) => {
  const held: Array<() => void> = []
  const send = sending(() => new Promise((resolve) => { held.push(() => { resolve('x') }) }), 20)
  await allLate(t, Array.from({ length: 1_000 }, () => send(['get', 'a'])))
  await t.rejects(send(['get', 'a']), { ...LATE, message: 'Redis has not answered 1000 commands yet; no more are sent until it does' })
  t.equal(held.length, 1_000)
  for (const answer of held.splice(0, 10)) answer()
  await sleep(1)
  const sent = send(['get', 'a'])
  for (const answer of held) answer()
  t.equal(await sent, 'x', 'once it let go of some, others are sent')
})

async function allLate (t: Test, commands: ReadonlyArray<Promise<unknown>>): Promise<void> {
  const outcomes = await Promise.allSettled(commands)
  t.ok(outcomes.every((outcome) => outcome.status === 'rejected' && outcome.reason.reason === 'late'))
}

function pending (): { promise: Promise<unknown>, reject: (error: Error) => void } {
  let fail = (_error: Error) => {}
  const promise = new Promise((_resolve, reject) => { fail = reject })
  return { promise, reject: fail }
}
