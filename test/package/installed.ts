import { readFile } from 'node:fs/promises'
import { join, posix } from 'node:path'

/**
 * The folders, relative to `root`, that hold these packages and all they depend on as npm installed them there.
 * A package nested in another one comes with it.
 */
export async function installedTree (root: string, names: readonly string[]): Promise<string[]> {
  const found = new Set<string>()
  const visit = async (name: string, dependent: string): Promise<void> => {
    const { path, manifest } = await locate(root, name, dependent)
    if (found.has(path)) return
    found.add(path)
    for (const dependency of needsOf(manifest)) await visit(dependency, path)
  }
  for (const name of names) await visit(name, '')
  return [...found].filter((path) => path.lastIndexOf('node_modules/') === 0)
}

interface Installed {
  readonly dependencies?: Record<string, string>
  readonly peerDependencies?: Record<string, string>
  readonly peerDependenciesMeta?: Record<string, { readonly optional?: boolean }>
}

async function locate (root: string, name: string, dependent: string): Promise<{ path: string, manifest: Installed }> {
  for (let from = dependent; ; from = posix.dirname(from)) {
    const path = posix.join(from, 'node_modules', name)
    const text = await readFile(join(root, path, 'package.json'), 'utf8').catch(() => undefined)
    if (text !== undefined) return { path, manifest: JSON.parse(text) }
    if (from === '' || from === '.') throw new Error(`${name} is not installed: npm ci`)
  }
}

function needsOf ({ dependencies, peerDependencies = {}, peerDependenciesMeta = {} }: Installed): string[] {
  const peers = Object.keys(peerDependencies).filter((name) => peerDependenciesMeta[name]?.optional !== true)
  return [...Object.keys(dependencies ?? {}), ...peers]
}
