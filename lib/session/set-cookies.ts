import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Cookie } from './cookie-attributes.js'

const kSetsCookie = Symbol('gatehouse.setsCookie')

type Marked = FastifyRequest & { [kSetsCookie]?: true }

/** Adds Set-Cookie lines of ours to an answer, which then is nobody else's. */
export function addCookies (reply: FastifyReply, lines: readonly string[]): void {
  if (lines.length === 0) return
  // A copy: Fastify appends later ones to the list it was given.
  reply.header('set-cookie', [...lines])
  const request: Marked = reply.request
  request[kSetsCookie] = true
  reply.header('cache-control', 'no-store')
}

/** Adds the lines of a cookie's latest value, in place of those the answer already has: a later value may need fewer chunks. */
export function replaceCookie (reply: FastifyReply, { name }: Pick<Cookie, 'name'>, lines: readonly string[]): void {
  if (lines.length === 0) return
  const former = [reply.getHeader('set-cookie') ?? []].flat().map(String)
  const isOurs = (line: string) => line.startsWith(name) && /^(?:\.\d+)?=/.test(line.slice(name.length))
  const replaced = former.filter((line) => isOurs(line) && !lines.some((later) => nameOf(later) === nameOf(line)))
  reply.removeHeader('set-cookie')
  addCookies(reply, [...former.filter((line) => !isOurs(line)), ...replaced.map(cleared), ...lines])
}

/** To be called when the answer is complete: what sets a cookie of ours must be in no cache, whatever the route says. */
export function preventStorage (request: FastifyRequest, reply: FastifyReply): void {
  if ((request as Marked)[kSetsCookie] === true) reply.header('cache-control', 'no-store')
}

function nameOf (line: string): string {
  return line.slice(0, line.indexOf('='))
}

/** The line that removes what this one would have set. */
function cleared (line: string): string {
  return line.replace(/=[^;]*(?:; Max-Age=\d+)?/, '=; Max-Age=0')
}
