import { existsSync, readFileSync, writeFileSync } from 'node:fs'

const file = new URL('RESULTS.md', import.meta.url)
const intro = '# Results\n\nEvery section is what the command it names printed.'

/** Every section of the page, in its order. */
const order = [
  'CPU of the server process per request', 'Targets', 'Throughput and latency', 'Start-up', 'Fetches of the key set',
  'Round trips of a session in Redis', 'Method', 'Faults', 'Memory', 'Soak'
]

/** Puts sections (heading to text) into RESULTS.md; the other commands' sections stay as they are. */
export function writeSections (changed) {
  const unknown = Object.keys(changed).filter((heading) => !order.includes(heading))
  if (unknown.length > 0) throw new Error(`RESULTS.md has no section ${unknown.join(', ')}`)
  const sections = { ...readSections(), ...changed }
  const text = order.filter((heading) => heading in sections).map((heading) => `## ${heading}\n\n${sections[heading].trim()}`)
  writeFileSync(file, `${[intro, ...text].join('\n\n')}\n`)
}

function readSections () {
  if (!existsSync(file)) return {}
  const [, ...parts] = readFileSync(file, 'utf8').split(/^## /m)
  return Object.fromEntries(parts.map((part) => [part.slice(0, part.indexOf('\n')), part.slice(part.indexOf('\n') + 1)]))
}
