import { Child } from './child.js'
import { Load } from './load.js'

const entry = new URL('servers/serve.js', import.meta.url)

/** One server in a process of its own, with open connections to it. */
export class ServerProcess {
  #child
  #load

  /** Starts a file of servers/ with its configuration; rejects if it ends instead of listening. */
  static async start (module, config) {
    const server = new ServerProcess()
    server.#child = await Child.start(entry, [module, JSON.stringify(config)])
    return server
  }

  get port () {
    return this.#child.port
  }

  /** Sends every request and waits until all are answered with `status`. */
  async send (requests, status) {
    this.#load ??= await Load.open(this.port)
    return this.#load.send(requests, status)
  }

  /** CPU microseconds, user and system, that the process has used so far. */
  async cpu () {
    return (await this.usage()).cpu
  }

  /** The same as `cpu`, with the time by clock.js: `at`. */
  async usage () {
    return this.#ask('cpu')
  }

  /** Begins to measure how late the event loop of the process is. */
  async watchLoop () {
    await this.#ask('watchLoop')
  }

  /** How late the event loop was since `watchLoop`, in milliseconds: `{ p50, p99, max }`. */
  async loopDelay () {
    return this.#ask('loopDelay')
  }

  /** Sets the clocks of the process ahead, in milliseconds. */
  async moveClocks (by) {
    await this.#ask('moveClocks', by)
  }

  stop () {
    this.#load?.close()
    this.#child.stop()
  }

  #ask (question, value) {
    return this.#child.ask({ question, value })
  }
}
