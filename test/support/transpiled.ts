import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { register, type LoadHook, type ResolveHook } from 'node:module'
import { isMainThread } from 'node:worker_threads'

// Preloaded into every test process, itself transpiled, as .tap/js/test/support/transpiled.js: loads what
// `transpile.ts` wrote under the addresses of the sources.

const tree = new URL('../../', import.meta.url)
const root = new URL('../../', tree).href

if (isMainThread) {
  register(import.meta.url)
  // Nor do processes that a test starts with the same arguments need tap's own way to load TypeScript.
  const tapsOwn = process.execArgv.findIndex((argument) => argument.includes('/@tapjs/typescript/'))
  if (tapsOwn !== -1) process.execArgv.splice(tapsOwn, 1)
}

/** Finds `x.ts` where a source imports `./x.js`. */
export const resolve: ResolveHook = (specifier, context, next) => {
  if (/^\.\.?\/.+\.js$/.test(specifier) && context.parentURL?.endsWith('.ts')) {
    const url = new URL(specifier.replace(/\.js$/, '.ts'), context.parentURL).href
    if (transpiled(url) !== undefined) return { url, format: 'module', shortCircuit: true }
  }
  return next(specifier, context)
}

export const load: LoadHook = async (url, context, next) => {
  const file = transpiled(url)
  return file === undefined ? next(url, context) : { format: 'module', source: await readFile(file), shortCircuit: true }
}

function transpiled (url: string): URL | undefined {
  if (!url.startsWith(root) || !url.endsWith('.ts')) return undefined
  const file = new URL(url.slice(root.length).replace(/\.ts$/, '.js'), tree)
  return existsSync(file) ? file : undefined
}
