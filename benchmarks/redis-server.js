import { spawn, spawnSync } from 'node:child_process'
import { randomInt } from 'node:crypto'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'

/** The version of the redis-server installed here; undefined: there is none. */
export function redisVersion () {
  return /v=(\S+)/.exec(spawnSync('redis-server', ['--version'], { encoding: 'utf8' }).stdout ?? '')?.[1]
}

/** A redis-server of the run's own, on loopback, that keeps nothing on disk. */
export class RedisServer {
  #process
  #client

  static async start () {
    const server = new RedisServer()
    server.port = await freePort()
    server.#process = spawn('redis-server', ['--save', '', '--appendonly', 'no', '--port', String(server.port), '--bind', '127.0.0.1'], { cwd: tmpdir(), stdio: 'ignore' })
    // Of the root, as Fastify is: the plugin is tested with it.
    const { Redis } = await import('ioredis')
    // Tries again until the server listens.
    server.#client = new Redis(server.port, { maxRetriesPerRequest: 50 }).on('error', () => {})
    try {
      await server.#client.ping()
      return server
    } catch (error) {
      server.stop()
      throw new Error('redis-server does not answer', { cause: error })
    }
  }

  /**
   * What was counted so far: `calls` of each command by its name, those by scripts too, this question not; and `reads`
   * from a connection, this question's too. Whoever waits for every answer makes one read for each round trip.
   */
  async counts () {
    const info = await this.#client.info('all')
    const calls = Array.from(info.matchAll(/^cmdstat_([^:]+):calls=(\d+)/gm), ([, name, count]) => [name, Number(count)])
    return { calls: new Map(calls.filter(([name]) => name !== 'info')), reads: Number(/^total_reads_processed:(\d+)/m.exec(info)[1]) }
  }

  stop () {
    this.#client.disconnect()
    this.#process.kill()
  }
}

// None of those the system gives away by itself: a connection somebody opens in the meantime could take one.
async function freePort () {
  const port = randomInt(11_000, 30_000)
  const server = createServer()
  const isFree = await new Promise((resolve) => {
    server.once('error', () => resolve(false)).listen(port, '127.0.0.1', () => resolve(true))
  })
  if (!isFree) return freePort()
  await new Promise((resolve) => server.close(resolve))
  return port
}
