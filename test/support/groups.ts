import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../../', import.meta.url))
const folder = join(root, '.tap', 'groups')
/** Files of a folder that share a process: starting one takes longer than the tests of most files. */
const SIZE = 8

/** What must have a process of its own: what watches it, fills its stack, or starts others. */
const ALONE = /stack is exhausted|node:(?:child_process|worker_threads|v8)|memoryUsage|support\/(?:browser|redis-server|idle-process|session-process|login-crowd)\.js|process\.(?:on|once|env|emitWarning)\b|^t\.(?:setTimeout|intercept|capture)\b/m

/** The files of the suite for tap: those that may share a process by folder, as files that import them. */
export function testFiles (): string[] {
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  const files = readdirSync(join(root, 'test'), { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.test.ts')).map((name) => join('test', name)).sort()
  const alone = files.filter((file) => ALONE.test(readFileSync(join(root, file), 'utf8')))
  const shared = files.filter((file) => !alone.includes(file))
  const folders = [...new Set(shared.map(dirname))]
  return [...alone, ...folders.flatMap((name) => grouped(shared.filter((file) => dirname(file) === name)))]
}

function grouped (files: readonly string[]): string[] {
  const count = Math.ceil(files.length / SIZE)
  return Array.from({ length: count }, (_, nth) => {
    const members = files.filter((_, index) => index % count === nth)
    if (members.length === 1) return members[0]!
    const path = join(folder, `${dirname(members[0]!).replaceAll('/', '-')}-${nth + 1}.mjs`)
    writeFileSync(path, members.map((file) => `import '../../${file}'\n`).join(''))
    return path
  })
}
