import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import ts from 'typescript'
import { keepRsaKeys } from './rsa-keys.js'

const root = fileURLToPath(new URL('../../', import.meta.url))
const tree = join(root, '.tap', 'js')

/**
 * Transpiles every source once, and returns the arguments of tap that make test processes run what was written, from
 * their first line on. Otherwise each process would load TypeScript, which takes longer than most tests.
 */
export async function transpile (): Promise<readonly string[]> {
  rmSync(tree, { recursive: true, force: true })
  const compilerOptions = compilerOptionsOf('tsconfig.json')
  for (const path of ['lib', 'types', 'examples', 'test'].flatMap(sourcesIn)) {
    const fileName = join(root, path)
    const { outputText } = ts.transpileModule(readFileSync(fileName, 'utf8'), { fileName, compilerOptions })
    const target = join(tree, path.replace(/\.ts$/, '.js'))
    mkdirSync(dirname(target), { recursive: true })
    writeFileSync(target, outputText)
  }
  await keepRsaKeys()
  const hooks = pathToFileURL(join(tree, 'test', 'support', 'transpiled.js'))
  // Node takes the arguments of the environment before those of the command, where tap puts its own.
  const options = [`--import=${hooks}`, process.env.NODE_OPTIONS ?? ''].join(' ').trim()
  return [`--test-env=NODE_OPTIONS=${options}`, `--node-arg=--import=${hooks}`]
}

/** Those of the project, for one file at a time and with source maps, which coverage is counted by. */
function compilerOptionsOf (project: string): ts.CompilerOptions {
  const { config } = ts.readConfigFile(join(root, project), ts.sys.readFile)
  const { outDir, rootDir, ...options } = ts.convertCompilerOptionsFromJson(config.compilerOptions, root).options
  return { ...options, module: ts.ModuleKind.ESNext, declaration: false, inlineSourceMap: true, inlineSources: true }
}

function sourcesIn (folder: string): string[] {
  const names = readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
  return names.filter((name) => /(?<!\.d)\.ts$/.test(name)).map((name) => join(folder, name))
}
