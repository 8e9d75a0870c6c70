import { existsSync, readFileSync } from 'node:fs'
import { register, type LoadHook, type ResolveHook } from 'node:module'
import { fileURLToPath } from 'node:url'
import { isMainThread } from 'node:worker_threads'

// Preloaded into every test process before anything of tap, itself transpiled, as .tap/js/test/support/transpiled.js:
// loads what `transpile.ts` wrote under the addresses of the sources, and other modules without asking tap's own
// loaders, which mock modules, compile them and list them: nothing here is mocked, all is compiled, and coverage reads
// its own list.

const tree = new URL('../../', import.meta.url)
const root = new URL('../../', tree).href
const installed = `${root}node_modules/`

/** What tap preloads, and all that a test process needs of it: of its loaders none, and that lines are counted. */
const PRELOADED: ReadonlyArray<readonly [path: string, source: string]> = [
  ['@tapjs/mock/dist/esm/import.mjs', ''],
  ['@tapjs/typescript/dist/esm/import.mjs', ''],
  ['@tapjs/processinfo/dist/esm/import.mjs', "import { getProcessInfo } from './get-process-info.js'; getProcessInfo()"]
]
const preloaded = new Map(PRELOADED.map(([path, source]) => [installed + path, source]))

if (isMainThread) register(import.meta.url)

/** Finds `x.ts` where a source imports `./x.js`. */
export const resolve: ResolveHook = (specifier, context, next) => {
  if (specifier.startsWith('node:')) return { url: specifier, format: 'builtin', shortCircuit: true }
  const parent = context.parentURL
  if (parent !== undefined && /^\.\.?\/.+\.js$/.test(specifier)) {
    const url = new URL(specifier, parent).href
    if (parent.startsWith(installed)) {
      if (existsSync(fileURLToPath(url))) return { url, shortCircuit: true }
    } else if (parent.endsWith('.ts')) {
      const source = url.replace(/\.js$/, '.ts')
      if (transpiled(source) !== undefined) return { url: source, format: 'module', shortCircuit: true }
    }
  }
  return next(specifier, context)
}

export const load: LoadHook = async (url, context, next) => {
  if (context.format === 'builtin') return { format: 'builtin', shortCircuit: true }
  const preload = preloaded.get(url)
  if (preload !== undefined) return { format: 'module', source: preload, shortCircuit: true }
  const file = transpiled(url)
  if (file !== undefined) return { format: 'module', source: readFileSync(file), shortCircuit: true }
  if (url.startsWith(installed)) {
    if (context.format === 'module') {
      return { format: 'module', source: withoutMap(readFileSync(fileURLToPath(url), 'utf8')), shortCircuit: true }
    }
    if (context.format === 'commonjs') return { format: 'commonjs', shortCircuit: true }
  }
  return next(url, context)
}

/** Source maps of packages, which nobody looks at, take long to read. */
function withoutMap (source: string): string {
  return source.replace(/\n\/\/# sourceMappingURL=\S+\s*$/, '')
}

function transpiled (url: string): URL | undefined {
  if (!url.startsWith(root) || !url.endsWith('.ts')) return undefined
  const file = new URL(url.slice(root.length).replace(/\.ts$/, '.js'), tree)
  return existsSync(file) ? file : undefined
}
