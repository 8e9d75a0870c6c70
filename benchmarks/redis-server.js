import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
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

async function freePort () {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address()
  server.close()
  await once(server, 'close')
  return port
}
