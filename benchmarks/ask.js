import { Agent, request } from 'node:http'

/** Connections for requests that come at once. */
export function lines (count) {
  return new Agent({ keepAlive: true, maxSockets: count })
}

/** Sends one request with a token; resolves to the status, or to undefined where no answer came within `patience` seconds. */
export function ask (port, token, { agent, patience }) {
  const signal = AbortSignal.timeout(Math.round(patience * 1000))
  return new Promise((resolve, reject) => {
    const asked = request({ port, host: '127.0.0.1', agent, signal, headers: { authorization: `Bearer ${token}` } }, (response) => {
      response.resume().on('error', settle).on('end', () => resolve(response.statusCode))
    })
    const settle = (error) => signal.aborted ? resolve(undefined) : reject(error)
    asked.on('error', settle).end()
  })
}
