import { fork } from 'node:child_process'
import { once } from 'node:events'
import { Load } from './load.js'

const entry = new URL('servers/serve.js', import.meta.url)

/** One server in a process of its own, with open connections to it. Only that process's CPU time counts. */
export class ServerProcess {
  #child
  #load

  /** Starts a file of servers/ with its configuration. */
  static async start (module, config) {
    const server = new ServerProcess()
    server.#child = fork(entry, [module, JSON.stringify(config)], { env: { ...process.env, NODE_ENV: 'production' } })
    const { port } = await server.#answer()
    server.#load = await Load.open(port)
    return server
  }

  /** Sends every request and waits until all are answered with `status`. */
  send (requests, status) {
    return this.#load.send(requests, status)
  }

  /** CPU microseconds, user and system, that the process has used so far. */
  async cpu () {
    this.#child.send('cpu')
    return (await this.#answer()).cpu
  }

  stop () {
    this.#load.close()
    this.#child.kill()
  }

  async #answer () {
    const settled = new AbortController()
    const { signal } = settled
    const ended = once(this.#child, 'exit', { signal }).then(([code]) => {
      throw new Error(`the server process ended with code ${code}`)
    })
    try {
      return (await Promise.race([once(this.#child, 'message', { signal }), ended]))[0]
    } finally {
      ended.catch(() => {})
      settled.abort()
    }
  }
}
