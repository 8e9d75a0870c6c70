import { once } from 'node:events'
import { connect } from 'node:net'
import type { Server } from 'node:net'
import { setImmediate as turn, setTimeout as sleep } from 'node:timers/promises'
import { parseResponse } from './wire/parse.js'
import type { WireResponse } from './wire/parse.js'

export type { WireResponse } from './wire/parse.js'

/** A request whose head is written exactly as given: repeated names, odd case and sizes included. */
export interface WireRequest {
  /** Default `GET`. */
  method?: string
  /** Default `/`. */
  path?: string
  /** Name and value, in this order. `Host` and `Connection: close` are added unless named. */
  headers?: readonly (readonly [name: string, value: string])[]
  /** Sent as is, under a `Content-Length` of its own. */
  body?: string | Buffer
}

/** See {@link upload}. */
export interface UploadOptions {
  /** Bytes announced and, unless an answer stops it, sent. Default 5,000,000. */
  size?: number
  /** Bytes written at once. Default 16,384. */
  chunk?: number
  /** Milliseconds between two writes. Default 1. */
  interval?: number
}

/** What an upload came to. */
export interface UploadResult extends WireResponse {
  /** Bytes of the body that were written before the answer was complete. */
  readonly sent: number
  /** Bytes, head included, that the server had read from the connection by then. */
  readonly read: number
}

/** Anything with a listening server inside: a Fastify instance. */
export interface Target { readonly server: Server }

/** Writes these bytes to a new connection and gives the first final answer. Rejects when the connection closes without one, and after ten seconds. */
export async function sendRaw (target: Target, bytes: string | Buffer): Promise<WireResponse> {
  return converse(target, pieces(Buffer.from(bytes), 16_384))
}

/** Sends one request over a connection of its own. */
export async function send (target: Target, request: WireRequest): Promise<WireResponse> {
  const body = Buffer.from(request.body ?? '')
  return sendRaw(target, Buffer.concat([Buffer.from(head(request, request.body === undefined ? undefined : body.length), 'latin1'), body]))
}

/**
 * Sends a JSON body slowly, stops as soon as the answer is complete, and tells how much the server had read by then:
 * a guard that works before the body is parsed answers within the first chunks.
 */
export async function upload (target: Target, request: Omit<WireRequest, 'body'>, options: UploadOptions = {}): Promise<UploadResult> {
  const { size = 5_000_000, chunk = 16_384, interval = 1 } = options
  let sent = 0
  const progress = countReads(target.server)
  const response = await converse(target, slowBody())
  return { ...response, sent, read: progress.read() }

  async function * slowBody (): AsyncGenerator<Buffer> {
    const headers = [['content-type', 'application/json'] as const, ...request.headers ?? []]
    yield Buffer.from(head({ method: 'POST', ...request, headers }, size), 'latin1')
    while (sent < size) {
      const piece = Buffer.alloc(Math.min(chunk, size - sent), ' ')
      if (sent === 0) piece.write('""')
      sent += piece.length
      yield piece
      await sleep(interval)
    }
  }
}

async function converse (target: Target, source: Iterable<Buffer> | AsyncIterable<Buffer>): Promise<WireResponse> {
  const socket = connect(portOf(target.server), '127.0.0.1')
  const received: Buffer[] = []
  const answer = new Promise<WireResponse>((resolve, reject) => {
    const finish = (isClosed: boolean) => {
      const response = parseResponse(Buffer.concat(received), isClosed)
      if (response !== undefined) resolve(response)
      else if (isClosed) reject(new Error('the connection closed without an answer'))
    }
    socket.on('data', (bytes) => { received.push(Buffer.from(bytes)); finish(false) })
    // A server that answers early closes while we still write. The answer counts, not the reset.
    socket.on('error', () => finish(true))
    socket.on('close', () => finish(true))
    socket.setTimeout(10_000, () => { reject(new Error('no answer within ten seconds')); socket.destroy() })
  })
  let isAnswered = false
  const settled = answer.finally(() => { isAnswered = true })
  settled.catch(() => {})
  try {
    await once(socket, 'connect')
    for await (const bytes of source) {
      if (isAnswered || !socket.writable) break
      socket.write(bytes)
      await letBothSidesRead()
    }
    return await settled
  } finally {
    socket.destroy()
  }
}

/** Client and server share one event loop; a write to a connection the server has just reset would hide an answer not read yet. */
async function letBothSidesRead (): Promise<void> {
  for (let turns = 0; turns < 3; turns++) await turn()
}

function head (request: WireRequest, length: number | undefined): string {
  const { method = 'GET', path = '/', headers = [] } = request
  const named = new Set(headers.map(([name]) => name.toLowerCase()))
  const lines = headers.map(([name, value]) => `${name}: ${value}`)
  if (!named.has('host')) lines.unshift('Host: 127.0.0.1')
  if (!named.has('connection')) lines.push('Connection: close')
  if (length !== undefined && !named.has('content-length')) lines.push(`Content-Length: ${length}`)
  return `${method} ${path} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`
}

function countReads (server: Server): { read (): number } {
  let read = () => 0
  server.once('connection', (socket) => { read = () => socket.bytesRead })
  return { read: () => read() }
}

function * pieces (bytes: Buffer, size: number): Generator<Buffer> {
  for (let from = 0; from < bytes.length; from += size) yield bytes.subarray(from, from + size)
}

function portOf (server: Server): number {
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the server does not listen: await app.listen({ port: 0 })')
  return address.port
}
