import { execFile } from 'node:child_process'
import type { ExecFileException } from 'node:child_process'
import { cp, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, relative, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { installedTree } from './installed.js'

/** What a program printed and how it ended. */
export interface Outcome {
  /** 0 when all went well. */
  readonly code: number
  /** What it wrote to standard output. */
  readonly stdout: string
  /** What it wrote to standard error. */
  readonly stderr: string
}

/** The parts of a package.json that matter here. */
export interface Manifest {
  readonly dependencies?: Readonly<Record<string, string>>
  readonly peerDependencies?: Readonly<Record<string, string>>
  readonly exports: Readonly<Record<string, string | { readonly types: string, readonly default: string }>>
}

/** A folder outside of the repository into which our tarball was installed. */
export interface Consumer {
  /** Our package.json, as installed. */
  readonly manifest: Manifest
  /** Every file of the installed package, with forward slashes, sorted. */
  readonly files: readonly string[]
  /** The text of an installed file. */
  read (file: string): Promise<string>
  /** Runs a program with Node in the folder. */
  node (...args: string[]): Promise<Outcome>
  /** Compiles programs in the folder with the repository's TypeScript: strict, declarations of all packages included. */
  tsc (...commandLines: Array<readonly string[]>): Promise<Outcome[]>
  /** Deletes the folder. */
  remove (): Promise<void>
}

const root = fileURLToPath(new URL('../..', import.meta.url))
const fixtures = fileURLToPath(new URL('fixtures', import.meta.url))

/**
 * Packs the repository as it was built last and lets npm install the tarball into an empty folder. The network is not
 * asked: what the tarball depends on is put there before, from the repository's own node_modules, and npm refuses to
 * go on when a version does not fit.
 */
export async function installTarball (): Promise<Consumer> {
  const folder = await mkdtemp(join(tmpdir(), 'gatehouse-consumer-'))
  const run = runIn(folder)
  const remove = () => rm(folder, { recursive: true, force: true })
  try {
    const tarball = await pack(folder)
    await cp(fixtures, folder, { recursive: true })
    await seed(folder)
    // npm asks the registry about a peer dependency even if it is in place, unless told to leave peers alone.
    // That those in place fit is seen from the consumer's own dependencies, which name the same ranges.
    await succeed(npm(folder, 'install', tarball, '--legacy-peer-deps', '--cache', join(folder, '.npm')))
    const installed = join(folder, 'node_modules', 'fastify-gatehouse')
    const read = (file: string) => readFile(join(installed, file), 'utf8')
    return {
      manifest: JSON.parse(await read('package.json')),
      files: await filesOf(installed),
      read,
      node: (...args) => run(process.execPath, args),
      tsc: async (...commandLines) => {
        const lines = commandLines.map((args) => [...strict, ...args])
        return JSON.parse(await succeed(run(process.execPath, [join(root, 'test', 'package', 'compile.js'), JSON.stringify(lines)])))
      },
      remove
    }
  } catch (error) {
    await remove()
    throw error
  }
}

const strict = [
  '--strict', '--exactOptionalPropertyTypes', '--skipLibCheck', 'false',
  '--target', 'es2023', '--lib', 'es2023', '--types', 'node'
]

async function pack (folder: string): Promise<string> {
  await readdir(join(root, 'dist')).catch(() => { throw new Error('there is nothing to pack: npm run build') })
  await succeed(npm(root, 'pack', '--pack-destination', folder))
  const [tarball] = (await readdir(folder)).filter((name) => name.endsWith('.tgz'))
  if (tarball === undefined) throw new Error('npm pack wrote no tarball')
  return join(folder, tarball)
}

async function seed (folder: string): Promise<void> {
  const { dependencies, peerDependencies }: Manifest = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'))
  const wanted = [...Object.keys({ ...dependencies, ...peerDependencies }), '@types/node']
  // npm asks the registry for a package in place, too, when the links to its programs are missing.
  for (const path of ['node_modules/.bin', ...await installedTree(root, wanted)]) {
    await cp(join(root, path), join(folder, path), { recursive: true, verbatimSymlinks: true })
  }
  const consumer = { private: true, type: 'module', dependencies: { ...peerDependencies, '@types/node': '*' } }
  await writeFile(join(folder, 'package.json'), JSON.stringify(consumer))
}

async function filesOf (folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)).split(sep).join('/'))
    .sort()
}

function npm (cwd: string, ...args: string[]): Promise<Outcome> {
  return runIn(cwd)('npm', [...args, '--offline', '--ignore-scripts', '--no-audit', '--no-fund', '--no-update-notifier'])
}

async function succeed (running: Promise<Outcome>): Promise<string> {
  const { code, stdout, stderr } = await running
  if (code !== 0) throw new Error(`${stdout}${stderr}`)
  return stdout
}

function runIn (cwd: string): (command: string, args: string[]) => Promise<Outcome> {
  return (command, args) => new Promise((resolve) => {
    execFile(command, args, { cwd, env: userEnvironment() }, (error: ExecFileException | null, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code ?? 1), stdout, stderr })
    })
  })
}

/** `npm test` and the test runner steer child processes by variables that no user's shell has. The programs read two of their own. */
function userEnvironment (): NodeJS.ProcessEnv {
  const steering = /^(npm_|_?tap|node_options$|node_env$|node_v8_coverage$)/i
  const kept = Object.entries(process.env).filter(([name]) => !steering.test(name))
  return { ...Object.fromEntries(kept), AUTH0_DOMAIN: 'example.eu.auth0.com', AUTH0_AUDIENCE: 'https://api.example' }
}
