import { readdirSync, readFileSync } from 'node:fs'
import { posix } from 'node:path'
import t from 'tap'

const root = new URL('../', import.meta.url)

/** From the top down. A file may import from its own layer and those below. */
const LAYERS: Readonly<Record<string, RegExp>> = {
  entry: /^lib\/(login\/)?index\.ts$/,
  Fastify: /^lib\/(instance|startup|unseen-routes|unreachable-routes|hooks|metadata|get-auth|redact-paths|login\/(backchannel-route|begin|challenge|complete|end|parts|routes|step-up|warnings))\.ts$/,
  assembly: /^lib\/(authenticate|authenticators|bindings|challenger|choose-provider|exchange\/exchanger|internals|lineage|opaque|presented|report|request-auth|routes|source|web-login|session\/(request-session|session-identity|source))\.ts$/,
  'I/O and state': /^lib\/(token\/(?!jwks\.)|binding\/(?=(dpop|proof-key|quota|replay)\.)|exchange\/(?=(answer|client|clients|explain|kept-tokens)\.)|store\/|login\/(?!(index|backchannel-route|begin|challenge|complete|end|parts|routes|step-up|warnings|errors|options|return-to|silent|user)\.)|session\/(?!(request-session|session-identity|source|errors|seal|secret|cookie|cookie-attributes|lifetime|json|record|refresh-time|stored-data)\.))[\w-]+\.ts$/,
  pure: /^lib\/(actor|answer-policy|api-key|auth-error|authenticator-options|base-url|challenge|configuration|cookies|credentials|demand|error-codes|error-names|errors|expose-headers|guard|navigation|options|origin|outcome|policy|provider-unavailable|refusal|requirement|resource|resource-parameters|scope-token|step-up|store-option|vouched|binding\/(certificate-options|confirmation|errors|mtls|nonce|options|target-uri|verify-options)|exchange\/(downstream-token|errors|own-parameters|request|values)|login\/(errors|options|return-to|silent|user)|providers\/[\w-]+|session\/(errors|seal|secret|cookie|cookie-attributes|lifetime|json|record|refresh-time|stored-data)|token\/jwks)\.ts$/,
  types: /^types\/[\w-]+\.ts$/
}

const IMPORTS = /^(?:import|export)\b[^'"]*?\bfrom\s+'([^']+)'|^import\s+'([^']+)'|\bimport\(\s*'([^']+)'/gm

interface Module {
  readonly path: string
  readonly text: string
  /** Files of ours, by path. */
  readonly ours: readonly string[]
  /** Packages by name; Node's own with `node:`. */
  readonly packages: readonly string[]
}

const modules = ['lib', 'types'].flatMap((folder) => readdirSync(new URL(`${folder}/`, root), { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.ts'))
  .map((path) => moduleAt(`${folder}/${path.replaceAll('\\', '/')}`)))

function moduleAt (path: string): Module {
  const text = readFileSync(new URL(path, root), 'utf8')
  const specifiers = [...text.matchAll(IMPORTS)].map(([, from, bare, dynamic]) => (from ?? bare ?? dynamic)!)
  const relative = specifiers.filter((specifier) => specifier.startsWith('.'))
  return {
    path,
    text,
    ours: relative.map((specifier) => posix.join(posix.dirname(path), specifier.replace(/\.js$/, '.ts'))),
    packages: specifiers.filter((specifier) => !relative.includes(specifier)).map(packageOf)
  }
}

function packageOf (specifier: string): string {
  return specifier.startsWith('node:') ? specifier : specifier.split('/').slice(0, specifier.startsWith('@') ? 2 : 1).join('/')
}

function layersOf (path: string): string[] {
  return Object.keys(LAYERS).filter((layer) => LAYERS[layer]!.test(path))
}

function usersOf (name: string): string[] {
  return modules.filter(({ path, packages }) => path.startsWith('lib/') && packages.includes(name)).map(({ path }) => path)
}

t.test('the import lines are understood', async (t) => {
  const index = modules.find(({ path }) => path === 'lib/index.ts')
  t.ok(index?.ours.includes('types/fastify.ts'), 'a bare import')
  t.ok(index?.ours.includes('types/register.ts'), 'a re-export')
  t.ok(index?.packages.includes('fastify-plugin'))
  const paths = new Set(modules.map(({ path }) => path))
  for (const { path, ours } of modules) t.strictSame(ours.filter((file) => !paths.has(file)), [], path)
})

t.test('every file belongs to one layer', async (t) => {
  for (const { path } of modules) t.equal(layersOf(path).length, 1, path)
})

t.test('imports point down only', async (t) => {
  const rank = (path: string) => Object.keys(LAYERS).indexOf(layersOf(path)[0]!)
  const up = modules.flatMap(({ path, ours }) => ours.filter((file) => rank(file) < rank(path)).map((file) => `${path} -> ${file}`))
  t.strictSame(up, [])
})

t.test('no file imports itself, by whatever detour', async (t) => {
  const next = new Map(modules.map(({ path, ours }) => [path, ours]))
  const done = new Set<string>()
  const cycles: string[] = []
  function walk (path: string, trail: readonly string[]): void {
    if (trail.includes(path)) cycles.push([...trail.slice(trail.indexOf(path)), path].join(' -> '))
    if (trail.includes(path) || done.has(path)) return
    for (const file of next.get(path) ?? []) walk(file, [...trail, path])
    done.add(path)
  }
  for (const path of next.keys()) walk(path, [])
  t.strictSame(cycles, [])
})

t.test('types import types and packages only', async (t) => {
  for (const { path, ours } of modules.filter((module) => module.path.startsWith('types/'))) {
    t.strictSame(ours.filter((file) => !file.startsWith('types/')), [], path)
  }
})

t.test('the only user of @fastify/jwt is token/jwt.ts', async (t) => {
  t.strictSame(usersOf('@fastify/jwt'), ['lib/token/jwt.ts'])
})

t.test('the only user of get-jwks is token/shelf.ts', async (t) => {
  t.strictSame(usersOf('get-jwks'), ['lib/token/shelf.ts'])
})

t.test('openid-client is used by one file, which loads it when it is needed', async (t) => {
  t.strictSame(usersOf('openid-client'), ['lib/token/openid.ts'])
  const { text } = modules.find(({ path }) => path === 'lib/token/openid.ts')!
  t.match(text, "await import('openid-client')")
  t.notMatch(text, /^import (?!type )[^\n]*'openid-client'/m)
})

t.test('what is imported is what package.json declares, and all of it', async (t) => {
  const manifest = JSON.parse(readFileSync(new URL('package.json', root), 'utf8'))
  const dependencies = Object.keys(manifest.dependencies)
  const declared = new Set([...dependencies, ...Object.keys(manifest.peerDependencies)])
  for (const { path, packages } of modules) {
    t.strictSame(packages.filter((name) => !name.startsWith('node:') && !declared.has(name)), [], path)
  }
  for (const name of dependencies) t.not(usersOf(name).length, 0, `${name} is used`)
})

t.test('only the plugins are default exports', async (t) => {
  t.strictSame(modules.filter(({ text }) => /^export default\b|\bas default\b/m.test(text)).map(({ path }) => path), ['lib/index.ts', 'lib/login/index.ts'])
})

t.test('no file is longer than 250 lines', async (t) => {
  t.strictSame(modules.filter(({ text }) => text.trimEnd().split('\n').length > 250).map(({ path }) => path), [])
})

t.test('names are kebab-case and say something', async (t) => {
  for (const { path } of modules) {
    t.match(path, /^([a-z0-9]+(-[a-z0-9]+)*\/)+[a-z0-9]+(-[a-z0-9]+)*\.ts$/)
    t.notMatch(path, /\b(utils?|helpers?|common|constants?)\b/)
  }
})
