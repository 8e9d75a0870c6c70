import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import t from 'tap'

const root = new URL('../', import.meta.url)
const manifest = JSON.parse(readFileSync(new URL('package.json', root), 'utf8'))

t.test('every entry has types and default, in this order, and nothing that would shut out require', async (t) => {
  for (const [name, target] of Object.entries(manifest.exports)) {
    if (typeof target === 'string') t.equal(target, './package.json', name)
    else t.strictSame(Object.keys(target as object), ['types', 'default'], name)
  }
  t.ok(manifest.exports['.'])
})

t.test('the package is ESM for Node 20.19 and later', async (t) => {
  t.equal(manifest.type, 'module')
  t.equal(manifest.engines.node, '>=20.19')
  t.notOk('main' in manifest || 'module' in manifest, 'exports alone say what is loaded')
})

t.test('Fastify is the host, not a dependency', async (t) => {
  t.strictSame(Object.keys(manifest.peerDependencies), ['fastify'])
  t.notOk('fastify' in manifest.dependencies)
})

t.test('the top folder holds what the design lists and nothing else', async (t) => {
  const allowed = [
    'package.json', 'package-lock.json', 'tsconfig.json', 'lib', 'types', 'test', 'benchmarks', 'examples', 'docs',
    'LICENSE', 'README.md', 'CHANGELOG.md', 'SECURITY.md', '.ci', '.gitignore'
  ]
  const files = execFileSync('git', ['ls-files'], { cwd: fileURLToPath(root), encoding: 'utf8' }).trim().split('\n')
  const top = new Set(files.map((file) => file.split('/')[0]!))
  t.ok(top.has('package.json') && top.has('lib'), 'git lists this repository')
  t.strictSame([...top].filter((name) => !allowed.includes(name)), [])
})

t.test('links of README lead to files and headings that are there', async (t) => {
  const anchor = (heading: string) => heading.toLowerCase().replaceAll(/[^\w\- ]/g, '').replaceAll(' ', '-')
  const links = [...readFileSync(new URL('README.md', root), 'utf8').matchAll(/\]\(((?!https:)[^)#\s]*)#?([^)\s]*)\)/g)]
  t.ok(links.length > 0)
  for (const [link, path, heading] of links) {
    const text = readFileSync(new URL(path || 'README.md', root), 'utf8')
    const headings = [...text.matchAll(/^#+ (.+)$/gm)].map(([, title]) => anchor(title!))
    t.ok(heading === '' || headings.includes(heading!), link)
  }
})

t.test('no file of a build, a run or an editor is in the repository', async (t) => {
  const files = execFileSync('git', ['ls-files'], { cwd: fileURLToPath(root), encoding: 'utf8' }).trim().split('\n')
  t.strictSame(files.filter((file) => /(^|\/)(node_modules|dist|\.tap|\.turbo|\.vscode|\.idea)\/|\.(log|tgz|orig|swp)$|(^|\/)\.(env|DS_Store)$/.test(file)), [])
})
