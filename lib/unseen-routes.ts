import type { FastifyInstance } from 'fastify'

/**
 * Routes whose hooks include one of this name, as Fastify prints them: its only word on routes declared before a
 * plugin loaded. For warnings, never for decisions.
 *
 * @param hook name of an onRequest hook
 */
export function routesWithHook (app: FastifyInstance, hook: string): Array<{ method: string, url: string }> {
  const found: Array<{ method: string, url: string }> = []
  /** The part of the path each level of the tree adds. */
  const parts: string[] = []
  let methods: string[] = []
  for (const line of app.printRoutes({ commonPrefix: false, includeHooks: true }).split('\n')) {
    const node = /^((?:│ {3}| {4})*)([├└]── )?(\/\S*|\*\S*) \(([A-Z, ]+)\)/.exec(line)
    if (node !== null) {
      const [, indent, branch, part, names] = node
      // A second line of the same node, for other methods, stands under it without a branch of its own.
      const level = indent!.length / 4 - (branch === undefined ? 1 : 0)
      parts.length = level
      parts[level] = part!
      methods = names!.split(', ')
    } else if (line.includes(`"${hook}()"`)) {
      found.push(...methods.map((method) => ({ method, url: parts.join('') })))
    }
  }
  return found
}
