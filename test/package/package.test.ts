import { builtinModules } from 'node:module'
import t, { after, test } from 'tap'
import type { Test } from 'tap'
import { installTarball } from './consumer.js'
import type { Outcome } from './consumer.js'

// Four compilations, three of which check the declarations of every package: seconds at rest, a minute on a busy machine.
t.setTimeout(180_000)

const consumer = await installTarball()
after(() => consumer.remove())

test('the tarball holds what a user needs and nothing else', async (t) => {
  const documents = ['CHANGELOG.md', 'LICENSE', 'README.md', 'SECURITY.md', 'docs/capabilities.md', 'docs/credentials.md', 'docs/dpop.md', 'docs/errors.md', 'docs/exchange.md', 'docs/login.md', 'docs/providers.md', 'docs/resource-metadata.md', 'package.json']
  const isCode = (file: string) => /^dist\/(lib|types|bin)\/.+(?<!\.test)\.(js|d\.ts)$/.test(file)
  t.same(consumer.files.filter((file) => !isCode(file)), documents)
})

test('every file that exports names is in the tarball', async (t) => {
  for (const [entry, target] of Object.entries(consumer.manifest.exports)) {
    if (typeof target === 'string') {
      t.ok(consumer.files.includes(target.slice(2)), entry)
      continue
    }
    t.same(Object.keys(target), ['types', 'default'], `${entry} can be required: it names neither import nor require`)
    t.ok(consumer.files.includes(target.types.slice(2)), `${entry}: types`)
    t.ok(consumer.files.includes(target.default.slice(2)), `${entry}: default`)
  }
})

test('every entry loads by import and by require', async (t) => {
  for (const entry of Object.keys(consumer.manifest.exports).filter((entry) => !entry.endsWith('.json'))) {
    const name = JSON.stringify(`fastify-gatehouse${entry.slice(1)}`)
    t.match(await consumer.node('--input-type=module', '--eval', `await import(${name})`), { code: 0 }, `import ${name}`)
    t.match(await consumer.node('--input-type=commonjs', '--eval', `require(${name})`), { code: 0 }, `require ${name}`)
  }
})

test('the published code imports only what package.json declares', async (t) => {
  const declared = Object.keys({ ...consumer.manifest.dependencies, ...consumer.manifest.peerDependencies })
  const allowed = new Set([...declared, ...builtinModules.map((name) => `node:${name}`)])
  for (const file of consumer.files.filter((file) => file.startsWith('dist/'))) {
    t.same(importsOf(await consumer.read(file)).filter((name) => !allowed.has(name)), [], file)
  }
})

test('an ESM program guards its routes', async (t) => {
  refusesStrangers(t, await consumer.node('esm.js'))
})

test('a CommonJS program guards its routes', async (t) => {
  refusesStrangers(t, await consumer.node('commonjs.cjs'))
})

test('a CommonJS program may register what require returns', async (t) => {
  refusesStrangers(t, await consumer.node('namespace.cjs'))
})

const compilations = [
  { module: 'node16', moduleResolution: 'node16', files: ['typescript.ts'] },
  { module: 'nodenext', moduleResolution: 'nodenext', files: ['typescript.ts', 'commonjs.cts'] },
  { module: 'esnext', moduleResolution: 'bundler', files: ['typescript.ts'] }
]
const [requiring, ...compiled] = await consumer.tsc(
  ['--module', 'node16', '--moduleResolution', 'node16', '--noEmit', '--skipLibCheck', 'commonjs.cts'],
  ...compilations.map(({ module, moduleResolution, files }) => (
    ['--module', module, '--moduleResolution', moduleResolution, '--outDir', `compiled/${moduleResolution}`, ...files]
  ))
)

for (const [index, { moduleResolution, files }] of compilations.entries()) {
  test(`TypeScript compiles with moduleResolution ${moduleResolution} and guards its routes: ${files.join(', ')}`, async (t) => {
    t.same(compiled[index], { code: 0, stdout: '', stderr: '' })
    for (const file of files) refusesStrangers(t, await consumer.node(`compiled/${moduleResolution}/${file.replace(/ts$/, 'js')}`))
  })
}

test('CommonJS TypeScript does not compile with moduleResolution node16, which knows no require of ESM', async (t) => {
  t.match(requiring, { code: 2, stdout: /TS1479/ })
})

function refusesStrangers (t: Test, outcome: Outcome): void {
  t.equal(outcome.code, 0, outcome.stderr)
  t.match(JSON.parse(outcome.stdout || '{}'), { statusCode: 401, challenge: /^Bearer / })
}

function importsOf (code: string): string[] {
  const specifiers = /^(?:import|export)\b[\w\s{},*$]*?from\s*['"]([^'"]+)['"]|^import\s*['"]([^'"]+)['"]|\bimport\(['"]([^'"]+)['"]\)/gm
  return [...code.matchAll(specifiers)]
    .map(([, from, bare, dynamic]) => from ?? bare ?? dynamic ?? '')
    .filter((specifier) => !specifier.startsWith('.'))
    .map((specifier) => specifier.startsWith('node:') ? specifier : packageOf(specifier))
}

function packageOf (specifier: string): string {
  return specifier.split('/').slice(0, specifier.startsWith('@') ? 2 : 1).join('/')
}
