import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import ts from 'typescript'

const root = fileURLToPath(new URL('../../', import.meta.url))
const tree = join(root, '.tap', 'js')

/**
 * Transpiles every source once, and returns the arguments of tap that make test processes run what was written.
 * Otherwise each process would load TypeScript, which takes longer than most tests.
 */
export function transpile (): readonly string[] {
  rmSync(tree, { recursive: true, force: true })
  const compilerOptions = compilerOptionsOf('tsconfig.json')
  for (const path of ['lib', 'types', 'examples', 'test'].flatMap(sourcesIn)) {
    const fileName = join(root, path)
    const { outputText } = ts.transpileModule(readFileSync(fileName, 'utf8'), { fileName, compilerOptions })
    const target = join(tree, path.replace(/\.ts$/, '.js'))
    mkdirSync(dirname(target), { recursive: true })
    writeFileSync(target, outputText)
  }
  const hooks = pathToFileURL(join(tree, 'test', 'support', 'transpiled.js'))
  return [`--node-arg=--import=${hooks}`, '--test-env=TAP_TYPE_STRIP_ONLY=1']
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
