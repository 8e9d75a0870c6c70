import { fork } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'

const deadline = 60_000

/** A server in a process of its own that answers questions, one at a time. */
export class Child {
  #process
  #complaints = ''

  /** Starts a file and resolves with the child once it has told its port; rejects if it ends instead. */
  static async start (file, args, execArgv = []) {
    const child = new Child()
    child.#process = fork(file, args, {
      env: { ...process.env, NODE_ENV: 'production' },
      execArgv,
      stdio: ['ignore', 'inherit', 'pipe', 'ipc']
    })
    child.#process.stderr.setEncoding('utf8').on('data', (text) => { child.#complaints = (child.#complaints + text).slice(-2000) })
    try {
      child.port = (await child.#answer()).port
      return child
    } catch (error) {
      child.stop()
      throw error
    }
  }

  /** Sends a question and resolves with its answer; rejects if the process ends instead, or is silent for too long. */
  async ask (question) {
    const answer = this.#answer()
    this.#process.send(question)
    return answer
  }

  stop () {
    this.#process.kill()
  }

  async #answer () {
    const settled = new AbortController()
    const { signal } = settled
    const ended = once(this.#process, 'close', { signal }).then(([code]) => {
      throw new Error(`the server process ended with code ${code}\n${this.#complaints}`)
    })
    const late = sleep(deadline, undefined, { signal }).then(() => {
      throw new Error(`the server process said nothing within ${deadline} ms\n${this.#complaints}`)
    })
    try {
      return (await Promise.race([once(this.#process, 'message', { signal }), ended, late]))[0]
    } finally {
      for (const other of [ended, late]) other.catch(() => {})
      settled.abort()
    }
  }
}
