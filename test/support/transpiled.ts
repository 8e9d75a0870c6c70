import { existsSync, readFileSync } from 'node:fs'
import { register, type LoadHook, type ResolveHook } from 'node:module'
import { fileURLToPath } from 'node:url'
import { isMainThread } from 'node:worker_threads'

// Preloaded into every test process, itself transpiled, as .tap/js/test/support/transpiled.js: loads what
// `transpile.ts` wrote under the addresses of the sources, and other modules without asking tap's own loaders, which
// mock modules and count lines: nothing here is mocked, and only lines of ours are counted.

const tree = new URL('../../', import.meta.url)
const root = new URL('../../', tree).href
const installed = `${root}node_modules/`

if (isMainThread) {
  register(import.meta.url)
  // Nor do processes that a test starts with the same arguments need tap's own way to load TypeScript.
  const tapsOwn = process.execArgv.findIndex((argument) => argument.includes('/@tapjs/typescript/'))
  if (tapsOwn !== -1) process.execArgv.splice(tapsOwn, 1)
}

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
  const file = transpiled(url)
  if (file !== undefined) return { format: 'module', source: readFileSync(file), shortCircuit: true }
  if (url.startsWith(installed)) {
    if (context.format === 'module') return { format: 'module', source: readFileSync(fileURLToPath(url)), shortCircuit: true }
    if (context.format === 'commonjs') return { format: 'commonjs', shortCircuit: true }
  }
  return next(url, context)
}

function transpiled (url: string): URL | undefined {
  if (!url.startsWith(root) || !url.endsWith('.ts')) return undefined
  const file = new URL(url.slice(root.length).replace(/\.ts$/, '.js'), tree)
  return existsSync(file) ? file : undefined
}
