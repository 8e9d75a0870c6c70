import { once, setMaxListeners } from 'node:events'
import { connect } from 'node:net'
import { AnswerReader } from './answer-reader.js'

const deadline = 60_000

/** Keep-alive connections to one server. Raw sockets and ready-made bytes: the client stays cheaper than any server. */
export class Load {
  #sockets

  static async open (port, connections = 8) {
    const load = new Load()
    load.#sockets = Array.from({ length: connections }, () => connect({ port, host: '127.0.0.1', noDelay: true }))
    await Promise.all(load.#sockets.map((socket) => once(socket, 'connect')))
    return load
  }

  /** Sends every request, one at a time per connection, and resolves when all are answered with `status`. */
  async send (requests, status) {
    const left = requests.values()
    const late = AbortSignal.timeout(deadline)
    setMaxListeners(this.#sockets.length, late)
    await Promise.all(this.#sockets.map((socket) => sendInTurn(socket, left, status, late)))
  }

  close () {
    for (const socket of this.#sockets) socket.destroy()
  }
}

function sendInTurn (socket, requests, status, late) {
  return new Promise((resolve, reject) => {
    const answers = new AnswerReader()

    const next = () => {
      const { value, done } = requests.next()
      if (done) return settle(resolve)
      socket.write(value)
    }
    const read = (chunk) => {
      try {
        const complete = answers.take(chunk, status)
        if (complete > 1) throw new Error('more answers than requests')
        if (complete === 1) next()
      } catch (error) {
        fail(error)
      }
    }
    const settle = (outcome, value) => {
      socket.off('data', read).off('error', fail).off('close', closed)
      late.removeEventListener('abort', tooLate)
      outcome(value)
    }
    const fail = (error) => settle(reject, error)
    const closed = () => fail(new Error('the server closed a connection'))
    const tooLate = () => fail(new Error(`no answer within ${deadline} ms`))

    socket.on('data', read).on('error', fail).on('close', closed)
    late.addEventListener('abort', tooLate)
    next()
  })
}
