import { once, setMaxListeners } from 'node:events'
import { connect } from 'node:net'

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
    let answer = ''

    const next = () => {
      const { value, done } = requests.next()
      if (done) return settle(resolve)
      answer = ''
      socket.write(value)
    }
    const read = (chunk) => {
      answer += chunk.latin1Slice()
      if (!isComplete(answer)) return
      if (answer.startsWith(`HTTP/1.1 ${status} `)) next()
      else fail(new Error(`expected status ${status}, got:\n${answer}`))
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

/** Whether an answer is all there. Every server here sends a Content-Length; a chunked answer would end at the deadline. */
export function isComplete (answer) {
  const end = answer.indexOf('\r\n\r\n')
  return end !== -1 && answer.length >= end + 4 + Number(/\ncontent-length: (\d+)/i.exec(answer)?.[1])
}
