import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const here = fileURLToPath(new URL('.', import.meta.url))

const readJson = (path) => JSON.parse(readFileSync(new URL(path, import.meta.url), 'utf8'))

/** The peers and the versions that package.json pins. */
export const peers = readJson('package.json').dependencies

/** Runs `npm ci` in this folder unless every peer is there in its pinned version. */
export function installPeers () {
  if (Object.entries(peers).every(([name, version]) => installedVersion(name) === version)) return

  console.log('Installing the peers: npm --prefix benchmarks ci')
  const { npm_execpath: npm, npm_config_prefix: prefix, npm_config_local_prefix: localPrefix, ...env } = process.env
  const args = ['ci', '--no-audit', '--no-fund', '--loglevel=error']
  const { status } = npm
    ? spawnSync(process.execPath, [npm, ...args], { cwd: here, env, stdio: 'inherit' })
    : spawnSync('npm', args, { cwd: here, env, stdio: 'inherit', shell: process.platform === 'win32' })
  if (status !== 0) throw new Error('the peers could not be installed; run: npm --prefix benchmarks ci')
}

function installedVersion (name) {
  try {
    return readJson(`node_modules/${name}/package.json`).version
  } catch {
    return undefined
  }
}
