import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { freePort } from '../../examples/demo/free-port.js'
import { reasonToSkipWithout } from './installed.js'

/** A redis-server of the test's own, on loopback, that keeps nothing on disk unless it is told to. */
export interface RedisServer {
  readonly port: number
  /** Ends it, as a crash does. */
  stop (): Promise<void>
  /** Starts it again on its port after `stop`: empty, or with all it acknowledged where it is `appendOnly`. */
  start (): Promise<void>
  /** Holds it: connections stay open and nothing is answered. */
  pause (): void
  /** Lets it go on after `pause`. */
  resume (): void
}

/** Why tests that need redis-server are skipped, or undefined where they need not be. @throws where CI is set */
export function reasonToSkip (): string | undefined {
  return reasonToSkipWithout('redis-server', 'the store in Redis is not tested here')
}

/** Starts a redis-server, which ends with the test. @param appendOnly writes to disk before it answers */
export async function startRedis (t: { teardown (end: () => unknown): unknown }, { appendOnly = false } = {}): Promise<RedisServer> {
  const port = await freePort()
  const directory = appendOnly ? mkdtempSync(join(tmpdir(), 'redis-')) : tmpdir()
  const keeping = appendOnly ? ['--appendonly', 'yes', '--appendfsync', 'always'] : ['--appendonly', 'no']
  let child: ChildProcess | undefined
  const kill = () => { child?.kill('SIGKILL') }
  const server: RedisServer = {
    port,
    async stop () {
      if (child === undefined) return
      const ended = once(child, 'exit')
      kill()
      await ended
      child = undefined
    },
    async start () {
      child = spawn('redis-server', ['--save', '', ...keeping, '--port', String(port), '--bind', '127.0.0.1'], { cwd: directory, stdio: 'ignore' })
      await answers(port, child)
    },
    pause: () => { child?.kill('SIGSTOP') },
    resume: () => { child?.kill('SIGCONT') }
  }
  // A test that throws on its top level ends without teardown.
  process.once('exit', kill)
  t.teardown(async () => {
    await server.stop()
    process.off('exit', kill)
    if (appendOnly) rmSync(directory, { recursive: true })
  })
  await server.start()
  return server
}

async function answers (port: number, child: ChildProcess): Promise<void> {
  for (let tries = 0; tries < 1_000; tries++) {
    if (child.exitCode !== null) throw new Error(`redis-server ended with ${child.exitCode}: is the port taken?`)
    if (await ping(port)) return
    await sleep(10)
  }
  throw new Error('redis-server did not answer within ten seconds')
}

function ping (port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.on('connect', () => { socket.write('PING\r\n') })
    socket.on('data', (bytes) => { resolve(bytes.toString().startsWith('+PONG')); socket.destroy() })
    socket.on('error', () => { resolve(false) })
  })
}
