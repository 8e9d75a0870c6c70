import type { FastifyInstance } from 'fastify'

/** A route as Fastify prints it. Where several share a place in its tree, parameter names stand as `:a|:b`. */
export interface PrintedRoute {
  readonly method: string
  readonly url: string
}

/**
 * Routes whose hooks include one of this name, as Fastify prints them: its only word on routes declared before a
 * plugin loaded. For warnings, never for decisions.
 *
 * @param hook name of an onRequest hook
 */
export function routesWithHook (app: FastifyInstance, hook: string): PrintedRoute[] {
  const found: PrintedRoute[] = []
  /** The part of the path each level of the tree adds. */
  const parts: string[] = []
  let methods: readonly string[] = []
  for (const line of app.printRoutes({ includeHooks: true }).split('\n')) {
    if (line.includes('• (')) {
      if (line.includes(`"${hook}()"`)) found.push(...methods.map((method) => ({ method, url: parts.join('') })))
      continue
    }
    const [, indent, branch, part, names] = /^((?:│ {3}| {4})*)([├└]── )?(.*?)(?: \(([A-Z, -]+)\))?(?: \{.*\})?$/.exec(line)!
    // A second line of the same node, for other methods, stands under it without a branch of its own.
    const level = indent!.length / 4 - (branch === undefined ? 1 : 0)
    if (level < 0) continue
    parts.length = level
    parts[level] = part === '(empty root node)' ? '' : part!
    methods = names === undefined ? [] : names.split(', ')
  }
  return found
}

/** A URL pattern without the names of its parameters: two patterns that match the same requests look the same. */
export function withoutNames (url: string): string {
  return url.replaceAll(/:[\w:|]+/g, ':')
}
