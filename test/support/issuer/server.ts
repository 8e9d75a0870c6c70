import { createServer } from 'node:http'
import type { RequestListener, Server } from 'node:http'

/** An HTTP server on loopback. */
export interface LoopbackServer {
  /** `http://127.0.0.1:port` */
  readonly origin: string
  /** Stops listening and destroys every socket, answered or not. */
  close (): Promise<void>
  /** Listens again on the port it had. */
  reopen (): Promise<void>
}

/** Listens on a free port of 127.0.0.1, and keeps no process alive. */
export async function listen (listener: RequestListener): Promise<LoopbackServer> {
  const server = createServer(listener)
  server.on('connection', (socket) => socket.unref())
  await listenOn(server, 0)
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('expected a TCP address')
  return {
    origin: `http://127.0.0.1:${address.port}`,
    reopen: () => listenOn(server, address.port),
    close: () => new Promise((resolve) => {
      server.close(() => resolve())
      server.closeAllConnections()
    })
  }
}

async function listenOn (server: Server, port: number): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    // Room for a thousand connections at once: Node's own 511 makes the kernel drop the others for a second or more.
    server.once('error', reject).listen(port, '127.0.0.1', 4096, resolve)
  })
  server.unref()
}
