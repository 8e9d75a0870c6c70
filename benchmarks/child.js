import { fork } from 'node:child_process'
import { once } from 'node:events'

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
    child.port = (await child.#answer()).port
    return child
  }

  /** Sends a question and resolves with its answer; rejects if the process ends instead. */
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
    try {
      return (await Promise.race([once(this.#process, 'message', { signal }), ended]))[0]
    } finally {
      ended.catch(() => {})
      settled.abort()
    }
  }
}
